"""`anamnesis request`: a doctor asks a patient for access."""

from pathlib import Path

import click

from core.hashing import address
from core.purposes import describe, parse
from scripts._command import (
    Command,
    emit,
    home_option,
    json_option,
    settings_from,
    talk,
    wallet_option,
)


@click.command(cls=Command)
@click.argument("patient")
@click.option("--purposes", default="TREAT", show_default=True, help="Such as TREAT,HRESCH.")
@click.option("--days", type=int, default=30, show_default=True, help="For how long.")
@wallet_option("doctor")
@home_option
@json_option
def cli(
    patient: str, purposes: str, days: int, wallet: Path | None, home: Path | None, as_json: bool
) -> None:
    """Ask PATIENT, an account, to let you read the history. The relayer pays.

    Prints the request's digest, which the patient's grant names. A reading key is published first
    if the chain has none of yours: records are sealed to it.
    """
    from scripts._access import ask, enrol
    from scripts._local import connect_ledger
    from scripts._wallets import owner_of

    whom, why = address(patient), parse(purposes)
    settings = settings_from(home)
    reader = owner_of(wallet or settings.home / "people" / "doctor")
    ledger = connect_ledger(settings)
    enrol(ledger, reader)
    asked = ask(ledger, reader, whom, purposes=why, days=days)
    if as_json:
        emit({"request": "0x" + asked.request.hex(), "expiry": asked.expiry})
        return
    click.echo("0x" + asked.request.hex())
    talk(f"You asked {whom} for {days} days, for {describe(why)}.")
