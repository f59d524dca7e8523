"""A node whose disk is full: refused by name, and nothing that was acknowledged is lost.

The disk is full for the node alone: its process may write no file beyond a size.
"""

import hashlib
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core.errors import StoreError
from ipfs.cid import cid_digest
from ipfs.client import StoreClient, StoreSettings
from ipfs.supervisor import NodeProcess

LARGE = hashlib.shake_256(b"does not compress").digest(900_000)


@contextmanager
def full_disk(pid: int) -> Iterator[None]:
    limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (64 * 1024, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def test_add_refuses_by_name_when_the_disk_is_full_and_goes_on_afterwards(
    make_node: Callable[[], NodeProcess],
) -> None:
    node = make_node()
    node.start()
    client = StoreClient(StoreSettings(address=node.address, timeout_seconds=20))
    kept = client.add(b"acknowledged before")
    assert node.pid is not None
    with full_disk(node.pid):
        with pytest.raises(StoreError, match="could not store"):
            client.add(LARGE)
        assert not client.is_pinned(cid_digest(LARGE))
        assert client.read(kept) == b"acknowledged before"
    assert client.add(LARGE) == cid_digest(LARGE)
    assert client.read(kept) == b"acknowledged before"
    client.collect_garbage()
    assert client.read(cid_digest(LARGE)) == LARGE
