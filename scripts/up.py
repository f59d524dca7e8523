"""`anamnesis up`: the local stack until Ctrl-C."""

from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.errors import AnamnesisError
from scripts._command import (
    Command,
    emit,
    home_option,
    ipfs_option,
    json_option,
    settings_from,
    talk,
)

if TYPE_CHECKING:
    from ipfs.supervisor import NodeProcess
    from scripts._settings import Settings


@click.command(cls=Command)
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the dapp; 0 for any free one.")
@click.option(
    "--swarm",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Join the private IPFS network of this swarm key.",
)
@click.option(
    "--swarm-listen", multiple=True, help="Multiaddr for its peers to dial; default: loopback."
)
@click.option("--swarm-peer", multiple=True, help="Multiaddr of a node to stay connected with.")
@click.option(
    "--ipfs-port", type=click.IntRange(0, 65535), help="Serve IPFS on loopback too; 0: any port."
)
@ipfs_option
@home_option
@json_option
def cli(
    port: int | None,
    swarm: Path | None,
    swarm_listen: tuple[str, ...],
    swarm_peer: tuple[str, ...],
    ipfs_port: int | None,
    ipfs: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Start the chain, the IPFS node, the reading service and the dapp; Ctrl-C ends them.

    Everything listens on loopback only, unless --swarm-listen says otherwise. State stays under
    --home: a second start continues it. With --ipfs no IPFS node is started; the other one's
    garbage is collected whenever a record is erased or sealed anew.
    """
    from ipfs.supervisor import NodeSettings, SwarmSettings
    from scripts._stack import Stack

    if swarm is None and (swarm_listen or swarm_peer):
        raise click.UsageError("--swarm-listen and --swarm-peer need --swarm with a swarm key.")
    settings = settings_from(home, dapp_port=port, ipfs=ipfs)
    if settings.ipfs and (swarm or ipfs_port is not None):
        raise click.UsageError("--swarm and --ipfs-port are for our own IPFS node, not another.")
    network = (
        SwarmSettings(key_file=swarm, listen=swarm_listen, peers=swarm_peer) if swarm else None
    )
    store = replace(NodeSettings.local(settings.home), swarm=network, tcp_port=ipfs_port)
    with Stack(settings, talk, store) as stack:
        talk("Starting the chain, the IPFS node, the reading service and the dapp ...")
        running = stack.start()
        if as_json:
            emit(asdict(running))
        else:
            click.echo(running.dapp)
            if stack.store is not None:
                _tell_of(stack.store)
            talk(f"Open {running.dapp} in a browser with a wallet. Ctrl-C ends everything.")
        _carry_on(settings)
        stack.serve()
        talk("Ending.")


def _carry_on(settings: "Settings") -> None:
    """What was on its way when the stack ended, whose signers may be gone from their browsers.

    Nothing that goes wrong with one of them keeps the stack from serving.
    """
    from scripts._publishing import carry_on, finish_resealed, line, open_outbox

    try:
        with closing(open_outbox(settings)) as outbox:
            under_way = any(each.is_open for each in outbox.publications())
        for each in carry_on(settings) if under_way else ():
            talk(f"Resumed: {line(each.publication)}")
            if each.error is not None:
                talk(each.error.user_message())
        for sealing in finish_resealed(settings):
            context = sealing.context
            talk(f"Resumed: {context.patient} version {context.version} is sealed anew.")
    except AnamnesisError as error:
        talk(f"What was under way could not be resumed: {error.user_message()}")


def _tell_of(node: "NodeProcess") -> None:
    if node.tcp_address is not None:
        talk(f"IPFS at {node.tcp_address}; credentials in {node.settings.credentials}.")
    for address in node.swarm_addresses:
        talk(f"Swarm: {address}")
