"""What the vendors really send, as test material: one speaker for each form in which a model answers.

    speaker = SPEAKERS["anthropic"]
    frames = speaker.stream("tool_arguments", ["A1234", "56(3)"])      # the bytes of a complete stream
    speaker.read_stream("tool_arguments", received)                     # every view a client has of that channel

Channel names: `content`, `refusal`, `reasoning*`, `transcript*`, `tool_arguments*` (inside a string, a key, a number, a
nested JSON string), `tool_name`, `tool_id`, `logprobs*`, `annotation*`, `blocks` (half the text in one block and half in
the next), `unknown*` (a member, key, block or event that the vendor's types do not have) and `error`; the rest are a
vendor's own.  `logprobs*` spell the text of `content`, which carries it too.
"""

from collections.abc import Mapping

from tests.speakers.anthropic_messages import MESSAGES
from tests.speakers.gemini import ARRAY, GEMINI
from tests.speakers.ollama import CHAT as OLLAMA_CHAT
from tests.speakers.ollama import GENERATE
from tests.speakers.openai_chat import AZURE, CHAT
from tests.speakers.openai_completions import COMPLETIONS
from tests.speakers.openai_responses import RESPONSES
from tests.speakers.speaker import BENIGN, Request, Speaker

SPEAKERS: Mapping[str, Speaker] = {
    speaker.name: speaker
    for speaker in (CHAT, COMPLETIONS, RESPONSES, AZURE, MESSAGES, GEMINI, ARRAY, OLLAMA_CHAT, GENERATE)
}

__all__ = ["BENIGN", "SPEAKERS", "Request", "Speaker"]
