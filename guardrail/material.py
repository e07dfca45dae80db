"""What a request carries that an answer may be held against: sources in blocks of their own, and passages pasted into
a text.

Rules:
1. A passage is one by an explicit mark of whoever wrote the text: a tag (`<document index="1">`), a label that is
   answered by another (`Context:` ... `Question:`, `參考資料：`...`問題：`), numbers in a row (`[1]`, `[2]`), triple
   quotes.  What merely looks long is no passage: an answer would be held against the caller's own question.
2. Every character of a text is in one source at most.  Of what is somebody else's word as a whole (system text, the
   result of a tool) the rest is a source too.
3. JSON is written out as lines of `key: value`, because an answer quotes `"Fu"` and not `\\"Fu\\"`; it stays one
   source.
4. Pure, and linear in the text whatever it holds.
"""

import json
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from guardrail.types import Pointer, Source

_DEPTH = 32
_NESTED = 3  # JSON documents inside one another that are written out
_LEAST = 12  # characters other than white space, of which a Chinese one says as much as two; less is an empty form
_LONG = 80  # characters of a block that is marked only by what stands before it; Chinese says as much in half


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


# --- tags ------------------------------------------------------------------------------------------------------------

_ITEMS = _words(
    "document doc passage context reference excerpt chunk snippet search_result searchresult retrieved_document "
    "retrieved_context knowledge knowledge_base background_information "
    "cites 已知信息 已知資訊 文件 文檔 文档 資料 资料 參考資料 参考资料 上下文 文章 原文 段落 片段 "
    "來源 来源 搜尋結果 搜索结果 檢索結果 检索结果 知識庫 知识库"
)
_AMBIGUOUS = _words("article source text content result file email transcript report item page data")
"""Names that HTML and SVG have too: of those pages' code none is a passage."""
_WRAPS = _words(
    "documents docs sources passages references contexts search_results results chunks excerpts snippets articles "
    "files retrieved_documents retrieved_passages"
)
_BODIES = _words("document_content content contents text body page_content document_text passage_text 內容 内容")
_TITLES = _words("title name filename file_name document_title source 標題 标题")
_URLS = _words("url uri href link src source 網址 网址")
_KEYS = ("index", "id", "key", "number", "num", "n", "ref", "no", "編號", "编号")
_KNOWN = _ITEMS | _AMBIGUOUS | _WRAPS | _BODIES | _TITLES | _URLS
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9_-]{0,30}|[\u4e00-\u9fff]{2,6})(\s[^<>]{0,600})?>")
_ATTRIBUTE = re.compile(r"""([\w-]{1,40})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>=]+))""")
_MARKUP = re.compile(r"<(?:!doctype|html|head|body|div|span|svg|path|script|br|rss|feed|xs:)\b", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]{1,15}://\S+|www\.\S+", re.IGNORECASE)

# --- labels ----------------------------------------------------------------------------------------------------------

_COLON = r"[ \t]*[:：](?:\*\*)?"


def _label(words: str, begins: str = "(?m:^)[ \\t]*") -> str:
    """A label: words with a colon behind them, or marked as a heading on a line of their own (`## Context`)."""
    marked = rf"(?:\#{{1,6}} *|\*\*|【)(?:{words})(?:\*\*|】)?(?:{_COLON}|[ \t]*(?=\n))"
    return rf"{begins}(?:{marked}|(?:{words})(?:\*\*|】)?{_COLON})"


_OPENS = re.compile(
    _label(
        r"(?:(?:the|retrieved|reference|supporting|relevant|provided|search|background) ){0,2}"
        r"(?:contexts?|documents?|passages?|sources|references|articles?|excerpts?|snippets|search results|results|text"
        r"|materials?|information|background|knowledge(?: base)?|evidence)"
        r"(?: (?:text|information|documents?|passages?|materials?))?"
    )
    + "|"
    + _label(
        r"(?:參考|参考|相關|相关|背景|已知|檢索|检索|補充|补充|提供的?)?"
        r"(?:資料|资料|內容|内容|文件|文檔|文档|文章|原文|內文|段落|上下文|資訊|信息|搜尋結果|搜索结果|檢索結果|检索结果"
        r"|知識庫|知识库)",
        r"(?:(?<=[。！？；：\n ])|(?m:^))",
    ),
    re.IGNORECASE,
)
_ASKS = re.compile(
    _label(r"(?:(?:the|my|user|user's|customer) ){0,2}(?:question|query|q)s?")
    + "|"
    + _label(
        r"(?:用戶|用户|使用者|客戶|客户|我的)?(?:的)?(?:問題|问题|提問|提问|查詢|查询|問|问)[是係为為]?",
        r"(?:(?<=[。！？；\s])|(?m:^))",
    ),
    re.IGNORECASE,
)
_STOPS = re.compile(
    _label(r"(?:(?:final|your|the|helpful) ){0,2}(?:answer|response|task|instructions?|output|rules)")
    + "|"
    + _label(r"(?:你的|請|请)?(?:答案|回答|答|任務|任务|指示|要求|輸出|输出)", r"(?:(?<=[。！？；\s])|(?m:^))"),
    re.IGNORECASE,
)
_TO_USE = re.compile(
    r"(?:based (?:only |solely |strictly )?on|using(?: only)?|answer(?:ing)? (?:only )?from|according to) "
    r"(?:only )?the "
    r"(?:(?:following|provided|given|above|below) )?(?:context|documents?|passages?|sources|information|excerpts?)\b"
    r"|(?:根據|根据|按照|依據|依据|參考|参考)(?:以下|下面|下列|上述|上面|提供)[^。！？：:\n]{0,6}"
    r"(?:資料|资料|內容|内容|文件|文檔|文档|文章|段落|資訊|信息)",
    re.IGNORECASE,
)
"""What an application asks for that pastes passages; then the question need not be labelled."""
_FOLLOWS = re.compile(
    r"(?:summari[sz]e|based (?:only |solely |strictly )?on|according to|using(?: only)?|answer(?:ing)? (?:only )?from|"
    r"extract [a-z ]{1,40} from|refer(?:ring)? to|grounded in) (?:the )?(?:following|below) [a-z]{1,20}"
    r"(?: [a-z]{1,12}){0,3}(?:, [a-z ,]{1,60})?:"
    r"|(?:根據|根据|按照|依據|依据|參考|参考|總結|总结|概括|歸納|归纳|摘要|參照|参照)(?:一下)?(?:以下|下面|下列)"
    r"[^。！？：:\n]{0,24}[：:]",
    re.IGNORECASE,
)
_CONTEXT_ABOVE = re.compile(
    r"following (?:pieces of )?(?:retrieved )?(?:context|documents|passages|information)\b", re.I
)
_RULED = re.compile(r"context[^\n]{0,120}\n[ \t]*-{5,}[ \t]*\n(.*?)\n[ \t]*-{5,}[ \t]*(?:\n|$)", re.I | re.S)
"""How the two most used libraries of retrieval ask: LangChain's `Use the following pieces of context ...`, a blank
line, the passages, `Question:`; LlamaIndex's `Context information is below.` between two rules."""
_WORDS = ("question", "query", "q:", "q：", "問", "问", "查詢", "查询")
_MAKES = re.compile(
    r"\b(?:re)?writ|generat|creat|compos|translat|continu|design|draft|invent|生成|寫|写|創作|创作|編|编|翻譯|翻译|設計|设计"
    "|制定|回覆|回复",
    re.IGNORECASE,
)
"""What is made of a text need not be in it."""
_MARKS = ("<", ":", "：", "\n", '"""')
"""Every passage has one of these beside it, and ordinary questions seldom do."""
_HAN = re.compile("[\u3400-\u9fff]")

# --- numbers ---------------------------------------------------------------------------------------------------------

_NUMBERED = re.compile(r"(?m:^)[ \t]*(?:\[(\d{1,3})\]|【(\d{1,3})】)[ \t]*[:：.]?")
_NAMED = re.compile(
    r"(?m:^)[ \t]*(?:\#{1,6} *|\*\*|【|\[)?(?:document|doc|source|passage|context|reference|chunk|excerpt|article"
    r"|snippet|result|文件|文檔|文档|資料|资料|段落|來源|来源|文章|參考資料|参考资料|片段)[ \t]*"
    r"(?:\[?\#?(\d{1,3})\]?|([一二三四五六七八九十]))(?:】|\*\*)?[ \t]*(?:\(([^()\n]{0,200})\)[ \t]*:?|[:：]|(?=\n))",
    re.IGNORECASE,
)
_RULE_BELOW = re.compile(r"\n[ \t]*(?:-{3,20}|={3,20}|\*{3,20})\Z")
_HEAD = re.compile(
    r"[ \t]*(?:\*\*)?(title|url|uri|link|source|標題|标题|題目|题目|網址|网址|連結|链接|來源|来源)(?:\*\*)?[ \t]*[:：]"
    r"(?:\*\*)?[ \t]*(.{1,300})",
    re.IGNORECASE,
)
_TITLE_WORDS = frozenset({"title", "標題", "标题", "題目", "题目"})


@dataclass(frozen=True, slots=True)
class _Found:
    """A passage and the span of the text that it takes up, its marks included."""

    start: int
    end: int
    text: str
    key: str = ""
    title: str = ""
    url: str = ""


def pasted(text: str) -> tuple[list[Source], str]:
    """The passages in a text, and what is left of it without them.

    >>> pasted('<doc id="7">Kai Tak opened in 1925.</doc>When?')
    ([Source(origin='passage', text='Kai Tak opened in 1925.', key='7', title='', url='')], 'When?')
    """
    found = _passages(text)
    if not found:
        return [], text
    rest, done = [], 0
    for each in found:
        rest.append(text[done : each.start])
        done = each.end
    rest.append(text[done:])
    sources = [Source("passage", readable(each.text), each.key, each.title, each.url) for each in found]
    return sources, "\n".join(part.strip() for part in rest if part.strip())


def said(origin: str, text: str, title: str = "") -> list[Source]:
    """The sources in a text that is somebody else's word as a whole: the passages in it, and the rest."""
    if not text.strip():
        return []
    sources, rest = pasted(text)
    whose = "tool" if origin == "tool" else "passage"
    sources = [replace(source, origin=whose, title=source.title or title) for source in sources]
    return [*sources, *([Source(origin, rest, title=title)] if rest.strip() else [])]


def result(value: Any, title: str = "") -> list[Source]:
    """What a tool handed back: text, JSON in a text, or a value."""
    return said("tool", readable(value), title)


def documents(value: Any, depth: int = 3) -> Iterator[Source]:
    """Documents in the forms that servers take beside the messages: texts, or objects with a text, a title, an id.

    >>> list(documents([{"id": "a", "data": {"title": "T", "snippet": "S"}}, "plain"]))
    [Source(origin='document', text='S', key='a', title='T', url=''), Source(origin='document', text='plain', key='', title='', url='')]
    """  # noqa: E501
    if isinstance(value, list):
        for each in value if depth else ():
            yield from documents(each, depth - 1)
    elif isinstance(value, str):
        if value.strip():
            yield Source("document", value)
    elif isinstance(value, dict):
        inner = value.get("document") if isinstance(value.get("document"), dict) else value
        data = inner.get("data") if isinstance(inner, dict) else None
        merged = {**inner, **data} if isinstance(inner, dict) and isinstance(data, dict) else inner
        if isinstance(merged, dict) and (text := _body(merged)):
            yield Source(
                "document",
                text,
                _first(merged, ("id", "doc_id", "document_id", "key", "index")),
                _first(merged, ("title", "name", "filename", "filepath")),
                _first(merged, ("url", "uri", "link", "source")),
            )


def _body(members: Mapping[str, Any]) -> str:
    for name in ("text", "content", "snippet", "page_content", "body", "contents", "data"):
        if isinstance(text := members.get(name), str) and text.strip():
            return text
    return ""


def _first(members: Mapping[str, Any], names: Sequence[str]) -> str:
    for name in names:
        value = members.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


_DATA_URL = re.compile(r"data:(text/[a-z0-9.+-]{1,40}|application/(?:json|xml|x-ndjson|yaml))[^,]{0,100};base64,", re.I)


def in_file(data: str, kind: str = "") -> str:
    """The text of a file that is given in base64, "" where it is no text; `kind` is its media type, where `data` is no
    data URL that says so."""
    if url := _DATA_URL.match(data[:200]):
        data = data[url.end() :]
    elif not (kind.startswith("text/") or kind in ("application/json", "application/xml", "application/yaml")):
        return ""
    try:
        return b64decode(data.replace("-", "+").replace("_", "/") + "==").decode()
    except ValueError:
        return ""


def given(prompt: str, system: str, context: Any = "") -> tuple[Source, ...]:
    """The sources of a conversation that is told in a few texts; `context` is a text, or documents."""
    documents_ = said("document", context) if isinstance(context, str) else documents(context)
    return distinct((*said("system", system), *documents_, *pasted(prompt)[0]))


def distinct(sources: Iterable[Source]) -> tuple[Source, ...]:
    """The sources, each text once: what is said again adds nothing, but a key or a title."""
    seen: set[tuple[str, str, str]] = set()
    kept: list[Source] = []
    texts: set[str] = set()
    for source in sources:
        mark = (source.text, source.key, source.url)
        again = mark in seen or (source.text in texts and not (source.key or source.url))
        if source.text.strip() and not again:
            kept.append(source)
        seen.add(mark)
        texts.add(source.text)
    return tuple(kept)


def at_pointers(document: Any, pointers: Iterable[Pointer]) -> Iterator[Source]:
    """The strings of a request at the places that a policy names; `*` in a place stands for any one part."""
    for pointer in pointers:
        for text in _strings_at(document, pointer):
            yield Source("policy", readable(text))


def _strings_at(node: Any, pointer: Pointer) -> Iterator[str]:
    if not pointer:
        if isinstance(node, str) and node.strip():
            yield node
        return
    part, rest = pointer[0], pointer[1:]
    if isinstance(node, dict):
        for value in node.values() if part == "*" else [node[part]] if part in node else ():
            yield from _strings_at(value, rest)
    elif isinstance(node, list):
        if part == "*":
            for value in node:
                yield from _strings_at(value, rest)
        elif isinstance(part, str) and part.isdecimal() and int(part) < len(node):
            yield from _strings_at(node[int(part)], rest)


def readable(value: Any) -> str:
    """A value as a reader would have it: strings as they are, and JSON, also in a string, in lines of `key: value`.

    >>> readable('{"city": "\\\\u9999\\\\u6e2f", "rain": [1.50, {"at": "noon"}]}')
    'city: 香港\\nrain:\\n1.50\\n\\nat: noon'
    """
    return _written(value, _NESTED)


def _written(value: Any, nested: int) -> str:
    if isinstance(value, str):
        inner = _parsed(value) if nested else None
        return value if inner is None else _written(inner, nested - 1)
    lines: list[str] = []
    _write(value, lines, _DEPTH, nested)
    return "\n".join(lines)


def _parsed(text: str) -> Any:
    """The value that a text is the JSON of, numbers as they are spelled; None where it is none."""
    body = text.strip()
    if body[:1] + body[-1:] not in ("{}", "[]", '""') or len(body) < 2:
        return None
    try:
        return json.loads(body, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None


def _write(value: Any, lines: list[str], depth: int, nested: int) -> None:
    if not isinstance(value, dict | list):
        lines.append(_word(value, nested))
    elif not depth:
        lines.append(json.dumps(value, ensure_ascii=False))
    elif isinstance(value, dict):
        for name, member in value.items():
            word = None if isinstance(member, dict | list) else _word(member, nested)
            lines.append(f"{name}:" if word is None else f"{name}: {word}")
            if word is None:
                _write(member, lines, depth - 1, nested)
    else:
        for number, element in enumerate(value):
            if number and isinstance(element, dict):
                lines.append("")  # one record is not read on into the next
            _write(element, lines, depth - 1, nested)


def _word(value: Any, nested: int) -> str:
    if isinstance(value, str):
        return _written(value, nested)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(value)


# --- passages --------------------------------------------------------------------------------------------------------


def _passages(text: str) -> list[_Found]:
    """Every passage in a text, in order; what one kind of mark took is not looked at again."""
    if not any(mark in text for mark in _MARKS):
        return []  # as most of what people type
    found = [each for each in _tagged(text) if each.text] if "<" in text else []
    lower = text.lower()
    asked = any(word in lower for word in _WORDS) and _ASKS.search(text) is not None
    asked = asked or _is_to_use(text)
    for finder in (_ruled, _labelled, _in_a_row, _announced, _quoted):
        for start, end in _gaps(text, found):
            found += [
                replace(each, start=each.start + start, end=each.end + start)
                for each in finder(text[start:end], asked)
                if _weighs(each.text)
            ]
        found.sort(key=lambda each: each.start)
    return found


def _is_to_use(text: str) -> bool:
    """Whether a text asks to answer from what it brings along, and not to make something of it."""
    told = _TO_USE.search(text)
    return told is not None and _MAKES.search(text, max(0, told.start() - 60), told.end() + 60) is None


def _weighs(text: str) -> bool:
    return len("".join(text[:400].split())) + len(_HAN.findall(text[:400])) >= _LEAST


def _gaps(text: str, found: Sequence[_Found]) -> list[tuple[int, int]]:
    starts = [0, *(each.end for each in found)]
    ends = [*(each.start for each in found), len(text)]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if end - start > _LEAST]


@dataclass(slots=True)
class _Element:
    name: str
    start: int
    inner: int
    attributes: str
    stop: int = 0
    end: int = 0
    children: list["_Element"] = field(default_factory=list)


def _tagged(text: str) -> list[_Found]:
    skipped = _AMBIGUOUS if _MARKUP.search(text) else frozenset()
    found: list[_Found] = []
    for element in _elements(text):
        found += _of_element(text, element, skipped, 4)
    return found


def _elements(text: str) -> list[_Element]:
    """The outermost elements of known names that are closed, with what is inside them."""
    roots: list[_Element] = []
    open_: list[_Element] = []
    count: dict[str, int] = {}
    for tag in _TAG.finditer(text):
        name = tag[2].lower()
        if name not in _KNOWN or (tag[3] or "").endswith("/"):
            continue
        if not tag[1]:
            open_.append(_Element(name, tag.start(), tag.end(), tag[3] or ""))
            count[name] = count.get(name, 0) + 1
            continue
        if not count.get(name):
            continue
        orphans: list[_Element] = []
        while (element := open_.pop()).name != name:  # never closed: what is inside belongs to what is around
            count[element.name] -= 1
            orphans += element.children
        count[name] -= 1
        element.stop, element.end = tag.start(), tag.end()
        element.children = sorted([*element.children, *orphans], key=lambda child: child.start)
        (open_[-1].children if open_ else roots).append(element)
    for element in open_:
        roots += element.children
    return sorted(roots, key=lambda element: element.start)


def _of_element(text: str, element: _Element, skipped: frozenset[str], depth: int) -> list[_Found]:
    known = _ITEMS | (_AMBIGUOUS - skipped)
    bodies = [child for child in element.children if child.name in _BODIES]
    inner = [child for child in element.children if child.name in known | _WRAPS]
    if element.name in known and bodies:
        return [_item(text, element, bodies[0])]
    if inner and depth and not (element.name in known and all(child.name in _TITLES for child in inner)):
        return _wrapped(text, element, [f for child in inner for f in _of_element(text, child, skipped, depth - 1)])
    if element.name not in known | _WRAPS:
        return []
    body = text[element.inner : element.stop]
    rows = [
        replace(each, start=each.start + element.inner, end=each.end + element.inner) for each in _in_a_row(body, True)
    ]
    return _wrapped(text, element, rows) if rows else [_item(text, element, element)]


def _wrapped(text: str, element: _Element, found: list[_Found]) -> list[_Found]:
    """The passages in an element, which take it up where nothing stands beside them."""
    if found and not text[element.inner : found[0].start].strip():
        found[0] = replace(found[0], start=element.start)
    if found and not text[found[-1].end : element.stop].strip():
        found[-1] = replace(found[-1], end=element.end)
    return found


def _item(text: str, element: _Element, body: _Element) -> _Found:
    """One document in a tag, with what its attributes, the tags in it and its first lines say of it."""
    about = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(element.attributes)}
    for child in element.children if body is not element else ():
        if child is not body:
            about.setdefault(child.name, text[child.inner : child.stop].strip()[:300])
    said = text[body.inner : body.stop].strip()
    title, url = _headed(said)
    for name, value in about.items():
        if name in _URLS and _URL.match(value):
            url = url or value
        elif name in _TITLES:
            title = title or value
    key = next((about[name] for name in _KEYS if name in about), "")
    return _Found(element.start, element.end, said, key, title, url)


def _headed(text: str) -> tuple[str, str]:
    """The title and the address that the first lines of a passage give."""
    title = url = ""
    for line in text[:1200].split("\n")[:5]:
        head = _HEAD.fullmatch(line.rstrip())
        if head is None:
            continue
        value = head[2].strip()
        if head[1].lower() in _TITLE_WORDS:
            title = title or value
        elif address := _URL.search(value):
            url = url or address.group()
        elif head[1].lower() in ("source", "來源", "来源"):
            title = title or value
    return title, url


def _ruled(text: str, asked: bool) -> Iterator[_Found]:
    """What stands between two rules under a line that speaks of the context."""
    if "-----" in text:
        for match in _RULED.finditer(text):
            yield from _block(text, match.start(1), match.start(1), match.end(1))


def _labelled(text: str, asked: bool) -> Iterator[_Found]:
    """`Context: ...` up to `Question:`, where the text has a question by that name."""
    if not asked:
        return
    if (above := _CONTEXT_ABOVE.search(text)) and (blank := text.find("\n\n", above.end())) > 0:
        stop = min((ask.start() for ask in _ASKS.finditer(text, blank)), default=0)
        if stop and _is_long(text[blank:stop].strip()):
            yield from _block(text, blank, blank, stop)
            return
    opens = [(match.start(), match.end(), True) for match in _OPENS.finditer(text)]
    if not opens:
        return
    ends = [(match.start(), match.end(), False) for rx in (_ASKS, _STOPS) for match in rx.finditer(text)]
    marks = sorted([*opens, *ends])
    for number, (start, end, is_open) in enumerate(marks):
        stop = marks[number + 1][0] if number + 1 < len(marks) else len(text)
        if is_open and stop == len(text):
            stop = end + len(_without_question(text[end:]))
        if is_open and stop > end:
            yield from _block(text, start, end, stop)


def _block(text: str, start: int, inner: int, stop: int) -> Iterator[_Found]:
    """What stands under a label: passages in a row, or one."""
    rows = [replace(each, start=each.start + inner, end=each.end + inner) for each in _in_a_row(text[inner:stop], True)]
    if rows:
        bare = not text[inner : rows[0].start].strip()
        yield replace(rows[0], start=start if bare else rows[0].start)
        yield from rows[1:]
        return
    body = text[inner:stop].strip()
    yield _Found(start, stop, body, "", *_headed(body))


def _in_a_row(text: str, asked: bool) -> Iterator[_Found]:
    """Passages that are numbered in a row, at the beginnings of lines."""
    for written, marks in ((("[1", "【1", "[0"), _NUMBERED), (("1", "一"), _NAMED)):
        run = _row(list(marks.finditer(text))) if any(mark in text for mark in written) else []
        if len(run) < 2:
            continue
        last = _last_end(text, run)
        for number, mark in enumerate(run):
            stop = run[number + 1].start() if number + 1 < len(run) else last
            body = _RULE_BELOW.sub("", text[mark.end() : stop].strip())
            title, url = _headed(body)
            given = mark[3] if mark.re is _NAMED else None
            if given and not title:
                title = re.sub(r"^(?:title|標題|标题)\s*[:：]\s*", "", given.strip(), flags=re.IGNORECASE)
            yield _Found(mark.start(), stop, body, str(_number(mark)), title, url)
        return


def _number(mark: re.Match[str]) -> int:
    written = mark[1] or mark[2]
    return int(written) if written.isdecimal() else "一二三四五六七八九十".index(written) + 1


def _row(marks: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """The first run of marks that count up from 0 or 1."""
    run: list[re.Match[str]] = []
    for mark in marks:
        number = _number(mark)
        if run and number == _number(run[-1]) + 1:
            run.append(mark)
        elif len(run) < 2 and number in (0, 1):
            run = [mark]
        elif run:
            break
    return run


def _last_end(text: str, run: Sequence[re.Match[str]]) -> int:
    """Where the last passage of a row ends: at a label, or at a blank line where none of the others holds one."""
    begin = run[-1].end()
    ends = [match.start() for rx in (_ASKS, _STOPS) if (match := rx.search(text, begin))]
    if any("\n\n" in text[a.end() : b.start()].strip() for a, b in pairwise(run)):
        return min([*ends, begin + len(_without_question(text[begin:]))])
    blank = text.find("\n\n", begin + 1)
    return min([*ends, *([blank] if blank > 0 else []), len(text)])


def _without_question(text: str) -> str:
    """A text without the paragraph at its end that asks something."""
    body = text.rstrip()
    cut = body.rfind("\n\n")
    return body[:cut] if cut > 0 and body[-1] in "?？" and len(body) - cut < 600 else text


def _announced(text: str, asked: bool) -> Iterator[_Found]:
    """`Based on the following article: ...`, to the end."""
    said = any(word in text for word in ("follow", "below", "Below", "Follow", "以下", "下面", "下列"))
    mark = _FOLLOWS.search(text) if said else None
    if mark is None or _MAKES.search(mark.group()):
        return
    ends = [match.start() for rx in (_ASKS, _STOPS) if (match := rx.search(text, mark.end()))]
    stop = min([*ends, mark.end() + len(_without_question(text[mark.end() :]))])
    body = text[mark.end() : stop].strip()
    if _is_long(_URL.sub("", body)):
        yield _Found(mark.end(), stop, body, "", *_headed(body))


def _quoted(text: str, asked: bool) -> Iterator[_Found]:
    """What stands in triple quotes, unless the text holds code."""
    if '"""' not in text or "```" in text or "def " in text or "class " in text:
        return
    parts = text.split('"""')
    at = len(parts[0])
    for number in range(1, len(parts) - 1, 2):
        body = parts[number].strip()
        end = at + 6 + len(parts[number])
        if _is_long(body):
            yield _Found(at, end, body, "", *_headed(body))
        at = end + len(parts[number + 1])


def _is_long(text: str) -> bool:
    return len(text) >= (_LONG // 2 if _HAN.search(text[:_LONG]) else _LONG)
