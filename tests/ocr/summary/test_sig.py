import pytest

from ocr.summary.sig import find_cue, parse_sig


@pytest.mark.parametrize(
    ("text", "dose", "route", "frequency"),
    [
        ("500 mg tablet: 1 tablet PO BID", "500 mg", "oral", "twice daily"),
        ("500 mg, take 2 tablets by mouth twice a day", "500 mg, 2 tablets", "oral", "twice daily"),
        ("20 mg p.o. q.d.", "20 mg", "oral", "once daily"),
        ("10 mcg SC q 8h", "10 mcg", "subcutaneous", "every 8 hours"),
        (
            "2 puffs inhaled four times daily as needed",
            "2 puffs",
            "inhaled",
            "four times daily as needed",
        ),
        ("0.5 mg daily at bedtime", "0.5 mg", None, "once daily at bedtime"),
        ("875/125 mg TID", "875/125 mg", None, "three times daily"),
        ("30 units at bedtime", "30 units", None, "at bedtime"),
        ("5 mg/mL once weekly", "5 mg/mL", None, "once weekly"),
        ("1,000 mg bd", "1,000 mg", None, "twice daily"),
        ("10 mg p.r.n.", "10 mg", None, "as needed"),
        ("two to three times a day", None, None, "two to three times daily"),
    ],
)
def test_parse_sig_reads_dose_route_and_frequency(text, dose, route, frequency):
    sig = parse_sig(text, 0, len(text))
    assert (sig.dose, sig.route, sig.frequency) == (dose, route, frequency)


@pytest.mark.parametrize(
    "text", ["Supply: 180 tablets", "Disp: #30", "x 10 days", "on Monday", "for 7 days"]
)
def test_parse_sig_takes_neither_supply_nor_duration_for_a_dose(text):
    sig = parse_sig(text, 0, len(text))
    assert (sig.dose, sig.frequency) == (None, None)


def test_parse_sig_doubts_a_unit_that_looks_misread():
    sig = parse_sig("40 meg daily", 0, 12)
    assert (sig.dose, sig.doubtful) == ("40 meg", True)


def test_find_cue_finds_the_last_one():
    cue = find_cue("stopped in May, later discontinued", "stopped")
    assert cue is not None
    assert cue.group() == "discontinued"
