"""Vyper in this process, on sources in memory: a third less time than its program, for each mutant.

One change needs one contract compiled, and of it the bytecode alone.
"""

import gc
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath

from core.errors import SetupError
from ledger.artifact import CONTRACT, CREDENTIALS, Artifact, evm_version

_IMPORT = re.compile(r"^from (\.+)(\w*) import (\w+)$", re.MULTILINE)


class Sources:
    """The contracts' sources by path, and which of them each contract is made of."""

    def __init__(self, project: Path) -> None:
        folder = project / "contracts"
        paths = sorted(each for each in folder.rglob("*") if each.suffix in (".vy", ".vyi"))
        self.texts = {each.relative_to(folder).as_posix(): each.read_text() for each in paths}
        self._version = evm_version(project)
        self._parts = {each: frozenset(self._closure(each)) for each in (CONTRACT, CREDENTIALS)}

    def bare(self, right: Artifact) -> Artifact:
        """`right` without the hash of its sources that the compiler puts behind the code, so that
        two sources that come to the same code can be told."""
        for target in (CREDENTIALS, CONTRACT):
            right = self.artifact(right, target, self.texts[target])
        return right

    def artifact(self, right: Artifact, file: str, text: str) -> Artifact:
        """`right` with `text` for `file`, bare. Raises SetupError when that does not compile."""
        texts = {**self.texts, file: text}
        if file in self._parts[CREDENTIALS] and right.credentials is not None:
            credentials = replace(right.credentials, bytecode=self._compile(texts, CREDENTIALS))
            right = replace(right, credentials=credentials)
        if file in self._parts[CONTRACT]:
            right = replace(right, bytecode=self._compile(texts, CONTRACT))
        return right

    def _closure(self, file: str) -> Iterator[str]:
        """A source and all that it imports, interfaces too."""
        yield file
        for dots, package, name in _IMPORT.findall(self.texts[file]):
            folder = list(PurePath(file).parents)[len(dots) - 1] / package
            found = (f"{(folder / name).as_posix()}{suffix}" for suffix in (".vy", ".vyi"))
            for each in found:
                if each in self.texts:
                    yield from self._closure(each)

    def _compile(self, texts: Mapping[str, str], target: str) -> bytes:
        # Here, and not above: only those who look for mutants wait for the compiler to load.
        from vyper.compiler import compile_from_file_input
        from vyper.compiler.input_bundle import JSONInputBundle
        from vyper.compiler.settings import Settings

        files = {PurePath(path): {"content": text} for path, text in texts.items()}
        bundle = JSONInputBundle(files, [PurePath()])
        gc.disable()  # a compiler run is short and makes few cycles: collecting costs it a sixth
        try:
            compiled = compile_from_file_input(
                bundle.load_file(PurePath(target)),
                input_bundle=bundle,
                output_formats=["bytecode"],
                settings=Settings(evm_version=self._version),
                no_bytecode_metadata=True,
            )
        except Exception as error:
            # A mutant may trip over the compiler's own faults as well as over its rules.
            raise SetupError(f"It does not compile: {type(error).__name__}.") from error
        finally:
            gc.enable()
        return bytes.fromhex(compiled["bytecode"].removeprefix("0x"))
