"""Sentences for the person: what happened and what to do, in one place and one manner."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import (
    AnamnesisError,
    ChainUnavailableError,
    SetupError,
    StoreUnavailableError,
    WrongChainError,
    WrongContractError,
)
from dapp import state
from dapp.state import Tone

_DRAW = {Tone.GOOD: st.success, Tone.CAUTION: st.warning, Tone.BAD: st.error}
_OUTAGES = (
    ChainUnavailableError,
    StoreUnavailableError,
    SetupError,
    WrongChainError,
    WrongContractError,
)


def draw_notice(slot: str) -> None:
    """The notice left for this place, if any; the place itself is always there."""
    notice = state.notice(slot)
    with st.container():
        if notice is not None:
            _DRAW[notice.tone](notice.text)


@contextmanager
def explained(key: str) -> Iterator[None]:
    """Turn an AnamnesisError into a sentence; an outage also offers to try again."""
    try:
        yield
    except AnamnesisError as error:
        st.error(error.user_message())
        if isinstance(error, _OUTAGES):
            st.button("Try again", key=f"{key}.retry", help="Asks the node once more.")
