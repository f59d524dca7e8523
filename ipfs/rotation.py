"""Rotation at the vault: a fresh key for what is sealed, and envelopes for those who remain.

`OwnersVault` is `core.ports.Resealer`. It is the only place where a vault and a reading identity
meet, and it lives as long as one command. `core.flows.rotate` says what happens in which order.
"""

from collections.abc import Collection, Mapping, Sequence

from core.errors import InputError, VerificationError
from core.hashing import Address
from core.records import Reader, SealContext, Sealing
from ipfs.checks import Check
from ipfs.envelope import Identity, Opened, Recipient
from ipfs.index_rows import StoredEnvelope
from ipfs.vault import IpfsVault


class OwnersVault:
    """A vault in its owner's hands; `former` identities still open what was sealed to them."""

    def __init__(
        self, vault: IpfsVault, identity: Identity, *, former: Sequence[Identity] = ()
    ) -> None:
        self._vault = vault
        self._identity = identity
        self._former = tuple(former)

    def resuming(self, commitment: bytes) -> Sealing | None:
        """The sealing, if it came of a rotation that was never settled."""
        stored = self._vault.sealing(commitment)
        return stored.sealing if stored and self._vault.is_rotating(commitment) else None

    def opens(self, context: SealContext, envelope: bytes) -> bool:
        """Whether the present identity opens the patient's own envelope with this digest."""
        return _can_open(self._identity, self._vault.envelope(envelope), context, context.patient)

    def reseal(
        self, context: SealContext, commitment: bytes, envelope: bytes, owner_key: bytes
    ) -> Sealing:
        """The same payload as the next version, under a fresh key, for the same patient.

        Opened again before it is returned. Raises InputError when `owner_key`, the published
        one, is not this identity's; VerificationError when the present version does not open.
        """
        if owner_key != self._identity.recipient().public_key:
            raise InputError(
                "The published reading key is not of this wallet and recovery code.",
                remedy="Use the recovery code that belongs to the published key.",
            )
        opener = self._opener(self._vault.envelope(envelope), context, context.patient)
        payload = self._vault.open(opener, commitment, context, envelope, context.patient)
        sealing = self._vault.seal(payload, _next(context), commitment, owner_key)
        self._require_same(payload, sealing)
        self._vault.begin_rotation(sealing.commitment)
        return sealing

    def wrap(self, sealing: Sealing, readers: Sequence[Reader]) -> Mapping[Address, bytes]:
        """Store an envelope for each reader; its digest by account."""
        opened = self._inside(sealing)
        return {
            reader.account: self._vault.put_rotation_envelope(
                sealing.commitment,
                reader.account,
                Recipient(reader.key).wrap(opened, sealing.context, reader.account),
            )
            for reader in readers
        }

    def settle(self, sealing: Sealing, named: Collection[bytes]) -> int:
        """End a rotation whose sealing the chain holds; how many earlier versions went."""
        return self._vault.end_rotation(sealing.commitment, named)

    def rewrap_received(self, reader: Address) -> Sequence[Address]:
        """Wrap what others shared with `reader` for the present identity; whose it was.

        The chain goes on naming the old envelopes: only those patients can name new ones, by
        granting again. Until then the new ones keep what was shared readable. Idempotent.
        """
        owners: set[Address] = set()
        for entry in self._received(reader):
            stored = self._vault.sealing(entry.commitment)
            if stored is None or stored.sealing.context.patient == reader:
                continue
            context, envelope = stored.sealing.context, self._vault.envelope(entry.digest)
            opener = self._opener(envelope, context, reader)
            if opener is not self._identity:
                opened = opener.open(envelope, context, reader)
                fresh = self._identity.recipient().wrap(opened, context, reader)
                self._vault.put_envelope(entry.commitment, reader, fresh)
                owners.add(context.patient)
        return sorted(owners)

    def _received(self, reader: Address) -> list[StoredEnvelope]:
        """The latest envelope of each sealing."""
        latest = {entry.commitment: entry for entry in self._vault.envelopes_of(reader)}
        return list(latest.values())

    def _inside(self, sealing: Sealing) -> Opened:
        envelope = self._vault.envelope(sealing.envelope_digest)
        return self._identity.open(envelope, sealing.context, sealing.context.patient)

    def _opener(self, envelope: bytes, context: SealContext, reader: Address) -> Identity:
        """The identity that opens; the present one when none does, which then says why."""
        known = (self._identity, *self._former)
        openers = (each for each in known if _can_open(each, envelope, context, reader))
        return next(openers, self._identity)

    def _require_same(self, payload: bytes, sealing: Sealing) -> None:
        context, digest = sealing.context, sealing.envelope_digest
        opened = self._vault.open(
            self._identity, sealing.commitment, context, digest, context.patient
        )
        if opened != payload:
            raise VerificationError(
                "The new version does not open to what was sealed.", check=Check.FRAME
            )


def _next(context: SealContext) -> SealContext:
    return SealContext(
        domain=context.domain,
        patient=context.patient,
        record=context.record,
        version=context.version + 1,
    )


def _can_open(identity: Identity, envelope: bytes, context: SealContext, reader: Address) -> bool:
    try:
        identity.open(envelope, context, reader)
    except VerificationError:
        return False
    return True
