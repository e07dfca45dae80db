"""Which answer leaves when the model was asked more than once, and what the model is told in between.

Rules:
1. Of several answers the better one is that with the weaker action, then with fewer checks that did not finish (what
   was not looked for is not absent), then with fewer findings, then with lower scores; between equals the earlier one.
   One that a rule blocks never leaves.
2. What the model is told goes upstream: of data that leaks it names the kind and never the value, and an answer in
   which a leak was found, or was not looked for to the end, is not handed back.
3. Only what the rule that asks again is about counts as a reason; how often is what the rule with the fewest says.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from guardrail.dialects.places import mapping
from guardrail.text.language import language
from guardrail.text.wording import Wording
from guardrail.types import Action, Decision, FailedCheck, Hit, Module, Stage
from guardrail.usage import Usage, raised
from guardrail.wire import jsontext

FIRST, FEEDBACK, SAME = "first", "feedback", "same"
"""How an answer was asked for: by the client, again with a word on the answer before, again as it was."""

_MOST = 10  # faults that the model is told
_LONGEST = 400  # characters of one
_SHOWN = Wording("Your last answer cannot be used:", "你剛才的回答未能採用：", "你刚才的回答未能采用：")
_HIDDEN = Wording(
    "An answer that was given to this cannot be used:", "就此作出的回答未能採用：", "就此作出的回答未能采用："
)
_PLEASE = Wording(
    "Please answer again in full and leave this out or put it right. Write the new answer alone, without an apology "
    "and without mentioning this message.",
    "請重新完整作答，改正或避免以上問題。只寫新的回答，不要道歉，亦不要提及這段說明。",
    "请重新完整作答，改正或避免以上问题。只写新的回答，不要道歉，也不要提及这段说明。",
)
_NAMED: Mapping[Module, Wording] = {
    Module.DATA_LEAKAGE: Wording(
        "it gives away data that must not be given away ({kind})",
        "內容透露了不應透露的資料（{kind}）",
        "内容透露了不应透露的资料（{kind}）",
    ),
    Module.BIAS: Wording(
        "it may hurt people or treat them unfairly ({kind})",
        "內容可能冒犯他人，或對他人不公平（{kind}）",
        "内容可能冒犯他人，或对他人不公平（{kind}）",
    ),
    Module.ERRORS: Wording("it has a fault ({kind})", "內容有錯誤（{kind}）", "内容有错误（{kind}）"),
}

Rank = tuple[Action, int, int, float]


def wishes(hits: Iterable[Hit]) -> list[Hit]:
    """The hits for which another answer is wanted.  A header is left out by itself, a repaired text is put right."""
    return [
        hit
        for hit in hits
        if hit.rule is not None
        and hit.rule.action is Action.REGENERATE
        and hit.stage is Stage.RESPONSE
        and hit.channel != "header"
        and not hit.repaired
    ]


def is_usable(hits: Iterable[Hit]) -> bool:
    """Whether an answer with these hits may leave if there is no better one."""
    wanted = wishes(hits)
    return all(hit.rule is not None and hit.rule.otherwise is not Action.BLOCK for hit in wanted)


def limit(wanted: Sequence[Hit]) -> int:
    """How often the model may be asked again for these hits."""
    return min((hit.rule.attempts for hit in wanted if hit.rule), default=0)


def action(hits: Sequence[Hit], failed: Sequence[FailedCheck], failure: Action, *, blocked: bool) -> Action:
    """What the policy asks for on one answer; `failure` is what a check that did not finish leads to."""
    if blocked:
        return Action.BLOCK
    if wishes(hits):
        return Action.REGENERATE
    return max((*(hit.action for hit in hits), failure if failed else Action.ALLOW))


def rank(strongest: Action, hits: Iterable[Hit], failed: Sequence[FailedCheck]) -> Rank:
    """The lower, the better."""
    scores = [hit.finding.score for hit in hits if hit.rule is not None and hit.rule.action is not Action.ALLOW]
    return strongest, len(failed), len(scores), round(sum(scores), 6)


def leaks(hits: Iterable[Hit], failed: Sequence[FailedCheck]) -> bool:
    """Whether data may leak with the answer."""
    fired = (hit.rule for hit in hits if hit.stage is Stage.RESPONSE and hit.action is not Action.ALLOW)
    return bool(failed) or any(rule is not None and rule.module is Module.DATA_LEAKAGE for rule in fired)


def feedback(faults: Sequence[Hit], answer: str, prompt: str, *, by_kind: bool = False) -> str:
    """What the model is told of an answer, in the answer's language; `answer` is "" where it is not handed back.

    `by_kind` names what was found by its kind alone.
    """
    lang = _language(answer, prompt)
    own = list(dict.fromkeys(hit.rule.feedback for hit in faults if hit.rule and hit.rule.feedback))
    lines = dict.fromkeys(_fault(hit, lang, by_kind=by_kind) for hit in faults if not (hit.rule and hit.rule.feedback))
    if not lines:
        return "\n".join(own)
    found = [f"- {line}" for line in list(lines)[:_MOST]]
    return "\n".join(((_SHOWN if answer else _HIDDEN).to(lang), *found, *own, _PLEASE.to(lang)))


def _fault(hit: Hit, lang: str, *, by_kind: bool) -> str:
    module = hit.rule.module if hit.rule else Module.ERRORS
    told = hit.finding.message
    if told and not by_kind and module is not Module.DATA_LEAKAGE and hit.action is not Action.BLOCK:
        return " ".join(told[:_LONGEST].split())
    return _NAMED[module].to(lang, kind=hit.finding.kind)


def _language(*texts: str) -> str:
    """The language of the first text that has one."""
    known = (language(text) for text in texts if text)
    return next((lang for lang in known if lang not in ("other", "mixed")), "en")


def closed(decision: Decision, base: Decision) -> None:
    """No answer was good enough: what wanted another one blocks, and nothing is told of texts that nobody gets.  `base`
    is what was decided before any answer."""
    for index, hit in enumerate(decision.hits):
        if index < len(base.hits):
            continue
        silent = replace(hit.finding, message="")
        ended = Action.BLOCK if wishes([hit]) else hit.action
        decision.hits[index] = replace(hit, finding=silent, action=ended, notice="", at=None)
    decision.action = Action.BLOCK


def finished(raw: bytes, more: Usage, audit_id: str, attempts: int, strongest: Action) -> bytes:
    """A document of the answer that leaves after `attempts`, with the usage of the others and the number of them."""
    try:
        document = jsontext.parse(raw)
    except jsontext.JsonError:
        return raw
    new = raised(raw, document, more)
    told = mapping(document).get("guardrail")
    if not isinstance(told, dict) or told.get("audit_id") != audit_id:
        return new
    return jsontext.set_member(new, "guardrail", {**told, "action": strongest.word, "attempts": attempts})
