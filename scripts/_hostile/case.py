"""What a case of the corpus is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Expectation = Literal["any", "read", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a case is called and what may become of it."""

    name: str
    """Unique in the corpus, plain ASCII; the file's own name can be another."""
    family: str
    expected: Expectation = "any"
    """`any`: read or refused, as long as it is the one or the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Label):
    """One hostile file, or entry of a folder."""

    make: Callable[[Path], None]
    """Puts it into an empty folder."""

    @property
    def label(self) -> Label:
        """What can be sent to another process."""
        return Label(name=self.name, family=self.family, expected=self.expected)


def file_case(
    family: str,
    name: str,
    content: bytes | Callable[[], bytes],
    *,
    expected: Expectation = "any",
    file_name: str | bytes | None = None,
) -> Case:
    """A case of one file with these bytes; a callable makes them only when they are wanted."""

    def make(folder: Path) -> None:
        data = content if isinstance(content, bytes) else content()
        target = name if file_name is None else file_name
        raw = target if isinstance(target, bytes) else target.encode()
        with open(bytes(folder) + b"/" + raw, "wb") as file:  # noqa: PTH123  # names beyond str
            file.write(data)

    return Case(name=f"{family}/{name}", family=family, make=make, expected=expected)
