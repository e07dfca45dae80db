"""Tool calls on their way to the checks that judge them as a whole: each once, with the tool that is called.

Rules:
1. What runs is the client's own tool with complete arguments; calls that a vendor runs itself are not judged here.
2. A finding lies in the arguments as JSON.  They cannot be edited by it: half of a call is another call, so `redact`
   blocks.  No words are put among arguments; a notice stands behind the answer or in its `guardrail` object.
"""

from collections.abc import Sequence
from dataclasses import replace

from guardrail.dialects.protocol import ToolCall
from guardrail.policy.decide import Judge
from guardrail.review import judged
from guardrail.scanner import Scanner
from guardrail.types import Action, Context, FailedCheck, Finding, Hit, Pointer, Segment, Stage

CHANNEL = "tool_arguments"


class CallJudge:
    """Judges the tool calls of one answer.  What was asked is remembered: vendors repeat a call at the end of a stream,
    and two calls that are alike in everything come to the same."""

    def __init__(self, scanner: Scanner, judge: Judge) -> None:
        self._scanner, self._judge = scanner, judge
        self._known: dict[ToolCall, list[Finding]] = {}

    async def hits(
        self, call: ToolCall, context: Context, pointer: Pointer = ()
    ) -> tuple[Segment, list[Hit], Sequence[FailedCheck]]:
        """The arguments of a call as a text at `pointer`, the hits on them, and the checks that did not finish."""
        failed: Sequence[FailedCheck] = ()
        segment = Segment(Stage.RESPONSE, "assistant", CHANNEL, pointer, call.arguments, choice=call.choice)
        known = replace(context, channel=CHANNEL, function=call.function)
        found = self._known.get(call)
        if found is None:
            scan = await self._scanner.call_findings(call.arguments, known)
            found, failed = scan.findings[0], scan.failed
            self._known[call] = found
        hits = [_without_place(hit) for hit in judged(self._scanner, self._judge, segment, found, known)]
        return segment, hits, failed


def _without_place(hit: Hit) -> Hit:
    action = Action.BLOCK if hit.action is Action.REDACT else hit.action
    return replace(hit, action=action, notice="", at=None)
