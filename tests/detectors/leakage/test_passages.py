"""The matcher of known passages: what counts as a copy, and that streams change nothing."""

import random
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.leakage.passages import (
    CHARACTER,
    POSTINGS,
    SHINGLE,
    WORD,
    Passage,
    PassageWatch,
    Piece,
    Terms,
    Tokens,
    is_solo,
    piece,
    plain,
    shingles,
    tokens,
    weight,
)
from guardrail.text.fold import fold
from guardrail.types import Finding

ENGLISH = (
    "Refunds above five thousand dollars need the approval of the duty manager, whose extension is 4471. If a customer "
    "asks about fees, first offer the gold account and only then mention that the basic account is free of charge."
)
CHINESE = "超過五千元的退款須經當值經理批准，內線號碼為四四七一。如客戶查詢收費，請先推介金戶口，其後才可提及基本戶口免收月費。"
MIXED = "處理refund個案時，要先check清楚客人嘅account number同埋HKID，冇manager嘅approval唔可以過數，仲要喺CRM入面留低record。"


class Known:
    """A plain index over whole texts."""

    def __init__(self, *texts: str) -> None:
        self.postings: dict[tuple[str, ...], list[tuple[int, int]]] = {}
        for document, text in enumerate(texts):
            for position, shingle in shingles(tokens(text)):
                self.postings.setdefault(shingle, []).append((document, position))
        self.openings = {shingle[:size] for shingle in self.postings for size in range(1, len(shingle))}

    def hits(self, words, first):
        return [(i, len(s), self.postings[s][:POSTINGS]) for i, s in shingles(words, first) if s in self.postings]

    def opens(self, words):
        return tuple(words) in self.openings


class Blind(Known):
    """One that cannot tell how a shingle begins."""

    def opens(self, words):
        return True


INDEX = Known(ENGLISH, CHINESE, MIXED)


def judge(passage: Passage) -> Finding:
    return Finding("passage", passage.covered / 1000, passage.start, passage.end, "test", repr(passage))


def watched(text: str, cuts=(), index=INDEX, terms: Terms = Terms()) -> list[Finding]:  # noqa: B008
    """What a watch says of a text cut at `cuts`; fails where something left that was found afterwards."""
    watch, left, found = PassageWatch(index, terms, judge), 0, []
    edges = [0, *cuts, len(text)]
    for start, end in pairwise(edges):
        watch.feed(text[start:end])
        limit, more = watch.settle(final=False)
        assert left <= limit <= end
        assert all(left <= finding.start for finding in more)
        left, found = limit, found + more
    limit, more = watch.settle(final=True)
    assert limit == len(text)
    assert all(left <= finding.start for finding in more)
    return found + more


def spans(text: str, **given) -> list[str]:
    return [text[f.start : f.end] for f in watched(text, **given)]


def every(words: list[str], period: int, offset: int) -> str:
    return " ".join("another" if index % period == offset else word for index, word in enumerate(words))


# --- tokens ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Don't say “NO” -- ever_more!", ["don", "t", "say", "no", "ever", "more"]),
        ("繁體字2024年ABC", ["繁", "体", "字", "2024", "年", "abc"]),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", ["full", "width"]),
        ("zero\u200bwidth\u00ad", ["zerowidth"]),
        ("ΣΑΣ σας ΟΔΟΣ", [w.replace("ς", "σ") for w in ("σaσ", "σaσ", "oδoσ")]),
        ("İstanbul ist", ["istanbul", "ist"]),
        ("x" * 130, ["x" * 64, "x" * 64, "xx"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("ひらがな", list("ひらがな")),
    ],
)
def test_tokens(text, expected):
    assert [token.replace("α", "a").replace("ο", "o") for token in tokens(text)] == expected


@given(st.text())
def test_reading_drops_and_unfolds_what_folding_does(text):
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    read = piece(text, 0)
    assert len(read.text) == len(fold(text).text) == len(read.starts) == len(plain(read.text))
    assert plain(read.text).casefold() == plain(fold(text).text).casefold()


def test_a_shingle_weighs_three_words_or_five_characters():
    words = tokens(MIXED)
    for index, shingle in shingles(words):
        assert tuple(words[index + 1 - len(shingle) : index + 1]) == shingle
        assert sum(map(weight, shingle)) >= SHINGLE > sum(map(weight, shingle[1:]))
    assert {len(s) for _, s in shingles(tokens(ENGLISH))} == {3}
    assert {len(s) for _, s in shingles(tokens(CHINESE))} == {5}


@given(st.lists(st.sampled_from(["a", "bank", "銀", "行", "7"]), max_size=30), st.integers(0, 30))
def test_shingles_from_a_token_on_are_those_of_the_whole(words, first):
    assert shingles(words, first) == [(i, s) for i, s in shingles(words) if i >= first]


# --- what is a copy -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, MIXED])
@pytest.mark.parametrize("frame", ["{}", "Sure! {} Anything else?", "好的：{}仲有冇其他？"])
def test_a_whole_copy_is_one_finding_over_exactly_the_copy(text, frame):
    if frame.startswith("好") and text is MIXED:
        text = text[2:]  # its first character would be read on from the frame's last, as a reader would
    whole = frame.format(text)
    [found] = spans(whole)
    assert text.rstrip("。.") == found


def test_punctuation_case_script_and_line_breaks_change_nothing():
    words = ENGLISH.replace(",", "").replace(".", "").split()
    assert len(spans("\n> **".join(words).upper())) == 1
    assert len(spans("，".join(CHINESE.replace("，", "").replace("。", "")))) == 1
    simplified = "超过五千元的退款须经当值经理批准，内线号码为四四七一。如客户查询收费，请先推介金户口"
    assert spans(f"答：{simplified}！") == [simplified]


@pytest.mark.parametrize("offset", range(5))
def test_thirty_words_with_one_in_five_changed_are_a_copy(offset):
    words = ENGLISH.split()[:30]
    [found] = spans(f"Well. {every(words, 5, offset)} That is all.")
    assert len(found.split()) >= 24


@pytest.mark.parametrize("offset", range(10))
def test_fifty_characters_with_two_in_ten_changed_are_a_copy(offset):
    line = CHINESE.replace("，", "").replace("。", "")[:50]
    changed = "".join("某" if (index - offset) % 10 in (0, 1) else c for index, c in enumerate(line))
    [found] = spans(f"答：{changed}完")
    assert len(found) >= 34


def test_words_put_in_or_left_out_do_not_part_a_copy():
    words = ENGLISH.split()
    more = " ".join(f"{word} very" if index % 6 == 5 else word for index, word in enumerate(words))
    less = " ".join(word for index, word in enumerate(words) if index % 6 != 5)
    assert len(spans(more)) == len(spans(less)) == 1


def test_common_words_in_another_order_are_no_copy():
    assert (
        spans("The manager of the account is free to offer a refund, if the customer asks about the gold fees.") == []
    )
    assert spans("如客戶想查詢基本戶口的收費，經理會先推介退款。") == []


def test_a_text_between_two_copies_is_not_part_of_either():
    between = "Nothing in this part was ever written in the text that we look for, it is all our own. " * 2
    first, second = " ".join(ENGLISH.split()[:14]), " ".join(ENGLISH.split()[20:34])
    assert spans(f"{first} {between} {second}") == [first.rstrip("."), second.rstrip(",.")]


def test_a_copy_that_thins_out_is_not_drawn_out_over_what_is_no_copy():
    words = [f"word{number}" for number in range(160)]
    thin = " ".join(" ".join(words[at : at + 3]) + " one two three four five" for at in range(20, 152, 8))
    text = " ".join(words[:14]) + " other words " + thin
    found = watched(text, index=Known(" ".join(words)))
    assert found[0].start == 0
    for finding in found:
        assert 1000 * finding.score >= WORD * len(text[finding.start : finding.end].split()) / 2


def test_a_passage_that_stands_twice_in_what_is_known_is_told_once():
    assert len(watched(ENGLISH, index=Known(ENGLISH, ENGLISH + " " + ENGLISH))) == 1


def test_a_long_copy_comes_in_pieces_that_leave_nothing_between():
    dice = random.Random(1)
    long = " ".join("".join(dice.choices("abcdefghij", k=6)) for _ in range(1000))
    found = watched(long, index=Known(long))
    assert len(found) > 5
    assert (found[0].start, found[-1].end) == (0, len(long))
    assert all(first.end == second.start for first, second in pairwise(found))
    assert all(found.end - found.start < 96 * 8 for found in found)


def test_parts_say_which_positions_are_repeated():
    words = ENGLISH.split()
    [finding] = watched(" ".join(words[4:20]))
    assert "document=0" in finding.evidence
    assert "parts=((4, 19),)" in finding.evidence


# --- streams --------------------------------------------------------------------------------------------------------

FRAGMENTS = st.one_of(
    st.sampled_from([ENGLISH, CHINESE, MIXED]).flatmap(
        lambda text: st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(
            lambda ends: text[min(ends) : max(ends)]
        )
    ),
    st.sampled_from([" ", "\n", "the ", "。", "a" * 70, "\u200b", "ﬁ", "É", "e\u0301", "銀行"]),
    st.text(max_size=8),
)
TEXTS = st.lists(FRAGMENTS, max_size=8).map("".join)


@given(TEXTS, st.data())
def test_pieces_change_no_finding_and_nothing_of_one_leaves_before_it(text, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=30)))
    whole = watched(text)
    assert watched(text, cuts) == whole
    assert watched(text, range(1, len(text))) == whole


@pytest.mark.parametrize("size", range(14))
@pytest.mark.parametrize("filler", ["other ", "別"])
def test_a_gap_of_any_length_is_judged_alike_in_pieces(size, filler):
    words = ENGLISH.split()
    text = f"{' '.join(words[:9])} {filler * size} {' '.join(words[9 + size : 20 + size])} and more than that to follow here"
    assert watched(text, range(1, len(text))) == watched(text)


def test_more_runs_at_a_time_than_are_followed_are_judged_all_the_same():
    texts = [" ".join(f"d{document}w{word}" for word in range(9)) for document in range(20)]
    text = " ".join(texts)
    found = watched(text, index=Known(*texts), terms=Terms(gap=10_000))
    assert len(found) == 20
    assert watched(text, range(1, len(text)), index=Known(*texts), terms=Terms(gap=10_000)) == found


@given(TEXTS)
def test_an_index_that_cannot_tell_beginnings_only_waits_longer(text):
    blind = Blind(ENGLISH, CHINESE, MIXED)
    assert watched(text, range(0, len(text), 3), index=blind) == watched(text)


def test_text_that_has_nothing_to_do_with_it_waits_for_the_word_being_written_alone():
    text = "Hong Kong has eighteen districts; 香港有十八區，每區都有自己嘅特色"
    for end in range(len(text) + 1):
        watch = PassageWatch(INDEX, Terms(), judge)
        watch.feed(text[:end])
        limit, _ = watch.settle(final=False)
        rest = text[limit:end]
        assert rest.isalnum() or not rest
        assert end - limit <= 9


def test_after_a_pause_the_text_goes_on_and_what_was_said_stays_said():
    words = ENGLISH.split()
    watch = PassageWatch(INDEX, Terms(), judge)
    watch.feed(" ".join(words[:15]))
    limit, found = watch.settle(final=True)
    assert limit == len(" ".join(words[:15]))
    assert len(found) == 1
    watch.feed(" and " + " ".join(words[15:30]))
    _, more = watch.settle(final=True)
    assert len(more) == 1
    assert more[0].start >= limit


# --- scripts --------------------------------------------------------------------------------------------------------

SCRIPTS = {
    "Hangul": "당신은 푸온은행의 고객 서비스 도우미이며 신용카드와 이 두 수 안 할 수 있고 내부 금리표를 절대로 공개해서는 안 됩니다.",
    "Hangul jamo": unicodedata.normalize(
        "NFD", "당신은 푸온은행의 고객 서비스 도우미이며 신용카드와 내부 금리표를 절대로 공개해서는 안 됩니다."
    ),
    "Georgian": "თქვენ ხართ ბანკის ასისტენტი და არ უნდა გაამხილოთ შიდა განაკვეთი ა ბ გ არც ერთ მომხმარებელს",
    "Thai": "คุณเป็นผู้ช่วยของธนาคารและต้องไม่เปิดเผยอัตราดอกเบี้ยภายในแก่ลูกค้าทุกคนไม่ว่ากรณีใดน้ำ",
    "Tibetan": "ཁྱེད་རང་དངུལ་ཁང་གི་ལས་རོགས་ཡིན་པས་ནང་ཁུལ་གྱི་སྐྱེད་ཚད་མི་སུ་ལའང་བཤད་མི་ཆོག",
    "Ethiopic": "እርስዎ የባንኩ ረዳት ነዎት እና የውስጥ የወለድ ምጣኔን ለማንም ደንበኛ መግለጽ የለብዎትም በ ከ ለ ምንም ቢሆን",
    "Vietnamese": "Bạn là trợ lý của ngân hàng và ở ạ không được tiết lộ bảng lãi suất nội bộ cho bất kỳ khách hàng nào ế",
    "Vietnamese, marks apart": unicodedata.normalize(
        "NFD", "Bạn là trợ lý của ngân hàng và không được tiết lộ bảng lãi suất"
    ),
    "Arabic": "أنت مساعد البنك و يجب ألا تكشف جدول أسعار الفائدة الداخلي لأي عميل مهما كانت الظروف أو الأسباب",
    "Hebrew": "אתה העוזר של הבנק ואסור לך לגלות את טבלת הריבית הפנימית לאף לקוח בשום מקרה ו ה ש",
    "Devanagari": "आप बैंक के सहायक हैं और आपको आंतरिक ब्याज दर तालिका किसी भी ग्राहक को नहीं बतानी चाहिए व न",
    "emoji": "😀 bank 🏦 never 🙅 show 👩‍👩‍👧 the 🇭🇰 table 📈 to any customer ❤️ at all whatever he may say or ask",
    "mixed": "처리 refund 個案時 이 ก็ต้อง check გ 清楚 客人 ạ account number و 同埋 የ HKID ה 唔可以 過數 व 留低 record",
}
TONGUES = Known(*SCRIPTS.values())
SCRIPT_TEXTS = st.lists(
    st.one_of(
        st.sampled_from(sorted(SCRIPTS.values())).flatmap(
            lambda text: st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(
                lambda ends: text[min(ends) : max(ends)]
            )
        ),
        st.sampled_from(sorted(SCRIPTS.values())),
        st.sampled_from(
            [" ", "\n", "，", "이", "გ", "ạ", "ก", "ཀ", "በ", "\u200b", "\u0301", "🏦", "Ａ", "ㄱ", "ᄒ", "\uac00"]
        ),
        st.characters(exclude_categories=("Cs",)),
    ),
    max_size=6,
).map("".join)


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_copy_in_any_script_that_arrives_in_small_pieces_is_the_same_copy(script, size):
    text = f"답, 答: {SCRIPTS[script]}\n"
    whole = watched(text, index=TONGUES)
    assert whole
    assert watched(text, range(size, len(text), size), index=TONGUES) == whole


@given(SCRIPT_TEXTS, st.data())
def test_pieces_change_no_finding_in_any_script(text, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=30)))
    whole = watched(text, index=TONGUES)
    assert watched(text, cuts, index=TONGUES) == whole
    assert watched(text, range(1, len(text)), index=TONGUES) == whole


@given(SCRIPT_TEXTS, st.data())
def test_tokens_are_the_same_however_a_text_of_any_script_is_cut(text, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=30)))
    cutter, words = Tokens(), []
    for start, end in pairwise([0, *cuts, len(text)]):
        words += cutter.feed(piece(text[start:end], start)).words
    assert words + cutter.feed(Piece("", (), ()), final=True).words == tokens(text)


def test_a_word_of_one_letter_is_a_word_and_only_a_script_without_blanks_has_characters():
    assert not any(map(is_solo, ["이", "ა", "በ", "ạ", "ᄒ", "ㄱ", "و", "व", "a", "銀行", ""]))
    assert all(map(is_solo, "銀ひカㄅกກကក〇𠮷"))


def test_a_letter_in_disguise_reads_alike_whatever_stands_beside_it():
    for written in ("ＷＷ９１", "𝗪𝗪𝟵𝟭"):
        assert piece(written, 0).text == piece("\u200b" + written, 0).text == "WW91"


# --- hostile texts --------------------------------------------------------------------------------------------------

HOSTILE = {
    "one token": "a " * 20_000,
    "two tokens": "a b " * 10_000,
    "one long word": "a" * 40_000,
    "the beginning of a passage": "Refunds above five thousand " * 1_500,
    "one character": "超" * 40_000,
    "copies": ENGLISH * 180,
    "nothing": "'" * 40_000,
}


def test_weights_say_that_fifteen_words_are_twenty_five_characters():
    assert 15 * WORD == 25 * CHARACTER
