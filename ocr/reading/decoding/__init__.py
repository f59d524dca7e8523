"""Decoding of files from outside, in a process of its own with hard limits.

`parent` starts `python -m ocr.reading.decoding.child` for a batch of pages of one file; the child
leaves raw grey pixels and a `result.json` in a private folder. `protocol` is what they agree on.
"""
