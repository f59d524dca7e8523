"""Words to facts to one history: a FHIR summary and one page, every statement with its source.

reading = read_paths([Path("paper")])
history = summarise(reading)
write_history(history, reading, Path("out"))
"""

from ocr.summary.facts_document import facts_document
from ocr.summary.ips import ips_bundle
from ocr.summary.page import render_html
from ocr.summary.pipeline import summarise
from ocr.summary.writing import payload_of, write_history

__all__ = [
    "facts_document",
    "ips_bundle",
    "payload_of",
    "render_html",
    "summarise",
    "write_history",
]
