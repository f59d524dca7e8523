"""The truth says what is drawn, and the story holds together."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from scripts._paper import layout, statements
from scripts._paper.model import A4, Heading, Letterhead, Look, Paragraph, Sheet, Table
from scripts._paper.story import PAPERS, PATIENT
from scripts._paper.truth import truth

PAGES = {
    paper.file: [layout.place(sheet, paper.size, paper.look).text for sheet in paper.sheets]
    for paper in PAPERS
}
TEXTS = {file: " ".join(" ".join(pages).split()) for file, pages in PAGES.items()}
TRUTH = truth(PATIENT, PAPERS, PAGES)
FACTS = TRUTH["facts"]


def written(iso: str) -> set[str]:
    """The forms a date has on these papers."""
    if len(iso) == 4:
        return {iso}
    day = date.fromisoformat(iso)
    return {iso, f"{day.day} {day:%B %Y}", f"{day:%d/%m/%Y}"}


def entries() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every statement of the truth with every document it names."""
    for kind, items in FACTS.items():
        for item in items:
            for file in item.get("documents") or [item["document"]]:
                yield kind, file, item
    for kind in ("negated", "family", "optional"):
        for item in TRUTH[kind]:
            yield kind, item["document"], item


def at(file: str, drug: dict[str, Any]) -> dict[str, Any]:
    return next((state for state in drug["earlier"] if state["document"] == file), drug)


@pytest.mark.parametrize(("kind", "file", "item"), list(entries()))
def test_truth_stands_on_its_paper(kind: str, file: str, item: dict[str, Any]) -> None:
    text = TEXTS[file].casefold()
    said = at(file, item) if kind == "medications" else item
    for key in ("name", "value", "dose", "route", "frequency"):
        # A contact's name is the role, in our word: a paper may say GP or family doctor.
        if said.get(key) and (kind, key) != ("contacts", "name"):
            assert said[key].casefold() in text
    if said.get("date"):
        assert any(form.casefold() in text for form in written(said["date"]))


@pytest.mark.parametrize("lab", FACTS["labs"])
def test_truth_gives_a_result_as_its_row_is_printed(lab: dict[str, Any]) -> None:
    row = " ".join(
        filter(None, (lab["name"], lab["value"], lab["flag"], lab["unit"], lab["range"]))
    )
    rows = [line for page in PAGES[lab["document"]] for line in page.splitlines()]
    assert row in rows


@pytest.mark.parametrize("allergy", FACTS["allergies"])
def test_truth_gives_a_reaction_that_a_paper_gives(allergy: dict[str, Any]) -> None:
    assert any(allergy["reaction"] in TEXTS[file] for file in allergy["documents"])


def test_every_paper_names_the_patient_and_the_birth_date() -> None:
    for text in TEXTS.values():
        assert PATIENT.name in text
        assert PATIENT.identifier in text
        assert any(form in text for form in written(PATIENT.birth_date))


def test_slashed_dates_are_unambiguous() -> None:
    days = [int(day) for text in TEXTS.values() for day in re.findall(r"(\d\d)/\d\d/\d{4}", text)]
    assert days
    assert min(days) > 12


def test_flags_agree_with_their_ranges() -> None:
    for lab in FACTS["labs"]:
        low, high = bounds(lab["range"])
        value = float(lab["value"])
        expected = "L" if value < low else "H" if value > high else None
        assert lab["flag"] == expected, lab["name"]


def bounds(text: str) -> tuple[float, float]:
    if text[0] in "<>":
        limit = float(text[1:])
        return (limit, float("inf")) if text[0] == ">" else (float("-inf"), limit)
    low, high = text.split("-")
    return float(low), float(high)


def results(file: str) -> dict[str, float]:
    return {lab["name"]: float(lab["value"]) for lab in FACTS["labs"] if lab["document"] == file}


REPORTS = [paper for paper in PAPERS if paper.kind == "lab report"]


@pytest.mark.parametrize("paper", REPORTS, ids=lambda paper: paper.date)
def test_egfr_follows_from_creatinine_by_ckd_epi_2021(paper: Any) -> None:
    found = results(paper.file)
    age = (date.fromisoformat(paper.date) - date.fromisoformat(PATIENT.birth_date)).days // 365.25
    ratio = found["Creatinine"] / 0.7
    egfr = 142 * min(ratio, 1) ** -0.241 * max(ratio, 1) ** -1.2 * 0.9938**age * 1.012
    assert round(egfr) == found["eGFR"]


@pytest.mark.parametrize("paper", REPORTS, ids=lambda paper: paper.date)
def test_ldl_follows_from_the_other_lipids_by_friedewald(paper: Any) -> None:
    found = results(paper.file)
    rest = found["HDL cholesterol"] + found["Triglycerides"] / 5
    assert found["LDL cholesterol"] == found["Total cholesterol"] - rest


def test_labs_show_a_trend_over_three_reports() -> None:
    sugar, kidney = ([results(paper.file)[name] for paper in REPORTS] for name in ("HbA1c", "eGFR"))
    assert sugar == sorted(sugar, reverse=True)
    assert kidney == sorted(kidney, reverse=True)
    assert len(REPORTS) == 3


def test_truth_gives_a_drug_as_its_newest_paper_has_it() -> None:
    drugs = {drug["name"]: drug for drug in FACTS["medications"]}
    assert drugs["ramipril"]["status"] == "stopped"
    assert drugs["losartan"]["status"] == "current"
    assert drugs["metformin"]["dose"] == "1000 mg"
    assert [state["dose"] for state in drugs["metformin"]["earlier"]] == ["500 mg"]
    assert {state["status"] for state in drugs["ramipril"]["earlier"]} == {"current"}


def test_truth_keeps_what_is_denied_or_a_relatives_from_the_patient() -> None:
    problems = {item["name"].casefold() for item in FACTS["problems"]}
    others = {item["name"].casefold() for item in (*TRUTH["negated"], *TRUTH["family"])}
    assert others
    assert not problems & others


def test_penicillin_is_never_prescribed() -> None:
    drugs = [s for p in PAPERS for s in p.says if isinstance(s, statements.Medication)]
    assert not any("cillin" in drug.name for drug in drugs)


def make_sheet(*blocks: Any) -> Sheet:
    return Sheet(blocks=(Letterhead("A clinic", ("A street",)), *blocks), footer="A footer")


def test_place_refuses_a_page_that_runs_over() -> None:
    with pytest.raises(ValueError, match="too long"):
        layout.place(make_sheet(*[Heading("One more")] * 60), A4, Look())


def test_place_refuses_a_cell_wider_than_its_column() -> None:
    table = Table(("Test", "Unit"), (0.9, 0.1), (("Potassium", "millimoles a litre"),))
    with pytest.raises(ValueError, match="wider than its column"):
        layout.place(make_sheet(table), A4, Look())


def test_place_keeps_every_word_of_a_paragraph_in_order() -> None:
    text = "A paragraph that is long enough to be broken into several lines of the page. " * 4
    page = layout.place(make_sheet(Paragraph(text)), A4, Look())
    assert " ".join(text.split()) in " ".join(page.text.split())
