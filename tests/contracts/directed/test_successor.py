"""Where a patient goes on: a pointer to the next contract, and nothing more."""

import pytest

from core.hashing import ZERO_ADDRESS, address
from core.purposes import Purpose
from tests.contracts.desk import only_event

WRONG = "Consent: wrong signature"


def successor(scene):
    return scene.consent.successors(scene.patient)


@pytest.mark.parametrize("way", ["sent", "carried"])
def test_successor_is_on_record_when_controller_names_it(scene, way):
    message = scene.successor(successor=scene.credentials.address)
    receipt = scene.bring(way, message, scene.patient)
    assert only_event(receipt, "SuccessorSet") == {
        "patient": scene.patient.address,
        "successor": scene.credentials.address,
    }
    assert successor(scene) == scene.credentials.address
    assert scene.seq() == message.seq + 1


def test_successor_is_nobody_when_never_named(scene):
    for account in (scene.patient, scene.stranger, ZERO_ADDRESS):
        assert scene.consent.successors(account) == ZERO_ADDRESS


def test_successor_is_replaced_and_taken_back_when_named_again(scene):
    for named in (scene.consent.address, scene.credentials.address, ZERO_ADDRESS):
        scene.desk.sign_and_carry(scene.successor(successor=address(named)), scene.patient)
        assert successor(scene) == named


def test_consent_goes_on_when_a_successor_is_named(scene):
    """It points for whoever looks here first, and stops nothing here."""
    scene.desk.send(scene.batch(grants=[scene.grant()]), scene.patient)
    scene.desk.send(scene.successor(), scene.patient)
    assert scene.reads(purpose=Purpose.TREAT)
    message = scene.batch(versions=[scene.version()], revocations=[scene.revocation()])
    scene.desk.send(message, scene.patient)
    assert not scene.reads(purpose=Purpose.TREAT)


def test_successor_reverts_when_somebody_else_names_it(scene):
    for each in (scene.stranger, scene.guardians[0], scene.regulator):
        scene.refused_of(each, scene.successor())


def test_successor_reverts_when_its_message_is_carried_twice(scene):
    message = scene.successor()
    signature = scene.desk.sign(scene.patient, message)
    scene.desk.carry(message, signature)
    scene.desk.refused(message, signature, WRONG)


def test_successor_reverts_when_another_setting_came_first(scene):
    unsent = scene.successor()
    signature = scene.desk.sign(scene.patient, unsent)
    scene.desk.send(scene.policy(), scene.patient)
    scene.desk.refused(unsent, signature, WRONG)


def test_successor_reverts_when_signed_for_another_patient(scene):
    message = scene.successor(patient=scene.stranger.address)
    scene.desk.refused(message, scene.desk.sign(scene.patient, message), WRONG)
