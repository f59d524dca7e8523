"""A vault in memory, with the real sealing, for tests of flows."""

import hashlib
import secrets
from dataclasses import dataclass, field

from core.errors import StoreError
from core.hashing import Address
from core.records import SealContext, Sealing
from ipfs.cid import cid_digest
from ipfs.envelope import (
    Identity,
    Opened,
    Recipient,
    envelope_digest,
    require_envelope_structure,
)
from ipfs.opening import Claim, open_record
from ipfs.sealing import SALT_BYTES, commitment_of, seal

_Step = tuple[SealContext, bytes, bytes]


@dataclass
class MemoryVault:
    """`core.ports.Vault`; public fields let a test look inside and break things."""

    records: dict[bytes, bytes] = field(default_factory=dict)
    """Sealed bytes by commitment."""
    envelopes: dict[bytes, bytes] = field(default_factory=dict)
    """Envelopes by digest."""
    stored: dict[bytes, Sealing] = field(default_factory=dict)
    """Sealings by commitment."""
    confirmed: set[bytes] = field(default_factory=set)
    latest: dict[tuple[bytes, Address], bytes] = field(default_factory=dict)
    """Digest of a reader's latest envelope, by commitment and reader."""
    fails_with: Exception | None = None
    """Raised by every method while it is set."""
    _steps: dict[_Step, bytes] = field(default_factory=dict)

    def seal(
        self, payload: bytes, context: SealContext, previous: bytes, owner_key: bytes
    ) -> Sealing:
        self._fail()
        step = (context, previous, hashlib.sha256(owner_key + payload).digest())
        if step in self._steps:
            return self.stored[self._steps[step]]
        sealed, salt = seal(payload, context), secrets.token_bytes(SALT_BYTES)
        cid = cid_digest(sealed.record)
        opened = Opened(key=sealed.key, salt=salt, cid_digest=cid)
        envelope = Recipient(owner_key).wrap(opened, context, context.patient)
        commitment = commitment_of(salt, cid, sealed.key_commitment)
        sealing = Sealing(
            context=context,
            commitment=commitment,
            previous=previous,
            envelope_digest=envelope_digest(envelope),
        )
        self.records[commitment] = sealed.record
        self.stored[commitment] = sealing
        self._steps[step] = commitment
        self.put_envelope(commitment, context.patient, envelope)
        return sealing

    def holds(self, commitment: bytes, payload: bytes, owner_key: bytes) -> bool:
        self._fail()
        like = hashlib.sha256(owner_key + payload).digest()
        return any(c == commitment and step[2] == like for step, c in self._steps.items())

    def confirm(self, commitment: bytes) -> None:
        self._fail()
        self._known(commitment)
        self.confirmed.add(commitment)

    def version(self, commitment: bytes) -> int | None:
        self._fail()
        sealing = self.stored.get(commitment)
        return None if sealing is None else sealing.context.version

    def ciphertext(self, commitment: bytes) -> bytes:
        self._fail()
        self._known(commitment)
        return self.records[commitment]

    def put_envelope(self, commitment: bytes, reader: Address, envelope: bytes) -> bytes:
        self._fail()
        require_envelope_structure(envelope)
        self._known(commitment)
        digest = envelope_digest(envelope)
        self.envelopes[digest] = envelope
        self.latest[commitment, reader] = digest
        return digest

    def envelope(self, digest: bytes) -> bytes:
        self._fail()
        if digest not in self.envelopes:
            raise StoreError("The vault does not hold this envelope.")
        return self.envelopes[digest]

    def envelope_for(self, commitment: bytes, reader: Address) -> bytes | None:
        self._fail()
        return self.latest.get((commitment, reader))

    def open(
        self,
        identity: Identity,
        commitment: bytes,
        context: SealContext,
        envelope: bytes,
        reader: Address,
    ) -> bytes:
        claim = Claim(context=context, reader=reader, commitment=commitment, envelope=envelope)
        return open_record(identity, claim, self.ciphertext(commitment), self.envelope(envelope))

    def _known(self, commitment: bytes) -> None:
        if commitment not in self.stored:
            raise StoreError("The vault does not hold this version of the record.")

    def _fail(self) -> None:
        if self.fails_with is not None:
            raise self.fails_with
