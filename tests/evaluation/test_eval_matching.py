"""Findings against known values: what counts as found, as wrong, as covered."""

import pytest

from guardrail.evaluation.intervals import Counts
from guardrail.evaluation.matching import Span, compare, covered, exactly, overlapping

A, B = Span("pii.hkid", 4, 14), Span("pii.email", 20, 30)


@pytest.mark.parametrize(
    ("values", "found", "same", "counts"),
    [
        ([A, B], [A, B], exactly, Counts(2, 0, 0)),
        ([A, B], [A], exactly, Counts(1, 0, 1)),
        ([A], [A, A], exactly, Counts(1, 0, 0)),  # twice the same finding is one
        ([A], [Span("pii.hkid", 5, 14)], exactly, Counts(0, 1, 1)),
        ([A], [Span("pii.hkid", 5, 14)], overlapping, Counts(1, 0, 0)),
        ([A], [Span("pii.hk_phone", 4, 14)], overlapping, Counts(0, 1, 1)),
        ([], [A], exactly, Counts(0, 1, 0)),
        ([A], [Span("pii.hkid", 14, 16)], overlapping, Counts(0, 1, 1)),  # ends are exclusive
    ],
)
def test_counts(values, found, same, counts):
    assert compare(values, found, same) == counts


@pytest.mark.parametrize(
    ("found", "rest"),
    [
        ([Span("x", 4, 14)], 1.0),
        ([Span("x", 4, 13)], 1.0),  # a bracket left behind says nothing
        ([Span("x", 4, 8), Span("x", 8, 14)], 1.0),
        ([Span("x", 5, 14)], 7 / 8),
        ([], 0.0),
    ],
)
def test_how_much_of_the_letters_and_digits_is_covered(found, rest):
    text = "ID: A123456(3) is his"
    assert covered(text, A, found) == pytest.approx(rest)
