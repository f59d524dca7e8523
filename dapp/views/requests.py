"""Requests to the patient: who asks, why, until when, and the patient's answer."""

from functools import partial

import streamlit as st

from core.events import AccessRequested, RecordSealed
from core.findings import Audit, Grant
from core.flows.share import DAY_SECONDS, as_asked, open_requests
from core.hashing import Address
from core.purposes import Purpose, describe
from dapp import state
from dapp.conversations import grant
from dapp.services import Services
from dapp.words import purpose_name, record_name, split, when

SHOWN_AT_ONCE = 20
"""A stranger can send many requests; more than this are not drawn."""


def open_for(audit: Audit, patient: Address, now: int) -> list[AccessRequested]:
    """The open requests but those that the patient ignores on this screen."""
    ignored = state.session().ignored
    asked = open_requests(audit, patient, now)
    return [event for event in asked if event.request not in ignored]


def render(services: Services, account: Address, asked: list[AccessRequested]) -> None:
    """Draw the open requests with their answers."""
    st.subheader("Who asks for access")
    if not asked:
        st.info("Nobody is asking. Give your address to a doctor who should ask.")
        return
    for event in asked[:SHOWN_AT_ONCE]:
        _request(services, account, event)
    if len(asked) > SHOWN_AT_ONCE:
        st.caption(f"{len(asked) - SHOWN_AT_ONCE} older requests are not shown.")


def _request(services: Services, account: Address, event: AccessRequested) -> None:
    slot = f"patient.grant.{event.request.hex()[:16]}"
    with st.container(border=True):
        st.markdown("**This account asks:**")
        st.code(event.grantee, language=None, wrap_lines=True)
        st.caption("Anybody can ask. Compare the address with the one your doctor gave you.")
        st.markdown(
            f"to read **{record_name(event.record)}** for **{describe(event.purposes)}** until "
            f"**{when(event.expiry)}**."
        )
        purposes, days = _narrow(services, event, slot)
        if purposes:
            services.browser.task(
                slot,
                signer=account,
                begin=partial(grant, services, event, purposes=purposes, days=days),
                label="Grant access",
                about=(purposes, days),
                notice_slot="patient.page",
            )
        else:
            st.warning("Choose at least one purpose to grant access.")
        if st.button("Ignore", key=f"{slot}.ignore", help="Hides the request on this screen."):
            state.session().ignored.add(event.request)
            st.rerun()


def _narrow(services: Services, event: AccessRequested, slot: str) -> tuple[int, int | None]:
    """The purposes and, if shortened, the days that the patient chooses."""
    offered = split(event.purposes)
    chosen: list[Purpose] = list(offered)
    if len(offered) > 1:
        chosen = st.multiselect(
            "For which purposes?",
            offered,
            default=offered,
            format_func=purpose_name,
            key=f"{slot}.purposes",
        )
    longest = (event.expiry - services.ledger.now()) // DAY_SECONDS
    days: int | None = None
    if longest >= 1 and st.checkbox("For a shorter time than asked", key=f"{slot}.shorter"):
        days = int(
            st.number_input(
                "Days from now",
                min_value=1,
                max_value=max(1, longest),
                value=1,
                key=f"{slot}.days",
            )
        )
    return sum(chosen), days


def share_newest(services: Services, account: Address, given: Grant, audit: Audit) -> None:
    """Offer the newest version to a reader whose grant is older than it."""
    event = given.event
    sealed = [e for e in audit.timelines[account] if isinstance(e, RecordSealed)]
    if not sealed or event.at.order > sealed[-1].at.order:
        return
    st.warning("You sealed a newer version after this grant; this reader can't open it yet.")
    services.browser.task(
        f"patient.share.{event.grantee}.{event.record.hex()[:8]}",
        signer=account,
        begin=partial(grant, services, as_asked(event), purposes=event.purposes, days=None),
        label="Share the newest version",
        about=(event.seq, sealed[-1].commitment),
        notice_slot="patient.page",
    )
