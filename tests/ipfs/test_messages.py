"""What each refusal says, to the letter: it ends up in terminals, and names the way out."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.errors import AnamnesisError, InputError, VerificationError
from core.hashing import keccak256
from core.records import SealContext
from ipfs.cid import cid_digest, parse_cid
from ipfs.envelope import Identity, Opened, Recipient, envelope_digest
from ipfs.opening import Claim, open_record
from ipfs.padding import MAX_PAYLOAD_BYTES, make_frame, open_frame
from ipfs.reading_key import RecoveryCode, derive_identity
from ipfs.sealing import SealedRecord, commitment_of, seal, unseal
from ipfs.wrapped_seed import unwrap_seed, wrap_seed
from tests.ipfs.conftest import ContextFactory, Person, person

CODE = RecoveryCode(bytes(range(16)))
PATIENT = person("patient")
SEALED_BYTES = 74
WORDS = CODE.words().split()
NO_KEY = "Ask its owner to publish the reading key again."


def refusal(act: Callable[[], object], kind: type[AnamnesisError]) -> AnamnesisError:
    with pytest.raises(kind) as refused:
        act()
    return refused.value


def framed(body: bytes, stated: int) -> bytes:
    return stated.to_bytes(8, "big") + body


GOOD = b"".join(make_frame(b"history").pieces)


@pytest.mark.parametrize(
    ("act", "check", "message"),
    [
        (
            lambda: SealedRecord.from_untrusted(bytes(SEALED_BYTES - 1)),
            "structure",
            "A sealed record cannot have 73 bytes (check: structure)",
        ),
        (
            lambda: SealedRecord.from_untrusted(b"ANAN\1\1" + bytes(68)),
            "structure",
            "These bytes are not a sealed record (check: structure)",
        ),
        (
            lambda: SealedRecord.from_untrusted(b"ANAM\2\1" + bytes(68)),
            "structure",
            "The sealed record has version 2; this program reads version 1 (check: structure)",
        ),
        (
            lambda: SealedRecord.from_untrusted(b"ANAM\1\2" + bytes(68)),
            "structure",
            "The sealed record uses cipher suite 2; this program reads suite 1 (check: structure)",
        ),
        (
            lambda: Opened.from_untrusted(bytes(95)),
            "envelope",
            "The envelope holds a wrong number of bytes (check: envelope)",
        ),
        (
            lambda: open_frame(bytes(7)),
            "frame",
            "The sealed record is too short inside (check: frame)",
        ),
        (
            lambda: open_frame(GOOD + b"\0"),
            "frame",
            "The sealed record states a wrong length inside (check: frame)",
        ),
        (
            lambda: open_frame(framed(bytes(9), 8)),
            "frame",
            "The sealed record states a wrong length inside (check: frame)",
        ),
        (
            lambda: open_frame(framed(b"no gzip", 7)[:15] + b"\1"),
            "frame",
            "The sealed record's padding is not zero (check: frame)",
        ),
        (
            lambda: open_frame(framed(b"not gzip", 8)),
            "frame",
            "The sealed record does not unpack (check: frame)",
        ),
        (
            lambda: open_frame(framed(b"no\0\0 gzip at", 12)),
            "frame",
            "The sealed record does not unpack (check: frame)",
        ),
        (
            lambda: open_frame(bytes(8)),
            "frame",
            "The sealed record does not end where its compression ends (check: frame)",
        ),
        (
            lambda: parse_cid("Qm"),
            "content identifier",
            "Not a CID of the kind in use here.",
        ),
        (
            lambda: unwrap_seed(bytes(65), CODE, PATIENT.account, bytes(32)),
            "structure",
            "A wrapped seed has 66 bytes, this one 65 (check: structure)",
        ),
        (
            lambda: unwrap_seed(bytes(66), CODE, PATIENT.account, bytes(32)),
            "structure",
            "These bytes are not a wrapped seed (check: structure)",
        ),
        (
            lambda: unwrap_seed(b"ANSD\2\3" + bytes(60), CODE, PATIENT.account, bytes(32)),
            "structure",
            "The wrapped seed has version 2 and suite 3; this program reads 1 and 1"
            " (check: structure)",
        ),
    ],
)
def test_verification_says_what_is_wrong(
    act: Callable[[], object], check: str, message: str
) -> None:
    error = refusal(act, VerificationError)
    assert isinstance(error, VerificationError)
    assert (error.check, error.user_message()) == (check, message)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda: make_frame(bytes(MAX_PAYLOAD_BYTES + (1 << 20))),
            "The history is 65 MiB; at most 64 MiB can be sealed. "
            "Leave out page images or lower their resolution.",
        ),
        (
            lambda: Recipient(bytes(1215)),
            f"A reading key has 1216 bytes, this one 1215. {NO_KEY}",
        ),
        (
            lambda: Identity(bytes(31)),
            "A reading seed has 32 bytes, not 31.",
        ),
        (
            lambda: RecoveryCode(bytes(15)),
            "A recovery code has 16 bytes, not 15.",
        ),
        (
            lambda: RecoveryCode.from_words("abandon"),
            "A recovery code has 12 words; 1 were given.",
        ),
        (
            lambda: RecoveryCode.from_words(" ".join(["xylophon", *WORDS[1:]])),
            "Word 1 of the recovery code is not one of the list. "
            "Compare it with your note; the first four letters decide.",
        ),
        (
            lambda: RecoveryCode.from_words(" ".join(["zoo", *WORDS[1:]])),
            "The recovery code fails its checksum. "
            "A word is mistaken or two changed places; compare with your note.",
        ),
        (
            lambda: derive_identity(bytes(64), CODE, PATIENT.account),
            "The wallet's signature has 64 bytes instead of 65. "
            "Contract wallets cannot derive a reading key; use a plain account.",
        ),
        (
            lambda: unwrap_seed(
                wrap_seed(PATIENT.identity, CODE, PATIENT.account),
                RecoveryCode(bytes(16)),
                PATIENT.account,
                keccak256(PATIENT.reading_key),
            ),
            "The recovery code does not open the reading key that this account published. "
            "Compare the words with your note.",
        ),
    ],
)
def test_refused_input_says_the_way_out(act: Callable[[], object], message: str) -> None:
    assert refusal(act, InputError).user_message() == message


def test_wrap_says_so_when_the_key_is_no_usable_one(make_context: ContextFactory) -> None:
    opened = Opened(key=bytes(32), salt=bytes(32), cid_digest=bytes(32))
    act = Recipient(bytes(1216)).wrap
    error = refusal(lambda: act(opened, make_context(), PATIENT.account), InputError)
    assert error.user_message() == f"The reading key is not a usable one. {NO_KEY}"


def test_secrets_show_their_kind_and_nothing_else(patient: Person) -> None:
    opened = Opened(key=bytes(32), salt=bytes(32), cid_digest=bytes(32))
    assert [repr(each) for each in (opened, patient.identity, CODE)] == [
        "Opened(…)",
        "Identity(…)",
        "RecoveryCode(…)",
    ]


class Sealed:
    """A record with its envelope and claim, to be changed one thing at a time."""

    def __init__(self, context: SealContext, owner: Person) -> None:
        made = seal(b"history", context)
        digest = cid_digest(made.record)
        inside = Opened(key=made.key, salt=bytes(32), cid_digest=digest)
        self.record, self.key, self.owner = made.record, made.key, owner
        self.envelope = owner.identity.recipient().wrap(inside, context, owner.account)
        self.claim = Claim(
            context=context,
            reader=owner.account,
            commitment=commitment_of(bytes(32), digest, made.key_commitment),
            envelope=envelope_digest(self.envelope),
        )

    def refusal(self, claim: Claim, record: bytes, envelope: bytes) -> str:
        act = self.owner.identity
        error = refusal(lambda: open_record(act, claim, record, envelope), VerificationError)
        return error.user_message()


@pytest.fixture
def sealed(make_context: ContextFactory, patient: Person) -> Sealed:
    return Sealed(make_context(), patient)


def test_open_record_says_which_part_is_another(sealed: Sealed, doctor: Person) -> None:
    claim, record, envelope = sealed.claim, sealed.record, sealed.envelope
    assert sealed.refusal(replace(claim, envelope=bytes(32)), record, envelope) == (
        "The envelope is not the one that was granted (check: envelope digest)"
    )
    assert sealed.refusal(replace(claim, reader=doctor.account), record, envelope) == (
        "The envelope is for another reader or record, or was changed (check: envelope)"
    )
    assert sealed.refusal(claim, record[:-1] + bytes((record[-1] ^ 1,)), envelope) == (
        "The sealed record is not the one that the envelope names (check: content identifier)"
    )
    assert sealed.refusal(replace(claim, commitment=bytes(32)), record, envelope) == (
        "The sealed record is not the one that the chain commits to (check: commitment)"
    )
    assert sealed.refusal(claim, record, envelope[:-1]) == (
        "An envelope has 1234 bytes, this one 1233 (check: structure)"
    )
    assert sealed.refusal(claim, record, b"\2" + envelope[1:]) == (
        "The envelope has version 2; this program reads version 1 (check: structure)"
    )
    assert sealed.refusal(claim, record, envelope[:1] + b"\2" + envelope[2:]) == (
        "The envelope uses cipher suite 2; this program reads suite 1 (check: structure)"
    )


def test_unseal_says_which_part_is_another(sealed: Sealed) -> None:
    record, context = sealed.record, sealed.claim.context
    error = refusal(lambda: unseal(record, bytes(32), context), VerificationError)
    assert error.user_message() == (
        "The sealed record belongs to another key, record, version or patient"
        " (check: key commitment)"
    )
    cut = record[:-1] + bytes((record[-1] ^ 1,))
    error = refusal(lambda: unseal(cut, sealed.key, context), VerificationError)
    assert error.user_message() == "The sealed record was changed (check: ciphertext)"


def test_identity_names_the_published_key_when_a_wrapped_seed_is_of_another() -> None:
    from tests.ipfs.test_vectors import VECTORS, raw

    [case] = [c for c in VECTORS["refused_wrapped_seeds"] if c["check"] == "reading key"]
    code = RecoveryCode.from_words(case["recovery_words"])
    error = refusal(
        lambda: unwrap_seed(raw(case, "wrapped"), code, case["account"], raw(case, "key_hash")),
        VerificationError,
    )
    assert error.user_message() == "The wrapped seed is not of the published reading key."
