# pragma version 0.4.3
"""
@title Emergency
@license Apache-2.0
@author the Anamnesis authors
@notice Breaking the glass for a patient who cannot be asked: only if the patient allowed it, by
        licensed clinicians, for a limited time, on record and open to a veto.
@dev E1 A case opens only under a policy that its patient set, by a clinician licensed at that
        moment, with the second signature that the policy asks for.
     E2 A case is open from its delay's end to its window's, unless it was vetoed or closed, the
        policy was set anew, everything was revoked, or the licence ended.
     E3 After a veto the same clinician cannot open again before the vetoed window would have ended.
     E4 A case is no grant: it overwrites, shortens and lengthens none.
     E5 A custodian whom the patient named logs one share for a case, while it is open.
"""

from . import head_chain
from . import key_ring
from . import patients
from . import refusals
from . import settings
from ..interfaces import IConsent
from ..interfaces import ICredentials

uses: head_chain
uses: key_ring
uses: patients
uses: refusals
uses: settings

# CONSTANTS

EMERGENCY_POLICY_SET: constant(bytes32) = keccak256(
    "EmergencyPolicySet(address,bytes32,uint256,uint256,uint256)"
)
EMERGENCY_OPENED: constant(bytes32) = keccak256(
    "EmergencyOpened(address,address,bytes32,address,bytes32,bytes32,uint256,uint256)"
)
EMERGENCY_VETOED: constant(bytes32) = keccak256("EmergencyVetoed(address,address,address)")
EMERGENCY_CLOSED: constant(bytes32) = keccak256("EmergencyClosed(address,address)")
SHARE_RELEASED: constant(bytes32) = keccak256("ShareReleased(address,address,address,bytes32)")

# Modes: who opens. OFF is how every patient begins.
OFF: constant(uint256) = 0
TWO_CLINICIANS: constant(uint256) = 1
CLINICIAN_AND_GUARDIAN: constant(uint256) = 2
CLINICIAN_ALONE: constant(uint256) = 3

LONGEST_DELAY: constant(uint256) = 7 * 86_400
LONGEST_WINDOW: constant(uint256) = 72
HOUR: constant(uint256) = 3_600

# Case word: cutoff at opening u40 | opens_at u40 << 40 | closes_at u40 << 80 | seq u40 << 120
# | policy's seq u40 << 160. A veto moves opens_at to closes_at.
OPENS_SHIFT: constant(uint256) = 40
CLOSES_SHIFT: constant(uint256) = 80
SEQ_SHIFT: constant(uint256) = 120
POLICY_SHIFT: constant(uint256) = 160
U40: constant(uint256) = 2**40 - 1

# IMMUTABLES

# Who says that somebody is a licensed clinician.
CREDENTIALS: immutable(ICredentials)

# STORAGE

# patient -> the record that an emergency opens, zero for all.
emergency_records: HashMap[address, bytes32]

# patient -> clinician -> case word of the latest case.
cases: HashMap[address, HashMap[address, uint256]]

# patient -> clinician -> custodian -> seq of the case that a share was released for last.
releases: HashMap[address, HashMap[address, HashMap[address, uint256]]]

# CONSTRUCTOR

@deploy
def __init__(credentials: address):
    if not credentials.is_contract:
        refusals._refuse(refusals.EMPTY_ACCOUNT)
    CREDENTIALS = ICredentials(credentials)

# READS

@external
@view
def credentials() -> address:
    """
    @notice The contract that says who is a licensed clinician.
    """
    return CREDENTIALS.address

@external
@view
def is_open(patient: address, clinician: address) -> bool:
    """
    @notice Whether an emergency case of `clinician` is open now.
    """
    return self._is_open(patient, clinician)

@external
@view
def emergency_case(patient: address, clinician: address) -> (uint256, uint256, uint256):
    """
    @notice The latest case of `clinician`: opens_at, closes_at, seq. It was vetoed if it opens
            when it closes.
    """
    word: uint256 = self.cases[patient][clinician]
    return (
        (word >> OPENS_SHIFT) & U40,
        (word >> CLOSES_SHIFT) & U40,
        (word >> SEQ_SHIFT) & U40,
    )

@external
@view
def emergency_policy(patient: address) -> (uint256, uint256, uint256, bytes32):
    """
    @notice Mode (0 off, 1 two clinicians, 2 clinician and guardian, 3 clinician alone), delay in
            seconds, window in hours, and the record that an emergency opens, zero for all.
    """
    word: uint256 = settings.words[patient]
    return (
        (word >> settings.MODE_SHIFT) & settings.U8,
        word >> settings.DELAY_SHIFT,
        (word >> settings.WINDOW_SHIFT) & settings.U8,
        self.emergency_records[patient],
    )

# INTERNAL

@internal
def _set_policy(patient: address, mode: uint256, delay: uint256, window: uint256, record: bytes32):
    """
    @dev The caller has made sure that the controller wants this.
    """
    if mode > CLINICIAN_ALONE:
        refusals._refuse(refusals.UNKNOWN_MODE)
    if delay > LONGEST_DELAY:
        refusals._refuse(refusals.DELAY_TOO_LONG)
    if window > LONGEST_WINDOW or (window == 0 and mode != 0):
        refusals._refuse(refusals.WRONG_WINDOW)
    seq: uint256 = settings._spend(patient)
    settings.words[patient] = (
        seq
        | (seq << settings.POLICY_SHIFT)
        | (mode << settings.MODE_SHIFT)
        | (window << settings.WINDOW_SHIFT)
        | (delay << settings.DELAY_SHIFT)
    )
    self.emergency_records[patient] = record
    head_chain._append(
        patient,
        keccak256(abi_encode(EMERGENCY_POLICY_SET, patient, record, mode, delay, window)),
    )
    log IConsent.EmergencyPolicySet(
        patient=patient, record=record, mode=mode, delay=delay, window=window
    )

@internal
@view
def _next_case(
    patient: address, clinician: address, cosigner: address
) -> (bytes32, bytes32, uint256):
    """
    @dev Record, hash of the clinician's reading key and nonce of the case to come, if these two
         may open one under the patient's policy.
    """
    mode: uint256 = (settings.words[patient] >> settings.MODE_SHIFT) & settings.U8
    if mode == OFF:
        refusals._refuse(refusals.EMERGENCIES_ARE_OFF)
    word: uint256 = self.cases[patient][clinician]
    if block.timestamp < (word >> CLOSES_SHIFT) & U40:
        refusals._refuse(refusals.EMERGENCY_RUNNING)
    reader_key: bytes32 = key_ring.reading_keys[clinician]
    if reader_key == empty(bytes32):
        refusals._refuse(refusals.NO_READING_KEY)
    if cosigner == clinician or (mode == CLINICIAN_ALONE and cosigner != empty(address)):
        refusals._refuse(refusals.WRONG_COSIGNER)
    self._require_licensed(clinician)
    if mode == TWO_CLINICIANS:
        self._require_licensed(cosigner)
    if mode == CLINICIAN_AND_GUARDIAN:
        settings._require_guardian(patient, cosigner)
    return self.emergency_records[patient], reader_key, (word >> SEQ_SHIFT) & U40

@internal
def _open(
    patient: address,
    clinician: address,
    cosigner: address,
    record: bytes32,
    reader_key: bytes32,
    reason: bytes32,
    seq: uint256,
):
    """
    @dev The caller has what `_next_case` gave, and made sure that both want this.
    """
    if reason == empty(bytes32):
        refusals._refuse(refusals.EMPTY_REASON)
    policy: uint256 = settings.words[patient]
    opens_at: uint256 = block.timestamp + (policy >> settings.DELAY_SHIFT)
    closes_at: uint256 = opens_at + ((policy >> settings.WINDOW_SHIFT) & settings.U8) * HOUR
    self.cases[patient][clinician] = (
        patients._cutoff(patients.words[patient])
        | (opens_at << OPENS_SHIFT)
        | (closes_at << CLOSES_SHIFT)
        | ((seq + 1) << SEQ_SHIFT)
        | (((policy >> settings.POLICY_SHIFT) & U40) << POLICY_SHIFT)
    )
    head_chain._append(
        patient,
        keccak256(
            abi_encode(
                EMERGENCY_OPENED,
                patient,
                clinician,
                record,
                cosigner,
                reader_key,
                reason,
                opens_at,
                closes_at,
            )
        ),
    )
    log IConsent.EmergencyOpened(
        patient=patient,
        clinician=clinician,
        record=record,
        cosigner=cosigner,
        reader_key=reader_key,
        reason=reason,
        opens_at=opens_at,
        closes_at=closes_at,
    )

@internal
def _end(patient: address, clinician: address, by: address, seq: uint256):
    """
    @dev The caller has made sure that `by` wants this.
    """
    if by == clinician:
        # Only the nonce stays: the clinician may open again.
        self.cases[patient][clinician] = seq << SEQ_SHIFT
        head_chain._tell(EMERGENCY_CLOSED, patient, clinician)
        return
    if by != patients._controller(patient, head_chain.heads[patient]):
        settings._require_guardian(patient, by)
    word: uint256 = self.cases[patient][clinician]
    closes_at: uint256 = (word >> CLOSES_SHIFT) & U40
    self.cases[patient][clinician] = (word & ~(U40 << OPENS_SHIFT)) | (closes_at << OPENS_SHIFT)
    head_chain._tell_by(EMERGENCY_VETOED, patient, clinician, by)

@internal
def _release(
    patient: address, clinician: address, custodian: address, share: bytes32, seq: uint256
):
    if self.releases[patient][clinician][custodian] == seq:
        refusals._refuse(refusals.SHARE_RELEASED)
    self.releases[patient][clinician][custodian] = seq
    head_chain._append(
        patient,
        keccak256(abi_encode(SHARE_RELEASED, patient, clinician, custodian, share)),
    )
    log IConsent.ShareReleased(
        patient=patient, clinician=clinician, custodian=custodian, share=share
    )

@internal
@view
def _case_seq(patient: address, clinician: address) -> uint256:
    return (self.cases[patient][clinician] >> SEQ_SHIFT) & U40

@internal
@view
def _running(patient: address, clinician: address) -> uint256:
    """
    @dev Nonce of the case, if it is open or may still become so.
    """
    word: uint256 = self.cases[patient][clinician]
    closes_at: uint256 = (word >> CLOSES_SHIFT) & U40
    if block.timestamp >= closes_at or (word >> OPENS_SHIFT) & U40 == closes_at:
        refusals._refuse(refusals.NO_EMERGENCY)
    return (word >> SEQ_SHIFT) & U40

@internal
@view
def _is_open(patient: address, clinician: address) -> bool:
    word: uint256 = self.cases[patient][clinician]
    if block.timestamp >= (word >> CLOSES_SHIFT) & U40:
        return False
    if block.timestamp < (word >> OPENS_SHIFT) & U40:
        return False
    if word >> POLICY_SHIFT != (settings.words[patient] >> settings.POLICY_SHIFT) & U40:
        return False
    if word & U40 != patients._cutoff(patients.words[patient]):
        return False
    return self._is_licensed(clinician)

@internal
@view
def _covers(patient: address, clinician: address, record: bytes32) -> bool:
    """
    @dev Whether an open case of `clinician` lets it read `record`.
    """
    if not self._is_open(patient, clinician):
        return False
    allowed: bytes32 = self.emergency_records[patient]
    return allowed == empty(bytes32) or allowed == record

@internal
@view
def _is_licensed(clinician: address) -> bool:
    return staticcall CREDENTIALS.is_licensed(clinician)

@internal
@view
def _require_licensed(clinician: address):
    if not self._is_licensed(clinician):
        refusals._refuse(refusals.NOT_LICENSED)
