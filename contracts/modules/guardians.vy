# pragma version 0.4.3
"""
@title Guardians
@license Apache-2.0
@author the Anamnesis authors
@notice A way back from a lost wallet: k of n people whom the patient named move control to another
        account, after a week in which the present controller can refuse. And a pointer to the
        contract that a patient goes on with.
@dev G1 Control moves only by a recovery that enough guardians signed and that nobody vetoed for a
        week.
     G2 While a recovery is pending, nothing is granted and nothing set.
     G3 A guardian has no other power over grants. No setting names the patient or its controller;
        a recovery may make a guardian the controller.
     The callers have made sure of who speaks.
"""

from . import head_chain
from . import patients
from . import refusals
from . import settings
from ..interfaces import IConsent

uses: head_chain
uses: patients
uses: refusals
uses: settings

# CONSTANTS

RECOVERY_APPROVED: constant(bytes32) = keccak256("RecoveryApproved(address,address,address)")
RECOVERY_PROPOSED: constant(bytes32) = keccak256("RecoveryProposed(address,address,uint256)")
RECOVERY_VETOED: constant(bytes32) = keccak256("RecoveryVetoed(address,address)")
RECOVERY_COMPLETED: constant(bytes32) = keccak256("RecoveryCompleted(address,address)")
SUCCESSOR_SET: constant(bytes32) = keccak256("SuccessorSet(address,address)")

# Time in which the controller can refuse: long enough to be away from one's wallet for.
RECOVERY_DELAY: constant(uint256) = 7 * 86_400

# Recovery word: controller u160 | due u40 << 160.
DUE_SHIFT: constant(uint256) = 160

# STORAGE

# patient -> recovery word, zero if none is pending.
recoveries: HashMap[address, uint256]

# keccak256(patient, controller, nonce) -> guardian -> whether it approved, and how many did.
approvals: HashMap[bytes32, HashMap[address, bool]]
tallies: HashMap[bytes32, uint256]

# patient -> contract that the patient goes on with, zero if this one.
successors: public(HashMap[address, address])

# READS

@external
@view
def recovery(patient: address) -> (address, uint256):
    """
    @notice The pending recovery: the controller to be, and from when it can be completed. Zeros
            without one.
    """
    word: uint256 = self.recoveries[patient]
    return convert(word & patients.U160, address), word >> DUE_SHIFT

# INTERNAL

@internal
def _set_successor(patient: address, successor: address):
    settings._spend(patient)
    self.successors[patient] = successor
    head_chain._tell(SUCCESSOR_SET, patient, successor)

@internal
@view
def _next_approval(patient: address, controller: address, guardian: address) -> uint256:
    """
    @dev The nonce of the approval to come, if this guardian may ask for this controller.
    """
    if controller == empty(address):
        refusals._refuse(refusals.EMPTY_ACCOUNT)
    if controller == patients._controller_in(patients._settled(patient), patient):
        refusals._refuse(refusals.SAME_CONTROLLER)
    settings._require_guardian(patient, guardian)
    return settings._seq(patient)

@internal
def _approve(patient: address, controller: address, guardian: address, seq: uint256):
    """
    @dev The caller has what `_next_approval` gave, and made sure that the guardian wants this.
    """
    # Any setting in between spends the nonce, and every approval with it.
    asked: bytes32 = keccak256(abi_encode(patient, controller, seq))
    if self.approvals[asked][guardian]:
        refusals._refuse(refusals.DUPLICATE_ACCOUNT)
    self.approvals[asked][guardian] = True
    tally: uint256 = self.tallies[asked] + 1
    self.tallies[asked] = tally
    head_chain._tell_by(RECOVERY_APPROVED, patient, controller, guardian)
    if tally == settings._threshold(patient, settings.GUARDIANS):
        self._propose(patient, controller)

@internal
def _propose(patient: address, controller: address):
    due: uint256 = block.timestamp + RECOVERY_DELAY
    settings._spend(patient)
    self.recoveries[patient] = convert(controller, uint256) | (due << DUE_SHIFT)
    patients.words[patient] |= patients.RECOVERING
    head_chain._append(patient, keccak256(
        abi_encode(RECOVERY_PROPOSED, patient, controller, due))
    )
    log IConsent.RecoveryProposed(patient=patient, controller=controller, due=due)

@internal
def _veto(patient: address, proposed: address):
    settings._spend(patient)
    self.recoveries[patient] = 0
    patients.words[patient] ^= patients.RECOVERING
    head_chain._tell(RECOVERY_VETOED, patient, proposed)

@internal
def _complete(patient: address):
    proposed: address = self._pending(patient)
    if block.timestamp < self.recoveries[patient] >> DUE_SHIFT:
        refusals._refuse(refusals.RECOVERY_NOT_DUE)
    self.recoveries[patient] = 0
    cutoff: uint256 = patients._cutoff(patients.words[patient])
    patients.words[patient] = convert(proposed, uint256) | (cutoff << patients.CUTOFF_SHIFT)
    head_chain._tell(RECOVERY_COMPLETED, patient, proposed)
    head_chain._mark_moved(patient)

@internal
@view
def _pending(patient: address) -> address:
    word: uint256 = self.recoveries[patient]
    if word == 0:
        refusals._refuse(refusals.NO_RECOVERY_PENDING)
    return convert(word & patients.U160, address)
