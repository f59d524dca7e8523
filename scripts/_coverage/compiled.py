"""The contracts as deployed, with the map from their code back to their sources."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import SetupError
from ledger.artifact import CONTRACT, CREDENTIALS, Artifact, compiler_output
from scripts._coverage.code import REVERT, Code
from scripts._coverage.source import Source, source

_LONGEST_REVERT = 8
_FORMATS = "annotated_ast,bytecode,bytecode_runtime,source_map,source_map_runtime"


def compiled(project: Path, artifact: Artifact) -> tuple[Code, ...]:
    """Of both contracts, the code that deploys them and the code that stands there.

    Raises SetupError when it is not, byte for byte, the code of `artifact`.
    """
    if artifact.credentials is None:
        raise SetupError("The Credentials contract was not compiled.")
    consent = read_compiled(project, CONTRACT)
    credentials = read_compiled(project, CREDENTIALS)
    must_be_deployed(*consent, artifact)
    must_be_deployed(*credentials, artifact.credentials)
    return (*consent, *credentials)


def must_be_deployed(first: Code, then: Code, artifact: Artifact) -> None:
    """Raises SetupError unless this is the code that deploys `artifact` and stands there."""
    if (first.code, then.code) != (artifact.bytecode, artifact.runtime):
        raise SetupError(
            f"The code of {then.name} is not the code that is deployed.",
            remedy="Remove .build/consent, and set the environment up again.",
        )


def read_compiled(project: Path, name: str) -> tuple[Code, Code]:
    """Of one source of contracts/, the code that deploys it and the code that then stands there.

    Raises SetupError when it does not compile.
    """
    lines = compiler_output(project, _FORMATS, name)
    if len(lines) != len(_FORMATS.split(",")):
        raise SetupError(f"The Vyper compiler gave {len(lines)} answers about {name}.")
    tree, init, runtime, init_map, runtime_map = lines
    code, then = (bytes.fromhex(each.removeprefix("0x")) for each in (init, runtime))
    sources = _sources(project / "contracts", json.loads(tree))
    return (
        Code(f"{name}, deploying", code, code.index(then), sources, json.loads(init_map)),
        Code(name, then, _end(then, json.loads(runtime_map)), sources, json.loads(runtime_map)),
    )


def _sources(contracts: Path, tree: Mapping[str, Any]) -> dict[int, Source]:
    modules = {each["source_id"]: each for each in (tree["ast"], *tree["imports"])}
    files = {number: Path(each["resolved_path"]) for number, each in modules.items()}
    return {
        number: source(files[number].relative_to(contracts.resolve()).as_posix(), modules[number])
        for number in modules
        if files[number].suffix == ".vy"
    }


def _end(code: bytes, source_map: Mapping[str, Any]) -> int:
    """Where tables of functions begin: behind the last place of any map, and the revert there."""
    maps = ("pc_ast_map", "pc_jump_map", "error_map")
    last = max(int(pc) for name in maps for pc in source_map[name])
    revert = code.find(REVERT, last, last + _LONGEST_REVERT)
    return (revert if revert >= 0 else last) + 1
