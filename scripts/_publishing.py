"""What publishing needs: the publisher over a home, and the payload of what was named."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import AnamnesisError, InputError, MixedPatientsError, NoPaperError
from core.hashing import Address
from core.outbox import Publication
from scripts._local import Places, store_settings
from scripts._settings import Settings

if TYPE_CHECKING:
    from core.flows.publish import Publisher, Resumed
    from core.ports import Signer
    from core.records import Sealing
    from ipfs.outbox import PinningStore, SqliteOutbox
    from ipfs.vault import IpfsVault
    from ledger.client import EvmLedger
    from scripts._wallets import Owner

SUMMARY_NAME = "history.json"

Tell = Callable[[Publication], None]


def open_outbox(settings: Settings, tell: Tell | None = None) -> "SqliteOutbox":
    """The outbox under home; `tell` hears of each stage once it is durable.

    Raises OutboxDamagedError, StoreError.
    """
    from ipfs.outbox import SqliteOutbox

    class TellingOutbox(SqliteOutbox):
        def put(self, publication: Publication) -> None:
            super().put(publication)
            if tell is not None:
                tell(publication)

    return TellingOutbox.open_at(Places(home=settings.home).vault)


def make_publisher(
    ledger: "EvmLedger", vault: "IpfsVault", store: "PinningStore", outbox: "SqliteOutbox"
) -> "Publisher":
    """Everything real: pins are looked up, and the local chain is saved before a word is given."""
    from core.flows.publish import Publisher
    from ipfs.outbox import kept_in
    from ledger.settling import settler

    return Publisher(
        ledger=ledger,
        vault=vault,
        outbox=outbox,
        settle=settler(ledger),
        require_kept=kept_in(store),
    )


def local_publisher(
    settings: Settings, ledger: "EvmLedger", vault: "IpfsVault", ipfs: str
) -> "Publisher":
    """A publisher over home and the IPFS node at a multiaddr."""
    from ipfs.client import StoreClient

    store = StoreClient(store_settings(settings, ipfs))
    return make_publisher(ledger, vault, store, open_outbox(settings))


def carry_on(settings: Settings, signer: "Signer | None" = None) -> "Iterator[Resumed]":
    """Bring what is under way under home to its end, one publication after the other.

    `signer` signs what waits for its own account. Raises what keeps it from beginning; what stops
    a single one is in its `error`.
    """
    from scripts._local import connect_ledger
    from scripts._vault import opened

    with closing(open_outbox(settings)) as outbox, opened(settings) as vault:
        publisher = make_publisher(connect_ledger(settings), vault.vault, vault.store, outbox)
        yield from publisher.resume(signer)


def finish_resealed(settings: Settings) -> "Iterator[Sealing]":
    """Let earlier versions go where a resealing reached the chain and its process died."""
    from core.flows.reseal import settle_resealed
    from ipfs.reception import VaultReception
    from scripts._local import connect_ledger
    from scripts._vault import opened

    with closing(open_outbox(settings)) as outbox, opened(settings) as kept:
        publisher = make_publisher(connect_ledger(settings), kept.vault, kept.store, outbox)
        reception = VaultReception(kept.vault, kept.store.collect_garbage)
        for patient in kept.vault.patients():
            yield from settle_resealed(publisher, reception, patient)


def line(publication: Publication) -> str:
    """A publication in a sentence, with the way out when it needs one."""
    context = publication.context
    reason = f" ({publication.reason})" if publication.reason else ""
    said = f"{context.patient} version {context.version}: {publication.stage}{reason}"
    return f"{said}. {publication.way_out}".rstrip()


def summary_in(paths: Sequence[Path]) -> Path | None:
    """The summary that `anamnesis summarize` wrote, when that is what the one path names."""
    if len(paths) != 1:
        return None
    path = paths[0] / SUMMARY_NAME if paths[0].is_dir() else paths[0]
    return path if path.suffix == ".json" and path.is_file() else None


def summary_payload(path: Path) -> bytes:
    """The bytes to seal of a summary file. Raises InputError unless it is a FHIR document."""
    from ocr.summary import payload_of

    try:
        bundle = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON.") from error
    if not isinstance(bundle, dict) or (bundle.get("resourceType"), bundle.get("type")) != (
        "Bundle",
        "document",
    ):
        raise InputError(
            f"{path} is not a history.",
            remedy="Make one with `anamnesis summarize PATHS --out DIR`.",
        )
    return payload_of(bundle)


def paper_payload(
    paths: Sequence[Path], settings: Settings, *, cache: bool, present: bytes | None
) -> tuple[bytes, int]:
    """The bytes to seal of paper, and the exit code of its reading (3 when some was not read).

    The same paper as `present`, the version that is published, gives the same bytes: when it was
    made is kept, so that repeating the command seals nothing twice. Raises MixedPatientsError,
    NoPaperError.
    """
    from ocr.summary import ips_bundle, payload_of, summarise
    from scripts._paperwork import exit_code, read

    reading = read(paths, settings, cache=cache)
    if not reading.documents:
        raise NoPaperError("No paper could be read.")
    history = summarise(reading)
    if history.exit_code == MixedPatientsError.exit_code:
        raise MixedPatientsError("The paper is of more than one patient; nothing was sealed.")
    moments = [datetime.now(UTC)] if present is None else [_moment(present), datetime.now(UTC)]
    payloads = [payload_of(ips_bundle(history, reading, generated_at=each)) for each in moments]
    return payloads[0] if payloads[0] == present else payloads[-1], exit_code(reading)


def present_payload(
    ledger: "EvmLedger", vault: "IpfsVault", owner: "Owner", patient: Address
) -> bytes | None:
    """What is published now, opened with the owner's key; None when nothing is or it does not."""
    from core.flows.open import own_handover

    try:
        own = own_handover(ledger, vault, patient=patient)
        return vault.open(owner.identity, own.commitment, own.context, own.envelope_digest, patient)
    except AnamnesisError:
        return None


def shown(publication: Publication) -> dict[str, Any]:
    """For --json and --status: nothing but what is public or already said."""
    context = publication.context
    return {
        "patient": context.patient,
        "record": "0x" + context.record.hex(),
        "version": context.version,
        "stage": publication.stage.value,
        "commitment": "0x" + publication.commitment.hex(),
        "transaction": "0x" + publication.transaction.hex() if publication.transaction else None,
        "deadline": publication.deadline or None,
        "reason": publication.reason or None,
        "way_out": publication.way_out or None,
    }


def _moment(payload: bytes) -> datetime:
    """When a history was made, as it says itself; now when it does not."""
    try:
        moment = datetime.fromisoformat(json.loads(payload)["timestamp"])
    except (ValueError, KeyError, TypeError):
        return datetime.now(UTC)
    return moment if moment.tzinfo else datetime.now(UTC)
