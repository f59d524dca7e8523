# pragma version 0.4.3
"""
@title Wallet
@license Apache-2.0
@author the Anamnesis authors
@notice For tests only: a contract account (EIP-1271) that answers well or badly, as it is told.
"""

flag Manner:
    HONEST
    REVERTING
    REVERTING_WITH_MAGIC
    EXHAUSTING
    EMPTY
    SHORT
    ONE_BIT_OFF
    VERBOSE

MAGIC: constant(bytes4) = 0x1626ba7e

# How it answers.
manner: public(Manner)

# digest -> keccak256 of the signature that it accepts for it.
approved: public(HashMap[bytes32, bytes32])

@deploy
def __init__():
    self.manner = Manner.HONEST

@external
@payable
def __default__():
    pass

@external
def behave(manner: Manner):
    self.manner = manner

@external
def approve(digest: bytes32, signature: Bytes[2048]):
    self.approved[digest] = keccak256(signature)

@external
def call(target: address, data: Bytes[2048]):
    raw_call(target, data)

@external
@view
@raw_return
def isValidSignature(digest: bytes32, signature: Bytes[2048]) -> Bytes[64]:
    if self.manner == Manner.REVERTING:
        raise "Wallet: out of order"
    if self.manner == Manner.REVERTING_WITH_MAGIC:
        raw_revert(concat(MAGIC, empty(bytes28)))
    if self.manner == Manner.EXHAUSTING:
        raise UNREACHABLE
    if self.manner == Manner.EMPTY:
        return b""
    if self.manner == Manner.SHORT:
        return slice(convert(MAGIC, bytes32), 0, 4)
    if self.manner == Manner.ONE_BIT_OFF:
        return concat(MAGIC, empty(bytes27), 0x01)
    if self.manner == Manner.VERBOSE:
        return concat(MAGIC, empty(bytes28), keccak256("more"))
    if self.approved[digest] != keccak256(signature):
        return concat(empty(bytes32), b"")
    return concat(MAGIC, empty(bytes28))
