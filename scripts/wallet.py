"""`anamnesis wallet`: whose account a wallet file is, and a new one."""

from pathlib import Path

import click

from core.errors import InputError
from scripts._command import Command, emit, json_option, talk


@click.command(cls=Command)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--new", is_flag=True, help="Make it, 0600; it must not exist yet.")
@json_option
def cli(file: Path, new: bool, as_json: bool) -> None:
    """Say whose account the wallet FILE is, for others to name: as guardian, reader, clinician.

    A wallet file holds a private key and a recovery code. Whoever has it is that person.
    """
    from scripts._wallets import owner_of, owner_of_new

    if new and file.exists():
        raise InputError(f"{file} exists.", remedy="Name another file, or leave --new out.")
    owner = owner_of_new(file) if new else owner_of(file)
    if as_json:
        emit({"account": owner.signer.account, "file": str(file)})
        return
    click.echo(owner.signer.account)
    if new:
        talk(f"Its key is in {file} and nowhere else: keep it safe.")
