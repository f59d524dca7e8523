"""The manifest by itself: what it says exactly, and what it refuses, by name."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from core.errors import VerificationError
from core.records import Sealing
from ipfs.index_rows import StoredEnvelope, StoredSealing
from ipfs.manifest import Entry, Kept, read_custody, read_manifest, write_manifest
from tests.ipfs.conftest import ContextFactory, Person


def digest(label: str) -> bytes:
    return hashlib.sha256(label.encode()).digest()


@pytest.fixture
def entry(make_context: ContextFactory, patient: Person, doctor: Person) -> Entry:
    commitment = digest("commitment")
    own = StoredEnvelope(
        digest=digest("own envelope"),
        commitment=commitment,
        reader=patient.account,
        cid=digest("own envelope's cid"),
    )
    sealing = Sealing(
        context=make_context(version=3),
        commitment=commitment,
        previous=digest("previous"),
        envelope_digest=own.digest,
    )
    theirs = replace(own, digest=digest("theirs"), reader=doctor.account, cid=digest("their cid"))
    return Entry(
        file="0001.car",
        size=4321,
        sha256=digest("file"),
        stored=StoredSealing(sealing=sealing, cid=digest("record"), confirmed=True),
        envelopes=(own, theirs),
    )


def another(entry: Entry) -> Entry:
    """A second sealing that agrees with the first in nothing but the patient."""
    commitment = digest("second")
    sealing = replace(entry.stored.sealing, commitment=commitment)
    return replace(
        entry,
        file="0002.car",
        stored=StoredSealing(sealing=sealing, cid=digest("second record"), confirmed=False),
        envelopes=tuple(replace(each, commitment=commitment) for each in entry.envelopes),
    )


def altered(entry: Entry, **changes: Any) -> bytes:
    """A manifest with fields of its first sealing changed, hashed anew."""
    manifest = json.loads(write_manifest([entry]))
    manifest["sealings"][0] |= changes
    return hashed(manifest)


def hashed(manifest: dict[str, Any]) -> bytes:
    body = {name: value for name, value in manifest.items() if name != "sha256"}
    found = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return json.dumps(body | {"sha256": found}).encode()


def refusal(raw: bytes) -> str:
    with pytest.raises(VerificationError) as refused:
        read_manifest(raw)
    assert refused.value.check == "archive manifest"
    return refused.value.what


def test_read_manifest_returns_what_was_written(entry: Entry) -> None:
    entries = [entry, another(entry)]
    assert read_manifest(write_manifest(entries)) == entries
    assert read_manifest(write_manifest([])) == []


def test_write_manifest_says_what_the_format_says(entry: Entry) -> None:
    raw = write_manifest([entry])
    assert raw.startswith(b'{\n "format": "anamnesis/archive",\n "sealings": [\n')
    assert raw.endswith(b"\n}\n")
    shown = json.loads(raw)
    context = entry.stored.sealing.context
    assert (shown["format"], shown["version"]) == ("anamnesis/archive", 1)
    assert shown["sealings"] == [
        {
            "file": "0001.car",
            "bytes": 4321,
            "sha256": digest("file").hex(),
            "chain_id": "31337",
            "contract": context.domain.verifying_contract,
            "patient": context.patient,
            "record": context.record.hex(),
            "version": 3,
            "commitment": digest("commitment").hex(),
            "previous": digest("previous").hex(),
            "envelope": digest("own envelope").hex(),
            "confirmed": True,
            "root": digest("record").hex(),
            "envelopes": [
                {"reader": each.reader, "digest": each.digest.hex(), "root": each.cid.hex()}
                for each in entry.envelopes
            ],
        }
    ]
    assert json.loads(hashed(shown))["sha256"] == shown["sha256"]


def test_roots_are_the_record_and_then_its_envelopes(entry: Entry) -> None:
    expected = (digest("record"), digest("own envelope's cid"), digest("their cid"))
    assert entry.roots == expected


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000])
def test_read_manifest_refuses_what_is_not_json(raw: bytes) -> None:
    assert refusal(raw) == "The archive's manifest is not JSON, or was cut short."


@pytest.mark.parametrize("raw", [b"[]", b"7", b"null"])
def test_read_manifest_refuses_another_shape(raw: bytes) -> None:
    assert refusal(raw) == "The archive's manifest is malformed at its top."


def test_read_manifest_names_the_place_that_is_malformed(entry: Entry) -> None:
    raw = altered(entry, sha256="A" * 64)
    assert refusal(raw) == "The archive's manifest is malformed at sealings.0.sha256."


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_read_manifest_names_the_version_that_it_reads(entry: Entry, version: object) -> None:
    manifest = json.loads(write_manifest([entry])) | {"version": version}
    assert refusal(hashed(manifest)) == (
        "The archive's manifest has a version that this program does not read (it reads 1)."
    )


def test_read_manifest_refuses_when_the_version_is_left_out(entry: Entry) -> None:
    manifest = json.loads(write_manifest([entry]))
    del manifest["version"]
    assert refusal(hashed(manifest)) == "The archive's manifest is malformed at version."


def test_read_manifest_refuses_when_its_hash_does_not_fit(entry: Entry) -> None:
    raw = write_manifest([entry]).replace(b'"bytes": 4321', b'"bytes": 4322')
    assert refusal(raw) == "The archive's manifest was changed: its hash does not fit."


def test_read_manifest_refuses_an_account_whose_checksum_is_wrong(
    entry: Entry, patient: Person
) -> None:
    last = "0" if patient.account[-1] != "0" else "1"
    raw = altered(entry, patient=patient.account[:-1] + last)
    assert refusal(raw) == "The archive's manifest names an account whose checksum is wrong."


def test_read_manifest_refuses_a_file_or_sealing_named_twice(entry: Entry) -> None:
    expected = "The archive's manifest names a file or a sealing twice."
    assert refusal(write_manifest([entry, replace(another(entry), file="0001.car")])) == expected
    assert refusal(write_manifest([entry, replace(entry, file="0002.car")])) == expected


def test_read_manifest_refuses_when_the_owner_has_no_envelope(entry: Entry) -> None:
    expected = "The archive's manifest names no envelope for the owner of a record."
    own, theirs = entry.envelopes
    assert refusal(write_manifest([replace(entry, envelopes=(theirs,))])) == expected
    foreign = replace(own, reader=theirs.reader)
    assert refusal(write_manifest([replace(entry, envelopes=(foreign,))])) == expected
    owned = another(entry)
    assert refusal(write_manifest([owned, replace(entry, envelopes=())])) == expected


@pytest.fixture
def emergency(make_context: ContextFactory, patient: Person, doctor: Person) -> list[Kept]:
    domain = make_context(version=1).domain
    return [
        Kept(domain=domain, patient=patient.account, data=b"the first"),
        Kept(domain=replace(domain, chain_id=5), patient=doctor.account, data=b"\x00\xff"),
    ]


def test_manifest_gives_back_what_is_kept_for_emergencies(
    entry: Entry, emergency: list[Kept]
) -> None:
    raw = write_manifest([entry], emergency)
    assert read_custody(raw) == emergency
    assert read_manifest(raw) == [entry]


def test_manifest_says_nothing_of_emergencies_when_there_is_nothing(entry: Entry) -> None:
    raw = write_manifest([entry])
    assert "custody" not in json.loads(raw)
    assert read_custody(raw) == []


def test_manifest_writes_what_is_kept_as_documented(entry: Entry, emergency: list[Kept]) -> None:
    first, second = json.loads(write_manifest([entry], emergency))["custody"]
    assert first == {
        "chain_id": str(emergency[0].domain.chain_id),
        "contract": emergency[0].domain.verifying_contract,
        "patient": emergency[0].patient,
        "data": b"the first".hex(),
    }
    assert (second["chain_id"], second["data"]) == ("5", "00ff")


@pytest.mark.parametrize("field", ["contract", "patient"])
def test_manifest_is_refused_when_an_account_kept_for_emergencies_has_a_wrong_checksum(
    entry: Entry, emergency: list[Kept], field: str
) -> None:
    manifest = json.loads(write_manifest([entry], emergency))
    manifest["custody"][0][field] = manifest["custody"][0][field].swapcase().replace("X", "x", 1)
    with pytest.raises(VerificationError) as refused:
        read_custody(hashed(manifest))
    assert refused.value.check == "archive manifest"
    assert refused.value.what.endswith("manifest names an account whose checksum is wrong.")


@pytest.mark.parametrize(
    "changes", [{"chain_id": "0"}, {"data": ""}, {"data": "0G"}, {"contract": "0x1"}]
)
def test_manifest_is_refused_when_what_is_kept_for_emergencies_is_malformed(
    entry: Entry, emergency: list[Kept], changes: dict[str, str]
) -> None:
    manifest = json.loads(write_manifest([entry], emergency))
    manifest["custody"][1] |= changes
    with pytest.raises(VerificationError):
        read_custody(hashed(manifest))
