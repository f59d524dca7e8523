"""The index: what it keeps, and how it fails."""

import sqlite3
import threading
from pathlib import Path

import pytest

from core.eip712 import Domain
from core.errors import StoreError
from core.records import SealContext, Sealing
from ipfs.index import Index
from ipfs.index_rows import StoredEnvelope
from tests.ipfs.conftest import ContextFactory, Person


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "index.db")


def make_sealing(context: SealContext, name: bytes, previous: bytes = bytes(32)) -> Sealing:
    return Sealing(
        context=context,
        commitment=name.ljust(32, b"c"),
        previous=previous,
        envelope_digest=name.ljust(32, b"e"),
    )


def test_sealing_returns_what_was_added(index: Index, make_context: ContextFactory) -> None:
    sealing = make_sealing(make_context(), b"one")
    index.add_sealing(sealing, b"c" * 32, b"f" * 32)
    stored = index.sealing(sealing.commitment)
    assert stored is not None
    assert stored.sealing == sealing
    assert not stored.confirmed
    index.confirm(sealing.commitment)
    confirmed = index.sealing(sealing.commitment)
    assert confirmed is not None
    assert confirmed.confirmed


def test_sealing_keeps_a_chain_id_of_any_size(index: Index, make_context: ContextFactory) -> None:
    base = make_context()
    wide = Domain(chain_id=(1 << 256) - 1, verifying_contract=base.domain.verifying_contract)
    sealing = make_sealing(make_context(domain=wide), b"wide")
    index.add_sealing(sealing, b"c" * 32, b"f" * 32)
    stored = index.sealing(sealing.commitment)
    assert stored is not None
    assert stored.sealing == sealing


def test_transaction_keeps_nothing_when_it_is_interrupted(
    index: Index, make_context: ContextFactory
) -> None:
    sealing = make_sealing(make_context(), b"one")

    def add_and_die() -> None:
        with index.transaction():
            index.add_sealing(sealing, b"c" * 32, b"f" * 32)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add_and_die()
    assert index.sealing(sealing.commitment) is None


def test_rivals_are_unconfirmed_and_of_the_same_step(
    index: Index, make_context: ContextFactory
) -> None:
    winner = make_sealing(make_context(), b"winner")
    rival = make_sealing(make_context(), b"rival")
    later = make_sealing(make_context(version=2), b"later", winner.commitment)
    for sealing in (winner, rival, later):
        index.add_sealing(sealing, sealing.commitment, sealing.commitment)
    assert [found.sealing for found in index.rivals(winner)] == [rival]


def test_envelopes_come_latest_last(
    index: Index, make_context: ContextFactory, doctor: Person, stranger: Person
) -> None:
    sealing = make_sealing(make_context(), b"one")
    index.add_sealing(sealing, b"c" * 32, b"f" * 32)
    for digest, reader in ((b"z" * 32, doctor), (b"a" * 32, doctor), (b"m" * 32, stranger)):
        index.add_envelope(
            StoredEnvelope(
                digest=digest,
                commitment=sealing.commitment,
                reader=reader.account,
                cid=digest,
            )
        )
    found = index.envelopes(sealing.commitment, doctor.account)
    assert [envelope.digest for envelope in found] == [b"z" * 32, b"a" * 32]
    index.remove_sealing(sealing.commitment)
    assert index.envelope(b"z" * 32) is None


def test_index_is_private_and_durable(tmp_path: Path, index: Index) -> None:
    for path in tmp_path.glob("index.db*"):
        assert path.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(tmp_path / "index.db") as other:
        assert other.execute("pragma journal_mode").fetchone() == ("wal",)


def test_index_refuses_when_the_file_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "index.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(StoreError, match="index"):
        Index(tmp_path / "index.db")


def test_index_refuses_when_a_newer_program_wrote_it(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "index.db") as newer:
        newer.execute("pragma user_version = 99")
    with pytest.raises(StoreError, match="99"):
        Index(tmp_path / "index.db")


def test_index_serves_several_threads(index: Index, make_context: ContextFactory) -> None:
    def add(number: int) -> None:
        sealing = make_sealing(make_context(version=number), bytes((number,)))
        with index.transaction():
            index.add_sealing(sealing, sealing.commitment, sealing.commitment)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(index.sealings(make_context().patient)) == 8
