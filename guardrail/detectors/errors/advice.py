"""Advice on the reader's own health, legal case, money or tax, without the notice that the Guideline asks for.

The Guideline (v1.1, Appendix 2.2.2) asks by industry: in healthcare, to tell users that content may be wrong or
invented and is no diagnosis, and that a licensed person reviews it; in legal work, review by a professional; in
finance, fair recommendation and disclosure.  Tax has no paragraph of its own; what it says of finance and of law is
taken to cover it.

Rules:
1. Advice is what tells a person to do something in a case of his own: a dose, to stop a medicine, to sue, to plead,
   to buy or sell, how to declare.  General information, what others do, refusals, and an answer that names a
   professional or says what it is not, are none.
2. The question must be of somebody's own case (`my`, `I`, 我) and on the subject, or nothing is said: a recipe, a story
   or a translation may use the same words.  It is sure where the answer tells an act of the domain; an answer that
   tells how the case will end, or merely something to do, is a hint, below what a notice needs.
3. One finding of each kind in an answer, at the first sentence that advises; its message is the notice that is missing.
4. Whether the advice is right is not judged.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Self

from guardrail.detectors.errors.advice_words import DOMAINS, NEEDLESS, NOTICE, Domain
from guardrail.detectors.protocol import Options
from guardrail.text.refusal import refuses
from guardrail.text.script import simplify
from guardrail.text.sentences import sentences
from guardrail.text.wording import Wording
from guardrail.types import Context, Finding, Stage, Unit

_EVIDENCE = "advice on the reader's own case without a notice"
KINDS = tuple(domain.kind for domain in DOMAINS)
_LOOKED_AT = 12_000  # characters of an answer; advice that begins later is seldom the answer
_ASKED = 4_000  # characters of a question
_SENTENCES = 120

_OWN = re.compile(
    r"\b(?:[Ii](?:['’](?:m|ve|d))?(?![.)\w])|[Mm]y|mine|me|our)\b|(?<!自)[我俺](?![哋们們地国國方等])|本人|小弟|家母|家父|阿妈|"
    r"阿爸",
)
_TASK = re.compile(
    r"^\W{0,3}(?:please |can you |could you |help me )?(?:write|translate|summari[sz]e|rewrite|draft|compose|act as|"
    r"role-?play|paraphrase"
    r"|proofread|correct|classify|extract|continue|generate|create|imagine|pretend|code|explain|define|describe|"
    r"compare|list)\b"
    r"|\b(?:python|java(?:script)?|php|sql|excel|api|docker|wordpress|woocommerce|shopify|linux|html|css)\b"
    r"|(?:写|寫)(?:程式|程序|代码)|编程|編程"
    r"|(?:请|請|幫我|帮我)?(?:翻译|翻譯|改写|改寫|写一|寫一|撰写|撰寫|总结|總結|摘要|续写|續寫|扮演|扮演|解释|解釋|"
    r"介绍|介紹|列出|作文|小说|小說|剧本|劇本)",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(r"\b(?:you|your|you['’]re|him|her|them)\b|[你您佢他她]", re.IGNORECASE)
_IMPERATIVE = re.compile(
    r"^\W*(?:(?:yes|no|sure|first|then|so|just|simply|also|instead|if [^,]{1,60}),?\W+){0,2}"
    r"(?:do not|don['’]t|never|only|come off"
    r"|(?:take|give|have|use|add|stop|cut|halve|double|switch|increase|reduce|skip|inject|ice|rinse|drink|eat|wait|keep"
    r"|start|sue|file|plead|refuse|sign|apply|issue|demand|deny|insist|ignore|send|write|say|tell|ask|report|point|show"
    r"|change|record|collect|withdraw|submit|request|reject|leave|put|place|invest|buy|sell|move|hold|borrow|pay|transfer"
    r"|switch|save|set|go|get|let|choose|pick|lock|claim|deduct|declare|enter|list|split|treat|make))\b",
    re.IGNORECASE,
)
_TOLD = re.compile(
    r"应该|应当|可以|建议|先|要|不用|唔使|把|将|吧|啦|就得|便可|即可|就行|得㗎|先啦|唔好|不要|不必|无需|别|既然|就冇事|餵|喂|就"
)
_OTHERS = re.compile(
    r"^\W*(?:doctors?|physicians?|patients?|investors?|tenants?|people|some|many|employees|taxpayers|employers|"
    r"landlords|traders|it is|they)\b"
    r"|^\W*(?:医生|病人|患者|投资者|租客|雇主|雇员|纳税人|一般来说|一般人|常见|常用)",
    re.IGNORECASE,
)
_YOU_SHOULD = re.compile(
    r"\b(?:you|i)(?:['’]d)? (?:should|must|need to|ought to|had better|can|recommend|suggest|advise)\b"
    r"|(?:^|[，,：:])\W*[你您](?!的|嘅|可能|好|呢|啲|有|系|是|觉得|认为)"
    r"|^\W*(?:不要|唔好|不必|不用|唔使|可以|直接|马上|立即|先|去|畀|给|把|将|发|向|应该|应当|建议)|建议你",
    re.IGNORECASE,
)
_PRUDENT = re.compile(
    r"\b(?:should not|shouldn['’]t|avoid|be careful|caution|before you)\b|唔应该|不应|避免|切勿|不建议|唔建议|谨慎|小心"
    r"|分散投资",
    re.IGNORECASE,
)
_CAREFUL = frozenset({"error.advice_medical", "error.advice_financial"})
"""Domains in which not to do a thing is care, and needs no notice."""
_QUOTED = re.compile(
    r"^\W*[\"“「『].*[\"”」』]\W*$|[\"”」』,，] ?(?:he|she|they|the \w+) (?:said|says|told|asked)|说道|笑道|答道",
    re.DOTALL,
)

_NOTICES = {
    "error.advice_medical": Wording(
        "This was written by AI and may be wrong or made up. It is not a diagnosis: please ask a doctor or pharmacist"
        " before you act on it.",
        "以上內容由人工智能生成，可能有誤或並不屬實，亦非診斷；行動前請先向醫生或藥劑師查詢。",
        "以上内容由人工智能生成，可能有误或并不属实，也不是诊断；行动前请先咨询医生或药师。",
    ),
    "error.advice_legal": Wording(
        "This was written by AI and may be wrong. It is not legal advice: please have a lawyer review your case, and"
        " check every law or judgment that it cites.",
        "以上內容由人工智能生成，可能有誤，並非法律意見；請由律師審視你的個案，並核對所引用的法例及案例。",
        "以上内容由人工智能生成，可能有误，并非法律意见；请由律师审视您的个案，并核对所引用的法例及案例。",
    ),
    "error.advice_financial": Wording(
        "This was written by AI and may be wrong. It is not a recommendation made for you: investments can lose money,"
        " so please ask a licensed adviser first.",
        "以上內容由人工智能生成，可能有誤，並非為你而設的投資建議；投資涉及風險，請先諮詢持牌顧問。",
        "以上内容由人工智能生成，可能有误，并非为您而设的投资建议；投资涉及风险，请先咨询持牌顾问。",
    ),
    "error.advice_tax": Wording(
        "This was written by AI and may be wrong. Please check it with the tax authority or a tax adviser before you"
        " file.",
        "以上內容由人工智能生成，可能有誤；報稅前請先向稅務局或稅務顧問核實。",
        "以上内容由人工智能生成，可能有误；报税前请先向税务机关或税务顾问核实。",
    ),
}


class Advice:
    """Reports advice on the reader's own case that comes without a notice."""

    name = "errors.advice"
    kinds: tuple[str, ...] = KINDS
    unit = Unit.ANSWER
    heavy = False

    def __init__(self, wanted: frozenset[str] = frozenset(KINDS)) -> None:
        """`wanted` are the kinds to look for."""
        self._domains = tuple(domain for domain in DOMAINS if domain.kind in wanted)

    def configure(self, options: Options) -> Self:
        """A detector for the kinds that some rule covers."""
        return type(self)(options.wanted & frozenset(KINDS) or frozenset(KINDS))

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each whole answer."""
        if context.stage is Stage.REQUEST:
            return [[] for _ in texts]
        question = _question(context)
        return [list(self._find(text, question)) for text in texts]

    def _find(self, text: str, question: str) -> Iterator[Finding]:
        looked = text[:_LOOKED_AT]
        if not _OWN.search(question) or _TASK.search(question):
            return
        topical = [domain for domain in self._domains if domain.topic.search(question)]
        if not topical:
            return
        plain = simplify(looked)
        told = [span for span in sentences(plain)[:_SENTENCES] if _directed(plain[span[0] : span[1]])]
        found = [one for domain in topical if (one := _advice(domain, plain, told, question))]
        if not found or _noticed(text) or refuses(text):
            return
        for kind, score, start, end in _surest(found):
            message = _NOTICES[kind].beside(text)
            yield Finding(kind, score, start, end, self.name, _EVIDENCE, message=message)


def _noticed(text: str) -> bool:
    """Whether the answer carries a notice, at its beginning or its end, or names a professional."""
    looked = text if len(text) <= 2 * _LOOKED_AT else f"{text[:_LOOKED_AT]}\n{text[-_LOOKED_AT:]}"
    return NOTICE.search(NEEDLESS.sub(" ", simplify(looked))) is not None


_Advice = tuple[str, float, int, int]


def _question(context: Context) -> str:
    """What the caller asks, in the plain form; of a short question what was said before it as well."""
    asked = context.prompt[:_ASKED]
    if len(asked) < 60 and not _OWN.search(asked):
        asked = "\n".join([*(said[:_ASKED] for said in context.caller[-3:]), asked])
    return simplify(asked)


def _advice(domain: Domain, plain: str, told: Sequence[tuple[int, int]], question: str) -> _Advice | None:
    """The first of the sentences that tell somebody something which advises in a domain, with how sure that is."""
    own = _of_own(domain, question)
    first: tuple[int, int] | None = None
    for start, end in told:
        sentence = plain[start:end]
        if domain.kind in _CAREFUL and _PRUDENT.search(sentence):
            continue
        outright = _outright(sentence)
        if domain.strong.search(sentence) or (outright and domain.acts.search(sentence)):
            return domain.kind, 0.85, *(first or (start, end))
        if first is None and ((outright and own) or domain.weak.search(sentence)):
            first = start, end
    return None if first is None else (domain.kind, 0.6, *first)


def _of_own(domain: Domain, question: str) -> bool:
    """Whether one sentence of the question is of the domain and of somebody's own case."""
    return any(
        _OWN.search(question, start, end) is not None and domain.topic.search(question, start, end) is not None
        for start, end in sentences(question)[:_SENTENCES]
    )


def _directed(sentence: str) -> bool:
    """Whether a sentence tells somebody what to do or how his case stands, rather than what people do."""
    if _OTHERS.search(sentence) or _QUOTED.search(sentence):
        return False
    return (
        _ADDRESSED.search(sentence) is not None
        or _IMPERATIVE.search(sentence) is not None
        or _TOLD.search(sentence) is not None
    )


def _outright(sentence: str) -> bool:
    """Whether a sentence tells the person himself what to do: an imperative, `you should`, 你應該, 去."""
    return _IMPERATIVE.search(sentence) is not None or _YOU_SHOULD.search(sentence) is not None


def _surest(found: Sequence[_Advice]) -> list[_Advice]:
    """Advice is of one kind: of two that rest on the same sentence the surer, else the first, is kept."""
    kept: list[_Advice] = []
    for one in sorted(found, key=lambda advice: -advice[1]):
        if all(one[2] != other[2] for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda advice: advice[2])
