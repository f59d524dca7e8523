"""Erasure: forget keys and salts, and nothing that remains points anywhere.

Data key and salt of a version are nowhere but in its envelopes. Without them the sealed record is
noise and the commitment on chain names nothing. So: take the pins back, have the node collect its
garbage, ask it for every single block, and rewrite the index. Interrupted, it is repeated: the
index names what is to go until all of it is gone.
"""

from dataclasses import dataclass
from typing import Protocol

from core.errors import StoreError, StoreUnavailableError, VerificationError
from core.hashing import Address
from ipfs.dag import parse_block
from ipfs.index_rows import StoredCustody, StoredEnvelope, StoredSealing
from ipfs.vault import IpfsVault

CHECK = "erasure"
"""The `check` of a VerificationError from here."""


class ErasingStore(Protocol):
    """What an erasure needs of an IPFS node; `ipfs.block_client.BlockClient` is one."""

    def block(self, digest: bytes) -> bytes: ...

    def has_block(self, digest: bytes) -> bool: ...

    def collect_garbage(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What is to go."""

    sealings: tuple[StoredSealing, ...]
    envelopes: tuple[StoredEnvelope, ...]
    custody: tuple[StoredCustody, ...] = ()
    """Escrows and released shares."""

    @property
    def roots(self) -> tuple[bytes, ...]:
        sealed = (each.cid for each in self.sealings)
        wrapped = (each.cid for each in self.envelopes)
        return (*sealed, *wrapped, *(each.cid for each in self.custody))

    @property
    def digests(self) -> tuple[bytes, ...]:
        """Everything in the index that could be linked to what is gone."""
        commitments = (each.sealing.commitment for each in self.sealings)
        wrapped = (each.digest for each in self.envelopes)
        return (*commitments, *wrapped, *(each.digest for each in self.custody), *self.roots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What is proven gone, and what cannot be known from here."""

    sealings: int
    envelopes: int
    blocks: int
    """Blocks that the node held before and, asked for each, does not hold any more."""
    unreadable: int
    """Files whose damage kept their blocks from being listed; their roots are gone."""
    commitments: tuple[bytes, ...]
    """They stay on the chain, for ever and without meaning."""
    unknowable: tuple[str, ...]


def plan_erasure(
    vault: IpfsVault,
    patient: Address,
    *,
    record: bytes | None = None,
    version: int | None = None,
) -> Erasure:
    """Everything stored of a patient, of one record, or of one version. Changes nothing.

    What custodians keep for emergencies goes with everything of a patient, and not before.
    """
    sealings = tuple(
        stored
        for stored in vault.sealings(patient)
        if record in (None, stored.sealing.context.record)
        and version in (None, stored.sealing.context.version)
    )
    envelopes = [vault.envelopes(stored.sealing.commitment) for stored in sealings]
    return Erasure(
        sealings=sealings,
        envelopes=tuple(each for few in envelopes for each in few),
        custody=tuple(vault.custody.of(patient)) if record is None and version is None else (),
    )


def erase(vault: IpfsVault, store: ErasingStore, plan: Erasure) -> Erased:
    """Carry a plan out and prove it. Idempotent; an interrupted one is planned and run again.

    Raises VerificationError when a block or a digest is still there at the end, StoreBusyError
    when another process holds the vault or its index, StoreError when the node refuses.
    """
    listed = [_blocks(store, root) for root in plan.roots]
    blocks = {digest for found, _ in listed for digest in found}
    held = {digest for digest in blocks if store.has_block(digest)}
    for stored in plan.sealings:
        vault.unpin(stored.sealing.commitment)
    kept = [each.digest for each in plan.custody]
    vault.custody.unpin(kept)
    store.collect_garbage()
    _require_gone(store, blocks)
    vault.custody.remove(kept)
    vault.remove([stored.sealing.commitment for stored in plan.sealings])
    _require_forgotten(vault, plan)
    return Erased(
        sealings=len(plan.sealings),
        envelopes=len(plan.envelopes),
        blocks=len(held),
        unreadable=sum(not whole for _, whole in listed),
        commitments=tuple(stored.sealing.commitment for stored in plan.sealings),
        unknowable=_unknowable(plan),
    )


def _blocks(store: ErasingStore, root: bytes) -> tuple[set[bytes], bool]:
    """Digests of a file's blocks as far as they can be listed, and whether all could."""
    found: set[bytes] = set()
    pending, whole = [root], True
    while pending:
        digest = pending.pop()
        found.add(digest)
        try:
            pending.extend(parse_block(store.block(digest)).links)
        except StoreUnavailableError:
            raise
        except (StoreError, VerificationError):
            whole = False
    return found, whole


def _require_gone(store: ErasingStore, blocks: set[bytes]) -> None:
    left = sum(store.has_block(digest) for digest in blocks)
    if left:
        raise VerificationError(
            f"The IPFS node still holds {left} of {len(blocks)} blocks after its collection.",
            check=CHECK,
            remedy="Something else may pin them. Take those pins back, then erase again.",
        )


def _require_forgotten(vault: IpfsVault, plan: Erasure) -> None:
    patients = {stored.sealing.context.patient for stored in plan.sealings}
    # A version that stays goes on naming its predecessor, as the chain does.
    named = {each.sealing.previous for patient in patients for each in vault.sealings(patient)}
    if any(vault.mentions(digest) for digest in plan.digests if digest not in named):
        raise VerificationError(
            "The vault's index still holds digests of what was erased.",
            check=CHECK,
            remedy="End other programs that use this vault, then erase again.",
        )


def _unknowable(plan: Erasure) -> tuple[str, ...]:
    readers = {each.reader for each in plan.envelopes}
    patients = {each.sealing.context.patient for each in plan.sealings}
    others = len(readers - patients)
    return (
        f"Copies that readers made: {others} had an envelope, and what was read can't be unread.",
        "Copies on other IPFS nodes, in archives and in backups: this node cannot see them.",
        f"The chain keeps {len(plan.sealings)} commitments and the digests of "
        f"{len(plan.envelopes)} envelopes. Without their salts they name nothing.",
        "The IPFS node's own books and the disk's unused sectors may keep identifiers or "
        "ciphertext until they are written over.",
    )
