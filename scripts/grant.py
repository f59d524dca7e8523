"""`anamnesis grant`: a patient answers a request."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.errors import InputError
from core.purposes import describe, parse
from scripts._command import (
    Command,
    emit,
    home_option,
    ipfs_option,
    json_option,
    patient_option,
    settings_from,
    talk,
    wallet_option,
)
from scripts._moments import in_words

if TYPE_CHECKING:
    from core.events import AccessRequested


@click.command(cls=Command)
@click.argument("request")
@click.option("--purposes", help="Fewer than were asked for, as TREAT; default: all of them.")
@click.option("--days", type=click.IntRange(1), help="End sooner than was asked for.")
@patient_option
@wallet_option("patient")
@ipfs_option
@home_option
@json_option
def cli(
    request: str,
    purposes: str | None,
    days: int | None,
    patient: str | None,
    wallet: Path | None,
    ipfs: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Grant what REQUEST asks for: its digest, or the beginning of it, as `requests` lists it.

    The present version's key is wrapped for the reader, and the grant names the envelope.
    """
    from core.flows.share import open_requests
    from ledger.audit import audit
    from scripts._access import grant, spoken_for
    from scripts._local import connect_ledger
    from scripts._vault import opened
    from scripts._wallets import owner_of

    settings = settings_from(home, ipfs=ipfs)
    owner = owner_of(wallet or settings.home / "people" / "patient")
    ledger = connect_ledger(settings)
    whose = spoken_for(ledger, owner, patient)
    asked = _one(request, open_requests(audit(ledger), whose, ledger.now()))
    narrowed = asked.purposes if purposes is None else parse(purposes)
    with opened(settings) as kept:
        expiry = grant(ledger, kept.vault, owner, asked, purposes=narrowed, days=days)
    if as_json:
        emit({"reader": asked.grantee, "purposes": describe(narrowed), "expiry": expiry})
        return
    click.echo(asked.grantee)
    talk(f"May read the history for {describe(narrowed)} until {in_words(expiry)}.")


def _one(text: str, asked: "Sequence[AccessRequested]") -> "AccessRequested":
    """The only open request whose digest begins so. Raises InputError."""
    wanted = text.lower().removeprefix("0x")
    found = [each for each in asked if wanted and each.request.hex().startswith(wanted)]
    if len(found) != 1:
        what = "Several open requests begin" if found else "No open request to you begins"
        raise InputError(f"{what} with {text[:66]!r}.", remedy="`anamnesis requests` lists them.")
    return found[0]
