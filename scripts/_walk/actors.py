"""Who takes part in a walk: accounts with keys, wallets of code, and both at once."""

from functools import lru_cache
from random import Random

from coincurve import PrivateKey, PublicKey

from core.hashing import Address, address, keccak256

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of secp256k1 (SEC 2)."""
KEYED, WALLETS, DELEGATED = 9, 2, 1
LONGEST_SIGNATURE = 1_024


class Actors:
    """A dozen accounts. Anybody may play any part, so that parts collide."""

    def __init__(self, seed: int) -> None:
        keys = [PrivateKey(keccak256(b"walk %d %d" % (seed, n))) for n in range(KEYED + DELEGATED)]
        self.keys = {_account(key.public_key): key for key in keys}
        keyed = tuple(self.keys)
        self.wallets = tuple(
            address("0x" + keccak256(b"wallet %d %d" % (seed, n))[:20].hex())
            for n in range(WALLETS)
        )
        self.delegated = keyed[-1]
        self.with_code = (*self.wallets, self.delegated)
        self.everybody = (*keyed, *self.wallets)
        self.patients = (keyed[0], keyed[1], self.wallets[0], self.delegated)

    def sign(self, account: Address, digest: bytes, random: Random) -> bytes:
        """A signature to which `account` agrees, in one of the ways that it has."""
        key = self.keys.get(account)
        if key is None or (account in self.with_code and random.random() < 0.5):
            length = random.choice((32, 64, 66, 130, LONGEST_SIGNATURE))
            return digest + bytes([random.randrange(256)]) * (length - 32)
        signature = bytes(key.sign_recoverable(digest, hasher=None))
        return signature[:64] + bytes([27 + signature[64]])

    def agrees(self, account: Address, digest: bytes, signature: bytes) -> bool:
        """Whether this is the account's word for the contract (EIP-2, EIP-1271, EIP-7702)."""
        if len(signature) == 65 and _recovered(digest, signature) == account:
            return True
        return account in self.with_code and signature[:32].ljust(32, b"\0") == digest


@lru_cache(maxsize=4_096)
def _recovered(digest: bytes, signature: bytes) -> Address | None:
    s, v = int.from_bytes(signature[32:64], "big"), signature[64]
    if s > ORDER // 2 or v not in (27, 28):
        return None
    compact = signature[:64] + bytes([v - 27])
    try:
        return _account(PublicKey.from_signature_and_message(compact, digest, hasher=None))
    except Exception:  # noqa: BLE001  # coincurve raises plain Exception for what has no key
        return None


def _account(key: PublicKey) -> Address:
    return address("0x" + keccak256(key.format(compressed=False)[1:])[12:].hex())
