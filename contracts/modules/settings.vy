# pragma version 0.4.3
"""
@title Settings
@license Apache-2.0
@author the Anamnesis authors
@notice What a patient sets rarely: the circles of guardians and custodians, the numbers of the
        emergency policy, and the nonce of every such message.
@dev T1 `seq` rises by one with every setting, so none is signed once and takes effect twice.
     T2 Somebody is in a circle only if the latest setting of that circle named them.
"""

from . import head_chain
from . import patients
from . import refusals
from ..interfaces import IConsent

uses: head_chain
uses: patients
uses: refusals

# CONSTANTS

# Circles of people: who can move control, and who keeps a share of a key.
GUARDIANS: constant(uint256) = 0
CUSTODIANS: constant(uint256) = 1

CIRCLE_SET: constant(bytes32) = keccak256("CircleSet(address,uint256,address[],uint256)")

# Settings word: seq u40 | seq of the emergency policy u40 << 40 | mode u8 << 80
# | window in hours u8 << 88 | delay in seconds u32 << 96.
POLICY_SHIFT: constant(uint256) = 40
MODE_SHIFT: constant(uint256) = 80
WINDOW_SHIFT: constant(uint256) = 88
DELAY_SHIFT: constant(uint256) = 96

# Circle word: seq u40 | threshold u8 << 40.
THRESHOLD_SHIFT: constant(uint256) = 40

U8: constant(uint256) = 2**8 - 1
U40: constant(uint256) = 2**40 - 1

# STORAGE

# patient -> settings word.
words: HashMap[address, uint256]

# patient -> circle -> circle word.
circles: HashMap[address, HashMap[uint256, uint256]]

# patient -> circle -> account -> seq of the setting that named it last.
members: HashMap[address, HashMap[uint256, HashMap[address, uint256]]]

# READS

@external
@view
def standing(patient: address) -> (address, uint256, uint256):
    """
    @notice The account that may grant, revoke and seal for `patient`; the cutoff, above which
            granted_at of a live grant lies; and the nonce that the next signed setting carries.
    """
    word: uint256 = patients.words[patient]
    return patients._controller_in(word, patient), patients._cutoff(word), self._seq(patient)

@external
@view
def membership(patient: address, circle: uint256, account: address) -> (bool, uint256):
    """
    @notice Whether `account` is a guardian (circle 0) or a custodian (1) of `patient` now, and how
            many of the circle have to act together; zero if it is empty.
    """
    return self._is_member(patient, circle, account), self._threshold(patient, circle)

# INTERNAL

@internal
@view
def _seq(patient: address) -> uint256:
    return self.words[patient] & U40

@internal
def _spend(patient: address) -> uint256:
    """
    @dev The nonce after spending. 2^40 settings would take longer than the chain can last.
    """
    word: uint256 = self.words[patient] + 1
    self.words[patient] = word
    return word & U40

@internal
@view
def _threshold(patient: address, circle: uint256) -> uint256:
    return self.circles[patient][circle] >> THRESHOLD_SHIFT

@internal
@view
def _is_member(patient: address, circle: uint256, account: address) -> bool:
    since: uint256 = self.circles[patient][circle] & U40
    return since != 0 and self.members[patient][circle][account] == since

@internal
@view
def _require_guardian(patient: address, account: address):
    if not self._is_member(patient, GUARDIANS, account):
        refusals._refuse(refusals.NOT_A_GUARDIAN)

@internal
def _set_circle(
    patient: address,
    controller: address,
    circle: uint256,
    members: DynArray[address, 8],
    listed: bytes32,
    threshold: uint256,
):
    """
    @dev In place of the members before. The caller has made sure that the controller wants this.
    """
    if threshold > len(members) or (threshold == 0 and len(members) != 0):
        refusals._refuse(refusals.WRONG_THRESHOLD)
    seq: uint256 = self._spend(patient)
    self.circles[patient][circle] = seq | (threshold << THRESHOLD_SHIFT)
    for account: address in members:
        if account == empty(address):
            refusals._refuse(refusals.EMPTY_ACCOUNT)
        if account == patient or account == controller:
            refusals._refuse(refusals.OWN_CIRCLE)
        # The nonce is fresh, so whoever carries it already is named twice.
        if self.members[patient][circle][account] == seq:
            refusals._refuse(refusals.DUPLICATE_ACCOUNT)
        self.members[patient][circle][account] = seq
    head_chain._append(
        patient, keccak256(abi_encode(CIRCLE_SET, patient, circle, listed, threshold))
    )
    log IConsent.CircleSet(
        patient=patient, circle=circle, members=members, threshold=threshold
    )
