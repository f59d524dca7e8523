# pragma version 0.4.3
"""
@title Meddler
@license Apache-2.0
@author the Anamnesis authors
@notice For tests only: an account that would agree to anything (EIP-1271), but writes when asked.
"""

# How often it was asked.
asked: public(uint256)

@external
def isValidSignature(digest: bytes32, signature: Bytes[2048]) -> bytes4:
    self.asked += 1
    return 0x1626ba7e
