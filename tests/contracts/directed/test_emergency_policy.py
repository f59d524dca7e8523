"""Breaking the glass: what a patient allows."""

import pytest

from core.hashing import ZERO_HASH
from core.records import ALL_RECORDS
from tests.contracts.desk import only_event
from tests.contracts.directed.scene import (
    CLINICIAN_ALONE,
    CLINICIAN_AND_GUARDIAN,
    TWO_CLINICIANS,
    WEEK,
)

WRONG = "Consent: wrong signature"


class TestPolicy:
    @pytest.mark.parametrize("way", ["sent", "carried"])
    def test_policy_is_set_when_controller_wants_it(self, scene, way):
        message = scene.policy(mode=TWO_CLINICIANS, delay=WEEK, window=72, record=ALL_RECORDS)
        run = scene.desk.send if way == "sent" else scene.desk.sign_and_carry
        receipt = run(message, scene.patient)
        found = scene.consent.emergency_policy(scene.patient)
        assert tuple(found) == (TWO_CLINICIANS, WEEK, 72, ALL_RECORDS)
        assert scene.seq() == message.seq + 1
        assert only_event(receipt, "EmergencyPolicySet") == {
            "patient": scene.patient.address,
            "record": ALL_RECORDS,
            "mode": TWO_CLINICIANS,
            "delay": WEEK,
            "window": 72,
        }

    def test_policy_can_be_switched_off_when_window_is_zero(self, scene):
        scene.desk.send(scene.policy(mode=0, window=0), scene.patient)
        scene.refused(scene.case(), scene.clinician, "Consent: emergencies are off")

    def test_policy_is_off_when_never_set(self, scene):
        assert tuple(scene.consent.emergency_policy(scene.stranger)) == (0, 0, 0, ZERO_HASH)
        message = scene.case(patient=scene.stranger.address)
        scene.refused(message, scene.clinician, "Consent: emergencies are off")

    @pytest.mark.parametrize(
        ("terms", "reason"),
        [
            ({"mode": 4}, "unknown mode"),
            ({"mode": 2**8 + 3}, "unknown mode"),
            ({"mode": 2**255}, "unknown mode"),
            ({"delay": WEEK + 1}, "delay too long"),
            ({"delay": 2**32}, "delay too long"),
            ({"delay": 2**255}, "delay too long"),
            ({"window": 0}, "wrong window"),
            ({"window": 73}, "wrong window"),
            ({"window": 2**8 + 1}, "wrong window"),
            ({"mode": 0, "window": 73}, "wrong window"),
        ],
    )
    def test_policy_reverts_when_a_term_is_out_of_bounds(self, scene, terms, reason):
        message = scene.policy(**terms)
        scene.refused(message, scene.patient, f"Consent: {reason}")
        signature = scene.desk.sign(scene.patient, message)
        scene.desk.refused(message, signature, f"Consent: {reason}")

    def test_policy_reverts_when_somebody_else_wants_it(self, scene):
        message = scene.policy()
        for each in (scene.stranger, scene.guardians[0], scene.regulator):
            scene.refused(message, each, "Consent: wrong sender")
            scene.desk.refused(message, scene.desk.sign(each, message), WRONG)

    def test_policy_reverts_when_its_message_is_used_twice(self, scene):
        message = scene.policy()
        signature = scene.desk.sign(scene.patient, message)
        scene.desk.carry(message, signature)
        scene.desk.refused(message, signature, WRONG)


def test_modes_differ_when_each_is_set(scene):
    for mode in (TWO_CLINICIANS, CLINICIAN_AND_GUARDIAN, CLINICIAN_ALONE):
        scene.desk.send(scene.policy(mode=mode), scene.patient)
        assert scene.consent.emergency_policy(scene.patient)[0] == mode
