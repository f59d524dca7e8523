# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy off
"""
@title Consent
@license Apache-2.0
@author the Anamnesis authors
@notice Says who may read which record of which patient, for what and until when, and keeps the
        trail that proves it.
@dev I1 A grant exists only if its patient's controller signed or sent it.
     I2 A nonce is spent once, and only upwards; no message takes effect twice.
     I3 A revoked, expired or cut-off grant is never live, nor one that was signed before and
        never sent.
     I4 A record changes only by its controller or a live WRITE grantee, and only from the version
        that its author named.
     I5 A patient's head covers every event of that patient but requests, in order; the roster
        head covers every patient with a head.
     I6 A signature counts for one contract on one chain, for one signer, until its deadline.
     I7 A reading key in force was published by its own account.
     I8 Nobody is above this: there is no owner, and no account's grants move by another's word.
     Reentrancy is off and needs no lock: the only call out is a static one, to ask a wallet about
     a signature, before any state changes.
     Every write exists twice, sent by whom it concerns or carried by anyone with a signature, and
     both end in one internal function.
@custom:stop Nothing to stop: no owner, no pause, no upgrade.
"""

# IMPORTS

from .interfaces import IConsent
from .modules import access
from .modules import head_chain
from .modules import key_ring
from .modules import patients
from .modules import sealing
from .modules import signatures
from .modules import typed_data

implements: IConsent

initializes: signatures
initializes: head_chain
initializes: patients[head_chain := head_chain]
initializes: access[head_chain := head_chain, patients := patients]
initializes: sealing[access := access, head_chain := head_chain]
initializes: key_ring

exports: (access.grants, access.has_access, access.terms)
exports: (head_chain.heads, head_chain.roster_head)
exports: (patients.controller, patients.cutoff)
exports: sealing.records
exports: key_ring.reading_keys
exports: signatures.domain_separator

# CONSTRUCTOR

@deploy
def __init__():
    signatures.__init__()

# WRITES

@external
def seal(
    patient: address,
    record: bytes32,
    commitment: bytes32,
    previous: bytes32,
    envelope: bytes32,
):
    """
    @notice Commit to a new version of a record.
    @param previous The commitment it replaces, zero for the first version.
    @param envelope keccak256 of the owner's envelope.
    """
    sealing._seal(msg.sender, patient, record, commitment, previous, envelope)

@external
def seal_signed(
    author: address,
    patient: address,
    record: bytes32,
    commitment: bytes32,
    previous: bytes32,
    envelope: bytes32,
    deadline: uint64,
    signature: Bytes[1024],
):
    """
    @notice Carry an author's signed SealRecord.
    """
    struct_hash: bytes32 = typed_data._seal_record(
        patient, author, record, commitment, previous, envelope, deadline
    )
    signatures._require(author, struct_hash, deadline, signature)
    sealing._seal(author, patient, record, commitment, previous, envelope)

@external
def request(
    patient: address, record: bytes32, purposes: uint32, expiry: uint40, deadline: uint64
):
    """
    @notice Ask `patient` for access. `record` zero asks for all records.
    """
    assert block.timestamp <= convert(deadline, uint256), "Consent: message expired"
    struct_hash: bytes32 = typed_data._request_access(
        msg.sender, patient, record, purposes, expiry, deadline
    )
    digest: bytes32 = signatures._digest(struct_hash)
    access._request(msg.sender, patient, record, purposes, expiry, digest)

@external
def request_signed(
    grantee: address,
    patient: address,
    record: bytes32,
    purposes: uint32,
    expiry: uint40,
    deadline: uint64,
    signature: Bytes[1024],
):
    """
    @notice Carry a grantee's signed RequestAccess. It may be carried again until its deadline,
            which logs the same request once more and changes nothing.
    """
    struct_hash: bytes32 = typed_data._request_access(
        grantee, patient, record, purposes, expiry, deadline
    )
    signatures._require(grantee, struct_hash, deadline, signature)
    digest: bytes32 = signatures._digest(struct_hash)
    access._request(grantee, patient, record, purposes, expiry, digest)

@external
def grant(
    patient: address,
    grantee: address,
    record: bytes32,
    purposes: uint32,
    expiry: uint40,
    request: bytes32,
    envelope: bytes32,
):
    """
    @notice Let `grantee` use `record`, or all records if zero, replacing the grant before.
    @param request Digest of the request that this answers, zero if unasked.
    @param envelope keccak256 of the grantee's envelope.
    """
    patient_word: uint256 = patients.words[patient]
    controller: address = patients._controller(patient, patient_word)
    assert msg.sender == controller, "Consent: not the controller"
    access._grant(
        patient,
        controller,
        patients._cutoff(patient_word),
        access._seq(patient, grantee, record),
        grantee,
        record,
        purposes,
        expiry,
        request,
        envelope,
    )

@external
def grant_signed(
    patient: address,
    grantee: address,
    record: bytes32,
    purposes: uint32,
    expiry: uint40,
    request: bytes32,
    envelope: bytes32,
    deadline: uint64,
    signature: Bytes[1024],
):
    """
    @notice Carry a controller's signed GrantAccess; its `seq` and `cutoff` must be the present.
    """
    patient_word: uint256 = patients.words[patient]
    controller: address = patients._controller(patient, patient_word)
    cutoff: uint256 = patients._cutoff(patient_word)
    seq: uint256 = access._seq(patient, grantee, record)
    struct_hash: bytes32 = typed_data._grant_access(
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
    signatures._require(controller, struct_hash, deadline, signature)
    access._grant(
        patient,
        controller,
        cutoff,
        seq,
        grantee,
        record,
        purposes,
        expiry,
        request,
        envelope,
    )

@external
def revoke(patient: address, grantee: address, record: bytes32):
    """
    @notice Take the grant on exactly `record` back. A grant on all records is one of its own.
    """
    patients._require_controller(msg.sender, patient)
    access._revoke(patient, grantee, record, access._seq(patient, grantee, record))

@external
def revoke_signed(
    patient: address,
    grantee: address,
    record: bytes32,
    deadline: uint64,
    signature: Bytes[1024],
):
    """
    @notice Carry a controller's signed RevokeAccess; its `seq` must be the present one.
    """
    seq: uint256 = access._seq(patient, grantee, record)
    struct_hash: bytes32 = typed_data._revoke_access(patient, grantee, record, seq, deadline)
    controller: address = patients._controller(patient, patients.words[patient])
    signatures._require(controller, struct_hash, deadline, signature)
    access._revoke(patient, grantee, record, seq)

@external
def revoke_all(patient: address):
    """
    @notice Take every grant of `patient` back, and every signed one that was never sent.
    """
    patients._require_controller(msg.sender, patient)
    patients._revoke_all(patient)

@external
def revoke_all_signed(patient: address, deadline: uint64, signature: Bytes[1024]):
    """
    @notice Carry a controller's signed RevokeAllAccess; its `cutoff` must be the present one.
    """
    patient_word: uint256 = patients.words[patient]
    struct_hash: bytes32 = typed_data._revoke_all_access(
        patient, patients._cutoff(patient_word), deadline
    )
    controller: address = patients._controller(patient, patient_word)
    signatures._require(controller, struct_hash, deadline, signature)
    patients._revoke_all(patient)

@external
def publish_reading_key(key: Bytes[1216]):
    """
    @notice Publish the key that others seal to for the sender.
    """
    key_ring._publish(msg.sender, key)

@external
def publish_reading_key_signed(
    account: address, key: Bytes[1216], deadline: uint64, signature: Bytes[1024]
):
    """
    @notice Carry an account's signed PublishReadingKey; its `previous` must be the present hash.
    """
    struct_hash: bytes32 = typed_data._publish_reading_key(
        account, keccak256(key), key_ring.reading_keys[account], deadline
    )
    signatures._require(account, struct_hash, deadline, signature)
    key_ring._publish(account, key)

@external
def open_record(patient: address, record: bytes32, purpose: uint32):
    """
    @notice Leave a receipt for opening the version of `record` that counts now.
    @param purpose Exactly one bit, which the reader's grant must hold.
    """
    sealing._open(msg.sender, patient, record, purpose)

@external
def open_record_signed(
    reader: address,
    patient: address,
    record: bytes32,
    purpose: uint32,
    deadline: uint64,
    signature: Bytes[1024],
):
    """
    @notice Carry a reader's signed OpenRecord; its `commitment` and `head` must be the present.
    """
    struct_hash: bytes32 = typed_data._open_record(
        reader,
        patient,
        record,
        sealing.records[patient][record],
        purpose,
        head_chain.heads[patient],
        deadline,
    )
    signatures._require(reader, struct_hash, deadline, signature)
    sealing._open(reader, patient, record, purpose)
