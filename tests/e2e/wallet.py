"""A wallet for the browser of a test: EIP-1193 and EIP-6963 in the page, keys and signing here.

It behaves as real wallets do where they differ from the standard's wishes: it refuses typed data
for another chain than the active one, gives lower-case accounts, and can decline, change its
account silently or sign differently each time.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from playwright.sync_api import BrowserContext, Page

DECLINED = 4001
UNAUTHORISED = 4100
UNKNOWN_CHAIN = 4902
_SCRIPT = r"""
(() => {
  const listeners = {};
  const on = (name, f) => ((listeners[name] ??= new Set()).add(f), provider);
  const off = (name, f) => (listeners[name]?.delete(f), provider);
  const emit = (name, value) => listeners[name]?.forEach((f) => f(value));
  const request = async (call) => {
    const answer = await window.__testWallet(JSON.stringify(call));
    for (const [name, value] of answer.events) emit(name, value);
    if (!answer.error) return answer.result;
    throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
  };
  const provider = { request, on, addListener: on, removeListener: off };
  window.__testWalletEmit = emit;
  if (!ANNOUNCE) { Object.defineProperty(window, "ethereum", { value: provider }); return; }
  const icon = "data:image/svg+xml,<svg/>";
  const info = Object.freeze({ uuid: UUID, name: NAME, rdns: RDNS, icon });
  const detail = Object.freeze({ info, provider });
  const tell = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", tell);
  tell();
})();
"""


class RpcError(Exception):
    """An error object of EIP-1193."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class TestWallet:
    """One wallet with one or more accounts. `install` it into a browser context."""

    __test__ = False

    chain_id: int
    name: str = "Test Wallet"
    rdns: str = "example.test"
    accounts: list[LocalAccount] = field(default_factory=lambda: [Account.create()])
    announces: bool = True
    """False: only `window.ethereum`, as before EIP-6963."""
    repeats: bool = True
    """False: signs differently each time, as some hardware and contract wallets do."""
    declines: set[str] = field(default_factory=set)
    """Methods that the person says no to."""
    known_chains: set[int] = field(default_factory=set)
    active: int = 0
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)
    signatures: list[tuple[str, str]] = field(default_factory=list)
    """(primary type, signature) of everything signed."""
    _events: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def account(self) -> LocalAccount:
        return self.accounts[self.active]

    def install(self, context: BrowserContext) -> None:
        """Put the wallet into every page of the context."""
        context.expose_binding("__testWallet", lambda _, call: self.answer(json.loads(call)))
        values = {
            "ANNOUNCE": self.announces,
            "UUID": "350670db-19fa-4704-a166-e52e178b59d2",
            "NAME": self.name,
            "RDNS": self.rdns,
        }
        head = "".join(f"const {key} = {json.dumps(value)};" for key, value in values.items())
        context.add_init_script(f"{{{head}{_SCRIPT}}}")

    def use_account(self, page: Page, index: int, *, silently: bool = False) -> None:
        """Choose another account, with or without telling the page."""
        self.active = index
        if not silently:
            self._emit(page, "accountsChanged", [self.account.address.lower()])

    def use_chain(self, page: Page, chain_id: int) -> None:
        """Choose another chain in the wallet's own window."""
        self.chain_id = chain_id
        self._emit(page, "chainChanged", hex(chain_id))

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        """Answer one request of the page."""
        method, params = call["method"], call.get("params") or []
        self.asked.append((method, params))
        self._events = []
        try:
            if method in self.declines:
                raise RpcError(DECLINED, "User rejected the request.")
            result = self._methods()[method](*params)
        except RpcError as error:
            problem = {"code": error.code, "message": str(error)}
            return {"error": problem, "events": self._events}
        return {"result": result, "events": self._events}

    def _methods(self) -> dict[str, Callable[..., Any]]:
        return {
            "eth_requestAccounts": self._addresses,
            "eth_accounts": self._addresses,
            "eth_chainId": lambda: hex(self.chain_id),
            "wallet_switchEthereumChain": self._switch,
            "wallet_addEthereumChain": self._add,
            "eth_signTypedData_v4": self._sign,
        }

    def _addresses(self) -> list[str]:
        return [self.account.address.lower()]

    def _switch(self, wanted: dict[str, str]) -> None:
        chain_id = int(wanted["chainId"], 16)
        if chain_id not in self.known_chains | {self.chain_id}:
            raise RpcError(UNKNOWN_CHAIN, "Unrecognized chain ID.")
        self.chain_id = chain_id
        self._events.append(("chainChanged", hex(chain_id)))

    def _add(self, wanted: dict[str, Any]) -> None:
        self.known_chains.add(int(wanted["chainId"], 16))
        self._switch(wanted)

    def _sign(self, account: str, text: str) -> str:
        if account.lower() != self.account.address.lower():
            raise RpcError(UNAUTHORISED, "The requested account has not been authorized.")
        typed = json.loads(text)
        chain_id = typed["domain"].get("chainId")
        if chain_id is not None and int(chain_id) != self.chain_id:
            raise RpcError(-32603, "Provided chainId must match the active chainId.")
        signature = self._signature(typed)
        self.signatures.append((typed["primaryType"], signature))
        return signature

    def _signature(self, typed: dict[str, Any]) -> str:
        if not self.repeats and typed["primaryType"] == "ReadingKey":
            return "0x" + secrets.token_hex(65)
        signed = self.account.sign_message(encode_typed_data(full_message=typed))
        return str(signed.signature.to_0x_hex())

    @staticmethod
    def _emit(page: Page, name: str, value: Any) -> None:
        page.evaluate("([name, value]) => window.__testWalletEmit(name, value)", [name, value])
