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
    "SealRecord(address patient,address author,bytes32 record,bytes32 commitment,bytes32 previous,bytes32 envelope,uint64 deadline)"
)
REQUEST_ACCESS: constant(bytes32) = keccak256(
    "RequestAccess(address grantee,address patient,bytes32 record,uint32 purposes,uint40 expiry,uint64 deadline)"
)
GRANT_ACCESS: constant(bytes32) = keccak256(
    "GrantAccess(address patient,address grantee,bytes32 record,uint32 purposes,uint40 expiry,bytes32 request,bytes32 envelope,uint56 seq,uint40 cutoff,uint64 deadline)"
)
REVOKE_ACCESS: constant(bytes32) = keccak256(
    "RevokeAccess(address patient,address grantee,bytes32 record,uint56 seq,uint64 deadline)"
)
REVOKE_ALL_ACCESS: constant(bytes32) = keccak256(
    "RevokeAllAccess(address patient,uint40 cutoff,uint64 deadline)"
)
PUBLISH_READING_KEY: constant(bytes32) = keccak256(
    "PublishReadingKey(address account,bytes32 key_hash,bytes32 previous,uint64 deadline)"
)
OPEN_RECORD: constant(bytes32) = keccak256(
    "OpenRecord(address reader,address patient,bytes32 record,bytes32 commitment,uint32 purpose,bytes32 head,uint64 deadline)"
)

# INTERNAL

@internal
@pure
def _seal_record(
    patient: address,
    author: address,
    record: bytes32,
    commitment: bytes32,
    previous: bytes32,
    envelope: bytes32,
    deadline: uint64,
) -> bytes32:
    return keccak256(
        abi_encode(
            SEAL_RECORD, patient, author, record, commitment, previous, envelope, deadline
        )
    )

@internal
@pure
def _request_access(
    grantee: address,
    patient: address,
    record: bytes32,
    purposes: uint32,
    expiry: uint40,
    deadline: uint64,
) -> bytes32:
    return keccak256(
        abi_encode(REQUEST_ACCESS, grantee, patient, record, purposes, expiry, deadline)
    )

@internal
@pure
def _grant_access(
    patient: address,
    grantee: address,
    record: bytes32,
    purposes: uint32,
    expiry: uint40,
    request: bytes32,
    envelope: bytes32,
    seq: uint256,
    cutoff: uint256,
    deadline: uint64,
) -> bytes32:
    return keccak256(
        abi_encode(
            GRANT_ACCESS,
            patient,
            grantee,
            record,
            purposes,
            expiry,
            request,
            envelope,
            seq,
            cutoff,
            deadline,
        )
    )

@internal
@pure
def _revoke_access(
    patient: address, grantee: address, record: bytes32, seq: uint256, deadline: uint64
) -> bytes32:
    return keccak256(abi_encode(REVOKE_ACCESS, patient, grantee, record, seq, deadline))

@internal
@pure
def _revoke_all_access(patient: address, cutoff: uint256, deadline: uint64) -> bytes32:
    return keccak256(abi_encode(REVOKE_ALL_ACCESS, patient, cutoff, deadline))

@internal
@pure
def _publish_reading_key(
    account: address, key_hash: bytes32, previous: bytes32, deadline: uint64
) -> bytes32:
    return keccak256(abi_encode(PUBLISH_READING_KEY, account, key_hash, previous, deadline))

@internal
@pure
def _open_record(
    reader: address,
    patient: address,
    record: bytes32,
    commitment: bytes32,
    purpose: uint32,
    head: bytes32,
    deadline: uint64,
) -> bytes32:
    return keccak256(
        abi_encode(OPEN_RECORD, reader, patient, record, commitment, purpose, head, deadline)
    )
