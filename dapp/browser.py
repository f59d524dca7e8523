"""The real browser behind `dapp.services.Browser`: the mounted component and its answers."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from pydantic import BaseModel, ValidationError
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.components.v2.types import ComponentRenderer

from core.errors import AnamnesisError, InputError, SetupError
from core.hashing import Address, address
from dapp import state
from dapp.notices import draw_notice
from dapp.services import WalletSession
from dapp.state import Tone
from dapp.steps import Answer, Chain, Script
from dapp.tasks import DeclinedError, Task

DIST = Path(__file__).parent / "components" / "dist"
_HTML = '<div class="anamnesis"></div>'


class _Claim(BaseModel):
    """What the wallet bar says; the browser may say anything."""

    account: str
    chain_id: int


class StreamlitBrowser:
    """Mounts the bundle from a file of the same origin, so the page needs no inline script."""

    def __init__(
        self, chain: Chain, component: Callable[[], ComponentRenderer] | None = None
    ) -> None:
        self._chain = chain
        self._component = component or _component

    def wallet(self) -> WalletSession | None:
        """Draw the wallet bar; the connected account, if any."""
        result = self._component()(
            key=state.WALLET_KEY,
            data={"panel": "wallet", "chain": self._chain.shown()},
            default={"session": None},
            on_session_change=_nothing,
        )
        return _session(result.get("session"))

    def task(
        self,
        slot: str,
        *,
        signer: Address,
        begin: Callable[[], Script],
        label: str | None,
        about: tuple[Any, ...] = (),
        quiet: bool = False,
        notice_slot: str | None = None,
    ) -> None:
        """See `dapp.services.Browser.task`."""
        place = notice_slot or slot
        task = state.task(slot, signer, about)
        if label is None:
            task.begin_at_once(begin)
        answer = state.next_answer(task)
        # Whatever comes and goes has a place of its own: what stands below must not move, or
        # the browser would mount it anew in the middle of a task.
        with st.container():
            if answer is not None:
                with st.spinner("Working…"):
                    fresh = _go_on(slot, place, task, answer, begin)
                if fresh:
                    st.rerun()
        draw_notice(slot)
        self._mount(slot, task, label, quiet)

    def _mount(self, slot: str, task: Task, label: str | None, quiet: bool) -> None:
        key = f"task.{slot}"
        data: dict[str, Any] = {
            "panel": "task",
            "task": task.id,
            "offer": _offer(slot, label, task.about),
            "heard": state.heard(slot),
            "signer": task.signer,
            "label": label,
            "quiet": quiet,
            "testid": slot,
            "taken": task.taken,
            "step": None,
        }
        if task.step is not None:
            data["step"] = {"number": task.number, **task.step.shown()}
        self._component()(key=key, data=data, on_answer_change=state.receiver(key))


def _offer(slot: str, label: str | None, about: tuple[Any, ...]) -> str:
    """The same for two tasks that a press means the same to: one button, one set of form values."""
    return hashlib.sha256(repr((slot, label, about)).encode()).hexdigest()[:32]


def _go_on(slot: str, place: str, task: Task, answer: Answer, begin: Callable[[], Script]) -> bool:
    """Advance the task; True when it is over and the page should be drawn anew.

    Everything is in the session before Streamlit is called again, so that an interrupted run
    loses no result.
    """
    state.clear_notice(slot)
    state.clear_notice(place)
    try:
        done = task.take(answer, begin)
    except DeclinedError as declined:
        return _over(slot, slot, declined.user_message(), Tone.CAUTION)
    except AnamnesisError as error:
        return _over(slot, slot, error.user_message(), Tone.BAD)
    except Exception:
        state.end_task(slot)  # a script that broke cannot be gone on with
        raise
    if done is None or done.stay:
        return False
    return _over(slot, place, done.message, Tone.GOOD)


def _over(slot: str, place: str, text: str, tone: Tone) -> bool:
    state.end_task(slot)
    state.notify(place, text, tone)
    return True


def _session(raw: Any) -> WalletSession | None:
    if not raw:
        return None
    try:
        claim = _Claim.model_validate(dict(raw))
        return WalletSession(account=address(claim.account), chain_id=claim.chain_id)
    except (ValidationError, InputError, TypeError, ValueError):
        return None


def _component() -> ComponentRenderer:
    """The component, registered with the running server once."""
    config = ComponentConfig(name="browser", asset_dir=DIST.name)
    name = f"anamnesis.{config.name}"
    if not (DIST / "anamnesis.js").is_file():
        raise SetupError("The browser bundle is not built.", remedy="Run `npm run build`.")
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(name) is None:
        manifest = ComponentManifest(name="anamnesis", version="1", components=[config])
        manager.register_from_manifest(manifest, DIST.parent)
    return st.components.v2.component(name, html=_HTML, js="anamnesis.js", css="anamnesis.css")


def _nothing() -> None:
    """Streamlit keeps a state value only when it has a callback."""
