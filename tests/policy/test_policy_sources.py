"""Sources that a policy names: read with it, part of what it means, and a mistake in them is named with its cure."""

import pytest

from guardrail.errors import PolicyError
from guardrail.policy.load import MAX_SOURCE, load
from guardrail.types import Action, Context, Source, Unit
from tests.inprocess import InProcess
from tests.material import policy, rule

HOURS = "Open from 9 to 5. 公眾假期休息。"


def written(tmp_path, sources, **files):
    for name, content in files.items():
        (tmp_path / name.replace("_", ".")).write_bytes(content if isinstance(content, bytes) else content.encode())
    path = tmp_path / "p.yaml"
    path.write_text(f"version: 1\nname: mine\nsources:\n{sources}")
    return path


def test_files_and_places_are_read_with_the_policy(tmp_path):
    path = written(
        tmp_path,
        "  - file: hours.txt\n  - pointer: /meta~1data/docs/*/~0body\n  - file: more.json\n",
        hours_txt=HOURS,
        more_json='{"toll": 25}',
    )
    loaded = load(path)
    assert loaded.sources == (
        Source("policy", HOURS, title="hours.txt"),
        Source("policy", "toll: 25", title="more.json"),
    )
    assert loaded.pointers == (("meta/data", "docs", "*", "~body"),)


def test_what_a_file_says_is_part_of_the_revision(tmp_path):
    path = written(tmp_path, "  - file: hours.txt\n", hours_txt=HOURS)
    first = load(path).revision
    assert load(path).revision == first
    (tmp_path / "hours.txt").write_text(HOURS + "!")
    assert load(path).revision != first


@pytest.mark.parametrize(
    ("sources", "line", "words"),
    [
        ("  - file: none.txt\n", 4, "`none.txt` cannot be read: No such file or directory; it is looked for beside the policy"),
        ("  - pointer: /a\n  - file: big.txt\n", 5, "`big.txt` is larger than 1024 KiB; split it"),
        ("  - file: latin.txt\n", 4, "`latin.txt` is not UTF-8 at byte 2"),
        ("  - file: .\n", 4, "`.` cannot be read: Is a directory"),
        ("  - file: hours.txt\n    pointer: /a\n", 4, "a source is either `file: path` or `pointer: /place/in/the/request`"),
        ("  - {}\n", 4, "a source is either"),
        ("  - pointer: messages\n", 4, "`sources.0.pointer`"),
        ("  - pointer: /a~2\n", 4, "`sources.0.pointer`"),
        ("  - file: ''\n", 4, "`sources.0.file`"),
        ("  - fle: hours.txt\n", 4, "did you mean `file`?"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_cure(tmp_path, sources, line, words):
    path = written(tmp_path, sources, hours_txt=HOURS, big_txt=b"x" * (MAX_SOURCE + 1), latin_txt=b"ab\xe9")
    with pytest.raises(PolicyError) as caught:
        load(path)
    assert f"p.yaml:{line}: " in str(caught.value)
    assert words in str(caught.value)


class Listening:
    """A check of whole answers that remembers what they were to be held against."""

    name = "test.listening"
    kinds = ("error.heard",)
    unit = Unit.ANSWER
    heavy = False

    def __init__(self):
        self.heard: tuple[Source, ...] = ()

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts, context: Context):
        self.heard = context.material
        return [[] for _ in texts]


def test_an_answer_is_held_against_what_the_policy_names_too(tmp_path):
    check = Listening()
    named = Source("policy", HOURS, title="hours.txt")
    site = InProcess(
        policy(rule("error.*", Action.FLAG), sources=(named,), pointers=(("metadata", "docs", "*", "body"),)),
        [check],
        tmp_path,
    )
    body = {
        "messages": [{"role": "system", "content": "Be kind."}],
        "metadata": {"docs": [{"body": "one"}, {"body": "Be kind."}, {"body": '{"a": "二"}'}]},
    }
    site.ask(
        "/v1/chat/completions",
        body,
        {},
        [b'{"choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]}'],
    )
    assert check.heard == (Source("system", "Be kind."), Source("policy", "one"), Source("policy", "a: 二"), named)
