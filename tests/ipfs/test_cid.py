"""CIDs, against ones that are known everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import VerificationError
from ipfs.cid import CHUNK_BYTES, CidHash, cid_digest, cid_text, parse_cid

KNOWN = {
    b"": "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
    b"hello world": "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD",
    b"hello world\n": "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
    b"Mary had a little lamb": "QmZfF6C9j4VtoCsTp4KSrhYH47QMd3DNXVZBKaxJdhaPab",
}


@pytest.mark.parametrize(("data", "cid"), KNOWN.items())
def test_cid_digest_gives_the_known_cid(data: bytes, cid: str) -> None:
    assert cid_text(cid_digest(data)) == cid


@given(st.binary(min_size=32, max_size=32))
def test_parse_cid_returns_what_was_written(digest: bytes) -> None:
    assert parse_cid(cid_text(digest)) == digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Qm",
        "hello",
        "z" * 46,
        "1" * 46,
        "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
        KNOWN[b""][:-1],
        KNOWN[b""] + "1",
        KNOWN[b""].replace("b", "0"),
        "../../etc/passwd",
    ],
)
def test_parse_cid_refuses_when_text_is_not_cidv0(text: str) -> None:
    with pytest.raises(VerificationError):
        parse_cid(text)


def test_cid_text_refuses_when_the_digest_has_another_length() -> None:
    with pytest.raises(ValueError, match="32"):
        cid_text(bytes(31))


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 1_000_003])
@pytest.mark.parametrize("piece", [1 << 16, CHUNK_BYTES, CHUNK_BYTES + 1, 1 << 20])
def test_cid_hash_agrees_however_the_bytes_arrive(size: int, piece: int) -> None:
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    found = CidHash()
    for start in range(0, size, piece):
        found.update(data[start : start + piece])
    assert found.digest() == cid_digest(data)
