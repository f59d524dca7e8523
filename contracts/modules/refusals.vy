# pragma version 0.4.3
"""
@title Refusals
@license Apache-2.0
@author the Anamnesis authors
@notice Every reason for which Consent refuses, and the one place that says it.
@dev A reason written out at each check would cost the contract a fifth of its size, and a table of
     literals a twentieth and every write 40 gas. So they stand behind the code, as immutable words
     of 32 letters, and a refusal is a place there: word * 65536 + first letter * 256 + letters.
     Its name is what it says; a test holds each to the other.
"""

# CONSTANTS

DELAY_TOO_LONG: constant(uint256) = 0 * 65536 + 0 * 256 + 14
DUPLICATE_ACCOUNT: constant(uint256) = 1 * 65536 + 0 * 256 + 17
EMERGENCIES_ARE_OFF: constant(uint256) = 2 * 65536 + 0 * 256 + 19
EMERGENCY_RUNNING: constant(uint256) = 3 * 65536 + 0 * 256 + 17
EMPTY_ACCOUNT: constant(uint256) = 2 * 65536 + 19 * 256 + 13
EMPTY_COMMITMENT: constant(uint256) = 4 * 65536 + 0 * 256 + 16
EMPTY_REASON: constant(uint256) = 5 * 65536 + 0 * 256 + 12
EXPIRY_BEYOND_TEN_YEARS: constant(uint256) = 6 * 65536 + 0 * 256 + 23
EXPIRY_IN_THE_PAST: constant(uint256) = 0 * 65536 + 14 * 256 + 18
MALFORMED_KEY: constant(uint256) = 7 * 65536 + 0 * 256 + 13
MESSAGE_EXPIRED: constant(uint256) = 1 * 65536 + 17 * 256 + 15
NO_ACCESS: constant(uint256) = 6 * 65536 + 23 * 256 + 9
NO_EMERGENCY: constant(uint256) = 8 * 65536 + 0 * 256 + 12
NO_READING_KEY: constant(uint256) = 9 * 65536 + 0 * 256 + 14
NO_RECOVERY_PENDING: constant(uint256) = 7 * 65536 + 13 * 256 + 19
NOT_A_CUSTODIAN: constant(uint256) = 3 * 65536 + 17 * 256 + 15
NOT_A_GUARDIAN: constant(uint256) = 10 * 65536 + 0 * 256 + 14
NOT_AN_AUTHOR: constant(uint256) = 5 * 65536 + 12 * 256 + 13
NOT_LICENSED: constant(uint256) = 8 * 65536 + 12 * 256 + 12
NOT_THE_CONTROLLER: constant(uint256) = 9 * 65536 + 14 * 256 + 18
OWN_CIRCLE: constant(uint256) = 11 * 65536 + 0 * 256 + 10
RECOVERY_NOT_DUE: constant(uint256) = 4 * 65536 + 16 * 256 + 16
RECOVERY_PENDING: constant(uint256) = 12 * 65536 + 0 * 256 + 16
SAME_CONTROLLER: constant(uint256) = 12 * 65536 + 16 * 256 + 15
SELF_GRANT: constant(uint256) = 11 * 65536 + 10 * 256 + 10
SHARE_RELEASED: constant(uint256) = 13 * 65536 + 0 * 256 + 14
UNKNOWN_CIRCLE: constant(uint256) = 13 * 65536 + 14 * 256 + 14
UNKNOWN_MODE: constant(uint256) = 14 * 65536 + 0 * 256 + 12
UNKNOWN_PURPOSE: constant(uint256) = 15 * 65536 + 0 * 256 + 15
UNKNOWN_RECORD: constant(uint256) = 16 * 65536 + 0 * 256 + 14
WRONG_COSIGNER: constant(uint256) = 16 * 65536 + 14 * 256 + 14
WRONG_PREVIOUS_COMMITMENT: constant(uint256) = 17 * 65536 + 0 * 256 + 25
WRONG_SENDER: constant(uint256) = 14 * 65536 + 12 * 256 + 12
WRONG_SIGNATURE: constant(uint256) = 15 * 65536 + 15 * 256 + 15
WRONG_THRESHOLD: constant(uint256) = 10 * 65536 + 14 * 256 + 15
WRONG_WINDOW: constant(uint256) = 11 * 65536 + 20 * 256 + 12

# IMMUTABLES

WORDS: immutable(bytes32[18])

# CONSTRUCTOR

@deploy
def __init__():
    WORDS = [
        convert(b"delay too longexpiry in the past", bytes32),
        convert(b"duplicate accountmessage expired", bytes32),
        convert(b"emergencies are offempty account", bytes32),
        convert(b"emergency runningnot a custodian", bytes32),
        convert(b"empty commitmentrecovery not due", bytes32),
        convert(b"empty reasonnot an author", bytes32),
        convert(b"expiry beyond ten yearsno access", bytes32),
        convert(b"malformed keyno recovery pending", bytes32),
        convert(b"no emergencynot licensed", bytes32),
        convert(b"no reading keynot the controller", bytes32),
        convert(b"not a guardianwrong threshold", bytes32),
        convert(b"own circleself grantwrong window", bytes32),
        convert(b"recovery pendingsame controller", bytes32),
        convert(b"share releasedunknown circle", bytes32),
        convert(b"unknown modewrong sender", bytes32),
        convert(b"unknown purposewrong signature", bytes32),
        convert(b"unknown recordwrong cosigner", bytes32),
        convert(b"wrong previous commitment", bytes32),
    ]

# INTERNAL

@internal
@view
def _refuse(refusal: uint256):
    """
    @dev Reverts with "Consent: " and the refusal's words.
    """
    reason: Bytes[32] = slice(WORDS[refusal >> 16], (refusal >> 8) & 255, refusal & 255)
    raise concat("Consent: ", convert(reason, String[32]))
