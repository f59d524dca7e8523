"""What went wrong in other people's consent contracts, and that it cannot here."""

from dataclasses import replace

import ape
import pytest

from core.hashing import ZERO_ADDRESS, address, keccak256
from core.purposes import Purpose
from core.records import ALL_RECORDS, HISTORY_RECORD
from core.typed_data import OpenEmergency, SetEmergencyPolicy
from tests.contracts.desk import DAY

HELD = (HISTORY_RECORD, Purpose.TREAT)


def test_grant_is_not_replayed_when_it_was_revoked(
    consent, desk, make_grant, make_revoke, patient, doctor
):
    """IPEHR, orms147: the old signature gave access once more."""
    message = make_grant()
    signature = desk.sign(patient, message)
    desk.carry(message, signature)
    desk.send(make_revoke(), patient)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(message, signature)
    assert not consent.has_access(patient, doctor, *HELD)


def test_grant_is_not_taken_when_signed_for_another_chain_or_contract(
    desk, make_grant, patient, stranger
):
    """IPEHR: neither was in what people signed."""
    message = make_grant()
    for elsewhere in (
        replace(desk.domain, chain_id=desk.domain.chain_id + 1),
        replace(desk.domain, verifying_contract=address(stranger.address)),
    ):
        signature = replace(desk, domain=elsewhere).sign(patient, message)
        desk.refused(message, signature, "Consent: wrong signature")


def test_nobody_grants_himself_when_he_deployed_or_regulates(
    consent, desk, make_grant, relayer, regulator
):
    """orms147: an admin could. Here nobody is one."""
    for powerful in (relayer, regulator):
        message = make_grant(grantee=powerful.address)
        with ape.reverts("Consent: not the controller"):
            desk.send(message, powerful)
        desk.refused(message, desk.sign(powerful, message), "Consent: wrong signature")


@pytest.mark.parametrize("who", ["stranger", "doctor", "relayer"])
def test_nobody_grants_when_the_patient_did_not(desk, make_grant, request, who):
    """Ankur: grants were not checked against anybody."""
    with ape.reverts("Consent: not the controller"):
        desk.send(make_grant(), request.getfixturevalue(who))


@pytest.fixture
def policy(consent, desk, patient, now):
    """The patient allows emergencies by one clinician alone, for the history only."""

    def allow(record):
        message = SetEmergencyPolicy(
            patient=patient.address,
            mode=3,
            delay=0,
            window=24,
            record=record,
            seq=consent.standing(patient)[2],
            deadline=now() + DAY,
        )
        desk.send(message, patient)

    return allow


@pytest.fixture
def make_case(consent, patient, now):
    def make(clinician, record):
        return OpenEmergency(
            patient=patient.address,
            clinician=clinician.address,
            record=record,
            reader_key=bytes(consent.reading_keys(clinician)),
            reason=keccak256(b"reason"),
            seq=consent.emergency_case(patient, clinician)[2],
            deadline=now() + DAY,
        )

    return make


def test_no_stranger_opens_and_confirms_an_emergency(
    consent, desk, policy, make_case, make_publish, reading_key, patient, stranger
):
    """thromel: he could ask and confirm in one."""
    policy(HISTORY_RECORD)
    desk.send(make_publish(account=stranger.address), stranger, key=reading_key)
    with ape.reverts("Consent: not licensed"):
        desk.send(make_case(stranger, HISTORY_RECORD), stranger)
    assert not consent.has_access(patient, stranger, HISTORY_RECORD, Purpose.ETREAT)


def test_grant_stands_when_revoke_all_came_in_the_same_second_before_it(
    consent, desk, batch, make_revoke_all, make_grant, patient, doctor, relayer
):
    """Seen elsewhere: everything of that second fell."""
    revoked = make_revoke_all()
    second = desk.calldata(revoked, desk.sign(patient, revoked))
    # The cutoff that the grant must name is the one that the revocation makes.
    moment = int(ape.chain.pending_timestamp) + 10
    granted = make_grant(cutoff=moment)
    third = desk.calldata(granted, desk.sign(patient, granted))
    ape.chain.pending_timestamp = moment
    batch.run(consent, [second, third], sender=relayer)
    assert consent.has_access(patient, doctor, *HELD)


def test_standing_grant_is_untouched_when_an_emergency_opens_another_record(
    consent,
    credentials,
    desk,
    policy,
    make_case,
    make_grant,
    make_publish,
    reading_key,
    patient,
    doctor,
    regulator,
    now,
):
    """Seen elsewhere: the emergency overwrote what was granted before."""
    desk.send(make_grant(record=ALL_RECORDS), patient)
    before = consent.terms(patient, doctor, ALL_RECORDS)
    credentials.add_issuer(regulator, sender=regulator)
    credentials.license(doctor, now() + DAY, sender=regulator)
    desk.send(make_publish(), doctor, key=reading_key)
    policy(HISTORY_RECORD)
    desk.send(make_case(doctor, HISTORY_RECORD), doctor, cosigner=ZERO_ADDRESS)
    assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.ETREAT)
    assert consent.terms(patient, doctor, ALL_RECORDS) == before
    assert consent.terms(patient, doctor, HISTORY_RECORD) == (0, 0, 0, 0)
    assert consent.has_access(patient, doctor, *HELD)
