"""Escrow v1: an emergency key in the hands of custodians, none of whom can use it alone.

The key is a reading identity that its patient made for emergencies. Its seed is split by SLIP-39,
and each share is encrypted to its custodian:

    body = make_escrow(context, threshold, custodians)     # the patient signs keccak256(body)
    escrow = Escrow.from_untrusted(body + signature)
    share = open_share(escrow, identity, custodian)        # checked against what was signed
    released = release_share(share, escrow, release, clinicians_key)
    share = open_release(released, escrow, identity, release)
    identity = combine(escrow, shares)

The patient's signature covers a commitment to every share, so that a wrong one is refused by its
custodian's name before anything is combined. `docs/formats.md` has every byte.

Source: SLIP-0039 (Shamir's secret sharing for mnemonic codes), RFC 9180 (HPKE).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.eip712 import Domain
from core.errors import AccessDeniedError, InputError, VerificationError
from core.hashing import Address, address, keccak256
from core.limits import MOST_MEMBERS
from core.records import READING_KEY_BYTES, CustodyKind, EscrowContext, Reader
from ipfs.context import account_bytes
from ipfs.envelope import ENCAPSULATION_BYTES, SEED_BYTES, Identity, Recipient

MAGIC, RELEASE_MAGIC = b"ANES", b"ANRS"
VERSION = 1
SUITE = 1
"""HPKE as in envelopes; SLIP-39 with one group, extendable, iteration exponent 0, no passphrase."""
CHECK = "escrow"
"""The `check` of a VerificationError from here."""

FEWEST = 2
"""Custodians who act together: one alone would have the key."""
SHARE_BYTES = 33 * 8 + 32
"""33 words of at most eight letters, spaces between them, zeros behind."""
_WRAPPED_BYTES = ENCAPSULATION_BYTES + SHARE_BYTES + 16
RELEASE_BYTES = 6 + _WRAPPED_BYTES
_SIGNATURE_BYTES = 65
_CONTEXT_BYTES = 32 + 20 + 20 + 8
_HEAD_BYTES = 6 + _CONTEXT_BYTES + 2 + READING_KEY_BYTES
_PART_BYTES = 20 + 32 + _WRAPPED_BYTES
MAX_ESCROW_BYTES = _HEAD_BYTES + MOST_MEMBERS * _PART_BYTES + _SIGNATURE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What an escrow holds for one custodian."""

    custodian: Address
    commitment: bytes
    """To the share: keccak256 with the escrow's context."""
    wrapped: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Whose share is handed to whom, in which case."""

    custodian: Address
    clinician: Address
    case_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Escrow:
    """An escrow taken apart. Who signed it is for the caller to check: see `digest`."""

    context: EscrowContext
    threshold: int
    public_key: bytes
    parts: tuple[Part, ...]
    digest: bytes
    """keccak256 of all that is signed."""
    signature: bytes

    @property
    def account(self) -> Address:
        """What stands for the emergency key where an envelope names its reader."""
        return address("0x" + keccak256(self.public_key)[12:].hex())

    @property
    def custodians(self) -> tuple[Address, ...]:
        return tuple(each.custodian for each in self.parts)

    def part(self, custodian: Address) -> Part:
        """Raises AccessDeniedError for somebody who keeps none."""
        for each in self.parts:
            if each.custodian == custodian:
                return each
        raise AccessDeniedError(f"The account {custodian} keeps no share of this emergency key.")

    @classmethod
    def from_untrusted(cls, data: bytes) -> "Escrow":
        """Raises VerificationError unless every byte is where it belongs."""
        _require(data[:4] == MAGIC, "These bytes are no escrow")
        _require(data[4:6] == bytes((VERSION, SUITE)), "The escrow is of an unknown version")
        count = (len(data) - _HEAD_BYTES - _SIGNATURE_BYTES) // _PART_BYTES
        whole = len(data) == _HEAD_BYTES + count * _PART_BYTES + _SIGNATURE_BYTES
        _require(whole and FEWEST <= count <= MOST_MEMBERS, "The escrow has a wrong length")
        threshold, stated = data[6 + _CONTEXT_BYTES], data[7 + _CONTEXT_BYTES]
        _require(stated == count, "The escrow does not hold as many shares as it says")
        _require(FEWEST <= threshold <= count, "The escrow's threshold does not fit its shares")
        places = range(_HEAD_BYTES, len(data) - _SIGNATURE_BYTES, _PART_BYTES)
        parts = tuple(_part(data[place : place + _PART_BYTES]) for place in places)
        distinct = len({each.custodian for each in parts}) == count
        _require(distinct, "The escrow names a custodian twice")
        return cls(
            context=_context(data[6 : 6 + _CONTEXT_BYTES]),
            threshold=threshold,
            public_key=data[8 + _CONTEXT_BYTES : _HEAD_BYTES],
            parts=parts,
            digest=keccak256(data[:-_SIGNATURE_BYTES]),
            signature=data[-_SIGNATURE_BYTES:],
        )


def require_circle(threshold: int, custodians: int) -> None:
    """Raises InputError unless so many can keep a key, and none of them alone has it."""
    if not FEWEST <= threshold <= custodians <= MOST_MEMBERS:
        raise InputError(
            f"{threshold} of {custodians} custodians cannot keep an emergency key.",
            remedy=f"Name {FEWEST} to {MOST_MEMBERS}, of whom at least {FEWEST} act together.",
        )


def make_escrow(context: EscrowContext, threshold: int, custodians: Sequence[Reader]) -> bytes:
    """A fresh emergency key, shared out: the bytes to sign. Nobody keeps the key itself.

    Raises InputError when one custodian alone would have it, or a reading key is not usable.
    """
    # Its word list and tables take time to load: only who makes or combines shares pays.
    from shamir_mnemonic import generate_mnemonics

    require_circle(threshold, len(custodians))
    seed = secrets.token_bytes(SEED_BYTES)
    shares = generate_mnemonics(1, [(threshold, len(custodians))], seed, iteration_exponent=0)[0]
    head = MAGIC + bytes((VERSION, SUITE)) + _context_bytes(context)
    body = head + bytes((threshold, len(custodians))) + Identity(seed).recipient().public_key
    for custodian, words in zip(custodians, shares, strict=True):
        share = words.encode().ljust(SHARE_BYTES, b"\0")
        body += account_bytes(custodian.account) + _commitment(context, custodian.account, share)
        body += Recipient(custodian.key).encrypt(share, _kept(context, custodian.account))
    return body


def open_share(escrow: Escrow, identity: Identity, custodian: Address) -> bytes:
    """The share that `custodian` keeps.

    Raises AccessDeniedError when it keeps none, VerificationError when this identity does not open
    it, or when it is not the one that was signed.
    """
    sealed = escrow.part(custodian).wrapped
    share = identity.decrypt(sealed, _kept(escrow.context, custodian))
    if share is None:
        raise _wrong(
            f"The share that {custodian} keeps is for another reading key, or was changed",
            remedy="Did your reading key change? Then the patient needs `emergency allow --renew`.",
        )
    return _genuine(escrow, custodian, share)


def release_share(share: bytes, escrow: Escrow, release: Release, key: bytes) -> bytes:
    """The share, encrypted to a clinician's reading key for one case."""
    sealed = Recipient(key).encrypt(share, _released(escrow.context, release))
    return RELEASE_MAGIC + bytes((VERSION, SUITE)) + sealed


def open_release(data: bytes, escrow: Escrow, identity: Identity, release: Release) -> bytes:
    """The share that a custodian handed over in a case.

    Raises VerificationError, naming the custodian, when it is for another clinician, case, patient
    or escrow, or not the share that was signed.
    """
    require_release_structure(data)
    share = identity.decrypt(data[6:], _released(escrow.context, release))
    if share is None:
        raise _wrong(
            f"What {release.custodian} handed over is for another reading key, case or patient"
        )
    return _genuine(escrow, release.custodian, share)


def combine(escrow: Escrow, shares: Mapping[Address, bytes]) -> Identity:
    """The emergency identity, of shares that were checked one by one.

    Raises AccessDeniedError when they are too few, VerificationError when they give another key.
    """
    from shamir_mnemonic import MnemonicError, combine_mnemonics

    if len(shares) < escrow.threshold:
        raise AccessDeniedError(
            f"{len(shares)} of the {escrow.threshold} shares that it takes were handed over.",
            remedy="Ask the other custodians to release theirs.",
        )
    chosen = list(shares.values())[: escrow.threshold]
    try:
        seed = combine_mnemonics(each.rstrip(b"\0").decode() for each in chosen)
        identity = Identity(seed)
    except (MnemonicError, ValueError, InputError):
        raise _wrong("The shares do not belong together") from None
    _require(
        identity.recipient().public_key == escrow.public_key,
        "The shares give another key than the patient's",
    )
    return identity


def require_release_structure(data: bytes) -> None:
    """Raises VerificationError on a wrong length, version or suite."""
    _require(len(data) == RELEASE_BYTES, "A released share has a wrong length")
    known = data[:6] == RELEASE_MAGIC + bytes((VERSION, SUITE))
    _require(known, "The released share is of an unknown version")


def kind_of(data: bytes) -> CustodyKind:
    """What these bytes are. Raises VerificationError when they are neither, or malformed."""
    if data[:4] == MAGIC:
        Escrow.from_untrusted(data)
        return CustodyKind.ESCROW
    require_release_structure(data)
    return CustodyKind.RELEASE


def _genuine(escrow: Escrow, custodian: Address, share: bytes) -> bytes:
    if _commitment(escrow.context, custodian, share) != escrow.part(custodian).commitment:
        raise _wrong(f"The share of {custodian} is not the one that the patient gave")
    return share


def _part(data: bytes) -> Part:
    return Part(
        custodian=address("0x" + data[:20].hex()), commitment=data[20:52], wrapped=data[52:]
    )


def _context(data: bytes) -> EscrowContext:
    return EscrowContext(
        domain=Domain(
            chain_id=int.from_bytes(data[:32], "big"),
            verifying_contract=address("0x" + data[32:52].hex()),
        ),
        patient=address("0x" + data[52:72].hex()),
        seq=int.from_bytes(data[72:], "big"),
    )


def _context_bytes(context: EscrowContext) -> bytes:
    """Chain id, contract, patient and the number of the custodians' setting, of fixed width."""
    return b"".join(
        (
            context.domain.chain_id.to_bytes(32, "big"),
            account_bytes(context.domain.verifying_contract),
            account_bytes(context.patient),
            context.seq.to_bytes(8, "big"),
        )
    )


def _commitment(context: EscrowContext, custodian: Address, share: bytes) -> bytes:
    label = b"anamnesis/share-commitment/v1"
    return keccak256(label + _context_bytes(context) + account_bytes(custodian) + share)


def _kept(context: EscrowContext, custodian: Address) -> bytes:
    return b"anamnesis/escrow-share/v1" + _context_bytes(context) + account_bytes(custodian)


def _released(context: EscrowContext, release: Release) -> bytes:
    accounts = account_bytes(release.custodian) + account_bytes(release.clinician)
    case = release.case_seq.to_bytes(8, "big")
    return b"anamnesis/released-share/v1" + _context_bytes(context) + accounts + case


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise _wrong(what)


def _wrong(what: str, remedy: str = "") -> VerificationError:
    return VerificationError(f"{what}.", check=CHECK, remedy=remedy)
