"""What the contract offers, logs and refuses is exactly what docs/contracts.md says."""

import ast
import re

import pytest
from vyper.compiler import compile_from_file_input
from vyper.compiler.input_bundle import FilesystemInputBundle

from core import events
from core.typed_data import STRUCTS
from tests.contracts.desk import CONTRACTS, PROJECT, SENT, compiled

DOCUMENT = (PROJECT / "docs" / "contracts.md").read_text()
TESTS = PROJECT / "tests" / "contracts"
EIP_170_BYTES = 24_576
READS = {
    "has_access",
    "terms",
    "grants",
    "records",
    "heads",
    "roster_head",
    "reading_keys",
    "controller",
    "cutoff",
    "domain_separator",
}
WRITES = {name for name, _ in SENT.values()}


def section(title):
    """The rows of the table under a heading, as lists of cells."""
    _, _, rest = DOCUMENT.partition(f"\n## {title}\n")
    rows = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def sources():
    return {path: path.read_text() for path in CONTRACTS.rglob("*.vy*")}


def test_functions_are_the_documented_ones_when_compiled(consent):
    """No owner, no pause, no upgrade: there is nothing else to call."""
    functions = consent.contract_type
    assert {each.name for each in functions.view_methods} == READS
    assert {each.name for each in functions.mutable_methods} == WRITES | {
        f"{name}_signed" for name in WRITES
    }
    assert not any(each.stateMutability == "payable" for each in functions.mutable_methods)
    assert len(WRITES) == len(STRUCTS)


def test_events_are_the_documented_ones_when_compiled(consent):
    declared = {
        each.name: [f"{argument.name}{'*' if argument.indexed else ''}" for argument in each.inputs]
        for each in consent.contract_type.events
    }
    documented = {
        name: [argument.split()[0] for argument in arguments.split(", ")]
        for name, arguments, _ in section("Events")
    }
    assert documented == declared


def test_events_are_the_ones_of_core_when_compiled(consent):
    declared = {
        each.name: [(argument.name, argument.canonical_type) for argument in each.inputs]
        for each in consent.contract_type.events
    }
    for name, arguments in declared.items():
        known = getattr(events, name).arguments()
        assert [(each.name, each.kind) for each in known] == arguments


def test_topics_are_the_events_own_when_read_from_the_source(consent):
    signatures = {
        each.selector for each in consent.contract_type.events if getattr(events, each.name).in_head
    }
    found = re.findall(
        r'[A-Z_]+: constant\(bytes32\) = keccak256\(\s*"((?:Record|Access|AllAccess)\w+\([^"]*\))"',
        "".join(text for path, text in sources().items() if path.stem != "typed_data"),
    )
    assert sorted(found) == sorted(signatures)


def test_revert_strings_are_the_documented_ones_when_sources_are_read():
    found = set(re.findall(r'"(Consent: [^"]*)"', "".join(sources().values())))
    documented = [row[0].strip("`") for row in section("Reverts")]
    assert len(documented) == len(set(documented))
    assert set(documented) == found


def test_every_refusal_has_a_reason_when_sources_are_read():
    for path, text in sources().items():
        for line in text.splitlines():
            if line.strip().startswith("assert "):
                assert '"Consent: ' in line, f"{path.name}: {line.strip()}"


def test_every_invariant_is_documented_when_header_is_read():
    header = (CONTRACTS / "Consent.vy").read_text().split('"""')[1]
    numbered = re.findall(r"\b(I\d) (.*?\.)(?=\s+I\d |\s+Reentrancy)", header, re.DOTALL)
    documented = {row[0]: row[1] for row in section("Invariants")}
    assert [number for number, _ in numbered] == list(documented)


@pytest.mark.parametrize("title", ["Invariants", "Reverts"])
def test_every_named_test_exists_when_document_is_read(title):
    named = re.findall(r"`(test_\w+\.py)(?:::(\w+))?`", str(section(title)))
    assert named
    for file, name in named:
        tree = ast.parse((TESTS / file).read_text())
        defined = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
        assert not name or name in defined, f"{file}::{name}"


def test_storage_is_the_documented_one_when_compiled():
    rows = [(int(slot), re.match(r"`(\w+)", name)[1]) for slot, name, _ in section("Storage")]
    layout = compiled_layout()
    assert sorted(rows) == sorted(layout)


def compiled_layout():
    """(slot, variable) of the compiled contract."""
    bundle = FilesystemInputBundle([CONTRACTS])
    output = compile_from_file_input(
        bundle.load_file(CONTRACTS / "Consent.vy"), input_bundle=bundle, output_formats=["layout"]
    )
    modules = output["layout"]["storage_layout"].values()
    return [(each["slot"], name) for module in modules for name, each in module.items()]


def test_contract_fits_the_size_limit_when_compiled(chain, consent):
    assert len(chain.provider.get_code(consent.address)) < EIP_170_BYTES


def test_harness_compiles_when_modules_are_shared():
    assert compiled(TESTS / "harness" / "Digests.vy").contract_type.name == "Digests"
