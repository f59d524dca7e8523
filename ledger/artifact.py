"""The compiled contracts: ABI and bytecode, from a cache keyed by the contract sources.

Vyper is run as a program of its own, once per change of the sources; a hit reads one small file.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import SetupError

CONTRACT, CREDENTIALS = "Consent.vy", "Credentials.vy"
COMPILE_SECONDS = 120
_FORMATS = "abi,bytecode,bytecode_runtime,layout"
_EVM_VERSION = re.compile(r"^\s*evm_version:\s*(\w+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One compiled contract."""

    abi: tuple[dict[str, Any], ...]
    bytecode: bytes
    """What deploys the contract."""
    runtime: bytes
    """What stands at its address, before the immutables that follow it."""
    immutable_bytes: int
    source_hash: str
    """SHA-256 (hex) over the sources, the compiler version and the EVM version."""
    credentials: "Artifact | None" = None
    """Consent's companion: the contract that says who is a licensed clinician."""


class _Compiled(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    abi: list[dict[str, Any]]
    bytecode: str
    runtime: str
    immutable_bytes: int

    def artifact(self, key: str, credentials: Artifact | None = None) -> Artifact:
        return Artifact(
            abi=tuple(self.abi),
            bytecode=bytes.fromhex(self.bytecode),
            runtime=bytes.fromhex(self.runtime),
            immutable_bytes=self.immutable_bytes,
            source_hash=key,
            credentials=credentials,
        )


class _Cached(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    source_hash: str
    consent: _Compiled
    credentials: _Compiled


def consent_artifact(project: Path, cache: Path) -> Artifact:
    """Consent, and Credentials with it, of the source tree `project`; compiled once per change.

    `cache` is a folder, made when missing. Raises SetupError when the sources or the compiler
    are missing, or when the sources do not compile.
    """
    key = source_hash(project)
    path = cache / f"consent-{key[:32]}.json"
    cached = _read(path, key)
    if cached is None:
        cached = _compile(project, key)
        _write(path, cached)
    return cached.consent.artifact(key, cached.credentials.artifact(key))


def source_hash(project: Path) -> str:
    """SHA-256 (hex) over everything the bytecode depends on. Raises SetupError."""
    contracts = project / "contracts"
    sources = sorted(each for each in contracts.rglob("*") if each.suffix in (".vy", ".vyi"))
    if contracts / CONTRACT not in sources:
        raise SetupError(
            f"The contract source {contracts / CONTRACT} is missing.",
            remedy="Give the folder of the source tree, the one that holds contracts/.",
        )
    digest = hashlib.sha256(f"{_compiler_version()}\0{evm_version(project)}".encode())
    for source in sources:
        name = source.relative_to(contracts).as_posix()
        digest.update(f"\0{name}\0{source.stat().st_size}\0".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()


def evm_version(project: Path) -> str:
    """The EVM version to compile for. Raises SetupError when ape-config.yaml names none."""
    config = project / "ape-config.yaml"
    found = _EVM_VERSION.search(config.read_text()) if config.exists() else None
    if found is None:
        raise SetupError(
            f"{config} does not say for which evm_version to compile.",
            remedy="Restore it from the source tree.",
        )
    return found[1]


def _compiler_version() -> str:
    try:
        return version("vyper")
    except PackageNotFoundError:
        return "none"


def _compiler() -> str:
    beside = Path(sys.executable).with_name("vyper")
    found = str(beside) if beside.exists() else shutil.which("vyper")
    if found is None:
        raise SetupError(
            "The Vyper compiler is missing.",
            remedy="Install the locked environment again with `uv sync --frozen`.",
        )
    return found


def compiler_output(project: Path, formats: str, *sources: str) -> list[str]:
    """What Vyper says of `sources` of contracts/, a line for each format and source.

    `formats` are its own names, with commas. Raises SetupError.
    """
    command = [_compiler(), "-f", formats, "--evm-version", evm_version(project), "-p", "."]
    try:
        done = subprocess.run(
            [*command, *sources],
            cwd=project / "contracts",
            capture_output=True,
            text=True,
            timeout=COMPILE_SECONDS,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SetupError(f"The contract does not compile: {reason}") from error
    except (subprocess.TimeoutExpired, OSError) as error:
        raise SetupError(f"The Vyper compiler failed: {type(error).__name__}.") from error
    return done.stdout.strip().splitlines()


def _compile(project: Path, key: str) -> _Cached:
    lines = compiler_output(project, _FORMATS, CONTRACT, CREDENTIALS)
    try:
        consent, credentials = _compiled(*lines[:4]), _compiled(*lines[4:])
    except (TypeError, ValueError) as error:
        raise SetupError(f"The Vyper compiler failed: {type(error).__name__}.") from error
    return _Cached(source_hash=key, consent=consent, credentials=credentials)


def _compiled(abi: str, bytecode: str, runtime: str, layout: str) -> _Compiled:
    return _Compiled(
        abi=json.loads(abi),
        bytecode=bytecode.removeprefix("0x"),
        runtime=runtime.removeprefix("0x"),
        immutable_bytes=_immutable_bytes(json.loads(layout).get("code_layout", {})),
    )


def _immutable_bytes(layout: dict[str, Any]) -> int:
    """Immutables stand after the runtime; a module's are nested under its name."""
    if isinstance(length := layout.get("length"), int):
        return length
    return sum(_immutable_bytes(each) for each in layout.values())


def _read(path: Path, key: str) -> _Cached | None:
    try:
        cached = _Cached.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return cached if cached.source_hash == key else None


def _write(path: Path, cached: _Cached) -> None:
    """Appear whole or not at all: another process may compile at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w") as file:
        file.write(cached.model_dump_json())
    Path(temporary).replace(path)
