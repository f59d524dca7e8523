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
     I2 A nonce that is a number is spent once, and only upwards; a message counts only for the
        state that it was signed for, and a request gives nothing.
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
     Sealing, asking, granting and revoking exist twice, sent by whom it concerns or carried by
     anyone with a signature, because an empty signature would cost the sender 400 gas and more.
     Every other write exists once: with an empty signature the sender speaks for itself.
     Numbers are uint256 and bounded by a reason each; a narrower type would refuse without one.
@custom:stop Nothing to stop: no owner, no pause, no upgrade.
"""

# IMPORTS

from .interfaces import IConsent
from .modules import access
from .modules import emergency
from .modules import guardians
from .modules import head_chain
from .modules import key_ring
from .modules import patients
from .modules import refusals
from .modules import sealing
from .modules import settings
from .modules import signatures
from .modules import typed_data

implements: IConsent

initializes: refusals
initializes: signatures[refusals := refusals]
initializes: head_chain
initializes: patients[head_chain := head_chain, refusals := refusals]
initializes: access[patients := patients, refusals := refusals]
initializes: sealing[access := access, head_chain := head_chain, refusals := refusals]
initializes: key_ring[refusals := refusals]
initializes: settings[head_chain := head_chain, patients := patients, refusals := refusals]
initializes: guardians[
    head_chain := head_chain, patients := patients, refusals := refusals, settings := settings
]
initializes: emergency[
    head_chain := head_chain,
    key_ring := key_ring,
    patients := patients,
    refusals := refusals,
    settings := settings,
]

exports: access.terms
exports: (head_chain.heads, head_chain.roster_head)
exports: sealing.records
exports: key_ring.reading_keys
exports: signatures.domain_separator
exports: (guardians.recovery, guardians.successors)
exports: (
    emergency.credentials,
    emergency.emergency_case,
    emergency.emergency_policy,
    emergency.is_open,
)
exports: (settings.membership, settings.standing)

# CONSTANTS

# The purpose that an open emergency case covers (HL7 ETREAT).
EMERGENCY_TREATMENT: constant(uint256) = 2

# EVENTS

# Those that head_chain logs for its callers. IConsent has them too and explains them; they stand
# here for the ABI, which takes in only what a `log` statement names.

event EmergencyVetoed:
    patient: indexed(address)
    clinician: indexed(address)
    by: indexed(address)

event EmergencyClosed:
    patient: indexed(address)
    clinician: indexed(address)

event RecoveryApproved:
    patient: indexed(address)
    controller: indexed(address)
    guardian: indexed(address)

event RecoveryVetoed:
    patient: indexed(address)
    controller: indexed(address)

event RecoveryCompleted:
    patient: indexed(address)
    controller: indexed(address)

event SuccessorSet:
    patient: indexed(address)
    successor: indexed(address)

# CONSTRUCTOR

@deploy
def __init__(credentials: address):
    """
    @param credentials The Credentials contract that says who is a licensed clinician.
    """
    refusals.__init__()
    signatures.__init__()
    emergency.__init__(credentials)

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
    @notice Commit to a new version of a record, as the controller or a grantee with WRITE.
    @param previous The commitment it replaces, zero for the first version.
    @param envelope keccak256 of the owner's envelope.
    """
    head: bytes32 = head_chain.heads[patient]
    leaf: bytes32 = sealing._seal(
        msg.sender, patient, head, record, commitment, previous, envelope
    )
    head_chain._extend(patient, head, leaf)

@external
def seal_signed(
    author: address,
    patient: address,
    record: bytes32,
    commitment: bytes32,
    previous: bytes32,
    envelope: bytes32,
    deadline: uint256,
    signature: Bytes[1024],
):
    """
    @notice Carry an author's signed SealRecord.
    """
    struct_hash: bytes32 = keccak256(
        abi_encode(
            typed_data.SEAL_RECORD,
            patient,
            author,
            record,
            commitment,
            previous,
            envelope,
            deadline,
        )
    )
    signatures._require(author, struct_hash, deadline, signature)
    head: bytes32 = head_chain.heads[patient]
    leaf: bytes32 = sealing._seal(author, patient, head, record, commitment, previous, envelope)
    head_chain._extend(patient, head, leaf)

@external
def request(
    patient: address, record: bytes32, purposes: uint256, expiry: uint256, deadline: uint256
):
    """
    @notice Ask `patient` for access. `record` zero asks for all records.
    """
    struct_hash: bytes32 = typed_data._request_access(
        msg.sender, patient, record, purposes, expiry, deadline
    )
    access._request(
        msg.sender, patient, record, purposes, expiry, signatures._digest(struct_hash)
    )

@external
def request_signed(
    grantee: address,
    patient: address,
    record: bytes32,
    purposes: uint256,
    expiry: uint256,
    deadline: uint256,
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
    access._request(
        grantee, patient, record, purposes, expiry, signatures._digest(struct_hash)
    )

@external
def grant(
    patient: address,
    grantee: address,
    record: bytes32,
    purposes: uint256,
    expiry: uint256,
    request: bytes32,
    envelope: bytes32,
):
    """
    @notice Let `grantee` use `record`, or all records if zero, replacing the grant before.
    @param request Digest of the request that this answers, zero if unasked.
    @param envelope keccak256 of the grantee's envelope.
    """
    word: uint256 = patients.words[patient]
    # As in `patients`: called here, it would cost each grant 100 gas.
    controller: address = convert(word & patients.U160, address)
    if controller == empty(address):
        controller = patient
    if msg.sender != controller:
        refusals._refuse(refusals.NOT_THE_CONTROLLER)
    if word & patients.RECOVERING != 0:
        refusals._refuse(refusals.RECOVERY_PENDING)
    granted_at: uint256 = block.timestamp
    if granted_at <= word >> patients.CUTOFF_SHIFT:
        granted_at = (word >> patients.CUTOFF_SHIFT) + 1
    leaf: bytes32 = access._grant(
        controller,
        granted_at,
        patient,
        IConsent.Grant(
            grantee=convert(grantee, uint256),
            record=record,
            purposes=purposes,
            expiry=expiry,
            request=request,
            envelope=envelope,
        ),
    )
    head: bytes32 = head_chain.heads[patient]
    head_chain._extend(patient, head, leaf)

@external
def grant_signed(
    patient: address,
    grantee: address,
    record: bytes32,
    purposes: uint256,
    expiry: uint256,
    request: bytes32,
    envelope: bytes32,
    deadline: uint256,
    signature: Bytes[1024],
):
    """
    @notice Carry a controller's signed GrantAccess; its `seq` and `cutoff` must be the present.
    """
    word: uint256 = patients._settled(patient)
    controller: address = patients._controller_in(word, patient)
    cutoff: uint256 = word >> patients.CUTOFF_SHIFT
    struct_hash: bytes32 = keccak256(
        abi_encode(
            typed_data.GRANT_ACCESS,
            patient,
            grantee,
            record,
            purposes,
            expiry,
            request,
            envelope,
            access._seq(patient, grantee, record),
            cutoff,
            deadline,
        )
    )
    signatures._require(controller, struct_hash, deadline, signature)
    leaf: bytes32 = access._grant(
        controller,
        patients._next_moment(word),
        patient,
        IConsent.Grant(
            grantee=convert(grantee, uint256),
            record=record,
            purposes=purposes,
            expiry=expiry,
            request=request,
            envelope=envelope,
        ),
    )
    head: bytes32 = head_chain.heads[patient]
    head_chain._extend(patient, head, leaf)

@external
def revoke(patient: address, grantee: address, record: bytes32):
    """
    @notice Take the grant on exactly `record` back. A grant on all records is one of its own.
    """
    head: bytes32 = head_chain.heads[patient]
    if msg.sender != patients._controller(patient, head):
        refusals._refuse(refusals.NOT_THE_CONTROLLER)
    leaf: bytes32 = access._revoke(patient, grantee, record)
    head_chain._extend(patient, head, leaf)

@external
def revoke_signed(
    patient: address,
    grantee: address,
    record: bytes32,
    deadline: uint256,
    signature: Bytes[1024],
):
    """
    @notice Carry a controller's signed RevokeAccess; its `seq` must be the present one.
    """
    head: bytes32 = head_chain.heads[patient]
    controller: address = patients._controller(patient, head)
    struct_hash: bytes32 = keccak256(
        abi_encode(
            typed_data.REVOKE_ACCESS,
            patient,
            grantee,
            record,
            access._seq(patient, grantee, record),
            deadline,
        )
    )
    signatures._require(controller, struct_hash, deadline, signature)
    leaf: bytes32 = access._revoke(patient, grantee, record)
    head_chain._extend(patient, head, leaf)

@external
def revoke_all(patient: address, deadline: uint256, signature: Bytes[1024]):
    """
    @notice Take every grant of `patient` back, every signed one that was never sent, and end every
            emergency case.
    @param signature The controller's of RevokeAllAccess, with the present `cutoff`.
    """
    word: uint256 = patients.words[patient]
    struct_hash: bytes32 = keccak256(
        abi_encode(typed_data.REVOKE_ALL_ACCESS, patient, patients._cutoff(word), deadline)
    )
    controller: address = patients._controller_in(word, patient)
    signatures._agree(controller, struct_hash, deadline, signature)
    patients._revoke_all(patient)

@external
def publish_reading_key(
    account: address, key: Bytes[1216], deadline: uint256, signature: Bytes[1024]
):
    """
    @notice Publish the key that others seal to for `account`.
    @param signature The account's of PublishReadingKey; its `previous` must be the present hash.
    """
    struct_hash: bytes32 = keccak256(
        abi_encode(
            typed_data.PUBLISH_READING_KEY,
            account,
            keccak256(key),
            key_ring.reading_keys[account],
            deadline,
        )
    )
    signatures._agree(account, struct_hash, deadline, signature)
    key_ring._publish(account, key)

@external
def open_record(
    reader: address,
    patient: address,
    record: bytes32,
    purpose: uint256,
    deadline: uint256,
    signature: Bytes[1024],
):
    """
    @notice Leave a receipt for opening the version of `record` that counts now.
    @param purpose Exactly one bit, which the reader's grant must hold.
    @param signature The reader's of OpenRecord; its `commitment` and `head` must be the present.
    """
    struct_hash: bytes32 = keccak256(
        abi_encode(
            typed_data.OPEN_RECORD,
            reader,
            patient,
            record,
            sealing.records[patient][record],
            purpose,
            head_chain.heads[patient],
            deadline,
        )
    )
    signatures._agree(reader, struct_hash, deadline, signature)
    if not self._has_access(patient, reader, record, purpose):
        refusals._refuse(refusals.NO_ACCESS)
    sealing._open(reader, patient, record, purpose)

@external
def batch(
    patient: address,
    author: address,
    versions: DynArray[IConsent.Version, 32],
    revocations: DynArray[IConsent.Revocation, 32],
    grants: DynArray[IConsent.Grant, 32],
    deadline: uint256,
    signature: Bytes[1024],
):
    """
    @notice Seal, then revoke, then grant, several of each, all or none: in one step a patient
            takes a reader out, seals anew and lets the others in again.
    @param revocations Each `grantee` is an account as a word, which spares decoding it: 1% of
           a batch. Of `grants` too.
    @param signature The author's of Batch, with the `seq` of each grant and the `cutoff` as they
           are before it. Only the controller revokes and grants.
    """
    if len(signature) == 0:
        if msg.sender != author:
            refusals._refuse(refusals.WRONG_SENDER)
    else:
        hashes: bytes32[32] = empty(bytes32[32])
        count: uint256 = 0
        for each: IConsent.Version in versions:
            hashes[count] = keccak256(
                abi_encode(
                    typed_data.VERSION,
                    each.record,
                    each.commitment,
                    each.previous,
                    each.envelope,
                )
            )
            count += 1
        sealed: bytes32 = typed_data._hashes(hashes, count)
        count = 0
        for each: IConsent.Revocation in revocations:
            hashes[count] = keccak256(
                abi_encode(
                    typed_data.REVOCATION,
                    each.grantee,
                    each.record,
                    access._seq(patient, convert(each.grantee, address), each.record),
                )
            )
            count += 1
        revoked: bytes32 = typed_data._hashes(hashes, count)
        count = 0
        for each: IConsent.Grant in grants:
            hashes[count] = keccak256(
                abi_encode(
                    typed_data.GRANT,
                    each.grantee,
                    each.record,
                    each.purposes,
                    each.expiry,
                    each.request,
                    each.envelope,
                    access._seq(patient, convert(each.grantee, address), each.record),
                )
            )
            count += 1
        struct_hash: bytes32 = keccak256(
            abi_encode(
                typed_data.BATCH,
                patient,
                author,
                sealed,
                revoked,
                typed_data._hashes(hashes, count),
                patients._cutoff(patients.words[patient]),
                deadline,
            )
        )
        signatures._require(author, struct_hash, deadline, signature)
    before: bytes32 = head_chain.heads[patient]
    head: bytes32 = before
    for each: IConsent.Version in versions:
        leaf: bytes32 = sealing._seal(
            author, patient, head, each.record, each.commitment, each.previous, each.envelope
        )
        head = head_chain._link(head, leaf)
    if author != patient or convert(before, uint256) & head_chain.MOVED != 0:
        if len(revocations) + len(grants) != 0 and author != patients._controller(patient, before):
            refusals._refuse(refusals.NOT_THE_CONTROLLER)
    for each: IConsent.Revocation in revocations:
        leaf: bytes32 = access._revoke(patient, convert(each.grantee, address), each.record)
        head = head_chain._link(head, leaf)
    if len(grants) != 0:
        granted_at: uint256 = patients._next_moment(patients._settled(patient))
        moved: uint256 = convert(head, uint256) & head_chain.MOVED
        for each: IConsent.Grant in grants:
            leaf: bytes32 = access._grant(author, granted_at, patient, each)
            # As `_link` does: ten calls of it would cost a batch 500 gas.
            link: uint256 = convert(keccak256(abi_encode(head, leaf)), uint256)
            head = convert(link & head_chain.REST | moved, bytes32)
    if head != before:
        head_chain._advance(patient, before, head)

@external
def set_circle(
    patient: address,
    circle: uint256,
    members: DynArray[address, 8],
    threshold: uint256,
    deadline: uint256,
    signature: Bytes[1024],
):
    """
    @notice Name the guardians, of whom `threshold` can move control, or the custodians, of whose
            shares it takes so many. They replace those before; nobody and zero for none.
    @param circle 0 guardians, 1 custodians.
    @param signature The controller's of SetGuardians or SetCustodians.
    """
    kind: bytes32 = typed_data.SET_GUARDIANS
    if circle == settings.CUSTODIANS:
        kind = typed_data.SET_CUSTODIANS
    elif circle != settings.GUARDIANS:
        refusals._refuse(refusals.UNKNOWN_CIRCLE)
    controller: address = patients._controller_in(patients._settled(patient), patient)
    listed: bytes32 = typed_data._accounts(members)
    struct_hash: bytes32 = keccak256(
        abi_encode(kind, patient, listed, threshold, settings._seq(patient), deadline)
    )
    signatures._agree(controller, struct_hash, deadline, signature)
    settings._set_circle(patient, controller, circle, members, listed, threshold)

@external
def set_emergency_policy(
    patient: address,
    mode: uint256,
    delay: uint256,
    window: uint256,
    record: bytes32,
    deadline: uint256,
    signature: Bytes[1024],
):
    """
    @notice Say who may open `record`, or all records if zero, when the patient cannot be asked.
            Ends every case that is open.
    @param mode 0 nobody, 1 two clinicians, 2 a clinician and a guardian, 3 a clinician alone.
    @param delay Seconds before a case opens, in which it can be vetoed; a week at most.
    @param window Hours for which it stays open; 72 at most.
    @param signature The controller's of SetEmergencyPolicy.
    """
    struct_hash: bytes32 = keccak256(
        abi_encode(
            typed_data.SET_EMERGENCY_POLICY,
            patient,
            mode,
            delay,
            window,
            record,
            settings._seq(patient),
            deadline,
        )
    )
    controller: address = patients._controller_in(patients._settled(patient), patient)
    signatures._agree(controller, struct_hash, deadline, signature)
    emergency._set_policy(patient, mode, delay, window, record)

@external
def open_emergency(
    patient: address,
    clinician: address,
    cosigner: address,
    reason: bytes32,
    deadline: uint256,
    signature: Bytes[1024],
    cosignature: Bytes[1024],
):
    """
    @notice Open a case by the patient's policy.
    @param cosigner Second clinician or guardian; zero if the policy asks for a clinician alone.
    @param reason keccak256 of a salt and the coded reason.
    @param signature The clinician's of OpenEmergency, `cosignature` the cosigner's of the same;
           empty for whoever of them sends this.
    """
    record: bytes32 = empty(bytes32)
    reader_key: bytes32 = empty(bytes32)
    seq: uint256 = 0
    record, reader_key, seq = emergency._next_case(patient, clinician, cosigner)
    struct_hash: bytes32 = keccak256(
        abi_encode(
            typed_data.OPEN_EMERGENCY,
            patient,
            clinician,
            record,
            reader_key,
            reason,
            seq,
            deadline,
        )
    )
    signatures._agree(clinician, struct_hash, deadline, signature)
    if cosigner != empty(address):
        signatures._agree(cosigner, struct_hash, deadline, cosignature)
    emergency._open(patient, clinician, cosigner, record, reader_key, reason, seq)

@external
def end_emergency(
    patient: address,
    clinician: address,
    by: address,
    deadline: uint256,
    signature: Bytes[1024],
):
    """
    @notice End a case before or while it is open. As its clinician this closes it, and another can
            be opened; as the controller or a guardian it is a veto.
    @param signature `by`'s of EndEmergency.
    """
    seq: uint256 = emergency._running(patient, clinician)
    struct_hash: bytes32 = keccak256(
        abi_encode(typed_data.END_EMERGENCY, patient, clinician, seq, deadline)
    )
    signatures._agree(by, struct_hash, deadline, signature)
    emergency._end(patient, clinician, by, seq)

@external
def release_share(
    patient: address,
    clinician: address,
    custodian: address,
    share: bytes32,
    deadline: uint256,
    signature: Bytes[1024],
):
    """
    @notice Log that a custodian hands its share over in an open case.
    @param share keccak256 of the share, wrapped for the case's reading key.
    @param signature The custodian's of ReleaseShare.
    """
    seq: uint256 = emergency._case_seq(patient, clinician)
    if not emergency._is_open(patient, clinician):
        refusals._refuse(refusals.NO_EMERGENCY)
    if not settings._is_member(patient, settings.CUSTODIANS, custodian):
        refusals._refuse(refusals.NOT_A_CUSTODIAN)
    struct_hash: bytes32 = keccak256(
        abi_encode(
            typed_data.RELEASE_SHARE,
            patient,
            clinician,
            custodian,
            share,
            seq,
            deadline,
        )
    )
    signatures._agree(custodian, struct_hash, deadline, signature)
    emergency._release(patient, clinician, custodian, share, seq)

@external
def approve_recovery(
    patient: address,
    controller: address,
    guardian: address,
    deadline: uint256,
    signature: Bytes[1024],
):
    """
    @notice Ask, as a guardian, that control of `patient` move to `controller`. Once enough ask for
            the same, the recovery is pending.
    @param signature The guardian's of ApproveRecovery.
    """
    seq: uint256 = guardians._next_approval(patient, controller, guardian)
    struct_hash: bytes32 = typed_data._about(
        typed_data.APPROVE_RECOVERY, patient, controller, seq, deadline
    )
    signatures._agree(guardian, struct_hash, deadline, signature)
    guardians._approve(patient, controller, guardian, seq)

@external
def veto_recovery(patient: address, deadline: uint256, signature: Bytes[1024]):
    """
    @notice Refuse a pending recovery.
    @param signature The controller's of VetoRecovery.
    """
    proposed: address = guardians._pending(patient)
    struct_hash: bytes32 = typed_data._about(
        typed_data.VETO_RECOVERY, patient, proposed, settings._seq(patient), deadline
    )
    controller: address = patients._controller(patient, head_chain.heads[patient])
    signatures._agree(controller, struct_hash, deadline, signature)
    guardians._veto(patient, proposed)

@external
def complete_recovery(patient: address):
    """
    @notice Move control once the recovery is due. Anybody may.
    """
    guardians._complete(patient)

@external
def set_successor(
    patient: address, successor: address, deadline: uint256, signature: Bytes[1024]
):
    """
    @notice Point to the contract that the patient goes on with; zero takes that back.
    @param signature The controller's of SetSuccessor.
    """
    struct_hash: bytes32 = typed_data._about(
        typed_data.SET_SUCCESSOR, patient, successor, settings._seq(patient), deadline
    )
    controller: address = patients._controller_in(patients._settled(patient), patient)
    signatures._agree(controller, struct_hash, deadline, signature)
    guardians._set_successor(patient, successor)

# READS

@external
@view
def has_access(patient: address, grantee: address, record: bytes32, purpose: uint256) -> bool:
    """
    @notice Whether `grantee` may now use `record` for every bit of `purpose`.
    """
    return self._has_access(patient, grantee, record, purpose)

# INTERNAL

@internal
@view
def _has_access(
    patient: address, grantee: address, record: bytes32, purpose: uint256
) -> bool:
    if access._has_access(patient, grantee, record, purpose):
        return True
    if purpose != EMERGENCY_TREATMENT:
        return False
    return emergency._covers(patient, grantee, record)
