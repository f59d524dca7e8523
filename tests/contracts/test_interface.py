"""What the contract offers, logs and refuses is exactly what docs/contracts.md says."""

import ast
import re

import pytest
from vyper.compiler import compile_from_file_input
from vyper.compiler.input_bundle import FilesystemInputBundle

from core import events
from core.typed_data import STRUCTS
from ledger.revert_map import REASONS
from tests.contracts.desk import CONTRACTS, ONCE, PROJECT, TWINS

DOCUMENT = (PROJECT / "docs" / "contracts.md").read_text()
TESTS = PROJECT / "tests" / "contracts"
MOST_BYTES = 20_000
READS = {
    "credentials",
    "domain_separator",
    "emergency_case",
    "emergency_policy",
    "has_access",
    "heads",
    "is_open",
    "membership",
    "reading_keys",
    "records",
    "recovery",
    "roster_head",
    "standing",
    "successors",
    "terms",
}
WRITES = {*TWINS.values(), *(f"{name}_signed" for name in TWINS.values()), *ONCE.values()}
UNSIGNED = {"complete_recovery"}
"""Anybody may: it only does what time has decided."""


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
    assert {each.name for each in functions.mutable_methods} == WRITES | UNSIGNED
    assert not any(each.stateMutability == "payable" for each in functions.mutable_methods)
    assert set(STRUCTS) == TWINS.keys() | ONCE.keys()


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
        r'[A-Z_]+: constant\(bytes32\) = keccak256\(\s*"(\w+\([^"]*\))"',
        "".join(
            text
            for path, text in sources().items()
            if path.stem not in ("typed_data", "signatures", "Credentials")
        ),
    )
    assert sorted(found) == sorted(signatures)


def test_raw_logged_events_are_the_interfaces_own_when_declared_again():
    """Consent.vy repeats for its ABI what head_chain logs by hand."""
    again = re.findall(r"(event \w+:\n(?:    .*\n)+)", (CONTRACTS / "Consent.vy").read_text())
    interface = (CONTRACTS / "interfaces" / "IConsent.vyi").read_text()
    assert again
    assert [each for each in again if each not in interface] == []


def refusals():
    """(name in capitals, word, first letter, letters) of each refusal, and the words of letters."""
    text = (CONTRACTS / "modules" / "refusals.vy").read_text()
    places = re.findall(
        r"(?m)^([A-Z_]+): constant\(uint256\) = (\d+) \* 65536 \+ (\d+) \* 256 \+ (\d+)$", text
    )
    return places, re.findall(r'convert\(b"([^"]*)", bytes32\)', text)


def test_refusals_say_their_own_names_when_sources_are_read():
    places, words = refusals()
    for name, word, first, letters in places:
        found = words[int(word)][int(first) : int(first) + int(letters)]
        assert found == name.lower().replace("_", " ")
    assert sum(int(letters) for *_, letters in places) == sum(map(len, words))


def test_refusals_are_all_used_when_sources_are_read():
    code = "".join(text for path, text in sources().items() if path.stem != "refusals")
    assert {name for name, *_ in refusals()[0]} == set(re.findall(r"refusals\.([A-Z_]+)\)", code))


def reasons():
    """Every string with which the contracts revert."""
    text = (CONTRACTS / "Credentials.vy").read_text()
    names = (name.lower().replace("_", " ") for name, *_ in refusals()[0])
    return {f"Consent: {each}" for each in names} | set(re.findall(r'"(Credentials: [^"]*)"', text))


def test_revert_strings_are_the_documented_ones_when_sources_are_read():
    documented = [row[0].strip("`") for row in section("Reverts")]
    assert len(documented) == len(set(documented))
    assert set(documented) == reasons()


def test_every_revert_has_words_for_a_person_when_sources_are_read():
    assert REASONS.keys() == reasons()


def test_every_refusal_has_a_reason_when_sources_are_read():
    for path, text in sources().items():
        for line in text.splitlines():
            if line.strip().startswith("assert "):
                assert '"Credentials: ' in line, f"{path.name}: {line.strip()}"


def invariants(path):
    """Number and words of each invariant in the header of a source."""
    text = path.read_text().split('"""')[1].partition("@dev")[2]
    found = re.findall(r"(?ms)^ *([A-Z]\d) (.*?)(?=^     \S|\Z)", f"     {text}")
    return {number: " ".join(words.split()) for number, words in found}


def test_every_invariant_is_documented_when_header_is_read():
    numbered = invariants(CONTRACTS / "Consent.vy")
    assert list(numbered) == [row[0] for row in section("Invariants")]


def test_every_invariant_of_a_module_is_documented_when_headers_are_read():
    said = {}
    for path in (*(CONTRACTS / "modules").glob("*.vy"), CONTRACTS / "Credentials.vy"):
        said |= invariants(path)
    assert said == {number: words for number, words, _ in section("Invariants of the modules")}


TABLES = (
    "Invariants",
    "Invariants of the modules",
    "What can be signed",
    "Time",
    "Guardians and recovery",
    "Emergencies",
    "Reverts",
)


def named_tests(cell):
    """(file, name of a test in it) of each test that a cell names."""
    return re.findall(r"`((?:directed/)?test_\w+\.py)::(\w+)`", cell)


@pytest.mark.parametrize("title", TABLES)
def test_every_row_names_a_test_that_exists_when_document_is_read(title):
    rows = section(title)
    assert rows
    for row in rows:
        assert named_tests(row[-1]), row[0]
        for file, name in named_tests(row[-1]):
            tree = ast.parse((TESTS / file).read_text())
            defined = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
            assert name in defined, f"{file}::{name}"


def test_every_refusal_is_said_by_a_test_that_its_row_names_when_document_is_read():
    for reason, _, tests in section("Reverts"):
        words = reason.strip("`")
        files = {file for file, _ in named_tests(tests)}
        said = "".join((TESTS / file).read_text() for file in files)
        assert words in said or f'"{words.partition(": ")[2]}"' in said, words


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


def test_contracts_fit_the_size_limit_when_deployed(chain, consent, credentials):
    """With their immutables, which EIP-170 counts too; its limit is 24,576."""
    assert len(chain.provider.get_code(credentials.address)) < MOST_BYTES
    assert len(chain.provider.get_code(consent.address)) < MOST_BYTES
