"""What every command shares: errors with exit codes, the home folder, JSON to stdout."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from core.errors import AnamnesisError

if TYPE_CHECKING:
    from scripts._settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


class Command(click.Command):
    """A click command that ends an AnamnesisError in its message and exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AnamnesisError as error:
            fail(error)


def fail(error: AnamnesisError) -> NoReturn:
    """Say what happened and what to do, then leave with the error's own code."""
    talk(click.style("error: ", fg="red") + error.user_message())
    raise SystemExit(error.exit_code)


def talk(line: str = "") -> None:
    """A line for the person, on stderr."""
    click.echo(line, err=True)


def emit(data: Any) -> None:
    """One JSON document on stdout."""
    json.dump(data, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


home_option = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for state and keys (0700). Default: ANAMNESIS_HOME, or your data folder.",
)
ipfs_option = click.option(
    "--ipfs",
    help="Multiaddr of the RPC of another IPFS node (Kubo, or a proxy of IPFS Cluster). Default: "
    "ANAMNESIS_IPFS, else the running stack's, else our own. ANAMNESIS_IPFS_CREDENTIALS names a "
    "file with name:password if it asks for them.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")


patient_option = click.option(
    "--patient",
    help="Whose record, where guardians moved control of it to this wallet. Default: its own.",
)


def wallet_option(whose: str) -> Callable[[F], F]:
    """`--wallet FILE`: that person's under home/people unless named."""
    return click.option(
        "--wallet",
        type=click.Path(dir_okay=False, path_type=Path),
        help=f"The {whose}'s wallet file. Default: people/{whose} under home, the demo's.",
    )


def settings_from(home: Path | None, **flags: Any) -> "Settings":
    """Settings from flags, environment and the TOML file, in that order."""
    # Imported here, so that `doctor` runs where the packages behind it are missing.
    from scripts._settings import Settings

    return Settings.load(home=home, **flags)
