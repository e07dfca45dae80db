"""The vendors' SDKs, when the first answer was not good enough: they read the second, and nothing of the first.

If these fail, an application whose answer was asked for again reads two answers in one, another cost than it pays, or an
error where there was none.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from guardrail.detectors.errors.sums.arithmetic import Arithmetic
from guardrail.policy.load import parse
from tests.sdks.python_ways import WAYS, Way, same
from tests.servers import Asked, Site, Step, http, site
from tests.speakers import SPEAKERS

RULES = parse(
    """\
version: 1
name: sums
errors:
  - id: sums
    kinds: [error.arithmetic]
    threshold: 0.8
    action: regenerate
    attempts: 1
    otherwise: notice
    message: 請核對算式。
""".encode(),
    "p.yaml",
)
SPOKEN = [way for way in WAYS if way.said is same]
GOOD, BAD, WORSE = "答案係12 × 13 = 156。", "答案係12 × 13 = 166。", "答案係12 × 13 = 166，2 + 2 = 5。"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(RULES, [Arithmetic()], tmp_path_factory.mktemp("audit")) as it:
        yield it


def says(it: Site, way: Way, *texts: str) -> None:
    """The upstream gives one answer after the other."""
    it.settle()
    it.sink.lines.clear()
    it.upstream.asked.clear()
    speaker, rest = SPEAKERS[way.speaker], list(texts)

    def script(asked: Asked) -> Sequence[Step]:
        text = rest.pop(0)
        body = b"".join(speaker.stream("content", [text])) if way.stream else speaker.whole("content", text)
        return [http(body, kind=speaker.content_type(way.stream))]

    it.upstream.script = script


def counts(value: Any) -> list[int]:
    """Every count that an SDK gives, in its order."""
    if isinstance(value, dict):
        return [count for each in value.values() for count in counts(each)]
    return [value] if isinstance(value, int) and not isinstance(value, bool) else []


@pytest.mark.parametrize("way", SPOKEN, ids=lambda way: way.name)
def test_the_second_answer_is_read_and_both_are_paid(running: Site, way: Way) -> None:
    says(running, way, GOOD)
    alone = way.ask(running.url, "12 × 13？")
    says(running, way, BAD, GOOD)
    read = way.ask(running.url, "12 × 13？")
    assert (read.text, read.finish, read.tools) == (GOOD, alone.finish, alone.tools)
    assert "= 166" not in json.dumps(read.dump, ensure_ascii=False, default=str)
    assert len(running.upstream.asked) == 2
    assert [one["asked"] for one in running.record["attempts"]] == ["first", "feedback"]
    assert counts(read.usage) == [2 * count for count in counts(alone.usage)]


@pytest.mark.parametrize("way", SPOKEN, ids=lambda way: way.name)
def test_the_first_answer_is_read_where_it_was_the_better_one(running: Site, way: Way) -> None:
    says(running, way, BAD, WORSE)
    read = way.ask(running.url, "12 × 13？")
    assert read.text == f"{BAD}\n\n請核對算式。"
    assert [one["chosen"] for one in running.record["attempts"]] == [True, False]
