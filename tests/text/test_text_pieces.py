"""The tokenisers of the second readers against the library that was used in training.

If these fail, a network reads other pieces than it learnt from, and its scores mean nothing.
"""

import json

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import BertWordPieceTokenizer, Tokenizer, models, pre_tokenizers

from guardrail.detectors.bias.reader import file_of
from guardrail.models.store import DIRECTORY
from guardrail.text.pieces import LONGEST, UNKNOWN, Unigram, WordPiece


def shipped(language):
    """The pieces in the metadata of a reader."""
    network = onnx.load(str(DIRECTORY / file_of(language)), load_external_data=False)
    about = {entry.key: entry.value for entry in network.metadata_props}
    return [(piece, score) for piece, score in json.loads(about["pieces"])]


ENGLISH, CHINESE = shipped("en"), shipped("zh")
OURS = WordPiece([piece for piece, _ in ENGLISH])
THEIRS = BertWordPieceTokenizer({piece: at for at, (piece, _) in enumerate(ENGLISH)}, lowercase=True)
OURS_ZH = Unigram(CHINESE)
THEIRS_ZH = Tokenizer(models.Unigram(CHINESE, unk_id=UNKNOWN))
THEIRS_ZH.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")

TEXTS = [
    "you people are vermin", "they said \"women can't drive\", which is a lie!", "stup1d $hit... a-b_c", "naïve café Ünïcode",
    "内地人全部都是蝗虫,滚回去。", "佢哋唔系垃圾", "see 图5 in the book", "https example com", "a" * (LONGEST + 1), "x" * 60,
    "女 人 都 是", "tab\tand\nline", "🙂 ok", "1,234.5 metres", "don't", "",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_word_pieces_are_those_of_the_library(text):
    assert OURS.encode(text) == THEIRS.encode(text, add_special_tokens=False).ids


@given(st.text("abcXYZ '’-.!?1é你死女$\t\n🙂İß", max_size=60))
def test_word_pieces_of_any_text_are_those_of_the_library(text):
    assert OURS.encode(text) == THEIRS.encode(text, add_special_tokens=False).ids


def spelt(numbers):
    return "".join("?" if number == UNKNOWN else CHINESE[number][0] for number in numbers)


@pytest.mark.parametrize("text", [text for text in TEXTS if text])
def test_unigram_pieces_are_those_of_the_library(text):
    """Two cuts of one word may be equally likely; then either is right if it scores the same."""
    words = " ".join(text.split())
    ours, theirs = OURS_ZH.encode(words), THEIRS_ZH.encode(words).ids
    assert ours == theirs or sum(CHINESE[n][1] for n in ours) == pytest.approx(sum(CHINESE[n][1] for n in theirs))


@given(st.text("内地人女死滚回去好的天气abc 1,。🙂𡃁", max_size=50))
def test_unigram_pieces_spell_the_text(text):
    """Nothing is lost or doubled; what no piece spells is one unknown piece."""
    spelling = spelt(OURS_ZH.encode(text)).lstrip("▁").replace("▁", " ")
    rest = " ".join(text.split())
    for part in spelling.split("?"):
        at = rest.find(part)
        assert at >= 0
        rest = rest[at + len(part) :]


def test_a_long_word_costs_no_more_than_its_length():
    assert len(OURS_ZH.encode("死" * 20_000)) > 1_000
    assert OURS.encode("z" * 100_000) == [UNKNOWN]
