"""Mutants of the contracts: sources with one thing wrong, and what notices."""
