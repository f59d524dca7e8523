"""Commands. Every public file here is `anamnesis NAME` and `ape run NAME`; its command is `cli`."""
