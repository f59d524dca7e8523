"""Write the tables of docs/alerts.md anew from the data behind the alerts.

python -m scripts._alert_tables
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ocr.summary.rules import KidneyLimit, Rule, Source, classes, dosing, lab_dangers, sources

OUT = Path(__file__).resolve().parents[1] / "docs/alerts.md"
BEGIN, END = "<!-- tables: python -m scripts._alert_tables -->\n", "<!-- end of tables -->\n"
_URGENCY = ("danger", "warning", "note")


def main() -> None:
    """Replace what stands between the two marks."""
    before, _, rest = OUT.read_text(encoding="utf-8").partition(BEGIN)
    OUT.write_text(before + BEGIN + tables() + END + rest.partition(END)[2], encoding="utf-8")


def tables() -> str:
    """Every rule with its figure and its sources, and every source with where it was read."""
    return "\n".join((*_doses(), *_results(), *_classes(), _sources()))


def _doses() -> Iterator[str]:
    yield _table(
        "Highest daily dose, adults, by mouth",
        ("ingredient", "mg a day", "beside", "source"),
        ((row.ingredient, f"{row.mg:g}", row.note, _named(row)) for row in dosing().maximum),
    )
    yield _table(
        "Not taken every day",
        ("ingredient", "why", "source"),
        ((row.ingredient, row.reason, _named(row)) for row in dosing().weekly),
    )
    yield _table(
        "Kidney function",
        ("ingredients", "eGFR below", "how urgent", "what is said", "source"),
        map(_limit, dosing().kidney),
    )


def _limit(row: KidneyLimit) -> Sequence[str]:
    named = _joined(row.ingredients)
    return (named, f"{row.below:g}", _URGENCY[row.urgency], row.reason, _named(row))


def _results() -> Iterator[str]:
    rules = lab_dangers()
    injury, decline, fall = rules.acute_kidney_injury, rules.kidney_decline, rules.hemoglobin_fall
    yield _table(
        "Critical results",
        ("test", "unit", "at or below", "at or above", "source"),
        (
            (row.test, _joined(row.units), f"{row.low:g}", f"{row.high:g}", _named(row))
            for row in rules.limit
        ),
    )
    rise = f"{injury.ratio:g} times the lowest of {injury.days} days"
    loss = (
        f"a fall of more than {decline.per_year:g} a year, over at least {decline.years:g} year "
        f"and {decline.values} values"
    )
    drop = f"a fall of {fall.grams_per_litre:g} g/L within {fall.days} days"
    yield _table(
        "Fast changes",
        ("test", "change", "source"),
        (
            ("Creatinine", rise, _named(injury)),
            ("eGFR", loss, _named(decline)),
            ("Hemoglobin", drop, _named(fall)),
        ),
    )


def _classes() -> Iterator[str]:
    yield _table(
        "Allergy to a medicine's relatives",
        ("allergy to", "medicine of", "how urgent", "why", "source"),
        (
            (row.allergy, row.class_, _URGENCY[row.urgency], row.reason, _named(row))
            for row in classes().cross
        ),
    )
    yield _table(
        "Classes",
        ("class", "members", "two at a time", "source"),
        (
            (row.name, _joined(row.members), _joined(row.twice), _named(row))
            for row in classes().classes
        ),
    )


def _sources() -> str:
    return _table(
        "Sources",
        ("key", "source", "read as", "where", "read on"),
        (
            (key, one.cited, one.seen, _where(one), one.read.isoformat())
            for key, one in sorted(sources().items())
        ),
    )


def _where(source: Source) -> str:
    record = f"record {source.record}" if source.record else ""
    return "; ".join(told for told in (source.url, source.at, record) if told)


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (columns, ["---"] * len(columns), *rows)
    return "\n".join((f"### {title}", "", *(f"| {' | '.join(cells)} |" for cells in lines), ""))


def _named(row: Rule) -> str:
    return _joined(row.sources)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts)


if __name__ == "__main__":
    main()
