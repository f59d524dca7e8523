"""Archives: out of one home into another, and every way in which one can be torn or altered."""

import hashlib
import json
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError, StoreError, StoreUnavailableError, VerificationError
from core.hashing import ZERO_HASH
from core.records import Reader, SealContext, Sealing
from ipfs.archive import export_archive, import_archive
from ipfs.block_client import BlockClient
from ipfs.car import header, section
from ipfs.cid import cid_digest
from ipfs.client import StoreSettings
from ipfs.rotation import OwnersVault
from ipfs.supervisor import NodeProcess
from ipfs.vault import IpfsVault
from tests.fakes.block_store import BlockStore, leaf
from tests.ipfs.conftest import ContextFactory, Person

PAYLOAD = b"Lisinopril 10 mg daily; penicillin: rash in 1998"
LONG = hashlib.shake_256(b"does not compress").digest(700_000)
"""Three blocks and a root over them."""


@pytest.fixture
def context(make_context: ContextFactory) -> SealContext:
    return make_context()


@pytest.fixture
def memory() -> BlockStore:
    return BlockStore()


@pytest.fixture
def kept(tmp_path: Path, memory: BlockStore) -> Iterator[IpfsVault]:
    vault = IpfsVault.open_at(tmp_path / "here", memory)
    yield vault
    vault.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[tuple[IpfsVault, BlockStore]]:
    store = BlockStore()
    vault = IpfsVault.open_at(tmp_path / "there", store)
    yield vault, store
    vault.close()


@pytest.fixture
def sealing(kept: IpfsVault, context: SealContext, patient: Person, doctor: Person) -> Sealing:
    """Two patients; the first one's record is shared with the doctor."""
    theirs = replace(context, patient=doctor.account)
    kept.seal(b"the doctor's own", theirs, ZERO_HASH, doctor.reading_key)
    sealing = kept.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)
    kept.confirm(sealing.commitment)
    reader = Reader(account=doctor.account, key=doctor.reading_key)
    OwnersVault(kept, patient.identity).wrap(sealing, [reader])
    return sealing


@pytest.fixture
def archive(kept: IpfsVault, memory: BlockStore, sealing: Sealing, tmp_path: Path) -> Path:
    export_archive(kept, memory, tmp_path / "archive")
    return tmp_path / "archive"


def reader_opens(vault: IpfsVault, sealing: Sealing, doctor: Person) -> bytes:
    digest = vault.envelope_for(sealing.commitment, doctor.account)
    assert digest is not None
    return vault.open(doctor.identity, sealing.commitment, sealing.context, digest, doctor.account)


def rehash(archive: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Alter the manifest as somebody would who knows its format."""
    manifest = json.loads((archive / "manifest.json").read_bytes())
    for entry in manifest["sealings"]:
        raw = (archive / entry["file"]).read_bytes()
        entry |= {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    change(manifest)
    del manifest["sha256"]
    body = json.dumps(manifest, sort_keys=True).encode()
    manifest["sha256"] = hashlib.sha256(body).hexdigest()
    (archive / "manifest.json").write_text(json.dumps(manifest))


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


def test_import_refuses_a_flip_of_any_bit_and_changes_nothing(
    archive: Path, elsewhere: tuple[IpfsVault, BlockStore]
) -> None:
    vault, store = elsewhere
    for path in sorted(archive.iterdir()):
        raw = path.read_bytes()
        for place in (*range(0, len(raw), 11), len(raw) - 1):
            changed = bytearray(raw)
            changed[place] ^= 1 << place % 8
            path.write_bytes(changed)
            with pytest.raises(VerificationError):
                import_archive(vault, archive)
        path.write_bytes(raw)
    assert (store.blocks, store.pins, vault.patients()) == ({}, set(), [])
    import_archive(vault, archive)


def test_import_refuses_what_was_cut_and_changes_nothing(
    archive: Path, elsewhere: tuple[IpfsVault, BlockStore]
) -> None:
    vault, store = elsewhere
    for path in sorted(archive.iterdir()):
        raw = path.read_bytes()
        for length in (0, 1, len(raw) // 2, len(raw) - 2):
            path.write_bytes(raw[:length])
            with pytest.raises(VerificationError):
                import_archive(vault, archive)
        path.write_bytes(raw)
    (archive / "0002.car").unlink()
    with pytest.raises(VerificationError, match=r"0002\.car"):
        import_archive(vault, archive)
    assert (store.blocks, store.pins, vault.patients()) == ({}, set(), [])


def swap_files(archive: Path, manifest: dict[str, Any]) -> None:
    first, second = manifest["sealings"]
    for name in ("file", "bytes", "sha256"):
        first[name], second[name] = second[name], first[name]


def swap_contents(archive: Path, manifest: dict[str, Any]) -> None:
    first, second = manifest["sealings"]
    for name in ("file", "bytes", "sha256", "root", "envelopes", "envelope"):
        first[name], second[name] = second[name], first[name]


def climb(archive: Path, manifest: dict[str, Any]) -> None:
    manifest["sealings"][0]["file"] = "../0001.car"


def name_twice(archive: Path, manifest: dict[str, Any]) -> None:
    manifest["sealings"].append(manifest["sealings"][0])


def disown(archive: Path, manifest: dict[str, Any]) -> None:
    manifest["sealings"][0]["envelopes"] = []


def misname_envelope(archive: Path, manifest: dict[str, Any]) -> None:
    entry = manifest["sealings"][0]
    for envelope in entry["envelopes"]:
        if envelope["digest"] == entry["envelope"]:
            envelope["digest"] = entry["envelope"] = "0" * 64


def add_field(archive: Path, manifest: dict[str, Any]) -> None:
    manifest["note"] = "trust me"


def age(archive: Path, manifest: dict[str, Any]) -> None:
    manifest["version"] = 2


def mistype(archive: Path, manifest: dict[str, Any]) -> None:
    account = manifest["sealings"][0]["patient"]
    manifest["sealings"][0]["patient"] = account[:-1] + ("a" if account[-1] != "a" else "b")


@pytest.mark.parametrize(
    ("alter", "check"),
    [
        (swap_files, "archive blocks"),
        (swap_contents, "archive manifest"),
        (climb, "archive manifest"),
        (name_twice, "archive manifest"),
        (disown, "archive manifest"),
        (misname_envelope, "envelope digest"),
        (add_field, "archive manifest"),
        (age, "archive manifest"),
        (mistype, "archive manifest"),
    ],
)
def test_import_refuses_by_name_what_was_altered_and_hashed_anew(
    archive: Path,
    elsewhere: tuple[IpfsVault, BlockStore],
    alter: Callable[[Path, dict[str, Any]], None],
    check: str,
) -> None:
    vault, store = elsewhere
    rehash(archive, lambda manifest: alter(archive, manifest))
    with pytest.raises(VerificationError) as raised:
        import_archive(vault, archive)
    assert raised.value.check == check
    assert (store.blocks, store.pins, vault.patients()) == ({}, set(), [])


def test_import_refuses_a_car_with_more_or_fewer_blocks_than_its_roots_need(
    archive: Path, elsewhere: tuple[IpfsVault, BlockStore], kept: IpfsVault, memory: BlockStore
) -> None:
    path = archive / "0001.car"
    whole = path.read_bytes()
    path.write_bytes(whole + section(cid_digest(b"more"), leaf(b"more")))
    rehash(archive, lambda _: None)
    with pytest.raises(VerificationError, match="none of its roots"):
        import_archive(elsewhere[0], archive)
    entry = json.loads((archive / "manifest.json").read_bytes())["sealings"][0]
    roots = [entry["root"], *(each["root"] for each in entry["envelopes"])]
    few = [bytes.fromhex(root) for root in roots]
    path.write_bytes(header(few) + section(few[0], memory.blocks[few[0]]))
    rehash(archive, lambda _: None)
    with pytest.raises(VerificationError, match="lacks a block"):
        import_archive(elsewhere[0], archive)
    assert elsewhere[1].blocks == {}


def test_import_refuses_a_file_that_is_no_sealed_record(
    archive: Path, elsewhere: tuple[IpfsVault, BlockStore]
) -> None:
    plain = b"Lisinopril, in the clear " * 10

    def plant(manifest: dict[str, Any]) -> None:
        entry = manifest["sealings"][0]
        entry["root"] = cid_digest(plain).hex()
        roots = [entry["root"], *(each["root"] for each in entry["envelopes"])]
        raw = (archive / entry["file"]).read_bytes()
        sections = [section(cid_digest(plain), leaf(plain))]
        whole = header([bytes.fromhex(root) for root in roots]) + b"".join(sections)
        for each in entry["envelopes"]:
            digest = bytes.fromhex(each["root"])
            place = raw.rindex(digest) - 2
            whole += section(digest, raw[place + 34 :][: _block_length(raw, place)])
        (archive / entry["file"]).write_bytes(whole)
        entry |= {"bytes": len(whole), "sha256": hashlib.sha256(whole).hexdigest()}

    rehash(archive, plant)
    with pytest.raises(VerificationError) as raised:
        import_archive(elsewhere[0], archive)
    assert raised.value.check == "structure"
    assert elsewhere[1].blocks == {}


def _block_length(raw: bytes, place: int) -> int:
    """Of the section whose CID stands at `place`; its two-byte length stands before."""
    return (raw[place - 2] & 0x7F | raw[place - 1] << 7) - 34


def test_import_refuses_what_contradicts_the_vault(
    archive: Path, kept: IpfsVault, memory: BlockStore, patient: Person
) -> None:
    before = kept.sealings(patient.account), memory.pins.copy()
    rehash(archive, lambda manifest: manifest["sealings"][0].update(version=7))
    with pytest.raises(InputError, match="contradicts"):
        import_archive(kept, archive)
    assert (kept.sealings(patient.account), memory.pins) == before


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
