"""The rules and vocabularies of `data/`, read once and shaped for looking up."""

import bz2
import pickle
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.errors import SetupError

_DRUG_PACKAGE = "drug_named_entity_recognition"
_REGISTERS = ("medline_plus_id", "nhs_url", "drugbank_id")


@cache
def data(name: str) -> dict[str, Any]:
    """The parsed `data/NAME.toml`."""
    text = files("ocr.summary").joinpath(f"data/{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def normal(text: str) -> str:
    """Lower case, punctuation at the ends off, inner white space single."""
    return " ".join(text.lower().split()).strip(" .:;,*-–•·")


def phrases(terms: Iterable[str], *, slashed: bool = False) -> re.Pattern[str]:
    """A pattern for any of `terms` as whole words, longest first, white space free.

    With `slashed` also behind a slash, as in "fever/chills".

    Built as a trie: hundreds of terms are then told apart letter by letter instead of being tried
    one after the other at every place of the text.
    """
    trie: _Trie = {}
    for term in set(terms):
        node = trie
        for step in re.findall(r"\s+|\S", term.lower()):
            node = node.setdefault(r"\s+" if step.isspace() else re.escape(step), {})
        node[""] = {}
    before = r"(?<!\w)" if slashed else r"(?<![\w/])"
    return re.compile(rf"{before}{_alternatives(trie)}(?!\w|[-.]\w)", re.IGNORECASE)


_Trie = dict[str, "_Trie"]
"""What may follow, by the pattern of one character; "" where a term ends."""


def _alternatives(trie: "_Trie") -> str:
    """The pattern of a node: longer terms before the one that ends here."""
    branches = [step + _alternatives(after) for step, after in sorted(trie.items()) if step]
    if not branches:
        return ""
    body = branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
    return f"(?:{body})?" if "" in trie else body


def inverted(table: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """`{shown: [printed, ...]}` to `{printed: shown}`, both sides usable as printed form."""
    return {normal(p): shown for shown, printed in table.items() for p in (*printed, shown)}


@cache
def drug_dictionary() -> Mapping[str, str]:
    """Printed drug name to ingredient, lower case.

    The dictionary of the package drug-named-entity-recognition, read from its data file: its
    module also builds an index for its own fuzzy search at import, which costs seconds. Kept are
    names that a drug register knows; the rest are enzymes, receptors and chemicals.
    Raises SetupError.
    """
    spec = find_spec(_DRUG_PACKAGE)
    if spec is None or spec.origin is None:
        raise SetupError(f"The package {_DRUG_PACKAGE} is not installed.")
    packed = Path(spec.origin).with_name("drug_ner_dictionary.pkl.bz2").read_bytes()
    # An installed package's own file, pinned by hash in the lock: as trusted as its code.
    loaded = pickle.loads(bz2.decompress(packed))  # noqa: S301
    about = loaded["drug_canonical_to_data"]
    registered = {
        name for name, facts in about.items() if any(facts.get(key) for key in _REGISTERS)
    }
    names = loaded["drug_variant_to_canonical"].items()
    return {variant: whole[0] for variant, whole in names if whole[0] in registered}
