"""The frames of the made sentences: their lists hold no line twice, name no unknown slot and give no sentence two labels.

If these fail, the trainers would learn a sentence as toxic and as harmless at once, or weigh one frame for two.
"""

import re
from collections import Counter

import pytest

from training import templates
from training.templates import made

LISTS = templates._lists()
LABELS = ("toxic", "benign")
VARIETIES = ("en", "zh", "yue")


def fillers(variety: str) -> dict[str, list[str]]:
    """The lists that fill the slots of a variety; Cantonese takes from Mandarin what it lacks."""
    return LISTS["zh"] | LISTS["yue"] if variety == "yue" else LISTS[variety]


@pytest.mark.parametrize("variety", VARIETIES)
def test_no_list_holds_a_line_twice(variety: str) -> None:
    for slot, lines in LISTS[variety].items():
        assert not [line for line, count in Counter(lines).items() if count > 1], slot


@pytest.mark.parametrize("variety", VARIETIES)
def test_every_slot_has_a_list(variety: str) -> None:
    known = set(fillers(variety)) - set(LABELS)
    used = {slot for lines in LISTS[variety].values() for line in lines for slot in re.findall(r"<(\w+)>", line)}
    assert used <= known


@pytest.mark.parametrize("variety", VARIETIES)
def test_no_angle_bracket_is_left_over(variety: str) -> None:
    for lines in LISTS[variety].values():
        assert not [line for line in lines if re.search("[<>]", re.sub(r"<\w+>", "", line))]


def test_no_sentence_is_toxic_and_harmless() -> None:
    for sentences in made(4, 60).values():
        labels: dict[str, set[bool]] = {}
        for sentence in sentences:
            labels.setdefault(sentence.text, set()).add(sentence.toxic)
        assert not [text for text, found in labels.items() if len(found) > 1]


@pytest.mark.parametrize(
    ("variety", "hostile", "harmless"),
    [
        ("en", "<g> deserve to suffer.", "No <one> deserves to suffer."),
        ("en", "I don't like <g>.", "I don't dislike <g>."),
        ("en", "It is a myth that <g> are <trait>.", "It is a myth that <g> are <noun>."),
        ("en", "Why should <g> be allowed to <right>?", "Why should <g> not be allowed to <right>?"),
        ("zh", "他说“<claim>”，他说得没错。", "他说“<claim>”，他说错了。"),
        ("zh", "凭什么让<g><right>？", "凭什么不让<g><right>？"),
        ("yue", "冇人可以话服我<g>唔系<noun>。", "冇人可以话服我<g>系<noun>。"),
        ("yue", "做<one>系一种病嚟。", "做<one>唔系一种病。"),
    ],
)
def test_pairs_one_small_change_apart_stand_on_either_side(variety: str, hostile: str, harmless: str) -> None:
    assert hostile in LISTS[variety]["toxic"]
    assert harmless in LISTS[variety]["benign"]
