"""Copies of confidential documents in an answer: found whole and in part, changed and spaced otherwise, in streams as in
whole texts; and what only resembles them left alone."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.leakage.documents import Documents, DocumentWatch
from guardrail.errors import CheckError
from guardrail.fingerprints import cells, keys, store
from guardrail.fingerprints.keys import Keys
from guardrail.scanner import Scanner
from guardrail.types import Action, Context, Stage
from tests.material import policy, rule

KEYS = Keys(b"k" * 32)
ENGLISH = (
    "Project Kestrel: the board has decided to close the Tsuen Wan warehouse before the end of March and to move its whole "
    "stock to Dongguan. Severance for ninety-two employees is capped at four months of salary, and nobody outside the "
    "finance committee may learn of it until the announcement on the third of March at nine in the morning."
)
TRADITIONAL = (
    "本公司董事會已於一月十二日議決，將於三月底前關閉荃灣倉庫，並把所有存貨遷往東莞。九十二名員工之遣散費上限為四個月薪金，"
    "在三月三日上午九時公布之前，不得向財務委員會以外的任何人士透露上述安排，違者須承擔由此引致的一切損失。"
)
CANTONESE = "老細話三月尾就會執咗荃灣個倉，啲貨全部搬去東莞，九十幾個伙記最多賠四個月人工，未公布之前邊個講出去邊個負責，連財務部都唔可以講。"
ACCOUNT, NAME, HAN, OTHER = "831923905397", "Chan Tai Man", "陳大文", "712345678901"
TABLE = [[ACCOUNT, f"{NAME} {HAN}"], [OTHER, "Wong Ka Yan"], ["610987654321", "Harbour Trading Co"]]
BENIGN = (
    "The board of a company decides by a majority of its members. If a warehouse has to close, employees are entitled to "
    "severance payment; in Hong Kong it is capped by law. 董事會須按章程議事。員工的遣散費由法例規定，如有查詢可致電勞工處。"
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("documents")
    (directory / "key").touch(0o600)
    (directory / "key").write_bytes(KEYS.secret)
    draft = store.Draft(directory / "store", KEYS)
    for number, text in enumerate((ENGLISH, TRADITIONAL, CANTONESE)):
        draft.add_passages(store.Document(f"d{number}", "", "2026-01-01T00:00:00Z"), [text])
    collector = cells.Collector(KEYS.hasher("cell"), KEYS.hasher("head"), [1])
    for row in TABLE:
        collector.take(row)
    draft.add_cells(store.Document("t3", "", "2026-01-01T00:00:00Z"), collector.finish())
    draft.save()
    return directory / "store", directory / "key"


@pytest.fixture(scope="module")
def detector(files):
    made = Documents(*files)
    made.load()
    return made


def findings(detector, text, pieces=None):
    watch = detector.watch(Context())
    found = []
    for piece in pieces or [text]:
        watch.feed(piece)
        found += watch.settle(final=False)[1]
    return found + watch.settle(final=True)[1]


def in_order(found):
    return sorted(
        found, key=lambda finding: (finding.start, finding.end, finding.kind, finding.score, finding.evidence)
    )


def sure(detector, text, kind="document.passage"):
    """The texts found at the score at which a policy acts."""
    return [text[f.start : f.end] for f in findings(detector, text) if f.kind == kind and f.score >= 0.6]


def words_of(text):
    """Words of an English text, pairs of characters of a Chinese one: what is replaced at a time."""
    return text.split() if text.isascii() else [text[at : at + 2] for at in range(0, len(text), 2)]


@pytest.mark.parametrize(
    ("text", "size", "blank"),
    [(ENGLISH, 30, " "), (TRADITIONAL, 25, ""), (CANTONESE, 25, "")],
    ids=["English", "Traditional", "Cantonese"],
)
class TestCopies:
    """Thirty words, or fifty Chinese characters."""

    def test_a_verbatim_copy_is_found_to_its_ends(self, detector, text, size, blank):
        words = words_of(text)
        for start in range(0, len(words) - size, 3):
            copy = blank.join(words[start : start + size])
            answer = f"As I recall: {copy}; nothing else, 就是這樣。"
            (found,) = sure(detector, answer)
            assert found in copy and len(found) >= len(copy) - 4
            assert findings(detector, answer)[0].score > 0.9

    @pytest.mark.parametrize("seed", range(8))
    def test_a_copy_with_one_word_in_five_changed_is_found(self, detector, text, size, blank, seed):
        chance = random.Random(seed)
        words = words_of(text)
        start = chance.randrange(len(words) - size + 1)
        copy = words[start : start + size]
        for at in range(seed % 5, size, 5):
            copy[at] = "otherwise" if text.isascii() else "另外"
        assert sure(detector, f"He said that {blank.join(copy)} 等等。")


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda text: text.replace(",", " -").replace(".", "!"),
        lambda text: text.replace(" ", "\n"),
        lambda text: text.replace("the", "t\u200bhe").replace("o", "о"),  # zero width, Cyrillic
        lambda text: "**" + text.replace(" ", " _", 3) + "**",
    ],
)
def test_a_copy_that_is_written_otherwise_is_a_copy(detector, change):
    assert sure(detector, change(ENGLISH))


def test_a_copy_in_the_other_script_is_a_copy(detector):
    simplified = "本公司董事会已于一月十二日议决，将于三月底前关闭荃湾仓库，并把所有存货迁往东莞。九十二名员工之遣散费上限为四个月薪金"
    assert sure(detector, simplified)


@pytest.mark.parametrize(
    "text",
    [
        BENIGN,
        "",
        " ".join(reversed(ENGLISH.split())),
        "The board may decide to close a shop before the end of the year, and to move.",
        "九十二名員工獲發年終獎金，三月底前派發。",
        ENGLISH[:40],
    ],
)
def test_what_only_resembles_a_document_is_no_copy(detector, text):
    assert not sure(detector, text)


def test_the_evidence_names_the_document_and_none_of_its_words(detector):
    (finding,) = findings(detector, ENGLISH)
    assert "document d0" in finding.evidence and "Kestrel" not in finding.evidence
    assert "100 % of the passage word for word" in finding.evidence


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Account {ACCOUNT} is closed.", [ACCOUNT]),
        ("Account 8319-2390-5397 is closed.", ["8319-2390-5397"]),
        ("帳號831923905397嘅結餘", [ACCOUNT]),
        ("帳號８３１９ ２３９０ ５３９７嘅結餘", ["８３１９ ２３９０ ５３９７"]),
        ("8 3 1 9 2 3 9 0 5 3 9 7", ["8 3 1 9 2 3 9 0 5 3 9 7"]),
        ("Account 8319239053971 is another.", []),
        ("acct831923905397HKD", [ACCOUNT]),
        ("ｘ８３１９２３９０５３９７元", ["８３１９２３９０５３９７"]),
        ("x8319239053971 is another.", []),
        ("Account 8319239053 is cut off.", []),
        (f"{NAME} is a common name.", []),
        ("陳大文是常用的名字。", []),
        (f"{NAME}'s account is {ACCOUNT}.", [NAME, ACCOUNT]),
        (f"Tai Man CHAN: {ACCOUNT}", ["Tai Man CHAN", ACCOUNT]),
        (f"{ACCOUNT} belongs to 陈大文先生", [ACCOUNT, "陈大文"]),
        (f"客戶陳大文（帳號{ACCOUNT}）", ["陳大文", ACCOUNT]),
        (f"{NAME} wrote; the account of Wong Ka Yan is {OTHER}.", ["Wong Ka Yan", OTHER]),
        (f"{NAME} {OTHER}", [OTHER]),
        (f"{NAME}. {'words and more words. ' * 8} {ACCOUNT}", [ACCOUNT]),
        (f"{NAME} {HAN}", []),  # one cell in two spellings is one cell
        ("Harbour Trading Co, 610 987 654 321", ["Harbour Trading Co", "610 987 654 321"]),
        ("831923905397.  712345678901", [ACCOUNT, OTHER]),
        ("8319\n\n\n\n23905397", []),
    ],
)
def test_cells_are_found_as_people_write_them_and_names_only_in_company(detector, text, found):
    assert sorted(sure(detector, text, "document.cell")) == sorted(found)


def test_a_weak_value_alone_is_told_below_the_scores_that_policies_act_on(detector):
    (finding,) = findings(detector, f"{NAME} is a common name.")
    assert (finding.kind, finding.score) == ("document.cell", 0.4) and "t3" in finding.evidence
    assert NAME not in finding.evidence


PIECES = [
    ENGLISH[:90],
    ENGLISH[60:260],
    TRADITIONAL[:40],
    TRADITIONAL[30:],
    CANTONESE,
    ACCOUNT,
    "8319 2390 ",
    "5397",
    NAME,
    HAN,
    OTHER,
    "Chan ",
    "陳大",
    BENIGN[:70],
    " ",
    "\n",
    "。",
    "x",
    "the end of ",
    "ｅｎｄ",
    "\u200b",
    "\ud83d",
    "ﬁ",
]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7), st.lists(st.integers(0, 400), max_size=8))
def test_what_is_found_does_not_depend_on_where_the_pieces_fell(detector, parts, cuts):
    text = "".join(parts)
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    pieces = [text[a:b] for a, b in pairwise(places)]
    assert in_order(findings(detector, text, pieces)) == in_order(findings(detector, text))


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6), st.integers(1, 9))
def test_nothing_leaves_before_it_was_judged(detector, parts, size):
    """What `settle` gave as settled never lies inside a finding that comes later."""
    text = "".join(parts)
    watch = detector.watch(Context())
    settled = 0
    for at in range(0, len(text), size):
        watch.feed(text[at : at + size])
        now, found = watch.settle(final=False)
        assert all(finding.start >= settled for finding in found)
        assert settled <= now <= min(len(text), at + size)
        settled = now
    end, found = watch.settle(final=True)
    assert end == len(text) and all(finding.start >= settled for finding in found)


KOREAN = (
    "이사회는 삼월 말까지 창고 두 곳을 닫고 모든 재고를 둥관으로 옮기기로 이 달 십이 일에 결정하였으며, 직원 아흔두 명의 퇴직금은 넉 달 치 "
    "급여를 넘을 수 없고, 발표 전에는 재무위원회 밖의 그 누구에게도 이 일을 알려서는 안 된다."
)
GEORGIAN = "ბანკის საბჭომ გადაწყვიტა ა და ბ საწყობის დახურვა მარტის ბოლომდე და არც ერთ თანამშრომელს არ უნდა ეცნობოს ამის შესახებ"
VIETNAMESE = "Hội đồng quản trị đã quyết định đóng cửa hai kho ở ạ vào cuối tháng ba và không ai được biết ý này trước khi công bố"


@pytest.mark.parametrize("text", [KOREAN, GEORGIAN, VIETNAMESE], ids=["Korean", "Georgian", "Vietnamese"])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_copy_in_a_script_with_words_of_one_letter_is_held_back_in_small_pieces(tmp_path, text, size):
    draft = store.Draft(tmp_path / "store", KEYS)
    draft.add_passages(store.Document("d", "", "2026-01-01T00:00:00Z"), [text])
    draft.save()
    known, answer = store.load(tmp_path / "store", KEYS), f"네: {text}\n"
    watch, found, settled = DocumentWatch(known, "d"), [], 0
    for at in range(0, len(answer), size):
        watch.feed(answer[at : at + size])
        now, seen = watch.settle(final=False)
        assert all(finding.start >= settled for finding in seen)
        found, settled = found + seen, now
    found += watch.settle(final=True)[1]
    assert [answer[f.start : f.end] for f in found if f.score > 0.8] == [text.rstrip(".")]


MIXED = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "一",
    "二",
    "三",
    "四",
    "五",
    "六",
    "the",
    "of",
    "7",
    "이",
    "수",
    "ა",
    "ở",
    "한국",
]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Documents of a few words in two scripts, in which nearly every shingle of a text stands somewhere."""
    dice = random.Random(4)
    path = tmp_path_factory.mktemp("mixed") / "store"
    draft = store.Draft(path, KEYS)
    for number in range(6):
        words = " ".join(dice.choice(MIXED) for _ in range(60))
        draft.add_passages(store.Document(str(number), "", "2026-01-01T00:00:00Z"), [words])
    draft.save()
    return store.load(path, KEYS)


@given(st.lists(st.sampled_from(MIXED), max_size=60), st.integers(1, 7))
def test_nothing_leaves_before_it_was_judged_where_scripts_mix(mixed, words, size):
    text = " ".join(words)
    watch, found, settled = DocumentWatch(mixed, "d"), [], 0
    for at in range(0, len(text), size):
        watch.feed(text[at : at + size])
        now, seen = watch.settle(final=False)
        assert all(finding.start >= settled for finding in seen)
        found, settled = found + seen, now
    seen = watch.settle(final=True)[1]
    assert all(finding.start >= settled for finding in seen)
    whole = DocumentWatch(mixed, "d")
    whole.feed(text)
    assert found + seen == whole.settle(final=True)[1]


@given(st.text(max_size=200))
def test_any_text_can_be_read(detector, text):
    assert in_order(findings(detector, text, list(text))) == in_order(findings(detector, text))


@pytest.mark.parametrize(
    "text",
    [
        "831923 " * 20_000,
        f"{NAME} " * 10_000,
        "陳大" * 20_000,
        ENGLISH * 150,
        "8 " * 40_000,
        "the end of March and " * 8_000,
    ],
)
def test_hostile_repetition_takes_time_in_proportion(detector, text):
    """A hang is what a user would see; the suite's time limit is the check."""
    assert isinstance(findings(detector, text), list)


def test_a_policy_redacts_what_was_found(files):
    scanner = Scanner(policy(rule("document.*", Action.REDACT, threshold=0.6)), [Documents(*files)])
    try:
        found = scanner.passages(f"{BENIGN} {NAME}: {ACCOUNT}", Context(), Stage.RESPONSE)
        assert {finding.kind for finding in found} == {"document.cell"}
    finally:
        scanner.close()


def test_it_is_there_only_where_a_store_is_named_and_needs_both_files(monkeypatch, files):
    for name in (keys.STORE_ENV, keys.KEY_ENV):
        monkeypatch.delenv(name, raising=False)
    assert not Documents().configured
    monkeypatch.setenv(keys.STORE_ENV, str(files[0]))
    assert Documents().configured
    with pytest.raises(CheckError, match=r"set GUARDRAIL_FINGERPRINTS to .*GUARDRAIL_FINGERPRINT_KEY to its key file"):
        Documents().load()
    monkeypatch.setenv(keys.KEY_ENV, str(files[1]))
    Documents().load()


def test_a_store_that_cannot_be_used_stops_the_start(files, tmp_path):
    with pytest.raises(CheckError, match="before load"):
        Documents(*files).watch(Context())
    (tmp_path / "other").touch(0o600)
    (tmp_path / "other").write_bytes(b"o" * 32)
    with pytest.raises(CheckError, match="another key"):
        Documents(files[0], tmp_path / "other").load()
    (tmp_path / "cut").write_bytes(files[0].read_bytes()[:-70])
    with pytest.raises(CheckError, match="damaged"):
        Documents(tmp_path / "cut", files[1]).load()
    store.Draft(tmp_path / "empty", KEYS).save()
    with pytest.raises(CheckError, match="holds no documents, so nothing would ever be found; add some"):
        Documents(tmp_path / "empty", files[1]).load()
