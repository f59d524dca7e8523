"""The list of proofs: every property has its mutant, its line in the documents, and a place."""

import re
import shutil
from pathlib import Path

import pytest

from core.errors import InputError
from scripts._proofs import apply, mutants, properties
from scripts._settings import ROOT


def test_mutants_break_each_property_once() -> None:
    broken = [name for mutant in mutants() for name in mutant.breaks]

    assert sorted(broken) == sorted(properties())


def test_documents_name_each_property_with_its_mutant() -> None:
    text = (ROOT / "docs" / "proofs.md").read_text("utf-8")
    listed = re.findall(r"^\| `(check_\w+)` \| (.+) \| `(.+)` \|$", text, re.MULTILINE)

    assert sorted(listed) == sorted(
        (name, mutant.words, mutant.file) for mutant in mutants() for name in mutant.breaks
    )


def test_apply_fits_every_mutant_to_the_contracts(tmp_path: Path) -> None:
    for number, mutant in enumerate(mutants()):
        place = tmp_path / str(number)
        shutil.copytree(ROOT / "contracts", place)

        apply(mutant, place)

        assert (place / mutant.file).read_text() != (ROOT / "contracts" / mutant.file).read_text()


def test_apply_is_refused_when_the_source_has_moved_on(tmp_path: Path) -> None:
    mutant = mutants()[0]
    (tmp_path / mutant.file).write_text("# another contract\n")

    with pytest.raises(InputError, match="does not fit"):
        apply(mutant, tmp_path)
