"""`anamnesis emergency`: for a patient who cannot be asked, with everybody's eyes on it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.errors import InputError
from core.hashing import Address, address
from core.limits import CLINICIAN_ALONE, CLINICIAN_AND_GUARDIAN, OFF, TWO_CLINICIANS
from scripts._command import (
    Command,
    emit,
    home_option,
    ipfs_option,
    json_option,
    patient_option,
    settings_from,
    talk,
    wallet_option,
)
from scripts._moments import in_words

if TYPE_CHECKING:
    from core.flows.emergency import Standby
    from scripts._emergency import Emergencies

MODES = {
    "two-clinicians": TWO_CLINICIANS,
    "clinician-and-guardian": CLINICIAN_AND_GUARDIAN,
    "clinician-alone": CLINICIAN_ALONE,
}
REASONS = ("UNCONSCIOUS", "CONFUSED", "CRITICAL", "OTHER")
"""Only a salted hash of one of these reaches the chain."""


@click.group()
def cli() -> None:
    """Break the glass: allow it, open a case, refuse it, read, close.

    A patient allows it beforehand and gives custodians shares of an emergency key. A licensed
    clinician opens a case on the chain; while it is open, custodians hand their shares over.
    """


@cli.command(cls=Command)
@click.option("--mode", type=click.Choice(list(MODES)), required=True, help="Who opens a case.")
@click.option("--hours", type=click.IntRange(1, 72), required=True, help="How long it is open.")
@click.option("--delay", type=click.IntRange(0), required=True, help="Seconds before it opens.")
@click.option("--custodians", required=True, help="Accounts with commas in between, 2 to 8.")
@click.option("--threshold", type=click.IntRange(2), required=True, help="Shares that it takes.")
@click.option("--renew", is_flag=True, help="A new key, as after a custodian changed its own.")
@patient_option
@wallet_option("patient")
@ipfs_option
@home_option
@json_option
def allow(
    mode: str,
    hours: int,
    delay: int,
    custodians: str,
    threshold: int,
    renew: bool,
    patient: str | None,
    wallet: Path | None,
    ipfs: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Let clinicians open your history in an emergency, by terms that you set.

    Makes an emergency key, shares it among the custodians, and lets it open the present version.
    Interrupted, run it again. After an emergency, run it again for a new key, then rotate.
    """
    from core.flows.emergency import history_policy
    from scripts._access import spoken_for
    from scripts._emergency import allow as let
    from scripts._local import connect_ledger
    from scripts._vault import opened
    from scripts._wallets import owner_of

    members = [address(each.strip()) for each in custodians.split(",")]
    settings = settings_from(home, ipfs=ipfs)
    owner = owner_of(wallet or settings.home / "people" / "patient")
    ledger = connect_ledger(settings)
    whose = spoken_for(ledger, owner, patient)
    with opened(settings) as kept:
        state = let(
            ledger,
            kept.vault,
            owner,
            whose,
            custodians=members,
            threshold=threshold,
            policy=history_policy(MODES[mode], delay, hours),
            renew=renew,
        )
    _tell(whose, state, (), as_json)


@cli.command(cls=Command)
@patient_option
@wallet_option("patient")
@home_option
@json_option
def forbid(patient: str | None, wallet: Path | None, home: Path | None, as_json: bool) -> None:
    """Let nobody open your history in an emergency any more; cases that run end.

    Custodians keep their shares: rotate, and the emergency key opens nothing that is kept here.
    """
    from core.flows.emergency import history_policy, prepare_policy
    from core.flows.submit import sign_and_submit
    from scripts._access import spoken_for
    from scripts._local import connect_ledger
    from scripts._wallets import owner_of

    settings = settings_from(home)
    owner = owner_of(wallet or settings.home / "people" / "patient")
    ledger = connect_ledger(settings)
    whose = spoken_for(ledger, owner, patient)
    message = prepare_policy(ledger, patient=whose, policy=history_policy(OFF, 0, 0))
    sign_and_submit(ledger, owner.signer, message)
    _told(as_json, {"patient": whose, "mode": "off"}, "Nobody may open it in an emergency.")
    talk("`anamnesis vault rotate` makes the emergency key worthless for what is kept here.")


@cli.command("open", cls=Command)
@click.argument("patient")
@click.option("--reason", type=click.Choice(REASONS), required=True, help="Why, as a code.")
@click.option(
    "--cosigner",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Wallet file of the second clinician or guardian, where the patient's policy asks for it.",
)
@wallet_option("clinician")
@home_option
@json_option
def open_(
    patient: str,
    reason: str,
    cosigner: Path | None,
    wallet: Path | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """As a licensed clinician, open a case for PATIENT. It stays on the chain for ever.

    The chain gets a salted hash of the reason; code and salt are kept under home/emergencies.
    """
    from scripts._access import enrol
    from scripts._emergency import keep_reason, open_case
    from scripts._local import connect_ledger
    from scripts._wallets import owner_of

    whose = address(patient)
    settings = settings_from(home)
    clinician = owner_of(wallet or settings.home / "people" / "clinician")
    second = owner_of(cosigner).signer if cosigner else None
    ledger = connect_ledger(settings)
    enrol(ledger, clinician)
    kept = keep_reason(settings.home / "emergencies", whose, reason)
    case = open_case(ledger, clinician.signer, second, whose, kept.hash)
    if as_json:
        emit(
            {
                "patient": whose,
                "clinician": clinician.signer.account,
                "opens_at": case.opens_at,
                "closes_at": case.closes_at,
                "reason": reason,
                "salt": "0x" + kept.salt.hex(),
                "reason_hash": "0x" + kept.hash.hex(),
            }
        )
        return
    click.echo(clinician.signer.account)
    talk(f"Open from {in_words(case.opens_at)} until {in_words(case.closes_at)}.")
    talk("Custodians see it with `anamnesis custodian list`. Patient and guardians may refuse it.")


@cli.command(cls=Command)
@click.argument("patient")
@ipfs_option
@home_option
@json_option
def status(patient: str, ipfs: str | None, home: Path | None, as_json: bool) -> None:
    """Say what PATIENT allows, who keeps shares, which cases run, and whether a key is used up."""
    from core.flows.emergency import running
    from scripts._emergency import emergencies
    from scripts._local import connect_ledger
    from scripts._vault import opened

    whose = address(patient)
    settings = settings_from(home, ipfs=ipfs)
    ledger = connect_ledger(settings)
    with opened(settings) as kept:
        state = emergencies(ledger, kept.vault, whose)
    _tell(whose, state, running(ledger, whose), as_json)


@cli.command(cls=Command)
@click.argument("patient")
@click.argument("clinician")
@wallet_option("patient")
@home_option
@json_option
def refuse(
    patient: str, clinician: str, wallet: Path | None, home: Path | None, as_json: bool
) -> None:
    """As the patient or a guardian, refuse CLINICIAN's case; it may not be opened anew in its time.

    What was read before can't be unread.
    """
    whose, who = address(patient), address(clinician)
    _end(whose, who, wallet, "patient", home)
    _told(as_json, {"patient": whose, "clinician": who, "ended": "refused"}, "Refused.")


@cli.command(cls=Command)
@click.argument("patient")
@wallet_option("clinician")
@home_option
@json_option
def close(patient: str, wallet: Path | None, home: Path | None, as_json: bool) -> None:
    """As its clinician, close the case before its time."""
    whose = address(patient)
    who = _end(whose, None, wallet, "clinician", home)
    _told(as_json, {"patient": whose, "clinician": who, "ended": "closed"}, "Closed.")


@cli.command(cls=Command)
@click.argument("patient")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File for the history (FHIR JSON), 0600; it must not exist yet.",
)
@wallet_option("clinician")
@ipfs_option
@home_option
@json_option
def read(
    patient: str,
    out: Path,
    wallet: Path | None,
    ipfs: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """As a clinician with an open case, read the history of PATIENT: at once, or not at all.

    Takes the shares that custodians handed over. The reading is on the chain before the bytes are.
    """
    from scripts._access import require_free, write_history
    from scripts._emergency import read as break_glass
    from scripts._local import connect_ledger
    from scripts._vault import opened
    from scripts._wallets import owner_of

    whose = address(patient)
    require_free(out)
    settings = settings_from(home, ipfs=ipfs)
    clinician = owner_of(wallet or settings.home / "people" / "clinician")
    ledger = connect_ledger(settings)
    with opened(settings) as kept:
        payload, refused = break_glass(ledger, kept.vault, clinician, whose)
    write_history(out, payload)
    for each in refused:
        talk(f"Not used: {each}")
    if as_json:
        emit({"file": str(out), "bytes": len(payload), "refused": list(refused)})
        return
    click.echo(out)
    talk(f"{len(payload):,} bytes, verified against the chain. They are plain now: keep them safe.")


def _end(
    patient: Address, clinician: Address | None, wallet: Path | None, role: str, home: Path | None
) -> Address:
    from core.flows.emergency import prepare_end
    from core.flows.submit import sign_and_submit
    from scripts._local import connect_ledger
    from scripts._wallets import owner_of

    settings = settings_from(home)
    owner = owner_of(wallet or settings.home / "people" / role)
    who = clinician or owner.signer.account
    if clinician == owner.signer.account:
        raise InputError("This is your own case.", remedy="Close it: `anamnesis emergency close`.")
    ledger = connect_ledger(settings)
    sign_and_submit(ledger, owner.signer, prepare_end(ledger, patient=patient, clinician=who))
    return who


def _told(as_json: bool, shown: dict[str, Any], words: str) -> None:
    if as_json:
        emit(shown)
        return
    click.echo(shown["patient"])
    talk(words)


def _tell(
    patient: Address, state: "Emergencies", cases: "tuple[Standby, ...]", as_json: bool
) -> None:
    names = {number: name for name, number in MODES.items()}
    mode = names.get(state.policy.mode, "off")
    if as_json:
        emit(_shown(patient, state, cases) | {"mode": mode})
        return
    click.echo(mode)
    if state.policy.mode != OFF:
        talk(f"A case opens after {state.policy.delay} s, for {state.policy.window} hours.")
    for each in sorted(state.custody.members):
        talk(f"custodian {each}")
    if state.custody.members:
        talk(f"It takes the shares of {state.custody.threshold} of them.")
    for case in cases:
        talk(f"case of {case.clinician}, {case.words}, {len(case.released)} shares handed over")
    for line in _advice(state):
        talk(line)


def _advice(state: "Emergencies") -> list[str]:
    """What the patient should do."""
    if state.policy.mode == OFF:
        return []
    if state.custody.spent:
        return [
            "Shares were handed over, so the emergency key may be known: run `anamnesis emergency",
            "allow` for a new one, then `anamnesis vault rotate`. It opens no new version.",
        ]
    if state.escrow is None or not state.covered:
        return [
            "No emergency could open the present version: run `anamnesis emergency allow` again."
        ]
    return ["Ready: the shares are in custody, and open the present version."]


def _shown(patient: Address, state: "Emergencies", cases: "tuple[Standby, ...]") -> dict[str, Any]:
    return {
        "patient": patient,
        "delay": state.policy.delay,
        "hours": state.policy.window,
        "custodians": sorted(state.custody.members),
        "threshold": state.custody.threshold,
        "in_custody": state.escrow is not None,
        "covers_present_version": state.covered,
        "used_up": state.custody.spent,
        "cases": [
            {
                "clinician": case.clinician,
                "opens_at": case.opens_at,
                "closes_at": case.closes_at,
                "open": case.is_open,
                "released": list(case.released),
            }
            for case in cases
        ],
    }
