"""Envelopes: for one reader, one record, one version."""

from dataclasses import replace

import pytest

from core.errors import InputError, VerificationError
from core.records import SealContext
from ipfs.envelope import ENVELOPE_BYTES, Identity, Opened, Recipient, envelope_digest, rewrap
from tests.ipfs.conftest import ContextFactory, Person

OPENED = Opened(key=b"k" * 32, salt=b"s" * 32, cid_digest=b"c" * 32)


@pytest.fixture
def context(make_context: ContextFactory) -> SealContext:
    return make_context()


@pytest.fixture
def envelope(context: SealContext, doctor: Person) -> bytes:
    return doctor.identity.recipient().wrap(OPENED, context, doctor.account)


def test_open_returns_what_was_wrapped(
    envelope: bytes, context: SealContext, doctor: Person
) -> None:
    assert len(envelope) == ENVELOPE_BYTES == 1234
    assert doctor.identity.open(envelope, context, doctor.account) == OPENED


def test_wrap_differs_each_time(envelope: bytes, context: SealContext, doctor: Person) -> None:
    again = doctor.identity.recipient().wrap(OPENED, context, doctor.account)
    assert envelope_digest(again) != envelope_digest(envelope)


def test_open_refuses_when_any_byte_is_flipped(
    envelope: bytes, context: SealContext, doctor: Person
) -> None:
    for place in range(ENVELOPE_BYTES):
        changed = bytearray(envelope)
        changed[place] ^= 0x80
        with pytest.raises(VerificationError) as refused:
            doctor.identity.open(bytes(changed), context, doctor.account)
        assert refused.value.check == ("structure" if place < 2 else "envelope")


@pytest.mark.parametrize("length", [0, 1, 2, 1122, 1233, 1235])
def test_open_refuses_when_the_length_is_another(
    envelope: bytes, context: SealContext, doctor: Person, length: int
) -> None:
    with pytest.raises(VerificationError) as refused:
        doctor.identity.open((envelope + b"\0")[:length], context, doctor.account)
    assert refused.value.check == "structure"


@pytest.mark.parametrize(("place", "name"), [(0, "version 7"), (1, "suite 7")])
def test_open_names_the_version_when_it_is_unknown(
    envelope: bytes, context: SealContext, doctor: Person, place: int, name: str
) -> None:
    changed = envelope[:place] + b"\x07" + envelope[place + 1 :]
    with pytest.raises(VerificationError, match=name):
        doctor.identity.open(changed, context, doctor.account)


def test_open_refuses_when_identity_reader_or_context_is_another(
    envelope: bytes, context: SealContext, doctor: Person, stranger: Person
) -> None:
    attempts = [
        (stranger.identity, context, doctor.account),
        (doctor.identity, context, stranger.account),
        (doctor.identity, replace(context, version=2), doctor.account),
        (doctor.identity, replace(context, patient=stranger.account), doctor.account),
        (doctor.identity, replace(context, record=bytes(32)), doctor.account),
    ]
    for identity, other, reader in attempts:
        with pytest.raises(VerificationError) as refused:
            identity.open(envelope, other, reader)
        assert refused.value.check == "envelope"


def test_rewrap_gives_another_reader_the_same_inside(
    envelope: bytes, context: SealContext, doctor: Person, stranger: Person
) -> None:
    passed_on = rewrap(
        doctor.identity,
        envelope,
        context,
        reader=doctor.account,
        to=stranger.identity.recipient(),
        for_reader=stranger.account,
    )
    assert stranger.identity.open(passed_on, context, stranger.account) == OPENED
    with pytest.raises(VerificationError):
        doctor.identity.open(passed_on, context, doctor.account)


@pytest.mark.parametrize("length", [0, 32, 1215, 1217])
def test_recipient_refuses_when_the_key_has_another_length(length: int) -> None:
    with pytest.raises(InputError, match="reading key"):
        Recipient(bytes(length))


@pytest.mark.parametrize("key", [b"\xff" * 1216, bytes(1216)], ids=["not reduced", "all zero"])
def test_wrap_refuses_when_the_key_is_not_one(
    key: bytes, context: SealContext, doctor: Person
) -> None:
    with pytest.raises(InputError, match="reading key"):
        Recipient(key).wrap(OPENED, context, doctor.account)


@pytest.mark.parametrize("length", [0, 31, 33, 96])
def test_identity_refuses_when_the_seed_has_another_length(length: int) -> None:
    with pytest.raises(InputError, match="seed"):
        Identity(bytes(length))


def test_secrets_show_nothing_of_themselves(doctor: Person) -> None:
    shown = repr(doctor.identity) + str(doctor.identity) + repr(OPENED) + f"{OPENED}"
    assert repr(doctor.identity.seed) not in shown
    assert "kkkk" not in shown
    assert "ssss" not in shown
