"""Streamlit's session state, through one door: the only module that touches it.

What is kept belongs to one account. When the account changes, all of it goes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import streamlit as st
from pydantic import ValidationError

from core.hashing import Address
from dapp.steps import Answer
from dapp.tasks import Task

WALLET_KEY = "wallet"
"""Widget key of the wallet bar; its state outlives an account."""
_KEY = "anamnesis.session"


class Tone(StrEnum):
    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A sentence for the person, shown once more after the page has been drawn anew."""

    text: str
    tone: Tone


@dataclass(slots=True)
class Session:
    """What one browser session holds for one account."""

    account: Address | None = None
    tasks: dict[str, Task] = field(default_factory=dict)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    heard: dict[str, str] = field(default_factory=dict)
    """The last task of each slot that ended after its press was taken."""
    notices: dict[str, Notice] = field(default_factory=dict)
    ignored: set[bytes] = field(default_factory=set)
    seen_events: int | None = None


def session() -> Session:
    """The session's own values, made at first use."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Session()
    found: Session = st.session_state[_KEY]
    return found


def belong_to(account: Address | None) -> None:
    """Bind the session to an account; another one than before clears everything."""
    if session().account == account:
        return
    for slot in tuple(session().tasks):
        end_task(slot)
    for key in [key for key in st.session_state if key != WALLET_KEY]:
        del st.session_state[key]
    session().account = account


def task(slot: str, signer: Address, about: tuple[Any, ...]) -> Task:
    """The slot's task; a new one when the signer or the form values are others than before."""
    tasks = session().tasks
    found = tasks.get(slot)
    if found is None or found.signer != signer or found.about != about:
        end_task(slot)
        found = tasks[slot] = Task(signer=signer, about=about)
    return found


def end_task(slot: str) -> None:
    """Forget the slot's task; the next draw makes a new one."""
    ended = session().tasks.pop(slot, None)
    if ended is not None:
        session().answers.pop(ended.id, None)
        if ended.taken >= 0:
            session().heard[slot] = ended.id
        ended.end()


def heard(slot: str) -> str:
    """Tells the browser that the press it sent for an earlier task is not waiting any more."""
    return session().heard.get(slot, "")


def receiver(key: str) -> Callable[[], None]:
    """A callback that keeps the answer of the component mounted under `key`."""

    def receive() -> None:
        # It fires after the page was left, too, when the value is gone already.
        raw = (st.session_state.get(key) or {}).get("answer")
        try:
            answer = Answer.model_validate(raw)
        except ValidationError:
            return
        known = {task.id for task in session().tasks.values()}
        if answer.task in known:
            session().answers.setdefault(answer.task, []).append(answer)

    return receive


def next_answer(task: Task) -> Answer | None:
    """The answer to the task's present step, if it came. Repeated and late ones are dropped."""
    waiting = session().answers.pop(task.id, [])
    return next((answer for answer in waiting if answer.step == task.number), None)


def notify(slot: str, text: str, tone: Tone) -> None:
    """Leave a notice for the slot; it stays until the slot's next one or `clear_notice`."""
    if text:
        session().notices[slot] = Notice(text=text, tone=tone)


def notice(slot: str) -> Notice | None:
    return session().notices.get(slot)


def clear_notice(slot: str) -> None:
    session().notices.pop(slot, None)
