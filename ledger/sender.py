"""Transactions of one account: simulated first, numbered without gaps, waited for.

Source: EIP-1559 (fees), EIP-155 (chain id in the signature).
"""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ChainError, ChainUnavailableError
from core.hashing import Address, address, keccak256
from ledger.rpc import NodeRefusedError, Rpc, number

_GAS_MARGIN = 1.25
"""Between estimate and inclusion others may have changed what is cold and what is zero."""
_NONCE_ATTEMPTS = 5
_NONCE_TAKEN = ("nonce too low", "replacement transaction underpriced")
_TIP_WEI = 10**9
_SLOWEST_POLL_SECONDS = 1.0


class RelayerFundsError(ChainError):
    """The sending account has no ether to pay for a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a transaction."""

    transaction: bytes
    block: int
    succeeded: bool
    contract: Address | None
    """Where a contract was made, for a deployment."""
    logs_by: frozenset[str]
    """Contracts that logged, in lower case."""


class _Log(BaseModel):
    model_config = ConfigDict(extra="ignore")
    address: str


class _Receipt(BaseModel):
    model_config = ConfigDict(extra="ignore")
    block: str = Field(alias="blockNumber")
    status: str
    contract: str | None = Field(default=None, alias="contractAddress")
    logs: list[_Log] = []


class Sender:
    """Sends for one account. Safe for several threads of one process.

    Simulating, numbering and sending happen under one lock, so that two threads with the same
    message do not both pay for it; waiting happens outside.
    """

    def __init__(
        self,
        rpc: Rpc,
        account: LocalAccount,
        *,
        chain_id: int,
        block: str,
        confirmation_seconds: float,
    ) -> None:
        self.account = address(account.address)
        self._key = account
        self._rpc = rpc
        self._chain_id = chain_id
        self._block = block
        self._confirmation_seconds = confirmation_seconds
        self._lock = threading.Lock()
        self._waiting = 0
        self._next_nonce = 0

    def send(self, to: Address | None, data: bytes) -> Receipt:
        """Send `data` and wait until it is in a block; `to` None deploys.

        Raises NodeRefusedError when the simulation fails (nothing is spent then),
        RelayerFundsError without ether, ChainUnavailableError when no receipt comes in time.
        """
        with self._lock:
            transaction = self._submit(to, data)
            self._waiting += 1
        try:
            return self._wait(transaction)
        finally:
            with self._lock:
                self._waiting -= 1

    def simulate(self, to: Address | None, data: bytes) -> None:
        """Raises NodeRefusedError with the contract's reason if it would refuse now."""
        self._rpc.call("eth_call", [self._call(to, data), self._block])

    def _submit(self, to: Address | None, data: bytes) -> bytes:
        self.simulate(to, data)
        estimate = self._rpc.quantity("eth_estimateGas", [self._call(to, data), self._block])
        fields = {
            "chainId": self._chain_id,
            "gas": int(estimate * _GAS_MARGIN),
            "value": 0,
            "data": data,
            **self._fees(),
        }
        if to is not None:
            fields["to"] = to
        return self._send_numbered(fields)

    def _send_numbered(self, fields: dict[str, Any]) -> bytes:
        """Sign with the next nonce; another process with the same key may be in between."""
        for attempt in range(1, _NONCE_ATTEMPTS + 1):
            nonce = self._nonce()
            raw = bytes(self._key.sign_transaction({**fields, "nonce": nonce}).raw_transaction)
            try:
                self._rpc.call("eth_sendRawTransaction", ["0x" + raw.hex()])
            except NodeRefusedError as error:
                if not self._may_repeat(error, attempt):
                    raise
                time.sleep(0.05 * attempt)
                continue
            self._next_nonce = nonce + 1
            return keccak256(raw)
        raise ChainUnavailableError("The relayer's account is busy in another process.")

    def _may_repeat(self, error: NodeRefusedError, attempt: int) -> bool:
        message = error.message.lower()
        if "insufficient funds" in message:
            raise RelayerFundsError(
                f"The account {self.account} has no ether on chain {self._chain_id}.",
                remedy=f"Send some to {self.account}, or use another account.",
            ) from error
        return attempt < _NONCE_ATTEMPTS and any(each in message for each in _NONCE_TAKEN)

    def _nonce(self) -> int:
        """The node's count, or our own while the node may not yet count what is on its way."""
        counted = self._rpc.quantity("eth_getTransactionCount", [self.account, "pending"])
        return max(counted, self._next_nonce) if self._waiting else counted

    def _fees(self) -> dict[str, int]:
        header = self._rpc.call("eth_getBlockByNumber", ["latest", False])
        base = header.get("baseFeePerGas") if isinstance(header, dict) else None
        if base is None:
            return {"gasPrice": self._rpc.quantity("eth_gasPrice")}
        tip = _TIP_WEI
        with suppress(NodeRefusedError):
            tip = self._rpc.quantity("eth_maxPriorityFeePerGas")
        return {"maxFeePerGas": 2 * number(base) + tip, "maxPriorityFeePerGas": tip}

    def _wait(self, transaction: bytes) -> Receipt:
        """Poll: right after sending, nodes answer null for a while."""
        give_up = time.monotonic() + self._confirmation_seconds
        pause = 0.005
        while time.monotonic() < give_up:
            found = self._rpc.call("eth_getTransactionReceipt", ["0x" + transaction.hex()])
            if found is not None:
                return _receipt(transaction, found)
            time.sleep(pause)
            pause = min(pause * 1.5, _SLOWEST_POLL_SECONDS)
        raise ChainUnavailableError(
            f"Transaction 0x{transaction.hex()} is not confirmed after "
            f"{self._confirmation_seconds:.0f} s.",
            remedy="Look at the present state, then repeat: nothing is done twice.",
        )

    def _call(self, to: Address | None, data: bytes) -> dict[str, str]:
        call = {"from": self.account, "data": "0x" + data.hex()}
        return call if to is None else {**call, "to": to}


def _receipt(transaction: bytes, found: Any) -> Receipt:
    try:
        parsed = _Receipt.model_validate(found)
    except ValidationError as error:
        raise ChainUnavailableError("The chain's node answered with something else.") from error
    return Receipt(
        transaction=transaction,
        block=number(parsed.block),
        succeeded=number(parsed.status) == 1,
        contract=None if parsed.contract is None else address(parsed.contract),
        logs_by=frozenset(log.address.lower() for log in parsed.logs),
    )
