"""`anamnesis vault` as people call it: without a stack, and against a running one."""

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.eip712 import Domain
from core.flows.publish import publish
from core.flows.share import prepare_reading_key
from core.flows.submit import sign_and_submit
from core.hashing import ZERO_HASH, address
from core.records import HISTORY_RECORD, SealContext
from ipfs.envelope import Identity
from ipfs.supervisor import NodeProcess, NodeSettings
from scripts._local import connect_ledger
from scripts._settings import Settings
from scripts._stack import Stack
from scripts._vault import opened
from scripts._wallets import owner_of_new
from scripts.vault import cli

PATIENT = address("0x" + "ab" * 20)
CONTRACT = address("0x" + "c0" * 20)
PAYLOAD = b"Lisinopril 10 mg daily; penicillin: rash in 1998"
OWNER = Identity(b"i" * 32)


@dataclass(frozen=True)
class Done:
    code: int
    stdout: str
    stderr: str

    def data(self) -> Any:
        assert self.code == 0, self.stderr
        return json.loads(self.stdout)


def call(*arguments: str | Path) -> Done:
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            cli.main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code=code, stdout=out.getvalue(), stderr=err.getvalue())


@pytest.fixture
def here(tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """Flags of a home with two versions of one history, sealed and not on any chain."""
    settings = Settings.load(home=tmp_path / "A")
    with opened(settings) as open_vault:
        previous = ZERO_HASH
        for version in (1, 2):
            context = SealContext(
                domain=Domain(chain_id=31337, verifying_contract=CONTRACT),
                patient=PATIENT,
                record=HISTORY_RECORD,
                version=version,
            )
            key = OWNER.recipient().public_key
            previous = open_vault.vault.seal(PAYLOAD, context, previous, key).commitment
    with NodeProcess(NodeSettings.local(settings.home)) as node:
        yield "--home", str(settings.home), "--ipfs", node.address, "--json"


@pytest.fixture
def there(tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """Flags of a home with nothing in it."""
    with NodeProcess(NodeSettings.local(tmp_path / "B")) as node:
        yield "--home", str(tmp_path / "B"), "--ipfs", node.address, "--json"


def test_vault_moves_to_another_home_and_is_erased_there(
    here: tuple[str, ...],
    there: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert call("export", tmp_path / "archive", *here).data()["sealings"] == 2
    for expected in ({"sealings": 2, "known": 0}, {"sealings": 0, "known": 2}):
        assert expected.items() <= call("import", tmp_path / "archive", *there).data().items()
    shown = call("erase", PATIENT, "--version", "1", "--dry-run", *there).data()
    assert [each["version"] for each in shown["sealings"]] == [1]
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert call("erase", PATIENT, *there).code == 1
    for gone in (2, 0):
        assert call("erase", PATIENT, "--yes", *there).data()["sealings"] == gone
    assert call("export", tmp_path / "none", *there).code == 2


def test_commands_end_in_the_error_trees_codes(here: tuple[str, ...], tmp_path: Path) -> None:
    assert call("import", tmp_path / "nowhere", *here).code == 2
    assert call("erase", "0x12", *here).code == 2
    assert call("erase", PATIENT, "--record", "zz", *here).code == 2
    assert call("verify", *here).code == 5, "no chain runs on this home"
    assert call("rotate", "--wallet", tmp_path / "nobody", *here).code == 2
    wallet = tmp_path / "wallet"
    wallet.write_text("not a wallet")
    assert call("rotate", "--wallet", wallet, *here).code == 2
    assert wallet.read_text() == "not a wallet"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Settings]:
    """A running chain and IPFS node; the servers have no part in this."""
    settings = Settings.load(home=tmp_path / "home", dapp_port=0)
    with Stack(settings, lambda _line: None) as running:
        running.start(servers=False)
        yield settings


def test_vault_lives_through_rotation_and_a_new_key_on_a_running_stack(stack: Settings) -> None:
    wallet = stack.home / "people" / "patient"
    patient, ledger = owner_of_new(wallet), connect_ledger(stack)
    key = patient.identity.recipient().public_key
    message = prepare_reading_key(ledger, account=patient.signer.account, key=key)
    sign_and_submit(ledger, patient.signer, message, key)
    with opened(stack) as here:
        publish(ledger, here.vault, patient.signer, PAYLOAD)
    home = ("--home", stack.home, "--json")
    assert call("rotate", "--wallet", wallet, *home).data()["version"] == 2
    before = wallet.read_text()
    rekeyed = call("rekey", "--wallet", wallet, *home).data()
    assert rekeyed["rotated"][0]["version"] == 3
    assert wallet.read_text() != before == wallet.with_name("patient.former").read_text()
    report = call("verify", *home).data()
    assert (report["whole"], report["versions"], report["findings"]) == (True, 1, [])
    assert call("erase", patient.signer.account, "--yes", *home).data()["sealings"] == 1
    assert call("verify", *home).code == 7, "an empty vault proves nothing"
