from core.history import About, History
from ocr.summary import summarise
from tests.ocr.summary.paper import names, read_texts

WHO = "Patient: Nora Linden   DOB: 1961-03-14\n"


def history(**texts: str) -> History:
    return summarise(read_texts(**{name: WHO + text for name, text in texts.items()}))


def test_merge_makes_one_fact_of_the_same_statement_with_all_evidence():
    merged = history(
        a="Date: 2024-01-05\nAllergies: penicillin",
        b="Date: 2024-02-05\nAllergies\nPenicillin (rash)",
    )
    (fact,) = merged.allergies
    assert fact.reaction == "rash"
    assert {e.document for e in fact.evidence} == {"a.pdf", "b.pdf"}


def test_merge_takes_the_newest_dose_and_keeps_the_earlier_ones():
    merged = history(
        a="Date: 2023-01-05\nCurrent medications\nMetformin 500 mg oral twice daily",
        b="Date: 2024-02-05\nCurrent medications\nMetformin 1000 mg oral twice daily",
    )
    (fact,) = merged.medications_current
    assert (fact.dose, fact.date) == ("1000 mg", "2024-02-05")
    assert fact.earlier == "500 mg twice daily (2023-01-05)"
    assert merged.conflicts == ()
    assert fact.evidence[0].document == "b.pdf"


def test_merge_stops_what_newer_paper_stops_and_completes_its_dose():
    merged = history(
        a="Date: 2023-01-05\nCurrent medications\nRamipril 5 mg daily",
        b="Date: 2024-02-05\nPlan\nWe stopped ramipril.",
    )
    assert merged.medications_current == ()
    (fact,) = merged.medications_stopped
    assert (fact.status, fact.dose, fact.cue, fact.date) == (
        "stopped",
        "5 mg",
        "stopped",
        "2024-02-05",
    )


def test_merge_takes_up_again_what_newer_paper_lists():
    merged = history(
        a="Date: 2023-01-05\nPlan\nWe stopped ramipril.",
        b="Date: 2024-02-05\nCurrent medications\nRamipril 5 mg daily",
    )
    assert names(merged.medications_current) == ["ramipril"]


def test_merge_calls_last_seen_what_a_newer_complete_list_leaves_out():
    merged = history(
        a="Date: 2023-01-05\nCurrent medications\nOmeprazole 20 mg daily\nAspirin 81 mg daily",
        b="Date: 2024-02-05\nCurrent medications\nAspirin 81 mg daily",
    )
    assert names(merged.medications_current) == ["aspirin"]
    (fact,) = merged.medications_stopped
    assert (fact.name, fact.status, fact.date) == ("omeprazole", "last-seen", "2023-01-05")


def test_merge_keeps_current_what_only_a_newer_prescription_leaves_out():
    merged = history(
        a="Date: 2023-01-05\nCurrent medications\nOmeprazole 20 mg daily",
        b="Date: 2024-02-05\nRx\nAmoxicillin 500 mg three times daily",
    )
    assert names(merged.medications_current) == ["amoxicillin", "omeprazole"]


def test_merge_shows_both_doses_when_no_date_orders_them():
    merged = history(
        a="Date: 2024-02-05\nCurrent medications\nWarfarin 3 mg daily",
        b="Date: 2024-02-05\nCurrent medications\nWarfarin 5 mg daily",
    )
    assert sorted(str(f.dose) for f in merged.medications_current) == ["3 mg", "5 mg"]
    (conflict,) = merged.conflicts
    assert (conflict.name, conflict.about, len(conflict.facts)) == ("warfarin", "dose", 2)


def test_merge_shows_none_known_beside_the_allergy_it_denies():
    merged = history(a="Allergies: NKDA", b="Allergies: penicillin")
    assert len(merged.allergies) == 2
    (conflict,) = merged.conflicts
    assert conflict.about == "polarity"
    assert set(conflict.facts) == {fact.id for fact in merged.allergies}


def test_merge_sees_no_contradiction_between_no_drug_allergies_and_latex():
    assert history(a="Allergies: NKDA", b="Allergies: latex").conflicts == ()


def test_merge_shows_a_problem_denied_and_affirmed():
    merged = history(a="Diagnoses\nAsthma", b="Summary\nThere is no history of asthma.")
    assert [c.about for c in merged.conflicts] == ["polarity"]


def test_merge_leaves_the_general_name_to_the_narrower_one():
    merged = history(a="Diagnoses\nType 2 diabetes mellitus", b="Diagnoses\nDiabetes")
    (fact,) = merged.problems
    assert fact.name == "Type 2 diabetes mellitus"
    assert {e.document for e in fact.evidence} == {"a.pdf", "b.pdf"}


def test_merge_joins_a_value_told_again_without_its_date():
    row = "Date: 2024-01-05\nTest   Result   Unit   Reference\nPotassium   4.9   mmol/L   3.5-5.1"
    merged = history(a=row, b="Date: 2024-02-05\nSummary\nThe last potassium was 4.9 mmol/L.")
    ((point,),) = [trend.points for trend in merged.labs]
    assert (point.date, len(point.evidence)) == ("2024-01-05", 2)


def test_merge_keeps_values_of_distinct_dates_as_a_trend():
    table = "Test   Result   Unit   Reference\nPotassium   {}   mmol/L   3.5-5.1"
    merged = history(
        b="Collected: 2024-02-05\n" + table.format("5.0"),
        a="Collected: 2023-02-05\n" + table.format("4.1"),
    )
    (trend,) = merged.labs
    assert [p.value for p in trend.points] == ["4.1", "5.0"]
    assert trend.latest.value == "5.0"


def test_merge_shows_two_values_of_one_day_from_two_papers():
    table = (
        "Collected: 2024-02-05\nTest   Result   Unit   Reference\nPotassium   {}   mmol/L   3.5-5.1"
    )
    merged = history(a=table.format("4.1"), b=table.format("4.7"))
    assert [(c.name, c.about) for c in merged.conflicts] == [("Potassium", "value")]


def test_summarise_is_the_same_when_documents_come_in_another_order():
    texts = {
        "a": WHO + "Date: 2023-01-05\nCurrent medications\nMetformin 500 mg daily",
        "b": WHO + "Date: 2024-01-05\nCurrent medications\nMetformin 850 mg daily",
    }
    one = summarise(read_texts(**texts))
    other = summarise(read_texts(**dict(reversed(texts.items()))))
    assert one.facts == other.facts


def test_summarise_says_what_is_missing_when_there_is_no_paper():
    empty = summarise(read_texts())
    assert empty.facts == ()
    assert {w.code for w in empty.warnings} == {About.MISSING}


def test_summarise_names_pages_on_which_nothing_was_read():
    codes = {w.code for w in summarise(read_texts(blank="")).warnings}
    assert About.EMPTY_PAGE in codes


def test_summarise_interprets_nothing_of_paper_in_another_language():
    text = "Patient: Nora Linden\nDiagnosen:\nDer Patient leidet unter hohem Blutdruck seit 2019."
    german = summarise(read_texts(brief=text))
    assert [f.kind for f in german.facts] == ["patient"]
    assert any(w.code is About.NO_FACTS for w in german.warnings)


DATED = WHO + "Date: 2024-01-05\nCurrent medications\nMetformin 850 mg daily"
UNDATED = WHO + "Current medications\nMetformin 500 mg daily"


def test_merge_shows_a_conflict_when_an_undated_list_disagrees_with_a_dated_one():
    merged = history(dated=DATED, undated=UNDATED)
    assert [(c.name, c.about) for c in merged.conflicts] == [("metformin", "dose")]
    assert {m.dose for m in merged.medications_current} == {"850 mg", "500 mg"}


def test_merge_joins_an_undated_list_when_it_says_the_same():
    merged = history(dated=DATED, undated=UNDATED.replace("500", "850"))
    (metformin,) = merged.medications_current
    assert merged.conflicts == ()
    assert {e.document for e in metformin.evidence} == {"dated.pdf", "undated.pdf"}


def test_merge_keeps_a_medicine_of_undated_paper_to_be_checked_when_a_complete_list_lacks_it():
    listed = WHO + "Date: 2024-01-05\nCurrent medications\nRamipril 5 mg daily"
    merged = history(dated=listed, undated=UNDATED)
    checks = {m.name: m.check for m in merged.medications_current}
    assert checks == {"metformin": True, "ramipril": False}


def test_merge_shows_a_conflict_when_an_undated_problem_list_says_otherwise():
    merged = history(
        dated=WHO + "Date: 2024-01-05\nProblems\nPneumonia, resolved",
        undated=WHO + "Problems\nPneumonia, active",
    )
    assert [(c.name, c.about) for c in merged.conflicts] == [("Pneumonia", "status")]


def test_merge_lets_newer_paper_end_a_problem_when_it_says_that_it_has_resolved():
    merged = history(
        old=WHO + "Date: 2023-01-05\nProblems\nPneumonia",
        new=WHO + "Date: 2024-01-05\nHistory of present illness\nPneumonia has resolved.",
    )
    assert [(p.name, p.status) for p in merged.problems] == [("Pneumonia", "resolved")]


def test_merge_shows_a_conflict_when_none_known_stands_beside_penicillin():
    merged = history(
        none=WHO + "Date: 2023-01-05\nAllergies: none known",
        named=WHO + "Date: 2024-01-05\nAllergies: Penicillin (rash)",
    )
    (conflict,) = merged.conflicts
    assert (conflict.kind, conflict.about) == ("allergy", "polarity")
    assert len(merged.allergies) == 2
