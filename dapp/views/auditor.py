"""The auditor's page: the replay, held against the contract's state. No wallet, no trust."""

import csv
import io
import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import altair as alt
import pandas as pd  # type: ignore[import-untyped]
import streamlit as st

from core.events import Event
from core.findings import Audit, Severity, Status
from core.hashing import Address
from core.purposes import describe
from dapp.notices import explained
from dapp.services import Services
from dapp.words import count, record_name, short, tell, when

EVERYBODY = "everybody"
_LIVE, _ENDED = "live", "ended"
_TIME_FORMS = (
    (timedelta(days=3), "%d %b %Y"),
    (timedelta(minutes=10), "%d %b, %H:%M"),
    (timedelta(0), "%H:%M:%S"),
)
"""How precise the axis has to be, for a chart that spans more than this."""
_INK = "#45525e"
_BAR_PIXELS, _AXIS_PIXELS = 36, 130


def render(services: Services) -> None:
    """Draw the page."""
    st.title("Audit")
    st.markdown(
        "Every event of the contract, replayed in order and held against the contract's own "
        "state. It shows who **could** read, on whose word, and who signed for **having** read."
    )
    st.button("Replay again", key="auditor.replay", help="Fetches every event anew.")
    with explained("auditor"):
        with st.spinner("Replaying the chain…"):
            audit = services.audit()
        _status(audit)
        if not audit.events:
            return
        patient = _whose(audit)
        _readers_at(audit, patient, services.ledger.now())
        _chart(audit, patient, services.ledger.now())
        _findings(audit)
        _events(audit, patient)
        _downloads(audit)


def _status(audit: Audit) -> None:
    if audit.status is Status.NOTHING:
        st.warning("There is nothing to audit: the contract has no events. That proves nothing.")
    elif audit.status is Status.FINDINGS:
        st.error(
            f"**{count(len(audit.violations), 'violation')}.** The events do not add up. Repeat "
            "the audit with another node; if it agrees, a log was lost or altered."
        )
    else:
        st.success(
            f"**Consistent.** {count(audit.events, 'event')} replayed; every head in the contract "
            f"agrees. Nothing is missing for {count(len(audit.roster), 'patient')}."
        )
    st.markdown(
        f"{count(audit.events, 'event')}, {count(len(audit.roster), 'patient')}, "
        f"{count(len(audit.grants), 'grant')}, {count(len(audit.receipts), 'reading')}."
    )


def _whose(audit: Audit) -> Address | None:
    options = [EVERYBODY, *audit.roster]
    chosen = st.selectbox("Whose records?", options, key="auditor.patient")
    return None if chosen == EVERYBODY else Address(chosen)


def _readers_at(audit: Audit, patient: Address | None, now: int) -> None:
    st.subheader("Who could read at a moment")
    present = datetime.fromtimestamp(now, UTC)
    left, right = st.columns(2)
    day: date = left.date_input("Day (UTC)", value=present.date(), key="auditor.day")
    clock: time = right.time_input(
        "Time (UTC)", value=present.time().replace(microsecond=0), step=60, key="auditor.time"
    )
    moment = int(datetime.combine(day, clock, tzinfo=UTC).timestamp())
    # The clock chooses a minute; who could read in any second of it belongs in the answer.
    readers = audit.readers_between(moment, moment + 59, patient=patient)
    cases = audit.cases_between(moment, moment + 59, patient=patient)
    if not readers and not cases:
        st.info(f"On {when(moment)} nobody but the patients themselves could read.")
        return
    st.dataframe(
        [
            {
                "Patient": grant.event.patient,
                "Reader": grant.event.grantee,
                "Record": record_name(grant.event.record),
                "Purposes": describe(grant.event.purposes),
                "From": when(grant.start),
                "Until": when(grant.until),
            }
            for grant in readers
        ]
        + [
            {
                "Patient": case.event.patient,
                "Reader": case.event.clinician,
                "Record": record_name(case.event.record),
                "Purposes": "emergency, while licensed",
                "From": when(case.event.opens_at),
                "Until": when(case.until),
            }
            for case in cases
        ],
        hide_index=True,
    )


def _chart(audit: Audit, patient: Address | None, now: int) -> None:
    grants = [g for g in audit.grants if patient in (None, g.event.patient)]
    if not grants:
        return
    st.subheader("Access over time")
    rows = pd.DataFrame(
        {
            "Patient and reader": f"{short(g.event.patient)} → {short(g.event.grantee)}",
            "From": datetime.fromtimestamp(g.start, UTC),
            "Until": datetime.fromtimestamp(max(g.until, g.start + 1), UTC),
            "State": _LIVE if g.live_at(now) else _ENDED,
            "Purposes": describe(g.event.purposes),
        }
        for g in grants
    )
    st.altair_chart(_bars(rows), width="stretch")
    st.caption("A bar is one grant, from the block that made it to its end or expiry.")


def _bars(rows: pd.DataFrame) -> alt.Chart:
    first, last = rows["From"].min(), rows["Until"].max()
    form = next(text for span, text in _TIME_FORMS if last - first > span)
    time_scale = alt.Scale(type="utc")
    time_axis = alt.Axis(
        format=form, tickCount=5, labelOverlap=True, labelColor=_INK, titleColor=_INK
    )
    colours = alt.Scale(domain=[_LIVE, _ENDED], range=["#0b5d5e", "#8a96a3"])
    height = _BAR_PIXELS * rows["Patient and reader"].nunique() + _AXIS_PIXELS
    chart: alt.Chart = (
        alt.Chart(rows, height=height)
        .mark_bar(height=18, cornerRadius=3)
        .encode(
            x=alt.X("From:T", title="Time (UTC)", scale=time_scale, axis=time_axis),
            x2="Until:T",
            y=alt.Y(
                "Patient and reader:N", title=None, axis=alt.Axis(labelLimit=200, labelColor=_INK)
            ),
            color=alt.Color("State:N", scale=colours, legend=alt.Legend(orient="top", title=None)),
            tooltip=["Patient and reader", "From", "Until", "State", "Purposes"],
        )
    )
    return chart


def _findings(audit: Audit) -> None:
    st.subheader("Findings")
    if not audit.findings:
        st.write("None.")
        return
    for finding in audit.findings:
        place = f" (block {finding.at.block}, log {finding.at.log_index})" if finding.at else ""
        text = f"Rule {finding.rule}: {finding.what}{place}"
        (st.error if finding.severity is Severity.VIOLATION else st.warning)(text)


def _in_order(audit: Audit) -> list[Event]:
    every = (event for line in audit.timelines.values() for event in line)
    return sorted(every, key=lambda event: event.at.order)


def _row(event: Event) -> dict[str, Any]:
    return {
        "When": when(event.at.timestamp),
        "In words": tell(event),
        "Patient or account": getattr(event, "patient", None) or getattr(event, "account", ""),
        "Event": type(event).__name__,
        "Block": event.at.block,
        "Transaction": "0x" + event.at.transaction.hex(),
    }


def _events(audit: Audit, patient: Address | None) -> None:
    st.subheader("Every event")
    events = _in_order(audit) if patient is None else list(audit.timelines[patient])
    st.dataframe([_row(event) for event in events], hide_index=True)


def _raw(event: Event) -> dict[str, Any]:
    fields = {each.name: getattr(event, each.name) for each in type(event).arguments()}
    return {
        "event": type(event).__name__,
        "block": event.at.block,
        "log_index": event.at.log_index,
        "timestamp": event.at.timestamp,
        "transaction": "0x" + event.at.transaction.hex(),
        **{name: _plain(value) for name, value in fields.items()},
    }


def _plain(value: Any) -> Any:
    if isinstance(value, int) and not -(2**53) < value < 2**53:
        return str(value)  # what reads JSON elsewhere may round it
    return "0x" + value.hex() if isinstance(value, bytes) else value


def as_json(audit: Audit) -> str:
    """The audit as one JSON document: status, findings, every event with every argument."""
    document = {
        "status": str(audit.status),
        "events": [_raw(event) for event in _in_order(audit)],
        "findings": [
            {"rule": f.rule, "severity": str(f.severity), "what": f.what, "patient": f.patient}
            for f in audit.findings
        ],
        "heads": {patient: _plain(head) for patient, head in audit.heads.items()},
        "roster_head": _plain(audit.roster_head),
    }
    return json.dumps(document, indent=2)


def as_csv(audit: Audit) -> str:
    """The events in plain words, one a row."""
    text = io.StringIO()
    rows = [_row(event) for event in _in_order(audit)]
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _downloads(audit: Audit) -> None:
    left, right = st.columns(2)
    left.download_button(
        "Download as JSON", as_json(audit), "audit.json", "application/json", key="auditor.json"
    )
    right.download_button(
        "Download as CSV", as_csv(audit), "audit.csv", "text/csv", key="auditor.csv"
    )
