"""Published test values of validators: each valid one is found with its cue word, no invalid one is, or the reason is
written down.

A failure means that an identifier in a form that somebody publishes as valid leaves unseen, or that a wrong one alarms.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from guardrail.errors import SettingsError
from guardrail.evaluation import datasets, format_vectors, judging
from guardrail.evaluation.format_vectors import EXCEPTIONS, NOT_DETECTED, OWED, Row
from guardrail.scanner import Scanner

DATA = Path(__file__).parents[2] / datasets.DEFAULT
ROWS = format_vectors.rows(DATA)
OWED_ROWS = [row for row in ROWS if not row.exception]

here = pytest.mark.skipif(not ROWS, reason=f"the set {format_vectors.SET} is not in {DATA}")


@pytest.fixture(scope="module")
def scanner() -> Iterator[Scanner]:
    made = format_vectors.scanner()
    yield made
    made.close()


@here
@pytest.mark.parametrize("row", OWED_ROWS, ids=lambda row: row.id)
def test_a_valid_value_is_found_with_its_cue_word_and_an_invalid_one_is_not(scanner: Scanner, row: Row) -> None:
    outcome = format_vectors.judge(row, scanner)
    assert outcome.right, (row.value, "valid" if row.valid else "invalid", outcome.touched)


@here
def test_every_exception_is_a_value_of_the_set_and_is_still_one() -> None:
    """An exception that nobody needs any more would hide the next failure."""
    known = {(*row.key, row.value) for row in ROWS}
    assert set(EXCEPTIONS) <= known


@here
def test_an_exception_would_otherwise_fail(scanner: Scanner) -> None:
    excepted = [row for row in ROWS if (*row.key, row.value) in EXCEPTIONS]
    assert excepted
    assert [row.value for row in excepted if format_vectors.judge(row, scanner).right] == []


def test_no_validator_is_both_owed_and_left_out() -> None:
    assert not set(OWED) & set(NOT_DETECTED)


def test_every_kind_that_is_owed_is_found_by_an_installed_detector() -> None:
    assert {kind for owed in OWED.values() for kind in owed.kinds} <= set(judging.offered())


def test_a_validator_in_no_table_is_an_error(tmp_path: Path) -> None:
    """A new release of the set must not pass because nobody said what is owed."""
    (tmp_path / "pii").mkdir()
    line = '{"id": "x", "text": "1", "labels": {"kind": "isNovel", "locale": null, "valid": true}}'
    (tmp_path / "pii" / "format_vectors.jsonl").write_text(line)
    with pytest.raises(SettingsError, match="isNovel"):
        format_vectors.rows(tmp_path)


def test_a_set_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    assert "no set" in format_vectors.evaluate(tmp_path).missing
