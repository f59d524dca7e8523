"""Which lines and branches of the contracts ran, by the program counters of an EVM."""
