"""Credentials: every rule's own examples in English, glued to Chinese and inside JSON; samples and fill-ins stay quiet.

If the first half failed, a key would leave; if the second, nobody could write documentation through the proxy.
"""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.leakage.secret_rules import made_up
from guardrail.detectors.leakage.secrets import _CHECKS, PLACEHOLDER, RULES, SecretRule, Secrets, placeholder
from guardrail.detectors.patterns import Pattern
from guardrail.detectors.protocol import PatternSource
from guardrail.detectors.screen import Screen
from guardrail.text.fold import fold
from guardrail.types import CHECK_FAILED, Finding
from tests.detectors.streams import before, settled

DETECTOR = Secrets()
SCREEN = Screen([(DETECTOR.name, pattern) for pattern in DETECTOR.patterns])
BY_RULE = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
FRAMES = ["{}", "key: {}\nnext line", "用呢個{}登入", "密鑰是{}。", "Use this one: {} and restart.", "(`{}`)"]


def find(text: str, kind: str = "") -> list[Finding]:
    return [f for f in SCREEN.find(fold(text).text) if not kind or f.kind == kind]


def best(text: str, kind: str) -> float:
    return max((finding.score for finding in find(text, kind)), default=0.0)


def alarms(text: str) -> list[str]:
    """What the baseline acts on."""
    return [f"{f.kind} {f.detector}" for f in find(text) if f.kind.startswith("secret.") and f.score >= 0.6]


def value_of(text: str, kind: str) -> str:
    folded = fold(text)
    (finding,) = find(text, kind)
    return folded.text[finding.start : finding.end]


@BY_RULE
def test_a_secret_is_found_in_prose_code_chinese_and_json(rule: SecretRule) -> None:
    for example in rule.must_match:
        texts = [frame.format(example) for frame in FRAMES] + [json.dumps({"content": example}, ensure_ascii=False)]
        assert [text for text in texts if best(text, rule.kind) < 0.5] == []


@BY_RULE
def test_look_alikes_and_fill_ins_are_left_alone(rule: SecretRule) -> None:
    for example in rule.must_not_match:
        assert best(example, rule.kind) <= 0.5
        assert best(f"例如{example}咁", rule.kind) <= 0.5


@BY_RULE
def test_published_samples_are_placeholders(rule: SecretRule) -> None:
    for sample in rule.allow:
        text = sample if rule.pool != "assignment" else f"aws_secret_access_key = {sample}"
        assert best(text, PLACEHOLDER) >= 0.6
        assert alarms(text) == []


@BY_RULE
def test_every_match_holds_a_keyword_of_its_rule(rule: SecretRule) -> None:
    for example in rule.must_match:
        assert any(keyword.lower() in example.lower() for keyword in rule.keywords)


def test_there_are_two_hundred_provider_rules_in_a_few_expressions() -> None:
    """A provider more costs clean text nothing: the number of patterns does not grow with the rules."""
    providers = [rule for rule in RULES if rule.form is not None]
    assert len(providers) >= 300
    assert len(DETECTOR.patterns) <= 40


# --- key blocks -----------------------------------------------------------------------------------------------------


def pem(label: str = "RSA PRIVATE KEY") -> str:
    rule = next(rule for rule in RULES if rule.id == "private_key")
    return next(text for text in rule.must_match if label in text and "END" in text)


KEY = pem()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain", KEY),
        ("escaped newlines", KEY.replace("\n", "\\n")),
        ("twice escaped", KEY.replace("\n", "\\\\n")),
        ("carriage returns", KEY.replace("\n", "\r\n")),
        ("indented", KEY.replace("\n", "\n    ")),
        ("quoted mail", KEY.replace("\n", "\n> ")),
        ("one line", KEY.replace("\n", " ")),
        ("build log", KEY.replace("\n", "\n#6 0.245 ")),
        ("dated log", KEY.replace("\n", "\n2026-01-05 12:36:01 ")),
        ("joined strings", KEY.replace("\n", '\\n" +\n    "')),
        ("encrypted", KEY.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\n", 1)),
    ],
)
def test_the_whole_key_is_the_span(name: str, text: str) -> None:
    prose = f"係呢條：{text}收好佢"
    blocks = [f for f in find(prose, "secret.private_key") if f.detector.endswith("/private_key")]
    assert [prose[f.start : f.end] for f in blocks] == [text]


@pytest.mark.parametrize("cut", [60, 100, 200, len(KEY) - 20])
def test_a_key_that_was_cut_off_is_still_a_key(cut: int) -> None:
    found = find(KEY[:cut], "secret.private_key")[0]
    assert found.start == 0
    assert found.score >= 0.5 or cut < 80
    assert cut - (found.end or 0) < 32 + 20


@pytest.mark.parametrize(
    "text",
    [
        "A PEM file begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----.",
        "見到-----BEGIN RSA PRIVATE KEY-----就唔好貼出嚟。",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n<your key here>\n-----END OPENSSH PRIVATE KEY-----",
    ],
)
def test_talking_about_keys_is_not_a_key(text: str) -> None:
    assert find(text, "secret.private_key") == []


def test_prose_behind_a_cut_key_is_left_alone() -> None:
    text = KEY[:180] + "\n\nKeep this file secret and never share it with anyone."
    for found in find(text, "secret.private_key"):
        assert "Keep" not in text[found.start : found.end]


@pytest.mark.parametrize("label", ["CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE REQUEST"])
def test_public_blocks_are_left_alone(label: str) -> None:
    body = "\n".join(made_up(f"{label}{line}", 64) for line in range(6))
    assert alarms(f"-----BEGIN {label}-----\n{body}\n-----END {label}-----") == []


# --- the value alone ------------------------------------------------------------------------------------------------

SECRET = "hV7#" + "qLm2xK"
TOKEN = made_up("token", 32)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (f"postgres://app:{TOKEN}@db.internal:5432/app", "secret.connection_string", TOKEN),
        (f"mongodb+srv://app:{TOKEN}@cluster0.mongodb.net/x", "secret.connection_string", TOKEN),
        (f"redis://:{TOKEN}@cache:6379/0", "secret.connection_string", TOKEN),
        (f"amqps://app:{TOKEN}@mq/vhost", "secret.connection_string", TOKEN),
        (f"jdbc:postgresql://db/x?user=a&password={SECRET}&ssl=true", "secret.password_assignment", SECRET),
        (f"Server=db;Database=x;User Id=a;Password={SECRET};", "secret.password_assignment", SECRET),
        (f"https://deploy:{TOKEN}@git.internal/a.git", "secret.url_password", TOKEN),
        (f"PGPASSWORD={SECRET} psql", "secret.password_assignment", SECRET),
        (f'password = "{SECRET}"', "secret.password_assignment", SECRET),
        (f'{{"password":"{SECRET}","x":1}}', "secret.password_assignment", SECRET),
        (f'{{\\"password\\":\\"{SECRET}\\"}}', "secret.password_assignment", SECRET),
        (f"password: {SECRET}", "secret.password_assignment", SECRET),
        (f"<password>{SECRET}</password>", "secret.password_assignment", SECRET),
        (f'<add name="password" value="{SECRET}"/>', "secret.password_assignment", SECRET),
        (f"setPassword('{SECRET}')", "secret.password_assignment", SECRET),
        (f'#define PASSWORD "{SECRET}"', "secret.password_assignment", SECRET),
        (f"db_password := `{SECRET}`", "secret.password_assignment", SECRET),
        (f"'password' => '{SECRET}',", "secret.password_assignment", SECRET),
        (f"密碼：{SECRET}。唔該", "secret.password_assignment", SECRET),
        (f"密碼：{SECRET}，唔該", "secret.password_assignment", SECRET),
        (f"登录密码是{SECRET}請收好", "secret.password_assignment", SECRET),
        (f"口令為「{SECRET}」", "secret.password_assignment", SECRET),
        (f"密码：{SECRET}", "secret.password_assignment", SECRET),
        (f"ID/PW: master/{SECRET}", "secret.password_assignment", SECRET),
        (f"金鑰是{TOKEN}。", "secret.key_assignment", TOKEN),
        (f"密钥：{TOKEN}", "secret.key_assignment", TOKEN),
        (f"client_secret: '{TOKEN}'", "secret.key_assignment", TOKEN),
        (f"x-api-key: {TOKEN}", "secret.key_assignment", TOKEN),
        (f"Authorization: Bearer {TOKEN}\n", "secret.http_authorization", TOKEN),
        (f"curl -u 'ops:{SECRET}' https://x.hk", "secret.password_assignment", SECRET),
        (f"machine x.hk login build password {SECRET}", "secret.password_assignment", SECRET),
        (f"tool --password {SECRET} --force", "secret.password_assignment", SECRET),
        (f"**Password:** `{SECRET}`", "secret.password_assignment", SECRET),
        (f"The password for the admin account is {SECRET}.", "secret.password_assignment", SECRET),
        (f"- name: DB_PASSWORD\n  value: {SECRET}\n", "secret.password_assignment", SECRET),
        (f'{{"name": "DB_PASSWORD", "value": "{SECRET}"}}', "secret.password_assignment", SECRET),
        (f"WiFi密碼已改成{SECRET}喇", "secret.password_assignment", SECRET),
        (f"默认密码默认为{SECRET}。", "secret.password_assignment", SECRET),
        ("PRIVATE_KEY=0x" + made_up("eth", 64, "hex"), "secret.key_assignment", "0x" + made_up("eth", 64, "hex")),
        (f"| user | password |\n|---|---|\n| app | {SECRET} |\n", "secret.password_assignment", SECRET),
        (f"| 帳號 | 密碼 |\n|---|---|\n| app | `{SECRET}` |\n", "secret.password_assignment", SECRET),
        (f"| service | API key |\n|---|---|\n| app | {TOKEN} |\n", "secret.key_assignment", TOKEN),
        (f'let api_key: &str = "{TOKEN}";', "secret.key_assignment", TOKEN),
        (f'val token: String = "{TOKEN}"', "secret.key_assignment", TOKEN),
        (f"Set-Cookie: JSESSIONID={TOKEN}; Path=/", "secret.session_cookie", TOKEN),
    ],
)
def test_the_value_alone_is_found(text: str, kind: str, value: str) -> None:
    found = {fold(text).text[f.start : f.end] for f in find(text, kind) if f.score >= 0.6}
    assert found == {value}


@pytest.mark.parametrize(
    "text",
    [
        'password = "password"', "password = input('Password: ')", "password: str = Field(min_length=8)",
        "password = os.environ['DB_PASSWORD']", "password = process.env.DB_PASSWORD", "password: ${DB_PASSWORD}",
        "password: {{ db_password }}", "password=$(cat /run/secrets/db)", "password: <your-password>",
        "password: changeme", "password: ********", "密碼：你的生日", "密碼係必填", "密码长度至少8位", "api_key: YOUR_API_KEY",
        "api_key = sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "token = get_token(user_id=42)", "max_tokens: 4096",
        "token_type: bearer", "secretName: prod-db-credentials-2", "kms_key_id: 555ea4a3-d53a-4412-9c66-3a7cb667b0d6",
        "primary_key = True", "public_key = " + TOKEN, "author: Chan Tai Man", "https://user:pass@example.com",
        "https://user:password@localhost", "https://x.hk:8080/a?b=c@d", "git@github.com:org/repo.git",
        "Authorization: Bearer <token>", "Authorization: Bearer $TOKEN", "curl -u $USER:$PASS https://x.hk",
        "docker run -u 1000:1000 app", "the key idea: Simplicity", "Key: value", "keyboard: qwerty123456",
        "password_hash = bcrypt.hashpw(pw, salt)", "csrf_token: " + TOKEN, "sha384-" + made_up("sri", 64),
        f"| user | password policy |\n|---|---|\n| app | {SECRET} |\n", f"| user | order |\n|---|---|\n| app | {SECRET} |\n",
        "commit " + made_up("git", 40, "hex"), "密碼規則：最少8個字元，要有大階同數字",
        'const schema = { password: /^(?=.*[A-Z])(?=.*[0-9]).{8,}$/ }', "passport: K12345678",
    ],
)  # fmt: skip
def test_code_and_talk_about_secrets_hold_none(text: str) -> None:
    assert alarms(text) == []


@pytest.mark.parametrize(
    ("body", "fake"),
    [
        ("x" * 32, True),
        ("abcdefghijklmnop", True),
        ("your-api-key", True),
        ("A1A1A1A1A1A1A1A1", True),
        ("IOSFODNN7EXAMPLE", True),
        ("0123456789abcdef", True),
        ("written-in-plain-words", True),
        ("qLm2xTr0ub4Zp9Ks", False),
        ("7Hq2LwZ9pXk3VnB5", False),
    ],
)
def test_placeholders_are_told_from_random_bodies(body: str, fake: bool) -> None:
    assert (placeholder(body) is not None) is fake


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "IOSFODNN7" + "EXAMPLE",
        "gh" + "p_" + "abcdefghijklmnopqrstuvwxyz0123456789",
        "AIza" + "Sy" + "abcdefghijklmnopqrstuvwxyz1234567",
    ],
)
def test_an_example_of_the_full_form_is_a_placeholder(text: str) -> None:
    assert best(text, PLACEHOLDER) >= 0.6
    assert best(f"例如{text}咁", PLACEHOLDER) >= 0.6
    assert alarms(text) == []


@pytest.mark.parametrize(
    "text",
    ["gh" + "p_" + "x" * 36, "AKIA" + "X" * 16, "sk" + "-your-key-goes-here", "sk" + "-" + "x" * 48, "<your-key>"],
)
def test_a_fill_in_is_nothing(text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize("form", ["api_key = '{}'", "SECRET_TOKEN={}", "--token {}", "金鑰是{}", '{{"secret": "{}"}}'])
def test_a_token_of_a_provider_is_found_once(form: str) -> None:
    token = "gh" + "p_" + made_up("once", 36)
    assert [(f.kind, f.detector) for f in find(form.format(token))] == [
        ("secret.github_token", "leakage.secrets/token")
    ]


def test_an_age_key_needs_its_checksum() -> None:
    (good, *_) = next(rule for rule in RULES if rule.id == "age_secret_key").must_match
    broken = good[:-1] + ("Q" if good[-1] != "Q" else "P")
    assert (best(good, "secret.private_key"), best(broken, "secret.private_key")) == (0.9, 0.0)


# --- promises -------------------------------------------------------------------------------------------------------

PIECES = [
    *(rule.must_match[0] for rule in RULES[::4]), *(shape.must_match[0] for shape in RULES[-30:]),
    *(rule.must_not_match[0] for rule in RULES[::16]),
    "password", "密碼", " = ", ": ", "係", '"', "'", "\\n", "\n", " ", "-----BEGIN RSA PRIVATE KEY-----", "eyJ", "://", ":",
    "@", "sk-", "ghp_", "--token ", "Bearer ", "key", "=", "-u ", "curl ", "呀", "，", "the quick ", TOKEN, SECRET,
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)


@settings(max_examples=80, deadline=None)
@given(texts, st.data())
def test_what_a_stream_released_was_judged_as_the_whole_is(text: str, data: st.DataObject) -> None:
    whole = SCREEN.find(text)
    for cut in data.draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=12)):
        limit = settled(SCREEN, text[:cut])
        assert before(SCREEN.find(text[:cut]), limit) == before(whole, limit), (text[:cut], text[cut:], limit)


@settings(max_examples=80, deadline=None)
@given(texts)
def test_screening_first_never_changes_the_result(text: str) -> None:
    assert SCREEN.find(text) == SCREEN.find(text, screened=False)


@settings(max_examples=120, deadline=None)
@given(texts)
def test_judges_never_fail_and_findings_never_repeat_the_value(text: str) -> None:
    for finding in SCREEN.find(text):
        assert finding.kind != CHECK_FAILED
        assert finding.start is not None and finding.end is not None
        assert 0 <= finding.start < finding.end <= len(text)
        value = text[finding.start : finding.end]
        assert len(value) < 12 or value not in finding.evidence


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=60), st.sampled_from(["password=", "token: ", "密碼係", "://u:", "sk-", "eyJ", "-u a:", "key='"])
)
def test_no_text_makes_a_judge_fail(text: str, opening: str) -> None:
    for made in (opening + text, text + opening + text + "@x"):
        assert not [finding for finding in SCREEN.find(fold(made).text) if finding.kind == CHECK_FAILED]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Take the bus to Central and walk.", "walk."),
        ("坐巴士去中環，然後行路。", ""),
        ("Choose a strong password today, the key is yours, ", ""),
        ("密碼唔好話俾人知，", ""),
        ("-----BEGIN " + "PRIVATE KEY----- is the header ", ""),
        ("def add(a, b):\n    return a + b\n", ""),
    ],
)
def test_prose_is_held_for_a_word_at_most(text: str, held: str) -> None:
    rest = text.encode()[SCREEN.open_at(text.encode(), 0) :].decode()
    assert len(rest) <= len(held) + 12 and len(rest.split()) <= 2


HOSTILE: dict[str, Callable[[int], str]] = {
    "one letter": lambda n: "A" * n,
    "base64": lambda n: made_up("hostile", n),
    "openings": lambda n: "sk-" * (n // 3),
    "assignments": lambda n: "password=" * (n // 9),
    "nested quotes": lambda n: "key='" * (n // 5),
    "headers": lambda n: "-----BEGIN PRIVATE KEY-----\n" * (n // 28),
    "dots": lambda n: "eyJ" + "a." * (n // 2),
    "urls": lambda n: "://a:" * (n // 5),
    "words": lambda n: "token is " * (n // 9),
}


def test_the_detector_keeps_the_contract() -> None:
    DETECTOR.load()
    assert isinstance(DETECTOR, PatternSource)
    assert {rule.kind for rule in RULES} | {PLACEHOLDER} == set(DETECTOR.kinds)
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.must_match and rule.must_not_match for rule in RULES)
    assert set(_CHECKS) <= {rule.id for rule in RULES}
    pools: dict[str, Pattern] = {pattern.id: pattern for pattern in DETECTOR.patterns}
    for rule in RULES:
        pattern = pools[rule.pool]
        assert rule.kind in (pattern.kind, *pattern.also)
