"""`anamnesis revoke`: a patient takes access back."""

from pathlib import Path

import click

from core.errors import InputError
from core.hashing import address
from scripts._command import (
    Command,
    emit,
    home_option,
    json_option,
    patient_option,
    settings_from,
    talk,
    wallet_option,
)


@click.command(cls=Command)
@click.argument("reader", required=False)
@click.option("--all", "everybody", is_flag=True, help="Everybody's, and what was signed unsent.")
@patient_option
@wallet_option("patient")
@home_option
@json_option
def cli(
    reader: str | None,
    everybody: bool,
    patient: str | None,
    wallet: Path | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Take READER's access to your history back.

    What was read can't be unread, and a kept envelope opens the present version until the record
    is sealed anew: `anamnesis vault rotate --revoke READER` does both.
    """
    from core.flows.share import prepare_revoke, prepare_revoke_all
    from core.flows.submit import sign_and_submit
    from scripts._access import spoken_for
    from scripts._local import connect_ledger
    from scripts._wallets import owner_of

    if everybody == (reader is not None):
        raise InputError("Whose access is not clear.", remedy="Name one account, or --all.")
    whom = address(reader) if reader else None
    settings = settings_from(home)
    owner = owner_of(wallet or settings.home / "people" / "patient")
    ledger = connect_ledger(settings)
    account = spoken_for(ledger, owner, patient)
    transaction = sign_and_submit(
        ledger,
        owner.signer,
        prepare_revoke(ledger, patient=account, grantee=whom)
        if whom
        else prepare_revoke_all(ledger, patient=account),
    )
    if as_json:
        emit({"reader": whom, "transaction": "0x" + transaction.hex()})
        return
    click.echo(whom or "everybody")
    talk("Access taken back. What was read before can't be unread.")
