# pragma version 0.4.3
"""
@title Typed data
@license Apache-2.0
@author the Anamnesis authors
@notice hashStruct of the messages that people sign (EIP-712). The same structs stand in
        core/typed_data.py and nowhere else; tests hold both to one file of vectors.
@dev Every term is a field of its own, so that a wallet can show what it means.
"""

# CONSTANTS

SEAL_RECORD: constant(bytes32) = keccak256(
    "SealRecord(address patient,address author,bytes32 record,bytes32 commitment,bytes32 previous,bytes32 envelope,uint256 deadline)"
)
REQUEST_ACCESS: constant(bytes32) = keccak256(
    "RequestAccess(address grantee,address patient,bytes32 record,uint256 purposes,uint256 expiry,uint256 deadline)"
)
GRANT_ACCESS: constant(bytes32) = keccak256(
    "GrantAccess(address patient,address grantee,bytes32 record,uint256 purposes,uint256 expiry,bytes32 request,bytes32 envelope,uint256 seq,uint256 cutoff,uint256 deadline)"
)
REVOKE_ACCESS: constant(bytes32) = keccak256(
    "RevokeAccess(address patient,address grantee,bytes32 record,uint256 seq,uint256 deadline)"
)
REVOKE_ALL_ACCESS: constant(bytes32) = keccak256(
    "RevokeAllAccess(address patient,uint256 cutoff,uint256 deadline)"
)
PUBLISH_READING_KEY: constant(bytes32) = keccak256(
    "PublishReadingKey(address account,bytes32 key_hash,bytes32 previous,uint256 deadline)"
)
OPEN_RECORD: constant(bytes32) = keccak256(
    "OpenRecord(address reader,address patient,bytes32 record,bytes32 commitment,uint256 purpose,bytes32 head,uint256 deadline)"
)
VERSION: constant(bytes32) = keccak256(
    "Version(bytes32 record,bytes32 commitment,bytes32 previous,bytes32 envelope)"
)
GRANT: constant(bytes32) = keccak256(
    "Grant(address grantee,bytes32 record,uint256 purposes,uint256 expiry,bytes32 request,bytes32 envelope,uint256 seq)"
)
BATCH: constant(bytes32) = keccak256(
    "Batch(address patient,address author,Version[] versions,Revocation[] revocations,Grant[] grants,uint256 cutoff,uint256 deadline)Grant(address grantee,bytes32 record,uint256 purposes,uint256 expiry,bytes32 request,bytes32 envelope,uint256 seq)Revocation(address grantee,bytes32 record,uint256 seq)Version(bytes32 record,bytes32 commitment,bytes32 previous,bytes32 envelope)"
)
REVOCATION: constant(bytes32) = keccak256(
    "Revocation(address grantee,bytes32 record,uint256 seq)"
)
SET_EMERGENCY_POLICY: constant(bytes32) = keccak256(
    "SetEmergencyPolicy(address patient,uint256 mode,uint256 delay,uint256 window,bytes32 record,uint256 seq,uint256 deadline)"
)
OPEN_EMERGENCY: constant(bytes32) = keccak256(
    "OpenEmergency(address patient,address clinician,bytes32 record,bytes32 reader_key,bytes32 reason,uint256 seq,uint256 deadline)"
)
END_EMERGENCY: constant(bytes32) = keccak256(
    "EndEmergency(address patient,address clinician,uint256 seq,uint256 deadline)"
)
RELEASE_SHARE: constant(bytes32) = keccak256(
    "ReleaseShare(address patient,address clinician,address custodian,bytes32 share,uint256 seq,uint256 deadline)"
)
SET_GUARDIANS: constant(bytes32) = keccak256(
    "SetGuardians(address patient,address[] members,uint256 threshold,uint256 seq,uint256 deadline)"
)
SET_CUSTODIANS: constant(bytes32) = keccak256(
    "SetCustodians(address patient,address[] members,uint256 threshold,uint256 seq,uint256 deadline)"
)
APPROVE_RECOVERY: constant(bytes32) = keccak256(
    "ApproveRecovery(address patient,address controller,uint256 seq,uint256 deadline)"
)
VETO_RECOVERY: constant(bytes32) = keccak256(
    "VetoRecovery(address patient,address controller,uint256 seq,uint256 deadline)"
)
SET_SUCCESSOR: constant(bytes32) = keccak256(
    "SetSuccessor(address patient,address successor,uint256 seq,uint256 deadline)"
)

# INTERNAL

@internal
@pure
def _request_access(
    grantee: address,
    patient: address,
    record: bytes32,
    purposes: uint256,
    expiry: uint256,
    deadline: uint256,
) -> bytes32:
    return keccak256(
        abi_encode(REQUEST_ACCESS, grantee, patient, record, purposes, expiry, deadline)
    )

@internal
@pure
def _about(
    kind: bytes32, patient: address, account: address, seq: uint256, deadline: uint256
) -> bytes32:
    """
    @dev The messages that name a patient, one account and a nonce: ApproveRecovery, VetoRecovery
         and SetSuccessor.
    """
    return keccak256(abi_encode(kind, patient, account, seq, deadline))

@internal
@pure
def _accounts(accounts: DynArray[address, 8]) -> bytes32:
    """
    @dev An array as EIP-712 and the head rule take it: keccak256 of its words.
    """
    # abi_encode puts an offset and the length before them.
    return keccak256(slice(abi_encode(accounts), 64, 32 * len(accounts)))

@internal
@pure
def _hashes(items: bytes32[32], count: uint256) -> bytes32:
    """
    @dev An array of structs: keccak256 of their hashes.
    """
    return keccak256(slice(abi_encode(items), 0, 32 * count))
