"""`anamnesis licence`: who is a licensed clinician, on the word of whom."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.hashing import Address, address
from scripts._command import Command, F, emit, home_option, json_option, settings_from, talk
from scripts._moments import in_words, parse_moment

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from ledger.licences import Licences
    from scripts._settings import Settings


def key_option(whose: str) -> Callable[[F], F]:
    """`--wallet FILE` of an account that sends its own transactions."""
    return click.option(
        "--wallet",
        type=click.Path(dir_okay=False, path_type=Path),
        help=f"The {whose}'s wallet or key file. Default: relayer.key under home, whose account "
        "deployed the local stack's contracts. It pays, since licences take no signatures.",
    )


@click.group()
def cli() -> None:
    """Say who is a licensed clinician: a regulator names issuers, and issuers license clinicians.

    Only emergencies ask for a licence. Nobody here can read or grant anything.
    """


@cli.group()
def issuer() -> None:
    """As the regulator, name who licenses clinicians."""


@issuer.command(cls=Command)
@click.argument("account")
@key_option("regulator")
@home_option
@json_option
def add(account: str, wallet: Path | None, home: Path | None, as_json: bool) -> None:
    """Let ACCOUNT license clinicians."""
    who, (licences, by) = address(account), _connect(home, wallet)
    licences.add_issuer(by, who)
    _told(as_json, "issuer", who, "May license clinicians now.")


@issuer.command(cls=Command)
@click.argument("account")
@key_option("regulator")
@home_option
@json_option
def remove(account: str, wallet: Path | None, home: Path | None, as_json: bool) -> None:
    """Let ACCOUNT license nobody any more; what it gave is void at once."""
    who, (licences, by) = address(account), _connect(home, wallet)
    licences.remove_issuer(by, who)
    _told(as_json, "removed", who, "Licenses nobody any more; every licence of it is void.")


@cli.command(cls=Command)
@click.argument("clinician")
@click.option("--until", required=True, help="2027-03-01 or 2027-03-01T14:30, in UTC.")
@key_option("issuer")
@home_option
@json_option
def give(clinician: str, until: str, wallet: Path | None, home: Path | None, as_json: bool) -> None:
    """As an issuer, license CLINICIAN until a date, in place of the licence before."""
    who, end = address(clinician), parse_moment(until)
    licences, by = _connect(home, wallet)
    licences.give(by, who, end)
    _tell(licences, who, as_json)


@cli.command(cls=Command)
@click.argument("clinician")
@key_option("issuer")
@home_option
@json_option
def take(clinician: str, wallet: Path | None, home: Path | None, as_json: bool) -> None:
    """Take CLINICIAN's licence back, as its issuer or as the regulator.

    An emergency case of this clinician ends with it.
    """
    who, (licences, by) = address(clinician), _connect(home, wallet)
    licences.take(by, who)
    _tell(licences, who, as_json)


@cli.command(cls=Command)
@click.argument("clinician")
@home_option
@json_option
def show(clinician: str, home: Path | None, as_json: bool) -> None:
    """Say whether CLINICIAN is licensed now, until when and by whom."""
    who = address(clinician)
    _tell(_licences(settings_from(home)), who, as_json)


def _connect(home: Path | None, wallet: Path | None) -> "tuple[Licences, LocalAccount]":
    from ledger.relayer import fund_locally
    from scripts._wallets import account_in

    settings = settings_from(home)
    by = account_in(wallet or settings.home / "relayer.key")
    licences = _licences(settings)
    if settings.rpc_url is None:
        fund_locally(licences.rpc, by)
    return licences, by


def _licences(settings: "Settings") -> "Licences":
    from ledger.licences import Licences
    from scripts._local import connect_ledger

    return Licences(connect_ledger(settings))


def _told(as_json: bool, key: str, account: Address, words: str) -> None:
    if as_json:
        emit({key: account})
        return
    click.echo(account)
    talk(words)


def _tell(licences: "Licences", clinician: Address, as_json: bool) -> None:
    licence = licences.of(clinician)
    if as_json:
        emit(
            {
                "clinician": clinician,
                "licensed": licence.is_live,
                "until": licence.until or None,
                "issuer": licence.issuer,
            }
        )
        return
    click.echo("licensed" if licence.is_live else "not licensed")
    if licence.until:
        talk(f"{licence.issuer} gave a licence until {in_words(licence.until)}.")
    if licence.until and not licence.is_live:
        talk("It has run out, or its issuer is none any more.")
