"""The real embedded node: its RPC, its manners, and what survives."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import StoreError, StoreUnavailableError
from ipfs.cid import CHUNK_BYTES, cid_digest, cid_text
from ipfs.client import StoreClient, StoreSettings
from ipfs.supervisor import NodeProcess
from tests.ipfs.rpc_calls import call, unread_answer

UNKNOWN_CID = cid_text(cid_digest(b"nobody ever stored this"))
MakeNode = Callable[[], NodeProcess]


def pattern(length: int) -> bytes:
    return (bytes(range(251)) * (length // 251 + 1))[:length]


def client_of(node: NodeProcess) -> StoreClient:
    return StoreClient(StoreSettings(address=node.address, timeout_seconds=20))


@pytest.mark.parametrize(
    "length", [0, 1, 100, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3_000_000]
)
def test_add_gives_the_cid_computed_here_and_cat_the_bytes(
    client: StoreClient, length: int
) -> None:
    data = pattern(length)
    digest = client.add(data)
    assert digest == cid_digest(data)
    assert client.read(digest) == data
    assert client.is_pinned(digest)


def test_add_agrees_on_the_cid_when_the_tree_has_two_levels(client: StoreClient) -> None:
    data = pattern(174 * CHUNK_BYTES + 1)
    assert client.add(data) == cid_digest(data)


def test_add_twice_keeps_one_pin(client: StoreClient) -> None:
    assert client.add(b"twice") == client.add(b"twice")
    client.unpin(cid_digest(b"twice"))
    assert not client.is_pinned(cid_digest(b"twice"))


def test_unknown_cid_is_answered_at_once(node: NodeProcess) -> None:
    for command in ("cat", "block/get", "block/stat", "pin/add", "pin/rm", "pin/ls"):
        status, content = call(node, f"{command}?arg={UNKNOWN_CID}")
        assert status == 500
        assert json.loads(content)["Type"] == "error"
        assert UNKNOWN_CID.encode() not in content


@pytest.mark.parametrize("text", ["", "nonsense", "../../etc/passwd", "Qm%2F..%2F"])
def test_cat_refuses_when_the_argument_is_no_cid(node: NodeProcess, text: str) -> None:
    assert call(node, f"cat?arg={text}")[0] == 500


def test_cat_serves_a_range(node: NodeProcess, client: StoreClient) -> None:
    data = pattern(CHUNK_BYTES + 1000)
    cid = cid_text(client.add(data))
    for offset, length in ((0, 10), (CHUNK_BYTES - 5, 10), (CHUNK_BYTES + 990, 50), (10**9, 5)):
        status, content = call(node, f"cat?arg={cid}&offset={offset}&length={length}")
        assert (status, content) == (200, data[offset : offset + length])
    assert call(node, f"cat?arg={cid}&offset=-1")[0] == 400


def test_block_commands_serve_the_block(node: NodeProcess, client: StoreClient) -> None:
    cid = cid_text(client.add(b"block"))
    status, block = call(node, f"block/get?arg={cid}")
    assert status == 200
    assert b"block" in block
    stat = json.loads(call(node, f"block/stat?arg={cid}")[1])
    assert stat == {"Key": cid, "Size": len(block)}


def test_pin_ls_lists_roots_only(node: NodeProcess, client: StoreClient) -> None:
    root = client.add(pattern(2 * CHUNK_BYTES))
    leaf = cid_digest(pattern(CHUNK_BYTES))
    client.unpin(leaf)
    keys = json.loads(call(node, "pin/ls?type=recursive")[1])["Keys"]
    assert keys[cid_text(root)] == {"Type": "recursive"}
    assert cid_text(leaf) not in keys


def test_pin_add_pins_again_what_was_unpinned(node: NodeProcess, client: StoreClient) -> None:
    digest = client.add(b"pinned again")
    client.unpin(digest)
    assert call(node, f"pin/add?arg={cid_text(digest)}")[0] == 200
    assert client.is_pinned(digest)


def test_identity_is_a_private_kubo(node: NodeProcess) -> None:
    identity = json.loads(call(node, "id")[1])
    assert identity["ID"].startswith("12D3Koo")
    assert identity["Addresses"] == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS", "DELETE"])
def test_guard_refuses_when_the_method_is_not_post(node: NodeProcess, method: str) -> None:
    assert call(node, "id", method=method)[0] == 405


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Host", "attacker.example"),
        ("Host", "attacker.example:5001"),
        ("Host", "localhost.attacker.example"),
        ("Host", "127.0.0.1.attacker.example"),
        ("Host", ""),
        ("Origin", "https://attacker.example"),
        ("Origin", "http://localhost:5001"),
        ("Origin", "null"),
        ("Referer", "https://attacker.example/page"),
        ("Sec_Fetch_Site", "cross-site"),
        ("User_Agent", "Mozilla/5.0"),
    ],
)
def test_guard_refuses_when_a_page_could_have_sent_it(
    node: NodeProcess, header: str, value: str
) -> None:
    assert call(node, "id", **{header: value})[0] == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:5001", "127.0.0.1:5001", "[::1]:5001"])
def test_guard_lets_a_local_host_in(node: NodeProcess, host: str) -> None:
    assert call(node, "id", Host=host)[0] == 200


def test_add_refuses_when_the_request_is_too_large(node: NodeProcess) -> None:
    assert call(node, "add", Content_Length=str(1 << 40))[0] == 413


def multipart(*parts: tuple[str, bytes]) -> tuple[bytes, str]:
    body = b"".join(
        b"--edge\r\nContent-Disposition: form-data; name=file; filename=x\r\n"
        + f"Content-Type: {kind}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for kind, content in parts
    )
    return body + b"--edge--\r\n", "multipart/form-data; boundary=edge"


FILE = ("application/octet-stream", b"content")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=edge"),
        (b"content", "application/octet-stream"),
        (multipart(FILE)[0][:-20], "multipart/form-data; boundary=edge"),
        multipart(FILE, FILE),
        multipart(("application/x-directory", b"")),
    ],
    ids=["empty", "no multipart", "cut short", "two files", "directory"],
)
def test_add_refuses_when_the_upload_is_not_one_file(
    node: NodeProcess, body: bytes, kind: str
) -> None:
    assert call(node, "add", body=body, Content_Type=kind)[0] == 400


@pytest.mark.parametrize(
    "option",
    ["pin=false", "cid-version=1", "raw-leaves=true", "chunker=rabin", "only-hash=true"],
)
def test_add_refuses_when_asked_for_another_format(node: NodeProcess, option: str) -> None:
    body, kind = multipart(FILE)
    assert call(node, f"add?{option}", body=body, Content_Type=kind)[0] == 400


def test_collect_garbage_deletes_what_is_unpinned_and_nothing_else(client: StoreClient) -> None:
    kept, gone = client.add(pattern(CHUNK_BYTES * 3)), client.add(b"to be erased")
    client.unpin(gone)
    client.collect_garbage()
    assert client.read(kept) == pattern(CHUNK_BYTES * 3)
    with pytest.raises(StoreError):
        client.read(gone)
    assert client.add(b"to be erased") == gone


def test_uploads_leave_no_draft_behind(node: NodeProcess, client: StoreClient) -> None:
    client.add(b"no draft")
    scratch = Path(node.address.removeprefix("/unix")).parent / "scratch"
    assert [path.name for path in scratch.iterdir()] == ["kubo.log"]
    assert (scratch / "kubo.log").resolve() == Path(os.devnull)


def sockets_of(pid: int) -> set[str]:
    links = (str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir())
    return {link[8:-1] for link in links if link.startswith("socket:[")}


def test_node_has_no_network_socket(node: NodeProcess, client: StoreClient) -> None:
    client.version()
    assert node.pid is not None
    inodes = sockets_of(node.pid)
    for table in ("tcp", "tcp6", "udp", "udp6"):
        rows = Path(f"/proc/{node.pid}/net/{table}").read_text().splitlines()[1:]
        assert not inodes & {row.split()[9] for row in rows}


def test_files_are_private(node: NodeProcess, client: StoreClient) -> None:
    client.add(b"private")
    home = Path(node.address.removeprefix("/unix")).parent
    assert home.stat().st_mode & 0o777 == 0o700
    for path in home.rglob("*"):
        if not path.is_symlink():
            assert path.stat().st_mode & 0o077 == 0 or home / "repo" in path.parents


def test_restart_keeps_everything(make_node: MakeNode) -> None:
    node = make_node()
    node.start()
    digest = client_of(node).add(b"kept")
    identity = call(node, "id")[1]
    node.stop()
    node.start()
    assert client_of(node).read(digest) == b"kept"
    assert client_of(node).is_pinned(digest)
    assert call(node, "id")[1] == identity


def test_kill_keeps_what_was_acknowledged(make_node: MakeNode) -> None:
    node = make_node()
    node.start()
    acknowledged = [client_of(node).add(os.urandom(size)) for size in (10, 5000, 300_000)]
    node.kill()
    node.start()
    for digest in acknowledged:
        assert client_of(node).is_pinned(digest)
        client_of(node).read(digest)


def test_start_says_so_when_the_repository_is_held(
    make_node: MakeNode, node: NodeProcess, client: StoreClient
) -> None:
    second = NodeProcess(node.settings)
    with pytest.raises(StoreError, match="Another process"):
        second.start()
    assert second.pid is None
    assert client.version()


def test_start_says_so_when_the_configuration_is_damaged(
    make_node: MakeNode, tmp_path: Path
) -> None:
    node = make_node()
    (tmp_path / "ipfs" / "repo").mkdir(parents=True)
    (tmp_path / "ipfs" / "repo" / "config").write_text("not json")
    with pytest.raises(StoreError, match="configuration"):
        node.start()


def test_cat_refuses_when_a_stored_block_was_changed(make_node: MakeNode, tmp_path: Path) -> None:
    node = make_node()
    node.start()
    digest = client_of(node).add(pattern(2 * CHUNK_BYTES))
    for path in (tmp_path / "ipfs" / "repo" / "blocks").glob("*/*.data"):
        if path.stat().st_size > CHUNK_BYTES:
            path.chmod(0o600)
            path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    with pytest.raises(StoreError):
        client_of(node).read(digest)


def test_cat_sends_on_while_the_client_works_on_a_block(
    node: NodeProcess, client: StoreClient
) -> None:
    digest = client.add(pattern(3 * CHUNK_BYTES))
    with unread_answer(node, f"cat?arg={cid_text(digest)}") as waiting:
        deadline = time.monotonic() + 30
        while waiting() < CHUNK_BYTES:
            assert time.monotonic() < deadline, "the node waits within a block"
            time.sleep(0.01)


def test_node_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib\n"
        "from ipfs.supervisor import NodeProcess, NodeSettings\n"
        "node = NodeProcess(NodeSettings.local(pathlib.Path(sys.argv[1])))\n"
        "node.start()\n"
        "print(node.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, check=False
    )
    pid = int(parent.stdout)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and _state(pid) != "Z":
        assert time.monotonic() < deadline, "the node outlived its parent"
        time.sleep(0.05)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_shutdown_ends_the_node_in_order(make_node: MakeNode) -> None:
    node = make_node()
    node.start()
    assert call(node, "shutdown")[0] == 200
    deadline = time.monotonic() + 30
    while node.is_running():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with pytest.raises(StoreUnavailableError):
        client_of(node).version()
    node.start()
    assert node.is_healthy()
