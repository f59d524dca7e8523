# pragma version 0.4.3
"""
@title Digests
@license Apache-2.0
@author the Anamnesis authors
@notice For tests only: shows the digests that the contract's own modules compute.
"""

from modules import signatures
from modules import typed_data

initializes: signatures

exports: signatures.domain_separator

@deploy
def __init__():
    signatures.__init__()

@external
@view
def SealRecord(
    patient: address,
    author: address,
    record: bytes32,
    commitment: bytes32,
    previous: bytes32,
    envelope: bytes32,
    deadline: uint64,
) -> bytes32:
    return signatures._digest(
        typed_data._seal_record(
            patient, author, record, commitment, previous, envelope, deadline
        )
    )

@external
@view
def RequestAccess(
    grantee: address,
    patient: address,
    record: bytes32,
    purposes: uint32,
    expiry: uint40,
    deadline: uint64,
) -> bytes32:
    return signatures._digest(
        typed_data._request_access(grantee, patient, record, purposes, expiry, deadline)
    )

@external
@view
def GrantAccess(
    patient: address,
    grantee: address,
    record: bytes32,
    purposes: uint32,
    expiry: uint40,
    request: bytes32,
    envelope: bytes32,
    seq: uint56,
    cutoff: uint40,
    deadline: uint64,
) -> bytes32:
    return signatures._digest(
        typed_data._grant_access(
            patient,
            grantee,
            record,
            purposes,
            expiry,
            request,
            envelope,
            convert(seq, uint256),
            convert(cutoff, uint256),
            deadline,
        )
    )

@external
@view
def RevokeAccess(
    patient: address, grantee: address, record: bytes32, seq: uint56, deadline: uint64
) -> bytes32:
    return signatures._digest(
        typed_data._revoke_access(patient, grantee, record, convert(seq, uint256), deadline)
    )

@external
@view
def RevokeAllAccess(patient: address, cutoff: uint40, deadline: uint64) -> bytes32:
    return signatures._digest(
        typed_data._revoke_all_access(patient, convert(cutoff, uint256), deadline)
    )

@external
@view
def PublishReadingKey(
    account: address, key_hash: bytes32, previous: bytes32, deadline: uint64
) -> bytes32:
    return signatures._digest(
        typed_data._publish_reading_key(account, key_hash, previous, deadline)
    )

@external
@view
def OpenRecord(
    reader: address,
    patient: address,
    record: bytes32,
    commitment: bytes32,
    purpose: uint32,
    head: bytes32,
    deadline: uint64,
) -> bytes32:
    return signatures._digest(
        typed_data._open_record(
            reader, patient, record, commitment, purpose, head, deadline
        )
    )
