"""The repository's block files, read directly and checked, so that a read never waits or lies.

Kubo keeps each block in `blocks/XX/KEY.data`: KEY is the multihash in base32, XX the two
characters before its last (flatfs, shard function next-to-last/2).
"""

import base64
from collections.abc import Iterator
from pathlib import Path

from core.errors import StoreError, VerificationError
from ipfs.dag import MAX_BLOCK_BYTES, parse_block, verify_block, walk

_MULTIHASH_PREFIX = b"\x12\x20"
_SUFFIX = ".data"
_USAGE_CACHE = "diskUsage.cache"
_LEAF_TAG = 0x0A
"""First byte of a dag-pb node without links; one with links begins with 0x12."""


class MissingBlockError(StoreError):
    """A block is not in this repository; there is nobody to ask for it."""

    def __init__(self) -> None:
        super().__init__("block was not found locally (offline)")


class BlockFiles:
    """The blocks of one repository."""

    def __init__(self, repo: Path) -> None:
        self._folder = repo / "blocks"

    def block(self, digest: bytes) -> bytes:
        """Raises MissingBlockError, or VerificationError when the file was changed."""
        try:
            with self._path(digest).open("rb") as file:
                content = file.read(MAX_BLOCK_BYTES + 1)
        except FileNotFoundError:
            raise MissingBlockError from None
        return verify_block(digest, content)

    def size(self, digest: bytes) -> int:
        """Bytes in one block. Raises MissingBlockError."""
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError:
            raise MissingBlockError from None

    def file_size(self, digest: bytes) -> int:
        """Bytes of the file with this root."""
        return parse_block(self.block(digest)).file_bytes

    def tree(self, digest: bytes) -> Iterator[bytes]:
        """Digests of all blocks of a file; leaves, most of the bytes, are not read whole."""
        return walk(digest, self._inner_block)

    def is_complete(self, digest: bytes) -> bool:
        """Whether every block of the file is here."""
        try:
            return all(True for _ in self.tree(digest))
        except (MissingBlockError, VerificationError):
            return False

    def digests(self) -> list[bytes]:
        """Of all blocks that are here."""
        keys = (path.name.removesuffix(_SUFFIX) for path in self._files())
        raw = (base64.b32decode(key + "=" * (-len(key) % 8)) for key in keys)
        return [each.removeprefix(_MULTIHASH_PREFIX) for each in raw]

    def usage(self) -> tuple[int, int]:
        """Number of blocks, and bytes in them."""
        sizes = [path.stat().st_size for path in self._files()]
        return len(sizes), sum(sizes)

    def sweep(self, keep: set[bytes]) -> int:
        """Delete every block that is not in `keep`; how many went.

        Only while no node runs on the repository: it would remember blocks that are gone.
        """
        names = {self._key(digest) + _SUFFIX for digest in keep}
        gone = 0
        for path in self._files():
            if path.name not in names:
                path.unlink()
                gone += 1
        (self._folder / _USAGE_CACHE).unlink(missing_ok=True)
        return gone

    def _inner_block(self, digest: bytes) -> bytes:
        try:
            with self._path(digest).open("rb") as file:
                first = file.read(1)
        except FileNotFoundError:
            raise MissingBlockError from None
        if first and first[0] == _LEAF_TAG:
            return _EMPTY_LEAF
        return self.block(digest)

    def _files(self) -> Iterator[Path]:
        return self._folder.glob(f"*/*{_SUFFIX}")

    def _path(self, digest: bytes) -> Path:
        key = self._key(digest)
        return self._folder / key[-3:-1] / (key + _SUFFIX)

    @staticmethod
    def _key(digest: bytes) -> str:
        return base64.b32encode(_MULTIHASH_PREFIX + digest).decode().rstrip("=")


_EMPTY_LEAF = b"\x0a\x04\x08\x02\x18\x00"
"""A leaf without content, standing for one whose links (none) are all that is asked for."""
