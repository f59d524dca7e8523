"""What `anamnesis up` left on record, read with the standard library, and whether it lives."""

import json
import os
import socket
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ANSWER_SECONDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    dapp: str
    """Origin of the dapp."""
    rpc_url: str
    chain_id: int
    consent: str
    """Address of the contract."""
    ipfs: str
    """Multiaddr of the IPFS node's RPC."""
    pids: Mapping[str, int]
    """Process of each part, by its name."""


def record_path(home: Path) -> Path:
    """There while a stack runs."""
    return home / "stack.json"


def read_record(home: Path) -> Record | None:
    """None when nothing readable is on record."""
    try:
        raw = json.loads(record_path(home).read_bytes())
        return Record(
            dapp=str(raw["dapp"]),
            rpc_url=str(raw["rpc_url"]),
            chain_id=int(raw["chain_id"]),
            consent=str(raw["consent"]),
            ipfs=str(raw["ipfs"]),
            pids={str(name): int(pid) for name, pid in raw["pids"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def silent(record: Record) -> list[str]:
    """Names of the parts on record that do not answer within ANSWER_SECONDS each."""
    asked = {"dapp": (f"{record.dapp}/_stcore/health", None)} if "dapp" in record.pids else {}
    question = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []})
    parts = {**asked, "chain": (record.rpc_url, question.encode())}
    silent = [name for name, (url, body) in parts.items() if not _answers(url, body)]
    return silent if _listens(record.ipfs) else [*silent, "ipfs"]


def _answers(url: str, body: bytes | None) -> bool:
    if not url.startswith(("http://", "https://")):
        return False
    request = urllib.request.Request(  # noqa: S310  # checked in the line above
        url, data=body, headers={"Content-Type": "application/json"}
    )
    # The stack listens on loopback; a proxy of the environment has nothing to do with it.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def _listens(multiaddr: str) -> bool:
    """Of a node on a Unix socket; one at another address is its owner's to watch."""
    if not multiaddr.startswith("/unix/"):
        return True
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(ANSWER_SECONDS)
        try:
            probe.connect(multiaddr.removeprefix("/unix"))
        except OSError:
            return False
    return True
