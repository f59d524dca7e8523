"""The flows over ports: the story, its interruptions, and what must never be handed over."""

from dataclasses import replace

import pytest

from core.errors import (
    AccessDeniedError,
    ChainUnavailableError,
    ConsentRefusedError,
    InputError,
    StoreError,
    StoreUnavailableError,
)
from core.events import AccessRequested
from core.flows.open import Handover, hand_over, own_handover, prepare_receipt
from core.flows.publish import publish
from core.flows.share import (
    DAY_SECONDS,
    prepare_grant,
    prepare_reading_key,
    prepare_request,
    prepare_revoke,
    prepare_revoke_all,
    reader_key,
)
from core.flows.submit import MESSAGE_LIFETIME_SECONDS, sign_and_submit
from core.purposes import Purpose
from core.records import HISTORY_RECORD, READING_KEY_BYTES
from core.typed_data import GrantAccess, Signed
from ipfs.envelope import Recipient, rewrap
from tests.core.conftest import Person
from tests.fakes.ledger import FakeLedger
from tests.fakes.vault import MemoryVault

HISTORY = b'{"resourceType": "Bundle"}'
NEWER = b'{"resourceType": "Bundle", "id": "2"}'


def ask(ledger: FakeLedger, doctor: Person, patient: Person, days: int = 30) -> AccessRequested:
    message = prepare_request(
        ledger,
        grantee=doctor.account,
        patient=patient.account,
        purposes=Purpose.TREAT | Purpose.HRESCH,
        days=days,
    )
    sign_and_submit(ledger, doctor.signer, message)
    event = ledger.events()[-1]
    assert isinstance(event, AccessRequested)
    return event


def wrapped(ledger: FakeLedger, vault: MemoryVault, patient: Person, doctor: Person) -> bytes:
    """The digest of a stored envelope for the doctor."""
    own = own_handover(ledger, vault, patient=patient.account)
    envelope = rewrap(
        patient.identity,
        own.envelope,
        own.context,
        reader=patient.account,
        to=Recipient(reader_key(ledger, doctor.account)),
        for_reader=doctor.account,
    )
    return vault.put_envelope(own.commitment, doctor.account, envelope)


def grant(ledger: FakeLedger, vault: MemoryVault, patient: Person, doctor: Person) -> GrantAccess:
    request = ask(ledger, doctor, patient)
    message = prepare_grant(ledger, request, wrapped(ledger, vault, patient, doctor))
    sign_and_submit(ledger, patient.signer, message)
    return message


def receive(ledger: FakeLedger, vault: MemoryVault, reader: Person, patient: Person) -> Handover:
    return hand_over(
        ledger, vault, reader=reader.account, patient=patient.account, purpose=Purpose.TREAT
    )


def read(ledger: FakeLedger, vault: MemoryVault, reader: Person, patient: Person) -> bytes:
    handed = receive(ledger, vault, reader, patient)
    return vault.open(
        reader.identity, handed.commitment, handed.context, handed.envelope_digest, reader.account
    )


def test_a_granted_doctor_reads_what_the_patient_sealed(
    ledger: FakeLedger, vault: MemoryVault, patient: Person, doctor: Person
) -> None:
    published = publish(ledger, vault, patient.signer, HISTORY)
    assert published.version == 1
    grant(ledger, vault, patient, doctor)
    receipt = prepare_receipt(
        ledger, reader=doctor.account, patient=patient.account, purpose=Purpose.TREAT
    )
    sign_and_submit(ledger, doctor.signer, receipt)
    assert read(ledger, vault, doctor, patient) == HISTORY
    assert read(ledger, vault, patient, patient) == HISTORY


def test_hand_over_refuses_a_stranger_and_says_why(
    ledger: FakeLedger, vault: MemoryVault, patient: Person, stranger: Person
) -> None:
    publish(ledger, vault, patient.signer, HISTORY)
    with pytest.raises(AccessDeniedError, match="has not given you access"):
        receive(ledger, vault, stranger, patient)


@pytest.mark.parametrize("everybody", [False, True])
def test_hand_over_refuses_after_revocation(
    ledger: FakeLedger, vault: MemoryVault, patient: Person, doctor: Person, everybody: bool
) -> None:
    publish(ledger, vault, patient.signer, HISTORY)
    grant(ledger, vault, patient, doctor)
    message = (
        prepare_revoke_all(ledger, patient=patient.account)
        if everybody
        else prepare_revoke(ledger, patient=patient.account, grantee=doctor.account)
    )
    sign_and_submit(ledger, patient.signer, message)
    with pytest.raises(AccessDeniedError, match="taken your access back"):
        receive(ledger, vault, doctor, patient)
    with pytest.raises(AccessDeniedError):
        prepare_receipt(
            ledger, reader=doctor.account, patient=patient.account, purpose=Purpose.TREAT
        )


def test_hand_over_refuses_after_expiry(
    ledger: FakeLedger, vault: MemoryVault, patient: Person, doctor: Person
) -> None:
    publish(ledger, vault, patient.signer, HISTORY)
    grant(ledger, vault, patient, doctor)
    ledger.advance(30 * DAY_SECONDS)
    with pytest.raises(AccessDeniedError, match="expired"):
        receive(ledger, vault, doctor, patient)


def test_hand_over_refuses_another_purpose(
    ledger: FakeLedger, vault: MemoryVault, patient: Person, doctor: Person
) -> None:
    publish(ledger, vault, patient.signer, HISTORY)
    grant(ledger, vault, patient, doctor)
    with pytest.raises(AccessDeniedError, match="does not cover payment"):
        hand_over(
            ledger, vault, reader=doctor.account, patient=patient.account, purpose=Purpose.HPAYMT
        )


def test_hand_over_asks_for_the_newest_version_after_a_new_sealing(
    ledger: FakeLedger, vault: MemoryVault, patient: Person, doctor: Person
) -> None:
    publish(ledger, vault, patient.signer, HISTORY)
    grant(ledger, vault, patient, doctor)
    publish(ledger, vault, patient.signer, NEWER)
    with pytest.raises(AccessDeniedError, match="newer version"):
        receive(ledger, vault, doctor, patient)
    grant(ledger, vault, patient, doctor)
    assert read(ledger, vault, doctor, patient) == NEWER


def test_hand_over_gives_the_envelope_of_the_chain_not_a_later_one(
    ledger: FakeLedger, vault: MemoryVault, patient: Person, doctor: Person
) -> None:
    publish(ledger, vault, patient.signer, HISTORY)
    granted = grant(ledger, vault, patient, doctor)
    wrapped(ledger, vault, patient, doctor)  # stored, and its grant never signed
    assert receive(ledger, vault, doctor, patient).envelope_digest == granted.envelope


def test_publish_twice_seals_once(ledger: FakeLedger, vault: MemoryVault, patient: Person) -> None:
    first = publish(ledger, vault, patient.signer, HISTORY)
    again = publish(ledger, vault, patient.signer, HISTORY)
    assert (again.commitment, again.version) == (first.commitment, 1)
    assert again.transaction is None
    assert len(vault.records) == 1


def test_publish_resumes_after_the_chain_was_down(
    ledger: FakeLedger, vault: MemoryVault, patient: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(signed: Signed) -> bytes:
        raise ChainUnavailableError("The node does not answer.")

    with monkeypatch.context() as fault:
        fault.setattr(ledger, "relay", broken)
        with pytest.raises(ChainUnavailableError):
            publish(ledger, vault, patient.signer, HISTORY)
    assert len(vault.records) == 1, "the sealed bytes are kept"
    published = publish(ledger, vault, patient.signer, HISTORY)
    assert published.version == 1
    assert len(vault.records) == 1, "nothing was sealed twice"
    assert published.commitment in vault.confirmed


def test_publish_resumes_after_the_answer_was_lost(
    ledger: FakeLedger, vault: MemoryVault, patient: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = ledger.relay

    def answer_lost(signed: Signed) -> bytes:
        relay(signed)
        raise ChainUnavailableError("The node does not answer.")

    with monkeypatch.context() as fault:
        fault.setattr(ledger, "relay", answer_lost)
        with pytest.raises(ChainUnavailableError):
            publish(ledger, vault, patient.signer, HISTORY)
    assert not vault.confirmed
    published = publish(ledger, vault, patient.signer, HISTORY)
    assert published.transaction is None
    assert published.commitment in vault.confirmed


def test_publish_commits_to_nothing_when_the_store_is_down(
    ledger: FakeLedger, vault: MemoryVault, patient: Person
) -> None:
    vault.fails_with = StoreUnavailableError("The IPFS node does not answer.")
    before = len(ledger.events())
    with pytest.raises(StoreUnavailableError):
        publish(ledger, vault, patient.signer, HISTORY)
    assert len(ledger.events()) == before
    vault.fails_with = None
    assert publish(ledger, vault, patient.signer, HISTORY).version == 1


def test_publish_refuses_without_a_reading_key(
    ledger: FakeLedger, vault: MemoryVault, stranger: Person
) -> None:
    with pytest.raises(ConsentRefusedError, match="no reading key"):
        publish(ledger, vault, stranger.signer, HISTORY)


def test_publish_refuses_when_the_present_version_is_elsewhere(
    ledger: FakeLedger, vault: MemoryVault, patient: Person
) -> None:
    publish(ledger, vault, patient.signer, HISTORY)
    with pytest.raises(StoreError, match="does not hold the present version"):
        publish(ledger, MemoryVault(), patient.signer, NEWER)


def test_prepare_request_refuses_who_could_not_read(
    ledger: FakeLedger, patient: Person, stranger: Person
) -> None:
    with pytest.raises(ConsentRefusedError, match="no reading key"):
        ask(ledger, stranger, patient)
    with pytest.raises(InputError, match="your own address"):
        ask(ledger, patient, patient)


@pytest.mark.parametrize("days", [0, -1, 3_651])
def test_prepare_request_refuses_impossible_periods(
    ledger: FakeLedger, patient: Person, doctor: Person, days: int
) -> None:
    with pytest.raises(InputError, match="not a possible period"):
        ask(ledger, doctor, patient, days=days)


def test_prepare_grant_may_narrow_a_request_but_not_widen_it(
    ledger: FakeLedger, patient: Person, doctor: Person
) -> None:
    request = ask(ledger, doctor, patient)
    narrow = prepare_grant(
        ledger, request, bytes(32), purposes=Purpose.TREAT, expiry=request.expiry - 5
    )
    assert (narrow.purposes, narrow.expiry) == (Purpose.TREAT, request.expiry - 5)
    assert narrow.request == request.request
    with pytest.raises(InputError, match="may not exceed"):
        prepare_grant(ledger, request, bytes(32), purposes=Purpose.TREAT | Purpose.WRITE)
    with pytest.raises(InputError, match="may not exceed"):
        prepare_grant(ledger, request, bytes(32), expiry=request.expiry + 1)


def test_a_message_dies_with_its_deadline(
    ledger: FakeLedger, patient: Person, doctor: Person
) -> None:
    message = prepare_request(
        ledger, grantee=doctor.account, patient=patient.account, purposes=1, days=1
    )
    ledger.advance(MESSAGE_LIFETIME_SECONDS + 1)
    with pytest.raises(ConsentRefusedError) as refused:
        sign_and_submit(ledger, doctor.signer, message)
    assert refused.value.reason == "Consent: message expired"


def test_a_message_by_the_wrong_signer_is_refused(
    ledger: FakeLedger, patient: Person, doctor: Person, stranger: Person
) -> None:
    message = prepare_request(
        ledger, grantee=doctor.account, patient=patient.account, purposes=1, days=1
    )
    with pytest.raises(ConsentRefusedError) as refused:
        sign_and_submit(ledger, stranger.signer, message)
    assert refused.value.reason == "Consent: wrong signature"


def test_revoking_kills_a_signed_grant_that_was_never_sent(
    ledger: FakeLedger, vault: MemoryVault, patient: Person, doctor: Person
) -> None:
    publish(ledger, vault, patient.signer, HISTORY)
    request = ask(ledger, doctor, patient)
    unsent = prepare_grant(ledger, request, wrapped(ledger, vault, patient, doctor))
    signature = patient.signer.sign(ledger.domain, unsent)
    revocation = prepare_revoke(ledger, patient=patient.account, grantee=doctor.account)
    sign_and_submit(ledger, patient.signer, revocation)
    with pytest.raises(ConsentRefusedError):
        ledger.relay(Signed(message=unsent, signature=signature))
    assert not ledger.has_access(patient.account, doctor.account, HISTORY_RECORD, Purpose.TREAT)


def test_prepare_reading_key_rotates_and_refuses_a_wrong_length(
    ledger: FakeLedger, patient: Person, doctor: Person
) -> None:
    rotated = prepare_reading_key(ledger, account=patient.account, key=doctor.key)
    sign_and_submit(ledger, patient.signer, rotated, doctor.key)
    assert ledger.reading_key(patient.account) == doctor.key
    with pytest.raises(InputError, match=str(READING_KEY_BYTES)):
        prepare_reading_key(ledger, account=patient.account, key=b"short")


def test_hand_over_passes_by_a_grant_on_another_record(
    ledger: FakeLedger, vault: MemoryVault, patient: Person, doctor: Person
) -> None:
    publish(ledger, vault, patient.signer, HISTORY)
    granted = grant(ledger, vault, patient, doctor)
    request = replace(ask(ledger, doctor, patient), record=b"\x07" * 32)
    sign_and_submit(ledger, patient.signer, prepare_grant(ledger, request, b"\x09" * 32))
    assert receive(ledger, vault, doctor, patient).envelope_digest == granted.envelope
