"""The vault: sealing once, resuming, passing on, opening, forgetting."""

import fcntl
import resource
import signal
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import (
    InputError,
    StoreBusyError,
    StoreError,
    StoreUnavailableError,
    VerificationError,
)
from core.hashing import ZERO_HASH
from core.ports import Vault
from core.records import SealContext, Sealing
from ipfs.cid import cid_digest
from ipfs.client import StoreClient, StoreSettings
from ipfs.envelope import rewrap
from ipfs.padding import MAX_PAYLOAD_BYTES
from ipfs.supervisor import NodeProcess
from ipfs.vault import IpfsVault
from tests.fakes.vault import MemoryVault
from tests.ipfs.conftest import ContextFactory, MemoryStore, Person

PAYLOAD = b"Lisinopril 10 mg daily; penicillin: rash in 1998"


@pytest.fixture
def context(make_context: ContextFactory) -> SealContext:
    return make_context()


@pytest.fixture
def sealing(vault: IpfsVault, context: SealContext, patient: Person) -> Sealing:
    return vault.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)


def pass_on(vault: Vault, sealing: Sealing, patient: Person, reader: Person) -> bytes:
    """An envelope for `reader`, made of the patient's own."""
    envelope = rewrap(
        patient.identity,
        vault.envelope(sealing.envelope_digest),
        sealing.context,
        reader=patient.account,
        to=reader.identity.recipient(),
        for_reader=reader.account,
    )
    return vault.put_envelope(sealing.commitment, reader.account, envelope)


@pytest.mark.parametrize("kind", ["ipfs", "memory"])
def test_vaults_seal_pass_on_and_open_alike(
    vault: IpfsVault, kind: str, context: SealContext, patient: Person, doctor: Person
) -> None:
    tested: IpfsVault | MemoryVault = vault if kind == "ipfs" else MemoryVault()
    as_port: Vault = tested
    sealing = as_port.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)
    assert as_port.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key) == sealing
    assert as_port.version(sealing.commitment) == 1
    assert as_port.version(bytes(32)) is None
    digest = pass_on(as_port, sealing, patient, doctor)
    as_port.confirm(sealing.commitment)
    assert tested.envelope_for(sealing.commitment, doctor.account) == digest
    opened = tested.open(
        doctor.identity, sealing.commitment, sealing.context, digest, doctor.account
    )
    assert opened == PAYLOAD
    for unknown in (as_port.ciphertext, as_port.envelope, as_port.confirm):
        with pytest.raises(StoreError):
            unknown(bytes(32))


def test_seal_returns_the_stored_sealing_when_repeated(
    vault: IpfsVault, sealing: Sealing, store: MemoryStore, patient: Person
) -> None:
    added = store.added
    again = vault.seal(PAYLOAD, sealing.context, ZERO_HASH, patient.reading_key)
    assert again == sealing
    assert store.added == added


def test_seal_returns_the_stored_sealing_when_the_vault_was_reopened(
    vault: IpfsVault, sealing: Sealing, store: MemoryStore, patient: Person, tmp_path: Path
) -> None:
    vault.close()
    reopened = IpfsVault.open_at(tmp_path / "vault", store)
    assert reopened.seal(PAYLOAD, sealing.context, ZERO_HASH, patient.reading_key) == sealing


def test_seal_makes_another_when_anything_differs(
    vault: IpfsVault, sealing: Sealing, patient: Person, stranger: Person
) -> None:
    context = sealing.context
    others = [
        vault.seal(PAYLOAD + b".", context, ZERO_HASH, patient.reading_key),
        vault.seal(PAYLOAD, replace(context, version=2), ZERO_HASH, patient.reading_key),
        vault.seal(PAYLOAD, context, b"p" * 32, patient.reading_key),
        vault.seal(PAYLOAD, context, ZERO_HASH, stranger.reading_key),
    ]
    assert len({found.commitment for found in (sealing, *others)}) == 5


@pytest.mark.parametrize("adds", [0, 1])
def test_seal_resumes_when_the_node_went_away_between_uploads(
    vault: IpfsVault, context: SealContext, store: MemoryStore, patient: Person, adds: int
) -> None:
    store.fails_after_adds = adds
    with pytest.raises(StoreUnavailableError):
        vault.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)
    assert vault.sealings(patient.account) == []
    store.fails_after_adds = None
    sealing = vault.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)
    assert [found.sealing for found in vault.sealings(patient.account)] == [sealing]
    assert len(store.pins) == 2, "the half-stored attempt is unpinned"


def test_seal_unpins_strays_when_a_process_died_before_the_index_knew(
    vault: IpfsVault,
    context: SealContext,
    store: MemoryStore,
    patient: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(
            "ipfs.index.Index.add_sealing", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            vault.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)
    assert len(store.pins) == 2
    vault.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)
    assert len(store.pins) == 2


def test_seal_seals_anew_when_the_node_lost_an_unconfirmed_one(
    vault: IpfsVault, sealing: Sealing, store: MemoryStore, patient: Person
) -> None:
    store.pins.clear()
    again = vault.seal(PAYLOAD, sealing.context, ZERO_HASH, patient.reading_key)
    assert again.commitment != sealing.commitment
    assert vault.version(sealing.commitment) is None


def test_seal_refuses_before_any_work_when_the_key_is_not_one(
    vault: IpfsVault, context: SealContext, store: MemoryStore
) -> None:
    with pytest.raises(InputError):
        vault.seal(PAYLOAD, context, ZERO_HASH, b"short")
    assert store.added == 0


def test_seal_makes_one_when_two_threads_ask_at_once(
    vault: IpfsVault, context: SealContext, patient: Person
) -> None:
    found: list[Sealing] = []

    def ask() -> None:
        found.append(vault.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({sealing.commitment for sealing in found}) == 1


def test_confirm_drops_the_rivals_that_can_no_longer_win(
    vault: IpfsVault, sealing: Sealing, store: MemoryStore, patient: Person
) -> None:
    other = vault.seal(b"changed", sealing.context, ZERO_HASH, patient.reading_key)
    vault.confirm(other.commitment)
    vault.confirm(other.commitment)
    assert vault.version(sealing.commitment) is None
    assert [entry.confirmed for entry in vault.sealings(patient.account)] == [True]
    assert len(store.pins) == 2


def test_put_envelope_is_idempotent_and_refuses_another_reader(
    vault: IpfsVault, sealing: Sealing, patient: Person, doctor: Person, stranger: Person
) -> None:
    digest = pass_on(vault, sealing, patient, doctor)
    envelope = vault.envelope(digest)
    assert vault.put_envelope(sealing.commitment, doctor.account, envelope) == digest
    with pytest.raises(InputError, match="another reader"):
        vault.put_envelope(sealing.commitment, stranger.account, envelope)


def test_put_envelope_refuses_when_it_is_none_or_its_record_is_unknown(
    vault: IpfsVault, sealing: Sealing, doctor: Person
) -> None:
    with pytest.raises(VerificationError):
        vault.put_envelope(sealing.commitment, doctor.account, b"not an envelope")
    with pytest.raises(StoreError):
        vault.put_envelope(bytes(32), doctor.account, vault.envelope(sealing.envelope_digest))


def test_envelope_for_gives_the_latest_of_a_reader(
    vault: IpfsVault, sealing: Sealing, patient: Person, doctor: Person
) -> None:
    assert vault.envelope_for(sealing.commitment, doctor.account) is None
    pass_on(vault, sealing, patient, doctor)
    latest = pass_on(vault, sealing, patient, doctor)
    assert vault.envelope_for(sealing.commitment, doctor.account) == latest


def test_open_refuses_when_records_versions_patients_or_readers_are_swapped(
    vault: IpfsVault, sealing: Sealing, patient: Person, doctor: Person, stranger: Person
) -> None:
    context = sealing.context
    second = vault.seal(
        PAYLOAD, replace(context, version=2), sealing.commitment, patient.reading_key
    )
    theirs = replace(context, patient=stranger.account)
    foreign = vault.seal(PAYLOAD, theirs, ZERO_HASH, stranger.reading_key)
    for_doctor = pass_on(vault, sealing, patient, doctor)
    own, me = sealing.envelope_digest, patient.account
    attempts = [
        (patient, second.commitment, context, own, me),
        (patient, sealing.commitment, second.context, own, me),
        (patient, sealing.commitment, context, second.envelope_digest, me),
        (patient, foreign.commitment, context, own, me),
        (patient, sealing.commitment, context, foreign.envelope_digest, me),
        (patient, sealing.commitment, context, for_doctor, me),
        (patient, sealing.commitment, context, for_doctor, doctor.account),
        (doctor, sealing.commitment, context, own, me),
        (stranger, sealing.commitment, context, for_doctor, doctor.account),
        (doctor, sealing.commitment, context, for_doctor, stranger.account),
    ]
    for person, commitment, bound, envelope, reader in attempts:
        with pytest.raises(VerificationError):
            vault.open(person.identity, commitment, bound, envelope, reader)


def test_open_refuses_when_the_index_was_made_to_point_elsewhere(
    vault: IpfsVault, sealing: Sealing, store: MemoryStore, patient: Person, tmp_path: Path
) -> None:
    store.add(b"planted")
    planted = cid_digest(b"planted")
    with sqlite3.connect(tmp_path / "vault" / "index.db") as hostile:
        hostile.execute("update sealing set cid = ?", (planted,))
    with pytest.raises(VerificationError):
        vault.open(
            patient.identity,
            sealing.commitment,
            sealing.context,
            sealing.envelope_digest,
            patient.account,
        )


def test_forget_leaves_no_pin_and_no_row(
    vault: IpfsVault, sealing: Sealing, store: MemoryStore, patient: Person, doctor: Person
) -> None:
    pass_on(vault, sealing, patient, doctor)
    vault.forget(sealing.commitment)
    vault.forget(sealing.commitment)
    assert store.pins == set()
    assert vault.sealings(patient.account) == []
    with pytest.raises(StoreError):
        vault.envelope(sealing.envelope_digest)


@pytest.mark.parametrize("payload", [b"", bytes(MAX_PAYLOAD_BYTES + 1)], ids=["empty", "too long"])
def test_seal_refuses_before_any_work_when_the_payload_is_none_or_too_long(
    vault: IpfsVault, context: SealContext, store: MemoryStore, patient: Person, payload: bytes
) -> None:
    with pytest.raises(InputError):
        vault.seal(payload, context, ZERO_HASH, patient.reading_key)
    assert store.added == 0
    assert vault.patients() == []


def test_seal_refuses_by_name_when_another_process_is_writing(
    store: MemoryStore, context: SealContext, patient: Person, tmp_path: Path
) -> None:
    vault = IpfsVault.open_at(tmp_path / "vault", store, busy_seconds=0.05)
    with (tmp_path / "vault" / "vault.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StoreBusyError, match="Another process"):
            vault.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)
    assert store.added == 0
    vault.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)


def test_seal_names_a_full_disk_and_loses_nothing(
    vault: IpfsVault, sealing: Sealing, store: MemoryStore, patient: Person
) -> None:
    upcoming = replace(sealing.context, version=2)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    # Around the write alone: pytest's own log would feel it too.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(StoreError) as raised:
            vault.seal(b"next", upcoming, sealing.commitment, patient.reading_key)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert "disk full" in raised.value.remedy
    assert [each.sealing for each in vault.sealings(patient.account)] == [sealing]
    vault.seal(b"next", upcoming, sealing.commitment, patient.reading_key)
    assert len(store.pins) == 4


def test_open_at_refuses_when_the_key_file_is_damaged(tmp_path: Path, store: MemoryStore) -> None:
    IpfsVault.open_at(tmp_path / "vault", store).close()
    (tmp_path / "vault" / "fingerprint.key").write_bytes(b"short")
    with pytest.raises(StoreError, match="damaged"):
        IpfsVault.open_at(tmp_path / "vault", store)


def test_open_at_makes_private_files(vault: IpfsVault, sealing: Sealing, tmp_path: Path) -> None:
    assert (tmp_path / "vault").stat().st_mode & 0o777 == 0o700
    for path in (tmp_path / "vault").iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_vault_resumes_on_a_real_node_that_died_and_leaves_no_plaintext(
    make_node: Callable[[], NodeProcess],
    context: SealContext,
    patient: Person,
    doctor: Person,
    tmp_path: Path,
) -> None:
    node = make_node()
    node.start()
    store = StoreClient(StoreSettings(address=node.address, timeout_seconds=20))
    vault = IpfsVault.open_at(tmp_path / "vault", store)
    sealing = vault.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)
    node.kill()
    with pytest.raises(StoreUnavailableError):
        vault.seal(b"next", replace(context, version=2), sealing.commitment, patient.reading_key)
    with pytest.raises(StoreUnavailableError):
        vault.ciphertext(sealing.commitment)
    node.start()
    second = vault.seal(
        b"next", replace(context, version=2), sealing.commitment, patient.reading_key
    )
    digest = pass_on(vault, second, patient, doctor)
    assert (
        vault.open(doctor.identity, second.commitment, second.context, digest, doctor.account)
        == b"next"
    )
    vault.close()
    node.stop()
    needles = (PAYLOAD, PAYLOAD[:12], patient.identity.seed, doctor.identity.seed)
    for path in tmp_path.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            assert not any(needle in content for needle in needles), path.name
