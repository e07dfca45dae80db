"""Sentence ends: a verdict on a sentence must not depend on how a stream was cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.text.sentences import MAX_SENTENCE, sentence_ends, sentences

PIECES = [
    "你好", "。", "！", "？」", ". ", ".", "word ", "\n", "...", '"', "a" * 450, "a" * 390, "3.14", "…", "；", '!" ', "」", "he ", "他",
]  # fmt: skip
TEXT = st.lists(st.sampled_from(PIECES), max_size=15).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three", ["One.", " Two!", " Three"]),
        ("佢好好。你呢？我都好！", ["佢好好。", "你呢？", "我都好！"]),
        ("「走啊！」佢話。", ["「走啊！」佢話。"]),
        ("「走啊！」「好！」", ["「走啊！」", "「好！」"]),
        ("（走啊！）佢話。", ["（走啊！）", "佢話。"]),
        ('"Run!" he said. Then', ['"Run!" he said.', " Then"]),
        ('"Run!" They ran.', ['"Run!"', " They ran."]),
        ('"Run!"\nthen', ['"Run!"', "\n", "then"]),
        ("“跑！”他吼道，然后走了。", ["“跑！”他吼道，然后走了。"]),
        ("Pi is 3.14 today. Yes.", ["Pi is 3.14 today.", " Yes."]),
        ("- a\n- b\n", ["- a\n", "- b\n"]),
        ("", []),
    ],
)
def test_sentences(text, expected):
    assert [text[a:b] for a, b in sentences(text)] == expected


@given(TEXT)
def test_sentences_cover_the_text_and_are_bounded(text):
    spans = sentences(text)
    assert "".join(text[a:b] for a, b in spans) == text
    assert all(0 < b - a <= MAX_SENTENCE for a, b in spans)


@given(TEXT, st.lists(st.integers(0, 2000), max_size=20))
def test_a_stream_finds_the_sentences_of_the_whole(text, cuts):
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    ends: list[int] = []
    for place in places[1:]:
        begin = ends[-1] if ends else 0
        ends += [begin + end for end in sentence_ends(text[begin:place], final=place == len(text))]
    assert ends == sentence_ends(text)
