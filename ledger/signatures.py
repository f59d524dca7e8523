"""Who signed: recovery of a plain account, by the same rules as the contract.

Source: EIP-2 (s in the lower half), EIP-712.
"""

from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from core.hashing import Address, address

HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
LONGEST_SIGNATURE_BYTES = 1_024


def recover(digest: bytes, signature: bytes) -> Address | None:
    """The account that signed `digest`; None unless it is 65 canonical bytes r, s, v."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64], "big") > HALF_ORDER:
        return None
    try:
        parsed = Signature(signature[:64] + bytes([signature[64] - 27]))
        public_key = parsed.recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError):
        return None
    return address(public_key.to_address())
