"""Sample paper: one fictional patient's bag of documents, drawn and worn from one model.

`write_samples(folder)` writes the papers and truth.json; `score(facts, truth)` says how faithful
a reading of them is.
"""

from scripts._paper.generate import Sample, write_samples
from scripts._paper.score import Report, score

__all__ = ["Report", "Sample", "score", "write_samples"]
