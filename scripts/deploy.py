"""`anamnesis deploy`: put Consent and Credentials on a chain, or verify those that stand."""

from pathlib import Path

import click

from scripts._command import Command, emit, home_option, json_option, settings_from, talk


@click.command(cls=Command)
@click.option("--rpc", help="The chain's node; default: the running local stack.")
@click.option("--chain-id", type=click.IntRange(1), help="The chain it must be. Default: 31337.")
@click.option("--regulator", help="Who names the issuers of licences. Default: the relayer.")
@click.option("--credentials", help="A Credentials contract that stands already.")
@click.option("--dry-run", is_flag=True, help="Compile and check everything, send nothing.")
@click.option("--replace", is_flag=True, help="Deploy anew although another one is on record.")
@home_option
@json_option
def cli(
    rpc: str | None,
    chain_id: int | None,
    regulator: str | None,
    credentials: str | None,
    dry_run: bool,
    replace: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    """Deploy the contracts once; repeated, verify that they stand.

    The relayer's key (made under --home on first use) pays. The record goes to
    deployments/CHAIN.json under --home.
    """
    from core.errors import WrongChainError
    from core.hashing import address
    from ledger.deploy import deploy
    from ledger.relayer import balance, fund_locally, relayer_account
    from ledger.rpc import Rpc
    from scripts._local import Places, artifact, rpc_url

    settings = settings_from(home, rpc_url=rpc, chain_id=chain_id)
    places = Places(home=settings.home)
    node = Rpc(rpc_url(settings), timeout_seconds=30)
    if (served := node.quantity("eth_chainId")) != settings.chain_id:
        raise WrongChainError(f"The node serves chain {served}, not {settings.chain_id}.")
    compiled = artifact(places)
    relayer = relayer_account(places.relayer_key)
    local = settings.rpc_url is None
    if dry_run:
        talk(f"Would deploy to chain {served}, paid by {relayer.address}.")
        emit(
            {
                "relayer": relayer.address,
                "wei": balance(node, address(relayer.address)),
                "chain": served,
            }
        )
        return
    if local:
        fund_locally(node, relayer)
    done = deploy(
        node,
        compiled,
        relayer,
        places.deployment(settings),
        snapshots=places.chain if local else None,
        regulator=address(regulator) if regulator else None,
        credentials=address(credentials) if credentials else None,
        replace=replace,
    )
    if as_json:
        emit(
            {
                "contract": done.contract,
                "credentials": done.credentials,
                "chain_id": done.chain_id,
                "block": done.block,
            }
        )
    else:
        click.echo(done.contract)
        talk(f"Clinicians are licensed by {done.credentials}.")
        talk(f"Verified on chain {done.chain_id}, deployed in block {done.block}.")
