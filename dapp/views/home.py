"""The first page: what this is, and where each person goes."""

from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage

_CARDS = (
    (
        "patient",
        "I am a patient",
        "Turn your paper into one history, seal it, and decide who may read it.",
    ),
    (
        "doctor",
        "I am a doctor",
        "Ask a patient for access with one signature, and read the one page first.",
    ),
    (
        "auditor",
        "I audit",
        "Replay the chain: who could read what, when, on whose word. No wallet needed.",
    ),
)


def render(pages: Mapping[str, StreamlitPage]) -> None:
    """Draw the page; `pages` are the navigation's own, by name."""
    st.title("Anamnesis")
    st.markdown(
        "A patient's history: read from paper, sealed, shared by consent. "
        "Every statement in it leads back to its place on a page."
    )
    for column, (name, title, text) in zip(st.columns(3), _CARDS, strict=True):
        with column.container(border=True, height="stretch"):
            st.subheader(title)
            st.write(text)
            st.page_link(pages[name], label="Go on", icon=":material/arrow_forward:")
    _promises()


def _promises() -> None:
    st.subheader("What you can rely on")
    st.markdown(
        "- Your history is opened **in your browser**. This server, the store and the chain only "
        "ever hold sealed bytes.\n"
        "- Nobody reads it without a grant that **you signed**, for a purpose and until a date.\n"
        "- Every reading through this page is **on record**, where you can see it.\n"
        "- You need no cryptocurrency: signatures are free, a relayer carries them."
    )
    st.subheader("What nobody can promise")
    st.markdown(
        "- What somebody has read can't be unread. Taking access back stops the next reading.\n"
        "- If you lose both your wallet and your twelve recovery words, nobody can open your "
        "history for you. Keep the paper.\n"
        "- A program made the history from your paper. **Compare it with the paper** before you "
        "rely on it."
    )
