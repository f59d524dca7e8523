"""`anamnesis custodian`: a share of somebody's emergency key, kept and handed over in a case."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.hashing import address
from scripts._command import (
    Command,
    emit,
    home_option,
    ipfs_option,
    json_option,
    settings_from,
    talk,
    wallet_option,
)
from scripts._moments import in_words

if TYPE_CHECKING:
    from core.flows.emergency import Standby
    from ledger.licences import Licence


@click.group()
def cli() -> None:
    """Keep a share of a patient's emergency key, and hand it over in a case that is open.

    One share opens nothing. Publish a reading key first: `anamnesis custodian ready`.
    """


@cli.command(cls=Command)
@wallet_option("custodian")
@home_option
@json_option
def ready(wallet: Path | None, home: Path | None, as_json: bool) -> None:
    """Publish your reading key, so that patients can give you shares; say your account."""
    from scripts._access import enrol
    from scripts._local import connect_ledger
    from scripts._wallets import owner_of

    settings = settings_from(home)
    custodian = owner_of(wallet or settings.home / "people" / "custodian")
    fresh = enrol(connect_ledger(settings), custodian)
    if as_json:
        emit({"account": custodian.signer.account, "published": fresh})
        return
    click.echo(custodian.signer.account)
    talk("Give this account to the patient.")


@cli.command("list", cls=Command)
@wallet_option("custodian")
@home_option
@json_option
def list_(wallet: Path | None, home: Path | None, as_json: bool) -> None:
    """List the cases that ask for this wallet's share, with who asks and on what licence."""
    from core.flows.emergency import asking
    from ledger.licences import Licences
    from scripts._local import connect_ledger
    from scripts._wallets import owner_of

    settings = settings_from(home)
    account = owner_of(wallet or settings.home / "people" / "custodian").signer.account
    ledger = connect_ledger(settings)
    licences = Licences(ledger)
    found = [(case, licences.of(case.clinician)) for case in asking(ledger, account)]
    if as_json:
        emit([_shown(case, licence) for case, licence in found])
        return
    for case, licence in found:
        click.echo(f"{case.patient}  {case.clinician}  {case.words}")
        talk(f"  reason 0x{case.reason.hex()}")
        if licence.is_live:
            talk(f"  licensed until {in_words(licence.until)} by {licence.issuer}")
        else:
            talk("  NOT licensed now")
    if not found:
        talk("Nobody asks for your share.")


@cli.command(cls=Command)
@click.argument("patient")
@click.argument("clinician")
@wallet_option("custodian")
@ipfs_option
@home_option
@json_option
def release(
    patient: str,
    clinician: str,
    wallet: Path | None,
    ipfs: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Hand your share of PATIENT's emergency key over to CLINICIAN, whose case is open now.

    It is wrapped for the reading key that the case names, and its hash goes to the chain.
    """
    from scripts._emergency import hand_over_share
    from scripts._local import connect_ledger
    from scripts._vault import opened
    from scripts._wallets import owner_of

    whose, who = address(patient), address(clinician)
    settings = settings_from(home, ipfs=ipfs)
    custodian = owner_of(wallet or settings.home / "people" / "custodian")
    ledger = connect_ledger(settings)
    with opened(settings) as kept:
        transaction = hand_over_share(ledger, kept.vault, custodian, whose, who)
    if as_json:
        emit({"patient": whose, "clinician": who, "transaction": "0x" + transaction.hex()})
        return
    click.echo(who)
    talk("Your share is handed over, and the chain says so.")


def _shown(case: "Standby", licence: "Licence") -> dict[str, Any]:
    return {
        "patient": case.patient,
        "clinician": case.clinician,
        "opens_at": case.opens_at,
        "closes_at": case.closes_at,
        "open": case.is_open,
        "reason_hash": "0x" + case.reason.hex(),
        "licensed": licence.is_live,
        "licensed_until": licence.until or None,
        "issuer": licence.issuer,
    }
