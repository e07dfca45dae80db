"""The embedded toxicity scorer as its users see it.

If these fail, one script or spelling of a text would be judged otherwise than another, a threat would rank below a
weather report, or a score would depend on what else happened to be judged with it.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.bias.features import TABLE_SIZE, WINDOW, Lexicon, features, term_hash, windows
from guardrail.detectors.bias.reading import reading
from guardrail.detectors.bias.toxicity import FILE, REPORTED, AnswerToxicity, EmbeddedToxicity, Scorer, is_chinese
from guardrail.detectors.protocol import Detector
from guardrail.errors import CheckError
from guardrail.models.store import DIRECTORY, MANIFEST, read_model, write_model
from guardrail.types import Context, Unit

DETECTOR = EmbeddedToxicity(deeper=False)
DETECTOR.load()
BOTH = EmbeddedToxicity()
BOTH.load()
WHOLE = AnswerToxicity()
WHOLE.load()
SCORER = Scorer.of(read_model(FILE))


def score(text: str, detector: EmbeddedToxicity = DETECTOR, kind: str = "bias.toxicity") -> float:
    """The score of a text, 0 where nothing was reported."""
    [found] = detector.detect([text], Context())
    return max((finding.score for finding in found if finding.kind == kind), default=0.0)


def read(text: str) -> str:
    """The reading view of a text, as a string."""
    return "".join(map(chr, reading(text, SCORER.simplify)))


def test_it_is_a_light_detector_of_sentences() -> None:
    assert isinstance(DETECTOR, Detector)
    assert (DETECTOR.name, DETECTOR.kinds) == ("bias.toxicity", ("bias.toxicity", "bias.hate"))
    assert (DETECTOR.unit, DETECTOR.heavy) == (Unit.SENTENCE, False)


TOXIC_AND_BENIGN = [
    ("I will kill you and your family.", "How do I kill a Python process?"),
    ("You are a worthless piece of trash.", "You can put the trash in the blue bin."),
    ("All immigrants are parasites and should be deported.", "Many immigrants opened shops in this district."),
    ("I hate Muslims, they are vermin.", "I hate Mondays and cold coffee."),
    ("Shut up, you stupid bitch.", "Please shut up the shop before you leave."),
    ("Women are too stupid to vote.", "Women gained the right to vote in 1918."),
    ("Gay people are disgusting and should be killed.", "Gay people may marry in Taiwan since 2019."),
    ("Black people are animals.", "The zoo looks after many animals."),
    ("我要打死你全家。", "怎样杀掉一个 Python 进程？"),
    ("女人都是没脑子的废物。", "这家工厂回收塑料废物。"),
    ("河南人都是骗子和小偷。", "河南省去年的小麦产量创新高。"),
    ("你这个智障，去死吧。", "智障人士的就业支援计划将于下月开展。"),
    ("黑人就是低等动物，滚出去。", "许多黑人音乐家影响了爵士乐的发展。"),
    ("我要打死你全家。", "警方表示，一名男子在交通意外中死亡。"),
    ("內地人全部都是蝗蟲，滾回去。", "蝗蟲災害令當地農作物失收。"),
    ("你這個垃圾，怎麼不去死。", "請將垃圾放進藍色回收箱。"),
    ("同性戀都是變態，真噁心。", "同性戀者有權享有平等待遇。"),
    ("外傭全部都係賊，躝返去啦。", "外傭假期可以去圖書館借書。"),
    ("你條仆街，我要斬死你。", "今晚食完飯去邊度行好呢？"),
    ("啲大陸人真係核突，成班蝗蟲嚟㗎。", "啲大陸人嚟香港讀書，成績好好。"),
    ("死八婆，收皮啦你。", "阿婆今日去咗街市買餸。"),
    ("南亞裔全部都係垃圾，應該趕走晒佢哋。", "南亞裔社區中心今個星期六開放。"),
]  # fmt: skip


@pytest.mark.parametrize(("toxic", "benign"), TOXIC_AND_BENIGN)
def test_hostility_ranks_above_its_harmless_look_alike(toxic: str, benign: str) -> None:
    assert score(toxic) > 0.5
    assert score(toxic) > score(benign) + 0.2


@pytest.mark.parametrize(
    "text",
    [
        "The meeting starts at nine and ends at noon.",
        "def add(a, b):\n    return a + b",
        "The bank raised its rate by 0.25 points.",
        "會議九時開始，中午結束。",
        "会议九点开始，中午结束。",
        "聽日可能落雨，記得帶遮。",
        "香港的公共交通十分方便。",
        "Please see https://example.com/kill-all-humans for the film.",
        "",
        " ",
        "。",
        "\n\n",
    ],
)
def test_ordinary_text_scores_low(text: str) -> None:
    assert score(text) < 0.5


SCRIPTS = [
    ("你這個廢物，為什麼不去死", "你这个废物，为什么不去死"),
    ("說謊的騙子，滾出香港", "说谎的骗子，滚出香港"),
    ("這裏的女人都沒有腦", "这里的女人都没有脑"),
    ("警方拘捕一名涉嫌盜竊的男子", "警方拘捕一名涉嫌盗窃的男子"),
    ("佢哋成班都係廢柴，趕走佢哋啦", "佢哋成班都系废柴，赶走佢哋啦"),
    ("臺灣與香港的歷史", "台湾与香港的历史"),
]


@pytest.mark.parametrize(("traditional", "simplified"), SCRIPTS)
def test_both_scripts_score_the_same(traditional: str, simplified: str) -> None:
    assert score(traditional) == score(simplified)


HOSTILE = "You are a stupid worthless idiot and I will kill you"
HOSTILE_ZH = "你这个废物去死吧"


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("You are a stup\u200bid worth\u00adless idiot and I will ki\u2060ll you", HOSTILE),
        ("Ｙｏｕ ａｒｅ ａ ｓｔｕｐｉｄ ｗｏｒｔｈｌｅｓｓ ｉｄｉｏｔ ａｎｄ Ｉ ｗｉｌｌ ｋｉｌｌ ｙｏｕ", HOSTILE),
        ("You are a stup1d w0rthl3ss idi0t and I will k1ll you", HOSTILE),
        ("You are a $tupid worthle$s idiot and I will k!ll you", HOSTILE),
        ("You s t u p i d worthless i.d.i.o.t, I will k i l l you", "You stupid worthless idiot, I will kill you"),
        ("YOU ARE A STUPID WORTHLESS IDIOT AND I WILL KILL YOU", HOSTILE),
        ("You are  a stupid\tworthless\nidiot and I will kill\u3000you", HOSTILE),
        ("Yоu аrе а stupid wоrthless idiоt аnd I will kill yоu", HOSTILE),
        ("You are a stupid worthless idiot and I will kill you https://example.com/a", HOSTILE + " "),
        ("你 这 个 废 物 去 死 吧", HOSTILE_ZH),
        ("你.这.个.废.物.去.死.吧", HOSTILE_ZH),
        ("你这个废\u200b物去\ufeff死吧", HOSTILE_ZH),
        ("你這個廢物去死吧", HOSTILE_ZH),
        ("你這個廢*物去-死吧", HOSTILE_ZH),
        ("你这个废物去死吧！！！！！！！！", HOSTILE_ZH + "!!"),
        ("ｙｏｕ这个废物", "you这个废物"),
    ],
)
def test_spelling_tricks_change_nothing(disguised: str, plain: str) -> None:
    assert read(disguised).rstrip(" ") == read(plain).rstrip(" ")
    assert score(disguised) == pytest.approx(score(plain), abs=0.02)


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("Soooooo good", "soo good"),
        ("ISO 9001, 3D, MP3, 2024", "iso 9001, 3d, mp3, 2024"),
        ("mail@example.com costs $5", "mailaexample.com costs $5"),
        ("「引用」“quoted”", '"引用""quoted"'),
        ("a b", "a b"),
        ("😀", chr(0xE000 | (0x1F600 & 0xFFF))),
    ],
)
def test_the_reading_view(text: str, view: str) -> None:
    assert read(text) == view


ANY_TEXT = st.text(max_size=80) | st.text("你死kilL 1!.\u200b「」廢物$\ud800傻逼", max_size=700)


@given(ANY_TEXT)
def test_every_text_gets_at_most_one_finding_of_a_kind_that_keeps_the_contract(text: str) -> None:
    [found] = DETECTOR.detect([text], Context())
    for finding in found:
        assert REPORTED <= finding.score <= 1
        assert finding.kind in DETECTOR.kinds and finding.start is finding.end is None
    assert len({finding.kind for finding in found}) == len(found)


@given(st.lists(ANY_TEXT, max_size=5))
def test_a_batch_scores_what_its_texts_score_alone(texts: list[str]) -> None:
    assert DETECTOR.detect(texts, Context()) == [DETECTOR.detect([text], Context())[0] for text in texts]


@given(ANY_TEXT)
def test_places_stay_inside_the_table(text: str) -> None:
    for window in windows(reading(text, SCORER.simplify)):
        for block in features(window, SCORER.lexicon).blocks:
            assert not len(block) or (block.min() >= 0 and block.max() < TABLE_SIZE)


def test_a_second_detector_agrees_to_the_last_bit() -> None:
    other = EmbeddedToxicity().alone()
    other.load()
    texts = [text for pair in TOXIC_AND_BENIGN for text in pair]
    assert other.detect(texts, Context()) == DETECTOR.detect(texts, Context())


@pytest.mark.parametrize("at", [0, 150, 280, 310, 700, 990])
@pytest.mark.parametrize(
    ("filler", "threat"),
    [
        ("The report describes the weather of the past week in the district. ", "I will kill you, you stupid bitch. "),
        ("報告介紹過去一星期本區的天氣情況。", "你這個廢物，去死吧，我要打死你全家。"),
    ],
)
def test_a_threat_is_found_wherever_it_stands_in_a_long_text(at: int, filler: str, threat: str) -> None:
    body = filler * 40
    clean = score(body[:1000])
    assert score(body[:at] + threat + body[at:1000]) > clean + 0.2


@given(st.integers(0, 2000))
def test_windows_cover_everything(length: int) -> None:
    codes = np.arange(length, dtype=np.uint32)
    cut = windows(codes)
    assert all(len(window) <= WINDOW for window in cut)
    assert set(np.concatenate(cut).tolist()) == set(range(length))


def test_evidence_explains_in_words_and_repeats_nothing() -> None:
    [[finding, *_]] = DETECTOR.detect(["Zorblax women are vermin and I will kill you"], Context())
    assert "zorblax" not in finding.evidence.lower() and "vermin" not in finding.evidence
    assert "group" in finding.evidence and "violence" in finding.evidence


@pytest.mark.parametrize(
    ("text", "chinese"),
    [("hello there", False), ("你好", True), ("用 Python 杀进程", True), ("see 图 5 in the book", False)],
)
def test_the_language_follows_the_characters(text: str, chinese: bool) -> None:
    assert is_chinese(reading(text, SCORER.simplify)) is chinese


def test_a_lexicon_knows_its_words_wherever_they_stand() -> None:
    codes = reading("黑人", SCORER.simplify)
    lexicon = Lexicon.of(np.array([term_hash(codes)], np.uint64), np.array([1], np.uint8))
    for text in ("黑人", "那位黑人來了", "abc黑人"):
        assert features(reading(text, SCORER.simplify), lexicon).classes == [1]
    assert features(reading("黑,人", SCORER.simplify), lexicon).classes == []


def test_it_refuses_to_judge_before_it_is_loaded() -> None:
    with pytest.raises(CheckError, match="before load"):
        EmbeddedToxicity().detect(["hello"], Context())


def test_weights_that_were_changed_are_refused(tmp_path: Path) -> None:
    content = bytearray((DIRECTORY / FILE).read_bytes())
    content[-1] ^= 1
    (tmp_path / FILE).write_bytes(content)
    (tmp_path / MANIFEST).write_text((DIRECTORY / MANIFEST).read_text("utf-8"), "utf-8")
    with pytest.raises(CheckError, match="SHA-256 differs"):
        EmbeddedToxicity(tmp_path).load()


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path / FILE, {"about": "something else"}, {"numbers": np.zeros(3, np.float32)})
    with pytest.raises(CheckError, match="not a toxicity model"):
        EmbeddedToxicity(tmp_path).load()


def test_the_shipped_weights_stay_within_a_million_bytes() -> None:
    manifest = json.loads((DIRECTORY / MANIFEST).read_text("utf-8"))
    assert manifest[FILE]["bytes"] == (DIRECTORY / FILE).stat().st_size <= 1_000_000


@pytest.fixture
def clock() -> Iterator[float]:
    started = time.process_time()
    yield started


def test_time_grows_in_proportion_to_the_text(clock: float) -> None:
    """A hundred times the text in at most some hundred times the time; no expression here may backtrack."""
    for text in ("a " * 50_000, "a.b" * 30_000, "死.死" * 30_000, "1a" * 50_000, "$" * 100_000, "http://" * 10_000):
        DETECTOR.detect([text], Context())
    assert time.process_time() - clock < 20
