"""`anamnesis audit`: replay the chain and hold it against the contract's own heads."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from core.errors import VerificationError
from core.hashing import Address, address
from core.purposes import describe
from scripts._command import Command, emit, home_option, json_option, settings_from, talk
from scripts._moments import parse_moment

if TYPE_CHECKING:
    from core.findings import Audit, Case, Grant, Receipt


@click.command(cls=Command)
@click.option("--patient", help="Only this patient's grants and readings.")
@click.option("--at", help="Who could read at this moment: 2026-03-01 or 2026-03-01T14:30 (UTC).")
@click.option("--rpc", help="The chain's node; default: the running local stack.")
@click.option("--consent", help="The contract; default: the one on record.")
@home_option
@json_option
def cli(
    patient: str | None,
    at: str | None,
    rpc: str | None,
    consent: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Replay every event: who could read what, when, on whose word.

    Exits 7 over a violation, and over nothing: an audit of zero events proves nothing.
    """
    from core.audit import require_consistent
    from ledger.audit import audit
    from scripts._local import connect_ledger

    settings = settings_from(home, rpc_url=rpc, consent=consent)
    only = address(patient) if patient else None
    moment = parse_moment(at) if at else int(time.time())
    result = audit(connect_ledger(settings))
    if as_json:
        emit(_shown(result, only, moment))
    else:
        _print(result, only, moment)
    try:
        require_consistent(result)
    except VerificationError as error:
        talk(click.style("not consistent: ", fg="red") + error.user_message())
        raise SystemExit(error.exit_code) from error
    talk(click.style("consistent", fg="green") + f": {result.events} events, every head reached.")


def _shown(audit: "Audit", only: Address | None, moment: int) -> dict[str, Any]:
    return {
        "status": audit.status.value,
        "events": audit.events,
        "roster_head": "0x" + audit.roster_head.hex(),
        "findings": [
            {"rule": f.rule, "severity": f.severity.value, "what": f.what} for f in audit.findings
        ],
        "grants": [_grant(g, moment) for g in audit.grants if only in (None, g.event.patient)],
        "readers": [_grant(g, moment) for g in audit.readers_at(moment, patient=only)],
        "emergencies": [_case(c, moment) for c in audit.cases if only in (None, c.event.patient)],
        "readings": [_reading(r) for r in audit.receipts if only in (None, r.event.patient)],
    }


def _grant(grant: "Grant", moment: int) -> dict[str, Any]:
    end = grant.end_at(moment)
    return {
        "patient": grant.event.patient,
        "reader": grant.event.grantee,
        "record": "0x" + grant.event.record.hex(),
        "purposes": describe(grant.event.purposes),
        "from": _time(grant.start),
        "until": _time(grant.until),
        "ended": end.value if end else None,
        "request": "0x" + grant.event.request.hex(),
        "transaction": "0x" + grant.event.at.transaction.hex(),
    }


def _case(case: "Case", moment: int) -> dict[str, Any]:
    event = case.event
    return {
        "patient": event.patient,
        "clinician": event.clinician,
        "cosigner": event.cosigner,
        "record": "0x" + event.record.hex(),
        "from": _time(event.opens_at),
        "until": _time(case.until),
        "open": case.live_between(moment, moment),
        "ended": case.closing.reason.value if case.closing else None,
        "transaction": "0x" + event.at.transaction.hex(),
    }


def _reading(receipt: "Receipt") -> dict[str, Any]:
    event = receipt.event
    return {
        "patient": event.patient,
        "reader": event.reader,
        "record": "0x" + event.record.hex(),
        "purpose": describe(event.purpose),
        "at": _time(event.at.timestamp),
        "with_access": receipt.live,
        "transaction": "0x" + event.at.transaction.hex(),
    }


def _print(audit: "Audit", only: Address | None, moment: int) -> None:
    console = Console()
    shown = _shown(audit, only, moment)
    columns = {
        "grants": ("patient", "reader", "purposes", "from", "until", "ended"),
        "readers": ("patient", "reader", "purposes", "until"),
        "emergencies": ("patient", "clinician", "cosigner", "from", "until", "open", "ended"),
        "readings": ("patient", "reader", "purpose", "at", "with_access"),
    }
    titles = {
        "grants": "Every grant",
        "readers": f"Who could read at {_time(moment)}",
        "emergencies": "Emergencies (access only while the clinician is licensed)",
        "readings": "Readings on record",
    }
    for key, names in columns.items():
        table = Table(*names, title=titles[key], title_justify="left")
        for row in shown[key]:
            table.add_row(*(_cell(row[name]) for name in names))
        console.print(table if shown[key] else f"{titles[key]}: none.")
    for finding in shown["findings"]:
        console.print(f"rule {finding['rule']} ({finding['severity']}): {finding['what']}")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"{text[:8]}..{text[-4:]}" if text.startswith("0x") else text


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
