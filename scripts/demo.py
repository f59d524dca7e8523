"""`anamnesis demo`: the whole story on sample paper, then the dapp."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.errors import NoPaperError
from scripts._command import Command, emit, json_option, settings_from, talk

if TYPE_CHECKING:
    from scripts._settings import Settings
    from scripts._stack import Stack
    from scripts._story import Story


@click.command(cls=Command)
@click.option("--once", is_flag=True, help="End after the story instead of serving the dapp.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the dapp; 0 for any free one.")
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".anamnesis"),
    show_default=True,
    help="Folder for the demo's state and keys.",
)
@click.option(
    "--samples",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("samples"),
    show_default=True,
    help="Sample paper, as `anamnesis samples` makes it; or a folder of your own.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out"),
    show_default=True,
    help="Folder for the history.",
)
@json_option
def cli(once: bool, port: int | None, home: Path, samples: Path, out: Path, as_json: bool) -> None:
    """Paper to history, sealed, asked for, granted, read, revoked, refused, audited; then serve.

    Everything is real: tesseract, a local chain, an IPFS node, and wallets whose keys lie under
    --home.
    """
    from scripts._stack import Stack

    if not samples.is_dir():
        raise NoPaperError(f"There is no folder {samples}.", remedy="Make it with `make samples`.")
    settings = settings_from(home, dapp_port=port)
    began = time.monotonic()
    with Stack(settings, talk) as stack:
        story = _tell(stack, settings, samples, out)
        seconds = time.monotonic() - began
        talk(f"\nThe story took {seconds:.1f} s. The history: {out / 'history.html'}")
        if as_json:
            emit({"seconds": round(seconds, 2), "steps": story.steps})
        if once:
            return
        stack.start_servers()
        click.echo(stack.origin)
        talk(f"Open {stack.origin} in a browser. Ctrl-C ends everything.")
        stack.serve()


def _tell(stack: "Stack", settings: "Settings", samples: Path, out: Path) -> "Story":
    from scripts._local import connect_ledger, open_vault
    from scripts._publishing import local_publisher
    from scripts._story import Story
    from scripts._wallets import owner_of_new

    story = Story(say=talk)
    payload = _summarise(story, settings, samples, out)
    with story.step("The chain and the IPFS node start; the Consent contract stands") as lines:
        running = stack.start(servers=False)
        lines.append(f"chain {running.chain_id} at {running.rpc_url}, contract {running.consent}")
    people = settings.home / "people"
    patient, doctor = (owner_of_new(people / file) for file in ("patient", "doctor"))
    ledger, vault = connect_ledger(settings), open_vault(settings, running.ipfs)
    story.begin(ledger, vault, local_publisher(settings, ledger, vault, running.ipfs))
    story.enrol("The patient", patient)
    story.enrol("The doctor", doctor)
    story.publish(patient, payload)
    story.grant(patient, story.ask(doctor, patient))
    story.read(doctor, patient, payload)
    story.revoke(patient, doctor)
    story.refused(doctor, patient)
    story.prove()
    return story


def _summarise(story: "Story", settings: "Settings", samples: Path, out: Path) -> bytes:
    from ocr.summary import ips_bundle, payload_of, summarise, write_history
    from scripts._paperwork import read

    with story.step(f"The paper in {samples} is read") as lines:
        reading = read([samples], settings, cache=True)
        pages = sum(len(document.pages) for document in reading.documents)
        lines.append(f"{len(reading.documents)} documents, {pages} pages")
    with story.step("One history is made of it, every line with its place on a page") as lines:
        history = summarise(reading)
        moment = datetime.now(UTC)
        write_history(history, reading, out, generated_at=moment)
        lines.append(", ".join(f"{name} {count}" for name, count in history.counts.items()))
        lines += [f"note: {warning}" for warning in history.warnings]
        return payload_of(ips_bundle(history, reading, generated_at=moment))
