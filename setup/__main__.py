"""Set the checkout up: `python3 -m setup [--for test]`. `make setup` calls this.

Doing it again costs a second and installs nothing.
"""

import argparse
import fcntl
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from setup import system
from setup.errors import SetupFailure
from setup.machine import Machine
from setup.steps import Step, steps

ROOT = Path(__file__).resolve().parent.parent
_NAME_WIDTH = 20


def main(arguments: Sequence[str] | None = None, machine: Machine | None = None) -> int:
    """Returns the exit code: 0, 4 when a step failed, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    machine = machine or Machine.current(ROOT)
    started = time.monotonic()
    try:
        with _alone(machine):
            done = _set_up(machine, options.purpose, may_install=not options.no_apt)
    except SetupFailure as failure:
        _explain(failure)
        return failure.exit_code
    except KeyboardInterrupt:
        _tell("Interrupted. Run the same command again: it resumes at the unfinished step.")
        return 130
    spent = f"{time.monotonic() - started:.1f} s"
    _tell(f"Set-up complete in {spent}." if done else f"Set-up: nothing to do ({spent}).")
    return 0


def _set_up(machine: Machine, purpose: str, *, may_install: bool) -> int:
    """Do what is needed; returns the number of steps that were."""
    needs = system.missing(system.FOR_TESTS if purpose == "test" else system.FOR_USE, machine)
    packages = Step(
        name="system packages",
        doing="some are missing",
        needed=lambda: bool(needs),
        do=lambda: system.install(needs, machine, may_install=may_install, say=_tell),
    )
    return sum(_take(step) for step in (packages, *steps(machine, for_tests=purpose == "test")))


def _take(step: Step) -> bool:
    if not step.needed():
        return False
    started = time.monotonic()
    _say(step.name, step.doing)
    try:
        step.do()
    except SetupFailure as failure:
        failure.step = step.name
        raise
    _say(step.name, f"done in {time.monotonic() - started:.1f} s")
    return True


@contextmanager
def _alone(machine: Machine) -> Iterator[None]:
    """One set-up at a time in a checkout; the second waits, then finds nothing to do."""
    machine.tools.mkdir(exist_ok=True)
    with (machine.tools / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _tell("Another set-up is at work in this checkout; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _explain(failure: SetupFailure) -> None:
    if failure.log:
        _tell("The last lines of what it printed:")
        _tell("\n".join(f"  | {line}" for line in failure.log.splitlines()))
    _tell(f"Set-up failed at: {failure.step}. {failure.what}")
    _tell(failure.way_out)


def _say(name: str, line: str) -> None:
    _tell(f"  {name:<{_NAME_WIDTH}}{line}")


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m setup", description=__doc__)
    parser.add_argument(
        "--for",
        dest="purpose",
        choices=("use", "test"),
        default="use",
        help="test: also a browser and the npm packages that only tests use",
    )
    parser.add_argument(
        "--no-apt", action="store_true", help="never install system packages, only name them"
    )
    return parser


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    raise SystemExit(main())
