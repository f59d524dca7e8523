"""What each write of the Consent contract costs, against the least it could cost.

Run `python -m bench.gas [--json]`. The floor of a transaction is computed from what that very
transaction did, by its trace: 21,000, its calldata, every storage slot it touched at its cold
price, its logs, and 3,000 for each signature recovered. Sources: EIP-2028, EIP-2929, EIP-3529,
EIP-7623 and the yellow paper, appendix G. For `check`, a call, only the slots count.
"""

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_typing import ChecksumAddress
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.contract.contract import ContractFunction
from web3.types import RPCEndpoint

from core.hashing import ZERO_HASH, Address, keccak256
from core.purposes import Purpose
from core.records import HISTORY_RECORD, READING_KEY_BYTES
from core.typed_data import Domain, GrantAccess, RevokeAccess, TypedStruct
from ledger.artifact import consent_artifact

PROJECT = Path(__file__).resolve().parent.parent
HARDFORK = "prague"
START_SECONDS = 20
DAY = 86_400

TRANSACTION = 21_000
COLD_READ = 2_100
FILL_SLOT = 22_100
CHANGE_SLOT = 5_000
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

    def row(self) -> dict[str, float]:
        return {"gas": self.gas, "floor": self.floor, "ratio": round(self.ratio, 4)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What a trace shows: storage slots by their use, and signatures recovered."""

    slots: frozenset[int]
    recoveries: int


class Bench:
    """A fresh contract on a fresh chain, and the people of the story."""

    def __init__(self, web3: Web3) -> None:
        self.web3 = web3
        self.consent = self._deploy()
        self.domain = Domain(
            chain_id=web3.eth.chain_id, verifying_contract=Address(self.consent.address)
        )
        self.patient = Account.from_key(keccak256(b"bench/patient"))
        self.doctors = [Account.from_key(keccak256(b"bench/doctor" + bytes([n]))) for n in range(3)]
        self.expiry = web3.eth.get_block("latest")["timestamp"] + 30 * DAY
        self.deadline = self.expiry
        for account in (self.patient, *self.doctors):
            self._request("anvil_setBalance", [account.address, hex(10**20)])
            self._request("anvil_impersonateAccount", [account.address])

    def _deploy(self) -> Contract:
        with tempfile.TemporaryDirectory() as cache:
            artifact = consent_artifact(PROJECT, Path(cache))
        factory = self.web3.eth.contract(abi=artifact.abi, bytecode=artifact.bytecode)
        sent = factory.constructor().transact({"from": self.web3.eth.accounts[0]})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent)
        return factory(address=receipt["contractAddress"])

    def sign(self, message: TypedStruct) -> bytes:
        """The patient's signature."""
        return bytes(
            Account.unsafe_sign_hash(message.digest(self.domain), self.patient.key).signature
        )

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
        """Weigh a view alone, without the transaction around it."""
        data = call._encode_transaction_data()
        frame = {"to": self.consent.address, "data": data, "gas": hex(10**6)}
        trace = self._request("debug_traceCall", [frame, "latest", _LEAN])
        around = TRANSACTION + _calldata(bytes.fromhex(data.removeprefix("0x")))
        return Measurement(
            gas=int(trace["gas"]) - around, floor=COLD_READ * len(_effects(trace).slots)
        )

    def _floor(
        self, data: bytes, block: int, logs: Sequence[Mapping[str, Any]], effects: Effects
    ) -> int:
        storage = sum(self._slot(slot, block) for slot in effects.slots)
        logged = sum(LOG + TOPIC * len(log["topics"]) + LOG_BYTE * len(log["data"]) for log in logs)
        work = _calldata(data) + storage + logged + RECOVERY * effects.recoveries
        return TRANSACTION + max(work, _least_for_calldata(data))

    def _slot(self, slot: int, block: int) -> int:
        before, after = (
            bytes(self.web3.eth.get_storage_at(self.consent.address, slot, at)).rjust(32, b"\0")
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
    slots, recoveries = set(), 0
    for step in trace["structLogs"]:
        if step["op"] in ("SLOAD", "SSTORE"):
            slots.add(int(step["stack"][-1], 16))
        elif step["op"] == "STATICCALL":
            recoveries += int(step["stack"][-2], 16) == RECOVER_ADDRESS
    return Effects(slots=frozenset(slots), recoveries=recoveries)


def _calldata(data: bytes) -> int:
    zeros = data.count(0)
    return 4 * zeros + 16 * (len(data) - zeros)


def _least_for_calldata(data: bytes) -> int:
    """What a transaction pays beside 21,000 at the very least for its calldata (EIP-7623)."""
    zeros = data.count(0)
    return 10 * (zeros + 4 * (len(data) - zeros))


def measure(bench: Bench) -> dict[str, Measurement]:
    """Each operation once, on one patient's story."""
    return {**_sealing(bench), **_access(bench), **_keys(bench)}


def _sealing(bench: Bench) -> dict[str, Measurement]:
    functions, patient = bench.consent.functions, bench.patient.address
    stranger = bench.doctors[2].address
    first, second, envelope = (keccak256(word) for word in (b"first", b"second", b"envelope"))
    # The roster is not empty in practice: somebody else was first.
    bench.send(functions.seal(stranger, HISTORY_RECORD, first, ZERO_HASH, envelope), stranger)
    return {
        "seal_first": bench.send(
            functions.seal(patient, HISTORY_RECORD, first, ZERO_HASH, envelope), patient
        ),
        "seal_next": bench.send(
            functions.seal(patient, HISTORY_RECORD, second, first, envelope), patient
        ),
    }


def _access(bench: Bench) -> dict[str, Measurement]:
    functions, patient = bench.consent.functions, bench.patient.address
    doctor, colleague = (each.address for each in bench.doctors[:2])
    asked, envelope = keccak256(b"request"), keccak256(b"envelope")
    bounds = (HISTORY_RECORD, int(Purpose.TREAT), bench.expiry)
    granted = (*bounds, asked, envelope)
    grant = GrantAccess(
        patient=Address(patient),
        grantee=Address(colleague),
        record=HISTORY_RECORD,
        purposes=int(Purpose.TREAT),
        expiry=bench.expiry,
        request=asked,
        envelope=envelope,
        seq=0,
        cutoff=0,
        deadline=bench.deadline,
    )
    revocation = RevokeAccess(
        patient=Address(patient),
        grantee=Address(colleague),
        record=HISTORY_RECORD,
        seq=1,
        deadline=bench.deadline,
    )
    return {
        "request": bench.send(functions.request(patient, *bounds, bench.deadline), doctor),
        "grant": bench.send(functions.grant(patient, doctor, *granted), patient),
        "grant_next": bench.send(functions.grant(patient, doctor, *granted), patient),
        "check": bench.check(
            functions.has_access(patient, doctor, HISTORY_RECORD, int(Purpose.TREAT))
        ),
        "grant_signed": bench.send(
            functions.grant_signed(patient, colleague, *granted, bench.deadline, bench.sign(grant))
        ),
        "revoke": bench.send(functions.revoke(patient, doctor, HISTORY_RECORD), patient),
        "revoke_signed": bench.send(
            functions.revoke_signed(
                patient, colleague, HISTORY_RECORD, bench.deadline, bench.sign(revocation)
            )
        ),
        "revoke_all": bench.send(functions.revoke_all(patient), patient),
    }


def _keys(bench: Bench) -> dict[str, Measurement]:
    publish, doctor = bench.consent.functions.publish_reading_key, bench.doctors[0].address
    # Key bytes look random: one in 256 is zero.
    first, second = (
        b"".join(keccak256(seed + bytes([n])) for n in range(READING_KEY_BYTES // 32))
        for seed in (b"first", b"second")
    )
    return {
        "publish_key_first": bench.send(publish(first), doctor),
        "publish_key_next": bench.send(publish(second), doctor),
    }


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


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="bench.gas", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    with anvil() as web3:
        rows = {name: each.row() for name, each in measure(Bench(web3)).items()}
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    print(f"{'operation':<20}{'gas':>9}{'floor':>9}{'ratio':>8}")
    for name, row in rows.items():
        print(f"{name:<20}{row['gas']:>9,}{row['floor']:>9,}{row['ratio']:>8.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
