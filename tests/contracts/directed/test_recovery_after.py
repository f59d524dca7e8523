"""When control has moved: what the heads say, who sets and signs, and the way back once more."""

import pytest

from core.hashing import keccak256
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from tests.contracts import heads
from tests.contracts.directed.scene import WEEK

WRONG = "Consent: wrong signature"
HELD = (HISTORY_RECORD, Purpose.TREAT)


@pytest.fixture
def moved(scene):
    """The stranger controls the patient's record."""
    scene.recover(scene.stranger)
    return scene.stranger


def moved_bit(scene):
    return scene.head()[-1] & 1


def recomputed(scene):
    """The patient's head and the roster head that the logs add up to."""
    unheaded = [keccak256(b"ReadingKeyPublished(address,bytes32,bytes)")]
    found, roster = heads.recompute(heads.raw_logs(scene.chain, scene.consent.address), unheaded)
    return found[heads.word(scene.patient)], roster


class TestHeads:
    def test_moved_bit_is_set_when_control_moves_and_not_before(self, scene):
        assert moved_bit(scene) == 0
        scene.propose()
        assert moved_bit(scene) == 0
        scene.pass_time(WEEK)
        scene.consent.complete_recovery(scene.patient, sender=scene.stranger)
        assert moved_bit(scene) == 1

    def test_moved_bit_stays_when_the_new_controller_writes(self, scene, moved, make_revoke):
        for message in (
            scene.policy(),
            scene.batch(author=moved.address, versions=[scene.version()], grants=[scene.grant()]),
            make_revoke(),
        ):
            scene.desk.send(message, moved)
            assert moved_bit(scene) == 1

    def test_moved_bit_stays_when_control_moves_back(self, scene, moved):
        scene.recover(scene.patient)
        assert moved_bit(scene) == 1

    def test_heads_equal_the_recomputation_when_guardians_acted(self, scene):
        """Every event of circles, recoveries and successors, over a bit that changes."""
        scene.propose()
        scene.desk.send(scene.veto(), scene.patient)
        scene.recover(scene.stranger)
        for message in (
            scene.guardians_set(members=(), threshold=0),
            scene.custodians_set(),
            scene.successor(),
            scene.batch(author=scene.stranger.address, revocations=[scene.revocation()]),
        ):
            scene.desk.send(message, scene.stranger)
        head, roster = recomputed(scene)
        assert scene.head() == head
        assert scene.consent.roster_head() == roster


class TestPower:
    """What `tests/contracts/test_controller.py` holds of every day's writes holds of the rest."""

    @pytest.mark.parametrize("setting", ["guardians_set", "custodians_set", "policy", "successor"])
    @pytest.mark.parametrize("way", ["sent", "carried"])
    def test_setting_is_the_new_controllers_when_moved(self, scene, moved, setting, way):
        message = getattr(scene, setting)()
        scene.refused_of(scene.patient, message)
        scene.bring(way, message, moved)
        assert scene.seq() == message.seq + 1

    def test_batch_is_the_new_controllers_when_moved(self, scene, moved):
        parts = {"versions": [scene.version()], "grants": [scene.grant()]}
        mine = scene.batch(author=moved.address, **parts)
        scene.desk.sign_and_carry(mine, moved)
        assert scene.reads(purpose=Purpose.TREAT)
        again = {"versions": [scene.version(commitment=keccak256(b"by the old key"))]}
        old = scene.batch(**again)
        scene.refused_both_ways(old, scene.patient, "Consent: not an author")
        for part in ({"grants": [scene.grant()]}, {"revocations": [scene.revocation()]}):
            old = scene.batch(**part)
            scene.refused_both_ways(old, scene.patient, "Consent: not the controller")

    def test_setting_signed_before_dies_when_control_moves(self, scene):
        unsent = scene.policy(deadline=scene.now() + 4 * WEEK)
        signature = scene.desk.sign(scene.patient, unsent)
        scene.recover(scene.stranger)
        scene.desk.refused(unsent, signature, WRONG)

    def test_settings_stay_when_control_moves(self, scene, moved):
        assert tuple(scene.consent.membership(scene.patient, 0, scene.guardians[0])) == (True, 2)
        assert tuple(scene.consent.membership(scene.patient, 1, scene.custodians[0])) == (True, 2)
        assert scene.consent.emergency_policy(scene.patient)[0] == scene.policy().mode

    def test_open_case_stays_when_control_moves(self, scene):
        scene.desk.send(scene.policy(window=72, delay=6 * 86_400), scene.patient)
        scene.open_case()
        scene.recover(scene.stranger)
        assert scene.is_open()

    def test_grant_to_the_new_controller_does_not_limit_it_when_moved(self, scene):
        mine = scene.grant(grantee=scene.stranger.address)
        scene.desk.send(scene.batch(grants=[mine]), scene.patient)
        scene.recover(scene.stranger)
        anything = (keccak256(b"any record"), 2**32 - 1)
        assert scene.consent.has_access(scene.patient, scene.stranger, *anything)

    def test_guardian_keeps_its_seat_when_it_became_the_controller(self, scene):
        guardian = scene.guardians[0]
        scene.recover(guardian)
        assert tuple(scene.consent.membership(scene.patient, 0, guardian)) == (True, 2)
        own = scene.guardians_set()
        scene.refused_both_ways(own, guardian, "Consent: own circle")


class TestSecondRecovery:
    def test_control_moves_on_when_guardians_ask_again(self, scene, moved):
        scene.recover(scene.colleague)
        assert scene.controller() == scene.colleague.address
        assert scene.consent.has_access(scene.patient, scene.colleague, *HELD)
        assert not scene.consent.has_access(scene.patient, moved, *HELD)
        scene.refused_of(moved, scene.policy())

    def test_control_comes_back_to_the_patient_when_guardians_ask_for_it(self, scene, moved):
        scene.recover(scene.patient)
        assert scene.controller() == scene.patient.address
        assert scene.consent.has_access(scene.patient, scene.patient, *HELD)
        assert not scene.consent.has_access(scene.patient, moved, *HELD)
        scene.desk.send(scene.policy(), scene.patient)

    @pytest.mark.parametrize("voided", [False, True], ids=["as it was", "revoked in between"])
    def test_unsent_grant_counts_again_when_control_comes_back_within_its_deadline(
        self, scene, make_grant, make_revoke_all, voided
    ):
        unsent = make_grant(deadline=scene.now() + 4 * WEEK)
        signature = scene.desk.sign(scene.patient, unsent)
        scene.recover(scene.stranger)
        scene.desk.refused(unsent, signature, WRONG)
        if voided:
            scene.desk.send(make_revoke_all(), scene.stranger)
        scene.recover(scene.patient)
        if voided:
            scene.desk.refused(unsent, signature, WRONG)
        else:
            scene.desk.carry(unsent, signature)
            assert scene.reads(purpose=Purpose.TREAT)

    def test_recovery_reverts_when_it_names_the_new_controller(self, scene, moved):
        guardian = scene.guardians[0]
        extra = {"guardian": guardian.address}
        scene.refused_both_ways(scene.approval(), guardian, "Consent: same controller", **extra)

    def test_veto_is_the_new_controllers_when_asked_again(self, scene, moved):
        scene.propose(scene.colleague)
        message = scene.veto(controller=scene.colleague.address)
        scene.refused_of(scene.patient, message)
        scene.desk.send(message, moved)
        assert scene.controller() == moved.address

    def test_approvals_of_the_first_do_not_count_when_asked_again(self, scene):
        third = scene.guardians[2]
        unsent = scene.approval(deadline=scene.now() + 4 * WEEK)
        signature = scene.desk.sign(third, unsent)
        scene.recover(scene.stranger)
        scene.recover(scene.patient)
        scene.desk.refused(unsent, signature, WRONG, guardian=third.address)
        scene.approve(scene.guardians[0])
        scene.pass_time(WEEK)
        scene.refuses_to_complete(scene.stranger, "Consent: no recovery pending")
