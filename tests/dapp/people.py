"""A person at a screen, standing in for wallet, vault and bundle: the same steps, the same bytes.

`Screen` takes the place of the mounted component. It draws a button for each task; a press answers
the step that the server asked for, computed from exactly the data that the browser would get.
"""

import base64
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from eth_account import Account
from eth_account.messages import encode_typed_data
from streamlit.testing.v1 import AppTest

from core.eip712 import Domain
from core.errors import AnamnesisError
from core.flows.open import Handover
from core.flows.publish import publish, store
from core.flows.share import prepare_reading_key
from core.flows.submit import sign_and_submit
from core.hashing import Address, address
from core.records import Reader, SealContext
from dapp.arrivals import Arrivals
from ipfs.envelope import Identity, Recipient
from ipfs.opening import Claim, open_record
from ipfs.reading_key import RecoveryCode
from ipfs.vault import IpfsVault
from ipfs.wrapped_seed import unwrap_seed, wrap_seed
from ledger.wallet import KeySigner
from tests.fakes.browser import seal_anew
from tests.fakes.ledger import FakeLedger
from tests.fakes.vault import MemoryVault

DECLINED = {"ok": False, "code": "declined", "message": "You declined in the wallet."}


@dataclass
class Person:
    """Somebody with a wallet and a reading key."""

    key: bytes
    account: Address
    identity: Identity
    ledger: FakeLedger
    vault: MemoryVault | IpfsVault
    paper: bytes = b'{"resourceType": "Bundle", "type": "document"}'
    """What the reading service makes of this person's paper."""
    words: RecoveryCode | None = None
    """Of a person whose wallet never signs the same twice; others need none here."""
    declines: bool = False
    shows: Address | None = None
    """The account that the wallet shows, when another than the key's."""
    overrides: dict[str, Any] = field(default_factory=dict)
    """Fields that a hostile browser puts into its answers."""
    arrivals: Arrivals | None = None
    """Where the browser hands in what it seals anew."""
    read: list[bytes] = field(default_factory=list)
    """Every payload that was opened on this screen."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    """Every step that the server asked for."""

    @property
    def shown(self) -> Address:
        return self.shows or self.account

    def enrol(self) -> "Person":
        public = self.identity.recipient().public_key
        message = prepare_reading_key(self.ledger, account=self.account, key=public)
        sign_and_submit(self.ledger, KeySigner.from_key(self.key), message, public)
        return self

    def publish(self, payload: bytes) -> "Person":
        publish(self.ledger, self.vault, KeySigner.from_key(self.key), payload)
        return self

    def answer(self, step: dict[str, Any] | None) -> dict[str, Any]:
        """What the browser would answer."""
        if step is None:
            return {"ok": True}
        self.asked.append(step)
        if self.declines:
            return DECLINED
        return {"ok": True, **getattr(self, f"_{step['kind']}")(step)}

    def _sign(self, step: dict[str, Any]) -> dict[str, Any]:
        signable = encode_typed_data(full_message=step["typed"])
        signature = Account.sign_message(signable, self.key).signature
        return {"signature": "0x" + bytes(signature).hex()}

    def _enrol(self, _: dict[str, Any]) -> dict[str, Any]:
        wrapped = wrap_seed(self.identity, self.words, self.account) if self.words else b""
        key = self.identity.recipient().public_key
        return {"key": _base64(key), "wrapped_seed": _base64(wrapped)}

    def _unlock(self, step: dict[str, Any]) -> Identity:
        if self.words is None:
            assert step["wrapped_seed"] == ""
            return self.identity
        key_hash = bytes.fromhex(step["key_hash"][2:])
        return unwrap_seed(_bytes(step["wrapped_seed"]), self.words, self.account, key_hash)

    def _wrap(self, step: dict[str, Any]) -> dict[str, Any]:
        context = _context(step)
        opened = self._unlock(step).open(_bytes(step["envelope"]), context, self.account)
        recipient = Recipient(_bytes(step["reader_key"]))
        return {"envelope": _base64(recipient.wrap(opened, context, address(step["reader"])))}

    def _open(self, step: dict[str, Any]) -> dict[str, Any]:
        commitment = bytes.fromhex(step["commitment"][2:])
        claim = Claim(
            context=_context(step),
            reader=self.account,
            commitment=commitment,
            envelope=bytes.fromhex(step["envelope_digest"][2:]),
        )
        sealed = self.vault.ciphertext(commitment)
        self.read.append(open_record(self._unlock(step), claim, sealed, _bytes(step["envelope"])))
        return {}

    def _reseal(self, step: dict[str, Any]) -> dict[str, Any]:
        assert self.arrivals is not None
        own = Handover(
            context=_context(step),
            commitment=bytes.fromhex(step["commitment"][2:]),
            envelope=_bytes(step["envelope"]),
            envelope_digest=bytes.fromhex(step["envelope_digest"][2:]),
        )
        readers = [
            Reader(account=address(each["reader"]), key=_bytes(each["reader_key"]))
            for each in step["readers"]
        ]
        sealed = self.vault.ciphertext(own.commitment)
        made = seal_anew(self._unlock(step), own, sealed, readers)
        try:
            self.arrivals.take(step["ticket"], made.body)
        except AnamnesisError as error:
            return {"ok": False, "code": "store", "message": error.user_message()}
        return {}

    def _read(self, _: dict[str, Any]) -> dict[str, Any]:
        sealing = store(self.ledger, self.vault, self.account, self.paper)
        return {
            "sealing": {
                "record": "0x" + sealing.context.record.hex(),
                "commitment": "0x" + sealing.commitment.hex(),
                "previous": "0x" + sealing.previous.hex(),
                "envelope": "0x" + sealing.envelope_digest.hex(),
                "version": sealing.context.version,
            }
        }


class Screen:
    """The component's place on a page."""

    def __init__(self, person: Person | None) -> None:
        self.person = person

    def __call__(self, *, key: str, data: dict[str, Any], **rest: Any) -> dict[str, Any]:
        if data["panel"] == "wallet":
            shown = self.person and {"account": self.person.shown.lower(), "chain_id": 31337}
            return {"session": shown}
        st.session_state[f"{key}.data"] = data
        label = data["label"] or "Go on"
        st.button(label, key=f"{key}.press", on_click=self._press, args=(key, data, rest))
        return {}

    def _press(self, key: str, data: dict[str, Any], rest: dict[str, Any]) -> None:
        assert self.person is not None
        step = data["step"]
        answer = {
            "task": data["task"],
            "step": step["number"] if step else 0,
            "account": self.person.shown.lower(),
            **self.person.answer(step),
            **self.person.overrides,
        }
        deliver(key, answer, rest["on_answer_change"])


def deliver(key: str, answer: dict[str, Any], receive: Any) -> None:
    """As Streamlit does: the value is there while the callback runs."""
    st.session_state[key] = {"answer": answer}
    receive()
    del st.session_state[key]


def press(page: AppTest, slot: str, times: int = 1) -> AppTest:
    """Answer the task's next steps."""
    for _ in range(times):
        page = page.button(key=f"task.{slot}.press").click().run()
    return page


def texts(elements: Any) -> str:
    return "\n".join(str(element.value) for element in elements)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


def _context(step: dict[str, Any]) -> SealContext:
    fields = step["context"]
    contract = address(fields["contract"])
    return SealContext(
        domain=Domain(chain_id=fields["chain_id"], verifying_contract=contract),
        patient=address(fields["patient"]),
        record=bytes.fromhex(fields["record"][2:]),
        version=fields["version"],
    )
