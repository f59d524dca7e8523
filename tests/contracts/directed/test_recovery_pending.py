"""While a recovery is pending nothing is granted and nothing set; what protects goes on."""

import pytest

from core.purposes import Purpose
from core.records import HISTORY_RECORD
from tests.contracts.desk import only_event
from tests.contracts.directed.scene import WEEK

PENDING = "Consent: recovery pending"


@pytest.fixture(scope="module", autouse=True)
def _pending(scene):
    """The clinician may read for treatment; guardians ask that control move to the stranger."""
    scene.desk.send(scene.batch(grants=[scene.grant()]), scene.patient)
    scene.propose()


def test_grant_reverts_when_a_recovery_is_pending(scene, make_grant):
    scene.refused_both_ways(make_grant(), scene.patient, PENDING)


def test_grant_in_a_batch_reverts_when_a_recovery_is_pending(scene):
    message = scene.batch(versions=[scene.version()], grants=[scene.grant()])
    scene.refused_both_ways(message, scene.patient, PENDING)


@pytest.mark.parametrize("setting", ["guardians_set", "custodians_set", "policy", "successor"])
def test_setting_reverts_when_a_recovery_is_pending(scene, setting):
    """Or else a thief of the wallet could change the guardians while they act."""
    scene.refused_both_ways(getattr(scene, setting)(), scene.patient, PENDING)


def test_controller_to_be_grants_and_sets_nothing_when_pending(scene, make_grant):
    scene.refused(make_grant(), scene.stranger, "Consent: not the controller")
    scene.refused(scene.guardians_set(), scene.stranger, PENDING)
    scene.refused(
        scene.batch(author=scene.stranger.address, versions=[scene.version()]),
        scene.stranger,
        "Consent: not an author",
    )


def test_approval_reverts_when_another_recovery_is_pending(scene):
    third = scene.guardians[2]
    for controller in (scene.stranger, scene.colleague):
        message = scene.approval(controller=controller.address)
        scene.refused_both_ways(message, third, PENDING, guardian=third.address)


@pytest.mark.parametrize("way", ["sent", "carried"])
def test_revoking_goes_on_when_pending(scene, make_revoke, way):
    assert scene.reads(purpose=Purpose.TREAT)
    scene.bring(way, make_revoke(), scene.patient)
    assert not scene.reads(purpose=Purpose.TREAT)


@pytest.mark.parametrize("way", ["sent", "carried"])
def test_revoking_everything_goes_on_when_pending(scene, make_revoke_all, way):
    receipt = scene.bring(way, make_revoke_all(), scene.patient)
    assert not scene.reads(purpose=Purpose.TREAT)
    scene.refused(scene.policy(), scene.patient, PENDING)
    scene.pass_time(WEEK)
    scene.consent.complete_recovery(scene.patient, sender=scene.stranger)
    assert tuple(scene.consent.standing(scene.patient))[:2] == (
        scene.stranger.address,
        receipt.timestamp,
    )
    assert not scene.reads(purpose=Purpose.TREAT)


def test_sealing_and_revoking_in_a_batch_goes_on_when_pending(scene):
    message = scene.batch(versions=[scene.version()], revocations=[scene.revocation()])
    scene.desk.sign_and_carry(message, scene.patient)
    assert scene.consent.records(scene.patient, HISTORY_RECORD) == message.versions[0].commitment
    assert not scene.reads(purpose=Purpose.TREAT)


def test_sealing_goes_on_when_pending(scene, make_seal):
    message = make_seal()
    scene.desk.send(message, scene.patient)
    assert scene.consent.records(scene.patient, HISTORY_RECORD) == message.commitment


def test_reading_and_asking_go_on_when_pending(scene, make_open, make_request):
    receipt = scene.desk.send(make_open(), scene.clinician)
    assert only_event(receipt, "RecordOpened")["reader"] == scene.clinician.address
    scene.desk.send(make_request(), scene.clinician)


def test_emergency_opens_and_is_refused_when_pending(scene):
    """The patient's own policy holds; whoever takes the wallet cannot have set another."""
    scene.open_case()
    assert scene.is_open()
    scene.desk.send(scene.end(), scene.patient, by=scene.patient.address)
    assert not scene.is_open()


def test_access_is_the_present_controllers_when_pending(scene):
    held = (HISTORY_RECORD, Purpose.TREAT)
    assert scene.consent.has_access(scene.patient, scene.patient, *held)
    assert not scene.consent.has_access(scene.patient, scene.stranger, *held)
