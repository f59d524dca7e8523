# pragma version 0.4.3
"""
@title Access
@license Apache-2.0
@author the Anamnesis authors
@notice Requests and grants: who may do what with which record of a patient, until when.
@dev A1 A grant is live from its making until it expires, is revoked or replaced, or its patient
        revokes everything, and for its purposes only.
     A2 The nonce of a patient, grantee and record rises by one with every grant and revocation.
     A3 Nobody is granted access to a record that is theirs.
"""

from . import patients
from . import refusals
from ..interfaces import IConsent

uses: patients
uses: refusals

# CONSTANTS

ACCESS_GRANTED: constant(bytes32) = keccak256(
    "AccessGranted(address,address,bytes32,uint256,uint256,uint256,uint256,bytes32,bytes32)"
)
ACCESS_REVOKED: constant(bytes32) = keccak256("AccessRevoked(address,address,bytes32)")

# In a grant, every record of the patient.
ALL_RECORDS: constant(bytes32) = empty(bytes32)

# A grant longer than this is a mistake of units: ten years in seconds, leap days included.
LONGEST_GRANT: constant(uint256) = 3_653 * 86_400

# Grant word: expiry u40 | granted_at u40 << 40 | purposes u32 << 80 | 88 bits free | seq u56 << 200.
GRANTED_AT_SHIFT: constant(uint256) = 40
SEQ_SHIFT: constant(uint256) = 200
PURPOSES_SHIFT: constant(uint256) = 80
U32: constant(uint256) = 2**32 - 1
U40: constant(uint256) = 2**40 - 1
U56: constant(uint256) = 2**56 - 1

# STORAGE

# keccak256(patient, grantee, record) -> packed grant, zero but for seq once revoked; record zero
# stands for all. One key and not three maps: it is hashed once and serves reading and writing.
grants: HashMap[bytes32, uint256]

# READS

@external
@view
def terms(
    patient: address, grantee: address, record: bytes32
) -> (uint256, uint256, uint256, uint256):
    """
    @notice The grant on exactly this record: expiry, granted_at, seq, purposes.
    """
    word: uint256 = self.grants[self._key(patient, grantee, record)]
    return (
        word & U40,
        (word >> GRANTED_AT_SHIFT) & U40,
        word >> SEQ_SHIFT,
        (word >> PURPOSES_SHIFT) & U32,
    )

# INTERNAL

@internal
def _request(
    grantee: address,
    patient: address,
    record: bytes32,
    purposes: uint256,
    expiry: uint256,
    digest: bytes32,
):
    """
    @dev Only an event: a request gives nothing, and its digest is what a grant will name.
    """
    if patient == empty(address):
        refusals._refuse(refusals.EMPTY_ACCOUNT)
    if patient == grantee:
        refusals._refuse(refusals.SELF_GRANT)
    if unsafe_sub(purposes, 1) >= U32:
        refusals._refuse(refusals.UNKNOWN_PURPOSE)
    if expiry <= block.timestamp:
        refusals._refuse(refusals.EXPIRY_IN_THE_PAST)
    if expiry > unsafe_add(block.timestamp, LONGEST_GRANT):
        refusals._refuse(refusals.EXPIRY_BEYOND_TEN_YEARS)
    log IConsent.AccessRequested(
        patient=patient,
        grantee=grantee,
        record=record,
        purposes=purposes,
        expiry=expiry,
        request=digest,
    )

@internal
def _grant(
    controller: address,
    granted_at: uint256,
    patient: address,
    given: IConsent.Grant,
) -> bytes32:
    """
    @dev Leaf of the event. The caller has made sure that the controller wants this, and has the
         present `granted_at`.
    """
    grantee: address = convert(given.grantee, address)
    if grantee == controller:
        refusals._refuse(refusals.SELF_GRANT)
    if grantee == patient:
        refusals._refuse(refusals.SELF_GRANT)
    if grantee == empty(address):
        refusals._refuse(refusals.EMPTY_ACCOUNT)
    # Zero wraps around to the largest number: one comparison for none and for too many bits.
    if unsafe_sub(given.purposes, 1) >= U32:
        refusals._refuse(refusals.UNKNOWN_PURPOSE)
    if given.expiry <= block.timestamp:
        refusals._refuse(refusals.EXPIRY_IN_THE_PAST)
    # Neither this sum nor a nonce of 56 bits comes near 2^256.
    if given.expiry > unsafe_add(block.timestamp, LONGEST_GRANT):
        refusals._refuse(refusals.EXPIRY_BEYOND_TEN_YEARS)
    key: bytes32 = keccak256(abi_encode(patient, grantee, given.record))
    spent: uint256 = unsafe_add(self.grants[key] >> SEQ_SHIFT, 1)
    self.grants[key] = (
        given.expiry
        | (granted_at << GRANTED_AT_SHIFT)
        | (given.purposes << PURPOSES_SHIFT)
        | (spent << SEQ_SHIFT)
    )
    log IConsent.AccessGranted(
        patient=patient,
        grantee=grantee,
        record=given.record,
        purposes=given.purposes,
        expiry=given.expiry,
        granted_at=granted_at,
        seq=spent,
        request=given.request,
        envelope=given.envelope,
    )
    return keccak256(
        abi_encode(
            ACCESS_GRANTED,
            patient,
            grantee,
            given.record,
            given.purposes,
            given.expiry,
            granted_at,
            spent,
            given.request,
            given.envelope,
        )
    )

@internal
def _revoke(patient: address, grantee: address, record: bytes32) -> bytes32:
    """
    @dev Leaf of the event. The nonce is spent also where there is no grant: a signed one that was
         never sent dies. The caller has made sure that the controller wants this.
    """
    key: bytes32 = keccak256(abi_encode(patient, grantee, record))
    self.grants[key] = ((self.grants[key] >> SEQ_SHIFT) + 1) << SEQ_SHIFT
    log IConsent.AccessRevoked(patient=patient, grantee=grantee, record=record)
    return keccak256(abi_encode(ACCESS_REVOKED, patient, grantee, record))

@internal
@view
def _has_access(
    patient: address, grantee: address, record: bytes32, purpose: uint256
) -> bool:
    patient_word: uint256 = patients.words[patient]
    if grantee == patients._controller_in(patient_word, patient):
        return grantee != empty(address)
    cutoff: uint256 = patients._cutoff(patient_word)
    if self._is_live(self.grants[self._key(patient, grantee, record)], cutoff, purpose):
        return True
    return self._is_live(self.grants[self._key(patient, grantee, ALL_RECORDS)], cutoff, purpose)

@internal
@view
def _is_live(word: uint256, cutoff: uint256, purpose: uint256) -> bool:
    if purpose == 0 or (word >> PURPOSES_SHIFT) & U32 & purpose != purpose:
        return False
    return block.timestamp < (word & U40) and ((word >> GRANTED_AT_SHIFT) & U40) > cutoff

@internal
@pure
def _key(patient: address, grantee: address, record: bytes32) -> bytes32:
    return keccak256(abi_encode(patient, grantee, record))

@internal
@view
def _seq(patient: address, grantee: address, record: bytes32) -> uint256:
    """
    @dev The present nonce of a patient, grantee and record.
    """
    return self.grants[self._key(patient, grantee, record)] >> SEQ_SHIFT
