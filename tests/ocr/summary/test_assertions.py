import pytest

from ocr.summary.assertions import Assertion, assertion
from tests.ocr.summary.paper import history_of_text


def judge(sentence: str, mention: str) -> Assertion:
    start = sentence.index(mention)
    return assertion(sentence, (start, start + len(mention)))


@pytest.mark.parametrize(
    ("sentence", "mention"),
    [
        ("There is no history of asthma or stroke.", "stroke"),
        ("She denies chest pain, fever, or gout.", "gout"),
        ("Pneumonia was ruled out.", "Pneumonia"),
        ("Negative for diabetes.", "diabetes"),
        ("Without evidence of heart failure.", "heart failure"),
    ],
)
def test_assertion_is_negated_within_the_reach_of_a_trigger(sentence, mention):
    assert judge(sentence, mention).negated


@pytest.mark.parametrize(
    ("sentence", "mention"),
    [
        ("No chest pain, but she has asthma.", "asthma"),
        ("Denies fever; gout is stable.", "gout"),
        ("No increase in the size of the aneurysm.", "aneurysm"),
        ("Asthma is not well controlled.", "Asthma"),
        ("Gram negative sepsis.", "sepsis"),
        ("No relief of migraine.", "migraine"),
        ("Not only gout but also asthma.", "gout"),
    ],
)
def test_assertion_is_affirmed_beyond_the_reach_of_a_trigger(sentence, mention):
    assert not judge(sentence, mention).negated


@pytest.mark.parametrize(
    ("sentence", "mention"),
    [
        ("Rule out pneumonia.", "pneumonia"),
        ("Return if sepsis is suspected.", "sepsis"),
        ("Possible gout.", "gout"),
        ("Screening for diabetes.", "diabetes"),
        ("Gout cannot be excluded.", "Gout"),
    ],
)
def test_assertion_is_hypothetical_when_it_is_only_possible(sentence, mention):
    assert judge(sentence, mention).hypothetical


@pytest.mark.parametrize(
    ("sentence", "mention", "family"),
    [
        ("Her father had a myocardial infarction at 58.", "myocardial infarction", True),
        ("Breast cancer in her mother.", "Breast cancer", True),
        ("Gout (brother).", "Gout", True),
        ("Her father died young; the patient has gout.", "gout", False),
        ("She has gout.", "gout", False),
    ],
)
def test_assertion_tells_relatives_from_the_patient(sentence, mention, family):
    assert judge(sentence, mention).family is family


def test_assertion_is_historical_after_history_of():
    assert judge("History of gout.", "gout").historical
    assert not judge("Gout is active.", "Gout").historical


@pytest.mark.parametrize(
    ("sentence", "whose"),
    [
        ("Mother: breast cancer at 52.", "mother"),
        ("His maternal grandmother had breast cancer.", "maternal grandmother"),
        ("Breast cancer in a paternal aunt.", "paternal aunt"),
        ("Breast cancer (sister).", "sister"),
        ("Family history of breast cancer.", None),
        ("She has breast cancer.", None),
    ],
)
def test_assertion_says_whose_it_is_when_the_sentence_names_the_relative(sentence, whose):
    start = sentence.lower().index("breast")
    place = assertion(sentence, (start, start + len("breast cancer"))).relative
    assert (sentence[slice(*place)].lower() if place else None) == whose


def test_family_history_names_the_relative_and_keeps_the_evidence_for_it():
    history = history_of_text("Family history\nMother: stroke. Father had a stroke. CAD.\n")
    told = {(f.name, f.value, len(f.evidence)) for f in history.family}
    assert told == {
        ("Stroke", "mother", 2), ("Stroke", "father", 2), ("Coronary artery disease", None, 1)
    }  # fmt: skip
