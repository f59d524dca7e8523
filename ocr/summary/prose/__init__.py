"""Optional sentences over a history's facts, worded by a model and admitted by a gate.

history = worded(history, Endpoint.from_untrusted("http://127.0.0.1:8080/v1", model="NAME"))
"""

from ocr.summary.prose.endpoint import Endpoint
from ocr.summary.prose.gate import Gate
from ocr.summary.prose.wording import worded

__all__ = ["Endpoint", "Gate", "worded"]
