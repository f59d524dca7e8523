"""The patient's page: the history, what is asked of it, who can read it, who did."""

from functools import partial

import streamlit as st

from core.events import AccessGranted, RecordSealed
from core.findings import Audit, Grant
from core.hashing import ZERO_HASH, Address
from core.purposes import describe
from core.records import ALL_RECORDS, HISTORY_RECORD
from dapp import state
from dapp.conversations import add_paper, open_own, reseal, revoke, revoke_all
from dapp.notices import explained
from dapp.services import Services
from dapp.views import requests
from dapp.views.common import (
    ask_to_connect,
    follow_chain,
    need_reading_key,
    page_notice,
    replace_reading_key,
)
from dapp.words import count, record_name, tell, when

RESEALING = (
    "Resealing gives your history a new key in this browser, shares it again with everybody else, "
    "and deletes the version that this reader has a key to. Nothing changes before you have "
    "signed; taking access back only works at any time."
)
RESEALING_LATER = (
    "Resealing gives your history a new key in this browser, shares it again with everybody who "
    "has access, and deletes the version that those keys open."
)
HISTORY, REQUESTS, READERS, LOG = "history", "requests", "readers", "log"


def render(services: Services, account: Address | None) -> None:
    """Draw the page for the connected account."""
    st.title("My history")
    if account is None:
        ask_to_connect("to make your history, answer requests and see who read it")
        return
    with explained("patient"):
        if need_reading_key(services, account, "patient"):
            return
        page_notice("patient")
        audit = services.audit()
        asked = requests.open_for(audit, account, services.ledger.now())
        section = _sections(len(asked))
        {
            HISTORY: partial(_history, services, account),
            REQUESTS: partial(requests.render, services, account, asked),
            READERS: partial(_readers, services, account, audit),
            LOG: partial(_log, account, audit),
        }[section]()
        follow_chain(services)


def _sections(waiting: int) -> str:
    names = {
        HISTORY: "History",
        REQUESTS: f"Requests ({waiting})" if waiting else "Requests",
        READERS: "Who can read",
        LOG: "Log",
    }
    chosen = st.segmented_control(
        "Section",
        list(names),
        format_func=names.__getitem__,
        default=HISTORY,
        key="patient.section",
        on_change=lambda: state.clear_notice("patient.page"),
        label_visibility="collapsed",
    )
    return chosen or HISTORY


def _history(services: Services, account: Address) -> None:
    sealed = services.ledger.commitment(account, HISTORY_RECORD)
    if sealed != ZERO_HASH:
        version = services.vault.version(sealed)
        st.markdown(
            f"Your history is sealed (version {version or 'unknown'}). It opens in this browser, "
            "with your wallet and your recovery words."
        )
        services.browser.task(
            "patient.open",
            signer=account,
            begin=lambda: open_own(services, account),
            label="Open my history",
            about=(sealed,),
        )
    _add_paper(services, account, first=sealed == ZERO_HASH)
    replace_reading_key(services, account, "patient")


def _add_paper(services: Services, account: Address, *, first: bool) -> None:
    if services.reader is None:
        st.info("No reading service is set up here. Start one with `anamnesis up`.")
        return
    title = "Make my history from paper" if first else "Make a new version from paper"
    with st.expander(title, expanded=first):
        if not first:
            st.markdown(
                "A new version **replaces** the present one, so give all the paper that belongs "
                "to it. Whoever has access now needs it shared again to see the new version."
            )
        services.browser.task(
            "patient.paper",
            signer=account,
            begin=lambda: add_paper(services, account),
            label=None,
            notice_slot="patient.page",
        )


def _readers(services: Services, account: Address, audit: Audit) -> None:
    st.subheader("Who can read now")
    live = audit.readers_at(services.ledger.now(), patient=account)
    if not live:
        st.info("Nobody but you can open your history.")
    for grant in live:
        _reader(services, account, grant, audit)
    if live:
        _revoke_all(services, account, len(live))
    _reseal_later(services, account, audit)
    st.caption(
        "Taking access back stops the next reading. What somebody has read, or saved, can't be "
        "unread."
    )


def _reader(services: Services, account: Address, grant: Grant, audit: Audit) -> None:
    event = grant.event
    with st.container(border=True):
        st.code(event.grantee, language=None, wrap_lines=True)
        st.markdown(
            f"may read **{record_name(event.record)}** for **{describe(event.purposes)}** until "
            f"**{when(event.expiry)}**"
        )
        readings = sum(
            r.event.reader == event.grantee for r in audit.receipts if r.event.patient == account
        )
        st.markdown(f"Opened it {count(readings, 'time')} so far.")
        requests.share_newest(services, account, grant, audit)
        _end_access(services, account, event)


def _end_access(services: Services, account: Address, event: AccessGranted) -> None:
    """Resealing is the first choice; taking back only stands beside it and waits for nothing."""
    name = f"{event.grantee}.{event.record.hex()[:8]}"
    sealed = services.ledger.commitment(account, HISTORY_RECORD)
    reseals = sealed != ZERO_HASH and event.record in (HISTORY_RECORD, ALL_RECORDS)
    if reseals:
        services.browser.task(
            f"patient.reseal.{name}",
            signer=account,
            begin=partial(
                reseal, services, patient=account, leaving=event.grantee, record=HISTORY_RECORD
            ),
            label="Take access back and reseal",
            about=(event.seq, sealed),
            notice_slot="patient.page",
        )
        st.caption(RESEALING)
    services.browser.task(
        f"patient.revoke.{name}",
        signer=account,
        begin=partial(
            revoke, services, patient=account, grantee=event.grantee, record=event.record
        ),
        label="Take access back only" if reseals else "Take access back",
        quiet=True,
        about=(event.seq,),
        notice_slot="patient.page",
    )


def _revoke_all(services: Services, account: Address, count: int) -> None:
    with st.container(border=True):
        st.markdown(f"**Take everybody's access back** ({count} now), with one signature.")
        sure = st.checkbox("Yes, everybody's", key="patient.revoke_all.sure")
        if sure:
            services.browser.task(
                "patient.revoke_all",
                signer=account,
                begin=lambda: revoke_all(services, patient=account),
                label="Take all access back",
                notice_slot="patient.page",
            )


def _reseal_later(services: Services, account: Address, audit: Audit) -> None:
    """Offered as long as somebody whose access ended has a key to the present version."""
    sealed, now = _last_sealing(audit, account), services.ledger.now()
    if sealed is None:
        return
    ended = {
        grant.event.grantee
        for grant in audit.grants
        if grant.event.patient == account
        and grant.event.record in (HISTORY_RECORD, ALL_RECORDS)
        and grant.event.at.order > sealed.at.order
        and grant.end_at(now) is not None
    }
    gone = ended - {g.event.grantee for g in audit.readers_at(now, patient=account)}
    if not gone:
        return
    with st.container(border=True):
        st.markdown(
            f"**{count(len(gone), 'reader')}** without access now still "
            f"{'has' if len(gone) == 1 else 'have'} a key to this version of your history."
        )
        services.browser.task(
            "patient.reseal",
            signer=account,
            begin=partial(reseal, services, patient=account, leaving=None, record=HISTORY_RECORD),
            label="Reseal my history",
            about=(sealed.commitment,),
            notice_slot="patient.page",
        )
        st.caption(RESEALING_LATER)


def _last_sealing(audit: Audit, account: Address) -> RecordSealed | None:
    sealings = (
        event
        for event in reversed(audit.timelines.get(account, ()))
        if isinstance(event, RecordSealed) and event.record == HISTORY_RECORD
    )
    return next(sealings, None)


def _log(account: Address, audit: Audit) -> None:
    st.subheader("Who opened it")
    readings = [r.event for r in audit.receipts if r.event.patient == account]
    if not readings:
        st.info("Nobody has opened your history yet.")
    for receipt in reversed(readings):
        with st.container(border=True):
            st.markdown(f"**{when(receipt.at.timestamp)}** for **{describe(receipt.purpose)}**")
            st.code(receipt.reader, language=None, wrap_lines=True)
    with st.expander("Everything that happened"):
        for event in reversed(audit.timelines.get(account, ())):
            st.markdown(f"{when(event.at.timestamp)}: {tell(event)}")
    st.caption(
        "The chain keeps this log; nobody can take a line out of it unseen. It holds readings "
        f"through this software, {len(readings)} so far."
    )
