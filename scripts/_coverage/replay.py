"""A call once more, on an EVM in Python that notes every program counter.

It runs the code and reads the storage of the walk's own EVM (revm), which can only write its
traces to the standard output, a token at a time.

Source: py-evm, eth/vm/computation.py and eth/vm/forks/prague/.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from eth.constants import BLANK_ROOT_HASH, CREATE_CONTRACT_ADDRESS, ZERO_HASH32
from eth.db.atomic import AtomicDB
from eth.vm.code_stream import CodeStream
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.state import PragueState
from eth.vm.message import Message
from eth_typing import Address as RawAddress
from eth_typing import BlockNumber, Hash32

GAS = 30_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a call finds."""

    chain_id: int
    now: int
    block: int
    code: Callable[[bytes], bytes]
    """Of an account."""
    storage: Callable[[bytes, int], int]
    """Of an account, a slot."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What one piece of code did within a call."""

    code: bytes
    trail: list[int]
    """Program counters, in order."""


@dataclass(frozen=True, slots=True)
class Replayed:
    success: bool
    output: bytes
    """What was returned, or the reason for reverting."""
    frames: tuple[Frame, ...]


def replay_call(
    around: Surroundings, *, caller: bytes, to: bytes, data: bytes, is_static: bool
) -> Replayed:
    """Call an account. Nothing is kept."""
    message = Message(
        GAS, RawAddress(to), RawAddress(caller), 0, data, around.code(to), is_static=is_static
    )
    return _replay(around, message)


def replay_deployment(around: Surroundings, *, deployer: bytes, at: bytes, code: bytes) -> Replayed:
    """Run what deploys a contract. Nothing is kept."""
    message = Message(
        GAS,
        CREATE_CONTRACT_ADDRESS,
        RawAddress(deployer),
        0,
        b"",
        code,
        create_address=RawAddress(at),
    )
    return _replay(around, message)


def _replay(around: Surroundings, message: Message) -> Replayed:
    state = _State(around)
    context = state.get_transaction_context_class()(gas_price=0, origin=message.sender)
    done = _Computation.apply_message(state, message, context)
    return Replayed(done.is_success, bytes(done.output), tuple(state.frames))


class _CodeStream(CodeStream):
    """Code that notes where it is read."""

    __slots__ = ("trail",)

    def __init__(self, code: bytes) -> None:
        super().__init__(code)
        self.trail: list[int] = []

    def __iter__(self) -> Iterator[int]:
        for opcode in super().__iter__():
            self.trail.append(self.program_counter - 1)
            yield opcode


class _Computation(PragueComputation):
    def __init__(self, state: "_State", message: Message, context: Any) -> None:
        super().__init__(state, message, context)
        code = bytes(message.code)
        stream = _CodeStream(code)
        self.code = stream
        state.frames.append(Frame(code, stream.trail))


class _State(PragueState):
    """State over another's. A slot holds its difference from there, so undoing stays simple."""

    computation_class = _Computation  # type: ignore[assignment]  # it only takes this state

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.frames: list[Frame] = []
        context = ExecutionContext(
            coinbase=RawAddress(bytes(20)),
            timestamp=around.now,
            block_number=BlockNumber(around.block),
            difficulty=0,
            mix_hash=ZERO_HASH32,
            gas_limit=GAS,
            prev_hashes=(),
            chain_id=around.chain_id,
            base_fee_per_gas=0,
            excess_blob_gas=0,
        )
        super().__init__(AtomicDB(), context, Hash32(BLANK_ROOT_HASH))

    def set_system_contracts(self) -> None:
        """None of them is called."""

    def get_code(self, address: RawAddress) -> bytes:
        return self.around.code(address)

    def get_storage(self, address: RawAddress, slot: int, from_journal: bool = True) -> int:
        return super().get_storage(address, slot, from_journal) ^ self.around.storage(address, slot)

    def set_storage(self, address: RawAddress, slot: int, value: int) -> None:
        super().set_storage(address, slot, value ^ self.around.storage(address, slot))
