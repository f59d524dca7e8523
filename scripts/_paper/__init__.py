"""Sample paper: one fictional patient's bag of documents, drawn and worn from one model.

    from scripts._paper import write_samples

    for sample in write_samples(Path("samples")):
        print(sample.path, sample.bytes)
"""

from scripts._paper.generate import Sample, write_samples

__all__ = ["Sample", "write_samples"]
