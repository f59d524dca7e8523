"""`anamnesis publish`: a history to an acknowledged version, resumed wherever it was cut off."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from core.errors import InputError, PublicationError
from core.hashing import Address
from core.outbox import Publication, Stage
from scripts._command import (
    Command,
    emit,
    fail,
    home_option,
    ipfs_option,
    json_option,
    patient_option,
    settings_from,
    talk,
    wallet_option,
)
from scripts._paperwork import cache_option

if TYPE_CHECKING:
    from core.flows.publish import Published, Publisher
    from scripts._settings import Settings
    from scripts._wallets import Owner


@click.command(cls=Command)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATHS]...")
@click.option("--resume", is_flag=True, help="Carry on with everything that is under way.")
@click.option("--status", is_flag=True, help="Say how far each publication is; change nothing.")
@patient_option
@wallet_option("patient")
@ipfs_option
@cache_option
@home_option
@json_option
def cli(
    paths: tuple[Path, ...],
    resume: bool,
    status: bool,
    patient: str | None,
    wallet: Path | None,
    ipfs: str | None,
    cache: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    """Seal a history, store it on IPFS and commit to it on the chain.

    PATHS is a folder that `anamnesis summarize` wrote, its history.json, or paper to be read
    first. Killed at any moment, run it again: nothing is lost and nothing is sealed twice.
    """
    if bool(paths) + resume + status != 1:
        raise InputError("Give either PATHS, or --resume, or --status.")
    settings = settings_from(home, ipfs=ipfs)
    if status:
        _status(settings, as_json)
    elif resume:
        _resume(settings, wallet, as_json)
    else:
        _publish(paths, settings, patient, wallet, cache, as_json)


def _status(settings: "Settings", as_json: bool) -> None:
    from scripts._publishing import line, open_outbox, shown

    with closing(open_outbox(settings)) as outbox:
        publications = outbox.publications()
    if as_json:
        emit([shown(each) for each in publications])
        return
    for each in publications:
        click.echo(line(each))
    if not publications:
        talk("Nothing was published from here yet.")


def _resume(settings: "Settings", wallet: Path | None, as_json: bool) -> None:
    from scripts._publishing import carry_on, line, shown
    from scripts._wallets import owner_of

    signer = owner_of(wallet).signer if wallet else None
    resumed = []
    for each in carry_on(settings, signer):
        resumed.append(each)
        talk(line(each.publication))
    if as_json:
        errors = [each.error.user_message() if each.error else None for each in resumed]
        emit(
            [
                shown(each.publication) | {"error": error}
                for each, error in zip(resumed, errors, strict=True)
            ]
        )
    if not resumed:
        talk("Nothing is under way.")
    for each in resumed:
        if each.error is not None:
            fail(each.error)
        if each.publication.stage is not Stage.CONFIRMED:
            fail(_unfinished(each.publication))


def _publish(
    paths: tuple[Path, ...],
    settings: "Settings",
    patient: str | None,
    wallet: Path | None,
    cache: bool,
    as_json: bool,
) -> None:
    from scripts._access import spoken_for
    from scripts._emergency import keep_covered
    from scripts._local import connect_ledger
    from scripts._publishing import make_publisher, open_outbox, present_payload
    from scripts._vault import opened
    from scripts._wallets import owner_of

    owner = owner_of(wallet or settings.home / "people" / "patient")
    with (
        Console(stderr=True).status("Connecting") as bar,
        closing(open_outbox(settings, lambda now: bar.update(_SAYS[now.stage]))) as outbox,
        opened(settings) as vault,
    ):
        ledger = connect_ledger(settings)
        whose = spoken_for(ledger, owner, patient)
        bar.stop()  # reading has a bar of its own
        payload, code = _payload(
            paths, settings, cache, lambda: present_payload(ledger, vault.vault, owner, whose)
        )
        bar.start()
        publisher = make_publisher(ledger, vault.vault, vault.store, outbox)
        published = _with_reading_key(publisher, owner, whose, payload)
        keep_covered(ledger, vault.vault, owner, whose)
    _tell(published, as_json, whose)
    raise SystemExit(code)


_SAYS = {stage: stage.value for stage in Stage} | {
    Stage.ACCEPTED: "Sealing and storing",
    Stage.STORED: "Stored, pinned and read back; signing",
    Stage.SIGNED: "Signed; sending",
    Stage.SENT: "Sent; waiting for the chain",
    Stage.CONFIRMED: "Confirmed",
}


def _payload(
    paths: tuple[Path, ...],
    settings: "Settings",
    cache: bool,
    present: Callable[[], bytes | None],
) -> tuple[bytes, int]:
    from scripts._publishing import paper_payload, summary_in, summary_payload

    if (summary := summary_in(paths)) is not None:
        return summary_payload(summary), 0
    return paper_payload(paths, settings, cache=cache, present=present())


def _with_reading_key(
    publisher: "Publisher", owner: "Owner", patient: Address, payload: bytes
) -> "Published":
    """Publish; an account that has no reading key yet gets the one of its wallet file first."""
    from scripts._access import enrol

    if publisher.ledger.reading_key(owner.signer.account) is None:
        enrol(publisher.ledger, owner)
    return publisher.publish(owner.signer, payload, patient=patient)


def _tell(published: "Published", as_json: bool, patient: Address) -> None:
    transaction = published.transaction
    if as_json:
        emit(
            {
                "patient": patient,
                "version": published.version,
                "commitment": "0x" + published.commitment.hex(),
                "transaction": "0x" + transaction.hex() if transaction else None,
                "published_before": transaction is None,
            }
        )
        return
    click.echo(f"version {published.version}")
    if transaction is None:
        talk("The chain held this version already: nothing was sealed twice.")


def _unfinished(publication: Publication) -> PublicationError:
    return PublicationError(
        f"A publication of {publication.context.patient} is {publication.stage}.",
        stage=publication.stage,
        remedy=publication.way_out,
    )
