"""The words and the rules of Anamnesis: pure values, pure functions, no I/O, no framework."""
