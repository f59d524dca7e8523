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

    A wallet file holds a private key and a recovery code. Whoever has it is that person. A key
    file, such as relayer.key under home, is told too: that account has no reading key.
    """
    from scripts._wallets import account_in, owner_of_new

    if new and file.exists():
        raise InputError(f"{file} exists.", remedy="Name another file, or leave --new out.")
    if new:
        owner_of_new(file)
    account = account_in(file).address
    if as_json:
        emit({"account": account, "file": str(file)})
        return
    click.echo(account)
    if new:
        talk(f"Its key is in {file} and nowhere else: keep it safe.")
