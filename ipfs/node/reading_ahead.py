"""Blocks of an answer, read and verified in another thread while those before them are sent."""

import asyncio
from collections.abc import AsyncIterator, Iterator

Piece = bytes | memoryview
_BATCH_BYTES = 1 << 20
"""Handing over to a thread and back costs about what verifying a block does."""


async def ahead(pieces: Iterator[Piece]) -> AsyncIterator[Piece]:
    """The same pieces. At most two batches of them are held at once."""
    batches = _batches(pieces)
    coming = _begin(batches)
    try:
        while batch := await coming:
            coming = _begin(batches)
            for piece in batch:
                yield piece
    finally:
        coming.cancel()


def _begin(batches: Iterator[list[Piece]]) -> asyncio.Future[list[Piece]]:
    end: list[Piece] = []
    return asyncio.get_running_loop().run_in_executor(None, next, batches, end)


def _batches(pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
    batch: list[Piece] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += len(piece)
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
