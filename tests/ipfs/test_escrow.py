"""An emergency key among custodians: what opens it, and what is refused, by whose name."""

import hashlib
import json
from contextlib import suppress
from pathlib import Path

import pytest
from shamir_mnemonic import generate_mnemonics

from core.eip712 import Domain
from core.errors import AccessDeniedError, InputError, StoreError, VerificationError
from core.hashing import Address, keccak256
from core.records import EscrowContext, Reader
from ipfs.custody import entry_of
from ipfs.envelope import Identity
from ipfs.escrow import (
    RELEASE_BYTES,
    SHARE_BYTES,
    Escrow,
    Release,
    combine,
    kind_of,
    make_escrow,
    open_release,
    open_share,
    release_share,
)
from ipfs.vault import IpfsVault
from tests.ipfs.conftest import Person, person

VECTORS = Path(__file__).parents[1] / "vectors" / "escrow.json"
SIGNATURE = b"\x01" * 65
ROLES = ("custodian", "keeper", "spare")
CASE = 3


@pytest.fixture
def context(patient: Person, contract: Address) -> EscrowContext:
    domain = Domain(chain_id=31337, verifying_contract=contract)
    return EscrowContext(domain=domain, patient=patient.account, seq=4)


@pytest.fixture
def circle() -> list[Person]:
    return [person(role) for role in ROLES]


def made(context: EscrowContext, circle: list[Person], threshold: int = 2) -> Escrow:
    return Escrow.from_untrusted(data_of(context, circle, threshold))


def data_of(context: EscrowContext, circle: list[Person], threshold: int = 2) -> bytes:
    readers = [Reader(account=each.account, key=each.reading_key) for each in circle]
    return make_escrow(context, threshold, readers) + SIGNATURE


def release_to(clinician: Person, custodian: Person, case: int = CASE) -> Release:
    return Release(custodian=custodian.account, clinician=clinician.account, case_seq=case)


def handed(escrow: Escrow, custodian: Person, clinician: Person, case: int = CASE) -> bytes:
    share = open_share(escrow, custodian.identity, custodian.account)
    release = release_to(clinician, custodian, case)
    return release_share(share, escrow, release, clinician.reading_key)


def shares_of(escrow: Escrow, circle: list[Person]) -> dict[Address, bytes]:
    return {each.account: open_share(escrow, each.identity, each.account) for each in circle}


def test_key_comes_back_of_any_two_shares_of_three(
    context: EscrowContext, circle: list[Person], doctor: Person
) -> None:
    escrow = made(context, circle)
    for few in (circle[:2], circle[1:], [circle[2], circle[0]], circle):
        shares = {}
        for each in few:
            data = handed(escrow, each, doctor)
            release = release_to(doctor, each)
            shares[each.account] = open_release(data, escrow, doctor.identity, release)
        assert combine(escrow, shares).recipient().public_key == escrow.public_key


def test_key_is_not_given_for_too_few_shares(context: EscrowContext, circle: list[Person]) -> None:
    escrow = made(context, circle)
    with pytest.raises(AccessDeniedError, match="1 of the 2 shares"):
        combine(escrow, shares_of(escrow, circle[:1]))


@pytest.mark.parametrize(("threshold", "members"), [(1, 3), (4, 3), (2, 1), (2, 9)])
def test_escrow_is_not_made_when_one_alone_would_have_it_or_nobody(
    context: EscrowContext, threshold: int, members: int
) -> None:
    with pytest.raises(InputError, match="cannot keep an emergency key"):
        made(context, [person(f"custodian {n}") for n in range(members)], threshold)


def test_two_escrows_have_nothing_in_common(context: EscrowContext, circle: list[Person]) -> None:
    first, second = made(context, circle), made(context, circle)
    assert first.public_key != second.public_key
    assert first.account != second.account


def test_share_of_another_escrow_is_refused_by_its_custodians_name(
    context: EscrowContext, circle: list[Person], doctor: Person
) -> None:
    escrow, former = made(context, circle), made(context, circle)
    data = handed(former, circle[0], doctor)
    with pytest.raises(VerificationError, match=circle[0].account):
        open_release(data, escrow, doctor.identity, release_to(doctor, circle[0]))


def test_share_that_a_custodian_invents_is_refused_by_name(
    context: EscrowContext, circle: list[Person], doctor: Person
) -> None:
    escrow, release = made(context, circle), release_to(doctor, circle[0])
    words = generate_mnemonics(1, [(2, 3)], bytes(32), iteration_exponent=0)[0][0]
    forged = words.encode().ljust(SHARE_BYTES, b"\0")
    data = release_share(forged, escrow, release, doctor.reading_key)
    with pytest.raises(VerificationError, match=f"{circle[0].account} is not the one"):
        open_release(data, escrow, doctor.identity, release)


def test_mixed_shares_are_refused_even_where_nothing_was_checked_before(
    context: EscrowContext, circle: list[Person]
) -> None:
    escrow, other = made(context, circle), made(context, circle)
    mixed = shares_of(escrow, circle[:1]) | shares_of(other, circle[1:2])
    with pytest.raises(VerificationError, match="do not belong together"):
        combine(escrow, mixed)
    with pytest.raises(VerificationError, match="another key"):
        combine(escrow, shares_of(other, circle[:2]))


def test_released_share_counts_for_one_clinician_case_and_custodian(
    context: EscrowContext, circle: list[Person], doctor: Person, stranger: Person
) -> None:
    escrow = made(context, circle)
    data = handed(escrow, circle[0], doctor)
    wrong = (
        (doctor, release_to(doctor, circle[0], CASE + 1)),
        (doctor, release_to(doctor, circle[1])),
        (doctor, release_to(stranger, circle[0])),
        (stranger, release_to(doctor, circle[0])),
    )
    for reader, release in wrong:
        with pytest.raises(VerificationError, match="another reading key, case or patient"):
            open_release(data, escrow, reader.identity, release)


def test_wrapped_share_opens_for_its_custodian_alone(
    context: EscrowContext, circle: list[Person], stranger: Person
) -> None:
    escrow = made(context, circle)
    with pytest.raises(AccessDeniedError, match="keeps no share"):
        open_share(escrow, stranger.identity, stranger.account)
    with pytest.raises(VerificationError, match="another reading key"):
        open_share(escrow, circle[1].identity, circle[0].account)


@pytest.mark.parametrize("place", [0, 4, 5, 87, 2_000, -66])
def test_escrow_is_refused_or_signed_otherwise_when_a_byte_was_changed(
    context: EscrowContext, circle: list[Person], place: int
) -> None:
    data = bytearray(data_of(context, circle))
    before = Escrow.from_untrusted(bytes(data)).digest
    data[place] ^= 1
    with suppress(VerificationError):
        assert Escrow.from_untrusted(bytes(data)).digest != before


@pytest.mark.parametrize("cut", [0, 3, 100, 1_400, -1])
def test_escrow_is_refused_when_cut(context: EscrowContext, circle: list[Person], cut: int) -> None:
    with pytest.raises(VerificationError):
        kind_of(data_of(context, circle)[:cut])


def test_escrow_is_refused_when_its_numbers_do_not_fit(
    context: EscrowContext, circle: list[Person]
) -> None:
    data = data_of(context, circle)
    for threshold, count in ((1, 3), (4, 3), (2, 2)):
        changed = data[:86] + bytes((threshold, count)) + data[88:]
        with pytest.raises(VerificationError):
            Escrow.from_untrusted(changed)
    part = (len(data) - 65 - 1_304) // 3
    twice = data[: 1_304 + part] + data[1_304 : 1_304 + part] + data[1_304 + 2 * part :]
    with pytest.raises(VerificationError, match="twice"):
        Escrow.from_untrusted(twice)


def test_released_share_is_refused_when_of_another_form() -> None:
    for data in (b"", b"ANRS", b"ANRS\x02\x01" + bytes(RELEASE_BYTES - 6), bytes(RELEASE_BYTES)):
        with pytest.raises(VerificationError):
            kind_of(data)


def test_vault_keeps_what_is_handed_over_and_refuses_another_patients(
    vault: IpfsVault, context: EscrowContext, circle: list[Person], stranger: Person
) -> None:
    data = data_of(context, circle)
    digest = vault.custody.put(context.domain, context.patient, data)
    assert vault.custody.put(context.domain, context.patient, data) == digest == keccak256(data)
    assert vault.custody.read(digest) == data
    assert [each.digest for each in vault.custody.of(context.patient)] == [digest]
    assert vault.custody.of(stranger.account) == []
    with pytest.raises(VerificationError, match="another patient's"):
        entry_of(context.domain, stranger.account, data)
    with pytest.raises(StoreError, match="does not hold"):
        vault.custody.read(bytes(32))


def test_vector_opens_as_documented() -> None:
    vector = json.loads(VECTORS.read_text())
    escrow = Escrow.from_untrusted(bytes.fromhex(vector["escrow"]))
    assert escrow.context.seq == vector["seq"]
    assert escrow.account == vector["account"]
    assert escrow.digest.hex() == vector["digest"]
    clinician = Identity(hashlib.sha256(vector["clinician"].encode()).digest())
    shares = {}
    for each in vector["released"]:
        release = Release(
            custodian=each["custodian"],
            clinician=vector["clinician_account"],
            case_seq=vector["case"],
        )
        share = open_release(bytes.fromhex(each["data"]), escrow, clinician, release)
        assert share.rstrip(b"\0").decode() == each["share"]
        shares[release.custodian] = share
    assert combine(escrow, shares).seed.hex() == vector["seed"]
