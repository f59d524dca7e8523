"""`anamnesis vault`: rotate, erase, export, import and verify what is sealed."""

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.errors import AnamnesisError, StoreError
from core.hashing import address
from core.records import HISTORY_RECORD
from scripts._command import (
    Command,
    emit,
    home_option,
    ipfs_option,
    json_option,
    patient_option,
    settings_from,
    talk,
)
from scripts._vault import bar, forget_publications, hash_of, opened

if TYPE_CHECKING:
    from core.flows.rotate import Rotated
    from core.flows.verify import VaultReport
    from ipfs.erasure import Erased, Erasure
    from scripts._settings import Settings

wallet_option = click.option(
    "--wallet",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The owner's wallet file, such as people/patient under the demo's home.",
)
record_option = click.option("--record", help="Record id in hexadecimal; default: the history.")


@click.group()
def cli() -> None:
    """Rotate, erase, export, import and verify what is sealed."""


@cli.command(cls=Command)
@wallet_option
@record_option
@patient_option
@click.option("--revoke", multiple=True, help="Take this account's access back first; repeatable.")
@ipfs_option
@home_option
@json_option
def rotate(
    wallet: Path,
    record: str | None,
    patient: str | None,
    revoke: tuple[str, ...],
    ipfs: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Seal a record anew under a fresh key, for those who remain; the old bytes go.

    Interrupted, run it again: it resumes where it stopped.
    """
    from core.flows.rotate import rotate as rotate_record
    from ipfs.rotation import OwnersVault
    from scripts._access import spoken_for
    from scripts._emergency import keep_covered
    from scripts._local import connect_ledger
    from scripts._publishing import make_publisher, open_outbox
    from scripts._wallets import owner_of

    settings, owner = settings_from(home, ipfs=ipfs), owner_of(wallet)
    taken = [address(text) for text in revoke]
    with opened(settings) as open_vault, closing(open_outbox(settings)) as outbox:
        ledger = connect_ledger(settings)
        whose = spoken_for(ledger, owner, patient)
        done = rotate_record(
            make_publisher(ledger, open_vault.vault, open_vault.store, outbox),
            OwnersVault(open_vault.vault, owner.identity),
            owner.signer,
            patient=whose,
            record=hash_of(record) or HISTORY_RECORD,
            revoke=taken,
        )
        keep_covered(ledger, open_vault.vault, owner, whose)
        try:
            open_vault.store.collect_garbage()
        except StoreError as error:
            # The rotation stands; the old bytes have no pin and go with the next collection.
            talk(f"The old bytes are still to be collected: {error.user_message()}")
    if as_json:
        emit(_rotated(done))
    else:
        click.echo(f"version {done.version}")
        _tell_rotated(done)


@cli.command(cls=Command)
@wallet_option
@ipfs_option
@home_option
@json_option
def rekey(wallet: Path, ipfs: str | None, home: Path | None, as_json: bool) -> None:
    """Change the reading key: a new recovery code, and everything readable brought under it.

    The new wallet file takes the old one's place at the end; the old one stays beside it as
    NAME.former. Interrupted, run it again: it goes on with the same new code.
    """
    from core.flows.rotate import rotate_reading_key
    from ipfs.rotation import OwnersVault
    from scripts._local import connect_ledger
    from scripts._publishing import make_publisher, open_outbox
    from scripts._wallets import owner_of

    settings, former = settings_from(home, ipfs=ipfs), owner_of(wallet)
    upcoming = _next_wallet(wallet)
    owner = owner_of(upcoming)
    with opened(settings) as open_vault, closing(open_outbox(settings)) as outbox:
        ledger = connect_ledger(settings)
        done = rotate_reading_key(
            make_publisher(ledger, open_vault.vault, open_vault.store, outbox),
            OwnersVault(open_vault.vault, owner.identity, former=[former.identity]),
            owner.signer,
            owner.identity.recipient().public_key,
        )
    _take_over(wallet, upcoming)
    for each in done.rotated:
        _tell_rotated(each)
    for patient in done.ask_again:
        talk(f"{patient} granted to your former key: ask for a new grant.")
    shown = {
        "rotated": [_rotated(each) for each in done.rotated],
        "ask_again": list(done.ask_again),
    }
    if as_json:
        emit(shown)
    else:
        click.echo(f"{len(done.rotated)} records are under the new key")


@cli.command(cls=Command)
@click.argument("patient")
@record_option
@click.option("--version", type=click.IntRange(1), help="Only this version; default: all.")
@click.option("--dry-run", is_flag=True, help="Show what would go, change nothing.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@ipfs_option
@home_option
@json_option
def erase(
    patient: str,
    record: str | None,
    version: int | None,
    dry_run: bool,
    yes: bool,
    ipfs: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Erase what is sealed of PATIENT: keys, salts, bytes and every trace in the index.

    It can't be undone. Interrupted, run it again.
    """
    from ipfs.erasure import erase as erase_planned
    from ipfs.erasure import plan_erasure

    settings, whose = settings_from(home, ipfs=ipfs), address(patient)
    with opened(settings) as open_vault:
        plan = plan_erasure(open_vault.vault, whose, record=hash_of(record), version=version)
        _tell_plan(plan)
        if dry_run:
            emit(_planned(plan))
            return
        if not yes:
            click.confirm("Erase this for ever?", abort=True, err=True)
        forget_publications(settings, {each.sealing.context for each in plan.sealings})
        done = erase_planned(open_vault.vault, open_vault.store, plan)
    if as_json:
        emit(_erased(done))
        return
    click.echo(f"{done.sealings} versions, {done.envelopes} envelopes, {done.blocks} blocks gone")
    for line in done.unknowable:
        talk(f"cannot be known: {line}")


@cli.command("export", cls=Command)
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--patient", help="Only what is sealed of this patient.")
@ipfs_option
@home_option
@json_option
def export_(
    destination: Path, patient: str | None, ipfs: str | None, home: Path | None, as_json: bool
) -> None:
    """Write the vault, or one patient's part of it, as a new folder DESTINATION.

    One CAR file for each version, and a manifest. Reading keys are not in it.
    """
    from ipfs.archive import export_archive

    settings = settings_from(home, ipfs=ipfs)
    only = address(patient) if patient else None
    with opened(settings) as open_vault, bar("exporting") as progress:
        done = export_archive(
            open_vault.vault, open_vault.store, destination, patient=only, progress=progress
        )
    if as_json:
        emit({"sealings": done.sealings, "envelopes": done.envelopes, "bytes": done.size})
    else:
        click.echo(destination)
        talk(f"{done.sealings} versions, {done.envelopes} envelopes, {done.size:,} bytes.")


@cli.command("import", cls=Command)
@click.argument("source", type=click.Path(path_type=Path))
@ipfs_option
@home_option
@json_option
def import_(source: Path, ipfs: str | None, home: Path | None, as_json: bool) -> None:
    """Take the archive SOURCE into the vault: all of it, verified, or nothing.

    Importing twice changes nothing.
    """
    from ipfs.archive import import_archive

    settings = settings_from(home, ipfs=ipfs)
    with opened(settings) as open_vault, bar("verifying") as progress:
        done = import_archive(open_vault.vault, source, progress=progress)
    if as_json:
        emit({"sealings": done.sealings, "envelopes": done.envelopes, "known": done.known})
    else:
        click.echo(f"{done.sealings} versions new, {done.known} known")
        talk("Hold it against the chain with `anamnesis vault verify`.")


@cli.command(cls=Command)
@click.option("--every", type=click.FloatRange(0, min_open=True), help="Repeat, in hours.")
@ipfs_option
@home_option
@json_option
def verify(every: float | None, ipfs: str | None, home: Path | None, as_json: bool) -> None:
    """Read everything through and hold it against the chain.

    Exits 7 when something is lost or vault and chain disagree, and over an empty vault.
    """
    settings = settings_from(home, ipfs=ipfs)
    while every is not None:
        try:
            _verify(settings, as_json=as_json)
        except AnamnesisError as error:
            talk(click.style("error: ", fg="red") + error.user_message())
        time.sleep(every * 3600)
    _verify(settings, as_json=as_json)


def _verify(settings: "Settings", *, as_json: bool) -> None:
    from core.flows.verify import require_whole, verify_vault
    from ipfs.verification import VaultCustody
    from scripts._local import connect_ledger

    with opened(settings) as open_vault, bar("verifying") as progress:
        custody = VaultCustody(open_vault.vault, open_vault.store)
        report = verify_vault(connect_ledger(settings), custody, progress=progress)
    if as_json:
        emit(_report(report))
    else:
        click.echo(
            f"{report.patients} patients, {report.records} records, {report.versions} versions, "
            f"{report.envelopes} envelopes, {len(report.findings)} findings"
        )
        for finding in report.findings:
            whose = f"{finding.patient}: " if finding.patient else ""
            which = f"version {finding.version}: " if finding.version else ""
            click.echo(f"{finding.kind}: {whose}{which}{finding.what}")
    require_whole(report)


def _report(report: "VaultReport") -> dict[str, Any]:
    return {
        "whole": not report.failures and bool(report.versions),
        "patients": report.patients,
        "records": report.records,
        "versions": report.versions,
        "envelopes": report.envelopes,
        "findings": [
            {
                "kind": finding.kind.value,
                "fails": finding.fails,
                "patient": finding.patient,
                "record": finding.record and "0x" + finding.record.hex(),
                "version": finding.version,
                "what": finding.what,
            }
            for finding in report.findings
        ],
    }


def _rotated(done: "Rotated") -> dict[str, Any]:
    return {
        "commitment": "0x" + done.commitment.hex(),
        "version": done.version,
        "transaction": done.transaction and "0x" + done.transaction.hex(),
        "regranted": list(done.regranted),
        "unreachable": list(done.unreachable),
        "retired": done.retired,
    }


def _tell_rotated(done: "Rotated") -> None:
    talk(f"{len(done.regranted)} readers granted again, {done.retired} earlier versions retired.")
    for reader in done.unreachable:
        talk(f"{reader} has no reading key, so nothing could be wrapped for it.")
    talk("What was read before cannot be unread.")


def _planned(plan: "Erasure") -> dict[str, Any]:
    return {
        "sealings": [
            {
                "record": "0x" + each.sealing.context.record.hex(),
                "version": each.sealing.context.version,
                "confirmed": each.confirmed,
            }
            for each in plan.sealings
        ],
        "envelopes": len(plan.envelopes),
    }


def _tell_plan(plan: "Erasure") -> None:
    for each in plan.sealings:
        state = "on the chain" if each.confirmed else "never confirmed"
        talk(f"version {each.sealing.context.version}, {state}")
    talk(f"{len(plan.sealings)} versions and {len(plan.envelopes)} envelopes.")
    if plan.custody:
        talk(f"{len(plan.custody)} escrows and released shares of emergencies.")


def _erased(done: "Erased") -> dict[str, Any]:
    return {
        "sealings": done.sealings,
        "envelopes": done.envelopes,
        "blocks": done.blocks,
        "unreadable": done.unreadable,
        "commitments": ["0x" + each.hex() for each in done.commitments],
        "unknowable": list(done.unknowable),
    }


def _next_wallet(wallet: Path) -> Path:
    """The same wallet with a new recovery code, kept until the change is complete."""
    from ipfs.reading_key import RecoveryCode
    from scripts._local import write_private

    upcoming = wallet.with_name(wallet.name + ".next")
    if not upcoming.exists():
        key = wallet.read_text().split()[0]
        code = RecoveryCode.generate()
        write_private(upcoming, f"{key} {code.code.hex()}\n")
        talk("Write your new recovery code down; it is not shown again:\n")
        talk(f"    {code.words()}\n")
    return upcoming


def _take_over(wallet: Path, upcoming: Path) -> None:
    """In an order that leaves a wallet file under its name whenever it is cut off."""
    former = wallet.with_name(wallet.name + ".former")
    former.unlink(missing_ok=True)
    former.hardlink_to(wallet)
    upcoming.replace(wallet)
