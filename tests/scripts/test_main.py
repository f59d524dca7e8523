"""The command's front door: it lists without importing, and every listed command exists."""

import subprocess
import sys

import pytest

from scripts._main import COMMANDS, group
from scripts._settings import ROOT

HEAVY = ("web3", "streamlit", "ape", "cv2", "numpy", "ocr", "ledger", "ipfs")


def test_every_listed_command_is_a_file_and_the_other_way_round() -> None:
    files = {p.stem for p in (ROOT / "scripts").glob("*.py") if not p.stem.startswith("_")}
    assert files == set(COMMANDS)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_command_answers_help(name: str) -> None:
    command = group.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.help


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom scripts._main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "summarize" in done.stdout
    assert done.stderr.strip() == "[]"
