"""What the commands of `anamnesis vault` share: the node, the vault, the wallet, the bar."""

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from core.errors import InputError
from core.records import SealContext
from scripts._local import Places, store_settings
from scripts._settings import Settings
from scripts._stack_record import read_record, runs

if TYPE_CHECKING:
    from ipfs.block_client import BlockClient
    from ipfs.vault import IpfsVault

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVault:
    """A vault and the node under it."""

    vault: "IpfsVault"
    store: "BlockClient"


@contextmanager
def opened(settings: Settings) -> Iterator[OpenVault]:
    """The vault under home over the node of the settings, else of the running stack, else its own.

    A node of its own runs as long as the command. Raises StoreError and its kin, also when the
    node of the settings is of a version that this project was not made for.
    """
    from ipfs.block_client import BlockClient
    from ipfs.supervisor import NodeProcess, NodeSettings
    from ipfs.vault import IpfsVault

    record = read_record(settings.home)
    with ExitStack() as ending:
        address = settings.ipfs
        if address is None and record is not None and all(map(runs, record.pids.values())):
            address = record.ipfs
        if address is None:
            address = ending.enter_context(NodeProcess(NodeSettings.local(settings.home))).address
        store = BlockClient(store_settings(settings, address))
        if settings.ipfs is not None:
            store.version()
        vault = IpfsVault.open_at(Places(home=settings.home).vault, store)
        ending.callback(vault.close)
        yield OpenVault(vault=vault, store=store)


def forget_publications(settings: Settings, erased: Collection[SealContext]) -> None:
    """Take what was erased out of the outbox too. Raises OutboxDamagedError, StoreError."""
    from ipfs.outbox import SqliteOutbox

    with closing(SqliteOutbox.open_at(Places(home=settings.home).vault)) as outbox:
        for publication in outbox.publications():
            if publication.context in erased:
                outbox.forget(publication.subject)


@contextmanager
def bar(label: str) -> Iterator[Progress]:
    """A progress bar on stderr, once the number of steps is known; none where nobody looks."""
    with ExitStack() as ending:
        shown: list[Any] = []

        def progress(done: int, total: int) -> None:
            if not shown:
                made: Any = click.progressbar(length=total, label=label, file=sys.stderr)
                shown.append(ending.enter_context(made))
            shown[0].update(done - shown[0].pos)

        yield progress


def hash_of(text: str | None) -> bytes | None:
    """A record id, 64 hexadecimal digits. Raises InputError."""
    if text is None:
        return None
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != 32:
        raise InputError("That is not a record.", remedy="A record id has 64 hexadecimal digits.")
    return value
