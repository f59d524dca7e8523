"""The tables of docs/alerts.md are those of the data."""

from ocr.summary.rules import sources
from scripts._alert_tables import BEGIN, END, OUT, tables


def test_tables_stand_in_the_document_as_the_data_are():
    told = OUT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert told == tables(), "run python -m scripts._alert_tables"


def test_tables_name_every_source_with_its_day():
    for key, source in sources().items():
        assert f"| {key} | {source.cited} | {source.seen} |" in tables()
        assert source.read.isoformat() in tables()
