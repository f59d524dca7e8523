"""Who agreed to settings, batches, cases and recoveries: keys, contract wallets, delegated code.

The signed writes of every day are in `tests/contracts/test_signatures.py`; every field of every
message, as other signers sign it, is in `tests/walk/test_signers.py`.
"""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from core.eip712 import TypedStruct
from core.hashing import ZERO_ADDRESS, address, keccak256
from core.typed_data import (
    STRUCTS,
    Batch,
    EndEmergency,
    SetCustodians,
    SetEmergencyPolicy,
    SetGuardians,
    SetSuccessor,
)
from tests.contracts.conftest import HERE
from tests.contracts.desk import WITHOUT_REASON, at, compiled
from tests.contracts.directed.conftest import KEY
from tests.contracts.directed.scene import CLINICIAN_AND_GUARDIAN
from tests.contracts.test_signatures import EVERYDAY, MANNERS, ORDER, split

WRONG = "Consent: wrong signature"
RARE = STRUCTS[len(EVERYDAY) :]
BAD_MANNERS = MANNERS[1:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A message that is valid for the present state, who signs it, and what it does not say."""

    message: TypedStruct
    signer: Any
    extra: dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def cases(scene):
    """One of each rare kind: the clinician has an open case, and the stranger, as a patient of its
    own, a recovery that is pending."""
    consent, guardian, other = scene.consent, scene.guardians[0], scene.stranger
    consent.publish_reading_key(scene.colleague, KEY, 0, b"", sender=scene.colleague)
    scene.open_case()
    circle = scene.guardians_set(patient=other.address, members=(guardian.address,), threshold=1)
    scene.desk.send(circle, other)
    scene.approve(guardian, patient=other.address, controller=scene.colleague.address)
    asked = {"patient": other.address, "controller": scene.colleague.address}
    seq = int(consent.standing(other)[2])
    by_guardian = {"guardian": guardian.address}
    made = [
        (scene.batch(versions=[scene.version()], grants=[scene.grant()]), scene.patient, {}),
        (scene.guardians_set(), scene.patient, {}),
        (scene.custodians_set(), scene.patient, {}),
        (scene.policy(), scene.patient, {}),
        (scene.case(clinician=scene.colleague.address), scene.colleague, {}),
        (scene.end(), guardian, {"by": guardian.address}),
        (scene.share(), scene.custodians[0], {}),
        (scene.approval(controller=scene.colleague.address), guardian, by_guardian),
        (scene.veto(seq=seq, **asked), other, {}),
        (scene.successor(), scene.patient, {}),
    ]
    assert {type(message) for message, *_ in made} == set(RARE)
    return {
        type(message): Case(message=message, signer=signer, extra=extra)
        for message, signer, extra in made
    }


@pytest.fixture(params=RARE, ids=[each.__name__ for each in RARE])
def case(request, cases):
    return cases[request.param]


@pytest.fixture
def signature(scene, case):
    return scene.desk.sign(case.signer, case.message)


@pytest.fixture
def carried(scene, case):
    """Check that the case's message is refused with these signatures, as wrong by default."""

    def refused(*signatures, reason=WRONG):
        for each in signatures:
            scene.desk.refused(case.message, each, reason, **case.extra)

    return refused


class TestKeys:
    def test_message_is_taken_when_its_signer_signed_it(self, scene, case, signature):
        name, arguments = scene.desk.signed_call(case.message, signature, **case.extra)
        getattr(scene.consent, name).call(*arguments, sender=scene.desk.relayer)

    def test_message_reverts_when_signed_for_another_chain_or_contract(self, scene, case, carried):
        domain = scene.desk.domain
        for elsewhere in (
            replace(domain, chain_id=domain.chain_id + 1),
            replace(domain, verifying_contract=address(scene.credentials.address)),
        ):
            carried(replace(scene.desk, domain=elsewhere).sign(case.signer, case.message))

    def test_message_reverts_when_its_deadline_has_passed(self, scene, case):
        for deadline in (0, scene.chain.blocks.head.timestamp - 1):
            late = replace(case.message, deadline=deadline)
            signature = scene.desk.sign(case.signer, late)
            scene.desk.refused(late, signature, "Consent: message expired", **case.extra)

    def test_message_reverts_when_another_signs(self, scene, case, carried):
        carried(scene.desk.sign(scene.regulator, case.message))

    def test_message_reverts_when_the_signature_is_of_another_message(
        self, scene, cases, case, carried
    ):
        others = [each for each in cases.values() if each.message is not case.message]
        carried(*(scene.desk.sign(case.signer, each.message) for each in others[:2]))

    def test_message_reverts_when_the_signature_is_empty_and_somebody_else_sends(self, carried):
        carried(b"", reason="Consent: wrong sender")

    def test_message_reverts_when_the_signature_has_a_wrong_length(self, carried, signature):
        carried(signature[:64], signature + b"\0", b"\0", signature.ljust(1_024, b"\0"))

    def test_message_reverts_when_the_signature_is_over_long(self, carried, signature):
        carried(signature.ljust(1_025, b"\0"), reason=WITHOUT_REASON)

    def test_message_reverts_when_s_is_high(self, carried, signature):
        r, s, v = split(signature)
        high = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
        carried(r + high + bytes([27 + 28 - v]), r + high + bytes([v]))

    def test_message_reverts_when_v_is_wrong(self, carried, signature):
        r, s, v = split(signature)
        carried(*(r + s + bytes([each]) for each in (0, 1, 27 + 28 - v, 29)))

    def test_message_reverts_when_nothing_can_be_recovered(self, carried, signature):
        carried(bytes(64) + b"\x1b", bytes(32) + signature[32:], b"\xff" * 32 + signature[32:])

    @pytest.mark.parametrize(
        "kind",
        [Batch, SetGuardians, SetCustodians, SetEmergencyPolicy, SetSuccessor, EndEmergency],
    )
    def test_message_reverts_when_its_signer_is_empty(self, scene, cases, kind):
        """Recovering from garbage yields the zero address, which must not pass for a signer."""
        case = cases[kind]
        if kind is EndEmergency:
            nobodys, extra = case.message, {"by": ZERO_ADDRESS}
        else:
            empty = {"patient": ZERO_ADDRESS, **({"author": ZERO_ADDRESS} if kind is Batch else {})}
            nobodys, extra = replace(case.message, **empty), case.extra
        for signature in (b"\0", bytes(64) + b"\x1b", bytes(64) + b"\x1c"):
            scene.desk.refused(nobodys, signature, WRONG, **extra)
        scene.desk.refused(nobodys, b"", "Consent: wrong sender", **extra)


class TestCosignature:
    """The second signature of an emergency is asked for like the first."""

    @pytest.fixture
    def opening(self, scene):
        guardian = scene.guardians[1]
        scene.desk.send(scene.policy(mode=CLINICIAN_AND_GUARDIAN), scene.patient)
        message = scene.case(clinician=scene.colleague.address)
        return message, scene.desk.sign(guardian, message), guardian

    def test_opening_reverts_when_the_cosignature_is_malformed(self, scene, opening):
        message, second, guardian = opening
        r, s, v = split(second)
        high = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
        first = scene.desk.sign(scene.colleague, message)
        extra = {"cosigner": guardian.address}
        for bad in (second[:64], second + b"\0", r + high + bytes([55 - v]), r + s + b"\0", first):
            scene.desk.refused(message, first, WRONG, cosignature=bad, **extra)
        scene.desk.refused(message, first, "Consent: wrong sender", cosignature=b"", **extra)
        over_long = second.ljust(1_025, b"\0")
        scene.desk.refused(message, first, WITHOUT_REASON, cosignature=over_long, **extra)

    def test_opening_reverts_when_both_signed_it_too_late(self, scene, opening):
        message, _, guardian = opening
        late = replace(message, deadline=scene.chain.blocks.head.timestamp - 1)
        first, second = (scene.desk.sign(each, late) for each in (scene.colleague, guardian))
        extra = {"cosigner": guardian.address, "cosignature": second}
        scene.desk.refused(late, first, "Consent: message expired", **extra)


class TestContractWallet:
    """EIP-1271: a contract decides what it signed, in whatever role it is named."""

    @pytest.fixture
    def agree(self, scene, wallet):
        """Have the wallet accept this signature for this message."""

        def run(message, signature=b"agreed"):
            digest = message.digest(scene.desk.domain)
            wallet.approve(digest, signature, sender=scene.desk.relayer)
            return signature

        return run

    @pytest.fixture
    def manner(self, wallet, relayer):
        def behave(name):
            wallet.behave(1 << MANNERS.index(name), sender=relayer)

        return behave

    @pytest.fixture
    def approval(self, scene, wallet):
        """The wallet is the only guardian; its message to ask for a recovery."""
        members = (address(wallet.address),)
        scene.desk.send(scene.guardians_set(members=members, threshold=1), scene.patient)
        return scene.approval()

    @pytest.mark.parametrize("length", [64, 65, 66, 1_024])
    def test_approval_works_when_the_guardians_wallet_agrees(
        self, scene, wallet, approval, agree, length
    ):
        signature = agree(approval, b"\x1b" * length)
        scene.desk.carry(approval, signature, guardian=wallet.address)
        assert scene.consent.recovery(scene.patient)[0] == scene.stranger.address

    def test_approval_reverts_when_the_wallets_signature_is_over_long(
        self, scene, wallet, approval, agree
    ):
        signature = agree(approval, b"\x1b" * 1_025)
        scene.desk.refused(approval, signature, WITHOUT_REASON, guardian=wallet.address)

    def test_approval_reverts_when_the_wallet_did_not_agree_to_it(
        self, scene, wallet, approval, agree
    ):
        agree(replace(approval, controller=scene.colleague.address))
        scene.desk.refused(approval, b"agreed", WRONG, guardian=wallet.address)

    @pytest.mark.parametrize("name", BAD_MANNERS)
    def test_approval_reverts_with_our_reason_when_the_wallet_answers_badly(
        self, scene, wallet, approval, agree, manner, name
    ):
        agree(approval)
        manner(name)
        scene.desk.refused(approval, b"agreed", WRONG, guardian=wallet.address)

    def test_approval_reverts_when_the_wallet_writes_as_it_is_asked(self, scene, relayer):
        """The question is a static call: no wallet changes anything while it answers."""
        meddler = relayer.deploy(compiled(HERE / "wallets" / "Meddler.vy"))
        members = (address(meddler.address),)
        scene.desk.send(scene.guardians_set(members=members, threshold=1), scene.patient)
        meddler.isValidSignature(bytes(32), b"", sender=relayer)
        assert meddler.asked() == 1
        scene.desk.refused(scene.approval(), b"agreed", WRONG, guardian=meddler.address)

    def test_wallet_names_guardians_when_it_is_the_patient(self, scene, wallet, agree):
        owner = address(wallet.address)
        message = scene.guardians_set(patient=owner, seq=0)
        scene.desk.carry(message, agree(message))
        assert tuple(scene.consent.membership(owner, 0, scene.guardians[0])) == (True, 2)
        scene.desk.refused(message, b"agreed", WRONG)

    def test_wallet_seals_in_a_batch_when_it_is_the_author(self, scene, wallet, agree):
        write = scene.grant(grantee=address(wallet.address), purposes=2**31)
        scene.desk.send(scene.batch(grants=[write]), scene.patient)
        message = scene.batch(author=address(wallet.address), versions=[scene.version()])
        scene.desk.refused(message, b"agreed", WRONG)
        receipt = scene.desk.carry(message, agree(message))
        assert receipt.events[0].event_arguments["author"] == wallet.address

    def test_wallet_cosigns_when_it_is_a_guardian(self, scene, wallet, agree, approval):
        scene.desk.send(scene.policy(mode=CLINICIAN_AND_GUARDIAN), scene.patient)
        message = scene.case(clinician=scene.colleague.address)
        first = scene.desk.sign(scene.colleague, message)
        extra = {"cosigner": wallet.address, "cosignature": b"\x1b" * 1_024}
        scene.desk.refused(message, first, WRONG, **extra)
        agree(message, extra["cosignature"])
        scene.desk.carry(message, first, **extra)
        assert scene.consent.is_open(scene.patient, scene.colleague)

    def test_wallet_controls_when_control_moved_to_it(self, scene, wallet, agree):
        scene.recover(wallet)
        message = scene.policy()
        scene.refused_of(scene.patient, message)
        scene.desk.carry(message, agree(message))
        assert scene.seq() == message.seq + 1


class TestDelegatedAccount:
    """EIP-7702: an account with a key of its own and code by delegation speaks with either."""

    @pytest.fixture
    def guardian(self, scene, wallet):
        guardian = scene.guardians[1]
        guardian.set_delegate(wallet)
        return guardian

    def test_approval_works_when_its_own_key_signs(self, scene, guardian):
        code = scene.chain.provider.get_code(guardian.address)
        assert code[:3] == bytes.fromhex("ef0100")
        message = scene.approval()
        scene.desk.sign_and_carry(message, guardian, guardian=guardian.address)
        extra = {"guardian": guardian.address}
        scene.refused(message, guardian, "Consent: duplicate account", **extra)

    def test_approval_works_when_its_code_agrees(self, scene, wallet, guardian):
        delegated, message = at(guardian.address, wallet), scene.approval()
        extra = {"guardian": guardian.address}
        scene.desk.refused(message, b"agreed", WRONG, **extra)
        delegated.behave(1, sender=scene.desk.relayer)
        digest = message.digest(scene.desk.domain)
        delegated.approve(digest, b"agreed", sender=scene.desk.relayer)
        scene.desk.carry(message, b"agreed", **extra)

    def test_approval_reverts_when_neither_its_key_nor_its_code_agrees(self, scene, guardian):
        message = scene.approval()
        r, s, v = split(scene.desk.sign(guardian, message))
        high = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
        others = scene.desk.sign(scene.guardians[0], message)
        for bad in (others, r + high + bytes([27 + 28 - v]), r + s + b"\0", keccak256(b"garbage")):
            scene.desk.refused(message, bad, WRONG, guardian=guardian.address)

    def test_delegated_account_sends_for_itself_when_it_is_the_guardian(self, scene, guardian):
        scene.approve(guardian)
        message = scene.approval()
        extra = {"guardian": guardian.address}
        scene.refused(message, guardian, "Consent: duplicate account", **extra)
