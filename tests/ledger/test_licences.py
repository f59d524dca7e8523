"""Who is a licensed clinician, sent by whoever may say so."""

from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from core.errors import ConsentRefusedError
from core.hashing import address
from ledger.client import EvmLedger
from ledger.licences import Licences
from ledger.relayer import fund_locally, relayer_account
from ledger.sender import RelayerFundsError
from ledger.wallet import KeySigner

DAY_SECONDS = 86_400


@pytest.fixture
def licences(ledger: EvmLedger) -> Licences:
    return Licences(ledger)


@pytest.fixture
def regulator(relayer_key: Path) -> LocalAccount:
    """Whoever deployed the contracts."""
    return relayer_account(relayer_key)


@pytest.fixture
def issuer(licences: Licences, regulator: LocalAccount) -> LocalAccount:
    account: LocalAccount = Account.create()
    fund_locally(licences.rpc, account)
    licences.add_issuer(regulator, address(account.address))
    return account


def test_licence_counts_from_its_giving_until_it_is_taken(
    licences: Licences, ledger: EvmLedger, issuer: LocalAccount, doctor: KeySigner
) -> None:
    before = licences.of(doctor.account)
    assert (before.is_live, before.until, before.issuer) == (False, 0, None)
    until = ledger.now() + DAY_SECONDS
    licences.give(issuer, doctor.account, until)
    given = licences.of(doctor.account)
    assert (given.is_live, given.until, given.issuer) == (True, until, issuer.address)
    licences.take(issuer, doctor.account)
    assert not licences.of(doctor.account).is_live


def test_licences_are_void_when_their_issuer_is_removed(
    licences: Licences,
    ledger: EvmLedger,
    regulator: LocalAccount,
    issuer: LocalAccount,
    doctor: KeySigner,
) -> None:
    assert licences.regulator() == regulator.address
    until = ledger.now() + DAY_SECONDS
    licences.give(issuer, doctor.account, until)
    licences.remove_issuer(regulator, address(issuer.address))
    left = licences.of(doctor.account)
    assert (left.is_live, left.until) == (False, until)


def test_licence_is_refused_in_words_when_the_sender_may_not_give_it(
    licences: Licences, ledger: EvmLedger, regulator: LocalAccount, doctor: KeySigner
) -> None:
    with pytest.raises(ConsentRefusedError, match="may not license"):
        licences.give(regulator, doctor.account, ledger.now() + DAY_SECONDS)
    outsider: LocalAccount = Account.create()
    with pytest.raises(ConsentRefusedError, match="Only the regulator"):
        licences.add_issuer(outsider, doctor.account)


def test_licence_is_refused_when_its_date_is_past_or_there_is_none_to_take(
    licences: Licences, ledger: EvmLedger, issuer: LocalAccount, doctor: KeySigner
) -> None:
    with pytest.raises(ConsentRefusedError, match="before it begins"):
        licences.give(issuer, doctor.account, ledger.now() - 1)
    with pytest.raises(ConsentRefusedError, match="no licence"):
        licences.take(issuer, doctor.account)


def test_sending_says_whose_account_is_empty(
    licences: Licences, regulator: LocalAccount, ledger: EvmLedger, doctor: KeySigner
) -> None:
    poor: LocalAccount = Account.create()
    licences.add_issuer(regulator, address(poor.address))
    with pytest.raises(RelayerFundsError, match=poor.address):
        licences.give(poor, doctor.account, ledger.now() + DAY_SECONDS)
