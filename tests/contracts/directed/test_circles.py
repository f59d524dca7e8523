"""Circles: who a patient's guardians and custodians are, and how many act together."""

import pytest
from ape import reverts

from core.hashing import ZERO_ADDRESS, address
from tests.contracts.desk import WITHOUT_REASON, only_event
from tests.contracts.directed.scene import signer

GUARDIANS, CUSTODIANS = 0, 1

WRONG = "Consent: wrong signature"
EIGHT = tuple(signer(f"member {n}").address for n in range(8))


@pytest.fixture(params=[GUARDIANS, CUSTODIANS], ids=["guardians", "custodians"])
def circle(request):
    return request.param


@pytest.fixture
def setting(scene, circle):
    """A message that sets this circle anew."""
    return scene.guardians_set if circle == GUARDIANS else scene.custodians_set


def membership(scene, circle, account):
    return tuple(scene.consent.membership(scene.patient, circle, account))


class TestSet:
    @pytest.mark.parametrize("way", ["sent", "carried"])
    def test_circle_is_on_record_when_controller_wants_it(self, scene, circle, setting, way):
        message = setting(members=EIGHT, threshold=5)
        receipt = scene.bring(way, message, scene.patient)
        assert only_event(receipt, "CircleSet") == {
            "patient": scene.patient.address,
            "circle": circle,
            "members": list(EIGHT),
            "threshold": 5,
        }
        assert scene.seq() == message.seq + 1
        assert all(membership(scene, circle, each) == (True, 5) for each in EIGHT)

    def test_circle_replaces_the_one_before_when_set_anew(self, scene, circle, setting):
        kept, new = scene.guardians[2].address, EIGHT[0]
        scene.desk.send(setting(members=(kept, new), threshold=2), scene.patient)
        gone = scene.guardians[0] if circle == GUARDIANS else scene.custodians[1]
        assert membership(scene, circle, gone.address) == (False, 2)
        assert membership(scene, circle, kept) == (True, 2)
        assert membership(scene, circle, new) == (True, 2)

    def test_circle_leaves_the_other_alone_when_set(self, scene, circle, setting):
        other = 1 - circle
        both = scene.guardians[2].address
        assert membership(scene, other, both) == (True, 2)
        scene.desk.send(setting(members=EIGHT, threshold=8), scene.patient)
        assert membership(scene, other, both) == (True, 2)
        assert membership(scene, other, EIGHT[0]) == (False, 2)

    def test_circle_is_nobody_when_cleared(self, scene, circle, setting):
        receipt = scene.desk.send(setting(members=(), threshold=0), scene.patient)
        event = only_event(receipt, "CircleSet")
        assert (event["members"], event["threshold"]) == ([], 0)
        for account in (scene.guardians[2].address, ZERO_ADDRESS):
            assert membership(scene, circle, account) == (False, 0)

    def test_one_account_is_in_both_circles_when_both_name_it(self, scene):
        members = {"members": (EIGHT[0],), "threshold": 1}
        scene.desk.send(scene.guardians_set(**members), scene.patient)
        scene.desk.send(scene.custodians_set(**members), scene.patient)
        assert membership(scene, GUARDIANS, EIGHT[0]) == (True, 1)
        assert membership(scene, CUSTODIANS, EIGHT[0]) == (True, 1)


class TestViews:
    def test_membership_is_the_accounts_of_the_circle_alone_when_asked(self, scene):
        for account in scene.guardians:
            assert membership(scene, GUARDIANS, account.address) == (True, 2)
        for account in scene.custodians:
            assert membership(scene, CUSTODIANS, account.address) == (True, 2)
        for account in (scene.patient.address, scene.stranger.address, ZERO_ADDRESS):
            assert membership(scene, GUARDIANS, account) == (False, 2)
            assert membership(scene, CUSTODIANS, account) == (False, 2)

    def test_membership_is_nobodys_when_nothing_was_set(self, scene):
        for circle in (GUARDIANS, CUSTODIANS):
            for account in (scene.guardians[0], ZERO_ADDRESS):
                found = scene.consent.membership(scene.stranger, circle, account)
                assert tuple(found) == (False, 0)

    def test_membership_is_nobodys_when_there_is_no_such_circle(self, scene):
        for circle in (2, 2**255):
            assert membership(scene, circle, scene.guardians[0].address) == (False, 0)

    def test_standing_is_the_patient_itself_when_nothing_was_set(self, scene):
        stranger = scene.stranger.address
        assert tuple(scene.consent.standing(stranger)) == (stranger, 0, 0)

    def test_standing_counts_the_settings_of_every_kind_when_made(self, scene):
        for spent, make in enumerate(
            (scene.guardians_set, scene.custodians_set, scene.policy, scene.successor), scene.seq()
        ):
            message = make()
            assert message.seq == spent
            scene.desk.sign_and_carry(message, scene.patient)
            assert tuple(scene.consent.standing(scene.patient)) == (
                scene.patient.address,
                0,
                spent + 1,
            )


class TestRefusal:
    @pytest.mark.parametrize(
        ("members", "threshold"),
        [(EIGHT[:2], 0), (EIGHT[:2], 3), ((), 1), (EIGHT, 9), (EIGHT, 2**8 + 1), (EIGHT, 2**255)],
    )
    def test_circle_reverts_when_threshold_is_zero_or_beyond_n(
        self, scene, setting, members, threshold
    ):
        message = setting(members=members, threshold=threshold)
        scene.refused_both_ways(message, scene.patient, "Consent: wrong threshold")

    @pytest.mark.parametrize(
        "members",
        [(EIGHT[0], EIGHT[0]), (*EIGHT[:7], EIGHT[0])],
        ids=["neighbours", "first and last"],
    )
    def test_circle_reverts_when_an_account_is_named_twice(self, scene, setting, members):
        message = setting(members=members, threshold=1)
        scene.refused_both_ways(message, scene.patient, "Consent: duplicate account")

    def test_circle_reverts_when_an_account_is_empty(self, scene, setting):
        nobody = address(ZERO_ADDRESS)
        for members in ((nobody,), (*EIGHT[:7], nobody)):
            message = setting(members=members, threshold=1)
            scene.refused_both_ways(message, scene.patient, "Consent: empty account")

    def test_circle_reverts_when_it_names_the_patient(self, scene, setting):
        for members in ((scene.patient.address,), (*EIGHT[:7], scene.patient.address)):
            message = setting(members=members, threshold=1)
            scene.refused_both_ways(message, scene.patient, "Consent: own circle")

    def test_circle_reverts_when_it_names_the_patient_or_the_controller_it_has_now(
        self, scene, setting
    ):
        scene.recover(scene.stranger)
        for own in (scene.patient, scene.stranger):
            message = setting(members=(EIGHT[0], own.address), threshold=1)
            scene.refused_both_ways(message, scene.stranger, "Consent: own circle")

    def test_circle_reverts_when_nine_are_named(self, scene, setting):
        message = setting(members=(*EIGHT, signer("ninth").address), threshold=1)
        scene.refused_both_ways(message, scene.patient, WITHOUT_REASON)

    @pytest.mark.parametrize("circle", [2, 2**8, 2**255])
    def test_circle_reverts_when_there_is_no_such_circle(self, scene, circle):
        reason = "Consent: unknown circle"
        for message in (scene.guardians_set(), scene.custodians_set()):
            scene.refused_both_ways(message, scene.patient, reason, circle=circle)

    def test_circle_reverts_when_somebody_else_wants_it(self, scene, setting):
        message = setting()
        for each in (scene.stranger, scene.guardians[0], scene.regulator):
            scene.refused_of(each, message)

    def test_circle_stays_when_the_last_member_named_is_refused(self, scene, circle, setting):
        before = scene.head(), scene.seq()
        with reverts("Consent: duplicate account"):
            scene.desk.send(setting(members=(*EIGHT[:7], EIGHT[0])), scene.patient)
        assert membership(scene, circle, EIGHT[0]) == (False, 2)
        assert membership(scene, circle, scene.guardians[2].address) == (True, 2)
        assert (scene.head(), scene.seq()) == before


class TestReplay:
    def test_circle_reverts_when_its_message_is_carried_twice(self, scene, setting):
        message = setting()
        signature = scene.desk.sign(scene.patient, message)
        scene.desk.carry(message, signature)
        scene.desk.refused(message, signature, WRONG)

    def test_circle_reverts_when_another_setting_came_first(self, scene, setting):
        unsent = setting(members=EIGHT)
        signature = scene.desk.sign(scene.patient, unsent)
        scene.desk.send(scene.policy(), scene.patient)
        scene.desk.refused(unsent, signature, WRONG)

    def test_circle_reverts_when_its_message_is_one_ahead(self, scene, setting):
        message = setting(seq=scene.seq() + 1)
        signature = scene.desk.sign(scene.patient, message)
        scene.desk.refused(message, signature, WRONG)
        scene.desk.send(scene.successor(), scene.patient)
        scene.desk.carry(message, signature)

    def test_circle_reverts_when_signed_for_the_other_circle(self, scene, circle, setting):
        """Custodians must not become guardians by another's hand."""
        message = setting()
        signature = scene.desk.sign(scene.patient, message)
        scene.desk.refused(message, signature, WRONG, circle=1 - circle)

    def test_circle_reverts_when_members_are_carried_in_another_order(self, scene, setting):
        signature = scene.desk.sign(scene.patient, setting(members=EIGHT))
        scene.desk.refused(setting(members=EIGHT[::-1]), signature, WRONG)
        scene.desk.refused(setting(members=EIGHT[:7]), signature, WRONG)

    def test_circle_reverts_when_signed_for_another_patient(self, scene, setting):
        message = setting(patient=scene.stranger.address)
        scene.desk.refused(message, scene.desk.sign(scene.patient, message), WRONG)
