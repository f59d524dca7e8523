"""The Credentials contract: who is a licensed clinician, and who says so.

It takes no signatures: each write is sent by the account that may do it, which pays for it.
"""

from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount

from core.hashing import ZERO_ADDRESS, Address, address
from ledger.client import EvmLedger, clock_block
from ledger.contract import Contract, revert_reason
from ledger.deploy import companion
from ledger.revert_map import refusal
from ledger.rpc import NodeRefusedError
from ledger.sender import Sender
from ledger.snapshots import Snapshots


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What Credentials says of a clinician."""

    clinician: Address
    is_live: bool
    """Whether it counts now: not run out, and its issuer is still one."""
    until: int
    """Seconds since 1970; zero if there is none."""
    issuer: Address | None
    """Who gave it."""


class Licences:
    """The Credentials contract that a Consent contract asks."""

    def __init__(self, ledger: EvmLedger) -> None:
        """`ledger` is connected, so that its Credentials contract is known to be ours."""
        self.rpc = ledger.rpc
        self._settings = ledger.settings
        self._block = clock_block(ledger.rpc)
        account = address(ledger.consent.read("credentials", block=self._block))
        compiled = companion(ledger.settings.artifact)
        self._contract = Contract(ledger.rpc, compiled, account, name="Credentials")

    def of(self, clinician: Address) -> Licence:
        """The latest licence of `clinician`."""
        issuer = address(self._read("issuer_of", clinician))
        return Licence(
            clinician=clinician,
            is_live=bool(self._read("is_licensed", clinician)),
            until=int(self._read("licensed_until", clinician)),
            issuer=None if issuer == ZERO_ADDRESS else issuer,
        )

    def regulator(self) -> Address:
        """Who names the issuers."""
        return address(self._read("regulator"))

    def add_issuer(self, by: LocalAccount, issuer: Address) -> bytes:
        """Let `issuer` license clinicians; the transaction. `by` is the regulator.

        This and the other writes raise ConsentRefusedError with the contract's reason,
        RelayerFundsError when `by` cannot pay, ChainUnavailableError.
        """
        return self._send(by, "add_issuer", issuer)

    def remove_issuer(self, by: LocalAccount, issuer: Address) -> bytes:
        """Void every licence of `issuer`. `by` is the regulator."""
        return self._send(by, "remove_issuer", issuer)

    def give(self, by: LocalAccount, clinician: Address, until: int) -> bytes:
        """License `clinician` until a moment, seconds since 1970. `by` is an issuer."""
        return self._send(by, "license", clinician, until)

    def take(self, by: LocalAccount, clinician: Address) -> bytes:
        """Take a licence back. `by` is its issuer, or the regulator."""
        return self._send(by, "revoke_license", clinician)

    def _read(self, name: str, *arguments: object) -> Any:
        return self._contract.read(name, *arguments, block=self._block)

    def _send(self, by: LocalAccount, name: str, *arguments: object) -> bytes:
        sender = Sender(
            self.rpc,
            by,
            chain_id=self._settings.chain_id,
            block=self._block,
            confirmation_seconds=self._settings.confirmation_seconds,
        )
        calldata = self._contract.encode(name, arguments)
        try:
            receipt = sender.send(self._contract.account, calldata)
            if not receipt.succeeded:
                # Somebody else came between simulation and block: ask again for the reason.
                sender.simulate(self._contract.account, calldata)
                raise refusal("")
        except NodeRefusedError as error:
            reason = revert_reason(error)
            raise error if reason is None else refusal(reason) from error
        if self._settings.snapshots is not None:
            Snapshots(self._settings.snapshots).save(self.rpc, at_least=receipt.block)
        return receipt.transaction
