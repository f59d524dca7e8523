"""The same messages, signed by three libraries that know nothing of our hashing."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data

from core.hashing import keccak256

SCRIPT = Path(__file__).with_name("sign_elsewhere.mjs")
SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one library makes of one message."""

    digest: bytes
    signature: bytes
    signer: str


def signed_elsewhere(
    messages: Sequence[dict[str, Any]], keys: Sequence[bytes]
) -> dict[str, list[Answer]]:
    """Each `eth_signTypedData_v4` object signed with its key, by the name of the library."""
    answers = {"eth-account": [_by_eth_account(*pair) for pair in zip(messages, keys, strict=True)]}
    for library, found in _by_node(messages, keys).items():
        answers[library] = [
            Answer(digest=_bytes(a["digest"]), signature=_bytes(a["signature"]), signer=a["signer"])
            for a in found
        ]
    return answers


def _by_eth_account(message: dict[str, Any], key: bytes) -> Answer:
    signable = encode_typed_data(full_message=message)
    signature = bytes(Account.sign_message(signable, key).signature)
    return Answer(
        digest=keccak256(b"\x19\x01" + signable.header + signable.body),
        signature=signature,
        signer=str(Account.recover_message(signable, signature=signature)),
    )


def _by_node(messages: Sequence[dict[str, Any]], keys: Sequence[bytes]) -> Any:
    node = shutil.which("node")
    assert node, "node is missing: make setup-test"
    asked = [
        {"message": message, "key": "0x" + key.hex()}
        for message, key in zip(messages, keys, strict=True)
    ]
    done = subprocess.run(
        [node, str(SCRIPT)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
