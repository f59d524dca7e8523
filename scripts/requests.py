"""`anamnesis requests`: who asks a patient for access."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.hashing import address
from core.purposes import describe
from scripts._command import Command, emit, home_option, json_option, settings_from, talk
from scripts._moments import in_words

if TYPE_CHECKING:
    from core.events import AccessRequested


@click.command(cls=Command)
@click.argument("patient")
@home_option
@json_option
def cli(patient: str, home: Path | None, as_json: bool) -> None:
    """List what PATIENT, an account, was asked for and has not answered, newest first.

    Anybody can ask: compare the account with the one that your doctor gave you.
    """
    from core.flows.share import open_requests
    from ledger.audit import audit
    from scripts._local import connect_ledger

    whose = address(patient)
    ledger = connect_ledger(settings_from(home))
    asked = open_requests(audit(ledger), whose, ledger.now())
    if as_json:
        emit([_shown(each) for each in asked])
        return
    for each in asked:
        click.echo(
            f"0x{each.request.hex()}  {each.grantee} asks for {describe(each.purposes)} until "
            f"{in_words(each.expiry)}"
        )
    if not asked:
        talk("Nobody is asking.")


def _shown(event: "AccessRequested") -> dict[str, Any]:
    return {
        "request": "0x" + event.request.hex(),
        "reader": event.grantee,
        "record": "0x" + event.record.hex(),
        "purposes": describe(event.purposes),
        "expiry": event.expiry,
    }
