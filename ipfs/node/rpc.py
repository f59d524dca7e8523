"""Kubo's RPC, the part of it that is used here, over a Repository.

Answers look as Kubo's do, so `ipfshttpclient` cannot tell them apart and a real `ipfs daemon` can
take this node's place. Nothing is logged: requests name CIDs.

Source: https://docs.ipfs.tech/reference/kubo/rpc/
"""

import platform
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core.errors import AnamnesisError, StoreError
from ipfs.cid import cid_text, parse_cid
from ipfs.node.guard import Guard
from ipfs.node.kubo import KUBO_VERSION
from ipfs.node.repository import Repository
from ipfs.node.upload import UploadError, receive_file

_ADD_PARAMETERS = {
    "pin": "true",
    "cid-version": "0",
    "raw-leaves": "false",
    "chunker": "size-262144",
    "hash": "sha2-256",
    "trickle": "false",
    "only-hash": "false",
    "wrap-with-directory": "false",
    "nocopy": "false",
    "fscache": "false",
    "inline": "false",
    "to-files": "",
}
"""Parameters of `add` and the one value of each that this node serves."""

Handler = Callable[[Request], Awaitable[Response]]
Action = Callable[[Request], Any]


class Rpc:
    """The handlers. `stop` is called by `shutdown`."""

    def __init__(
        self, repository: Repository, stop: Callable[[], None], max_request_bytes: int
    ) -> None:
        self._repository = repository
        self._stop = stop
        self._max_request_bytes = max_request_bytes

    def application(self) -> Starlette:
        """The ASGI application, guarded."""
        json_actions: dict[str, Action] = {
            "pin/add": self._pin_add,
            "pin/rm": self._pin_rm,
            "pin/ls": self._pin_ls,
            "block/stat": self._block_stat,
            "id": self._id,
            "version": self._version,
            "repo/stat": self._repo_stat,
        }
        handlers: dict[str, Handler] = {name: _answering(act) for name, act in json_actions.items()}
        handlers |= {
            "add": self._add,
            "cat": self._cat,
            "block/get": self._block_get,
            "repo/gc": self._repo_gc,
            "shutdown": self._shutdown,
        }
        return Starlette(
            routes=[
                Route(f"/api/v0/{name}", handler, methods=["POST"])
                for name, handler in handlers.items()
            ],
            middleware=[Middleware(Guard, max_request_bytes=self._max_request_bytes)],
            exception_handlers={AnamnesisError: _error_answer, OSError: _disk_answer},
        )

    async def _add(self, request: Request) -> Response:
        for name, served in _ADD_PARAMETERS.items():
            if request.query_params.get(name, served).lower() != served:
                raise UploadError(f"parameter {name!r} is only served as {served!r}")
        draft = self._repository.draft()
        try:
            size = await receive_file(request, draft, self._max_request_bytes)
            digest = await run_in_threadpool(self._repository.add, draft)
        finally:
            draft.unlink(missing_ok=True)
        cid = cid_text(digest)
        return JSONResponse({"Name": cid, "Hash": cid, "Size": str(size)})

    async def _cat(self, request: Request) -> Response:
        digest = _digest(request)
        offset, length = _number(request, "offset", 0), _number(request, "length", None)
        size = await run_in_threadpool(self._repository.file_size, digest)
        end = size if length is None else min(size, (offset or 0) + length)
        # An error after the first byte breaks the chunked answer: loud, never a silent short read.
        return StreamingResponse(
            _between(self._repository.read(digest), offset or 0, end),
            media_type="text/plain",
            headers={"X-Content-Length": str(max(0, end - (offset or 0)))},
        )

    async def _block_get(self, request: Request) -> Response:
        block = await run_in_threadpool(self._repository.block, _digest(request))
        return Response(block, media_type="application/octet-stream")

    async def _repo_gc(self, _request: Request) -> Response:
        await run_in_threadpool(self._repository.collect_garbage)
        return Response(media_type="application/json")

    async def _shutdown(self, _request: Request) -> Response:
        self._stop()
        return Response()

    def _pin_add(self, request: Request) -> Any:
        digest = _digest(request)
        self._repository.pin(digest)
        return {"Pins": [cid_text(digest)]}

    def _pin_rm(self, request: Request) -> Any:
        digest = _digest(request)
        self._repository.unpin(digest)
        return {"Pins": [cid_text(digest)]}

    def _pin_ls(self, request: Request) -> Any:
        kind = request.query_params.get("type", "all")
        if kind not in ("all", "recursive"):
            raise StoreError(f"pins of type {kind[:20]!r} are not listed here")
        if not request.query_params.getlist("arg"):
            roots = self._repository.pinned()
        else:
            roots = [_digest(request)]
            if not self._repository.is_pinned(roots[0]):
                raise StoreError("the path is not pinned")
        return {"Keys": {cid_text(root): {"Type": "recursive"} for root in roots}}

    def _block_stat(self, request: Request) -> Any:
        digest = _digest(request)
        return {"Key": cid_text(digest), "Size": self._repository.block_size(digest)}

    def _id(self, _request: Request) -> Any:
        return {
            "ID": self._repository.node_id,
            "PublicKey": "",
            "Addresses": [],
            "AgentVersion": f"kubo/{KUBO_VERSION}/anamnesis",
            "Protocols": [],
        }

    def _version(self, _request: Request) -> Any:
        system = f"{platform.machine()}/{platform.system().lower()}"
        return {"Version": KUBO_VERSION, "Commit": "", "Repo": "14", "System": system, "Golang": ""}

    def _repo_stat(self, _request: Request) -> Any:
        blocks, size = self._repository.usage()
        return {"NumObjects": blocks, "RepoSize": size, "RepoPath": "", "Version": "fs-repo@14"}


def _answering(action: Action) -> Handler:
    async def handle(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(action, request))

    return handle


def _digest(request: Request) -> bytes:
    arguments = request.query_params.getlist("arg")
    if len(arguments) != 1:
        raise UploadError("exactly one argument is required")
    return parse_cid(arguments[0].removeprefix("/ipfs/"))


def _number(request: Request, name: str, default: int | None) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isdecimal() or len(text) > 18:
        raise UploadError(f"{name} must be a count of bytes")
    return int(text)


def _between(pieces: Iterator[bytes], start: int, end: int) -> Iterator[bytes]:
    place = 0
    for piece in pieces:
        wanted = piece[max(0, start - place) : max(0, end - place)]
        place += len(piece)
        if wanted:
            yield wanted
        if place >= end:
            return


async def _error_answer(_request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, UploadError) else 500
    message = error.what if isinstance(error, AnamnesisError) else str(error)
    return JSONResponse({"Message": message, "Code": 0, "Type": "error"}, status)


async def _disk_answer(request: Request, error: Exception) -> Response:
    reason = error.strerror if isinstance(error, OSError) else ""
    return await _error_answer(request, StoreError(f"the disk refused: {reason}"))
