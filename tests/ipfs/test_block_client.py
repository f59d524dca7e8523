"""The node seen block by block: a clear "no" is one, anything else is an error."""

from pathlib import Path

import pytest

from core.errors import StoreError, StoreUnavailableError, VerificationError
from ipfs.block_client import BlockClient
from ipfs.cid import cid_digest, cid_text
from ipfs.client import StoreClient, StoreSettings
from ipfs.dag import walk
from ipfs.supervisor import NodeProcess
from tests.fakes.block_store import BlockStore, content, leaf
from tests.ipfs.test_client import FaultyNode, send, send_json

DATA = b"sealed bytes of the block client's test"
DIGEST = cid_digest(DATA)


@pytest.fixture
def blocks(node: NodeProcess) -> BlockClient:
    return BlockClient(StoreSettings(address=node.address, timeout_seconds=20))


def at(node: FaultyNode) -> BlockClient:
    return BlockClient(StoreSettings(address=node.address, timeout_seconds=1.0))


def test_block_gives_what_a_file_is_made_of(blocks: BlockClient) -> None:
    data = bytes(range(256)) * 2048
    digest = blocks.add(data)
    digests = list(walk(digest, blocks.block))
    assert len(digests) == 1 + 1, "two equal leaves are one block"
    assert all(blocks.has_block(each) for each in digests)
    assert digest in blocks.pinned()
    blocks.unpin(digest)
    assert digest not in blocks.pinned()


def test_has_block_is_false_only_when_the_node_says_so(
    blocks: BlockClient, faulty: FaultyNode
) -> None:
    assert not blocks.has_block(b"\0" * 32)
    with pytest.raises(StoreError):
        blocks.block(b"\0" * 32)
    faulty.answers["block/stat"] = send_json({"Message": "disk on fire", "Code": 0}, 500)
    with pytest.raises(StoreError):
        at(faulty).has_block(DIGEST)


def test_block_refuses_other_bytes_than_asked_for(faulty: FaultyNode) -> None:
    faulty.answers["block/get"] = send(200, leaf(DATA)[:-1], "application/octet-stream")
    with pytest.raises(VerificationError):
        at(faulty).block(DIGEST)


def test_pinned_passes_by_pins_of_other_kinds(faulty: FaultyNode) -> None:
    other = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
    keys = {cid_text(DIGEST): {"Type": "recursive"}, other: {"Type": "recursive"}}
    faulty.answers["pin/ls"] = send_json({"Keys": keys})
    assert at(faulty).pinned() == [DIGEST]


def test_methods_raise_when_there_is_no_node(tmp_path: Path) -> None:
    nobody = BlockClient(StoreSettings.local(tmp_path))
    for ask in (nobody.block, nobody.has_block):
        with pytest.raises(StoreUnavailableError):
            ask(DIGEST)
    with pytest.raises(StoreUnavailableError):
        nobody.pinned()


@pytest.mark.parametrize("size", [1, 127, 128, 300, 20_000])
def test_block_store_of_the_tests_has_the_nodes_own_blocks(
    blocks: BlockClient, client: StoreClient, size: int
) -> None:
    data = (b"sealed " * size)[:size]
    digest = client.add(data)
    assert blocks.block(digest) == leaf(data)
    assert content(leaf(data)) == data
    store = BlockStore()
    assert store.read(store.add(data), size) == data
    client.unpin(digest)
