"""Pieces that several pages share."""

import streamlit as st

from core.hashing import Address
from dapp import state
from dapp.conversations import create_reading_key
from dapp.notices import draw_notice
from dapp.services import Services

REFRESH_SECONDS = 4


def ask_to_connect(what: str) -> None:
    """The page of somebody without a wallet yet."""
    st.info(f"Connect your wallet above {what}.")


def need_reading_key(services: Services, account: Address, slot: str) -> bool:
    """Draw the making of a reading key; True while the account has none."""
    if services.ledger.reading_key(account) is not None:
        return False
    st.subheader("First, your reading key")
    st.markdown(
        "Records are sealed to your **reading key**. Your browser makes it from your wallet "
        "together with **twelve recovery words**, so have pen and paper ready. Your wallet asks "
        "for three signatures; none of them costs anything."
    )
    services.browser.task(
        f"{slot}.key",
        signer=account,
        begin=lambda: create_reading_key(services, account),
        label="Create my reading key",
        notice_slot=f"{slot}.page",
    )
    return True


def replace_reading_key(services: Services, account: Address, slot: str) -> None:
    """The way out for lost recovery words."""
    with st.expander("I lost my recovery words"):
        st.markdown(
            "You can make a **new reading key**. What was sealed to the old one stays closed for "
            "you: add your paper again, and share it again with whom you want."
        )
        services.browser.task(
            f"{slot}.newkey",
            signer=account,
            begin=lambda: create_reading_key(services, account),
            label="Create a new reading key",
            quiet=True,
            notice_slot=f"{slot}.page",
        )


def page_notice(slot: str) -> None:
    """What the last finished task left for the top of the page."""
    draw_notice(f"{slot}.page")


@st.fragment(run_every=f"{REFRESH_SECONDS}s")
def follow_chain(services: Services) -> None:
    """Draw the page anew when the chain has news, and only then."""
    try:
        count = len(services.ledger.events())
    except Exception:  # noqa: BLE001 - the page itself names an outage; a watcher only watches
        return
    session = state.session()
    before, session.seen_events = session.seen_events, count
    if before is not None and before != count:
        st.rerun()


def address_line(account: Address, note: str = "") -> None:
    """An address in full, to be compared and copied."""
    st.code(account, language=None, wrap_lines=True)
    if note:
        st.caption(note)
