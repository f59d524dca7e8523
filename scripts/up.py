"""`anamnesis up`: the local stack until Ctrl-C."""

from dataclasses import asdict
from pathlib import Path

import click

from scripts._command import Command, emit, home_option, json_option, settings_from, talk


@click.command(cls=Command)
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the dapp; 0 for any free one.")
@home_option
@json_option
def cli(port: int | None, home: Path | None, as_json: bool) -> None:
    """Start the chain, the IPFS node, the reading service and the dapp; Ctrl-C ends them.

    Everything listens on loopback only. State stays under --home: a second start continues it.
    """
    from scripts._stack import Stack

    with Stack(settings_from(home, dapp_port=port), talk) as stack:
        talk("Starting the chain, the IPFS node, the reading service and the dapp ...")
        running = stack.start()
        if as_json:
            emit(asdict(running))
        else:
            click.echo(running.dapp)
            talk(f"Open {running.dapp} in a browser with a wallet. Ctrl-C ends everything.")
        stack.serve()
        talk("Ending.")
