"""Make tests/vectors/escrow.json: one escrow and two released shares, keys from names.

    python tests/vectors/make_escrow.py

Keys are random, so each run gives another vector; readers need to open this one.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from core.eip712 import Domain
from core.hashing import Address, address
from core.records import EscrowContext, Reader
from ipfs.envelope import Identity
from ipfs.escrow import Escrow, Release, combine, make_escrow, open_share, release_share

CASE = 1


@dataclass(frozen=True)
class Person:
    account: Address
    identity: Identity

    @property
    def reading_key(self) -> bytes:
        return self.identity.recipient().public_key


def person(role: str) -> Person:
    digest = hashlib.sha256(role.encode()).digest()
    return Person(account=address("0x" + digest[:20].hex()), identity=Identity(digest))


def main() -> None:
    circle = [person(role) for role in ("custodian", "keeper", "spare")]
    patient, clinician = person("patient"), person("clinician")
    domain = Domain(chain_id=31337, verifying_contract=person("contract").account)
    context = EscrowContext(domain=domain, patient=patient.account, seq=4)
    readers = [Reader(account=each.account, key=each.reading_key) for each in circle]
    data = make_escrow(context, 2, readers) + bytes(65)
    escrow = Escrow.from_untrusted(data)
    shares, released = {}, []
    for each in circle[:2]:
        share = open_share(escrow, each.identity, each.account)
        shares[each.account] = share
        release = Release(custodian=each.account, clinician=clinician.account, case_seq=CASE)
        handed = release_share(share, escrow, release, clinician.reading_key)
        words = share.rstrip(b"\0").decode()
        released.append({"custodian": each.account, "share": words, "data": handed.hex()})
    vector = {
        "about": "Seeds of people are sha256 of their role; the signature is 65 zeros.",
        "seq": context.seq,
        "account": escrow.account,
        "digest": escrow.digest.hex(),
        "seed": combine(escrow, shares).seed.hex(),
        "clinician": "clinician",
        "clinician_account": clinician.account,
        "case": CASE,
        "escrow": data.hex(),
        "released": released,
    }
    Path(__file__).with_name("escrow.json").write_text(json.dumps(vector, indent=1) + "\n")


if __name__ == "__main__":
    main()
