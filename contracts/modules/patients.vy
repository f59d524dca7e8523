# pragma version 0.4.3
"""
@title Patients
@license Apache-2.0
@author the Anamnesis authors
@notice Who speaks for a patient, and from when on grants count.
@dev P1 A patient controls itself until a recovery names another controller.
     P2 The cutoff only rises, and is never below the time of the last revoke-all.
"""

from . import head_chain
from . import refusals
from ..interfaces import IConsent

uses: head_chain
uses: refusals

# CONSTANTS

ALL_ACCESS_REVOKED: constant(bytes32) = keccak256("AllAccessRevoked(address,uint256)")

# Patient word: controller u160 | cutoff u40 << 160 | recovery pending << 200 | 55 bits free.
CUTOFF_SHIFT: constant(uint256) = 160
RECOVERING: constant(uint256) = 1 << 200
U40: constant(uint256) = 2**40 - 1
U160: constant(uint256) = 2**160 - 1

# STORAGE

# patient -> packed word; a controller of zero stands for the patient itself.
words: HashMap[address, uint256]

# INTERNAL

@internal
@view
def _controller(patient: address, head: bytes32) -> address:
    """
    @dev Reads the patient's word only if the head says that a recovery wrote to it.
    """
    if convert(head, uint256) & head_chain.MOVED == 0:
        return patient
    return convert(self.words[patient] & U160, address)

@internal
@pure
def _controller_in(word: uint256, patient: address) -> address:
    """
    @dev The same from the patient's word, for those who have read it anyway.
    """
    named: uint256 = word & U160
    return patient if named == 0 else convert(named, address)

@internal
@pure
def _cutoff(word: uint256) -> uint256:
    return (word >> CUTOFF_SHIFT) & U40

@internal
@view
def _settled(patient: address) -> uint256:
    """
    @dev The patient's word, unless a recovery is pending: while it is open who the controller is,
         nothing is given or set.
    """
    word: uint256 = self.words[patient]
    if word & RECOVERING != 0:
        refusals._refuse(refusals.RECOVERY_PENDING)
    return word

@internal
@view
def _next_moment(word: uint256) -> uint256:
    """
    @dev When a grant or cutoff made now counts from: a logical clock, which passes the cutoff also
         within the same second.
    """
    cutoff: uint256 = self._cutoff(word)
    return block.timestamp if block.timestamp > cutoff else cutoff + 1

@internal
def _revoke_all(patient: address):
    """
    @dev The cutoff passes every grant made so far, also those of this second, and a grant made next
         passes it.
    """
    word: uint256 = self.words[patient]
    cutoff: uint256 = self._next_moment(word)
    self.words[patient] = word ^ ((self._cutoff(word) ^ cutoff) << CUTOFF_SHIFT)
    head_chain._append(patient, keccak256(abi_encode(ALL_ACCESS_REVOKED, patient, cutoff)))
    log IConsent.AllAccessRevoked(patient=patient, cutoff=cutoff)
