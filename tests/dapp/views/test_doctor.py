"""The doctor's page: ask, open with a receipt, and be refused with the way out."""

import pytest
from streamlit.testing.v1 import AppTest

from core.events import AccessRequested, RecordOpened
from core.flows.share import prepare_revoke, prepare_revoke_all
from core.flows.submit import sign_and_submit
from core.hashing import Address
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from core.typed_data import RevokeAccess, RevokeAllAccess
from dapp.views import doctor as view
from ledger.wallet import KeySigner
from tests.dapp.conftest import Stage
from tests.dapp.people import Person, press, texts
from tests.dapp.requests import DAY, ask, give

PAPER = b'{"resourceType": "Bundle"}'


def fill(page: AppTest, patient: Address, days: int = 7) -> AppTest:
    page.text_input(key="doctor.ask.patient").set_value(patient)
    page.number_input(key="doctor.ask.days").set_value(days)
    return page.run()


def sign(patient: Person, message: RevokeAccess | RevokeAllAccess) -> None:
    sign_and_submit(patient.ledger, KeySigner.from_key(patient.key), message)


def openers(page: AppTest) -> list[str]:
    return [str(b.key) for b in page.button if str(b.key).startswith("task.doctor.open.")]


def test_ask_puts_the_request_on_the_chain_when_signed(
    stage: Stage, doctor: Person, patient: Person
) -> None:
    page = fill(stage.page(view, doctor), patient.account, days=9)
    page = press(page, "doctor.ask", 2)
    event = stage.ledger.events()[-1]
    assert isinstance(event, AccessRequested)
    assert (event.grantee, event.patient) == (doctor.account, patient.account)
    assert event.expiry == stage.ledger.now() + 9 * DAY
    assert "Your request is on the chain" in texts(page.success)
    assert "waiting for the patient" in texts(page.markdown)


def test_ask_names_the_mistake_when_the_address_is_mistyped(
    stage: Stage, doctor: Person, patient: Person
) -> None:
    page = fill(stage.page(view, doctor), Address(patient.account[:-1] + "0"))
    assert "checksum" in texts(page.error) or "mistyped" in texts(page.error)
    assert not [b for b in page.button if b.key == "task.doctor.ask.press"]


def test_ask_refuses_before_the_wallet_when_it_is_the_doctors_own_address(
    stage: Stage, doctor: Person
) -> None:
    page = press(fill(stage.page(view, doctor), doctor.account), "doctor.ask")
    assert "your own address" in texts(page.error)
    assert doctor.asked == []


def test_ask_forgets_a_step_when_the_form_changes(
    stage: Stage, doctor: Person, patient: Person
) -> None:
    page = press(fill(stage.page(view, doctor), patient.account), "doctor.ask")
    waiting = page.session_state["task.doctor.ask.data"]
    page = fill(page, patient.account, days=30)
    fresh = page.session_state["task.doctor.ask.data"]
    assert waiting["step"]["kind"] == "sign"
    assert fresh["step"] is None
    assert fresh["task"] != waiting["task"]


def test_open_signs_a_receipt_before_the_history_opens(
    stage: Stage, doctor: Person, sealed: Person
) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    page = stage.page(view, doctor)
    slot = f"doctor.open.{sealed.account}"
    page = press(page, slot, 2)
    assert isinstance(stage.ledger.events()[-1], RecordOpened)
    assert doctor.read == [], "the receipt comes first"
    page = press(page, slot)
    assert doctor.read == [PAPER]
    assert page.session_state[f"task.{slot}.data"]["step"]["kind"] == "open", "it stays open"


def test_open_hands_nothing_over_when_the_receipt_is_declined(
    stage: Stage, doctor: Person, sealed: Person
) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    slot = f"doctor.open.{sealed.account}"
    page = press(stage.page(view, doctor), slot)
    doctor.declines = True
    page = press(page, slot)
    assert [step["kind"] for step in doctor.asked] == ["sign"]
    assert "You declined" in texts(page.warning)
    assert page.session_state[f"task.{slot}.data"]["step"] is None


def test_open_ends_when_the_person_closes_the_history(
    stage: Stage, doctor: Person, sealed: Person
) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    slot = f"doctor.open.{sealed.account}"
    page = press(stage.page(view, doctor), slot, 3)
    doctor.overrides = {"closed": True}
    page = press(page, slot)
    assert page.session_state[f"task.{slot}.data"]["step"] is None


@pytest.mark.parametrize("everybody", [False, True])
def test_open_is_gone_with_the_way_out_after_revocation(
    stage: Stage, doctor: Person, sealed: Person, everybody: bool
) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    page = press(stage.page(view, doctor), f"doctor.open.{sealed.account}", 3)
    stage.ledger.advance(1)
    if everybody:
        sign(sealed, prepare_revoke_all(stage.ledger, patient=sealed.account))
    else:
        message = prepare_revoke(stage.ledger, patient=sealed.account, grantee=doctor.account)
        sign(sealed, message)
    page = page.run()
    assert "taken" in texts(page.error)
    assert openers(page) == []


def test_open_is_gone_with_the_way_out_after_expiry(
    stage: Stage, doctor: Person, sealed: Person
) -> None:
    give(doctor, sealed, Purpose.TREAT, days=1)
    page = stage.page(view, doctor)
    assert openers(page)
    stage.ledger.advance(DAY)
    page = page.run()
    assert "The access has expired" in texts(page.error)
    assert openers(page) == []


def test_open_signs_no_receipt_when_a_newer_version_was_not_shared(
    stage: Stage, doctor: Person, sealed: Person
) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    sealed.publish(b'{"resourceType": "Bundle", "version": 2}')
    page = press(stage.page(view, doctor), f"doctor.open.{sealed.account}")
    assert "newer version" in texts(page.error)
    assert doctor.asked == []


def test_open_refuses_when_access_ends_between_receipt_and_opening(
    stage: Stage, doctor: Person, sealed: Person
) -> None:
    give(doctor, sealed, Purpose.TREAT, days=1)
    slot = f"doctor.open.{sealed.account}"
    page = press(stage.page(view, doctor), slot)
    stage.ledger.advance(DAY)
    page = press(page, slot)
    assert doctor.read == []
    assert "expired" in texts(page.error)


def test_render_shows_an_unanswered_request_as_expired_when_its_time_is_over(
    stage: Stage, doctor: Person, sealed: Person
) -> None:
    ask(doctor, sealed, Purpose.TREAT, days=1)
    stage.ledger.advance(2 * DAY)
    assert "expired without an answer" in texts(stage.page(view, doctor).markdown)


def test_stranger_sees_nothing_of_other_peoples_grants(
    stage: Stage, doctor: Person, sealed: Person
) -> None:
    give(doctor, sealed, Purpose.TREAT, days=1)
    stranger = stage.person("stranger").enrol()
    page = stage.page(view, stranger)
    assert "Nobody has given you access yet" in texts(page.info)
    assert sealed.account not in texts(page.code)
    terms = stage.ledger.terms(sealed.account, stranger.account, HISTORY_RECORD)
    assert terms.seq == 0
