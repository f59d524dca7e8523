"""Breaking the glass: who may, when it counts, and what ends it."""

import pytest
from ape import reverts

from core.hashing import ZERO_ADDRESS, ZERO_HASH, address, keccak256
from core.purposes import Purpose
from core.records import ALL_RECORDS, HISTORY_RECORD
from tests.contracts.desk import DAY, only_event
from tests.contracts.directed.conftest import KEY
from tests.contracts.directed.scene import (
    CLINICIAN_ALONE,
    CLINICIAN_AND_GUARDIAN,
    HOUR,
    TWO_CLINICIANS,
    WEEK,
)

RUNNING = "Consent: emergency running"
NONE_OPEN = "Consent: no emergency"
WRONG = "Consent: wrong signature"
OTHER_RECORD = keccak256(b"another record")


@pytest.fixture
def opened(scene):
    scene.open_case()
    assert scene.is_open()


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


class TestOpen:
    def test_open_is_on_record_when_a_clinician_alone_may(self, scene):
        message = scene.case()
        receipt = scene.desk.send(message, scene.clinician)
        closes_at = receipt.timestamp + 24 * HOUR
        assert only_event(receipt, "EmergencyOpened") == {
            "patient": scene.patient.address,
            "clinician": scene.clinician.address,
            "record": HISTORY_RECORD,
            "cosigner": ZERO_ADDRESS,
            "reader_key": keccak256(KEY),
            "reason": message.reason,
            "opens_at": receipt.timestamp,
            "closes_at": closes_at,
        }
        case = tuple(scene.consent.emergency_case(scene.patient, scene.clinician))
        assert case == (receipt.timestamp, closes_at, message.seq + 1)

    def test_open_works_when_carried(self, scene):
        scene.desk.sign_and_carry(scene.case(), scene.clinician)
        assert scene.is_open()

    def test_access_is_for_emergency_treatment_of_that_record_when_open(self, scene, opened):
        assert scene.reads()
        assert not scene.reads(OTHER_RECORD)
        assert not scene.reads(ALL_RECORDS)
        for purpose in (0, 1, 3, 4, 2**31, 2**33, 2**32 | 2, 2**120 | 2, 2**255):
            assert not scene.reads(purpose=purpose)

    def test_access_is_to_every_record_when_the_policy_says_so(self, scene):
        scene.desk.send(scene.policy(record=ALL_RECORDS), scene.patient)
        scene.open_case()
        assert scene.reads()
        assert scene.reads(OTHER_RECORD)

    def test_access_is_nobody_elses_when_open(self, scene, opened):
        for each in (scene.colleague, scene.stranger, scene.guardians[0], ZERO_ADDRESS):
            assert not scene.consent.is_open(scene.patient, each)
            assert not scene.consent.has_access(scene.patient, each, HISTORY_RECORD, Purpose.ETREAT)

    def test_access_begins_and_ends_on_the_second_when_delayed(self, scene):
        scene.desk.send(scene.policy(delay=HOUR, window=1), scene.patient)
        receipt = scene.desk.send(scene.case(), scene.clinician)
        opens_at = receipt.timestamp + HOUR
        for moment, expected in (
            (opens_at - 1, False),
            (opens_at, True),
            (opens_at + HOUR - 1, True),
            (opens_at + HOUR, False),
        ):
            scene.chain.pending_timestamp = moment
            scene.chain.mine()
            assert (scene.is_open(), scene.reads()) == (expected, expected)

    def test_open_reverts_when_one_is_running(self, scene, opened):
        scene.refused(scene.case(), scene.clinician, RUNNING)

    def test_open_reverts_when_one_is_waiting_for_its_delay(self, scene):
        scene.desk.send(scene.policy(delay=HOUR), scene.patient)
        scene.open_case()
        scene.refused(scene.case(), scene.clinician, RUNNING)

    def test_open_works_again_when_the_window_has_passed(self, scene, opened):
        scene.pass_time(24 * HOUR)
        assert not scene.is_open()
        scene.open_case()
        assert scene.is_open()

    def test_open_reverts_when_its_message_is_used_twice(self, scene):
        message = scene.case(deadline=scene.now() + WEEK)
        signature = scene.desk.sign(scene.clinician, message)
        scene.desk.carry(message, signature)
        scene.pass_time(24 * HOUR)
        scene.desk.refused(message, signature, WRONG)

    def test_open_reverts_when_the_clinician_has_no_reading_key(self, scene):
        message = scene.case(clinician=scene.colleague.address)
        scene.refused(message, scene.colleague, "Consent: no reading key")

    def test_open_reverts_when_no_reason_is_given(self, scene):
        message = scene.case(reason=ZERO_HASH)
        scene.refused(message, scene.clinician, "Consent: empty reason")

    def test_open_reverts_when_sent_by_another(self, scene):
        scene.refused(scene.case(), scene.colleague, "Consent: wrong sender")

    def test_open_reverts_when_signed_for_the_policy_before(self, scene):
        message = scene.case()
        signature = scene.desk.sign(scene.clinician, message)
        scene.desk.send(scene.policy(record=OTHER_RECORD), scene.patient)
        scene.desk.refused(message, signature, WRONG)


class TestLicence:
    UNLICENSED = "Consent: not licensed"

    def test_open_reverts_when_the_licence_was_revoked(self, scene):
        scene.credentials.revoke_license(scene.clinician, sender=scene.issuer)
        scene.refused(scene.case(), scene.clinician, self.UNLICENSED)

    def test_open_reverts_when_the_licence_has_run_out(self, scene):
        scene.pass_time(366 * DAY)
        scene.refused(scene.case(), scene.clinician, self.UNLICENSED)

    def test_open_reverts_when_the_issuer_is_none_any_more(self, scene):
        scene.credentials.remove_issuer(scene.issuer, sender=scene.regulator)
        scene.refused(scene.case(), scene.clinician, self.UNLICENSED)

    @pytest.mark.parametrize("cause", ["revoked", "ran out", "issuer removed"])
    def test_case_ends_when_the_licence_does(self, scene, cause):
        until = scene.now() + 2 * HOUR
        scene.credentials.license(scene.clinician, until, sender=scene.issuer)
        scene.open_case()
        assert scene.is_open()
        if cause == "revoked":
            scene.credentials.revoke_license(scene.clinician, sender=scene.regulator)
        elif cause == "ran out":
            scene.pass_time(2 * HOUR)
        else:
            scene.credentials.remove_issuer(scene.issuer, sender=scene.regulator)
        assert not scene.is_open()
        assert not scene.reads()


class TestCosigner:
    @pytest.fixture
    def two_clinicians(self, scene):
        scene.desk.send(scene.policy(mode=TWO_CLINICIANS), scene.patient)

    @pytest.fixture
    def with_guardian(self, scene):
        scene.desk.send(scene.policy(mode=CLINICIAN_AND_GUARDIAN), scene.patient)

    def signed(self, scene, message, signer):
        signature = scene.desk.sign(signer, message)
        extra = {"cosigner": signer.address, "cosignature": signature}
        return {**extra, "deadline": message.deadline}

    def test_open_works_when_two_clinicians_sign(self, scene, two_clinicians):
        message = scene.case()
        extra = self.signed(scene, message, scene.colleague)
        receipt = scene.desk.sign_and_carry(message, scene.clinician, **extra)
        assert only_event(receipt, "EmergencyOpened")["cosigner"] == scene.colleague.address
        assert scene.is_open()
        assert not scene.consent.is_open(scene.patient, scene.colleague)

    def test_open_works_when_the_clinician_sends_and_the_other_signs(self, scene, two_clinicians):
        message = scene.case()
        extra = self.signed(scene, message, scene.colleague)
        scene.desk.send(message, scene.clinician, **extra)
        assert scene.is_open()

    def test_open_works_when_the_other_sends_and_the_clinician_signs(self, scene, two_clinicians):
        message = scene.case()
        signature = scene.desk.sign(scene.clinician, message)
        scene.desk.carry(
            message, signature, sender=scene.colleague, cosigner=scene.colleague.address
        )
        assert scene.is_open()

    def test_open_works_when_a_guardian_signs(self, scene, with_guardian):
        message = scene.case()
        extra = self.signed(scene, message, scene.guardians[2])
        scene.desk.send(message, scene.clinician, **extra)
        assert scene.is_open()

    def test_open_reverts_when_two_are_needed_and_one_comes(self, scene, two_clinicians):
        scene.refused(scene.case(), scene.clinician, "Consent: not licensed")

    def test_open_reverts_when_a_guardian_is_needed_and_none_comes(self, scene, with_guardian):
        scene.refused(scene.case(), scene.clinician, "Consent: not a guardian")

    def test_open_reverts_when_a_clinician_is_its_own_second(self, scene, two_clinicians):
        message = scene.case()
        extra = self.signed(scene, message, scene.clinician)
        scene.refused(message, scene.clinician, "Consent: wrong cosigner", **extra)

    def test_open_reverts_when_a_clinician_alone_brings_somebody(self, scene):
        message = scene.case()
        extra = self.signed(scene, message, scene.colleague)
        scene.refused(message, scene.clinician, "Consent: wrong cosigner", **extra)

    def test_open_reverts_when_the_second_is_no_clinician(self, scene, two_clinicians):
        message = scene.case()
        for each in (scene.stranger, scene.guardians[0]):
            extra = self.signed(scene, message, each)
            scene.refused(message, scene.clinician, "Consent: not licensed", **extra)

    def test_open_reverts_when_the_second_is_no_guardian(self, scene, with_guardian):
        message = scene.case()
        for each in (scene.stranger, scene.colleague):
            extra = self.signed(scene, message, each)
            scene.refused(message, scene.clinician, "Consent: not a guardian", **extra)

    @pytest.mark.parametrize("mode", [TWO_CLINICIANS, CLINICIAN_AND_GUARDIAN])
    def test_open_reverts_when_the_second_did_not_sign_this(self, scene, mode):
        scene.desk.send(scene.policy(mode=mode), scene.patient)
        second = scene.colleague if mode == TWO_CLINICIANS else scene.guardians[0]
        message = scene.case()
        deadline = message.deadline
        other = scene.desk.sign(second, scene.case(reason=keccak256(b"another")))
        for signature in (other, scene.desk.sign(scene.clinician, message), bytes(65)):
            extra = {"cosigner": second.address, "cosignature": signature, "deadline": deadline}
            scene.refused(message, scene.clinician, WRONG, **extra)
        extra = {"cosigner": second.address}
        scene.refused(message, scene.clinician, "Consent: wrong sender", **extra)

    def test_open_reverts_when_the_first_did_not_sign(self, scene, two_clinicians):
        """The second clinician must not be able to open a case for the first."""
        message = scene.case()
        extra = {"cosigner": scene.colleague.address}
        scene.refused(message, scene.colleague, "Consent: wrong sender", **extra)
        scene.desk.refused(message, scene.desk.sign(scene.colleague, message), WRONG, **extra)


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


class TestReceipt:
    def test_receipt_is_left_when_a_case_is_open(self, scene, opened):
        receipt = scene.consent.open_record(
            scene.clinician,
            scene.patient,
            HISTORY_RECORD,
            int(Purpose.ETREAT),
            0,
            b"",
            sender=scene.clinician,
        )
        assert only_event(receipt, "RecordOpened")["purpose"] == Purpose.ETREAT

    @pytest.mark.parametrize(
        ("record", "purpose"),
        [(HISTORY_RECORD, Purpose.TREAT), (OTHER_RECORD, Purpose.ETREAT)],
    )
    def test_receipt_reverts_when_the_case_does_not_cover_it(self, scene, opened, record, purpose):
        arguments = (scene.clinician, scene.patient, record, int(purpose), 0, b"")
        with reverts("Consent: no access"):
            scene.consent.open_record.call(*arguments, sender=scene.clinician)


class TestShares:
    @pytest.mark.parametrize("way", ["sent", "carried"])
    def test_share_is_on_record_when_the_case_is_open(self, scene, opened, way):
        custodian = scene.custodians[0]
        run = scene.desk.send if way == "sent" else scene.desk.sign_and_carry
        message = scene.share()
        assert only_event(run(message, custodian), "ShareReleased") == {
            "patient": scene.patient.address,
            "clinician": scene.clinician.address,
            "custodian": custodian.address,
            "share": message.share,
        }

    def test_share_works_once_for_each_custodian_when_open(self, scene, opened):
        for custodian in scene.custodians:
            message = scene.share(custodian=custodian.address)
            signature = scene.desk.sign(custodian, message)
            scene.desk.carry(message, signature)
            scene.desk.refused(message, signature, "Consent: share released")

    def test_share_works_again_when_a_new_case_is_open(self, scene, opened):
        scene.desk.send(scene.share(), scene.custodians[0])
        scene.desk.send(scene.end(), scene.clinician, by=scene.clinician.address)
        scene.open_case()
        scene.desk.send(scene.share(), scene.custodians[0])

    def test_share_reverts_when_there_is_no_open_case(self, scene):
        custodian = scene.custodians[0]
        scene.refused(scene.share(), custodian, NONE_OPEN)
        scene.desk.send(scene.policy(delay=HOUR), scene.patient)
        scene.open_case()
        scene.refused(scene.share(), custodian, NONE_OPEN)
        scene.pass_time(HOUR)
        scene.desk.send(scene.end(), scene.patient, by=scene.patient.address)
        scene.refused(scene.share(), custodian, NONE_OPEN)

    def test_share_reverts_when_it_is_no_custodians(self, scene, opened):
        for each in (scene.stranger, scene.guardians[0], scene.clinician, scene.patient):
            message = scene.share(custodian=each.address)
            scene.refused(message, each, "Consent: not a custodian")
        nobody = scene.share(custodian=address(ZERO_ADDRESS))
        scene.refused(nobody, scene.stranger, "Consent: not a custodian")

    def test_share_reverts_when_the_custodian_was_replaced(self, scene, opened):
        members = (scene.custodians[1].address,)
        message = scene.custodians_set(members=members, threshold=1)
        scene.desk.send(message, scene.patient)
        assert scene.is_open()
        scene.refused(scene.share(), scene.custodians[0], "Consent: not a custodian")

    def test_share_reverts_when_signed_for_another_case(self, scene, opened):
        message = scene.share()
        signature = scene.desk.sign(scene.custodians[0], message)
        scene.desk.send(scene.end(), scene.clinician, by=scene.clinician.address)
        scene.open_case()
        scene.desk.refused(message, signature, WRONG)


def test_modes_differ_when_each_is_set(scene):
    for mode in (TWO_CLINICIANS, CLINICIAN_AND_GUARDIAN, CLINICIAN_ALONE):
        scene.desk.send(scene.policy(mode=mode), scene.patient)
        assert scene.consent.emergency_policy(scene.patient)[0] == mode
