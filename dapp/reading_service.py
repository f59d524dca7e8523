"""The reading service: paper goes from the browser straight to the machine that reads it.

A process of its own on loopback, so that neither the Streamlit server nor anything behind it ever
holds plaintext. It reads the paper (in child processes of its own), forms the history, shows it
to the browser that sent it, and seals it to the patient's published reading key. What was
uploaded is deleted as soon as it was read; a history lives in memory until it is dropped, or for
`keep_seconds`.

Every request needs the bearer token; only the dapp's own origin may call (CORS and Origin check),
and the Host must be the one this service listens on, so that DNS rebinding finds nothing.
"""

import hmac
import json
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import AnamnesisError, InputError
from core.hashing import Address, address
from core.records import Sealing
from core.words import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingServiceSettings:
    """Limits and who may call."""

    token: str
    origins: tuple[str, ...]
    """Origins of the dapp, such as http://127.0.0.1:8501."""
    hosts: tuple[str, ...]
    """Accepted Host headers, such as 127.0.0.1:8502."""
    inbox: Path
    """Where uploads stand while they are read; 0700."""
    samples: tuple[Path, ...] = ()
    max_files: int = 200
    max_file_bytes: int = 25_000_000
    max_readings: int = 8
    """Readings held at once; the oldest finished one makes room."""
    keep_seconds: int = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A finished history: what the browser shows and what gets sealed."""

    html: str
    payload: bytes
    counts: dict[str, int]
    refusals: tuple[Refusal, ...]


Summariser = Callable[[Sequence[Path], Callable[[int, int], None]], Summary]
"""Paths and a progress callback (pages done, pages in all) to a summary."""
Sealer = Callable[[Address, bytes], Sealing]
"""Patient and payload to a stored sealing."""


@dataclass(slots=True, kw_only=True)
class Job:
    """One reading as it goes on."""

    id: str
    started: float
    state: str = "reading"
    done: int = 0
    total: int = 0
    message: str = ""
    summary: Summary | None = None

    def status(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "message": self.message,
            "refusals": [],
            "facts": {},
        }
        if self.summary:
            shown["facts"] = self.summary.counts
            shown["refusals"] = [
                {"name": r.name, "reason": r.reason, "fatal": r.fatal}
                for r in self.summary.refusals
            ]
        return shown


@dataclass(slots=True, kw_only=True)
class Readings:
    """Readings in progress or waiting to be sealed; one is read at a time, on all cores."""

    settings: ReadingServiceSettings
    summarise: Summariser
    jobs: dict[str, Job] = field(default_factory=dict)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def start(self, paths: Sequence[Path], *, remove: Path | None) -> Job:
        """Begin to read `paths`; `remove` is the upload folder, gone when the reading ends."""
        self._make_room()
        job = Job(id=secrets.token_urlsafe(16), started=time.monotonic())
        self.jobs[job.id] = job
        threading.Thread(target=self._run, args=(job, paths, remove), daemon=True).start()
        return job

    def get(self, job_id: str) -> Job:
        job = self.jobs.get(job_id)
        if job is None:
            raise InputError("This reading is not here any more.", remedy="Add the paper again.")
        return job

    def finished(self, job_id: str) -> Summary:
        job = self.get(job_id)
        if job.summary is None:
            raise InputError("This reading is not finished.", remedy="Wait for its pages.")
        return job.summary

    def _run(self, job: Job, paths: Sequence[Path], remove: Path | None) -> None:
        def show(done: int, total: int) -> None:
            job.done, job.total = done, total

        try:
            with self.turn:
                job.summary = self.summarise(paths, show)
            job.state = "done"
        except AnamnesisError as error:
            job.state, job.message = "failed", error.user_message()
        except Exception:  # noqa: BLE001 - a thread must end in a state; text could hold plaintext
            job.state, job.message = "failed", "The paper could not be read. Try fewer files."
        finally:
            if remove:
                shutil.rmtree(remove, ignore_errors=True)

    def _make_room(self) -> None:
        now = time.monotonic()
        for job in list(self.jobs.values()):
            if job.state != "reading" and now - job.started > self.settings.keep_seconds:
                del self.jobs[job.id]
        finished = [job for job in self.jobs.values() if job.state != "reading"]
        if len(self.jobs) >= self.settings.max_readings:
            if not finished:
                raise InputError(
                    "Too many readings are going on.", remedy="Wait until one has finished."
                )
            del self.jobs[min(finished, key=lambda job: job.started).id]


class Guard:
    """Refuses foreign hosts and origins, and requests without the token, before any route."""

    def __init__(self, app: ASGIApp, settings: ReadingServiceSettings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        if problem := self._problem(request):
            await JSONResponse({"error": problem, "remedy": ""}, 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _problem(self, request: Request) -> str:
        if request.headers.get("host") not in self.settings.hosts:
            return "Unknown host."
        origin = request.headers.get("origin")
        if origin is not None and origin not in self.settings.origins:
            return "Unknown origin."
        wanted = f"Bearer {self.settings.token}".encode()
        given = request.headers.get("authorization", "").encode()
        return "" if hmac.compare_digest(wanted, given) else "Missing or wrong token."


def create_app(
    settings: ReadingServiceSettings, *, summarise: Summariser, seal: Sealer
) -> Starlette:
    """The ASGI application."""
    readings = Readings(settings=settings, summarise=summarise)

    async def upload(request: Request) -> Response:
        folder = Path(tempfile.mkdtemp(dir=settings.inbox))
        try:
            async with request.form(max_files=settings.max_files) as form:
                paths = [
                    await _keep(part, folder, settings.max_file_bytes)
                    for part in form.getlist("files")
                    if isinstance(part, UploadFile)
                ]
            if not paths:
                raise InputError("No file came with this request.", remedy="Choose some paper.")
            job = readings.start(paths, remove=folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return JSONResponse({"id": job.id}, 202)

    async def sample(_: Request) -> Response:
        if not settings.samples:
            raise InputError("There is no sample paper here.", remedy="Run `make samples`.")
        return JSONResponse({"id": readings.start(settings.samples, remove=None).id}, 202)

    async def status(request: Request) -> Response:
        return JSONResponse(readings.get(request.path_params["id"]).status())

    async def history(request: Request) -> Response:
        return HTMLResponse(readings.finished(request.path_params["id"]).html)

    async def seal_history(request: Request) -> Response:
        patient = _patient(await request.body())
        summary = readings.finished(request.path_params["id"])
        sealing = await run_in_threadpool(seal, patient, summary.payload)
        return JSONResponse(_shown(sealing))

    async def drop(request: Request) -> Response:
        readings.jobs.pop(request.path_params["id"], None)
        return Response(status_code=204)

    return Starlette(
        routes=[
            Route("/readings", upload, methods=["POST"]),
            Route("/readings/sample", sample, methods=["POST"]),
            Route("/readings/{id}", status, methods=["GET"]),
            Route("/readings/{id}", drop, methods=["DELETE"]),
            Route("/readings/{id}/history", history, methods=["GET"]),
            Route("/readings/{id}/seal", seal_history, methods=["POST"]),
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.origins),
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["authorization", "content-type"],
            ),
            Middleware(Guard, settings=settings),
        ],
        exception_handlers={AnamnesisError: _explain},
    )


async def _keep(part: UploadFile, folder: Path, limit: int) -> Path:
    """One upload to a file of its own folder, so that equal names cannot meet."""
    name = Path(part.filename or "paper").name.lstrip(".")[:120] or "paper"
    own = Path(tempfile.mkdtemp(dir=folder))
    path = own / name
    size = 0
    with path.open("xb") as file:
        while chunk := await part.read(1 << 20):
            size += len(chunk)
            if size > limit:
                raise InputError(
                    f"{name} is larger than {limit // 1_000_000} MB.", remedy="Split it."
                )
            file.write(chunk)
    return path


def _patient(body: bytes) -> Address:
    try:
        return address(str(json.loads(body)["patient"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            "The request names no patient.", remedy='Send {"patient": "0x..."}.'
        ) from error


def _shown(sealing: Sealing) -> dict[str, Any]:
    return {
        "record": "0x" + sealing.context.record.hex(),
        "commitment": "0x" + sealing.commitment.hex(),
        "previous": "0x" + sealing.previous.hex(),
        "envelope": "0x" + sealing.envelope_digest.hex(),
        "version": sealing.context.version,
    }


async def _explain(_: Request, error: Exception) -> Response:
    assert isinstance(error, AnamnesisError)
    code = 400 if isinstance(error, InputError) else 502
    return JSONResponse({"error": error.what, "remedy": error.remedy}, code)
