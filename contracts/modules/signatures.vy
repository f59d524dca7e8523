# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Signatures
@license Apache-2.0
@author the Anamnesis authors
@notice Decides whether an account agreed to an EIP-712 message of this contract on this chain.
@dev S1 The zero address agrees to nothing.
     S2 A plain account agrees with 65 bytes r, s, v: s in the lower half, v 27 or 28 (EIP-2).
     S3 A contract agrees when isValidSignature returns the magic word (EIP-1271). Reverting,
        running out of gas, or returning less than one word is refusal.
     S4 An account with delegated code (EIP-7702) has both ways: its own key first, then its code.
     S5 A message counts on the chain and contract it names, also after a fork of the chain.
"""

from . import refusals

uses: refusals

# CONSTANTS

DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
NAME: constant(bytes32) = keccak256("Anamnesis Consent")
VERSION: constant(bytes32) = keccak256("1")

# bytes4(keccak256("isValidSignature(bytes32,bytes)")): selector and magic word of EIP-1271.
VALID_SIGNATURE: constant(bytes4) = 0x1626ba7e

# Half the order of secp256k1, rounded down. In decimal, for 64 hex digits would be a bytes32.
HALF_ORDER: constant(
    uint256
) = 57896044618658097711785492504343953926418782139537452191302581570759080747168

# IMMUTABLES

# Chain at deployment, and the domain separator there.
CHAIN: immutable(uint256)
SEPARATOR: immutable(bytes32)

# CONSTRUCTOR

@deploy
def __init__():
    CHAIN = chain.id
    SEPARATOR = self._separator_here()

# READS

@external
@view
def domain_separator() -> bytes32:
    """
    @notice The EIP-712 domain separator that signatures are checked with.
    """
    return self._separator()

# INTERNAL

@internal
@view
def _agree(
    account: address, struct_hash: bytes32, deadline: uint256, signature: Bytes[1024]
):
    """
    @dev For the writes that exist once: without a signature, the sender speaks for itself.
    """
    if len(signature) == 0:
        if msg.sender != account:
            refusals._refuse(refusals.WRONG_SENDER)
    else:
        self._require(account, struct_hash, deadline, signature)

@internal
@view
def _require(
    account: address, struct_hash: bytes32, deadline: uint256, signature: Bytes[1024]
):
    """
    @dev Refuses unless `account` agreed to the struct, no later than its deadline.
    """
    if block.timestamp > deadline:
        refusals._refuse(refusals.MESSAGE_EXPIRED)
    # The zero address is also what recovering from garbage yields.
    if account == empty(address):
        refusals._refuse(refusals.WRONG_SIGNATURE)
    # As `_digest` does: called here, it would cost each carried write 70 gas.
    separator: bytes32 = SEPARATOR
    if chain.id != CHAIN:
        separator = self._separator_here()
    digest: bytes32 = keccak256(concat(0x1901, separator, struct_hash))
    if len(signature) == 65:
        r: uint256 = extract32(signature, 0, output_type=uint256)
        s: uint256 = extract32(signature, 32, output_type=uint256)
        v: uint256 = extract32(signature, 33, output_type=uint256) & 255
        if s <= HALF_ORDER and (v == 27 or v == 28):
            if ecrecover(digest, v, r, s) == account:
                return
    # A raw call, because an interface call would hand on a wallet's own revert, or an empty one
    # for a short answer: a relayer could then not tell a refused signature from a broken
    # contract. An account without code answers with nothing and is refused with the rest.
    success: bool = False
    response: Bytes[32] = b""
    success, response = raw_call(
        account,
        abi_encode(digest, signature, method_id=VALID_SIGNATURE),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(response) != 32:
        refusals._refuse(refusals.WRONG_SIGNATURE)
    if convert(response, bytes32) != convert(VALID_SIGNATURE, bytes32):
        refusals._refuse(refusals.WRONG_SIGNATURE)

@internal
@view
def _digest(struct_hash: bytes32) -> bytes32:
    return keccak256(concat(0x1901, self._separator(), struct_hash))

@internal
@view
def _separator() -> bytes32:
    if chain.id == CHAIN:
        return SEPARATOR
    return self._separator_here()

@internal
@view
def _separator_here() -> bytes32:
    return keccak256(abi_encode(DOMAIN_TYPE, NAME, VERSION, chain.id, self))
