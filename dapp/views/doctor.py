"""The doctor's page: ask, see what was answered, open."""

from dataclasses import dataclass
from functools import partial

import streamlit as st

from core.errors import InputError
from core.events import AccessRequested
from core.findings import Audit, End, Grant
from core.hashing import Address, address
from core.purposes import Purpose, describe
from dapp.conversations import open_granted, request_access
from dapp.notices import explained
from dapp.services import Services
from dapp.views.common import (
    ask_to_connect,
    follow_chain,
    need_reading_key,
    page_notice,
    replace_reading_key,
)
from dapp.words import READING_PURPOSES, purpose_name, split, when

DEFAULT_DAYS = 7
LONGEST_DAYS = 365
WAY_OUT = {
    End.EXPIRED: "The access has expired. Ask again if you still treat this patient.",
    End.REVOKED: "The patient has taken the access back. Speak with the patient, then ask again.",
    End.REVOKED_ALL: "The patient has taken everybody's access back. Speak with the patient.",
}


def render(services: Services, account: Address | None) -> None:
    """Draw the page for the connected account."""
    st.title("For doctors")
    if account is None:
        ask_to_connect("to ask a patient for access and to read what was granted")
        return
    with explained("doctor"):
        if need_reading_key(services, account, "doctor"):
            return
        page_notice("doctor")
        _ask(services, account)
        audit = services.audit()
        _granted(services, account, audit)
        _waiting(account, audit, services.ledger.now())
        replace_reading_key(services, account, "doctor")
        follow_chain(services)


def _ask(services: Services, account: Address) -> None:
    st.subheader("Ask a patient")
    with st.container(border=True):
        text = st.text_input(
            "The patient's address",
            key="doctor.ask.patient",
            placeholder="0x…",
            help="The patient finds it with “Copy address” beside their wallet.",
        ).strip()
        purposes = st.multiselect(
            "Why do you need to read?",
            READING_PURPOSES,
            default=[Purpose.TREAT],
            format_func=purpose_name,
            key="doctor.ask.purposes",
        )
        days = int(
            st.number_input(
                "For how many days?",
                min_value=1,
                max_value=LONGEST_DAYS,
                value=DEFAULT_DAYS,
                key="doctor.ask.days",
            )
        )
        _send(services, account, text, sum(purposes), days)


def _send(services: Services, account: Address, text: str, purposes: int, days: int) -> None:
    if not text or not purposes:
        st.caption("Enter the patient's address and at least one purpose.")
        return
    try:
        patient = address(text)
    except InputError as error:
        st.error(error.user_message())
        return
    st.markdown(
        f"You ask to read this patient's history for **{describe(purposes)}** during "
        f"**{days} {'day' if days == 1 else 'days'}**. The request is public on the chain, "
        "without any name or reason beyond these words."
    )
    services.browser.task(
        "doctor.ask",
        signer=account,
        begin=partial(
            request_access,
            services,
            doctor=account,
            patient=patient,
            purposes=purposes,
            days=days,
        ),
        label="Sign the request",
        about=(patient, purposes, days),
        notice_slot="doctor.page",
    )


@dataclass(frozen=True, slots=True)
class _Standing:
    grant: Grant
    ended: End | None


def _latest(audit: Audit, reader: Address, now: int) -> list[_Standing]:
    """The latest grant of each patient to this reader, newest first."""
    latest = {
        grant.event.patient: _Standing(grant, grant.end_at(now))
        for grant in audit.grants
        if grant.event.grantee == reader
    }
    return sorted(latest.values(), key=lambda s: s.grant.event.at.order, reverse=True)


def _granted(services: Services, account: Address, audit: Audit) -> None:
    st.subheader("Patients who gave you access")
    standings = _latest(audit, account, services.ledger.now())
    if not standings:
        st.info("Nobody has given you access yet.")
    for standing in standings:
        with st.container(border=True):
            st.code(standing.grant.event.patient, language=None, wrap_lines=True)
            if standing.ended is None:
                _open(services, account, standing.grant)
            else:
                st.error(WAY_OUT.get(standing.ended, "The access has ended. Ask again."))


def _open(services: Services, account: Address, grant: Grant) -> None:
    event = grant.event
    offered = [each for each in split(event.purposes) if each is not Purpose.WRITE]
    st.markdown(f"For **{describe(event.purposes)}** until **{when(event.expiry)}**.")
    if not offered:
        st.caption("This access is for adding to the record, not for reading.")
        return
    purpose = offered[0]
    if len(offered) > 1:
        purpose = st.selectbox(
            "What do you read it for now?",
            offered,
            format_func=purpose_name,
            key=f"doctor.open.{event.patient}.purpose",
        )
    services.browser.task(
        f"doctor.open.{event.patient}",
        signer=account,
        begin=partial(
            open_granted, services, reader=account, patient=event.patient, purpose=purpose
        ),
        label="Sign for the reading and open",
        about=(event.seq, int(purpose)),
    )
    st.caption("Your signature puts this reading on the patient's log before the history opens.")


def _waiting(account: Address, audit: Audit, now: int) -> None:
    mine = [r for r in audit.requests if r.event.grantee == account and r.answer is None]
    if not mine:
        return
    st.subheader("Your unanswered requests")
    for request in reversed(mine):
        st.markdown(_line(request.event, now))


def _line(event: AccessRequested, now: int) -> str:
    state = "waiting for the patient" if event.expiry > now else "expired without an answer"
    return (
        f"- `{event.patient}` for {describe(event.purposes)} until {when(event.expiry)}: "
        f"**{state}**"
    )
