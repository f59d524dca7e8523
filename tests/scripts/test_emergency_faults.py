"""Emergencies with a host, a custodian or a process that does not do what it should."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.errors import ConsentRefusedError, StoreError, VerificationError
from core.events import CircleSet
from core.flows.emergency import (
    custodianship,
    history_policy,
    prepare_release,
    present_case,
)
from core.flows.publish import publish
from core.flows.submit import sign_and_submit
from core.hashing import Address, address
from core.limits import CLINICIAN_ALONE
from core.records import CustodyKind, Reader
from ipfs.escrow import SHARE_BYTES, Release, make_escrow, release_share
from ipfs.vault import IpfsVault
from ledger.client import EvmLedger
from ledger.licences import Licences
from ledger.relayer import relayer_account
from scripts import _emergency
from scripts._access import enrol
from scripts._emergency import allow, find_escrow, hand_over_share, open_case, read
from scripts._local import connect_ledger
from scripts._settings import Settings
from scripts._vault import opened
from scripts._wallets import Owner, owner_of_new
from tests.scripts.conftest import Up

HISTORY = b'{"resourceType": "Bundle", "type": "document"}'
CUSTODIANS = ("custodian", "keeper", "spare")
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Ward:
    ledger: EvmLedger
    vault: IpfsVault
    people: dict[str, Owner]

    def account(self, role: str) -> Address:
        return self.people[role].signer.account

    def allow(self) -> None:
        allow(
            self.ledger,
            self.vault,
            self.people["patient"],
            self.account("patient"),
            custodians=[self.account(role) for role in CUSTODIANS],
            threshold=2,
            policy=history_policy(CLINICIAN_ALONE, 0, 2),
        )

    def open(self) -> None:
        clinician = self.people["clinician"].signer
        open_case(self.ledger, clinician, None, self.account("patient"), b"\1" * 32)

    def release(self, role: str) -> None:
        pair = (self.account("patient"), self.account("clinician"))
        hand_over_share(self.ledger, self.vault, self.people[role], *pair)

    def read(self) -> tuple[bytes, tuple[str, ...]]:
        patient = self.account("patient")
        return read(self.ledger, self.vault, self.people["clinician"], patient)

    def stored(self) -> list[bytes]:
        kept = self.vault.custody.of(self.account("patient"))
        return [each.digest for each in kept if each.kind is CustodyKind.ESCROW]

    def circles(self) -> int:
        return sum(isinstance(event, CircleSet) for event in self.ledger.events())


@pytest.fixture
def ward(up: Up) -> Iterator[Ward]:
    """A patient with a history, a licensed clinician and three custodians with reading keys."""
    settings = Settings.load(home=up.home)
    roles = ("patient", "clinician", *CUSTODIANS)
    people = {role: owner_of_new(up.home / "people" / role) for role in roles}
    ledger = connect_ledger(settings)
    with opened(settings) as kept:
        for each in people.values():
            enrol(ledger, each)
        publish(ledger, kept.vault, people["patient"].signer, HISTORY)
        _license(ledger, up.home / "relayer.key", people["clinician"].signer.account)
        yield Ward(ledger=ledger, vault=kept.vault, people=people)


def _license(ledger: EvmLedger, key: Path, clinician: Address) -> None:
    licences, relayer = Licences(ledger), relayer_account(key)
    licences.add_issuer(relayer, address(relayer.address))
    licences.give(relayer, clinician, ledger.now() + DAY_SECONDS)


@pytest.mark.parametrize("step", ["_hand_over", "_wrap", "prepare_policy"])
def test_allow_completes_what_was_cut_off_without_a_second_key(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def cut_off(*_: object, **__: object) -> None:
        raise StoreError("The process ended here.")

    with monkeypatch.context() as patched:
        patched.setattr(_emergency, step, cut_off)
        with pytest.raises(StoreError):
            ward.allow()
    before = ward.stored()
    ward.allow()
    assert ward.circles() == 1
    assert len(ward.stored()) == 1
    assert before in ([], ward.stored())
    ward.open()
    for role in CUSTODIANS[:2]:
        ward.release(role)
    assert ward.read() == (HISTORY, ())


def test_shares_that_a_host_put_in_their_place_are_refused_until_the_patient_gives_new_ones(
    ward: Ward,
) -> None:
    ward.allow()
    ward.open()
    custody = custodianship(ward.ledger, ward.account("patient"))
    keys = {role: ward.people[role].identity.recipient().public_key for role in CUSTODIANS}
    readers = [Reader(account=ward.account(role), key=keys[role]) for role in CUSTODIANS]
    ward.vault.custody.remove(ward.stored())
    forged = make_escrow(custody.context, 2, readers) + b"\1" * 65
    ward.vault.custody.put(ward.ledger.domain, ward.account("patient"), forged)
    with pytest.raises(VerificationError, match="not signed by whoever controls"):
        find_escrow(ward.ledger, ward.vault, custody)
    with pytest.raises(VerificationError, match="not signed"):
        ward.release("custodian")
    with pytest.raises(VerificationError, match="not signed"):
        ward.read()
    ward.allow()
    for role in CUSTODIANS[:2]:
        ward.release(role)
    assert ward.read() == (HISTORY, ())


def test_wrong_share_is_named_and_does_not_keep_right_ones_from_opening(ward: Ward) -> None:
    ward.allow()
    ward.open()
    patient, clinician = ward.account("patient"), ward.account("clinician")
    case, liar = present_case(ward.ledger, patient, clinician), ward.people["custodian"]
    escrow = find_escrow(ward.ledger, ward.vault, custodianship(ward.ledger, patient))
    assert escrow is not None
    terms = Release(custodian=liar.signer.account, clinician=clinician, case_seq=case.seq)
    invented = release_share(bytes(SHARE_BYTES), escrow, terms, case.key)
    digest = ward.vault.custody.put(ward.ledger.domain, patient, invented)
    message = prepare_release(
        ward.ledger,
        patient=patient,
        clinician=clinician,
        custodian=liar.signer.account,
        share=digest,
    )
    sign_and_submit(ward.ledger, liar.signer, message)
    ward.release("keeper")
    with pytest.raises(VerificationError, match=liar.signer.account):
        ward.read()
    ward.release("spare")
    payload, refused = ward.read()
    assert payload == HISTORY
    assert [liar.signer.account in each for each in refused] == [True]


def test_share_cannot_be_released_without_an_open_case_or_by_somebody_else(ward: Ward) -> None:
    ward.allow()
    names = {"patient": ward.account("patient"), "clinician": ward.account("clinician")}
    message = prepare_release(
        ward.ledger, custodian=ward.account("custodian"), share=b"\1" * 32, **names
    )
    with pytest.raises(ConsentRefusedError, match="No emergency case"):
        sign_and_submit(ward.ledger, ward.people["custodian"].signer, message)
    ward.open()
    with pytest.raises(ConsentRefusedError, match="not by the account"):
        sign_and_submit(ward.ledger, ward.people["keeper"].signer, message)
