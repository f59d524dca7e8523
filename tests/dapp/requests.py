"""Requests and grants between people, made outside the pages."""

from core.events import AccessRequested
from core.flows.open import own_handover, prepare_receipt
from core.flows.share import prepare_grant, prepare_request
from core.flows.submit import sign_and_submit
from core.purposes import Purpose
from ipfs.envelope import Recipient
from ledger.wallet import KeySigner
from tests.dapp.people import Person

DAY = 86_400


def ask(doctor: Person, patient: Person, purposes: Purpose, *, days: int) -> AccessRequested:
    """The doctor's request, on the chain."""
    message = prepare_request(
        doctor.ledger,
        grantee=doctor.account,
        patient=patient.account,
        purposes=purposes,
        days=days,
    )
    sign_and_submit(doctor.ledger, KeySigner.from_key(doctor.key), message)
    event = doctor.ledger.events()[-1]
    assert isinstance(event, AccessRequested)
    return event


def give(doctor: Person, patient: Person, purposes: Purpose, *, days: int) -> None:
    """A request and the patient's grant, with the doctor's envelope in the vault."""
    request = ask(doctor, patient, purposes, days=days)
    own = own_handover(patient.ledger, patient.vault, patient=patient.account)
    opened = patient.identity.open(own.envelope, own.context, patient.account)
    key = patient.ledger.reading_key(doctor.account)
    assert key is not None
    envelope = Recipient(key).wrap(opened, own.context, doctor.account)
    digest = patient.vault.put_envelope(own.commitment, doctor.account, envelope)
    message = prepare_grant(patient.ledger, request, digest)
    sign_and_submit(patient.ledger, KeySigner.from_key(patient.key), message)


def sign_for_reading(doctor: Person, patient: Person) -> None:
    """The doctor's receipt, on the chain."""
    receipt = prepare_receipt(
        doctor.ledger, reader=doctor.account, patient=patient.account, purpose=Purpose.TREAT
    )
    sign_and_submit(doctor.ledger, KeySigner.from_key(doctor.key), receipt)
