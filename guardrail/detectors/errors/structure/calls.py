"""Whether a tool call names a tool that was offered, with arguments that the tool can read (Guideline v1.1 §2.3.3).

Rules:
1. A call is judged once its arguments are complete, by the tools of its own request (`Context.functions`); where the
   request does not say what it offers, nothing is judged.
2. Arguments are strict JSON and meet the tool's JSON Schema; no text at all counts as `{}`, as vendors send it for a
   tool without parameters.  A tool without a schema may take free text, so only a text that begins like an object is
   held to be JSON.  A schema that cannot be checked is no fault.
3. Evidence is constant; the message names the tool, the path and what was expected, in the language of the caller.
4. `repair` is the arguments as they can be meant only, never for a call that was cut at the limit.
5. Whether the tool is offered is told in the event loop; a schema, which is the caller's and may be hostile, is held
   against the arguments in a worker.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Self

from guardrail.detectors.errors.structure.asking import was_cut
from guardrail.detectors.errors.structure.detector import located, mended, told
from guardrail.detectors.errors.structure.repair import fit, repair
from guardrail.detectors.errors.structure.schema import Budget, checked
from guardrail.detectors.errors.structure.strict_json import Fault, parse, place
from guardrail.detectors.errors.structure.words import bad_argument, bad_call, not_offered
from guardrail.detectors.protocol import Options
from guardrail.text.language import language
from guardrail.types import Context, Finding, Stage, Unit

_OFFERED, _ARGUMENTS = "error.tool_not_offered", "error.tool_arguments"
_CUT = 0.5
"""The most that a call cut at the limit scores: that it was cut is a finding of its own."""


class Calls:
    """Reports calls of tools that were not offered, and arguments that the tool cannot read."""

    name = "errors.calls"
    kinds: tuple[str, ...] = (_OFFERED, _ARGUMENTS)
    unit = Unit.CALL
    heavy = False

    def __init__(self, wanted: frozenset[str] = frozenset(kinds)) -> None:
        self._wanted = wanted

    def configure(self, options: Options) -> Self:
        """For the kinds that a rule covers."""
        return type(self)(options.wanted or frozenset(self.kinds))

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of the arguments of each call of the tool `context.function`."""
        found, closer = self.first(texts, context)
        return closer() if closer else found

    def first(
        self, texts: Sequence[str], context: Context
    ) -> tuple[list[list[Finding]], Callable[[], list[list[Finding]]] | None]:
        """The findings, or the work that gives them where arguments are to be read."""
        functions = context.functions
        if context.stage is not Stage.RESPONSE or functions is None or not context.function:
            return [[] for _ in texts], None

        def work() -> list[list[Finding]]:
            return [self._judge(text, context, functions) for text in texts]

        if context.function in functions and _ARGUMENTS in self._wanted:
            return [], work
        return work(), None

    def _judge(self, text: str, context: Context, functions: Mapping[str, object]) -> list[Finding]:
        lang = language(context.prompt)
        if context.function not in functions:
            if _OFFERED not in self._wanted:
                return []
            message = not_offered(lang, context.function, list(functions))
            evidence = "the request offers no tool of that name"
            return [Finding(_OFFERED, 0.95, None, None, self.name, evidence, message=message)]
        if _ARGUMENTS not in self._wanted:
            return []
        schema = functions[context.function]
        found = self._arguments(text, schema if isinstance(schema, Mapping) else None, context.function, lang)
        if was_cut(context):
            return [replace(one, score=min(one.score, _CUT), repair=None) for one in found]
        return found

    def _arguments(self, text: str, schema: Mapping[str, object] | None, name: str, lang: str) -> list[Finding]:
        text = text if text.strip() else "{}"
        if schema is None and not text.lstrip().startswith(('{"', "{}")):
            return []
        parsed = parse(text)
        if parsed.fault is not None:
            return [self._unreadable(text, parsed.fault, schema, name, lang)]
        budget = Budget()
        fault = checked(text, schema, budget).fault if schema is not None else None
        if schema is None or fault is None:
            return []
        start, end = located(text, fault.path)
        evidence = f"{told(fault)} of the schema of the tool at {place(text, start)}"
        message = bad_argument(lang, name, fault)
        found = Finding(_ARGUMENTS, 0.9, start, end, self.name, evidence, message=message)
        return [mended(found, text, fit(text, schema, budget))]

    def _unreadable(
        self, text: str, fault: Fault, schema: Mapping[str, object] | None, name: str, lang: str
    ) -> Finding:
        inner = 0 < fault.at < len(text)
        start, end = (fault.at, len(text)) if inner else (None, None)
        evidence = f"the arguments are not JSON: {fault.reason} at {place(text, fault.at)}"
        message = bad_call(lang, name, text, fault.reason, fault.at)
        found = Finding(_ARGUMENTS, 1.0, start, end, self.name, evidence, message=message)
        return mended(found, text, repair(text, schema))
