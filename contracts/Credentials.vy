# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy off
"""
@title Credentials
@license Apache-2.0
@author the Anamnesis authors
@notice Says who is a licensed clinician: a regulator names issuers, and issuers license clinicians
        until a date.
@dev C1 Only the regulator adds and removes issuers; a successor is proposed and has to accept.
     C2 A licence counts until its date, while its issuer is one.
     C3 One issuer does not shorten or take over the live licence of another.
     C4 The head covers every event, in order, by the rule of Consent's heads (no bit set apart).
     Consent asks `is_licensed` and nothing else; nothing here reaches into it. Reentrancy is off
     and needs no lock: nothing is called.
"""

# IMPORTS

from .interfaces import ICredentials

implements: ICredentials

# CONSTANTS

REGULATOR_PROPOSED: constant(bytes32) = keccak256("RegulatorProposed(address)")
REGULATOR_CHANGED: constant(bytes32) = keccak256("RegulatorChanged(address)")
ISSUER_ADDED: constant(bytes32) = keccak256("IssuerAdded(address)")
ISSUER_REMOVED: constant(bytes32) = keccak256("IssuerRemoved(address)")
CLINICIAN_LICENSED: constant(bytes32) = keccak256("ClinicianLicensed(address,address,uint256)")
LICENSE_REVOKED: constant(bytes32) = keccak256("LicenseRevoked(address,address)")

# A licence longer than this is a mistake of units: ten years in seconds, leap days included.
LONGEST_LICENSE: constant(uint256) = 3_653 * 86_400

# Licence word: until u40 | issuer u160 << 40.
ISSUER_SHIFT: constant(uint256) = 40
U40: constant(uint256) = 2**40 - 1

# STORAGE

regulator: public(address)
proposed_regulator: public(address)
is_issuer: public(HashMap[address, bool])

# clinician -> licence word, zero if there is none.
licenses: HashMap[address, uint256]

# keccak256(head before, leaf) over every event.
head: public(bytes32)

# CONSTRUCTOR

@deploy
def __init__(regulator: address):
    assert regulator != empty(address), "Credentials: empty account"
    self._change_regulator(regulator)

# WRITES

@external
def propose_regulator(regulator: address):
    """
    @notice Name the next regulator; zero takes a proposal back.
    """
    self._require_regulator()
    self.proposed_regulator = regulator
    self._extend(keccak256(abi_encode(REGULATOR_PROPOSED, regulator)))
    log ICredentials.RegulatorProposed(regulator=regulator)

@external
def accept_regulator():
    """
    @notice Become the regulator, as the one who was named.
    """
    assert msg.sender == self.proposed_regulator, "Credentials: not the proposed regulator"
    self.proposed_regulator = empty(address)
    self._change_regulator(msg.sender)

@external
def add_issuer(issuer: address):
    """
    @notice Let `issuer` license clinicians.
    """
    self._require_regulator()
    assert issuer != empty(address), "Credentials: empty account"
    assert not self.is_issuer[issuer], "Credentials: already an issuer"
    self.is_issuer[issuer] = True
    self._extend(keccak256(abi_encode(ISSUER_ADDED, issuer)))
    log ICredentials.IssuerAdded(issuer=issuer)

@external
def remove_issuer(issuer: address):
    """
    @notice Void every licence of `issuer`, and let it give none. Adding it again brings those back
            that have not run out.
    """
    self._require_regulator()
    self._require_issuer(issuer)
    self.is_issuer[issuer] = False
    self._extend(keccak256(abi_encode(ISSUER_REMOVED, issuer)))
    log ICredentials.IssuerRemoved(issuer=issuer)

@external
def license(clinician: address, until: uint256):
    """
    @notice License `clinician` until a date, in place of the licence before.
    """
    self._require_issuer(msg.sender)
    assert clinician != empty(address), "Credentials: empty account"
    assert until > block.timestamp, "Credentials: date in the past"
    assert until <= block.timestamp + LONGEST_LICENSE, "Credentials: date beyond ten years"
    word: uint256 = self.licenses[clinician]
    if self._issuer(word) != msg.sender:
        assert not self._is_live(word), "Credentials: licensed by another issuer"
    self.licenses[clinician] = until | (convert(msg.sender, uint256) << ISSUER_SHIFT)
    self._extend(keccak256(abi_encode(CLINICIAN_LICENSED, clinician, msg.sender, until)))
    log ICredentials.ClinicianLicensed(clinician=clinician, issuer=msg.sender, until=until)

@external
def revoke_license(clinician: address):
    """
    @notice Take a licence back, as its issuer or as the regulator.
    """
    word: uint256 = self.licenses[clinician]
    assert word != 0, "Credentials: not licensed"
    if msg.sender != self.regulator:
        self._require_issuer(msg.sender)
        assert msg.sender == self._issuer(word), "Credentials: licensed by another issuer"
    self.licenses[clinician] = 0
    self._extend(keccak256(abi_encode(LICENSE_REVOKED, clinician, msg.sender)))
    log ICredentials.LicenseRevoked(clinician=clinician, by=msg.sender)

# READS

@external
@view
def is_licensed(clinician: address) -> bool:
    """
    @notice Whether `clinician` may practise now.
    """
    return self._is_live(self.licenses[clinician])

@external
@view
def licensed_until(clinician: address) -> uint256:
    """
    @notice The date of the latest licence, zero without one. It may have run out, or be void.
    """
    return self.licenses[clinician] & U40

@external
@view
def issuer_of(clinician: address) -> address:
    """
    @notice Who gave the latest licence, zero without one.
    """
    return self._issuer(self.licenses[clinician])

# INTERNAL

@internal
@view
def _require_regulator():
    assert msg.sender == self.regulator, "Credentials: not the regulator"

@internal
@view
def _require_issuer(account: address):
    assert self.is_issuer[account], "Credentials: not an issuer"

@internal
@view
def _is_live(word: uint256) -> bool:
    return block.timestamp < (word & U40) and self.is_issuer[self._issuer(word)]

@internal
@pure
def _issuer(word: uint256) -> address:
    return convert(word >> ISSUER_SHIFT, address)

@internal
def _change_regulator(regulator: address):
    self.regulator = regulator
    self._extend(keccak256(abi_encode(REGULATOR_CHANGED, regulator)))
    log ICredentials.RegulatorChanged(regulator=regulator)

@internal
def _extend(leaf: bytes32):
    self.head = keccak256(abi_encode(self.head, leaf))
