"""What each write of the Consent contract costs, against the least it could cost.

Run `python -m bench.gas [--json]`. The floor of a transaction is computed from what that very
transaction did, by its trace: 21,000, its calldata, every storage slot it touched at its cold
price, its logs, 3,000 for each signature recovered, and 2,600 for the first call of another
contract (a wallet, Credentials). Sources: EIP-2028, EIP-2929, EIP-3529, EIP-7623 and the yellow
paper, appendix G. `check` is counted as the transaction that it would be; `recover` is the sum of
two guardians' approvals and the completion.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from eth_typing import ChecksumAddress

from bench._weighing import DAY, Bench, Measurement, anvil, person
from core.hashing import ZERO_HASH, Address, keccak256
from core.purposes import Purpose
from core.records import HISTORY_RECORD, READING_KEY_BYTES
from core.typed_data import ApproveRecovery, GrantAccess, OpenEmergency, RevokeAccess
from scripts._walk.machine import WALLET

UNSIGNED, SIGNED = 1.05, 1.10
"""Bounds of the ratio: what is sent, and what is carried with signatures."""
BOUNDS = dict.fromkeys(
    ("grant_signed", "grant_signed_1271", "revoke_signed", "open_emergency", "recover"), SIGNED
)
MOST = {"grant_signed": 65_000, "revoke": 36_000, "seal_next": 38_000}
MOST_BYTES = 20_000


def measure(bench: Bench) -> dict[str, Measurement]:
    """Each operation once, on one patient's story."""
    rows = {**_sealing(bench), **_access(bench), **_keys(bench)}
    return {**rows, **_emergency(bench), **_recovery(bench)}


def _sealing(bench: Bench) -> dict[str, Measurement]:
    functions, patient = bench.consent.functions, bench.patient.address
    stranger = bench.doctors[2].address
    first, second, envelope = (keccak256(word) for word in (b"first", b"second", b"envelope"))
    # The roster is not empty in practice: somebody else was first.
    bench.send(functions.seal(stranger, HISTORY_RECORD, first, ZERO_HASH, envelope), stranger)
    return {
        "seal_first": bench.send(
            functions.seal(patient, HISTORY_RECORD, first, ZERO_HASH, envelope), patient
        ),
        "seal_next": bench.send(
            functions.seal(patient, HISTORY_RECORD, second, first, envelope), patient
        ),
    }


def _access(bench: Bench) -> dict[str, Measurement]:
    functions, patient = bench.consent.functions, bench.patient.address
    doctor, colleague, _, wallet = (each.address for each in bench.doctors)
    asked, envelope = keccak256(b"request"), keccak256(b"envelope")
    bounds = (HISTORY_RECORD, int(Purpose.TREAT), bench.expiry)
    granted = (*bounds, asked, envelope)
    revocation = RevokeAccess(
        patient=Address(patient),
        grantee=Address(colleague),
        record=HISTORY_RECORD,
        seq=1,
        deadline=bench.deadline,
    )
    many = [(int(person(f"many {n}").address, 16), *bounds, asked, envelope) for n in range(10)]

    def signed(owner: ChecksumAddress) -> GrantAccess:
        return GrantAccess(
            patient=Address(owner),
            grantee=Address(colleague),
            record=HISTORY_RECORD,
            purposes=int(Purpose.TREAT),
            expiry=bench.expiry,
            request=asked,
            envelope=envelope,
            seq=0,
            cutoff=0,
            deadline=bench.deadline,
        )

    bench.give_code(wallet, WALLET)
    # The wallet is a patient of some standing: its head is there already.
    by_wallet = functions.seal(wallet, HISTORY_RECORD, asked, ZERO_HASH, envelope)
    bench.send(by_wallet, wallet)
    signatures = bench.sign(signed(patient)), signed(wallet).digest(bench.domain) + bytes(33)
    return {
        "request": bench.send(functions.request(patient, *bounds, bench.deadline), doctor),
        "grant": bench.send(functions.grant(patient, doctor, *granted), patient),
        "grant_next": bench.send(functions.grant(patient, doctor, *granted), patient),
        "check": bench.check(
            functions.has_access(patient, doctor, HISTORY_RECORD, int(Purpose.TREAT))
        ),
        "grant_signed": bench.send(
            functions.grant_signed(patient, colleague, *granted, bench.deadline, signatures[0])
        ),
        "grant_signed_1271": bench.send(
            functions.grant_signed(wallet, colleague, *granted, bench.deadline, signatures[1])
        ),
        "revoke": bench.send(functions.revoke(patient, doctor, HISTORY_RECORD), patient),
        "revoke_signed": bench.send(
            functions.revoke_signed(
                patient, colleague, HISTORY_RECORD, bench.deadline, bench.sign(revocation)
            )
        ),
        "grant_many_10": bench.send(
            functions.batch(patient, patient, [], [], many, 0, b""), patient
        ),
        "revoke_all": bench.send(functions.revoke_all(patient, 0, b""), patient),
    }


def _keys(bench: Bench) -> dict[str, Measurement]:
    publish, doctor = bench.consent.functions.publish_reading_key, bench.doctors[0].address
    # Key bytes look random: one in 256 is zero.
    first, second = (
        b"".join(keccak256(seed + bytes([n])) for n in range(READING_KEY_BYTES // 32))
        for seed in (b"first", b"second")
    )
    return {
        "publish_key_first": bench.send(publish(doctor, first, 0, b""), doctor),
        "publish_key_next": bench.send(publish(doctor, second, 0, b""), doctor),
    }


def _emergency(bench: Bench) -> dict[str, Measurement]:
    """Two clinicians: one sends, the other's signature comes along."""
    functions, registry, patient = (
        bench.consent.functions,
        bench.credentials.functions,
        bench.patient,
    )
    clinician, colleague = bench.doctors[0], bench.doctors[1]
    bench.send(registry.add_issuer(patient.address), patient.address)
    for each in (clinician, colleague):
        bench.send(registry.license(each.address, bench.expiry), patient.address)
    policy = functions.set_emergency_policy(patient.address, 1, 0, 24, ZERO_HASH, 0, b"")
    bench.send(policy, patient.address)
    reason = keccak256(b"salted reason")
    message = OpenEmergency(
        patient=Address(patient.address),
        clinician=Address(clinician.address),
        record=ZERO_HASH,
        reader_key=bytes(functions.reading_keys(clinician.address).call()),
        reason=reason,
        seq=0,
        deadline=bench.deadline,
    )
    people = (patient.address, clinician.address, colleague.address)
    cosignature = bench.sign(message, colleague)
    call = functions.open_emergency(*people, reason, bench.deadline, b"", cosignature)
    return {"open_emergency": bench.send(call, clinician.address)}


def _recovery(bench: Bench) -> dict[str, Measurement]:
    """Two of three guardians sign, a relayer carries, and a week later anybody completes."""
    functions, patient = bench.consent.functions, bench.patient.address
    members = [each.address for each in bench.guardians]
    bench.send(functions.set_circle(patient, 0, members, 2, 0, b""), patient)
    target = bench.doctors[2].address
    message = ApproveRecovery(
        patient=Address(patient),
        controller=Address(target),
        seq=functions.standing(patient).call()[2],
        deadline=bench.deadline,
    )
    approvals = [
        bench.send(
            functions.approve_recovery(
                patient, target, each.address, bench.deadline, bench.sign(message, each)
            )
        )
        for each in bench.guardians[:2]
    ]
    bench.pass_time(7 * DAY)
    completed = bench.send(functions.complete_recovery(patient))
    return {"recover": approvals[0] + approvals[1] + completed}


def line(name: str, measured: Measurement) -> dict[str, Any]:
    """A line of the table, and whether it is within its bounds."""
    within = measured.ratio <= BOUNDS.get(name, UNSIGNED)
    within = within and measured.gas <= MOST.get(name, measured.gas)
    shown = {"gas": measured.gas, "floor": measured.floor, "ratio": round(measured.ratio, 4)}
    return {**shown, "within": within}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="bench.gas", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    with anvil() as web3:
        bench = Bench(web3)
        rows = {name: line(name, each) for name, each in measure(bench).items()}
        sizes = bench.sizes()
    if options.json:
        print(json.dumps({**rows, "bytes": sizes}, indent=2))
        return verdict(rows, sizes)
    print(f"{'operation':<20}{'gas':>9}{'floor':>9}{'ratio':>8}")
    for name, row in rows.items():
        bound = "within its bound" if row["within"] else "ABOVE ITS BOUND"
        print(f"{name:<20}{row['gas']:>9,}{row['floor']:>9,}{row['ratio']:>8.4f}  {bound}")
    for name, size in sizes.items():
        print(f"{name:<20}{size:>9,} bytes deployed{'' if size < MOST_BYTES else '  too large'}")
    return verdict(rows, sizes)


def verdict(rows: dict[str, dict[str, Any]], sizes: dict[str, int]) -> int:
    """1 when a write is above its bound or a contract too large."""
    fits = all(row["within"] for row in rows.values()) and max(sizes.values()) < MOST_BYTES
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
