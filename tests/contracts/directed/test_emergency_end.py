"""Breaking the glass: what ends a case, and what no case touches."""

import pytest
from ape import reverts

from core.purposes import Purpose
from core.records import HISTORY_RECORD
from tests.contracts.desk import only_event
from tests.contracts.directed.conftest import KEY
from tests.contracts.directed.scene import HOUR

RUNNING = "Consent: emergency running"
NONE_OPEN = "Consent: no emergency"
WRONG = "Consent: wrong signature"


class TestEnd:
    @pytest.mark.parametrize("role", ["patient", "guardian"])
    @pytest.mark.parametrize("way", ["sent", "carried"])
    def test_veto_ends_the_case_when_patient_or_guardian_says_so(self, scene, opened, role, way):
        by = scene.patient if role == "patient" else scene.guardians[1]
        run = scene.desk.send if way == "sent" else scene.desk.sign_and_carry
        receipt = run(scene.end(), by, by=by.address)
        assert only_event(receipt, "EmergencyVetoed") == {
            "patient": scene.patient.address,
            "clinician": scene.clinician.address,
            "by": by.address,
        }
        assert not scene.is_open()
        assert not scene.reads()

    def test_veto_works_before_the_case_opens_when_delayed(self, scene):
        scene.desk.send(scene.policy(delay=HOUR), scene.patient)
        scene.open_case()
        scene.desk.send(scene.end(), scene.patient, by=scene.patient.address)
        scene.pass_time(2 * HOUR)
        assert not scene.is_open()

    def test_vetoed_clinician_waits_for_the_window_when_opening_again(self, scene, opened):
        scene.desk.send(scene.end(), scene.patient, by=scene.patient.address)
        closes_at = scene.consent.emergency_case(scene.patient, scene.clinician)[1]
        scene.refused(scene.case(), scene.clinician, RUNNING)
        scene.desk.send(scene.policy(), scene.patient)
        scene.refused(scene.case(), scene.clinician, RUNNING)
        scene.chain.pending_timestamp = closes_at
        scene.open_case()
        assert scene.is_open()

    def test_vetoed_clinician_cannot_close_to_open_again_when_the_window_runs(self, scene, opened):
        scene.desk.send(scene.end(), scene.patient, by=scene.patient.address)
        scene.refused(scene.end(), scene.clinician, NONE_OPEN, by=scene.clinician.address)

    def test_veto_leaves_another_clinicians_case_alone_when_two_are_open(self, scene, opened):
        key = KEY[:-1] + b"\0"
        scene.consent.publish_reading_key(scene.colleague, key, 0, b"", sender=scene.colleague)
        scene.desk.send(scene.case(clinician=scene.colleague.address), scene.colleague)
        scene.desk.send(scene.end(), scene.patient, by=scene.patient.address)
        assert not scene.is_open()
        assert scene.consent.is_open(scene.patient, scene.colleague)

    def test_close_lets_the_clinician_open_again_when_done(self, scene, opened):
        receipt = scene.desk.send(scene.end(), scene.clinician, by=scene.clinician.address)
        assert only_event(receipt, "EmergencyClosed") == {
            "patient": scene.patient.address,
            "clinician": scene.clinician.address,
        }
        assert not scene.is_open()
        scene.open_case()
        assert scene.is_open()

    def test_end_reverts_when_somebody_else_wants_it(self, scene, opened):
        message = scene.end()
        for each in (scene.stranger, scene.colleague, scene.regulator, scene.custodians[1]):
            signature = scene.desk.sign(each, message)
            extra = {"by": each.address}
            scene.desk.refused(message, signature, "Consent: not a guardian", **extra)

    def test_end_reverts_when_signed_by_another_than_named(self, scene, opened):
        message = scene.end()
        for named in (scene.patient, scene.guardians[0], scene.clinician):
            signature = scene.desk.sign(scene.stranger, message)
            scene.desk.refused(message, signature, WRONG, by=named.address)
            scene.refused(message, scene.stranger, "Consent: wrong sender", by=named.address)

    def test_end_reverts_when_there_is_nothing_to_end(self, scene):
        for by in (scene.patient, scene.clinician):
            scene.refused(scene.end(), by, NONE_OPEN, by=by.address)
        scene.open_case()
        scene.pass_time(24 * HOUR)
        scene.refused(scene.end(), scene.patient, NONE_OPEN, by=scene.patient.address)

    def test_end_reverts_when_it_was_signed_for_the_case_before(self, scene, opened):
        message = scene.end()
        signature = scene.desk.sign(scene.clinician, message)
        scene.desk.carry(message, signature, by=scene.clinician.address)
        scene.open_case()
        scene.desk.refused(message, signature, WRONG, by=scene.clinician.address)

    def test_case_ends_when_the_policy_is_set_anew(self, scene, opened):
        scene.desk.send(scene.policy(), scene.patient)
        assert not scene.is_open()
        assert not scene.reads()

    def test_case_ends_when_everything_is_revoked(self, scene, opened):
        scene.consent.revoke_all(scene.patient, 0, b"", sender=scene.patient)
        assert not scene.is_open()
        assert not scene.reads()

    def test_case_stays_when_another_setting_changes(self, scene, opened):
        scene.desk.send(scene.guardians_set(), scene.patient)
        scene.desk.send(scene.successor(), scene.patient)
        assert scene.is_open()

    def test_veto_is_the_new_controllers_when_control_moved(self, scene):
        scene.recover(scene.stranger)
        scene.desk.send(scene.policy(), scene.stranger)
        scene.open_case()
        old = {"by": scene.patient.address}
        scene.refused(scene.end(), scene.patient, "Consent: not a guardian", **old)
        scene.desk.send(scene.end(), scene.stranger, by=scene.stranger.address)
        assert not scene.is_open()


class TestGrantsStand:
    """E4: a case is no grant."""

    def terms(self, scene):
        return tuple(scene.consent.terms(scene.patient, scene.clinician, HISTORY_RECORD))

    def test_grant_is_untouched_when_a_case_opens_and_ends(self, scene):
        message = scene.batch(grants=[scene.grant(purposes=int(Purpose.TREAT | Purpose.HRESCH))])
        scene.desk.send(message, scene.patient)
        before = self.terms(scene)
        scene.open_case()
        assert self.terms(scene) == before
        assert scene.reads(purpose=Purpose.TREAT)
        scene.desk.send(scene.end(), scene.patient, by=scene.patient.address)
        assert self.terms(scene) == before
        assert scene.reads(purpose=Purpose.TREAT | Purpose.HRESCH)

    def test_grant_for_emergencies_outlives_a_veto_when_it_stands_by_itself(self, scene):
        message = scene.batch(grants=[scene.grant(purposes=int(Purpose.ETREAT))])
        scene.desk.send(message, scene.patient)
        scene.open_case()
        scene.desk.send(scene.end(), scene.patient, by=scene.patient.address)
        assert scene.reads()

    def test_nonce_of_grants_stays_when_a_case_opens(self, scene):
        before = self.terms(scene)
        scene.open_case()
        assert self.terms(scene) == before == (0, 0, 0, 0)

    def test_sealing_is_refused_when_only_a_case_is_open(self, scene, opened):
        with reverts("Consent: not an author"):
            scene.consent.seal.call(
                scene.patient, HISTORY_RECORD, b"\1" * 32, b"\2" * 32, b"", sender=scene.clinician
            )
