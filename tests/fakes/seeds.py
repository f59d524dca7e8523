"""Wrapped seeds in memory, for tests of pages."""

from dataclasses import dataclass, field

from core.errors import InputError
from core.hashing import Address
from ipfs.wrapped_seed import require_wrapped_seed_structure


@dataclass
class MemorySeeds:
    """`core.ports.SeedStore`; `kept` lets a test look inside."""

    kept: dict[tuple[Address, bytes], bytes] = field(default_factory=dict)

    def keep(self, account: Address, key_hash: bytes, wrapped: bytes) -> bool:
        require_wrapped_seed_structure(wrapped)
        fresh = (account, key_hash) not in self.kept
        if self.kept.setdefault((account, key_hash), wrapped) != wrapped:
            raise InputError("Another wrapped seed is kept for this reading key.")
        return fresh

    def find(self, account: Address, key_hash: bytes) -> bytes | None:
        return self.kept.get((account, key_hash))

    def drop(self, account: Address, key_hash: bytes) -> None:
        self.kept.pop((account, key_hash), None)
