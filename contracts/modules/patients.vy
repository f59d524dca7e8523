# pragma version 0.4.3
"""
@title Patients
@license Apache-2.0
@author the Anamnesis authors
@notice Who speaks for a patient, and from when on grants count.
@dev P1 A patient controls itself until the word names another controller.
     P2 The cutoff only rises, and is never below the time of the last revoke-all.
"""

from . import head_chain
from ..interfaces import IConsent

uses: head_chain

# CONSTANTS

ALL_ACCESS_REVOKED: constant(bytes32) = keccak256("AllAccessRevoked(address,uint40)")

# Patient word: controller u160 | cutoff u40 << 160 | 56 bits free.
CUTOFF_SHIFT: constant(uint256) = 160
U40: constant(uint256) = 2**40 - 1
U160: constant(uint256) = 2**160 - 1

# STORAGE

# patient -> packed word; a controller of zero stands for the patient itself.
words: HashMap[address, uint256]

# READS

@external
@view
def controller(patient: address) -> address:
    """
    @notice The account that may grant, revoke and seal for `patient`.
    """
    return self._controller(patient, self.words[patient])

@external
@view
def cutoff(patient: address) -> uint256:
    """
    @notice Grants of `patient` count when their granted_at is above this.
    """
    return self._cutoff(self.words[patient])

# INTERNAL

@internal
@view
def _require_controller(account: address, patient: address):
    assert account == self._controller(patient, self.words[patient]), "Consent: not the controller"

@internal
@pure
def _controller(patient: address, word: uint256) -> address:
    named: uint256 = word & U160
    return patient if named == 0 else convert(named, address)

@internal
@pure
def _cutoff(word: uint256) -> uint256:
    return (word >> CUTOFF_SHIFT) & U40

@internal
def _revoke_all(patient: address):
    """
    @dev The cutoff is a logical clock: it passes every grant made so far, also those of this
         second, and a grant made next passes it.
    """
    word: uint256 = self.words[patient]
    before: uint256 = self._cutoff(word)
    cutoff: uint256 = max(block.timestamp, before + 1)
    self.words[patient] = word ^ ((before ^ cutoff) << CUTOFF_SHIFT)
    head_chain._extend(patient, keccak256(abi_encode(ALL_ACCESS_REVOKED, patient, cutoff)))
    log IConsent.AllAccessRevoked(patient=patient, cutoff=convert(cutoff, uint40))
