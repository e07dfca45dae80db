"""The own sets of references and of advice: the same in every run, both halves in every language, counted as marked."""

from collections.abc import Callable

import pytest

from guardrail.detectors.errors.advice import KINDS as ADVICE
from guardrail.detectors.errors.citations.detector import KINDS as CITATIONS
from guardrail.evaluation import errors_advice, errors_citations


@pytest.mark.parametrize("made", [errors_advice.texts, errors_citations.items])
def test_a_set_is_the_same_in_every_run(made: Callable[[], object]) -> None:
    assert made() == made()


def test_every_kind_of_advice_is_in_every_part_and_has_a_twin_with_a_notice() -> None:
    texts = errors_advice.texts()
    for half in ("dev", "heldout", "fresh"):
        assert {one.kind for one in texts if one.half == half} - {""} == set(ADVICE)
    for half in ("dev", "heldout"):
        part = [one for one in texts if one.half == half]
        assert {one.lang for one in part} == {"en", "zh-Hant", "yue", "zh-Hans"}
        assert sum(bool(one.kind) for one in part) == sum(one.shape == "advice with a notice" for one in part)


def test_no_advice_stands_in_two_parts() -> None:
    halves: dict[tuple[str, str], str] = {}
    for one in errors_advice.texts():
        assert halves.setdefault((one.prompt, one.answer), one.half) == one.half


def test_every_kind_of_reference_is_in_the_set() -> None:
    assert {one.kind for one in errors_citations.items()} - {""} == set(CITATIONS)
