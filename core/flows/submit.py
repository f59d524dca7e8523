"""From a message to a confirmed transaction."""

from core.eip712 import TypedStruct
from core.ports import Ledger, Signer
from core.typed_data import Signed

MESSAGE_LIFETIME_SECONDS = 600
"""How long a signed message may wait for the relayer."""


def deadline(ledger: Ledger) -> int:
    """The deadline of a message signed now, by the chain's own clock."""
    return ledger.now() + MESSAGE_LIFETIME_SECONDS


def sign_and_submit(
    ledger: Ledger, signer: Signer, message: TypedStruct, payload: bytes = b""
) -> bytes:
    """Sign `message`, relay it, return the hash of the confirmed transaction."""
    signature = signer.sign(ledger.domain, message)
    return ledger.relay(
        Signed(message=message, signature=signature, payload=payload, by=signer.account)
    )
