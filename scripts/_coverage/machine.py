"""The walk's machine, which looks into calls that are not like any before."""

import re
from typing import Any

from core.hashing import Address, abi_word, address
from ledger.artifact import Artifact
from scripts._coverage.replay import Replayed, Surroundings, replay_call, replay_deployment
from scripts._coverage.seen import Seen
from scripts._walk.machine import DEPLOYER, Machine

_GAS = re.compile(r"gas_used: (\d+)")
_OUTPUT = re.compile(r"output: 0x([0-9a-f]*)")
_SOMEWHERE = address("0x" + "d1" * 20)


class TracedMachine(Machine):
    """Both contracts on the walk's EVM. A new kind of call is replayed and noted before it is made.

    Raises AssertionError when the replay ends otherwise than the call.
    """

    def __init__(self, seen: Seen, *arguments: Any, chain_id: int, **named: Any) -> None:
        self._seen = seen
        self._chain_id = chain_id
        self._now = 0
        super().__init__(*arguments, chain_id=chain_id, **named)

    def set_time(self, now: int) -> None:
        self._now = now
        super().set_time(now)

    def _send(
        self, caller: Address, to: Address, calldata: bytes, is_static: bool = False
    ) -> bytes:
        with self.undone():
            success, output, gas = self._try(caller, to, calldata, is_static)
        function = calldata[32:36] if to in self._wallets else calldata[:4]
        outcome = b"" if success else output
        if self._seen.is_new(function, outcome, gas - _calldata_gas(calldata)):
            replayed = replay_call(
                self._surroundings(),
                caller=bytes.fromhex(caller[2:]),
                to=bytes.fromhex(to[2:]),
                data=calldata,
                is_static=is_static,
            )
            self._note(replayed, success, output, function)
        return super()._send(caller, to, calldata, is_static)

    def _try(
        self, caller: Address, to: Address, calldata: bytes, is_static: bool
    ) -> tuple[bool, bytes, int]:
        """Whether it goes through, what it returns or reverts with, and its gas."""
        try:
            output = super()._send(caller, to, calldata, is_static)
        except RuntimeError as error:
            gas, reason = _GAS.search(str(error)), _OUTPUT.search(str(error))
            return False, bytes.fromhex(reason[1]) if reason else b"", int(gas[1]) if gas else 0
        result = self._evm.result
        return True, output, result.gas_used if result else 0

    def _deploy(self, artifact: Artifact, argument: Address) -> Address:
        code = artifact.bytecode + abi_word("address", argument)
        replayed = replay_deployment(
            self._surroundings(),
            deployer=bytes.fromhex(DEPLOYER[2:]),
            at=bytes.fromhex(_SOMEWHERE[2:]),
            code=code,
        )
        try:
            deployed = super()._deploy(artifact, argument)
        except RuntimeError as error:
            reason = _OUTPUT.search(str(error))
            self._note(replayed, False, bytes.fromhex(reason[1]) if reason else b"", b"deploy")
            raise
        # The domain separator is another at another address, so only the success is the same.
        self._note(replayed, True, replayed.output, b"deploy")
        return deployed

    def _note(self, replayed: Replayed, success: bool, output: bytes, function: bytes) -> None:
        if (replayed.success, replayed.output) != (success, output):
            raise AssertionError(f"The replay of {function.hex()} ended otherwise than the call.")
        self._seen.add(replayed.frames)

    def _surroundings(self) -> Surroundings:
        evm = self._evm
        return Surroundings(
            chain_id=self._chain_id,
            now=self._now,
            block=self._block,
            code=lambda account: bytes(evm.get_code(f"0x{account.hex()}") or b""),
            storage=lambda account, slot: evm.storage(f"0x{account.hex()}", slot),
        )


def _calldata_gas(calldata: bytes) -> int:
    """What a transaction pays for its calldata (EIP-2028)."""
    zeros = calldata.count(0)
    return 4 * zeros + 16 * (len(calldata) - zeros)
