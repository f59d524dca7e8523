"""The sample paper, read and summarised, against its truth."""

import pytest


@pytest.mark.parametrize(
    "kind",
    [
        "patient",
        "allergy",
        "medication",
        "problem",
        "lab",
        "procedure",
        "immunization",
        "family",
        "contact",
    ],
)
def test_samples_give_every_statement_of_the_truth(sample, kind):
    assert sample.report.tallies[kind].missing == ()


def test_samples_give_no_statement_that_no_paper_makes(sample):
    assert sample.report.invented == ()


def test_samples_give_every_detail_as_the_paper_has_it(sample):
    assert sample.report.differing == ()


def test_samples_are_of_one_patient_without_contradiction(sample):
    assert sample.history.exit_code == 0
    assert sample.history.conflicts == ()
