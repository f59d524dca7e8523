"""The Streamlit script: navigation, the wallet bar, and the page that was chosen.

It runs anew on every interaction, so it holds nothing.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from core.errors import AnamnesisError
from core.hashing import Address
from dapp import state, wiring
from dapp.notices import explained
from dapp.services import Services
from dapp.views import auditor, doctor, home, patient

ICON = Path(__file__).parent / "assets" / "icon.svg"

_STYLE = """<style>
.stMainBlockContainer { padding-top: 4.5rem; max-width: 68rem; }
.stMainBlockContainer button[kind^="segmented"], .stMainBlockContainer .stButton button,
.stMainBlockContainer .stDownloadButton button { min-height: 2.75rem; }
.stMainBlockContainer [data-testid="stCaptionContainer"] { color: #45525e; opacity: 1; }
.stMainBlockContainer [data-testid="stCaptionContainer"] p { color: inherit; }
</style>"""
"""Less empty room above the page, a width that suits a page of paper, targets a thumb can hit,
small print dark enough to read (WCAG 2.2 AA)."""


def main() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Anamnesis", page_icon=str(ICON), layout="wide")
    account: list[Address | None] = [None]
    pages = {
        "patient": _page(lambda s: patient.render(s, account[0]), "My history", "patient"),
        "doctor": _page(lambda s: doctor.render(s, account[0]), "For doctors", "doctor"),
        "auditor": _page(auditor.render, "Audit", "audit"),
    }
    st.html(_STYLE)
    first = st.Page(partial(home.render, pages), title="Start", url_path="start", default=True)
    chosen = st.navigation([first, *pages.values()], position="top")
    with st.container(key="wallet-bar"), explained("wallet"):
        wallet = wiring.browser().wallet()
        account[0] = wallet.account if wallet else None
        state.belong_to(account[0])
    chosen.run()


def _page(draw: Callable[[Services], None], title: str, path: str) -> st.Page:
    def render() -> None:
        try:
            services = wiring.services()
        except AnamnesisError:
            with explained(f"{path}.services"):
                raise
            return
        draw(services)

    return st.Page(render, title=title, url_path=path)


main()
