"""Paths to sources: order, refusals, and what a folder may hold to confuse us."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from core.errors import PaperError
from ocr.reading import DecodeLimits
from ocr.reading.discovery import UniqueNames, copy_source, discover, printable

Draw = Callable[..., Image.Image]


def _names(paths: list[Path], **limits: int) -> tuple[list[str], dict[str, tuple[str, bool]]]:
    found = discover(paths, DecodeLimits(**limits))
    refused = {refusal.name: (refusal.reason, refusal.fatal) for refusal in found.refusals}
    return [source.name for source in found.sources], refused


def test_discover_walks_sorted_and_skips_hidden_when_given_a_folder(
    tmp_path: Path, draw_page: Draw
) -> None:
    for number, name in enumerate(("b.png", "a/z.png", ".hidden.png", ".git/x.png", "c.png")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        draw_page((f"page {number}",)).save(path)

    sources, refused = _names([tmp_path])

    assert sources == ["z.png", "b.png", "c.png"]
    assert refused == {}


def test_discover_leaves_out_what_is_not_paper_when_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not paper")
    (tmp_path / "empty.json").write_bytes(b"")

    sources, refused = _names([tmp_path])

    assert sources == []
    assert refused == {
        "empty.json": ("Left out, not paper.", False),
        "notes.txt": ("Left out, not paper.", False),
    }


def test_discover_refuses_fatally_when_named_file_is_not_paper(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not paper")
    _, refused = _names([tmp_path / "notes.txt"])
    assert refused["notes.txt"][1] is True


def test_discover_refuses_fatally_when_file_is_missing(tmp_path: Path) -> None:
    _, refused = _names([tmp_path / "scan.png", tmp_path / "nul\0.png"])
    assert all(fatal for _, fatal in refused.values())
    assert "no such file" in refused["scan.png"][0]


@pytest.mark.parametrize("content", [b"", b"hello, this is text"])
def test_discover_refuses_fatally_when_a_paper_name_holds_no_paper(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "scan.pdf").write_bytes(content)
    sources, refused = _names([tmp_path])
    assert sources == []
    assert refused["scan.pdf"][1] is True


def test_discover_asks_for_another_format_when_picture_is_a_gif(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.GIF").write_bytes(b"GIF89a" + bytes(40))
    _, refused = _names([tmp_path])
    reason, fatal = refused["IMG_1.GIF"]
    assert fatal
    assert "save it as JPEG" in reason


def test_discover_goes_by_content_when_the_name_lies(tmp_path: Path, draw_page: Draw) -> None:
    draw_page().save(tmp_path / "scan.pdf", format="PNG")
    found = discover([tmp_path], DecodeLimits())
    assert [source.kind for source in found.sources] == ["PNG"]


def test_discover_says_so_once_when_content_repeats(tmp_path: Path, draw_page: Draw) -> None:
    draw_page().save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())

    sources, refused = _names([tmp_path])

    assert sources == ["a.png"]
    assert refused == {"b.png": ("The same content as a.png, which was read once.", False)}


def test_discover_makes_names_unique_when_folders_share_them(
    tmp_path: Path, draw_page: Draw
) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        draw_page((folder,)).save(tmp_path / folder / "scan.png")
    assert _names([tmp_path])[0] == ["scan.png", "scan (2).png"]


def test_discover_does_not_follow_links_when_walking(tmp_path: Path, draw_page: Draw) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    draw_page().save(outside / "secret.png")
    (inside / "link.png").symlink_to(outside / "secret.png")
    (inside / "folder").symlink_to(outside)

    sources, refused = _names([inside])

    assert sources == []
    assert set(refused) == {"folder", "link.png"}
    assert not any(fatal for _, fatal in refused.values())


def test_discover_follows_a_link_when_the_caller_named_it(tmp_path: Path, draw_page: Draw) -> None:
    draw_page().save(tmp_path / "real.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    assert _names([tmp_path / "link.png"])[0] == ["link.png"]


def test_discover_never_blocks_when_it_meets_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    sources, refused = _names([tmp_path, tmp_path / "pipe.png"])
    assert sources == []
    assert "pipe.png" in refused


def test_discover_walks_a_folder_when_it_is_named_like_a_file(
    tmp_path: Path, draw_page: Draw
) -> None:
    (tmp_path / "x.pdf").mkdir()
    draw_page().save(tmp_path / "x.pdf" / "scan.png")
    assert _names([tmp_path])[0] == ["scan.png"]


def test_discover_refuses_when_file_is_too_large(tmp_path: Path, draw_page: Draw) -> None:
    draw_page().save(tmp_path / "a.png")
    _, refused = _names([tmp_path], max_file_bytes=100)
    assert refused["a.png"][1] is True


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_discover_refuses_when_reading_is_not_permitted(tmp_path: Path, draw_page: Draw) -> None:
    draw_page().save(tmp_path / "a.png")
    (tmp_path / "a.png").chmod(0)
    _, refused = _names([tmp_path])
    assert "permission denied" in refused["a.png"][0]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("scan.png", "scan.png"),
        ("Röntgen 日本.png", "Röntgen 日本.png"),
        ("a\nb\t.png", "a_b_.png"),
        ("gnp.\u202efdp.png", "gnp._fdp.png"),
        ("bad\udcff.png", "bad_.png"),
    ],
)
def test_printable_replaces_what_could_deceive_when_shown(name: str, shown: str) -> None:
    assert printable(name) == shown


def test_printable_keeps_the_suffix_when_cutting() -> None:
    shown = printable("ß" * 200 + ".png")
    assert shown.endswith(".png")
    assert len(shown.encode()) <= 150


def test_claim_ignores_case_when_making_unique() -> None:
    names = UniqueNames()
    assert [names.claim(name) for name in ("a.png", "A.png", "a.png")] == [
        "a.png",
        "A (2).png",
        "a (3).png",
    ]


def test_copy_source_refuses_when_the_file_has_changed(tmp_path: Path, draw_page: Draw) -> None:
    draw_page().save(tmp_path / "a.png")
    (source,) = discover([tmp_path], DecodeLimits()).sources
    draw_page(("other",)).save(tmp_path / "a.png")
    with pytest.raises(PaperError, match="changed"):
        copy_source(source, tmp_path / "copy", DecodeLimits())


def test_copy_source_refuses_when_the_file_became_a_link(tmp_path: Path, draw_page: Draw) -> None:
    draw_page().save(tmp_path / "a.png")
    (source,) = discover([tmp_path], DecodeLimits()).sources
    (tmp_path / "a.png").rename(tmp_path / "b.png")
    (tmp_path / "a.png").symlink_to(tmp_path / "b.png")
    with pytest.raises(PaperError):
        copy_source(source, tmp_path / "copy", DecodeLimits())
