"""Packages of the operating system: what is missing is named first, then installed with apt."""

import ssl
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from setup.errors import SetupFailure
from setup.machine import Machine
from setup.tools import find_pip, find_uv

Say = Callable[[str], None]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OTHER_SYSTEMS: Mapping[str, str] = {
    "Fedora, RHEL": "sudo dnf install",
    "Arch": "sudo pacman -S --needed",
    "openSUSE": "sudo zypper install",
    "macOS": "brew install",
}
_PROXY_VARIABLES = (
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)
# Another package manager at work (a fresh machine updates itself) is waited for, not failed on.
_APT_OPTIONS = ("-o", "DPkg::Lock::Timeout=300")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One Debian package, why it is needed, and how to see that the machine has what it gives."""

    package: str
    why: str
    present: Callable[[Machine], bool]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Package names on OTHER_SYSTEMS; a system left out has it already."""


def _has_english(machine: Machine) -> bool:
    return "eng" in (machine.output("tesseract", "--list-langs") or "").split()


def _has_certificates(machine: Machine) -> bool:
    chosen = machine.environ.get("SSL_CERT_FILE") or machine.environ.get("SSL_CERT_DIR")
    return bool(chosen) or ssl.get_default_verify_paths().cafile is not None


def _can_get_uv(machine: Machine) -> bool:
    return find_uv(machine) is not None or find_pip(machine) is not None


def _has_atomics(machine: Machine) -> bool:
    return sys.platform != "linux" or machine.loads("libatomic.so.1")


def _has_browser(machine: Machine) -> bool:
    return any(machine.which(name) for name in BROWSERS)


FOR_USE: tuple[Need, ...] = (
    Need(
        package="ca-certificates",
        why="to check the servers that packages come from",
        present=_has_certificates,
        elsewhere={system: "ca-certificates" for system in OTHER_SYSTEMS if system != "macOS"},
    ),
    Need(
        package="python3-venv",
        why="to fetch uv, which installs the Python packages",
        present=_can_get_uv,
        elsewhere={"Fedora, RHEL": "uv", "Arch": "uv", "openSUSE": "python3-uv", "macOS": "uv"},
    ),
    Need(
        package="tesseract-ocr",
        why="to read the paper",
        present=lambda machine: machine.which("tesseract") is not None,
        elsewhere={
            "Fedora, RHEL": "tesseract",
            "Arch": "tesseract",
            "openSUSE": "tesseract-ocr",
            "macOS": "tesseract",
        },
    ),
    Need(
        package="tesseract-ocr-eng",
        why="to read English",
        present=_has_english,
        elsewhere={
            "Fedora, RHEL": "tesseract-langpack-eng",
            "Arch": "tesseract-data-eng",
            "openSUSE": "tesseract-ocr-traineddata-english",
            "macOS": "tesseract-lang",
        },
    ),
)
FOR_TESTS: tuple[Need, ...] = (
    *FOR_USE,
    Need(
        package="chromium",
        why="to test the dapp in a browser",
        present=_has_browser,
        elsewhere={
            "Fedora, RHEL": "chromium",
            "Arch": "chromium",
            "openSUSE": "chromium",
            "macOS": "--cask chromium",
        },
    ),
    Need(
        package="libatomic1",
        why="for the program that drives the browser",
        present=_has_atomics,
        elsewhere={"Fedora, RHEL": "libatomic", "Arch": "gcc-libs", "openSUSE": "libatomic1"},
    ),
)


def missing(needs: Sequence[Need], machine: Machine) -> list[Need]:
    return [need for need in needs if not need.present(machine)]


def install(needs: Sequence[Need], machine: Machine, *, may_install: bool, say: Say) -> None:
    """Name what `needs` are, then install them; without apt or the right to, say how to get them.

    Raises SetupFailure when they are still missing afterwards.
    """
    if not may_install or not machine.which("apt-get"):
        raise _by_hand(needs, "apt-get is not available" if may_install else "apt is switched off")
    prefix = _as_root(machine, needs)
    say("    These Debian packages will be installed with apt-get, and what they depend on:")
    for need in needs:
        say(f"      {need.package:<18} {need.why}")
    names = [need.package for need in needs]
    apt_get = (*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *_APT_OPTIONS)
    way_out = (
        "Check the network and /etc/apt; after an interrupted installation run "
        f"`dpkg --configure -a`; or install by hand: apt-get install {' '.join(names)}"
    )
    _refresh_lists(machine, apt_get, say)
    machine.run(
        "system packages",
        (*apt_get, "install", "--yes", "--no-install-recommends", *names),
        way_out=way_out,
    )
    if left := missing(needs, machine):
        raise SetupFailure(
            f"apt-get succeeded, yet this is still missing: {_listed(left)}.", way_out=way_out
        )


def _refresh_lists(machine: Machine, apt_get: Sequence[str], say: Say) -> None:
    try:
        machine.run("system packages", (*apt_get, "update"), way_out="")
    except SetupFailure:
        # One foreign source that does not answer should not stop packages of another.
        say("    apt-get update reported a problem; trying with the lists at hand")


def _as_root(machine: Machine, needs: Sequence[Need]) -> tuple[str, ...]:
    if machine.is_root:
        return ()
    if not machine.which("sudo"):
        raise _by_hand(needs, "you are not root and sudo is not installed")
    kept = [name for name in _PROXY_VARIABLES if name in machine.environ]
    return (
        "sudo",
        *(() if machine.interactive else ("-n",)),
        *((f"--preserve-env={','.join(kept)}",) if kept else ()),
    )


def _by_hand(needs: Sequence[Need], why: str) -> SetupFailure:
    names = " ".join(need.package for need in needs)
    lines = [f"{'Debian, Ubuntu':<16} as root: apt-get install --no-install-recommends {names}"]
    for system, command in OTHER_SYSTEMS.items():
        theirs = dict.fromkeys(n.elsewhere[system] for n in needs if system in n.elsewhere)
        if theirs:
            lines.append(f"{system:<16} {command} {' '.join(theirs)}")
    return SetupFailure(
        f"Missing: {_listed(needs)}; {why}.",
        way_out="Install them, then run the same command again:\n    " + "\n    ".join(lines),
    )


def _listed(needs: Sequence[Need]) -> str:
    return ", ".join(f"{need.package} ({need.why})" for need in needs)


def browser_path(machine: Machine) -> Path | None:
    """The first browser on PATH that the tests can drive."""
    found = next(filter(None, map(machine.which, BROWSERS)), None)
    return Path(found) if found else None
