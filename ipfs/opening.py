"""Opening a record the way every reader must: each check, in the agreed order, then the payload."""

from dataclasses import dataclass

from core.hashing import Address
from core.records import SealContext
from ipfs.checks import Check, require_equal
from ipfs.cid import cid_digest
from ipfs.envelope import Identity, envelope_digest, require_envelope_structure
from ipfs.sealing import SealedRecord, commitment_of, decrypt, verify_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the chain says about the record that is to be opened."""

    context: SealContext
    reader: Address
    commitment: bytes
    """Of the record's version, 32 bytes."""
    envelope: bytes
    """Digest of the reader's envelope, as the grant or the sealing names it, 32 bytes."""


def open_record(identity: Identity, claim: Claim, sealed: bytes, envelope: bytes) -> bytes:
    """The payload of `sealed`, if it is what `claim` says and `envelope` is for `identity`.

    Nothing about `sealed` or `envelope` is believed. Raises VerificationError, its `check` naming
    the first check that failed.
    """
    record = SealedRecord.from_untrusted(sealed)
    require_envelope_structure(envelope)
    require_equal(
        envelope_digest(envelope),
        claim.envelope,
        Check.ENVELOPE_DIGEST,
        "The envelope is not the one that was granted",
    )
    opened = identity.open(envelope, claim.context, claim.reader)
    require_equal(
        cid_digest(sealed),
        opened.cid_digest,
        Check.CID,
        "The sealed record is not the one that the envelope names",
    )
    verify_key(record, opened.key, claim.context)
    require_equal(
        commitment_of(opened.salt, opened.cid_digest, record.key_commitment),
        claim.commitment,
        Check.COMMITMENT,
        "The sealed record is not the one that the chain commits to",
    )
    return decrypt(record, opened.key, claim.context)
