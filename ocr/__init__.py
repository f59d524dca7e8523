"""From paper to history, in two wings: `reading` (files to words), `summary` (words to facts)."""
