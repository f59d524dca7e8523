"""`anamnesis doctor`: is everything there, and if not, what to do."""

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from core.errors import InputError, SetupError
from scripts import _ports
from scripts._command import Command, emit, home_option, json_option
from scripts._installation import Finding, Place, Status, examine
from setup.machine import Machine

ROOT = Path(__file__).resolve().parent.parent
_COLOURS = {Status.OK: "green", Status.MISSING: "red", Status.NOTE: "yellow"}


@click.command(cls=Command)
@home_option
@json_option
def cli(home: Path | None, as_json: bool) -> None:
    """Check the installation: what is there, what is missing, what to do about it.

    Changes nothing. Exit code 0 when all is well, 4 when something is missing.
    """
    place, findings = _look(home, os.environ)
    findings = [*examine(place), *findings]
    if as_json:
        emit({"home": str(place.home), "findings": [asdict(each) for each in findings]})
    else:
        for finding in findings:
            _print(finding)
    missing = any(each.status is Status.MISSING for each in findings)
    raise SystemExit(SetupError.exit_code if missing else 0)


def _look(home: Path | None, environ: Mapping[str, str]) -> tuple[Place, list[Finding]]:
    """The place to examine, and what is wrong with the settings that describe it."""
    machine = Machine.current(ROOT)
    chosen = home or Path(environ.get("ANAMNESIS_HOME") or _usual_home())
    port, findings = _ports.DAPP, []
    try:
        from scripts._settings import Settings

        port = Settings.read(home, environ).dapp_port
    except ImportError:
        pass  # the check of the packages will name it
    except InputError as error:
        findings.append(
            Finding(name="settings", status=Status.MISSING, detail=error.what, remedy=error.remedy)
        )
    return Place(machine=machine, home=chosen.absolute(), dapp_port=port), findings


def _usual_home() -> Path:
    try:
        import platformdirs
    except ImportError:
        return Path.home() / ".local" / "share" / "anamnesis"
    return platformdirs.user_data_path("anamnesis")


def _print(finding: Finding) -> None:
    status = click.style(f"{finding.status:<9}", fg=_COLOURS[finding.status])
    click.echo(f"{status}{finding.name:<20}{finding.detail}")
    if finding.remedy and finding.status is not Status.OK:
        click.echo(f"{'':<29}{finding.remedy}")


if __name__ == "__main__":
    sys.exit(cli())
