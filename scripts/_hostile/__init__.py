"""Hostile and broken paper: made by seed, read one by one and all together, held to its bounds."""
