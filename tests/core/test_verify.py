"""The vault held against the chain: what is lost, astray, or apart, each found and told apart."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.eip712 import Domain
from core.errors import ChainUnavailableError, StoreUnavailableError, VerificationError
from core.events import AccessRequested
from core.flows.open import own_handover
from core.flows.publish import Publisher, publish
from core.flows.rotate import rotate
from core.flows.share import DAY_SECONDS, prepare_grant
from core.flows.submit import sign_and_submit
from core.flows.verify import Kind, VaultReport, require_whole, verify_vault
from core.outbox import TransientOutbox
from core.purposes import Purpose
from core.records import HISTORY_RECORD, SealContext
from ipfs.envelope import rewrap
from ipfs.rotation import OwnersVault
from ipfs.vault import IpfsVault
from ipfs.verification import VaultCustody
from tests.core.conftest import Person
from tests.fakes.block_store import BlockStore
from tests.fakes.ledger import FakeLedger

HISTORY = b'{"resourceType": "Bundle"}'
Verify = Callable[[], VaultReport]


@pytest.fixture
def store() -> BlockStore:
    return BlockStore()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def kept(home: Path, store: BlockStore, ledger: FakeLedger, patient: Person) -> IpfsVault:
    """A vault with one published history."""
    vault = IpfsVault.open_at(home, store)
    publish(ledger, vault, patient.signer, HISTORY)
    return vault


@pytest.fixture
def verify(kept: IpfsVault, store: BlockStore, ledger: FakeLedger) -> Verify:
    return lambda: verify_vault(ledger, VaultCustody(kept, store))


def grant(ledger: FakeLedger, vault: IpfsVault, patient: Person, doctor: Person) -> bytes:
    """A live grant that names a stored envelope; its digest."""
    own = own_handover(ledger, vault, patient=patient.account)
    envelope = rewrap(
        patient.identity,
        own.envelope,
        own.context,
        reader=patient.account,
        to=doctor.identity.recipient(),
        for_reader=doctor.account,
    )
    digest = vault.put_envelope(own.commitment, doctor.account, envelope)
    request = AccessRequested(
        at=ledger.events()[-1].at,
        patient=patient.account,
        grantee=doctor.account,
        record=HISTORY_RECORD,
        purposes=Purpose.TREAT,
        expiry=ledger.now() + DAY_SECONDS,
        request=bytes(32),
    )
    sign_and_submit(ledger, patient.signer, prepare_grant(ledger, request, digest))
    return digest


def only(report: VaultReport) -> tuple[Kind, str]:
    assert len(report.findings) == 1, report.findings
    return report.findings[0].kind, report.findings[0].what


def test_verify_finds_nothing_when_all_is_well(
    verify: Verify, kept: IpfsVault, ledger: FakeLedger, patient: Person, doctor: Person
) -> None:
    grant(ledger, kept, patient, doctor)
    publisher = Publisher(ledger=ledger, vault=kept, outbox=TransientOutbox())
    rotate(publisher, OwnersVault(kept, patient.identity), patient.signer)
    report = verify()
    require_whole(report)
    assert report == VaultReport(patients=1, records=1, versions=1, envelopes=2, findings=())


def test_verify_passes_when_superseded_versions_are_kept(
    verify: Verify, kept: IpfsVault, ledger: FakeLedger, patient: Person
) -> None:
    publish(ledger, kept, patient.signer, HISTORY + b" ")
    report = verify()
    require_whole(report)
    assert (report.versions, report.findings) == (2, ())


def test_require_whole_is_not_green_when_the_vault_is_empty(
    tmp_path: Path, ledger: FakeLedger
) -> None:
    store = BlockStore()
    custody = VaultCustody(IpfsVault.open_at(tmp_path / "empty", store), store)
    with pytest.raises(VerificationError, match="empty"):
        require_whole(verify_vault(ledger, custody))


@pytest.mark.parametrize("what", ["sealed record", "envelope"])
@pytest.mark.parametrize("how", ["missing", "damaged", "not pinned"])
def test_verify_names_what_became_of_the_present_version(
    verify: Verify, kept: IpfsVault, store: BlockStore, patient: Person, what: str, how: str
) -> None:
    stored = kept.sealings(patient.account)[0]
    entry = kept.envelope_entry(stored.sealing.envelope_digest)
    assert entry is not None
    root = stored.cid if what == "sealed record" else entry.cid
    if how == "missing":
        del store.blocks[root]
    elif how == "damaged":
        store.blocks[root] = store.blocks[root][:-20] + bytes(20)
    else:
        store.pins.remove(root)
    report = verify()
    kind, said = only(report)
    assert (kind, what in said, how in said) == (Kind.LOST, True, True)
    with pytest.raises(VerificationError) as raised:
        require_whole(report)
    assert raised.value.exit_code == 7


def test_verify_names_a_reader_whose_granted_envelope_is_gone(
    verify: Verify,
    kept: IpfsVault,
    ledger: FakeLedger,
    store: BlockStore,
    patient: Person,
    doctor: Person,
) -> None:
    entry = kept.envelope_entry(grant(ledger, kept, patient, doctor))
    assert entry is not None
    del store.blocks[entry.cid]
    kind, said = only(verify())
    assert kind is Kind.LOST
    assert doctor.account in said


def test_verify_reports_a_grant_for_an_earlier_version_apart(
    verify: Verify, kept: IpfsVault, ledger: FakeLedger, patient: Person, doctor: Person
) -> None:
    grant(ledger, kept, patient, doctor)
    publish(ledger, kept, patient.signer, HISTORY + b" ")
    report = verify()
    assert only(report)[0] is Kind.ASTRAY
    require_whole(report)


def test_verify_says_how_far_the_vault_is_behind_when_it_was_rolled_back(
    kept: IpfsVault, store: BlockStore, home: Path, ledger: FakeLedger, patient: Person
) -> None:
    backup = store.blocks.copy(), store.pins.copy()
    with sqlite3.connect(home / "index.db") as copy, sqlite3.connect(home / "old.db") as old:
        copy.backup(old)
    for note in (b"2", b"3"):
        publish(ledger, kept, patient.signer, HISTORY + note)
    kept.close()
    for name in ("index.db-wal", "index.db-shm"):
        (home / name).unlink(missing_ok=True)
    (home / "old.db").replace(home / "index.db")
    store.blocks, store.pins = backup
    restored = IpfsVault.open_at(home, store)
    report = verify_vault(ledger, VaultCustody(restored, store))
    kind, said = only(report)
    assert kind is Kind.LOST
    assert "stands at 1, the chain at 3" in said
    restored.close()


def test_verify_says_so_when_the_chain_was_rolled_back(
    kept: IpfsVault, store: BlockStore, patient: Person
) -> None:
    younger = FakeLedger()
    report = verify_vault(younger, VaultCustody(kept, store))
    kind, said = only(report)
    assert kind is Kind.APART
    assert "chain does not know it" in said
    with pytest.raises(VerificationError):
        require_whole(report)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("update sealing set version = 2", "another version"),
        ("update sealing set previous = randomblob(32)", "another predecessor"),
        ("update sealing set commitment = randomblob(32)", "not in the vault"),
    ],
)
def test_verify_notices_when_the_index_was_altered(
    verify: Verify, kept: IpfsVault, home: Path, change: str, words: str
) -> None:
    with sqlite3.connect(home / "index.db") as hostile:
        hostile.execute(change)
    report = verify()
    assert any(words in finding.what for finding in report.failures)


def test_verify_notices_when_the_ciphertexts_of_two_versions_were_swapped(
    verify: Verify, kept: IpfsVault, home: Path, ledger: FakeLedger, patient: Person
) -> None:
    publish(ledger, kept, patient.signer, HISTORY + b" ")
    first, second = (stored.cid for stored in kept.sealings(patient.account))
    with sqlite3.connect(home / "index.db") as hostile:
        hostile.execute(
            "update sealing set cid = case cid when ? then ? else ? end", (first, second, first)
        )
    own = own_handover(ledger, kept, patient=patient.account)
    with pytest.raises(VerificationError) as raised:
        kept.open(
            patient.identity, own.commitment, own.context, own.envelope_digest, patient.account
        )
    assert raised.value.check == "content identifier"


def test_verify_tells_what_waits_from_what_can_no_longer_be_committed(
    verify: Verify, kept: IpfsVault, ledger: FakeLedger, patient: Person
) -> None:
    present = ledger.commitment(patient.account, HISTORY_RECORD)
    context = SealContext(
        domain=ledger.domain, patient=patient.account, record=HISTORY_RECORD, version=2
    )
    kept.seal(b"next", context, present, patient.key)
    kept.seal(b"late", context, b"x" * 32, patient.key)
    report = verify()
    require_whole(report)
    assert {finding.what for finding in report.of(Kind.ASTRAY)} == {
        "It waits to be committed.",
        "It can no longer be committed.",
    }


def test_verify_tells_strays_and_other_contracts_apart(
    verify: Verify,
    kept: IpfsVault,
    store: BlockStore,
    ledger: FakeLedger,
    patient: Person,
    doctor: Person,
) -> None:
    store.add(b"somebody else's")
    elsewhere = Domain(chain_id=1, verifying_contract=doctor.account)
    context = SealContext(
        domain=elsewhere, patient=patient.account, record=HISTORY_RECORD, version=1
    )
    kept.seal(b"elsewhere", context, bytes(32), patient.key)
    report = verify()
    require_whole(report)
    assert len(report.of(Kind.ASTRAY)) == len(report.findings) == 2
    assert replace(report, findings=()).versions == 2


def test_verify_raises_when_node_or_chain_is_silent(
    verify: Verify, store: BlockStore, ledger: FakeLedger
) -> None:
    store.fails_after = 1
    with pytest.raises(StoreUnavailableError):
        verify()
    store.fails_after, ledger.down = None, True
    with pytest.raises(ChainUnavailableError):
        verify()


def test_findings_hold_no_digest(verify: Verify, kept: IpfsVault, store: BlockStore) -> None:
    store.blocks.clear()
    report = verify()
    assert report.failures
    assert not any("Qm" in finding.what or "0x" in finding.what for finding in report.findings)
