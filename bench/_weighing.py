"""Weighing transactions on a fresh chain: what they cost, and the least that they could cost."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.contract.contract import ContractFunction
from web3.types import RPCEndpoint

from core.eip712 import Domain, TypedStruct
from core.hashing import ZERO_HASH, Address, keccak256
from ledger.artifact import Artifact, consent_artifact

PROJECT = Path(__file__).resolve().parent.parent
HARDFORK = "prague"
START_SECONDS = 20
DAY = 86_400

TRANSACTION = 21_000
COLD_READ = 2_100
FILL_SLOT = 22_100
CHANGE_SLOT = 5_000
COLD_ACCOUNT = 2_600
RECOVERY = 3_000
LOG, TOPIC, LOG_BYTE = 375, 375, 8
RECOVER_ADDRESS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Gas of one operation and the least that its effects cost."""

    gas: int
    floor: int

    @property
    def ratio(self) -> float:
        return self.gas / self.floor

    def __add__(self, other: "Measurement") -> "Measurement":
        return Measurement(gas=self.gas + other.gas, floor=self.floor + other.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What a trace shows: storage slots by their use, and signatures recovered."""

    slots: frozenset[tuple[str, int]]
    recoveries: int
    others: int
    """Contracts called beside the first."""


class Bench:
    """Fresh contracts on a fresh chain, and the people of the story."""

    def __init__(self, web3: Web3) -> None:
        self.web3 = web3
        self.patient = person("patient")
        self.doctors = [person(f"doctor {n}") for n in range(4)]
        self.guardians = [person(f"guardian {n}") for n in range(3)]
        for account in (self.patient, *self.doctors, *self.guardians):
            self._request("anvil_setBalance", [account.address, hex(10**20)])
            self._request("anvil_impersonateAccount", [account.address])
        self.credentials, self.consent = self._deploy()
        self.domain = Domain(
            chain_id=web3.eth.chain_id, verifying_contract=Address(self.consent.address)
        )
        self.expiry = web3.eth.get_block("latest")["timestamp"] + 30 * DAY
        self.deadline = self.expiry

    def _deploy(self) -> tuple[Contract, Contract]:
        with tempfile.TemporaryDirectory() as cache:
            artifact = consent_artifact(PROJECT, Path(cache))
        if artifact.credentials is None:
            raise RuntimeError("Credentials was not compiled")
        credentials = self._put(artifact.credentials, self.patient.address)
        return credentials, self._put(artifact, credentials.address)

    def _put(self, artifact: Artifact, argument: ChecksumAddress) -> Contract:
        factory = self.web3.eth.contract(abi=artifact.abi, bytecode=artifact.bytecode)
        sent = factory.constructor(argument).transact({"from": self.web3.eth.accounts[0]})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent)
        return factory(address=receipt["contractAddress"])

    def sign(self, message: TypedStruct, signer: LocalAccount | None = None) -> bytes:
        """The signature of `signer`, or the patient."""
        key = (signer or self.patient).key
        return bytes(Account.unsafe_sign_hash(message.digest(self.domain), key).signature)

    def give_code(self, account: ChecksumAddress, code: bytes) -> None:
        self._request("anvil_setCode", [account, "0x" + code.hex()])

    def pass_time(self, seconds: int) -> None:
        self._request("evm_increaseTime", [seconds])
        self._request("evm_mine", [])

    def sizes(self) -> dict[str, int]:
        """Bytes at each contract's address, its immutables included, as EIP-170 counts them."""
        contracts = {"Consent": self.consent, "Credentials": self.credentials}
        return {n: len(self.web3.eth.get_code(each.address)) for n, each in contracts.items()}

    def send(self, call: ContractFunction, sender: ChecksumAddress | None = None) -> Measurement:
        """Send `call` and weigh it; a relayer sends where no sender is named."""
        relayer = self.web3.eth.accounts[1]  # type: ignore[misc]
        sent = call.transact({"from": sender or relayer, "gas": 1_000_000})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent)
        if receipt["status"] != 1:
            raise RuntimeError(f"{call.fn_name} was refused")
        trace = self._request("debug_traceTransaction", ["0x" + bytes(sent).hex(), _LEAN])
        data = bytes(self.web3.eth.get_transaction(sent)["input"])
        floor = self._floor(data, receipt["blockNumber"], receipt["logs"], _effects(trace))
        return Measurement(gas=receipt["gasUsed"], floor=floor)

    def check(self, call: ContractFunction) -> Measurement:
        """Weigh a view, as if a transaction asked it."""
        data = bytes.fromhex(call._encode_transaction_data().removeprefix("0x"))
        frame = {"to": self.consent.address, "data": "0x" + data.hex(), "gas": hex(10**6)}
        trace = self._request("debug_traceCall", [frame, "latest", _LEAN])
        slots = COLD_READ * len(_effects(trace).slots)
        return Measurement(gas=int(trace["gas"]), floor=TRANSACTION + _calldata(data) + slots)

    def _floor(
        self, data: bytes, block: int, logs: Sequence[Mapping[str, Any]], effects: Effects
    ) -> int:
        storage = sum(self._slot(slot, block) for slot in effects.slots)
        logged = sum(LOG + TOPIC * len(log["topics"]) + LOG_BYTE * len(log["data"]) for log in logs)
        others = RECOVERY * effects.recoveries + COLD_ACCOUNT * effects.others
        work = _calldata(data) + storage + logged + others
        return TRANSACTION + max(work, _least_for_calldata(data))

    def _slot(self, slot: tuple[str, int], block: int) -> int:
        account, place = slot
        at_address = Web3.to_checksum_address(account or self.consent.address)
        before, after = (
            bytes(self.web3.eth.get_storage_at(at_address, place, at)).rjust(32, b"\0")
            for at in (block - 1, block)
        )
        if before == after:
            return COLD_READ
        return FILL_SLOT if before == ZERO_HASH else CHANGE_SLOT

    def _request(self, method: str, params: list[Any]) -> Any:
        answer = self.web3.provider.make_request(RPCEndpoint(method), params)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]


_LEAN = {"disableStorage": True, "enableMemory": False, "enableReturnData": False}


def _effects(trace: Mapping[str, Any]) -> Effects:
    slots: set[tuple[str, int]] = set()
    others: set[str] = set()
    recoveries, called = 0, [""]
    for step in trace["structLogs"]:
        called = called[: step["depth"]]
        if step["op"] in ("SLOAD", "SSTORE"):
            slots.add((called[-1], int(step["stack"][-1], 16)))
        elif step["op"] == "STATICCALL":
            callee = f"0x{int(step['stack'][-2], 16):040x}"
            recoveries += int(callee, 16) == RECOVER_ADDRESS
            if int(callee, 16) > 0xFFFF:  # no precompile
                others.add(callee)
            called.append(callee)
    return Effects(slots=frozenset(slots), recoveries=recoveries, others=len(others))


def _calldata(data: bytes) -> int:
    zeros = data.count(0)
    return 4 * zeros + 16 * (len(data) - zeros)


def _least_for_calldata(data: bytes) -> int:
    """What a transaction pays beside 21,000 at the very least for its calldata (EIP-7623)."""
    zeros = data.count(0)
    return 10 * (zeros + 4 * (len(data) - zeros))


def person(name: str) -> LocalAccount:
    """The same account in every run."""
    account: LocalAccount = Account.from_key(keccak256(b"bench/" + name.encode()))
    return account


@contextmanager
def anvil() -> Iterator[Web3]:
    """A fresh anvil on a free loopback port, ended on leaving."""
    (program,) = PROJECT.glob("node_modules/@foundry-rs/anvil-*/bin/anvil")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--hardfork", HARDFORK]
    process = subprocess.Popen([program, *arguments, "--steps-tracing", "--quiet"])
    try:
        web3 = Web3(HTTPProvider(f"http://127.0.0.1:{port}"))
        give_up = time.monotonic() + START_SECONDS
        while not web3.is_connected():
            if time.monotonic() > give_up or process.poll() is not None:
                raise RuntimeError("anvil did not start")
            time.sleep(0.05)
        yield web3
    finally:
        process.terminate()
        process.wait()
