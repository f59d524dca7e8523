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
from . import refusals
from ..interfaces import IConsent

uses: access
uses: head_chain
uses: refusals

# CONSTANTS

RECORD_SEALED: constant(bytes32) = keccak256(
    "RecordSealed(address,address,bytes32,bytes32,bytes32)"
)
RECORD_OPENED: constant(bytes32) = keccak256(
    "RecordOpened(address,address,bytes32,bytes32,uint256)"
)

# The purpose bit that lets a grantee seal; the others are HL7 PurposeOfUse codes.
WRITE: constant(uint256) = 2**31
MOST_PURPOSES: constant(uint256) = 2**32 - 1

# STORAGE

# patient -> record -> commitment of the version that counts; zero if none was sealed.
records: public(HashMap[address, HashMap[bytes32, bytes32]])

# INTERNAL

@internal
def _seal(
    author: address,
    patient: address,
    head: bytes32,
    record: bytes32,
    commitment: bytes32,
    previous: bytes32,
    envelope: bytes32,
) -> bytes32:
    """
    @dev Leaf of the event. The caller has read the patient's present `head`, and made sure that the
         author wants this.
    """
    # Zero stands for all records in a grant, so it names none.
    if record == empty(bytes32):
        refusals._refuse(refusals.UNKNOWN_RECORD)
    if commitment == empty(bytes32):
        refusals._refuse(refusals.EMPTY_COMMITMENT)
    # A patient whose controller was never moved needs no second look.
    if author != patient or convert(head, uint256) & head_chain.MOVED != 0:
        if not access._has_access(patient, author, record, WRITE):
            refusals._refuse(refusals.NOT_AN_AUTHOR)
    if self.records[patient][record] != previous:
        refusals._refuse(refusals.WRONG_PREVIOUS_COMMITMENT)
    # A sealing that changes nothing could be sent again and again.
    if commitment == previous:
        refusals._refuse(refusals.WRONG_PREVIOUS_COMMITMENT)
    self.records[patient][record] = commitment
    log IConsent.RecordSealed(
        patient=patient,
        author=author,
        record=record,
        commitment=commitment,
        envelope=envelope,
    )
    return keccak256(
        abi_encode(RECORD_SEALED, patient, author, record, commitment, envelope)
    )

@internal
def _open(reader: address, patient: address, record: bytes32, purpose: uint256):
    """
    @dev The caller has made sure that `reader` may. Changes nothing but the head: the receipt is
         the point.
    """
    commitment: bytes32 = self.records[patient][record]
    if commitment == empty(bytes32):
        refusals._refuse(refusals.UNKNOWN_RECORD)
    if purpose == 0 or purpose > MOST_PURPOSES or purpose & (purpose - 1) != 0:
        refusals._refuse(refusals.UNKNOWN_PURPOSE)
    head_chain._append(
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
