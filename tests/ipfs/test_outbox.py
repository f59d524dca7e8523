"""The outbox's file: durable, private, for several processes, and never believed when damaged."""

import hashlib
import os
import random
import shutil
import signal
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.eip712 import Domain
from core.errors import OutboxDamagedError, StoreError, StoreUnavailableError
from core.hashing import address
from core.outbox import Publication
from core.records import HISTORY_RECORD, SealContext, Sealing
from core.typed_data import Signed
from ipfs.outbox import LOCK_NAME, OUTBOX_NAME, SqliteOutbox, kept_in
from ipfs.vault import IpfsVault
from tests.ipfs.conftest import ContextFactory, MemoryStore, Person

SIGNATURE = bytes(range(65))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def outbox(folder: Path) -> Iterator[SqliteOutbox]:
    opened = SqliteOutbox.open_at(folder)
    yield opened
    opened.close()


MakePublication = Callable[..., Publication]


@pytest.fixture
def make_publication(make_context: ContextFactory) -> MakePublication:
    """A stored publication; `number` names its patient."""

    def make(number: int = 1) -> Publication:
        context = make_context(patient=address(f"0x{number:040x}"))
        sealing = Sealing(
            context=context,
            commitment=number.to_bytes(32, "big"),
            previous=bytes(32),
            envelope_digest=b"\x0e" * 32,
        )
        return Publication(context=context, previous=bytes(32)).stored(sealing)

    return make


def signed(publication: Publication) -> Publication:
    owner = publication.context.patient
    message = publication.message(1_000, owner)
    return publication.signed(Signed(message=message, signature=SIGNATURE))


def test_put_is_found_again_by_another_process(
    outbox: SqliteOutbox, folder: Path, make_publication: MakePublication
) -> None:
    publication = signed(make_publication())
    outbox.put(publication)
    again = SqliteOutbox.open_at(folder)
    assert again.find(publication.subject) == publication
    assert again.publications() == (publication,)
    again.close()


def test_put_takes_the_place_of_the_subjects_last_one(
    outbox: SqliteOutbox, make_publication: MakePublication
) -> None:
    first, other = make_publication(1), make_publication(2)
    for each in (first, other, signed(first)):
        outbox.put(each)
    assert set(outbox.publications()) == {signed(first), other}
    outbox.forget(first.subject)
    outbox.forget(first.subject)
    assert outbox.find(first.subject) is None
    assert outbox.publications() == (other,)


def test_put_keeps_what_exceeds_64_bits(
    outbox: SqliteOutbox, make_publication: MakePublication
) -> None:
    publication = make_publication()
    domain = Domain(
        chain_id=2**255, verifying_contract=publication.context.domain.verifying_contract
    )
    wide = replace(publication, context=replace(publication.context, domain=domain))
    wide = replace(wide, deadline=2**64 - 1)
    outbox.put(wide)
    assert outbox.find(wide.subject) == wide
    assert outbox.find(publication.subject) is None, "another chain is another subject"


def test_open_at_keeps_others_out(
    outbox: SqliteOutbox, folder: Path, make_publication: MakePublication
) -> None:
    with outbox.alone(make_publication().subject):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for path in folder.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


@pytest.mark.parametrize("end", ["confirmed", "expired", "overtaken", "abandoned"])
def test_put_leaves_no_signature_on_disk_when_it_has_ended(
    outbox: SqliteOutbox, folder: Path, make_publication: MakePublication, end: str
) -> None:
    sent = signed(make_publication()).sent()
    outbox.put(sent)
    assert on_disk(folder, SIGNATURE.hex().encode())
    outbox.put(getattr(sent, end)())
    assert not on_disk(folder, SIGNATURE.hex().encode())
    assert not on_disk(folder, SIGNATURE)


def on_disk(folder: Path, needle: bytes) -> bool:
    return any(needle in path.read_bytes() for path in folder.iterdir())


def test_put_leaves_all_or_nothing_when_the_process_is_killed(
    folder: Path, make_publication: MakePublication
) -> None:
    """A process that writes without pause is killed three times; what is there is always whole."""
    dice, last = random.Random(5), 0
    for _ in range(3):
        told, tell = os.pipe()
        writer = os.fork()
        if writer == 0:
            write_without_pause(folder, tell)
        os.close(tell)
        with os.fdopen(told, "rb") as lines:
            acknowledged = [int(lines.readline()) for _ in range(dice.randint(5, 60))]
            os.kill(writer, signal.SIGKILL)
            os.waitpid(writer, 0)
            acknowledged += [int(line) for line in lines]
        outbox = SqliteOutbox.open_at(folder)
        (found,) = outbox.publications()
        outbox.close()
        assert found.deadline in (acknowledged[-1], acknowledged[-1] + 1)
        assert found.deadline > last
        last = found.deadline


def write_without_pause(folder: Path, tell: int) -> None:
    """Count up in one publication's deadline, telling each number once it is durable."""
    outbox = SqliteOutbox.open_at(folder)
    domain = Domain(chain_id=1, verifying_contract=address("0x" + "11" * 20))
    context = SealContext(
        domain=domain, patient=address("0x" + "22" * 20), record=HISTORY_RECORD, version=1
    )
    known = outbox.publications()
    number = known[0].deadline if known else 0
    while True:
        number += 1
        outbox.put(Publication(context=context, previous=bytes(32), deadline=number))
        os.write(tell, b"%d\n" % number)


def test_alone_lets_one_thread_at_a_time_work_on_a_subject(
    outbox: SqliteOutbox, folder: Path, make_publication: MakePublication
) -> None:
    subject, inside, most = make_publication().subject, [0], [0]

    def work() -> None:
        for _ in range(20):
            with outbox.alone(subject):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                outbox.find(subject)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most == [1]


def test_alone_does_not_wait_for_another_subject(
    outbox: SqliteOutbox, make_publication: MakePublication
) -> None:
    with outbox.alone(make_publication(1).subject), outbox.alone(make_publication(2).subject):
        pass


def test_alone_is_free_again_when_its_holder_was_killed(
    outbox: SqliteOutbox, folder: Path, make_publication: MakePublication
) -> None:
    subject = make_publication().subject
    holder = os.fork()
    if holder == 0:
        with SqliteOutbox.open_at(folder).alone(subject):
            os.kill(os.getpid(), 9)
    os.waitpid(holder, 0)
    with outbox.alone(subject):
        assert (folder / LOCK_NAME).exists()


@pytest.mark.parametrize("log", [False, True], ids=["file", "write-ahead log"])
def test_publications_is_named_damaged_or_whole_when_a_byte_flipped(
    tmp_path: Path, make_publication: MakePublication, log: bool
) -> None:
    """Whatever byte the disk changes: a named error, or rows that were really written."""
    whole = tmp_path / "whole"
    outbox = SqliteOutbox.open_at(whole)
    written = [signed(make_publication(number)) for number in range(1, 6)]
    for each in written:
        outbox.put(make_publication(written.index(each) + 1))
        outbox.put(each)
    copied = tmp_path / "copied"
    shutil.copytree(whole, copied)
    outbox.close()
    source = copied if log else whole
    name = OUTBOX_NAME + ("-wal" if log else "")
    bytes_ = (source / name).read_bytes()
    earlier = {make_publication(number) for number in range(1, 6)} | set(written)
    dice, named = random.Random(7), 0
    for place in sorted(dice.sample(range(len(bytes_)), 120)):
        broken = tmp_path / "broken"
        shutil.rmtree(broken, ignore_errors=True)
        shutil.copytree(source, broken)
        flipped = bytearray(bytes_)
        flipped[place] ^= 1 << dice.randrange(8)
        (broken / name).write_bytes(flipped)
        try:
            found = SqliteOutbox.open_at(broken).publications()
        except StoreError:
            named += 1
            continue
        assert set(found) <= earlier
        assert log or set(found) == set(written)
    assert named or log


def test_open_at_refuses_what_is_no_outbox(folder: Path) -> None:
    folder.mkdir()
    (folder / OUTBOX_NAME).write_bytes(b"Not a database, only words. " * 50)
    with pytest.raises(OutboxDamagedError, match="damaged") as raised:
        SqliteOutbox.open_at(folder)
    assert "what was acknowledged is on the chain" in raised.value.remedy


def test_open_at_refuses_the_file_of_a_newer_program(outbox: SqliteOutbox, folder: Path) -> None:
    with sqlite3.connect(folder / OUTBOX_NAME) as database:
        database.execute("pragma user_version = 9")
    with pytest.raises(OutboxDamagedError, match="format 9"):
        SqliteOutbox.open_at(folder)


def test_find_refuses_a_row_that_was_moved(
    outbox: SqliteOutbox, folder: Path, make_publication: MakePublication
) -> None:
    mine, other = signed(make_publication(1)), signed(make_publication(2))
    outbox.put(mine)
    outbox.put(other)
    with sqlite3.connect(folder / OUTBOX_NAME) as database:
        rows = database.execute("select subject, body, digest from publication").fetchall()
        swapped = [(b, d, s) for (s, _, _), (_, b, d) in zip(rows, reversed(rows), strict=True)]
        database.executemany(
            "update publication set body = ?, digest = ? where subject = ?", swapped
        )
    for each in (mine, other):
        with pytest.raises(OutboxDamagedError):
            outbox.find(each.subject)


@pytest.mark.parametrize(
    "body", [b'{"stage": "teleported"}', b"\xff\xfe" + SIGNATURE], ids=["unknown", "no text"]
)
def test_find_quotes_nothing_of_a_row_that_it_cannot_read(
    outbox: SqliteOutbox, folder: Path, make_publication: MakePublication, body: bytes
) -> None:
    publication = make_publication()
    outbox.put(publication)
    with sqlite3.connect(folder / OUTBOX_NAME) as database:
        key = database.execute("select subject from publication").fetchone()[0]
        database.execute(
            "update publication set body = cast(? as text), digest = ?",
            (body, hashlib.sha256(key + body).digest()),
        )
    with pytest.raises(OutboxDamagedError) as raised:
        outbox.find(publication.subject)
    assert raised.value.__cause__ is None
    assert "teleported" not in str(raised.value)


def test_open_at_names_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        SqliteOutbox.open_at(tmp_path / "file" / "vault")


def test_put_names_a_full_disk(outbox: SqliteOutbox, make_publication: MakePublication) -> None:
    outbox.put(make_publication())
    outbox._database.execute("pragma max_page_count = 1")
    wordy = replace(make_publication(2), reason="x" * 1_000_000)
    with pytest.raises(StoreError, match="could not be used") as raised:
        outbox.put(wordy)
    assert "disk full" in raised.value.remedy
    assert outbox.find(make_publication().subject) == make_publication()


@pytest.fixture
def sealing(vault: IpfsVault, make_context: ContextFactory, patient: Person) -> Sealing:
    return vault.seal(b"a history", make_context(), bytes(32), patient.reading_key)


def test_kept_in_pins_again_what_lost_its_pin(
    vault: IpfsVault, store: MemoryStore, sealing: Sealing
) -> None:
    pins = set(store.pins)
    store.pins.clear()
    kept_in(store)(vault, sealing)
    assert store.pins == pins


def test_kept_in_refuses_what_is_gone(
    vault: IpfsVault, store: MemoryStore, sealing: Sealing
) -> None:
    kept_in(store)(vault, sealing)
    for digest in list(store.blobs):
        blob = store.blobs.pop(digest)
        with pytest.raises(StoreError):
            kept_in(store)(vault, sealing)
        store.blobs[digest] = blob


def test_kept_in_tells_a_node_that_is_down(
    vault: IpfsVault, store: MemoryStore, sealing: Sealing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(digest: bytes) -> bool:
        raise StoreUnavailableError("The IPFS node does not answer.")

    monkeypatch.setattr(store, "is_pinned", down)
    with pytest.raises(StoreUnavailableError):
        kept_in(store)(vault, sealing)
