"""The endpoint as somebody else's client meets it: npm's kubo-rpc-client, by TCP."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipfs.cid import cid_digest, cid_text
from ipfs.dag import read_file
from ipfs.node.credentials import Credentials
from ipfs.supervisor import NodeProcess, NodeSettings

PROGRAM = Path(__file__).with_name("independent_client.mjs")
PROJECT = PROGRAM.parent.parent.parent
SEALED = bytes(place * 31 % 251 for place in range(600_000))
SECONDS = 60


@pytest.fixture(scope="module")
def tcp_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    with NodeProcess(NodeSettings(home=tmp_path_factory.mktemp("node"), tcp_port=0)) as node:
        yield node


@pytest.fixture(scope="module")
def found(tcp_node: NodeProcess) -> dict[str, Any]:
    """What the other client saw."""
    node = shutil.which("node") or str(PROJECT / ".tools" / "bin" / "node")
    credentials = Credentials.of_file(tcp_node.settings.credentials)
    assert tcp_node.tcp_address is not None
    port = tcp_node.tcp_address.rpartition("/")[2]
    told = {"url": f"http://127.0.0.1:{port}"}
    told |= {"user": credentials.user, "password": credentials.password}
    ended = subprocess.run(
        [node, str(PROGRAM)],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout))


def test_add_gives_the_cid_that_we_compute(found: dict[str, Any]) -> None:
    assert found["cid"] == cid_text(cid_digest(SEALED))
    assert found["pinnedByAdding"]


def test_cat_gives_the_bytes_whole_and_in_part(found: dict[str, Any]) -> None:
    assert found["read"]
    assert found["range"]


def test_pins_are_listed_removed_and_made_again(found: dict[str, Any]) -> None:
    assert found["removed"]
    assert not found["pinnedAfterRemoving"]
    assert found["pinnedAgain"]


def test_collected_bytes_are_gone(found: dict[str, Any]) -> None:
    assert "not found" in found["afterCollecting"]


def test_stat_agrees_with_the_blocks(found: dict[str, Any]) -> None:
    assert found["stat"]["size"] == len(SEALED)
    assert found["stat"]["blocks"] == 3
    assert found["stat"]["type"] == "file"
    assert found["block"] == found["blockStat"]
    assert found["blocks"] >= 4


def test_export_is_a_car_from_which_the_file_is_read_again(found: dict[str, Any]) -> None:
    sections = _sections(base64.b64decode(found["archive"]))
    header, *blocks = sections
    assert cid_digest(SEALED) in header
    by_digest = {section[2:34]: section[34:] for section in blocks}
    assert b"".join(read_file(cid_digest(SEALED), by_digest.__getitem__)) == SEALED


def test_identity_and_version_are_understood(found: dict[str, Any]) -> None:
    assert found["id"].startswith("12D3Koo")
    assert found["version"] == "0.22.0"
    assert found["peers"] == 0


@pytest.mark.parametrize("attempt", ["wrongPassword", "noPassword"])
def test_client_is_refused_when_it_shows_no_credentials(
    found: dict[str, Any], attempt: str
) -> None:
    assert "401" in found[attempt]


def _sections(archive: bytes) -> list[bytes]:
    sections, place = [], 0
    while place < len(archive):
        length = shift = 0
        while True:
            byte = archive[place]
            place, length, shift = place + 1, length | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                break
        sections.append(archive[place : place + length])
        place += length
    return sections
