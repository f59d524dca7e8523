"""One conversation with the browser: who it is with, what about, how far it is. No Streamlit here.

Rules
 1. An answer counts only for the task and the step that it names; any other is dropped.
 2. A task belongs to the form values it was begun with; other values make another task.
 3. An answer from another account than the task's signer ends it.
 4. Whatever ends a task (success, refusal, error) ends its number too: a retry is a new task.
 5. A press that was not heard before its task was replaced counts for the next task of its place,
    once, if that offers the same to the account that pressed (`components/src/panels/press.js`).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.errors import AnamnesisError, InputError
from core.hashing import Address
from dapp.steps import Answer, Done, Script, Step


class DeclinedError(AnamnesisError):
    """The person, or the browser for them, said no to a step."""


@dataclass(slots=True, kw_only=True)
class Task:
    """A conversation in progress."""

    signer: Address
    about: tuple[Any, ...]
    """The form values that its message will carry."""
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    script: Script | None = None
    number: int = 0
    """Of the step the browser has to answer; 0 is the person's own press on the button."""
    step: Step | None = None
    taken: int = -1
    """The last step whose answer was taken; the browser repeats an answer until it hears so."""
    finished: bool = False

    def take(self, answer: Answer, begin: Callable[[], Script]) -> Done | None:
        """Go on with an answer; `begin` makes the script at the first one.

        Returns how it ended, None while a further step is due or the answer is a late one.
        Raises DeclinedError and whatever the script raises; the task is over then.
        """
        if answer.task != self.id or answer.step != self.number:
            return None
        if answer.closed:
            return Done("")
        if self.finished:
            return None
        self.taken = answer.step
        self._check(answer)
        try:
            if self.script is None:
                self.script = begin()
                step = next(self.script)
            else:
                step = self.script.send(answer)
        except StopIteration as end:
            done: Done = end.value
            self.finished = True
            return done
        self.step, self.number = step, self.number + 1
        return None

    def begin_at_once(self, begin: Callable[[], Script]) -> None:
        """Start without the person's press, for a task whose first step asks for nothing yet."""
        if self.script is None and not self.finished:
            script = begin()
            self.step, self.number = next(script), 1  # a failure leaves the task as it was
            self.script = script

    def end(self) -> None:
        """Give it up: what its script holds for the next step is let go of."""
        if self.script is not None:
            self.script.close()

    def _check(self, answer: Answer) -> None:
        if not answer.ok:
            raise DeclinedError(answer.message or "The browser could not do this.")
        if (answer.account or "").lower() != self.signer.lower():
            raise InputError(
                "The wallet changed its account on the way.",
                remedy=f"Choose {self.signer} in the wallet and try again.",
            )
