"""What a patient signs for an emergency key in custody. It goes to custodians, never to the chain.

The shares lie where anybody may put bytes; the signature says which of them are the patient's.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from core.eip712 import TypedStruct
from core.hashing import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepEscrow(TypedStruct):
    """`escrow` is keccak256 of all shares, `seq` of the setting that named their custodians."""

    meaning: ClassVar[str] = "Give shares of your emergency key to your custodians."
    patient: Annotated[Address, "address"]
    seq: Annotated[int, "uint256"]
    escrow: Annotated[bytes, "bytes32"]
