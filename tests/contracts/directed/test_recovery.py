"""A way back from a lost wallet: guardians ask, the controller can refuse, anybody completes."""

import pytest
from ape import reverts

from core.hashing import ZERO_ADDRESS, address
from tests.contracts.desk import only_event
from tests.contracts.directed.scene import WEEK, signer

WRONG = "Consent: wrong signature"
NO_GUARDIAN = "Consent: not a guardian"
NONE_PENDING = "Consent: no recovery pending"
NONE = (ZERO_ADDRESS, 0)


@pytest.fixture
def due(scene):
    """Two guardians asked that control move to the stranger; when it can."""
    return scene.propose()


def pending(scene):
    return tuple(scene.consent.recovery(scene.patient))


class TestApproval:
    @pytest.mark.parametrize("way", ["sent", "carried"])
    def test_approval_is_on_record_and_moves_nothing_when_it_is_the_first(self, scene, way):
        message, guardian = scene.approval(), scene.guardians[0]
        receipt = scene.bring(way, message, guardian, guardian=guardian.address)
        assert only_event(receipt, "RecoveryApproved") == {
            "patient": scene.patient.address,
            "controller": scene.stranger.address,
            "guardian": guardian.address,
        }
        assert pending(scene) == NONE
        assert scene.seq() == message.seq

    @pytest.mark.parametrize("threshold", [1, 2, 3])
    def test_recovery_is_pending_when_as_many_as_the_threshold_ask(self, scene, threshold):
        scene.desk.send(scene.guardians_set(threshold=threshold), scene.patient)
        before = scene.seq()
        for guardian in scene.guardians[:threshold]:
            assert pending(scene) == NONE
            receipt = scene.approve(guardian)
        approved, proposed = receipt.events
        assert approved.event_name == "RecoveryApproved"
        assert proposed.event_name == "RecoveryProposed"
        due = receipt.timestamp + WEEK
        assert proposed.event_arguments == {
            "patient": scene.patient.address,
            "controller": scene.stranger.address,
            "due": due,
        }
        assert pending(scene) == (scene.stranger.address, due)
        assert scene.seq() == before + 1
        assert scene.controller() == scene.patient.address

    def test_approvals_do_not_add_up_when_they_name_different_controllers(self, scene):
        first, second, third = scene.guardians
        scene.approve(first, controller=scene.stranger.address)
        scene.approve(second, controller=scene.colleague.address)
        assert pending(scene) == NONE
        scene.approve(third, controller=scene.colleague.address)
        assert pending(scene)[0] == scene.colleague.address

    def test_approvals_of_the_other_controller_die_when_one_is_proposed(self, scene):
        first, second, third = scene.guardians
        unsent = scene.approval(deadline=scene.now() + 2 * WEEK)
        signature = scene.desk.sign(third, unsent)
        scene.approve(first)
        scene.propose(scene.colleague)
        scene.desk.send(scene.veto(controller=scene.colleague.address), scene.patient)
        scene.desk.refused(unsent, signature, WRONG, guardian=third.address)
        scene.approve(second)
        assert pending(scene) == NONE

    def test_guardian_may_ask_for_two_controllers_when_neither_is_proposed(self, scene):
        scene.approve(scene.guardians[0], controller=scene.stranger.address)
        scene.approve(scene.guardians[0], controller=scene.colleague.address)
        scene.approve(scene.guardians[1], controller=scene.stranger.address)
        assert pending(scene)[0] == scene.stranger.address

    def test_guardian_may_ask_for_itself_when_others_do_too(self, scene):
        scene.recover(scene.guardians[0])
        assert scene.controller() == scene.guardians[0].address

    def test_approval_reverts_when_given_twice(self, scene):
        message, guardian = scene.approval(), scene.guardians[0]
        extra = {"guardian": guardian.address}
        scene.desk.sign_and_carry(message, guardian, **extra)
        scene.refused_both_ways(message, guardian, "Consent: duplicate account", **extra)
        assert pending(scene) == NONE

    def test_approval_reverts_when_it_is_no_guardians(self, scene):
        message = scene.approval()
        for each in (scene.stranger, scene.clinician, scene.patient, scene.custodians[1]):
            signature = scene.desk.sign(each, message)
            scene.desk.refused(message, signature, NO_GUARDIAN, guardian=each.address)
        scene.refused(message, scene.stranger, NO_GUARDIAN, guardian=ZERO_ADDRESS)

    def test_approval_reverts_when_a_guardian_is_named_who_did_not_sign(self, scene):
        extra = {"guardian": scene.guardians[0].address}
        for each in (scene.guardians[1], scene.stranger):
            scene.refused_of(each, scene.approval(), **extra)

    def test_approval_reverts_when_the_patient_named_no_guardians(self, scene):
        scene.desk.send(scene.guardians_set(members=(), threshold=0), scene.patient)
        for each in (scene.guardians[0].address, ZERO_ADDRESS):
            scene.refused(scene.approval(), scene.guardians[0], NO_GUARDIAN, guardian=each)

    def test_approval_reverts_when_the_controller_is_empty(self, scene):
        message = scene.approval(controller=address(ZERO_ADDRESS))
        extra = {"guardian": scene.guardians[0].address}
        scene.refused_both_ways(message, scene.guardians[0], "Consent: empty account", **extra)

    def test_approval_reverts_when_control_would_stay_where_it_is(self, scene):
        message = scene.approval(controller=scene.patient.address)
        extra = {"guardian": scene.guardians[0].address}
        scene.refused_both_ways(message, scene.guardians[0], "Consent: same controller", **extra)


class TestApprovalsWhileSettingsChange:
    @pytest.mark.parametrize("setting", ["guardians", "custodians", "policy", "successor"])
    def test_approvals_are_void_when_something_is_set_between_them(self, scene, setting):
        make = {
            "guardians": scene.guardians_set,
            "custodians": scene.custodians_set,
            "policy": scene.policy,
            "successor": scene.successor,
        }[setting]
        first, second, _ = scene.guardians
        unsent = scene.approval()
        signature = scene.desk.sign(second, unsent)
        scene.approve(first)
        scene.desk.send(make(), scene.patient)
        scene.desk.refused(unsent, signature, WRONG, guardian=second.address)
        scene.approve(second)
        assert pending(scene) == NONE
        scene.approve(first)
        assert pending(scene)[0] == scene.stranger.address

    def test_approval_reverts_when_the_guardian_was_replaced(self, scene):
        former, kept, _ = scene.guardians
        scene.approve(former)
        new = signer("new guardian")
        members = (kept.address, new.address)
        scene.desk.send(scene.guardians_set(members=members), scene.patient)
        scene.refused(scene.approval(), former, NO_GUARDIAN, guardian=former.address)
        scene.approve(kept)
        assert pending(scene) == NONE
        scene.desk.sign_and_carry(scene.approval(), new, guardian=new.address)
        assert pending(scene)[0] == scene.stranger.address

    def test_approval_signed_ahead_counts_when_its_number_comes(self, scene):
        first = scene.guardians[0]
        message = scene.approval(seq=scene.seq() + 1)
        signature = scene.desk.sign(first, message)
        scene.desk.refused(message, signature, WRONG, guardian=first.address)
        scene.desk.send(scene.policy(), scene.patient)
        scene.desk.carry(message, signature, guardian=first.address)


class TestVeto:
    @pytest.mark.parametrize("way", ["sent", "carried"])
    def test_veto_ends_the_recovery_when_the_controller_refuses(self, scene, due, way):
        message = scene.veto()
        receipt = scene.bring(way, message, scene.patient)
        assert only_event(receipt, "RecoveryVetoed") == {
            "patient": scene.patient.address,
            "controller": scene.stranger.address,
        }
        assert pending(scene) == NONE
        assert scene.seq() == message.seq + 1
        scene.desk.send(scene.policy(), scene.patient)

    def test_veto_works_after_the_week_when_nobody_has_completed_it(self, scene, due):
        scene.pass_time(2 * WEEK)
        scene.desk.send(scene.veto(), scene.patient)
        scene.pass_time(WEEK)
        scene.refuses_to_complete(scene.stranger, NONE_PENDING)
        assert scene.controller() == scene.patient.address

    def test_veto_reverts_when_somebody_else_wants_it(self, scene, due):
        for each in (scene.stranger, scene.guardians[0], scene.guardians[2], scene.regulator):
            scene.refused_of(each, scene.veto())

    def test_veto_reverts_when_none_is_pending(self, scene):
        message = scene.veto()
        scene.refused_both_ways(message, scene.patient, NONE_PENDING)
        scene.approve(scene.guardians[0])
        scene.refused_both_ways(message, scene.patient, NONE_PENDING)

    def test_veto_reverts_when_it_names_another_controller(self, scene, due):
        message = scene.veto(controller=scene.colleague.address)
        scene.desk.refused(message, scene.desk.sign(scene.patient, message), WRONG)

    def test_veto_reverts_when_carried_against_a_later_recovery(self, scene, due):
        message = scene.veto()
        signature = scene.desk.sign(scene.patient, message)
        scene.desk.carry(message, signature)
        scene.desk.refused(message, signature, NONE_PENDING)
        scene.propose()
        scene.desk.refused(message, signature, WRONG)

    def test_guardians_begin_anew_when_refused(self, scene, due):
        scene.desk.send(scene.veto(), scene.patient)
        scene.approve(scene.guardians[0])
        assert pending(scene) == NONE
        later = scene.approve(scene.guardians[1]).timestamp + WEEK
        assert pending(scene) == (scene.stranger.address, later)


class TestComplete:
    def test_recovery_completes_on_the_second_when_due(self, scene, due):
        scene.chain.pending_timestamp = due - 1
        with reverts("Consent: recovery not due"):
            scene.consent.complete_recovery(scene.patient, sender=scene.stranger)
        scene.chain.pending_timestamp = due
        receipt = scene.consent.complete_recovery(scene.patient, sender=scene.stranger)
        assert receipt.timestamp == due
        assert only_event(receipt, "RecoveryCompleted") == {
            "patient": scene.patient.address,
            "controller": scene.stranger.address,
        }
        assert pending(scene) == NONE
        assert scene.controller() == scene.stranger.address

    @pytest.mark.parametrize("role", ["colleague", "patient", "regulator", "relayer"])
    def test_anybody_completes_it_when_due(self, scene, due, role):
        by = scene.desk.relayer if role == "relayer" else getattr(scene, role)
        scene.pass_time(WEEK)
        scene.consent.complete_recovery(scene.patient, sender=by)
        assert scene.controller() == scene.stranger.address

    def test_complete_reverts_when_it_is_not_due(self, scene, due):
        for by in (scene.stranger, scene.guardians[0], scene.patient):
            scene.refuses_to_complete(by, "Consent: recovery not due")

    def test_complete_reverts_when_too_few_asked(self, scene):
        scene.approve(scene.guardians[0])
        scene.pass_time(WEEK)
        scene.refuses_to_complete(scene.stranger, NONE_PENDING)

    def test_complete_reverts_when_it_was_refused(self, scene, due):
        scene.desk.send(scene.veto(), scene.patient)
        scene.pass_time(WEEK)
        scene.refuses_to_complete(scene.stranger, NONE_PENDING)

    def test_complete_reverts_when_done_already(self, scene):
        scene.recover(scene.stranger)
        scene.refuses_to_complete(scene.stranger, NONE_PENDING)
        scene.refused(scene.veto(), scene.stranger, NONE_PENDING)

    def test_complete_touches_no_other_patient_when_due(self, scene, due):
        scene.pass_time(WEEK)
        scene.consent.complete_recovery(scene.patient, sender=scene.stranger)
        for each in (scene.stranger, scene.clinician, scene.guardians[0]):
            assert scene.consent.standing(each)[0] == each.address
