"""What an owner's browser sealed comes in here: kept as it is, opened by nobody.

`VaultReception` is `core.ports.Reception`. It checks what can be checked without a key: forms,
sizes, content identifiers, and that nothing contradicts what the vault has on its books. Whether
the bytes open, the browser tries before its owner signs.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from core.errors import InputError, StoreError
from core.hashing import Address
from core.records import Received, SealContext, Sealing
from ipfs.admission import Admission
from ipfs.cid import cid_digest
from ipfs.envelope import envelope_digest, require_envelope_structure
from ipfs.index_rows import StoredEnvelope, StoredSealing
from ipfs.sealing import require_record_structure
from ipfs.vault import IpfsVault


class VaultReception:
    """Over one vault; `collect` has its node delete every block without a pin."""

    def __init__(self, vault: IpfsVault, collect: Callable[[], None]) -> None:
        self._vault = vault
        self._collect = collect

    def receive(
        self,
        context: SealContext,
        previous: bytes,
        commitment: bytes,
        record: bytes,
        envelopes: Mapping[Address, bytes],
    ) -> Received:
        """See `core.ports.Reception.receive`."""
        require_record_structure(record)
        for envelope in envelopes.values():
            require_envelope_structure(envelope)
        digests = {account: envelope_digest(each) for account, each in envelopes.items()}
        if len(set(digests.values())) < len(digests) or context.patient not in digests:
            raise InputError("The owner and each reader need an envelope of their own.")
        sealing = Sealing(
            context=context,
            commitment=commitment,
            previous=previous,
            envelope_digest=digests.pop(context.patient),
        )
        self._keep(sealing, record, envelopes)
        try:
            for digest in digests.values():
                self._vault.mark_rotation_envelope(digest)
            self._vault.begin_rotation(commitment)
        except BaseException:
            self.discard(commitment)
            raise
        return Received(sealing=sealing, envelopes=digests)

    def discard(self, commitment: bytes) -> None:
        """Unpinned and off the books, unless the chain is known to hold it. Idempotent."""
        stored = self._vault.sealing(commitment)
        if stored is not None and not stored.confirmed:
            self._vault.forget(commitment)

    def unfinished(self, patient: Address) -> Sequence[Sealing]:
        """See `core.ports.Reception.unfinished`."""
        kept = (stored.sealing for stored in self._vault.sealings(patient))
        return [each for each in kept if self._vault.is_rotating(each.commitment)]

    def settle(self, sealing: Sealing, named: Collection[bytes]) -> int:
        """Let the earlier versions go, and have their bytes deleted; how many versions went.

        Raises StoreError when the node does not delete them: they have no pin any more, and go
        with the node's next collection.
        """
        gone = self._vault.end_rotation(sealing.commitment, named)
        self._collect()
        return gone

    def _keep(self, sealing: Sealing, record: bytes, envelopes: Mapping[Address, bytes]) -> None:
        stored = StoredSealing(sealing=sealing, cid=cid_digest(record), confirmed=False)
        entries = [
            StoredEnvelope(
                digest=envelope_digest(each),
                commitment=sealing.commitment,
                reader=account,
                cid=cid_digest(each),
            )
            for account, each in envelopes.items()
        ]
        parts = (record, *envelopes.values())
        admitted = self._vault.admit(
            [Admission(stored=stored, envelopes=tuple(entries), parts=parts)]
        )
        if not admitted.sealings:
            raise StoreError("The vault holds this sealing already.", remedy="Seal it again.")
