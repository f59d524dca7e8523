# pragma version 0.4.3
"""
@title Sealing
@license Apache-2.0
@author the Anamnesis authors
@notice Which version of a record counts, who sealed it, and who opened it.
@dev R1 A version replaces exactly the version it names, so two authors cannot overwrite one
        another unseen, and a signed sealing works once.
     R2 Only the controller and grantees with WRITE seal; only readers with access sign receipts.
"""

from . import access
from . import head_chain
from ..interfaces import IConsent

uses: access
uses: head_chain

# CONSTANTS

RECORD_SEALED: constant(bytes32) = keccak256(
    "RecordSealed(address,address,bytes32,bytes32,bytes32,bytes32)"
)
RECORD_OPENED: constant(bytes32) = keccak256(
    "RecordOpened(address,address,bytes32,bytes32,uint32)"
)

# The purpose bit that lets a grantee seal; the others are HL7 PurposeOfUse codes.
WRITE: constant(uint32) = 2**31

# STORAGE

# patient -> record -> commitment of the version that counts; zero if none was sealed.
records: public(HashMap[address, HashMap[bytes32, bytes32]])

# INTERNAL

@internal
def _seal(
    author: address,
    patient: address,
    record: bytes32,
    commitment: bytes32,
    previous: bytes32,
    envelope: bytes32,
):
    # Zero stands for all records in a grant, so it names none.
    assert record != empty(bytes32), "Consent: unknown record"
    assert commitment != empty(bytes32), "Consent: empty commitment"
    assert access._has_access(patient, author, record, WRITE), "Consent: not an author"
    assert self.records[patient][record] == previous, "Consent: wrong previous commitment"
    # A sealing that changes nothing could be sent again and again.
    assert commitment != previous, "Consent: wrong previous commitment"
    self.records[patient][record] = commitment
    head_chain._extend(
        patient,
        keccak256(
            abi_encode(RECORD_SEALED, patient, author, record, commitment, previous, envelope)
        ),
    )
    log IConsent.RecordSealed(
        patient=patient,
        author=author,
        record=record,
        commitment=commitment,
        previous=previous,
        envelope=envelope,
    )

@internal
def _open(reader: address, patient: address, record: bytes32, purpose: uint32):
    """
    @dev Changes nothing but the head: the receipt is the point.
    """
    commitment: bytes32 = self.records[patient][record]
    assert commitment != empty(bytes32), "Consent: unknown record"
    assert purpose != 0, "Consent: unknown purpose"
    assert purpose & (purpose - 1) == 0, "Consent: unknown purpose"
    assert access._has_access(patient, reader, record, purpose), "Consent: no access"
    head_chain._extend(
        patient,
        keccak256(abi_encode(RECORD_OPENED, patient, reader, record, commitment, purpose)),
    )
    log IConsent.RecordOpened(
        patient=patient,
        reader=reader,
        record=record,
        commitment=commitment,
        purpose=purpose,
    )
