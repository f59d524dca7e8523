"""Reading ahead: the same pieces, an error where it was, and nothing read without end."""

import asyncio
from collections.abc import Iterator

import pytest

from core.errors import VerificationError
from ipfs.node.reading_ahead import Piece, ahead

PIECE = bytes(256 * 1024)


def taken(pieces: Iterator[Piece], most: int = 1_000) -> list[Piece]:
    async def take() -> list[Piece]:
        found: list[Piece] = []
        stream = ahead(pieces)
        async for piece in stream:
            found.append(piece)
            if len(found) == most:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        return found

    return asyncio.run(take())


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 8, 30])
def test_ahead_gives_the_same_pieces_in_order(count: int) -> None:
    pieces = [bytes((number,)) + PIECE for number in range(count)]
    assert taken(iter(pieces)) == pieces


def test_ahead_raises_what_reading_raises_and_does_not_end_well() -> None:
    def broken() -> Iterator[Piece]:
        for _ in range(9):
            yield PIECE
        raise VerificationError("A stored block was changed.", check="content identifier")

    with pytest.raises(VerificationError, match="changed"):
        taken(broken())


def test_ahead_reads_two_batches_at_most_when_nobody_takes_more() -> None:
    read: list[int] = []

    def endless() -> Iterator[Piece]:
        while True:
            read.append(1)
            yield PIECE

    assert taken(endless(), most=1) == [PIECE]
    assert len(read) <= 8
