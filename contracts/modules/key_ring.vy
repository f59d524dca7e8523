# pragma version 0.4.3
"""
@title Key ring
@license Apache-2.0
@author the Anamnesis authors
@notice The public key that records are sealed to for an account: bytes in the log, hash in state.
@dev K1 The hash in state is of the key in the account's latest ReadingKeyPublished.
"""

from . import refusals
from ..interfaces import IConsent

uses: refusals

# CONSTANTS

# MLKEM768-X25519: 1,184 bytes ML-KEM-768 and 32 bytes X25519.
KEY_BYTES: constant(uint256) = 1_216

# STORAGE

# account -> keccak256 of its reading key; zero if it has published none.
reading_keys: public(HashMap[address, bytes32])

# INTERNAL

@internal
def _publish(account: address, key: Bytes[1216]):
    if len(key) != KEY_BYTES:
        refusals._refuse(refusals.MALFORMED_KEY)
    previous: bytes32 = self.reading_keys[account]
    self.reading_keys[account] = keccak256(key)
    log IConsent.ReadingKeyPublished(account=account, previous=previous, key=key)
