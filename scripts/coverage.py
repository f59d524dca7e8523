"""`anamnesis coverage`: which lines and branches of the contracts run in the random walk."""

import secrets
from typing import TYPE_CHECKING, Any

import click

from scripts._command import Command, emit, json_option, talk

if TYPE_CHECKING:
    from scripts._coverage.report import FileReport, Report


@click.command(cls=Command)
@click.option(
    "--steps", type=click.IntRange(1), default=200_000, show_default=True, help="At most."
)
@click.option("--seed", type=click.IntRange(0), help="Of the first walk; default: a new one.")
@click.option("--at-least", type=click.FloatRange(0, 100), default=100.0, show_default=True)
@json_option
def cli(steps: int, seed: int | None, at_least: float, as_json: bool) -> None:
    """Walk at random until every line of the contracts has run and every branch was taken, or the
    steps are over. What the compiler adds of its own is counted apart.

    Exits 1 when fewer lines or branches than --at-least percent were seen.
    """
    from scripts._coverage.run import measure
    from scripts._settings import ROOT

    seed = secrets.randbelow(1 << 32) if seed is None else seed
    talk(f"seed {seed}")
    report, walked, seen = measure(
        ROOT, ROOT / ".build" / "consent", steps=steps, seed=seed, progress=_tell
    )
    shown = {"seed": seed, "steps": walked, "calls": seen.calls, "traced": seen.traced}
    if as_json:
        emit(shown | report.shown())
    else:
        click.echo("\n".join(_table(report, shown)))
    if report.percent < at_least:
        raise SystemExit(1)


def _tell(walked: int, report: "Report") -> None:
    lines, branches = report.lines, report.branches
    talk(f"{walked:9} steps, {lines[0]}/{lines[1]} lines, {branches[0]}/{branches[1]} branches")


def _table(report: "Report", shown: dict[str, Any]) -> list[str]:
    rows = [f"{'file':24}{'lines':>10}{'branches':>12}"]
    for each in report.files:
        rows.append(
            f"{each.file:24}{_share(each.lines, each.missed_lines):>10}"
            f"{_share(each.branches, each.missed_branches):>12}"
        )
        rows += [f"  {line}" for line in _remarks(each)]
    rows.append(f"{'':24}{'{}/{}'.format(*report.lines):>10}{'{}/{}'.format(*report.branches):>12}")
    rows += ["", "the compiler's checks: how many, and how many went both ways"]
    rows += [f"{each.name:42}{each.count:4}{each.both_ways:6}" for each in report.checks]
    return [*rows, "", ", ".join(f"{name} {value}" for name, value in shown.items())]


def _share(every: int, missed: tuple[Any, ...]) -> str:
    return f"{every - len(missed)}/{every}"


def _remarks(each: "FileReport") -> list[str]:
    remarks = [f"line {line} never ran" for line in each.missed_lines]
    remarks += [f"{branch} never" for branch in each.missed_branches]
    remarks += [f"{branch} cannot be: {why}" for branch, why in each.unreachable]
    remarks += [f"line {line} decides without a jump" for line in each.without_jump]
    if each.without_code:
        remarks.append(f"without code: line {', '.join(map(str, each.without_code))}")
    return remarks
