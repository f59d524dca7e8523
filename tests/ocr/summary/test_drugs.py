import pytest

from ocr.summary.drugs import find_drugs, near_drug


def drugs(text: str) -> list[tuple[str, str | None]]:
    return [(drug.name, drug.brand) for drug in find_drugs(text, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "name", "brand"),
    [
        ("Metformin 500 mg", "metformin", None),
        ("metformin hydrochloride", "metformin", None),
        ("Percocet", "oxycodone / acetaminophen", "Percocet"),
        ("Norco", "hydrocodone / acetaminophen", "Norco"),
        ("Keflex", "cefalexin", "Keflex"),
        ("Eliquis", "apixaban", "Eliquis"),
        ("paracetamol", "acetaminophen", None),
        ("co-amoxiclav", "amoxicillin / clavulanate", None),
        ("Amoxicillin/Clavulanate", "amoxicillin / clavulanate", None),
        ("Synthroid", "levothyroxine", "Synthroid"),
        ("insulin glargine", "insulin glargine", None),
        ("Lantus", "insulin glargine", "Lantus"),
    ],
)
def test_find_drugs_names_the_ingredient_and_keeps_the_brand(text, name, brand):
    assert drugs(text) == [(name, brand)]


def test_find_drugs_makes_one_of_a_combination():
    assert drugs("ramipril/amlodipine 5 mg") == [("ramipril / amlodipine", None)]


@pytest.mark.parametrize(
    "text",
    [
        "Potassium 4.9 mmol/L",
        "Glucose",
        "thyroid",
        "cortisol",
        "antibiotics",
        "Patient",
        "Date",
        "E. coli",
    ],
)
def test_find_drugs_finds_none_in_words_that_are_none(text):
    assert drugs(text) == []


@pytest.mark.parametrize(
    ("printed", "name"), [("Metforrnin", "metformin"), ("Atorvastalin", "atorvastatin")]
)
def test_near_drug_knows_a_misread_name(printed, name):
    drug = near_drug(printed, (0, len(printed)))
    assert drug is not None
    assert (drug.name, drug.exact) == (name, False)


@pytest.mark.parametrize("printed", ["Tablet", "Supply", "Continue", "Harrowmere", "Discharge"])
def test_near_drug_finds_none_in_other_words(printed):
    assert near_drug(printed, (0, len(printed))) is None


@pytest.mark.parametrize(
    ("text", "printed", "name"),
    [
        ("She takes D-penicillamine.", "D-penicillamine", "penicillamine"),
        ("treated with d - penicillamine", "d - penicillamine", "penicillamine"),
        ("given L - dopa for it", "L - dopa", "levodopa"),
        ("1 - Aspirin", "Aspirin", "aspirin"),
        ("co - amoxiclav", "co - amoxiclav", "amoxicillin / clavulanate"),
    ],
)
def test_find_drugs_takes_the_whole_name_when_hyphens_join_it(text, printed, name):
    (drug,) = find_drugs(text, 0, len(text))
    assert (text[slice(*drug.span)], drug.name) == (printed, name)


@pytest.mark.parametrize("text", ["Seen by her PCP.", "2 puffs INH daily", "Heather came along."])
def test_find_drugs_is_empty_when_an_abbreviation_means_something_else(text):
    assert find_drugs(text, 0, len(text)) == ()
