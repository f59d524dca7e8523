"""Names and places that play tricks: the file itself may be sound."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts._hostile.case import Case, file_case
from scripts._hostile.honest import sound

_NAMES: tuple[str | bytes, ...] = (
    "-rf.png",
    "--help.png",
    "$(touch owned).png",
    "`touch owned`.png",
    "a;touch owned;.png",
    "a|b&c>d<e.png",
    "a'b\"c.png",
    "line\nbreak.png",
    "carriage\rreturn.png",
    "tab\tbell\x07.png",
    "\x1b[31mred\x1b[0m.png",
    "gnp.\u202efdp.png",
    "zero\u200bwidth.png",
    "up\\..\\..\\up.png",
    "up%2f..%2f..%2fup.png",
    "scan...png",
    "a..png.png",
    "C:\\windows\\system32.png",
    "CON.png",
    "NUL",
    " spaces .png ",
    "trailing.png.",
    "%s%n%x.png",
    "{0.__class__}.png",
    "a" * 251 + ".png",
    "語" * 80 + ".png",
    "no suffix",
    "\u2028separator.png",
    "e\u0301.png",
    "<script>alert(1)</script>.png".replace("/", "\u2215"),
    b"bad\xff\xfe.png",
    b"\xc0\xaf\xc0\xaf.png",
)


def tricky_places() -> Iterator[Case]:
    """Names, links, pipes, sockets, folders."""
    for number, name in enumerate(_NAMES):
        yield file_case("name", f"{number:02}", sound("PNG"), expected="read", file_name=name)
    for label, make in _PLACES.items():
        yield Case(name=f"place/{label}", family="place", make=make, expected="refused")
    yield Case(name="place/deep", family="place", make=_deep, expected="read")


def _link(target: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "scan.png").symlink_to(target)


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "scan.png")


def _socket(folder: Path) -> None:
    """Bound by a short relative name: the folder's own may be too long for an address."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("scan.png")
    finally:
        os.chdir(before)


def _circle(folder: Path) -> None:
    (folder / "a.png").symlink_to("b.png")
    (folder / "b.png").symlink_to("a.png")


def _inside_itself(folder: Path) -> None:
    (folder / "again").symlink_to(folder)


def _sparse(folder: Path) -> None:
    """A terabyte that takes no room."""
    with (folder / "scan.png").open("wb") as file:
        file.write(sound("PNG"))
        file.truncate(1 << 40)


def _deep(folder: Path) -> None:
    """A hundred folders in each other, a page in the last."""
    inner = folder.joinpath(*["d"] * 100)
    inner.mkdir(parents=True)
    (inner / "scan.png").write_bytes(sound("PNG"))


_PLACES: dict[str, Callable[[Path], None]] = {
    "passwd": _link("/etc/passwd"),
    "zeros": _link("/dev/zero"),
    "terminal": _link("/dev/tty"),
    "memory": _link("/proc/self/mem"),
    "dangling": _link("nowhere"),
    "pipe": _pipe,
    "socket": _socket,
    "circle": _circle,
    "itself": _inside_itself,
    "sparse": _sparse,
}
