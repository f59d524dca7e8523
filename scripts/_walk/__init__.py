"""The random walk: the contracts on a real EVM, held against their model call by call."""
