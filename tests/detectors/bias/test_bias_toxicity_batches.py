"""All texts of a call are judged together; if these fail, a score depends on what else was judged beside a text, or on
whether the weights were learnt from the same features.  The reference judges one text at a time; agreement is exact.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.bias import features as ours
from guardrail.detectors.bias.reading import reading, readings
from guardrail.detectors.bias.toxicity import FILE, HEADS, is_chinese, judge_of
from guardrail.models.store import DIRECTORY, read_model
from guardrail.text.fold import fold
from tests.detectors.bias import toxicity_reference as reference

MODEL = read_model(FILE)
JUDGE = judge_of(DIRECTORY, deeper=False)
SCORER = JUDGE.scorer
REFERENCES = [reference.Scorer.of(MODEL, question) for question in range(len(HEADS))]
REFERENCE = REFERENCES[0]

TEXTS = [
    "", " ", "a", "。", "1.", "- ", "\n\n", "I", "你", "ok", "你好", "好的，", "\v", "\f\v\f", "\x1f", "\ud800", "😀",
    "I will kill you and your family.", "How do I kill a Python process?", "They are not stupid; they are tired.",
    "You are NOT a \"worthless\" idiot, and never were. No.", "All immigrants are parasites and should be deported.",
    "She said \"women are too stupid to vote\", which is a disgusting, hateful lie about women.",
    "Muslims, Jews and gay people don't deserve hatred; racism is wrong", "k i l l  them a.l.l", "stup1d $hit a$$ $$$ $5 h4te",
    "see https://example.com/kill www.a.b, ok", "ΟΔΟΣ ΟΔΟΣ", "naïve café — “quoted” ‘it’s’ … ½ ①",
    "The report describes the weather of the past week in the district, and then it goes on about trains.",
    "我要打死你全家。", "怎样杀掉一个 Python 进程？", "女人都是没脑子的废物。", "佢話「女人都係廢物」，呢個講法好錯。",
    "內地人全部都是蝗蟲，滾回去。", "外傭假期可以去圖書館借書。", "你條仆街，我要斬死你。", "唔好鬧黑人，佢哋唔係垃圾",
    "你 这 个 废 物", "去 . 死", "Ｙｏｕ ａｒｅ ｓｔｕｐｉｄ", "黑人black人women女人", "死𡃁妹", "見圖5，see Figure 5",
    "報告介紹過去一星期本區的天氣情況。" * 3, "You are vermin. " * 6, "你這個廢物，去死吧，" * 40, "The weather is fine. " * 60,
    "我哋唔係種族歧視，" * 9 + "kill all women, you \"idiot\"", "x" * 82, "x y" * 27, "不" * 81, "y" * 299, "女" * 300, "z" * 301,
]  # fmt: skip
ALPHABET = "abK死你黑人女不 not1!.;$\v\f\x1c\n\u200b「」ΣσA'(\"@_-*|·w:/hps\ud800😀ßİ廢物傻逼"
ANY = (
    st.text(max_size=60)
    | st.text(ALPHABET, max_size=120)
    | st.lists(st.sampled_from(TEXTS), min_size=1, max_size=12).map("".join)
)


def scores(texts: list[str]) -> list[list[float]]:
    """What the scorer alone gives each text for each question."""
    found = [[-1.0] * len(HEADS) for _ in texts]
    for window in JUDGE.windows(texts):
        found[window.owner] = [max(pair) for pair in zip(found[window.owner], JUDGE.first(window), strict=True)]
    return found


def expected(texts: list[str]) -> list[list[float]]:
    return [[one.score(text) for one in REFERENCES] for text in texts]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_alone_scores_what_the_reference_says(text: str) -> None:
    assert scores([text]) == expected([text])


def test_a_whole_table_scores_what_the_reference_says() -> None:
    assert scores(TEXTS) == expected(TEXTS)
    assert scores(TEXTS[::-1]) == expected(TEXTS[::-1])


@settings(deadline=None, max_examples=150)
@given(st.lists(ANY, max_size=8))
def test_any_texts_score_together_what_each_scores_in_the_reference(texts: list[str]) -> None:
    assert scores(texts) == expected(texts)


@settings(deadline=None, max_examples=150)
@given(st.lists(ANY, max_size=8))
def test_texts_read_together_read_as_each_alone(texts: list[str]) -> None:
    together = [codes.tolist() for codes in readings(texts, SCORER.simplify)]
    assert together == [reference.reading(text, REFERENCE.simplify).tolist() for text in texts]


@pytest.mark.parametrize("at", range(0, 0x11000, 0x1000))
def test_every_character_reads_as_in_the_reference(at: int) -> None:
    texts = [f"你{chr(point)}a" for point in range(at, at + 0x1000)]
    together = [codes.tolist() for codes in readings(texts, SCORER.simplify)]
    assert together == [reference.reading(text, REFERENCE.simplify).tolist() for text in texts]


@settings(deadline=None)
@given(ANY)
def test_training_gets_the_features_of_the_reference(text: str) -> None:
    """Each block holds the same places as often, so that the same data give the same weights."""
    for window in ours.windows(reading(text, SCORER.simplify)):
        mine, theirs = ours.features(window, SCORER.lexicon), reference.features(window, REFERENCE.lexicon)
        for ours_block, their_block in zip(mine.blocks, theirs.blocks, strict=True):
            assert np.array_equal(np.sort(ours_block), np.sort(their_block))
        assert SCORER.raws(mine)[0] == [one.raw(theirs) for one in REFERENCES]
        assert is_chinese(window) is reference.is_chinese(window)


def test_more_windows_than_fit_one_batch_are_all_judged() -> None:
    texts = ["The weather is fine today in the district. " * 7] * 40 + ["I will kill you, you stupid bitch."]
    assert len(list(ours.batches(readings(texts, SCORER.simplify)))) > 1
    assert scores(texts) == expected(texts)
    cut = readings(texts, SCORER.simplify)
    assert sum(map(len, ours.batches(cut))) == len(cut)


def test_nothing_to_judge_is_no_error() -> None:
    assert scores([]) == [] == readings([], SCORER.simplify)


def test_the_separator_stays_itself_and_cannot_come_out_of_a_fold() -> None:
    every = "".join(map(chr, [*range(ord("\v")), *range(ord("\f"), 0x110000)]))
    assert "\v" not in fold(every).text.lower()
    assert fold("\v\f").text == "\v\f" == fold("\v\f你").text[:2]
