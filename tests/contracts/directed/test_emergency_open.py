"""Breaking the glass: who may, and what an open case gives."""

import pytest

from core.hashing import ZERO_ADDRESS, ZERO_HASH, keccak256
from core.purposes import Purpose
from core.records import ALL_RECORDS, HISTORY_RECORD
from tests.contracts.desk import DAY, only_event
from tests.contracts.directed.conftest import KEY
from tests.contracts.directed.scene import CLINICIAN_AND_GUARDIAN, HOUR, TWO_CLINICIANS, WEEK

RUNNING = "Consent: emergency running"
WRONG = "Consent: wrong signature"
OTHER_RECORD = keccak256(b"another record")


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
