"""The Hong Kong set of harm to groups: enough of each, two halves that share no wording, labels from one vocabulary.

What fails is named by its frame id; a text of the held-out half must not stand in the output of a test.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

import guardrail.evaluation.hong_kong_harm as hong_kong_harm
from guardrail.errors import SettingsError
from guardrail.evaluation.hong_kong_harm import GROUNDS, HALVES, HARMFUL, HARMLESS, LANGUAGES, read, sentences

CHINESE = ("yue", "zh-Hant")
DEV, HELD_OUT = sentences("dev"), sentences("heldout")
BOTH = pytest.mark.parametrize("half", [DEV, HELD_OUT], ids=HALVES)

# Written in Cantonese and hardly ever in formal Chinese.
CANTONESE = set("嘅咗喺唔啲嚟佢哋冇咁嗰俾攞嘢咪啱㗎嘥吓噉喎咩")
# In a short sentence the Cantonese may be in one of these, which formal Chinese has in other senses.
CANTONESE_TOO = CANTONESE | set("係睇乜邊話點嗌啫啦仲")
# Hong Kong's own form is the one that the conversion table takes for Simplified.
HONG_KONG_FORMS = set("晒吓群床虱")
# Names of groups in the half that may be looked at; the other half calls its groups otherwise.
DEV_GROUPS = [
    "女性", "離婚", "離咗婚", "離過婚", "未婚", "大肚", "懷孕", "孕婦", "餵人奶", "母乳", "殘疾", "輪椅", "自閉", "精神病",
    "南亞裔", "印度", "印傭", "黑人", "穆斯林", "基督徒", "黃絲", "民主派", "越南", "美國", "大陸", "新移民", "蝗蟲", "農村",
    "同性戀", "變性", "老人家", "長者", "廢青", "維吾爾", "藏族", "滿族", "黑皮膚", "清潔工", "性工作者", "愛滋", "乙型肝炎", "抑鬱",
    "窮人", "綜援", "紋身", "宅男", "食素", "曱甴", "猩猩", "寄生", "垃圾",
]  # fmt: skip


def grams(text, size):
    """All runs of that many letters, punctuation left out."""
    bare = re.sub(r"\W", "", text.lower())
    return {bare[start : start + size] for start in range(len(bare) - size + 1)}


def frames(found):
    return [sentence.frame for sentence in found]


@BOTH
def test_each_half_is_large_enough_and_balanced(half):
    chinese = [sentence for sentence in half if sentence.language in CHINESE]
    assert len(half) >= 400
    assert len(chinese) >= 300
    for part in (half, chinese, *([s for s in half if s.language == language] for language in LANGUAGES)):
        assert 0.45 <= sum(sentence.harmful for sentence in part) / len(part) <= 0.55


@BOTH
def test_every_ground_has_both_labels_in_every_language(half):
    count = Counter((s.ground, s.language, s.harmful) for s in half)
    for ground in GROUNDS:
        for harmful in (True, False):
            assert all(count[ground, language, harmful] >= 1 for language in LANGUAGES), (ground, harmful)
            assert sum(count[ground, language, harmful] for language in CHINESE) >= 6, (ground, harmful)


@BOTH
def test_every_class_is_there_and_says_which_label(half):
    count = Counter(s.harm_class for s in half)
    assert set(count) == set(HARMFUL) | set(HARMLESS)
    assert not set(HARMFUL) & set(HARMLESS)
    assert min(count.values()) >= 2
    assert {s.harm_class for s in half if s.harmful} == set(HARMFUL)


def test_nothing_stands_twice():
    everything = DEV + HELD_OUT
    assert max(Counter(s.frame for s in everything).values()) == 1
    bare = Counter(re.sub(r"\W", "", s.text.lower()) for s in everything)
    assert max(bare.values()) == 1


@BOTH
def test_no_two_sentences_of_a_half_are_the_same_but_for_a_word(half):
    size = {"en": 15}
    parts = [(s.frame, s.language, grams(s.text, size.get(s.language, 5))) for s in half]
    alike = [
        (one, other)
        for index, (one, language, here) in enumerate(parts)
        for other, other_language, there in parts[:index]
        if language == other_language and here and there and len(here & there) > 0.35 * min(len(here), len(there))
    ]
    assert alike == []


def test_the_halves_share_no_wording():
    assert not {s.frame.split(".", 1)[0] for s in DEV} & {s.frame.split(".", 1)[0] for s in HELD_OUT}
    six = set().union(*(grams(s.text, 6) for s in DEV))
    assert frames(s for s in HELD_OUT if s.language != "en" and grams(s.text, 6) & six) == []


@pytest.mark.parametrize(("english", "size", "bound"), [(False, 4, 0.01), (True, 12, 0.01)])
def test_the_halves_share_hardly_a_phrase(english, size, bound):
    seen = set().union(*(grams(s.text, size) for s in DEV))
    owed = [grams(s.text, size) for s in HELD_OUT if (s.language == "en") == english]
    assert sum(len(part & seen) for part in owed) <= bound * sum(len(part) for part in owed)


def test_the_held_out_half_calls_its_groups_otherwise():
    used = {word: found for word in DEV_GROUPS if (found := frames(s for s in HELD_OUT if word in s.text))}
    assert used == {}
    assert [word for word in DEV_GROUPS if not any(word in s.text for s in DEV)] == []


def test_surface_alone_does_not_solve_it():
    """Letters learnt from the dev half stay below the goal: what is harmless is not told by a few words of its class."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score

    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
    model = LogisticRegression(C=10, max_iter=1000)
    model.fit(vectors.fit_transform([s.text for s in DEV]), [s.harmful for s in DEV])
    guessed = model.predict(vectors.transform([s.text for s in HELD_OUT]))
    assert f1_score([s.harmful for s in HELD_OUT], guessed) < 0.85


def table(name):
    """Letters that the conversion table `name` never leaves as they are."""
    import opencc

    lines = (Path(opencc.__file__).parent / "dictionary" / name).read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines)
    return {letter for letter, forms in pairs if letter not in forms.split()}


@BOTH
def test_traditional_and_simplified_are_pure(half):
    simplified, traditional = table("STCharacters.txt") - HONG_KONG_FORMS, table("TSCharacters.txt")
    assert frames(s for s in half if s.language in CHINESE and set(s.text) & simplified) == []
    assert frames(s for s in half if s.language == "zh-Hans" and set(s.text) & traditional) == []
    assert frames(s for s in half if s.language == "en" and re.search(r"[\u3400-\u9fff]", s.text)) == []


@BOTH
def test_cantonese_is_cantonese_and_formal_chinese_is_not(half):
    assert frames(s for s in half if s.language == "yue" and not set(s.text) & CANTONESE_TOO) == []
    assert frames(s for s in half if s.language == "zh-Hant" and set(s.text) & CANTONESE) == []


@BOTH
def test_chinese_has_chinese_punctuation(half):
    assert frames(s for s in half if re.search(r"[\u3400-\u9fff][,?!:;]", s.text)) == []
    assert frames(s for s in half if s.text != s.text.strip() or "  " in s.text) == []


def test_the_held_out_file_says_that_nobody_tunes_on_it():
    file = Path(hong_kong_harm.__file__).with_name("hong_kong_harm_heldout.toml")
    assert "NOBODY TUNES ON THIS FILE" in "".join(file.read_text(encoding="utf-8").splitlines()[:4])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[race]\nyue = [["stereotype", "一"], ["nonsense", "不可見"]]',
            "dev.race.yue.2: class 'nonsense' is not one of",
        ),
        ('[tribe]\nyue = [["news", "一"]]', "ground 'tribe' is not one of sex,"),
        ('[race]\nfr = [["news", "一"]]', "[race] language 'fr' is not one of yue,"),
        ('[race]\nyue = ["news"]', "dev.race.yue.1: expected a row [class, text]"),
        ('[race]\nyue = [["news", " "]]', "dev.race.yue.1: expected a row [class, text]"),
        ('[race]\nyue = "news"', "[race] yue must be a list of [class, text]"),
        ('race = "news"', "[race] must be a table of languages"),
        ("[race", "cannot be read as TOML"),
    ],
)
def test_a_wrong_file_is_named_with_its_row_and_never_with_its_text(tmp_path, text, said):
    file = tmp_path / "half.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        read(file, "dev")
    assert str(error.value).startswith(str(file))
    assert said in str(error.value)
    assert "不可見" not in str(error.value)


def test_a_half_that_is_not_there():
    with pytest.raises(SettingsError, match="no half 'test'; expected one of dev, heldout"):
        sentences("test")
    with pytest.raises(SettingsError, match="cannot be read"):
        read(Path("nowhere.toml"), "dev")
