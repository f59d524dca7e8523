"""The auditor's page: what the replay says, and never green over nothing."""

import csv
import io
import json
from datetime import UTC, datetime

from core.purposes import Purpose
from dapp.views import auditor as view
from tests.dapp.conftest import Stage
from tests.dapp.people import Person, texts
from tests.dapp.requests import give, sign_for_reading


def test_render_is_not_green_when_there_are_no_events(stage: Stage) -> None:
    page = stage.open_page(view)
    assert not page.success
    assert "nothing to audit" in texts(page.warning)


def test_render_is_green_and_tells_the_story_when_the_heads_agree(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    sign_for_reading(doctor, sealed)
    page = stage.open_page(view)
    assert not page.exception
    assert "Consistent." in texts(page.success)
    assert "1 grant, 1 reading" in texts(page.markdown)
    readers, events = page.dataframe
    assert list(readers.value["Reader"]) == [doctor.account]
    assert len(events.value) == len(stage.ledger.events())


def test_render_is_red_when_the_node_keeps_an_event_back(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    stage.withheld = 1
    page = stage.open_page(view)
    assert not page.success
    assert "violation" in texts(page.error)


def test_readers_at_follow_the_chosen_time(stage: Stage, sealed: Person, doctor: Person) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    page = stage.open_page(view)
    before = datetime.fromtimestamp(stage.ledger.now() - 86_400, UTC)
    page = page.date_input(key="auditor.day").set_value(before.date()).run()
    assert "nobody but the patients themselves" in texts(page.info)


def test_readers_of_this_minute_are_shown_when_the_grant_is_seconds_old(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    stage.ledger.advance(59 - stage.ledger.now() % 60)
    give(doctor, sealed, Purpose.TREAT, days=3)
    page = stage.open_page(view)
    assert doctor.account in set(page.dataframe[0].value["Reader"])


def test_patient_narrows_the_events(stage: Stage, sealed: Person, doctor: Person) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    page = stage.open_page(view)
    page = page.selectbox(key="auditor.patient").set_value(sealed.account).run()
    shown = page.dataframe[-1].value
    assert set(shown["Patient or account"]) == {sealed.account}


def test_as_json_and_csv_hold_every_event(stage: Stage, sealed: Person, doctor: Person) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    audit = stage.audit()
    document = json.loads(view.as_json(audit))
    assert document["status"] == "consistent"
    assert len(document["events"]) == audit.events
    assert document["heads"][sealed.account] == "0x" + stage.ledger.head(sealed.account).hex()
    assert len(list(csv.DictReader(io.StringIO(view.as_csv(audit))))) == audit.events


def test_render_names_the_outage_when_the_node_is_down(stage: Stage) -> None:
    stage.ledger.down = True
    page = stage.open_page(view)
    assert "anamnesis up" in texts(page.error)
    assert not page.success
