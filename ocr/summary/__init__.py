"""Words to facts to one history: a FHIR summary and one page, every statement with its source.

reading = read_paths([Path("paper")])
history = summarise(reading)
write_history(history, reading, Path("out"))
"""

from ocr.summary.bundle_source import read_bundle, with_summaries
from ocr.summary.card import render_card
from ocr.summary.facts_document import facts_document
from ocr.summary.ips import ips_bundle
from ocr.summary.page import render_html
from ocr.summary.pdf import render_pdf
from ocr.summary.pipeline import summarise
from ocr.summary.writing import payload_of, write_history

__all__ = [
    "facts_document",
    "ips_bundle",
    "payload_of",
    "read_bundle",
    "render_card",
    "render_html",
    "render_pdf",
    "summarise",
    "with_summaries",
    "write_history",
]
