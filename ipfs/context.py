"""What a sealed record and its envelopes are bound to, as bytes of one fixed length."""

from core.hashing import Address
from core.records import SealContext

CONTEXT_LABEL = b"anamnesis/context/v1"
CONTEXT_BYTES = len(CONTEXT_LABEL) + 32 + 20 + 20 + 32 + 8


def account_bytes(account: Address) -> bytes:
    """The 20 bytes of an account."""
    raw = bytes.fromhex(account.removeprefix("0x"))
    if len(raw) != 20:
        raise ValueError(f"an account has 20 bytes, not {len(raw)}")
    return raw


def context_bytes(context: SealContext) -> bytes:
    """Label, chain id, contract, patient, record and version, each of fixed width.

    Fixed widths leave nothing to confuse: two different contexts never give the same bytes.
    """
    if len(context.record) != 32:
        raise ValueError(f"a record id has 32 bytes, not {len(context.record)}")
    if context.version < 1:
        raise ValueError(f"versions count from 1, not {context.version}")
    return b"".join(
        (
            CONTEXT_LABEL,
            context.domain.chain_id.to_bytes(32, "big"),
            account_bytes(context.domain.verifying_contract),
            account_bytes(context.patient),
            context.record,
            context.version.to_bytes(8, "big"),
        )
    )
