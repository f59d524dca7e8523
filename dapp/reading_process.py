"""The reading service as a process: `python -m dapp.reading_process SETTINGS.json`.

Wires the reading and summary wings, the chain and the vault to `dapp.reading_service`.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.applications import Starlette

from core.errors import AnamnesisError, InputError, SetupError
from core.hashing import Address
from core.records import Sealing
from dapp.adapters import connect_ledger, make_publisher, open_vault
from dapp.reading_service import ReadingServiceSettings, Summary, create_app
from dapp.settings import DappSettings
from ipfs.outbox import SqliteOutbox
from ocr.reading import Progress, ReadingSettings, read_paths
from ocr.summary import ips_bundle, payload_of, render_html, summarise


class ReadingProcessSettings(BaseModel):
    """The settings file, written by `anamnesis up`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dapp: Path
    """The dapp's settings file: chain, contract, vault, the service's address and token."""
    inbox: Path
    samples: Path | None = None
    cache: Path | None = None
    workers: int | None = None

    @classmethod
    def load(cls, path: Path) -> "ReadingProcessSettings":
        """Raises SetupError when the file is missing or wrong."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise SetupError(
                f"The settings file {path} cannot be used.", remedy="Start with `anamnesis up`."
            ) from error


def summariser(settings: ReadingProcessSettings) -> Callable[..., Summary]:
    """Paper to summary, on this machine."""
    ocr = ReadingSettings(workers=settings.workers, cache_dir=settings.cache)

    def summarise_paths(paths: Sequence[Path], progress: Callable[[int, int], None]) -> Summary:
        def show(now: Progress) -> None:
            progress(now.done, now.total or 0)

        reading = read_paths(paths, ocr, progress=show)
        history = summarise(reading)
        bundle = ips_bundle(history, reading, generated_at=datetime.now(UTC))
        return Summary(
            html=render_html(history, reading, embed_images=True),
            payload=payload_of(bundle),
            counts=history.counts,
            refusals=reading.refusals,
        )

    return summarise_paths


def sample_paper(folder: Path | None) -> tuple[Path, ...]:
    """The paper in the folder of samples, without the truth that lies beside it."""
    if folder is None or not folder.is_dir():
        return ()
    return tuple(sorted(path for path in folder.iterdir() if path.suffix != ".json"))


def sealer(settings: DappSettings) -> Callable[[Address, bytes], Sealing]:
    """Payload to a stored sealing. Connects anew each time, so that a restarted node is found."""

    def seal(patient: Address, payload: bytes) -> Sealing:
        with (
            closing(open_vault(settings)) as vault,
            closing(SqliteOutbox.open_at(settings.vault)) as outbox,
        ):
            publisher = make_publisher(settings, connect_ledger(settings), vault, outbox)
            return publisher.store(patient, payload)

    return seal


def application(settings: ReadingProcessSettings, dapp: DappSettings) -> Starlette:
    """Raises SetupError when the dapp's settings name no reading service."""
    if not dapp.reading_url or not dapp.reading_token:
        raise SetupError("The settings name no reading service.")
    service = ReadingServiceSettings(
        token=dapp.reading_token,
        origins=(dapp.origin,),
        hosts=(urlsplit(dapp.reading_url).netloc,),
        inbox=settings.inbox,
        samples=sample_paper(settings.samples),
    )
    return create_app(service, summarise=summariser(settings), seal=sealer(dapp))


def main(arguments: Sequence[str]) -> int:
    """Serve until interrupted; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m dapp.reading_process SETTINGS.json\n")
        return InputError.exit_code
    try:
        settings = ReadingProcessSettings.load(Path(arguments[0]))
        dapp = DappSettings.load(settings.dapp)
        app = application(settings, dapp)
    except AnamnesisError as error:
        sys.stderr.write(error.user_message() + "\n")
        return error.exit_code
    address = urlsplit(dapp.reading_url or "")
    uvicorn.run(
        app,
        host=address.hostname or "127.0.0.1",
        port=address.port or 80,
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
