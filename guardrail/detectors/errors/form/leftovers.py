"""What belongs to the machinery and stands in the answer: chat-template tokens, tool-call markup, stack traces, server
errors (Guideline v1.1 §2.3.3, §2.3.5).

Rules:
1. Tokens are those of published chat templates (ChatML, Llama 2 and 3, Mistral, Gemma, Phi, Qwen, DeepSeek, Harmony)
   and the tags around reasoning and tool calls.  `<s>` is HTML too, so only one alone at an edge of the answer counts.
2. A stack trace is one by its form: the head line of the language and a frame, or two frames.  A server error counts
   where it is the whole answer.
3. Not judged: code, what is quoted, what the caller or the system text wrote first, answers that explain it (`token`,
   `template`, `tag` beside it) and answers to questions about tokens, errors, logs or programs.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice

from guardrail.detectors.protocol import Options
from guardrail.text.language import language
from guardrail.text.wording import Wording
from guardrail.types import Context, Finding, Stage, Unit

_TOKEN, _TRACE = "error.template_token", "error.stack_trace"
_MOST = 20
_LOOKED_AT = 500
"""Tokens of one answer that are looked at: one with more is broken, or about them, as a whole."""

_LEAKED = Wording(
    "“{token}” is internal markup of the model and does not belong in the answer.",
    "「{token}」是模型的內部標記，不應出現在回答中。",
    "“{token}”是模型的内部标记，不应出现在回答中。",
)
_FAILED = Wording(
    "This is a program's error message, not an answer to the question.",
    "這是程式的錯誤訊息，不是問題的答案。",
    "这是程序的错误信息，不是问题的答案。",
)

_TOKENS = re.compile(
    r"<\|(?:im_start|im_end|im_sep|endoftext|startoftext|eot_id|eom_id|start_header_id|end_header_id|begin_of_text"
    r"|end_of_text|system|user|assistant|end|pad|python_tag|channel|message|start|return|constrain|call|endofprompt"
    r"|fim_(?:prefix|middle|suffix|pad)|tool_call(?:s_section)?_(?:begin|end)|(?:START|END)_OF_TURN_TOKEN|EOT)\|>"
    r"|<｜[\w▁ ]{3,40}｜>"
    r"|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>|\[TOOL_CALLS\]|\[/?AVAILABLE_TOOLS\]"
    r"|</?think(?:ing)?>|</?(?:tool_call|tool_response|function_calls?|tool_use)>"
    r"|<(?:[a-z]{2,8}:)?invoke name=\"[\w.-]{1,64}\">|<function=[\w.-]{1,64}>"
    r"|\A\s{0,20}<s>(?!.{0,400}</s>)|(?<!<s>)</s>\s*\Z"
    r"|^### Instruction:[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_STRUCK = re.compile(r"<s>[^<\n]{1,400}</s>\s*\Z")
_ABOUT_TOKENS = re.compile(
    r"special tokens?|chat ?template|prompt (?:format|template)|tokeni[sz]|delimiter|fine-?tun|system prompt"
    r"|\bChatML\b|\bXML\b|\bHTML\b"
    r"|\bmark-?up\b|\btags?\b|few-shot|特殊標記|特殊标记|標記|标记|標籤|标签|模板|分詞|分词|微調|微调|提示詞格式",
    re.IGNORECASE,
)
_CODE = re.compile(r"^[ \t]*(?P<f>```|~~~).*?(?:^[ \t]*(?P=f)|\Z)|`[^`\n]{1,300}`", re.MULTILINE | re.DOTALL)

_TRACES = re.compile(
    r"Traceback \(most recent call last\):\s{1,8}(?:File \"|\S[^\n]{0,120}\n)"
    r"|^[ \t]*at [\w$.<>\[\] ]{2,160}[ ]?\([^()\n]{1,200}:\d{1,6}(?::\d{1,6})?\)[ \t]*\n[ \t]*at "
    r"|^goroutine \d{1,9} \[\w[\w ,]{1,40}\]:|^thread '[^'\n]{1,80}' panicked at|^PHP (?:Fatal|Parse) error:"
    r"|^Stack trace:\s{1,4}#0 "
    r"|^\s{0,8}File \"[^\"\n]{1,200}\", line \d{1,7}, in \S",
    re.MULTILINE,
)
_SERVER = re.compile(
    r"\s*(?:<(?:!DOCTYPE )?html\b[^<]{0,200}(?:<[^>]{0,200}>\s*){0,8})?(?:(?:HTTP )?(?:Error )?(?:50[0-4]"
    r"|429)[ :-]{1,3}(?:Internal Server Error|Bad Gateway|Service Unavailable"
    r"|Gateway Time-?out|Too Many Requests|Not Implemented)"
    r"(?!\W{0,4}(?:errors?|status|code|response)?\W{0,2}(?:(?:means?|is|indicates?|happens?|occurs?|signals?|tells?)\b"
    r"|[係系是即指]|表示|代表|意思))|Internal Server Error\s*\Z|Bad Gateway\s*\Z"
    r"|upstream connect error or disconnect"
    r"|Error code: [45]\d\d - \{|[\w.]{0,60}(?:RateLimitError|APIError|APIConnectionError|InternalServerError"
    r"|ServiceUnavailableError): "
    r"|(?:RuntimeError|torch\.[\w.]{1,40}|OutOfMemoryError): CUDA out of memory|CUDA out of memory\."
    r"|\{\s*\"error\"\s*:\s*\{\s*\"(?:message|code|type)\"\s*:)"
)
_ABOUT_TRACES = re.compile(
    r"traceback|stack ?trace|exception|\berrors?\b|\bbugs?\b|debug|crash|\blogs?\b|\bcode\b|\bscript\b"
    r"|program|function|python|java|\bAPI\b|\bHTTP|server|json|\bGPU\b"
    r"|報錯|报错|錯誤|错误|例外|異常|异常|除錯|调试|調試|崩潰|崩溃|日誌|日志|程式|程序|代碼|代码|編程"
    r"|编程|伺服器|服务器",
    re.IGNORECASE,
)
_OPENING_QUOTES = "\"'“”「『‘《"


class Leftovers:
    """Reports markup and error reports of the machinery in an answer."""

    name = "errors.leftovers"
    kinds: tuple[str, ...] = (_TOKEN, _TRACE)
    unit = Unit.ANSWER
    heavy = False

    def __init__(self, wanted: frozenset[str] = frozenset((_TOKEN, _TRACE))) -> None:
        """A detector for the kinds `wanted`."""
        self._wanted = wanted

    def configure(self, options: Options) -> "Leftovers":
        """A detector for the kinds that a policy has rules for."""
        return Leftovers(options.wanted & frozenset(self.kinds) or frozenset(self.kinds))

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each whole answer, in the order of the text."""
        if context.stage is not Stage.RESPONSE:
            return [[] for _ in texts]
        return [[*self._tokens(text, context), *self._traces(text, context)] for text in texts]

    def _tokens(self, text: str, context: Context) -> Iterator[Finding]:
        if _TOKEN not in self._wanted or not ("<" in text or "[" in text or "###" in text):
            return
        seen = islice(_TOKENS.finditer(text), _LOOKED_AT)
        matches = [match for match in seen if not _struck(text, match)]
        if not matches or _ABOUT_TOKENS.search(context.prompt):
            return
        code = [match.span() for match in _CODE.finditer(text)]
        said = "\n".join((context.prompt, context.system, *context.caller))
        lang = language(_TOKENS.sub("", text[:2000]) or context.prompt)
        count = 0
        for match in matches:
            token = match.group().strip()
            start = match.end() - len(match.group().lstrip())
            quoted = text[start - 1 : start] in tuple(_OPENING_QUOTES)
            around = text[max(0, start - 120) : start] + text[match.end() : match.end() + 120]
            if quoted or token in said or _ABOUT_TOKENS.search(around) or _within(code, start):
                continue
            count += 1
            score = 0.65 if token.startswith("#") else 0.9
            message = _LEAKED.to(lang, token=token[:40])
            yield Finding(
                _TOKEN, score, start, start + len(token), self.name, "a token of a chat template", message=message
            )
            if count == _MOST:
                return

    def _traces(self, text: str, context: Context) -> Iterator[Finding]:
        if _TRACE not in self._wanted:
            return
        server = _SERVER.match(text) if len(text) < 4000 else None
        trace = _TRACES.search(text) if server is None else None
        match = server or trace
        if match is None or _ABOUT_TRACES.search(context.prompt) or context.response_format is not None:
            return
        if trace is not None and _within([one.span() for one in _CODE.finditer(text)], trace.start()):
            return
        before = text[: match.start()]
        most = len(before.strip()) * 2 < len(text)
        score = 0.9 if server is not None or most else 0.65
        message = _FAILED.beside(context.prompt or text)
        yield Finding(
            _TRACE, score, match.start(), len(text), self.name, "an error report of a program", message=message
        )


def _struck(text: str, match: re.Match[str]) -> bool:
    """Whether `</s>` closes an `<s>` of HTML."""
    return (
        match.group().startswith("</s>") and _STRUCK.search(text, max(0, match.start() - 410), match.end()) is not None
    )


def _within(stretches: Sequence[tuple[int, int]], at: int) -> bool:
    before = bisect_right(stretches, (at, at + 1)) - 1
    return before >= 0 and stretches[before][0] <= at < stretches[before][1]
