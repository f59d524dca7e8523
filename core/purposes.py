"""Why somebody reads: HL7 v3 PurposeOfUse codes as the bits of a grant.

Source: HL7 Terminology, code system v3-ActReason, value set PurposeOfUse.
"""

from enum import IntFlag

from core.errors import InputError


class Purpose(IntFlag):
    """One bit per purpose; WRITE is ours and lets a grantee seal new versions."""

    TREAT = 1 << 0
    ETREAT = 1 << 1
    HRESCH = 1 << 2
    PATRQT = 1 << 3
    HPAYMT = 1 << 4
    HOPERAT = 1 << 5
    PUBHLTH = 1 << 6
    WRITE = 1 << 31


WORDS: dict[Purpose, str] = {
    Purpose.TREAT: "treatment",
    Purpose.ETREAT: "emergency treatment",
    Purpose.HRESCH: "research",
    Purpose.PATRQT: "your own request",
    Purpose.HPAYMT: "payment",
    Purpose.HOPERAT: "running the clinic",
    Purpose.PUBHLTH: "public health",
    Purpose.WRITE: "adding to the record",
}


def describe(purposes: int) -> str:
    """The purposes in plain words, unknown bits named as such."""
    known = [words for purpose, words in WORDS.items() if purposes & purpose]
    rest = purposes & ~sum(WORDS)
    if rest:
        known.append(f"unknown purpose bits {rest:#x}")
    return ", ".join(known) or "no purpose"


def parse(names: str) -> Purpose:
    """`"TREAT,HRESCH"` to bits. Raises InputError naming the unknown code."""
    purposes = Purpose(0)
    for name in filter(None, (part.strip().upper() for part in names.split(","))):
        if name not in Purpose.__members__:
            raise InputError(
                f"Unknown purpose {name!r}.",
                remedy=f"Use one or more of {', '.join(Purpose.__members__)}.",
            )
        purposes |= Purpose[name]
    if not purposes:
        raise InputError("No purpose given.", remedy="Name at least one, such as TREAT.")
    return purposes
