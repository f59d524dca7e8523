"""Bytes written where they stay."""

import pytest

from ipfs.in_place import InPlace


@pytest.mark.parametrize("size", [1, 2, 100_000])
def test_take_hands_out_what_was_written(size: int) -> None:
    place, content = InPlace(size), bytes(range(1, 251)) * (size // 250 + 1)
    place.view[:] = content[:size]
    assert place.take(size) == content[:size]


def test_take_hands_out_the_beginning() -> None:
    place = InPlace(10)
    place.view[:4] = b"abcd"
    assert len(place.view) == 10
    assert place.take(4) == b"abcd"


def test_take_refuses_while_a_view_is_in_use() -> None:
    place = InPlace(10)
    used = place.view[2:]
    with pytest.raises(BufferError):
        place.take(10)
    assert len(used) == 8
