"""The patient's page takes access back and reseals, over a real vault."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import AccessDeniedError
from core.events import AccessGranted, AccessRevoked, RecordSealed
from core.flows.open import hand_over
from core.hashing import Address
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from dapp.views import patient as view
from ipfs.vault import IpfsVault
from tests.dapp.conftest import Stage
from tests.dapp.people import Person, press, texts
from tests.dapp.requests import give
from tests.dapp.views.test_patient import section


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage()
    stage.vault = IpfsVault.open_at(tmp_path / "vault", stage.store)
    yield stage
    stage.vault.close()


@pytest.fixture
def nurse(stage: Stage) -> Person:
    return stage.person("nurse").enrol()


@pytest.fixture
def both(sealed: Person, doctor: Person, nurse: Person) -> Person:
    """A patient whose history both may read."""
    for reader in (doctor, nurse):
        give(reader, sealed, Purpose.TREAT, days=3)
    return sealed


def slot(kind: str, reader: Person) -> str:
    return f"patient.{kind}.{reader.account}.{HISTORY_RECORD.hex()[:8]}"


def opened_by(stage: Stage, reader: Person, patient: Person) -> bytes:
    handed = hand_over(
        stage.ledger,
        stage.vault,
        reader=reader.account,
        patient=patient.account,
        purpose=Purpose.TREAT,
    )
    return bytes(
        stage.vault.open(
            reader.identity,
            handed.commitment,
            handed.context,
            handed.envelope_digest,
            reader.account,
        )
    )


def expiry(stage: Stage, patient: Person, reader: Address) -> int:
    return stage.ledger.terms(patient.account, reader, HISTORY_RECORD).expiry


def readers_page(stage: Stage, person: Person) -> Any:
    return section(stage.page(view, person), "readers")


def test_reseal_takes_one_out_and_lets_the_other_in_with_one_signature(
    stage: Stage, both: Person, doctor: Person, nurse: Person
) -> None:
    old_pins, before = set(stage.store.pins), len(stage.ledger.events())
    page = press(readers_page(stage, both), slot("reseal", doctor), 3)
    assert not page.exception
    said = texts(page.success)
    assert f"Access of {doctor.account} taken back" in said
    assert "sealed anew: version 2" in said
    assert "1 reader can open it as before" in said
    told = stage.ledger.events()[before:]
    assert [type(event) for event in told] == [RecordSealed, AccessRevoked, AccessGranted]
    assert [step["kind"] for step in both.asked] == ["reseal", "sign"]
    assert both.asked[1]["typed"]["primaryType"] == "Batch"
    assert "takes back the access of" in both.asked[1]["told"]
    assert opened_by(stage, nurse, both) == b'{"resourceType": "Bundle"}'
    with pytest.raises(AccessDeniedError):
        opened_by(stage, doctor, both)
    assert stage.store.pins.isdisjoint(old_pins)
    assert set(stage.store.blocks) == stage.store.pins
    assert "Reseal my history" not in [button.label for button in page.button]


def test_reseal_hands_the_browser_no_key_and_no_more_readers_than_remain(
    stage: Stage, both: Person, doctor: Person, nurse: Person
) -> None:
    press(readers_page(stage, both), slot("reseal", doctor), 2)
    step = both.asked[0]
    assert [each["reader"] for each in step["readers"]] == [nurse.account]
    assert set(step) == {
        "kind",
        "number",
        "context",
        "commitment",
        "envelope",
        "envelope_digest",
        "key_hash",
        "wrapped_seed",
        "readers",
        "ticket",
        "waiting",
    }


def test_reseal_changes_nothing_when_the_patient_declines(
    stage: Stage, both: Person, doctor: Person
) -> None:
    pins, before = set(stage.store.pins), stage.ledger.events()
    page = press(readers_page(stage, both), slot("reseal", doctor), 2)
    assert len(stage.store.pins) > len(pins)
    both.declines = True
    page = press(page, slot("reseal", doctor))
    assert "You declined in the wallet" in texts(page.warning)
    assert stage.ledger.events() == before
    assert stage.store.pins == pins, "what was handed in is let go of"


def test_plain_revoke_works_while_a_resealing_waits_for_its_signature(
    stage: Stage, both: Person, doctor: Person, nurse: Person
) -> None:
    page = press(readers_page(stage, both), slot("reseal", doctor), 2)
    page = press(page, slot("revoke", doctor), 2)
    assert isinstance(stage.ledger.events()[-1], AccessRevoked)
    assert expiry(stage, both, doctor.account) == 0
    assert expiry(stage, both, nurse.account)
    assert not page.exception


def test_plain_revoke_works_when_the_store_is_away(
    stage: Stage, both: Person, doctor: Person
) -> None:
    page = readers_page(stage, both)
    stage.store.fails_after = 0
    page = press(page, slot("reseal", doctor))
    assert "The IPFS node does not answer" in texts(page.error)
    page = press(page, slot("revoke", doctor), 2)
    assert expiry(stage, both, doctor.account) == 0
    assert not page.exception


def test_reseal_is_offered_afterwards_as_long_as_somebody_has_a_key(
    stage: Stage, both: Person, doctor: Person, nurse: Person
) -> None:
    page = press(readers_page(stage, both), slot("revoke", doctor), 2)
    assert "**1 reader** without access now still has a key" in texts(page.markdown)
    page = press(page, "patient.reseal", 3)
    assert "sealed anew: version 2" in texts(page.success)
    assert opened_by(stage, nurse, both)
    assert "still has a key" not in texts(page.markdown)


def test_reseal_after_everybody_was_taken_out_is_for_the_owner_alone(
    stage: Stage, both: Person
) -> None:
    page = readers_page(stage, both)
    page = page.checkbox(key="patient.revoke_all.sure").check().run()
    page = press(page, "patient.revoke_all", 2)
    assert "**2 readers** without access now still have a key" in texts(page.markdown)
    page = press(page, "patient.reseal", 3)
    assert not page.exception
    assert isinstance(stage.ledger.events()[-1], RecordSealed)
    assert len(stage.store.pins) == 2
    press(section(page, "history"), "patient.open", 2)
    assert both.read == [b'{"resourceType": "Bundle"}']


def test_reseal_refuses_when_another_key_signed(stage: Stage, both: Person, doctor: Person) -> None:
    pins, before = set(stage.store.pins), stage.ledger.events()
    page = press(readers_page(stage, both), slot("reseal", doctor), 2)
    both.key = stage.person("stranger").key
    page = press(page, slot("reseal", doctor))
    assert "signature" in texts(page.error).lower()
    assert stage.ledger.events() == before
    assert stage.store.pins == pins


def test_reseal_refuses_when_the_browser_handed_nothing_in(
    stage: Stage, both: Person, doctor: Person
) -> None:
    page = press(readers_page(stage, both), slot("reseal", doctor))
    both._reseal = lambda step: {}  # type: ignore[method-assign]
    page = press(page, slot("reseal", doctor))
    assert "The browser sealed nothing" in texts(page.error)


def test_reseal_keeps_what_was_sent_when_the_chain_went_away(
    stage: Stage, both: Person, doctor: Person
) -> None:
    page = press(readers_page(stage, both), slot("reseal", doctor), 2)
    pins = set(stage.store.pins)
    stage.ledger.down = True
    page = press(page, slot("reseal", doctor))
    assert "anamnesis up" in texts(page.error)
    assert stage.store.pins == pins, "only the chain knows whether it has the message"


def test_reseal_says_so_when_the_old_bytes_could_not_be_deleted(
    stage: Stage, both: Person, doctor: Person
) -> None:
    collect = stage.store.collect_garbage

    def gone() -> None:
        stage.store.fails_after = 0
        collect()

    stage.store.collect_garbage = gone  # type: ignore[method-assign]
    page = press(readers_page(stage, both), slot("reseal", doctor), 3)
    assert "still to be deleted: The IPFS node does not answer" in texts(page.success)
    assert expiry(stage, both, doctor.account) == 0


def test_each_reader_is_offered_both_ways(stage: Stage, both: Person) -> None:
    labels = [button.label for button in readers_page(stage, both).button]
    assert labels.count("Take access back and reseal") == 2
    assert labels.count("Take access back only") == 2


def test_account_change_lets_go_of_what_was_handed_in(
    stage: Stage, both: Person, doctor: Person
) -> None:
    pins = set(stage.store.pins)
    page = press(readers_page(stage, both), slot("reseal", doctor), 2)
    assert stage.store.pins > pins
    both.shows = stage.person("stranger").account
    page.run()
    assert stage.store.pins == pins
