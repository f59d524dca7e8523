"""What the browser's vault does for a resealing, in Python: the same steps, the same bytes."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.flows.open import Handover
from core.hashing import Address
from core.records import Reader
from ipfs.cid import cid_digest
from ipfs.envelope import Identity, Opened, Recipient
from ipfs.opening import Claim, open_record
from ipfs.sealing import SALT_BYTES, commitment_of, seal


@dataclass(frozen=True, kw_only=True)
class Resealed:
    """What is handed in."""

    commitment: bytes
    envelopes: dict[Address, bytes]
    record: bytes

    @property
    def body(self) -> bytes:
        return b"".join([self.commitment, *self.envelopes.values(), self.record])


def seal_anew(
    identity: Identity, own: Handover, sealed: bytes, readers: Sequence[Reader]
) -> Resealed:
    """Open the present version, seal it as the next one, wrap for the owner and the readers."""
    patient = own.context.patient
    claim = Claim(
        context=own.context,
        reader=patient,
        commitment=own.commitment,
        envelope=own.envelope_digest,
    )
    payload = open_record(identity, claim, sealed, own.envelope)
    context = replace(own.context, version=own.context.version + 1)
    fresh, salt = seal(payload, context), secrets.token_bytes(SALT_BYTES)
    cid = cid_digest(fresh.record)
    opened = Opened(key=fresh.key, salt=salt, cid_digest=cid)
    keys = {patient: identity.recipient().public_key} | {each.account: each.key for each in readers}
    return Resealed(
        commitment=commitment_of(salt, cid, fresh.key_commitment),
        envelopes={who: Recipient(key).wrap(opened, context, who) for who, key in keys.items()},
        record=fresh.record,
    )
