"""`anamnesis guardians`: a way back from a lost wallet."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.hashing import Address, address
from scripts._command import (
    Command,
    emit,
    home_option,
    json_option,
    patient_option,
    settings_from,
    talk,
    wallet_option,
)
from scripts._moments import in_words

if TYPE_CHECKING:
    from core.flows.guardians import Guardianship
    from core.ports import Ledger

STANDSTILL = "Until then nothing can be granted and no setting changed; taking access back goes on."
VOID = "Any change of the patient's settings before that voids what guardians asked for."


@click.group()
def cli() -> None:
    """Name people who can give you your record back, and as one of them, help.

    Enough guardians who ask for the same move control to another account, after a week in which
    the present one can refuse. Guardians read nothing and grant nothing.
    """


@cli.command("set", cls=Command)
@click.argument("accounts", nargs=-1)
@click.option("--threshold", type=click.IntRange(0), required=True, help="How many act together.")
@patient_option
@wallet_option("patient")
@home_option
@json_option
def set_(
    accounts: tuple[str, ...],
    threshold: int,
    patient: str | None,
    wallet: Path | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Make ACCOUNTS your guardians, in place of those before; nobody and --threshold 0 for none."""
    from core.flows.guardians import prepare_guardians
    from core.flows.submit import sign_and_submit
    from scripts._access import spoken_for
    from scripts._local import connect_ledger
    from scripts._wallets import owner_of

    members = [address(each) for each in accounts]
    settings = settings_from(home)
    owner = owner_of(wallet or settings.home / "people" / "patient")
    ledger = connect_ledger(settings)
    whose = spoken_for(ledger, owner, patient)
    message = prepare_guardians(ledger, patient=whose, members=members, threshold=threshold)
    sign_and_submit(ledger, owner.signer, message)
    _tell(ledger, whose, as_json)


@cli.command(cls=Command)
@click.argument("patient")
@home_option
@json_option
def show(patient: str, home: Path | None, as_json: bool) -> None:
    """Say who PATIENT's guardians are, who controls the record, and what recovery is under way."""
    from scripts._local import connect_ledger

    whose = address(patient)
    _tell(connect_ledger(settings_from(home)), whose, as_json)


@cli.command(cls=Command)
@click.argument("patient")
@click.argument("new_controller")
@wallet_option("guardian")
@home_option
@json_option
def recover(
    patient: str, new_controller: str, wallet: Path | None, home: Path | None, as_json: bool
) -> None:
    """As a guardian, ask that control of PATIENT move to NEW_CONTROLLER.

    Compare that account with the one that the patient gave you in person.
    """
    from core.flows.guardians import prepare_approval
    from core.flows.submit import sign_and_submit
    from scripts._local import connect_ledger
    from scripts._wallets import owner_of

    whose, controller = address(patient), address(new_controller)
    settings = settings_from(home)
    guardian = owner_of(wallet or settings.home / "people" / "guardian")
    ledger = connect_ledger(settings)
    message = prepare_approval(ledger, patient=whose, controller=controller)
    sign_and_submit(ledger, guardian.signer, message)
    _tell(ledger, whose, as_json)


@cli.command(cls=Command)
@click.argument("patient")
@wallet_option("patient")
@home_option
@json_option
def refuse(patient: str, wallet: Path | None, home: Path | None, as_json: bool) -> None:
    """Refuse the recovery of PATIENT that is under way, with the wallet that controls the record.

    The guardians stay, and may ask again: name others with `guardians set` if they should not.
    """
    from core.flows.guardians import prepare_refusal
    from core.flows.submit import sign_and_submit
    from scripts._access import spoken_for
    from scripts._local import connect_ledger
    from scripts._wallets import owner_of

    address(patient)
    settings = settings_from(home)
    owner = owner_of(wallet or settings.home / "people" / "patient")
    ledger = connect_ledger(settings)
    whose = spoken_for(ledger, owner, patient)
    sign_and_submit(ledger, owner.signer, prepare_refusal(ledger, patient=whose))
    _tell(ledger, whose, as_json)


@cli.command(cls=Command)
@click.argument("patient")
@home_option
@json_option
def complete(patient: str, home: Path | None, as_json: bool) -> None:
    """Move control of PATIENT, once the recovery is due. Anybody may; the relayer sends it."""
    from scripts._local import connect_ledger

    whose = address(patient)
    ledger = connect_ledger(settings_from(home))
    ledger.complete_recovery(whose)
    _tell(ledger, whose, as_json)
    talk(f"The new controller goes on with --patient {whose}.")
    talk("What was sealed before needs the old reading key. Without it: make the history anew")
    talk("from the paper and publish it.")


def _tell(ledger: "Ledger", patient: Address, as_json: bool) -> None:
    from core.flows.guardians import guardianship

    state = guardianship(ledger, patient)
    if as_json:
        emit(_shown(state))
        return
    click.echo(f"controlled by {state.controller}")
    for each in state.members:
        click.echo(f"guardian      {each}")
    if not state.threshold:
        talk("There are no guardians: a lost wallet is a lost record.")
        return
    talk(f"{state.threshold} of {len(state.members)} guardians act together.")
    if state.pending is not None:
        until = in_words(state.pending.due)
        talk(f"Control is to move to {state.pending.controller}. The present controller can")
        talk(f"refuse; from {until} on `guardians complete` moves it. {STANDSTILL}")
    for controller, by in state.approvals.items():
        talk(f"{len(by)} of them asked for {controller}; {state.missing(controller)} more needed.")
        talk(VOID)


def _shown(state: "Guardianship") -> dict[str, Any]:
    pending = state.pending
    return {
        "patient": state.patient,
        "controller": state.controller,
        "guardians": list(state.members),
        "threshold": state.threshold,
        "asked": [
            {"controller": each, "guardians": list(by), "missing": state.missing(each)}
            for each, by in state.approvals.items()
        ],
        "pending": pending and {"controller": pending.controller, "due": pending.due},
    }
