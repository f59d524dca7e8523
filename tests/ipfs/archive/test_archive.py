"""Archives: out of one home into another, and what stays of an attempt that failed."""

import hashlib
import resource
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError, StoreError, StoreUnavailableError, VerificationError
from core.hashing import ZERO_HASH
from core.records import Reader, SealContext, Sealing
from ipfs.archive import export_archive, import_archive
from ipfs.block_client import BlockClient
from ipfs.client import StoreSettings
from ipfs.rotation import OwnersVault
from ipfs.supervisor import NodeProcess
from ipfs.vault import IpfsVault
from tests.fakes.block_store import BlockStore
from tests.ipfs.archive.conftest import PAYLOAD
from tests.ipfs.conftest import Person

LONG = hashlib.shake_256(b"does not compress").digest(700_000)
"""Three blocks and a root over them."""


def reader_opens(vault: IpfsVault, sealing: Sealing, doctor: Person) -> bytes:
    digest = vault.envelope_for(sealing.commitment, doctor.account)
    assert digest is not None
    return vault.open(doctor.identity, sealing.commitment, sealing.context, digest, doctor.account)


def test_archive_moves_a_vault_to_another_home_on_another_node(
    context: SealContext, patient: Person, doctor: Person, tmp_path: Path, make_node: Any
) -> None:
    from ipfs.supervisor import NodeSettings

    with NodeProcess(NodeSettings.local(tmp_path / "A")) as node:
        store = BlockClient(StoreSettings(address=node.address))
        vault = IpfsVault.open_at(tmp_path / "A" / "vault", store)
        sealing = vault.seal(LONG, context, ZERO_HASH, patient.reading_key)
        reader = Reader(account=doctor.account, key=doctor.reading_key)
        OwnersVault(vault, patient.identity).wrap(sealing, [reader])
        done = export_archive(vault, store, tmp_path / "archive")
        assert (done.sealings, done.envelopes) == (1, 2)
        vault.close()
    shutil.rmtree(tmp_path / "A")
    with NodeProcess(NodeSettings.local(tmp_path / "B")) as node:
        store = BlockClient(StoreSettings(address=node.address))
        vault = IpfsVault.open_at(tmp_path / "B" / "vault", store)
        import_archive(vault, tmp_path / "archive")
        assert reader_opens(vault, sealing, doctor) == LONG
        assert vault.open(
            patient.identity, sealing.commitment, context, sealing.envelope_digest, patient.account
        )
        vault.close()


def test_import_changes_nothing_the_second_time(
    archive: Path,
    elsewhere: tuple[IpfsVault, BlockStore],
    sealing: Sealing,
    patient: Person,
    doctor: Person,
) -> None:
    vault, store = elsewhere
    first = import_archive(vault, archive)
    assert (first.sealings, first.envelopes, first.known) == (2, 3, 0)
    state = store.blocks.copy(), store.pins.copy(), vault.sealings(patient.account)
    again = import_archive(vault, archive)
    assert (again.sealings, again.envelopes, again.known) == (0, 0, 2)
    assert (store.blocks, store.pins, vault.sealings(patient.account)) == state
    assert reader_opens(vault, sealing, doctor) == PAYLOAD


def test_export_gives_the_same_bytes_after_a_journey(
    archive: Path, elsewhere: tuple[IpfsVault, BlockStore], tmp_path: Path
) -> None:
    vault, store = elsewhere
    import_archive(vault, archive)
    export_archive(vault, store, tmp_path / "again")
    names = sorted(path.name for path in archive.iterdir())
    assert names == ["0001.car", "0002.car", "manifest.json"]
    for name in names:
        assert (archive / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_import_puts_back_what_the_node_lost(
    archive: Path, kept: IpfsVault, memory: BlockStore, sealing: Sealing, doctor: Person
) -> None:
    memory.blocks.clear()
    memory.pins.clear()
    import_archive(kept, archive)
    assert reader_opens(kept, sealing, doctor) == PAYLOAD


def test_import_completes_a_sealing_whose_envelopes_were_fewer(
    archive: Path, kept: IpfsVault, sealing: Sealing, doctor: Person
) -> None:
    kept.end_rotation(sealing.commitment, ())
    assert kept.envelope_for(sealing.commitment, doctor.account) is None
    assert import_archive(kept, archive).envelopes == 1
    assert reader_opens(kept, sealing, doctor) == PAYLOAD


def test_export_takes_one_patient_only(
    kept: IpfsVault, memory: BlockStore, sealing: Sealing, patient: Person, tmp_path: Path
) -> None:
    done = export_archive(kept, memory, tmp_path / "one", patient=patient.account)
    assert (done.sealings, done.envelopes) == (1, 2)
    assert [path.name for path in sorted((tmp_path / "one").iterdir())] == [
        "0001.car",
        "manifest.json",
    ]


def test_archive_is_private_and_holds_no_secret(
    archive: Path, patient: Person, doctor: Person, kept: IpfsVault, tmp_path: Path
) -> None:
    assert archive.stat().st_mode & 0o777 == 0o700
    fingerprints = (tmp_path / "here" / "fingerprint.key").read_bytes()
    for path in archive.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        raw = path.read_bytes()
        for secret in (PAYLOAD[:12], patient.identity.seed, doctor.identity.seed, fingerprints):
            assert secret not in raw


def test_export_refuses_when_there_is_nothing_or_the_folder_exists(
    kept: IpfsVault, memory: BlockStore, archive: Path, stranger: Person, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="there already"):
        export_archive(kept, memory, archive)
    with pytest.raises(InputError, match="nothing"):
        export_archive(kept, memory, tmp_path / "none", patient=stranger.account)


@pytest.mark.parametrize("how", ["lost", "changed", "silent"])
def test_export_leaves_nothing_when_the_node_fails(
    kept: IpfsVault,
    memory: BlockStore,
    sealing: Sealing,
    patient: Person,
    tmp_path: Path,
    how: str,
) -> None:
    root = kept.sealings(patient.account)[0].cid
    expected: type[Exception] = StoreError
    if how == "lost":
        del memory.blocks[root]
    elif how == "changed":
        memory.blocks[root] += b"!"
        expected = VerificationError
    else:
        memory.fails_after, expected = 3, StoreUnavailableError
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(expected):
        export_archive(kept, memory, tmp_path / "archive")
    assert {path.name for path in tmp_path.iterdir()} == before


def test_export_leaves_nothing_and_names_the_disk_when_it_is_full(
    kept: IpfsVault, memory: BlockStore, sealing: Sealing, tmp_path: Path
) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    # Around the write alone: pytest's own log would feel it too.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
    try:
        with pytest.raises(StoreError) as raised:
            export_archive(kept, memory, tmp_path / "archive")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert "could not be written" in raised.value.what
    assert {path.name for path in tmp_path.iterdir()} == before


def test_import_enters_nothing_when_the_node_goes_away_at_any_call(
    archive: Path, elsewhere: tuple[IpfsVault, BlockStore], sealing: Sealing, doctor: Person
) -> None:
    vault, store = elsewhere
    for calls in range(40):
        store.fails_after = calls
        try:
            import_archive(vault, archive)
        except StoreUnavailableError:
            assert vault.patients() == []
            continue
        break
    assert calls > 5
    assert len(store.pins) == 5
    store.fails_after = None
    assert reader_opens(vault, sealing, doctor) == PAYLOAD


def test_import_leaves_no_pin_when_a_later_file_cannot_be_stored(
    archive: Path, elsewhere: tuple[IpfsVault, BlockStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, store = elsewhere
    add, left = store.add, [3]

    def refuse_the_fourth(data: bytes) -> bytes:
        left[0] -= 1
        if left[0] < 0:
            raise StoreError("The IPFS node could not store.")
        return add(data)

    monkeypatch.setattr(store, "add", refuse_the_fourth)
    with pytest.raises(StoreError):
        import_archive(vault, archive)
    assert (store.pins, vault.patients()) == (set(), [])


def test_import_refuses_when_there_is_no_archive(
    elsewhere: tuple[IpfsVault, BlockStore], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no archive"):
        import_archive(elsewhere[0], tmp_path / "nowhere")


def test_seal_makes_a_version_of_its_own_when_the_imported_one_cannot_be_compared(
    archive: Path,
    elsewhere: tuple[IpfsVault, BlockStore],
    sealing: Sealing,
    context: SealContext,
    patient: Person,
) -> None:
    vault, _ = elsewhere
    import_archive(vault, archive)
    assert not vault.holds(sealing.commitment, PAYLOAD, patient.reading_key)
    again = vault.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)
    assert again.commitment != sealing.commitment
