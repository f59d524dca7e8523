"""The IPFS node seen block by block: what exports copy, and what proves an erasure."""

from ipfshttpclient import exceptions as ipfs_errors

from core.errors import VerificationError
from ipfs.cid import cid_text, parse_cid
from ipfs.client import StoreClient
from ipfs.dag import verify_block

_LOCAL = {"offline": "true"}
"""A daemon in a swarm would otherwise go and ask its peers."""
_ABSENT = ("not found", "could not find")


class BlockClient(StoreClient):
    """A StoreClient that also knows blocks and lists pins. Raises as a StoreClient does."""

    def block(self, digest: bytes) -> bytes:
        """One block, verified. Raises StoreError when the node does not hold it."""
        with self._rpc("read a block") as rpc:
            block = bytes(rpc.block.get(cid_text(digest), opts=dict(_LOCAL)))
        return verify_block(digest, block)

    def has_block(self, digest: bytes) -> bool:
        """Whether the node itself holds this block. Only a clear "no" of the node is one."""
        with self._rpc("look for a block") as rpc:
            try:
                rpc.block.stat(cid_text(digest), opts=dict(_LOCAL))
            except ipfs_errors.ErrorResponse as error:
                if any(words in str(error) for words in _ABSENT):
                    return False
                raise
        return True

    def pinned(self) -> list[bytes]:
        """Digests of the pinned roots, as far as they are of the kind in use here."""
        with self._rpc("list its pins") as rpc:
            keys = list(rpc.pin.ls(type="recursive")["Keys"])
        return [digest for digest in map(_digest, keys) if digest is not None]


def _digest(cid: str) -> bytes | None:
    try:
        return parse_cid(cid)
    except VerificationError:
        return None
