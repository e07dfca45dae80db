"""The view of a text that the small networks learn from: the one that the detector gives them at run time."""

from functools import cache

from guardrail.detectors.bias.reading import Codes, reading, simplifier, spelt
from guardrail.detectors.bias.toxicity import FILE
from guardrail.models.store import read_model


@cache
def simplify() -> Codes:
    """The table of the shipped scorer, which was derived from OpenCC's."""
    arrays = read_model(FILE).arrays
    return simplifier(arrays["traditional"], arrays["simplified"])


def plain(text: str) -> str:
    """The reading view of `text`, as a text."""
    return spelt(reading(text, simplify()))
