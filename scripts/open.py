"""`anamnesis open`: a reader opens a patient's history."""

from pathlib import Path

import click

from core.hashing import address
from core.purposes import parse
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


@click.command(cls=Command)
@click.argument("patient")
@click.option("--purpose", default="TREAT", show_default=True, help="What it is read for.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File for the history (FHIR JSON), 0600; it must not exist yet.",
)
@wallet_option("doctor")
@ipfs_option
@home_option
@json_option
def cli(
    patient: str,
    purpose: str,
    out: Path,
    wallet: Path | None,
    ipfs: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Open the history of PATIENT, an account. The reading is on the chain before the bytes are.

    `anamnesis summarize PAPER --ips FILE` takes it in as a source beside paper of your own.
    """
    from scripts._access import read, require_free, write_history
    from scripts._local import connect_ledger
    from scripts._vault import opened
    from scripts._wallets import owner_of

    whose, why = address(patient), parse(purpose)
    require_free(out)
    settings = settings_from(home, ipfs=ipfs)
    reader = owner_of(wallet or settings.home / "people" / "doctor")
    ledger = connect_ledger(settings)
    with opened(settings) as kept:
        payload = read(ledger, kept.vault, reader, whose, purpose=why)
    write_history(out, payload)
    if as_json:
        emit({"file": str(out), "bytes": len(payload)})
        return
    click.echo(out)
    talk(f"{len(payload):,} bytes, verified against the chain. They are plain now: keep them safe.")
