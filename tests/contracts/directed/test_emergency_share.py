"""Breaking the glass: receipts and the custodians' shares."""

import pytest
from ape import reverts

from core.hashing import ZERO_ADDRESS, address, keccak256
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from tests.contracts.desk import only_event
from tests.contracts.directed.scene import HOUR

NONE_OPEN = "Consent: no emergency"
WRONG = "Consent: wrong signature"
OTHER_RECORD = keccak256(b"another record")


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
