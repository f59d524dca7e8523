"""Every way in which an archive can be torn or altered: refused by name, nothing taken in."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError, VerificationError
from ipfs.archive import import_archive
from ipfs.car import header, section
from ipfs.cid import cid_digest
from ipfs.vault import IpfsVault
from tests.fakes.block_store import BlockStore, leaf
from tests.ipfs.conftest import Person


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
