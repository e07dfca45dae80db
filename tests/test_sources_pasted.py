"""Passages that an application pastes into a message are found by their marks, and the caller's own question is not one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.material import at_pointers, distinct, documents, in_file, pasted, readable, said
from guardrail.material import given as told
from guardrail.types import Source

TUNNEL = "The harbour tunnel opened in 1972 and is 1.86 km long."
TOLL = "Each car pays a toll of HK$25 on weekdays."
隧道 = "海底隧道於1972年8月2日通車，全長1.86公里。"
收費 = "私家車平日收費為25元，的士另計。"
LONG = TUNNEL + " It was the first road link across the harbour, and it is used by many buses."


def found(text):
    return [(source.key, source.text) for source in pasted(text)[0]]


@pytest.mark.parametrize(
    ("text", "passages", "rest"),
    [
        # Tags.
        (f"<document>{TUNNEL}</document>\nWhen?", [("", TUNNEL)], "When?"),
        (f'<doc id="7">{TUNNEL}</doc><doc id="9">{TOLL}</doc> When?', [("7", TUNNEL), ("9", TOLL)], "When?"),
        (f"<documents><document index='1'><source>a.pdf</source><document_content>{TUNNEL}</document_content></document></documents>Q", [("1", TUNNEL)], "Q"),
        (f"<context>\n{TUNNEL}\n</context>\n幾時通車？", [("", TUNNEL)], "幾時通車？"),
        (f"<context>\n[1] {TUNNEL}\n[2] {TOLL}\n</context>\nWhen?", [("1", TUNNEL), ("2", TOLL)], "When?"),
        (f"<search_results><result>{TUNNEL}</result><result>{TOLL}</result></search_results>x", [("", TUNNEL), ("", TOLL)], "x"),
        (f"<已知信息>{隧道}</已知信息>\n<问题>几时通车？</问题>", [("", 隧道)], "<问题>几时通车？</问题>"),
        (f"<參考資料 編號=3>{隧道}</參考資料>幾時？", [], None),
        (f'<資料 id="甲">{隧道}</資料>幾時？', [("甲", 隧道)], "幾時？"),
        # Labels.
        (f"Context:\n{TUNNEL}\n\nQuestion: When did it open?", [("", TUNNEL)], "Question: When did it open?"),
        (f"### Context\n### Context:\n{TUNNEL}\n### Question: When?", [("", TUNNEL)], None),
        (f"Question: When?\n\nSources:\n[1] {TUNNEL}\n[2] {TOLL}", [("1", TUNNEL), ("2", TOLL)], "Question: When?"),
        (f"參考資料：{隧道}問題：幾時通車？", [("", 隧道)], "問題：幾時通車？"),
        (f"请根据资料回答。资料：{隧道}\n问题：几时通车？\n答案：", [("", 隧道)], None),
        (f"【參考資料】：{隧道}\n【問題】：幾時通車呀？", [("", 隧道)], None),
        (f"## Context\n{TUNNEL}\n\n## Question\nWhen?", [("", TUNNEL)], "## Question\nWhen?"),
        (f"**Context**\n{TUNNEL}\n\n**Question**\nWhen?", [("", TUNNEL)], None),
        (f"【參考資料】\n{隧道}\n【問題】\n幾時通車？", [("", 隧道)], "【問題】\n幾時通車？"),
        (f"### 參考資料\n{隧道}\n\n### 問題\n幾時通車？", [("", 隧道)], None),
        (f"已知信息：\n{隧道}\n\n根据上述已知信息来回答用户的问题。问题是：几时通车？", [("", f"{隧道}\n\n根据上述已知信息来回答用户的问题。")], "问题是：几时通车？"),
        (f"請根據以下資料回答問題。\n\n資料：{隧道}\n\n幾時通車？", [("", 隧道)], "請根據以下資料回答問題。\n幾時通車？"),
        (f"Answer using only the provided context.\n\nContext: {TUNNEL}\n\nWhen did it open?", [("", TUNNEL)], None),
        ("Context: " + json.dumps({"text": 隧道}) + "\nQuestion: 幾時？", [("", f"text: {隧道}")], "Question: 幾時？"),
        # Numbers.
        (f"[Document 1]\n{TUNNEL}\n---\n[Document 2]\n{TOLL}\n---\nQuestion: When?", [("1", TUNNEL), ("2", TOLL)], "Question: When?"),
        (f"[1] {TUNNEL}\n[2] {TOLL}\n\nWhat is the toll?", [("1", TUNNEL), ("2", TOLL)], "What is the toll?"),
        (f"【1】{隧道}\n【2】{收費}\n\n收幾多錢？", [("1", 隧道), ("2", 收費)], "收幾多錢？"),
        (f"資料一：{隧道}\n資料二：{收費}\n問題：收幾多錢？", [("1", 隧道), ("2", 收費)], "問題：收幾多錢？"),
        (f"Document 1: {TUNNEL}\nDocument 2: {TOLL}\nQuestion: When?", [("1", TUNNEL), ("2", TOLL)], "Question: When?"),
        # Templates of libraries.
        (f"Use the following pieces of context to answer the question at the end.\n\n{LONG}\n\nQuestion: When?\nHelpful Answer:", [("", LONG)], None),
        (f"Context information is below.\n---------------------\n{LONG}\n---------------------\nGiven the context information, answer the query.\nQuery: When?", [("", LONG)], None),
        # Announced, and quoted.
        (f"Summarise the following article:\n\n{LONG}", [("", LONG)], "Summarise the following article:"),
        (f"總結以下文章：\n{隧道}{收費}{隧道}\n\n邊個最貴？", [("", 隧道 + 收費 + 隧道)], "總結以下文章：\n邊個最貴？"),
        (f'Summarise this. """{LONG}"""', [("", LONG)], "Summarise this."),
    ],
)  # fmt: skip
def test_passages_are_found_by_their_marks(text, passages, rest):
    if rest is None:
        assert [p for p in found(text) if p in passages] == passages
    else:
        assert (found(text), pasted(text)[1]) == (passages, rest)


@pytest.mark.parametrize(
    "text",
    [
        "When did the tunnel open? I think it was in 1972, or perhaps a year later, as my father said.",
        "Context: I am a nurse of ten years.\n\nTask: write a plan for my week.",
        "Background: my firm sells tea.\nWrite an email that says we are closed.",
        "背景：我係護士，做咗十年。\n任務：幫我寫封信。",
        "<div><article>The page says hello to everybody who reads it.</article></div> Fix my page.",
        '<svg><text x="1">hello world of vectors</text></svg>',
        "1. buy milk and bread\n2. call the bank today\n3. sleep for eight hours",
        "See [1] and [2] of my paper, which you know.",
        "Translate the following text:\n\n" + LONG,
        "把以下文字翻譯成英文：" + 隧道 * 3,
        "Continue the following story:\n\n" + LONG,
        "Based on the following notes, write a poem:\n\n" + LONG,
        "根據以下內容寫一封信：" + 隧道 * 3,
        "Summarise the following article:\nhttps://news.example/" + "a" * 90,
        'def f():\n    """' + LONG + '"""\n    return 1\n\nWhat does it do?',
        "<document> </document>",
        "<document>never closed, however long this may go on and on",
        "Question: When?",
        "問題：幾時通車？",
    ],
)
def test_what_is_the_callers_own_is_no_passage(text):
    assert pasted(text) == ([], text)


@pytest.mark.parametrize(
    ("text", "title", "url"),
    [
        (f'<document title="Tunnels" url="https://x.hk/t">{TUNNEL}</document>', "Tunnels", "https://x.hk/t"),
        (f"<document><source>https://x.hk/t</source><document_content>{TUNNEL}</document_content></document>", "", "https://x.hk/t"),
        (f"<document><source>tunnels.pdf</source><document_content>{TUNNEL}</document_content></document>", "tunnels.pdf", ""),
        (f"<doc>Title: Tunnels\nURL: https://x.hk/t\n{TUNNEL}</doc>", "Tunnels", "https://x.hk/t"),
        (f"<doc>標題：隧道\n來源：https://x.hk/t\n{隧道}</doc>", "隧道", "https://x.hk/t"),
        (f"Document [1](Title: Tunnels) {TUNNEL}\nDocument [2](Title: Tolls) {TOLL}", "Tunnels", ""),
    ],
)  # fmt: skip
def test_a_passage_has_the_title_and_the_address_that_it_is_given(text, title, url):
    assert (pasted(text)[0][0].title, pasted(text)[0][0].url) == (title, url)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain text", "plain text"),
        ('{"rain": 1.50, "city": "\\u9999\\u6e2f", "ok": true, "none": null}', "rain: 1.50\ncity: 香港\nok: true\nnone: null"),
        ('{"quote": "he said \\"no\\"\\nand left"}', 'quote: he said "no"\nand left'),
        ('[{"a": 1}, {"a": 2}]', "a: 1\n\na: 2"),
        ('"inside {\\"x\\": 12345678901234567890}"', 'inside {"x": 12345678901234567890}'),
        ('{"result": "{\\"toll\\": \\"二十五元\\"}"}', "result: toll: 二十五元"),
        ({"n": 7, "list": ["x", 2.5]}, "n: 7\nlist:\nx\n2.5"),
        ('{"broken": ', '{"broken": '),
        ("{" * 5000 + "}" * 5000, "{" * 5000 + "}" * 5000),
        ("[" * 3000 + "]" * 3000, None),
    ],
)  # fmt: skip
def test_json_is_written_as_a_reader_would_have_it(value, text):
    assert text is None or readable(value) == text
    assert readable(value)


def test_system_text_is_a_source_but_for_the_passages_in_it():
    text = f"You are a guide of Hong Kong.\n<context>{TUNNEL}</context>\nBe brief."
    assert said("system", text) == [
        Source("passage", TUNNEL),
        Source("system", "You are a guide of Hong Kong.\nBe brief."),
    ]
    assert said("tool", f"[1] {TUNNEL}\n[2] {TOLL}", "search") == [
        Source("tool", TUNNEL, "1", "search"),
        Source("tool", TOLL, "2", "search"),
    ]
    assert said("system", "  ") == []


def test_documents_are_taken_in_the_forms_that_servers_take():
    given_ = [
        "plain",
        {"id": "a", "data": {"title": "T", "snippet": "S", "url": "https://x.hk"}},
        {"type": "document", "document": {"id": "b", "data": "D"}},
        {"title": "U", "text": "V"},
        {"nothing": 1},
        7,
    ]
    assert [(s.key, s.title, s.text, s.url) for s in documents(given_)] == [
        ("", "", "plain", ""),
        ("a", "T", "S", "https://x.hk"),
        ("b", "", "D", ""),
        ("", "U", "V", ""),
    ]


def test_a_file_is_a_source_where_it_is_text():
    assert in_file("data:text/plain;base64,5rW35bqV6Zqn6YGT") == "海底隧道"
    assert in_file("data:text/plain;charset=utf-8;base64,aGk=") == "hi"
    assert in_file("aGk=", "text/markdown") == "hi"
    assert in_file("data:application/pdf;base64,JVBERi0=") == ""
    assert in_file("aGk=", "image/png") == ""
    assert in_file("//8=", "text/plain") == ""


def test_a_text_is_a_source_once():
    a, b = Source("tool", "same"), Source("document", "same", "1")
    assert distinct([a, a, b, Source("tool", " ")]) == (a, b)
    assert told(f"<doc>{TUNNEL}</doc>q", "be kind", TUNNEL) == (Source("system", "be kind"), Source("document", TUNNEL))


def test_a_policy_names_places_of_a_request():
    body = {"metadata": {"docs": [{"body": "one"}, {"body": "two", "x": 3}], "a/b": "slash"}, "list": ["z"]}
    texts = [s.text for s in at_pointers(body, [("metadata", "docs", "*", "body"), ("metadata", "a/b"), ("list", "0")])]
    assert texts == ["one", "two", "slash", "z"]
    assert not list(at_pointers(body, [("list", "9"), ("metadata", "*"), ("nothing",), ("list", "-1")]))[1:]
    assert not list(at_pointers(None, [("a",)]))


MARKS = st.sampled_from(
    ["<document>", "</document>", "<context>", "</context>", '<doc id="1">', "</doc>", "<documents>", "</documents>", "[1] ", "\n[2] ",
     "\nContext:", "\nQuestion:", "參考資料：", "問題：", '"""', "\n\n", "\n", "-----\n", "based on the following text:", TUNNEL, 隧道, "<source>", "</source>"]
)  # fmt: skip


@given(st.lists(st.one_of(MARKS, st.text(max_size=8)), max_size=24).map("".join))
def test_nothing_is_said_twice_and_nothing_is_made_up(text):
    sources, rest = pasted(text)
    for source in sources:
        assert source.text in text
        assert source.text.strip()
    assert sum(len(source.text) for source in sources) + len(rest) <= len(text) + len(sources)
    assert all(part in text for part in rest.split("\n"))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)))  # fmt: skip
def test_every_string_of_json_can_be_found_in_what_is_read_of_it(value):
    def strings(node):
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict | list):
            for each in node.values() if isinstance(node, dict) else node:
                yield from strings(each)

    if isinstance(value, dict | list):
        text = readable(json.dumps(value))
        assert all(each in text or readable(each) in text for each in strings(value))
