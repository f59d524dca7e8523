"""One file out of a multipart upload, streamed to disk and bounded."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from core.errors import StoreError


class UploadError(StoreError):
    """The request is not an upload that this node takes; `status` is its HTTP answer."""

    def __init__(self, what: str, status: int = 400) -> None:
        super().__init__(what)
        self.status = status


@dataclass(slots=True)
class _Receiver:
    """What the parser calls back with each piece. Slots, because state is all it is."""

    file: BinaryIO
    limit_bytes: int
    parts: int = 0
    written: int = 0
    ended: bool = False
    header: bytearray = field(default_factory=bytearray)

    def part_begin(self) -> None:
        self.parts += 1
        if self.parts > 1:
            raise UploadError("one file at a time")

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self.header += data[start:end]

    def header_end(self) -> None:
        if self.header.startswith(b"application/x-directory"):
            raise UploadError("directories are not stored here")
        self.header.clear()

    def part_data(self, data: bytes, start: int, end: int) -> None:
        self.written += end - start
        if self.written > self.limit_bytes:
            raise UploadError("the upload is too large", 413)
        self.file.write(memoryview(data)[start:end])

    def end(self) -> None:
        self.ended = True


async def receive_file(request: Request, target: Path, limit_bytes: int) -> int:
    """Write the one file of the upload to `target`; its size. Raises UploadError."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise UploadError("file argument 'path' is required")
    with target.open("wb") as file:
        receiver = _Receiver(file=file, limit_bytes=limit_bytes)
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": receiver.part_begin,
                "on_header_value": receiver.header_value,
                "on_header_end": receiver.header_end,
                "on_part_data": receiver.part_data,
                "on_end": receiver.end,
            },
        )
        try:
            async for chunk in request.stream():
                parser.write(chunk)
            parser.finalize()
        except (FormParserError, ClientDisconnect) as error:
            raise UploadError("the upload is malformed or cut short") from error
    if receiver.parts == 0:
        raise UploadError("file argument 'path' is required")
    if not receiver.ended:
        # The parser's own `finalize` accepts a body without its last boundary.
        raise UploadError("the upload is cut short")
    return receiver.written
