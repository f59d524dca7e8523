"""How set-up fails: which step, what happened, and the way out."""


class SetupFailure(Exception):
    """A step could not be done. `way_out` says what the person can do about it."""

    exit_code = 4

    def __init__(self, what: str, *, way_out: str, log: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.way_out = way_out
        self.step = ""
        """Filled in by whoever ran the step."""
        self.log = log
        """The last lines the failing program printed."""
