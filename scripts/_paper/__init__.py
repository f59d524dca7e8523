"""Sample paper: one fictional patient's bag of documents, drawn and worn from one model.

`generate.write_samples` writes the papers and truth.json; `score.score` says how faithful a
reading of them is. Nothing is imported here: scoring needs none of what drawing needs.
"""
