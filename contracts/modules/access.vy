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

from . import head_chain
from . import patients
from ..interfaces import IConsent

uses: head_chain
uses: patients

# CONSTANTS

ACCESS_GRANTED: constant(bytes32) = keccak256(
    "AccessGranted(address,address,bytes32,uint32,uint40,uint40,uint56,bytes32,bytes32)"
)
ACCESS_REVOKED: constant(bytes32) = keccak256("AccessRevoked(address,address,bytes32,uint56)")

# In a grant, every record of the patient.
ALL_RECORDS: constant(bytes32) = empty(bytes32)

# A grant longer than this is a mistake of units: ten years in seconds, leap days included.
LONGEST_GRANT: constant(uint256) = 3_653 * 86_400

# Grant word: expiry u40 | granted_at u40 << 40 | seq u56 << 80 | purposes u32 << 136 | flags << 168.
GRANTED_AT_SHIFT: constant(uint256) = 40
SEQ_SHIFT: constant(uint256) = 80
PURPOSES_SHIFT: constant(uint256) = 136
U32: constant(uint256) = 2**32 - 1
U40: constant(uint256) = 2**40 - 1
U56: constant(uint256) = 2**56 - 1

# STORAGE

# patient -> grantee -> record, or zero for all -> packed grant; zero but for seq once revoked.
grants: public(HashMap[address, HashMap[address, HashMap[bytes32, uint256]]])

# READS

@external
@view
def has_access(patient: address, grantee: address, record: bytes32, purpose: uint32) -> bool:
    """
    @notice Whether `grantee` may now use `record` for every bit of `purpose`.
    """
    return self._has_access(patient, grantee, record, purpose)

@external
@view
def terms(
    patient: address, grantee: address, record: bytes32
) -> (uint40, uint40, uint56, uint32):
    """
    @notice The grant on exactly this record: expiry, granted_at, seq, purposes.
    """
    word: uint256 = self.grants[patient][grantee][record]
    return (
        convert(word & U40, uint40),
        convert((word >> GRANTED_AT_SHIFT) & U40, uint40),
        convert((word >> SEQ_SHIFT) & U56, uint56),
        convert((word >> PURPOSES_SHIFT) & U32, uint32),
    )

# INTERNAL

@internal
def _request(
    grantee: address,
    patient: address,
    record: bytes32,
    purposes: uint32,
    expiry: uint40,
    digest: bytes32,
):
    """
    @dev Only an event: a request gives nothing, and its digest is what a grant will name.
    """
    assert patient != empty(address), "Consent: empty account"
    assert grantee != patient, "Consent: self grant"
    self._require_terms(purposes, expiry)
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
    patient: address,
    controller: address,
    cutoff: uint256,
    seq: uint256,
    grantee: address,
    record: bytes32,
    purposes: uint32,
    expiry: uint40,
    request: bytes32,
    envelope: bytes32,
):
    """
    @dev The caller has read the controller, the cutoff and the nonce `seq`, which this spends.
    """
    assert grantee != empty(address), "Consent: empty account"
    # A patient whose key was lost or stolen is no reader of its own any more, and stays out.
    assert grantee != patient and grantee != controller, "Consent: self grant"
    self._require_terms(purposes, expiry)
    granted_at: uint256 = max(block.timestamp, cutoff + 1)
    # 2^56 grants would take longer than the chain can last.
    spent: uint256 = seq + 1
    self.grants[patient][grantee][record] = (
        convert(expiry, uint256)
        | (granted_at << GRANTED_AT_SHIFT)
        | (spent << SEQ_SHIFT)
        | (convert(purposes, uint256) << PURPOSES_SHIFT)
    )
    head_chain._extend(
        patient,
        keccak256(
            abi_encode(
                ACCESS_GRANTED,
                patient,
                grantee,
                record,
                purposes,
                expiry,
                granted_at,
                spent,
                request,
                envelope,
            )
        ),
    )
    log IConsent.AccessGranted(
        patient=patient,
        grantee=grantee,
        record=record,
        purposes=purposes,
        expiry=expiry,
        granted_at=convert(granted_at, uint40),
        seq=convert(spent, uint56),
        request=request,
        envelope=envelope,
    )

@internal
def _revoke(patient: address, grantee: address, record: bytes32, seq: uint256):
    """
    @dev The caller has read the nonce `seq`. It is spent also where there is no grant: a signed
         one that was never sent dies.
    """
    spent: uint256 = seq + 1
    self.grants[patient][grantee][record] = spent << SEQ_SHIFT
    head_chain._extend(
        patient, keccak256(abi_encode(ACCESS_REVOKED, patient, grantee, record, spent))
    )
    log IConsent.AccessRevoked(
        patient=patient, grantee=grantee, record=record, seq=convert(spent, uint56)
    )

@internal
@view
def _has_access(
    patient: address, grantee: address, record: bytes32, purpose: uint32
) -> bool:
    patient_word: uint256 = patients.words[patient]
    if grantee == patients._controller(patient, patient_word):
        return grantee != empty(address)
    bits: uint256 = convert(purpose, uint256)
    cutoff: uint256 = patients._cutoff(patient_word)
    if self._is_live(self.grants[patient][grantee][record], cutoff, bits):
        return True
    return self._is_live(self.grants[patient][grantee][ALL_RECORDS], cutoff, bits)

@internal
@view
def _is_live(word: uint256, cutoff: uint256, purpose: uint256) -> bool:
    if purpose == 0 or ((word >> PURPOSES_SHIFT) & purpose) != purpose:
        return False
    return block.timestamp < (word & U40) and ((word >> GRANTED_AT_SHIFT) & U40) > cutoff

@internal
@view
def _seq(patient: address, grantee: address, record: bytes32) -> uint256:
    """
    @dev The present nonce of a patient, grantee and record.
    """
    return (self.grants[patient][grantee][record] >> SEQ_SHIFT) & U56

@internal
@view
def _require_terms(purposes: uint32, expiry: uint40):
    end: uint256 = convert(expiry, uint256)
    assert purposes != 0, "Consent: no purpose"
    assert end > block.timestamp, "Consent: expiry in the past"
    assert end <= block.timestamp + LONGEST_GRANT, "Consent: expiry beyond ten years"
