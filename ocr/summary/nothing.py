"""Lists that say they are empty: "Current medications: none" is a statement, silence is none."""

from collections.abc import Iterator
from functools import cache

from core.facts import Kind
from ocr.summary.mentions import NONE_KNOWN, Mention
from ocr.summary.sheets import Sheet
from ocr.summary.vocabulary import data, normal

_KINDS = {"known medications": Kind.MEDICATION, "known problems": Kind.PROBLEM}


def nothing_mentions(sheet: Sheet) -> Iterator[Mention]:
    """Sections of all medicines or problems whose only words are that there are none."""
    for unit in sheet.units:
        name = _headings().get(normal(unit.section.heading))
        inside = [other for other in sheet.units if other.section == unit.section]
        if name and len(inside) == 1 and normal(sheet.text[slice(*unit.span)]) in _words()[name]:
            yield Mention(
                kind=_KINDS[name],
                name=name,
                span=unit.span,
                extent=(unit.span,),
                method=NONE_KNOWN,
                details={"date": sheet.date},
            )


@cache
def _headings() -> dict[str, str]:
    rows = data("assertions")["nothing"].items()
    return {normal(heading): name for name, row in rows for heading in row["headings"]}


@cache
def _words() -> dict[str, frozenset[str]]:
    rows = data("assertions")["nothing"].items()
    return {name: frozenset(map(normal, row["words"])) for name, row in rows}
