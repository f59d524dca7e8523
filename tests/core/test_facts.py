import pytest

from core.facts import Evidence, Fact, Kind
from core.words import Box


def make_fact(**overrides):
    box = Box(left=1, top=2, right=3, bottom=4)
    evidence = Evidence(
        document="a.pdf", page=1, box=box, span=(0, 4), quote="Gout", method="problem-list"
    )
    values = {
        "id": "f1",
        "kind": Kind.PROBLEM,
        "name": "Gout",
        "evidence": (evidence,),
        "confidence": 0.9,
        "check": False,
    }
    return Fact(**(values | overrides))


def test_fact_is_refused_when_it_has_no_evidence():
    with pytest.raises(ValueError, match="without evidence"):
        make_fact(evidence=())


def test_fact_leaves_what_no_page_says_empty():
    fact = make_fact()
    assert (fact.value, fact.dose, fact.status, fact.date, fact.code) == (None,) * 5


def test_fact_cannot_be_changed_when_made():
    with pytest.raises(AttributeError):
        make_fact().name = "Asthma"


def test_box_union_covers_both():
    one, other = Box(left=5, top=5, right=9, bottom=9), Box(left=1, top=7, right=6, bottom=12)
    assert one.union(other) == Box(left=1, top=5, right=9, bottom=12)
