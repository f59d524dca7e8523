"""Kubo's RPC, the part of it that is used here, over a Repository.

Answers look as Kubo's do, so `ipfshttpclient` cannot tell them apart and a real `ipfs daemon` can
take this node's place. Nothing is logged: requests name CIDs.

Source: https://docs.ipfs.tech/reference/kubo/rpc/
"""

import base64
import json
import platform
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core.errors import AnamnesisError, StoreError
from ipfs.car import whole_car
from ipfs.cid import CHUNK_BYTES, cid_text
from ipfs.dag import parse_block
from ipfs.node.credentials import Credentials
from ipfs.node.guard import Guard
from ipfs.node.kubo import KUBO_VERSION
from ipfs.node.parameters import (
    argument_of,
    between,
    digest_of,
    flag_of,
    number_of,
    seconds_of,
)
from ipfs.node.reading_ahead import ahead
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

_PEER_SECONDS = 15.0
"""How long peers are asked for what is not here, when the request does not say."""
_RAW_CIDV1 = b"\x01\x55\x12\x20"
"""Kubo lists its blocks as CIDs of version 1, codec raw."""

Handler = Callable[[Request], Awaitable[Response]]
Action = Callable[[Request], Any]


class Rpc:
    """The handlers. `stop` is called by `shutdown`; `credentials` let clients in by TCP."""

    def __init__(
        self,
        repository: Repository,
        stop: Callable[[], None],
        max_request_bytes: int,
        credentials: Credentials | None = None,
    ) -> None:
        self._repository = repository
        self._stop = stop
        self._max_request_bytes = max_request_bytes
        self._credentials = credentials

    def application(self) -> Starlette:
        """The ASGI application, guarded."""
        json_actions: dict[str, Action] = {
            "pin/add": self._pin_add,
            "pin/rm": self._pin_rm,
            "pin/ls": self._pin_ls,
            "pin/verify": self._pin_verify,
            "block/stat": self._block_stat,
            "files/stat": self._files_stat,
            "refs/local": self._refs_local,
            "swarm/peers": self._swarm_peers,
            "swarm/connect": self._swarm_connect,
            "id": self._id,
            "version": self._version,
            "repo/stat": self._repo_stat,
        }
        handlers: dict[str, Handler] = {name: _answering(act) for name, act in json_actions.items()}
        handlers |= {
            "add": self._add,
            "cat": self._cat,
            "block/get": self._block_get,
            "dag/export": self._dag_export,
            "repo/gc": self._repo_gc,
            "shutdown": self._shutdown,
        }
        return Starlette(
            routes=[
                Route(f"/api/v0/{name}", handler, methods=["POST"])
                for name, handler in handlers.items()
            ],
            middleware=[
                Middleware(
                    Guard,
                    max_request_bytes=self._max_request_bytes,
                    credentials=self._credentials,
                )
            ],
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
        offset, length = number_of(request, "offset", 0) or 0, number_of(request, "length", None)

        def prepare() -> Response:
            digest = self._brought(request)
            size = self._repository.file_size(digest)
            end = size if length is None else min(size, offset + length)
            pieces = between(self._repository.read(digest), offset, end)
            headers = {"X-Content-Length": str(max(0, end - offset))}
            if size <= CHUNK_BYTES:
                return Response(b"".join(pieces), media_type="text/plain", headers=headers)
            # An error after the first byte breaks the chunked answer: loud, never a silent short
            # read.
            return StreamingResponse(ahead(pieces), media_type="text/plain", headers=headers)

        return await run_in_threadpool(prepare)

    async def _block_get(self, request: Request) -> Response:
        digest = await run_in_threadpool(self._brought, request)
        block = await run_in_threadpool(self._repository.block, digest)
        return Response(block, media_type="application/octet-stream")

    async def _dag_export(self, request: Request) -> Response:
        digest = await run_in_threadpool(self._brought, request)
        # A missing root is an answer; a block missing further down breaks the answer off.
        await run_in_threadpool(self._repository.block, digest)
        car = whole_car(digest, self._repository.tree(digest))
        return StreamingResponse(ahead(car), media_type="application/vnd.ipld.car")

    async def _repo_gc(self, _request: Request) -> Response:
        await run_in_threadpool(self._repository.collect_garbage)
        return Response(media_type="application/json")

    async def _shutdown(self, _request: Request) -> Response:
        self._stop()
        return Response()

    def _brought(self, request: Request) -> bytes:
        """The digest that is asked for, after its blocks were fetched from peers if need be."""
        digest = digest_of(request)
        if not flag_of(request, "offline"):
            self._repository.bring(digest, seconds_of(request, _PEER_SECONDS))
        return digest

    def _pin_add(self, request: Request) -> Any:
        digest = self._brought(request)
        self._repository.pin(digest)
        return {"Pins": [cid_text(digest)]}

    def _pin_rm(self, request: Request) -> Any:
        digest = digest_of(request)
        self._repository.unpin(digest)
        return {"Pins": [cid_text(digest)]}

    def _pin_ls(self, request: Request) -> Any:
        kind = request.query_params.get("type", "all")
        if kind not in ("all", "recursive"):
            raise StoreError(f"pins of type {kind[:20]!r} are not listed here")
        if not request.query_params.getlist("arg"):
            roots = self._repository.pinned()
        else:
            roots = [digest_of(request)]
            if not self._repository.is_pinned(roots[0]):
                raise StoreError("the path is not pinned")
        if flag_of(request, "stream"):
            return _lines({"Cid": cid_text(root), "Type": "recursive"} for root in roots)
        return {"Keys": {cid_text(root): {"Type": "recursive"} for root in roots}}

    def _pin_verify(self, request: Request) -> Any:
        checked = ((root, self._repository.is_whole(root)) for root in self._repository.pinned())
        verbose = flag_of(request, "verbose")
        return _lines(
            {"Cid": cid_text(root), "Ok": ok} for root, ok in checked if verbose or not ok
        )

    def _block_stat(self, request: Request) -> Any:
        digest = digest_of(request)
        return {"Key": cid_text(digest), "Size": self._repository.block_size(digest)}

    def _files_stat(self, request: Request) -> Any:
        if not argument_of(request).startswith("/ipfs/"):
            raise StoreError("there are no mutable files here: ask for /ipfs/CID")
        digest = digest_of(request)
        blocks = [block for _, block in self._repository.tree(digest)]
        return {
            "Hash": cid_text(digest),
            "Size": self._repository.file_size(digest),
            "CumulativeSize": sum(map(len, blocks)),
            "Blocks": len(parse_block(blocks[0]).links),
            "Type": "file",
        }

    def _refs_local(self, _request: Request) -> Any:
        return _lines({"Ref": _raw_cid(each), "Err": ""} for each in self._repository.blocks())

    def _swarm_peers(self, _request: Request) -> Any:
        return {
            "Peers": [{"Addr": peer.address, "Peer": peer.id} for peer in self._repository.peers()]
        }

    def _swarm_connect(self, request: Request) -> Any:
        address = argument_of(request)
        self._repository.connect(address, seconds_of(request, _PEER_SECONDS))
        return {"Strings": [f"connect {address.rpartition('/')[2]} success"]}

    def _id(self, _request: Request) -> Any:
        return {
            "ID": self._repository.node_id,
            "PublicKey": "",
            "Addresses": self._repository.addresses(),
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
        answer = await run_in_threadpool(action, request)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    return handle


def _lines(rows: Iterable[object]) -> Response:
    """One JSON document a line."""
    text = "".join(json.dumps(row) + "\n" for row in rows)
    return Response(text, media_type="application/json")


def _raw_cid(digest: bytes) -> str:
    return "b" + base64.b32encode(_RAW_CIDV1 + digest).decode().rstrip("=").lower()


async def _error_answer(_request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, UploadError) else 500
    message = error.what if isinstance(error, AnamnesisError) else str(error)
    return JSONResponse({"Message": message, "Code": 0, "Type": "error"}, status)


async def _disk_answer(request: Request, error: Exception) -> Response:
    reason = error.strerror if isinstance(error, OSError) else ""
    return await _error_answer(request, StoreError(f"the disk refused: {reason}"))
