"""The patient's page, pressed through from an empty account to everybody's access taken back."""

import base64

from streamlit.testing.v1 import AppTest

from core.events import AccessGranted, AccessRevoked, AllAccessRevoked, ReadingKeyPublished
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from dapp.views import patient as view
from ipfs.reading_key import RecoveryCode
from tests.dapp.conftest import Stage
from tests.dapp.people import Person, press, texts
from tests.dapp.requests import DAY, ask, give, sign_for_reading


def slot_of(stage: Stage) -> str:
    """The slot of the latest request's card."""
    request = stage.audit().requests[-1].event
    return f"patient.grant.{request.request.hex()[:16]}"


def section(page: AppTest, name: str) -> AppTest:
    return page.segmented_control(key="patient.section").set_value(name).run()


def test_render_asks_to_connect_when_there_is_no_wallet(stage: Stage) -> None:
    page = stage.page(view, None)
    assert not page.exception
    assert "Connect your wallet" in texts(page.info)


def test_render_publishes_the_reading_key_when_the_account_has_none(stage: Stage) -> None:
    patient = stage.person("patient")
    page = press(stage.page(view, patient), "patient.key", 3)
    assert not page.exception
    assert stage.ledger.reading_key(patient.account) == patient.identity.recipient().public_key
    assert "Your reading key is published" in texts(page.success)


def test_render_keeps_the_wrapped_seed_when_the_wallet_cannot_carry_a_key(stage: Stage) -> None:
    patient = stage.person("patient")
    patient.words = RecoveryCode(bytes(range(16)))
    page = press(stage.page(view, patient), "patient.key", 3)
    assert "Your reading key is published" in texts(page.success)
    [wrapped] = stage.seeds.kept.values()
    patient.publish(patient.paper)
    assert patient.asked[-1]["kind"] == "sign"
    press(stage.page(view, patient), "patient.open", 2)
    assert patient.read == [patient.paper]
    assert patient.asked[-1]["wrapped_seed"] == base64.b64encode(wrapped).decode()


def test_render_keeps_no_wrapped_seed_when_the_chain_refuses_its_key(stage: Stage) -> None:
    patient = stage.person("patient")
    patient.words = RecoveryCode(bytes(range(16)))
    page = press(stage.page(view, patient), "patient.key", 2)
    assert not stage.seeds.kept
    patient.key = stage.person("stranger").key
    page = press(page, "patient.key")
    assert "signature" in texts(page.error).lower()
    assert not stage.seeds.kept


def test_render_publishes_nothing_when_the_wrapped_seed_is_none(stage: Stage) -> None:
    patient = stage.person("patient")
    patient.overrides = {"wrapped_seed": base64.b64encode(bytes(66)).decode()}
    page = press(stage.page(view, patient), "patient.key", 3)
    assert "not a wrapped seed" in texts(page.error)
    assert stage.ledger.reading_key(patient.account) is None


def test_add_paper_seals_and_opens_the_history_when_all_is_signed(
    stage: Stage, patient: Person
) -> None:
    page = press(stage.page(view, patient), "patient.paper", 2)
    assert "version 1 of your history is on the chain" in texts(page.success)
    commitment = stage.ledger.commitment(patient.account, HISTORY_RECORD)
    assert commitment in stage.vault.confirmed
    press(page, "patient.open", 2)
    assert patient.read == [patient.paper]


def test_add_paper_commits_to_nothing_when_the_reading_service_answers_nonsense(
    stage: Stage, patient: Person
) -> None:
    patient.overrides = {"sealing": {"record": "0x12", "text": "penicillin"}}
    page = press(stage.page(view, patient), "patient.paper")
    assert "The reading service answered something unexpected" in texts(page.error)
    assert stage.ledger.commitment(patient.account, HISTORY_RECORD) == bytes(32)


def test_requests_say_who_why_and_until_when(stage: Stage, sealed: Person, doctor: Person) -> None:
    ask(doctor, sealed, Purpose.TREAT | Purpose.HRESCH, days=3)
    page = section(stage.page(view, sealed), "requests")
    said = texts(page.markdown) + texts(page.code)
    assert doctor.account in said
    assert "treatment, research" in said
    assert "UTC" in said


def test_grant_lets_the_doctor_open_when_the_patient_signs(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    ask(doctor, sealed, Purpose.TREAT, days=3)
    page = section(stage.page(view, sealed), "requests")
    page = press(page, slot_of(stage), 3)
    assert not page.exception
    assert f"Access granted to {doctor.account}" in texts(page.success)
    assert stage.ledger.has_access(sealed.account, doctor.account, HISTORY_RECORD, Purpose.TREAT)
    granted = stage.ledger.events()[-1]
    assert isinstance(granted, AccessGranted)
    assert granted.envelope in stage.vault.envelopes


def test_grant_is_narrower_than_asked_when_the_patient_says_so(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    ask(doctor, sealed, Purpose.TREAT | Purpose.HRESCH, days=30)
    slot = slot_of(stage)
    page = section(stage.page(view, sealed), "requests")
    page.multiselect(key=f"{slot}.purposes").set_value([Purpose.TREAT]).run()
    page.checkbox(key=f"{slot}.shorter").check().run()
    page.number_input(key=f"{slot}.days").set_value(2).run()
    press(page, slot, 3)
    terms = stage.ledger.terms(sealed.account, doctor.account, HISTORY_RECORD)
    assert terms.purposes == Purpose.TREAT
    assert terms.expiry == stage.ledger.now() + 2 * DAY


def test_grant_starts_over_when_the_form_changes_under_a_signature(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    """The wrapped key was for other terms: its answer must not carry the new ones."""
    ask(doctor, sealed, Purpose.TREAT | Purpose.HRESCH, days=30)
    slot = slot_of(stage)
    page = press(section(stage.page(view, sealed), "requests"), slot, 2)
    assert page.session_state[f"task.{slot}.data"]["step"]["kind"] == "sign"
    page.multiselect(key=f"{slot}.purposes").set_value([Purpose.TREAT]).run()
    assert page.session_state[f"task.{slot}.data"]["step"] is None


def test_grant_sends_nothing_when_the_patient_declines(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    ask(doctor, sealed, Purpose.TREAT, days=3)
    before = stage.ledger.events()
    page = press(section(stage.page(view, sealed), "requests"), slot_of(stage), 2)
    first = page.session_state[f"task.{slot_of(stage)}.data"]["task"]
    sealed.declines = True
    page = press(page, slot_of(stage))
    assert "You declined in the wallet" in texts(page.warning)
    assert stage.ledger.events() == before
    assert page.session_state[f"task.{slot_of(stage)}.data"]["task"] != first


def test_browser_is_told_what_was_heard_and_what_a_press_would_mean(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    """So that it carries a press over to the task in place of the one that got it, or does not."""
    ask(doctor, sealed, Purpose.TREAT | Purpose.HRESCH, days=3)
    slot = slot_of(stage)
    page = section(stage.page(view, sealed), "requests")
    first = dict(page.session_state[f"task.{slot}.data"])
    assert first["heard"] == ""
    page = press(page, slot, 2)
    sealed.declines = True
    page = press(page, slot)
    second = dict(page.session_state[f"task.{slot}.data"])
    assert second["task"] != first["task"]
    assert (second["heard"], second["offer"]) == (first["task"], first["offer"])
    page.multiselect(key=f"{slot}.purposes").set_value([Purpose.TREAT]).run()
    third = page.session_state[f"task.{slot}.data"]
    assert (third["heard"], third["offer"] == first["offer"]) == (first["task"], False)


def test_grant_is_refused_when_another_key_signed(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    ask(doctor, sealed, Purpose.TREAT, days=3)
    page = press(section(stage.page(view, sealed), "requests"), slot_of(stage), 2)
    sealed.key = stage.person("stranger").key
    page = press(page, slot_of(stage))
    assert "signature" in texts(page.error).lower()
    assert stage.ledger.terms(sealed.account, doctor.account, HISTORY_RECORD).seq == 0


def test_ignore_hides_a_request_until_it_is_asked_again(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    ask(doctor, sealed, Purpose.TREAT, days=3)
    page = section(stage.page(view, sealed), "requests")
    page = page.button(key=f"{slot_of(stage)}.ignore").click().run()
    assert "Nobody is asking" in texts(page.info)
    ask(doctor, sealed, Purpose.TREAT, days=5)
    assert "Nobody is asking" not in texts(page.run().info)


def test_revoke_takes_one_access_back_when_signed(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    page = section(stage.page(view, sealed), "readers")
    slot = f"patient.revoke.{doctor.account}.{HISTORY_RECORD.hex()[:8]}"
    page = press(page, slot, 2)
    assert isinstance(stage.ledger.events()[-1], AccessRevoked)
    assert "can't be unread" in texts(page.success)
    assert "Nobody but you" in texts(page.info)


def test_revoke_all_asks_once_more_before_it_takes_everything_back(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    page = section(stage.page(view, sealed), "readers")
    assert not [b for b in page.button if b.key == "task.patient.revoke_all.press"]
    page = page.checkbox(key="patient.revoke_all.sure").check().run()
    press(page, "patient.revoke_all", 2)
    assert isinstance(stage.ledger.events()[-1], AllAccessRevoked)
    assert not stage.ledger.has_access(
        sealed.account, doctor.account, HISTORY_RECORD, Purpose.TREAT
    )


def test_readers_offer_the_newest_version_when_the_grant_is_older(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    sealed.publish(b'{"resourceType": "Bundle", "version": 2}')
    page = section(stage.page(view, sealed), "readers")
    assert "newer version" in texts(page.warning)
    press(page, f"patient.share.{doctor.account}.{HISTORY_RECORD.hex()[:8]}", 3)
    granted = stage.ledger.events()[-1]
    assert isinstance(granted, AccessGranted)
    assert granted.seq == 2


def test_log_names_every_reading(stage: Stage, sealed: Person, doctor: Person) -> None:
    give(doctor, sealed, Purpose.TREAT, days=3)
    sign_for_reading(doctor, sealed)
    page = section(stage.page(view, sealed), "log")
    assert doctor.account in texts(page.code)


def test_render_names_the_outage_and_recovers_when_the_node_returns(
    stage: Stage, patient: Person
) -> None:
    stage.ledger.down = True
    page = stage.page(view, patient)
    assert "anamnesis up" in texts(page.error)
    stage.ledger.down = False
    page = page.button(key="patient.retry").click().run()
    assert not page.error
    assert not page.exception


def test_account_change_forgets_everything_of_the_account_before(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    ask(doctor, sealed, Purpose.TREAT, days=3)
    slot = slot_of(stage)
    page = press(section(stage.page(view, sealed), "requests"), slot, 2)
    sealed.shows = stage.person("stranger").account
    page = page.run()
    assert f"task.{slot}.data" not in page.session_state
    assert "First, your reading key" in texts(page.subheader)


def test_wrong_account_ends_the_task_when_it_answers(
    stage: Stage, sealed: Person, doctor: Person
) -> None:
    ask(doctor, sealed, Purpose.TREAT, days=3)
    page = press(section(stage.page(view, sealed), "requests"), slot_of(stage), 2)
    sealed.overrides = {"account": doctor.account}
    page = press(page, slot_of(stage))
    assert "changed its account" in texts(page.error)
    assert stage.ledger.terms(sealed.account, doctor.account, HISTORY_RECORD).seq == 0


def test_new_reading_key_replaces_the_lost_one(stage: Stage, patient: Person) -> None:
    patient.identity = stage.person("new device").identity
    press(stage.page(view, patient), "patient.newkey", 3)
    assert isinstance(stage.ledger.events()[-1], ReadingKeyPublished)
    assert stage.ledger.reading_key(patient.account) == patient.identity.recipient().public_key
