"""Gemini: where its text sits, streamed and not, on the Gemini API and on Vertex AI, and how it says that a filter
stepped in.

Source: the types of google-genai; `POST .../models/{model}:generateContent`, `:streamGenerateContent` (server-sent
events with `alt=sse`, else one array over time), `:countTokens`, `:embedContent`, `:batchEmbedContents`.

Rules:
1. Every member may be written in camelCase or in snake_case; one that is written both ways in an object is refused
   where it decides how the text is read, because clients differ in which they keep.
2. A stream has no end mark: a candidate ends with its `finishReason`, and the text of one that goes on afterwards (as
   some translating proxies send it) is refused.  Clients read no comments and no event names, so none are written.
3. Arguments of a function call come as one object, or as pieces that name their place; the pieces of one place are one
   text, and those of one call leave together.
4. What `groundingSupports` repeats of the answer is judged, and emptied when anything was edited: its offsets no
   longer fit.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, product
from typing import Any

import orjson

from guardrail.dialects import gemini_asked
from guardrail.dialects.again import parsed, turns_added
from guardrail.dialects.gemini_arguments import Arguments
from guardrail.dialects.gemini_asked import member, snake, speaker
from guardrail.dialects.places import META, OPAQUE, Paths, Table, alone, dumped, lead_of, mapping, sequence, word
from guardrail.dialects.protocol import Call, ChannelKey, Delta, Lens, Notes, Spelled, Strings, ToolCall, View
from guardrail.dialects.tokens import tokens_of
from guardrail.types import Context, Pointer, Segment, Stage
from guardrail.wire.frames import Added
from guardrail.wire.jsontext import JsonError

_PATH = re.compile(
    r"(?:/[A-Za-z0-9._~-]+)*/(?:models|tunedModels|endpoints)/([A-Za-z0-9._~@-]+)"
    r":(generateContent|streamGenerateContent|countTokens|embedContent|batchEmbedContents)"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_BINARY = re.compile(r"(?:image|audio|video|application)/[A-Za-z0-9.+-]{1,64}(?:;.*)?")
_URL_SAFE = str.maketrans("+/", "-_")


def _spellings(paths: str) -> str:
    """Paths in camelCase, and every other way to spell them."""
    return " ".join(
        ".".join(parts)
        for path in paths.split()
        for parts in product(*(dict.fromkeys((part, snake(part))) for part in path.split(".")))
    )


def _table(places: Mapping[str, str], names: str) -> Table:
    return Table({_spellings(paths): channel for paths, channel in places.items()}, _spellings(names))


def _below(root: str, places: Mapping[str, str]) -> dict[str, str]:
    return {" ".join(f"{root}.{path}" for path in paths.split()): channel for paths, channel in places.items()}


_CALLS = ("functionCall", "toolCall", "functionResponse", "toolResponse")
_ACTS = (*_CALLS, "executableCode", "codeExecutionResult", "inlineData", "fileData")
"""Parts that say something other than text."""
_PIECE = "piece"
"""Pieces of streamed arguments: tool arguments whose block depends on what came before."""
_SPELLED = "logprobs"
"""What spells a text in another form; the blocks of it are the tokens, those that were not chosen, words, and files."""
_CHOSEN, _OTHERS, _WORDS, _FILES = range(4)
_NOTE = "annotation"
"""Self-contained text beside the answer."""
_ASIDE = "aside"
"""The same, where a reader sees it at a place in the answer."""
_MEDIA = "media"
"""Base64 that may be of a text."""
_AGAIN = "again"
"""The answer once more."""

_FILE = {
    "inlineData.data": _MEDIA,
    "inlineData.mimeType fileData.mimeType mediaProcessing mediaResolution.level": META,
    "videoMetadata.startOffset videoMetadata.endOffset audioMetadata.startOffset audioMetadata.endOffset": META,
    "videoMetadata.contentLayers.* documentMetadata.contentLayers.* spreadsheetMetadata.contentLayers.*": META,
    "inlineData.displayName fileData.displayName fileData.fileUri spreadsheetMetadata.visibleCells": _NOTE,
}
_PART = {
    "text": "text",
    "functionCall.args.** toolCall.args.** functionCall.partialArgs.*.jsonPath": "tool_arguments",
    "functionCall.partialArgs.*.stringValue": _PIECE,
    "functionCall.name functionResponse.name": "tool_name",
    "functionResponse.response.** toolResponse.response.** codeExecutionResult.output": "tool_output",
    "executableCode.code": "code",
    "audioTranscription.text": "transcript",
    "audioTranscription.words.*.word": _SPELLED,
    "audioTranscription.speakerLabel speechMetadata.speaker speechMetadata.style partMetadata.**": _NOTE,
    "thoughtSignature": OPAQUE,
    "functionCall.id functionResponse.id toolCall.id toolResponse.id executableCode.id codeExecutionResult.id": META,
    "functionCall.partialArgs.*.nullValue functionResponse.scheduling toolCall.toolType toolResponse.toolType": META,
    "executableCode.language codeExecutionResult.outcome audioTranscription.languageCode": META,
    "audioTranscription.startOffset audioTranscription.endOffset": META,
    "audioTranscription.words.*.startOffset audioTranscription.words.*.endOffset": META,
    **_FILE,
    **_below("functionResponse.parts.*", _FILE),
}
_REVIEW = {
    "title googleMapsUri": _ASIDE,
    "review authorAttribution.displayName authorAttribution.uri authorAttribution.photoUri": _NOTE,
    "relativePublishTimeDescription flagContentUri": _NOTE,
    "reviewId": META,
}
_GROUNDING = {
    "groundingSupports.*.segment.text": _AGAIN,
    "groundingChunks.*.web.title groundingChunks.*.web.uri groundingChunks.*.web.domain": _ASIDE,
    "groundingChunks.*.image.title groundingChunks.*.image.sourceUri groundingChunks.*.image.imageUri": _ASIDE,
    "groundingChunks.*.image.domain groundingChunks.*.maps.title groundingChunks.*.maps.uri": _ASIDE,
    "groundingChunks.*.retrievedContext.title groundingChunks.*.retrievedContext.uri": _ASIDE,
    "groundingChunks.*.maps.text groundingChunks.*.maps.placeAnswerSources.flagContentUri": _NOTE,
    "groundingChunks.*.retrievedContext.text groundingChunks.*.retrievedContext.ragChunk.text": _NOTE,
    "groundingChunks.*.retrievedContext.documentName groundingChunks.*.retrievedContext.customMetadata.*.key": _NOTE,
    "groundingChunks.*.retrievedContext.customMetadata.*.stringValue": _NOTE,
    "groundingChunks.*.retrievedContext.customMetadata.*.stringListValue.values.*": _NOTE,
    "groundingChunks.*.maps.placeId groundingChunks.*.maps.route.duration": META,
    "groundingChunks.*.maps.route.encodedPolyline": META,
    "groundingChunks.*.retrievedContext.ragChunk.chunkId groundingChunks.*.retrievedContext.ragChunk.fileId": META,
    "groundingChunks.*.retrievedContext.fileSearchStore groundingChunks.*.retrievedContext.mediaId": META,
    "webSearchQueries.* imageSearchQueries.* retrievalQueries.* searchEntryPoint.renderedContent": _NOTE,
    "sourceFlaggingUris.*.flagContentUri": _NOTE,
    "sourceFlaggingUris.*.sourceId": META,
    "searchEntryPoint.sdkBlob googleMapsWidgetContextToken": OPAQUE,
    **_below("groundingChunks.*.maps.placeAnswerSources.reviewSnippets.*", _REVIEW),
    **_below("groundingChunks.*.maps.placeAnswerSources.reviewSnippet.*", _REVIEW),
}
_ANSWER = _table(
    {
        **_below("candidates.*.content.parts.*", _PART),
        **_below("candidates.*.groundingMetadata", _GROUNDING),
        "candidates.*.citationMetadata.citations.*.title candidates.*.citationMetadata.citations.*.uri": _ASIDE,
        "candidates.*.citationMetadata.citations.*.license candidates.*.finishMessage": _NOTE,
        "candidates.*.urlContextMetadata.urlMetadata.*.retrievedUrl": _ASIDE,
        "candidates.*.logprobsResult.chosenCandidates.*.token": _SPELLED,
        "candidates.*.logprobsResult.topCandidates.*.candidates.*.token": _SPELLED,
        "candidates.*.continuationToken": OPAQUE,
        "candidates.*.content.role candidates.*.finishReason candidates.*.safetyRatings.*.*": META,
        "candidates.*.urlContextMetadata.urlMetadata.*.urlRetrievalStatus": META,
        "promptFeedback.blockReasonMessage modelStatus.message": _NOTE,
        "promptFeedback.blockReason promptFeedback.safetyRatings.*.*": META,
        "modelStatus.modelStage modelStatus.retirementTime": META,
        "createTime modelVersion responseId usageMetadata.trafficType usageMetadata.serviceTier": META,
        "usageMetadata.*.*.modality embeddings.*.statistics.*.*.modality": META,
        "promptTokensDetails.*.modality cacheTokensDetails.*.modality": META,
    },
    names=(
        "index tokenCount avgLogprobs thought willContinue numberValue boolValue finished probabilityScore "
        "severityScore blocked overwrittenThreshold category probability severity startIndex endIndex "
        "partIndex publicationDate year month day confidenceScores groundingChunkIndices renderedParts pageNumber "
        "pageSpan firstPage lastPage startPage endPage sheetIndex numericValue logProbability logProbabilitySum "
        "tokenId fps numTokens cachedContentTokenCount candidatesTokenCount promptTokenCount "
        "thoughtsTokenCount toolUsePromptTokenCount totalTokenCount candidatesTokensDetails "
        "toolUsePromptTokensDetails responseTokensDetails responseTokenCount cacheTokensDetails "
        "promptTokensDetails totalTokens totalBillableCharacters googleSearchDynamicRetrievalScore "
        "retrievalMetadata values embedding embeddings statistics truncated tokensDetails "
        "billableCharacterCount metadata distanceMeters error code message status details"
    ),
)
_SPOKEN = {
    "parts.*.text": "content",
    "parts.*.functionCall.args.** parts.*.toolCall.args.**": "tool_arguments",
    "parts.*.functionCall.partialArgs.*.stringValue": "tool_arguments",
    "parts.*.functionResponse.response.** parts.*.toolResponse.response.**": "result",
    "parts.*.codeExecutionResult.output": "result",
    "parts.*.inlineData.data parts.*.functionResponse.parts.*.inlineData.data": _MEDIA,
    "parts.*.thoughtSignature": OPAQUE,
}
_ASKED = {
    **_below("contents.*", _SPOKEN),
    **_below("systemInstruction", _SPOKEN),
    **_below("content", _SPOKEN),
    "tools.**": "tools",
}
_REQUEST = _table(
    {**_ASKED, **_below("generateContentRequest", _ASKED), **_below("requests.*", _ASKED)},
    names=(
        "model role contents parts text tools generationConfig temperature topP topK candidateCount "
        "maxOutputTokens stopSequences responseMimeType responseSchema responseJsonSchema responseModalities "
        "presencePenalty frequencyPenalty responseLogprobs logprobs seed speechConfig thinkingConfig "
        "includeThoughts thinkingBudget thinkingLevel mediaResolution safetySettings category threshold "
        "method toolConfig functionCallingConfig mode allowedFunctionNames streamFunctionCallArguments "
        "functionDeclarations name description parameters parametersJsonSchema response type format "
        "properties required items enum nullable anyOf title propertyOrdering cachedContent labels inlineData "
        "mimeType data fileData fileUri displayName functionCall functionResponse args id codeExecution "
        "googleSearch urlContext executableCode language codeExecutionResult outcome output code thought "
        "thoughtSignature taskType outputDimensionality"
    ),
)

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_BLOCKED = "PROHIBITED_CONTENT"
"""How an answer ends that the policy stops.  `SPII` would claim that personal data was found, which is not so for most
rules and would tell the client what was; `SAFETY` is explained by `safetyRatings`, which are the vendor's own."""


class Gemini:
    """The lens on generateContent and its neighbours."""

    name = "gemini"
    vendor = "gemini"
    framings = frozenset({"sse", "array"})

    def matches(self, method: str, path: str) -> bool:
        return method == "POST" and _PATH.fullmatch(path) is not None and "/../" not in path and "/./" not in path

    def call(self, document: Any, path: str, query: str) -> Call:
        named = _PATH.fullmatch(path)
        body = _asked(document)
        count = member(mapping(member(body, "generationConfig")), "candidateCount")
        return Call(
            model=named.group(1) if named else "",
            stream=named is not None and named.group(2) == "streamGenerateContent",
            choices=count if isinstance(count, int) and count > 0 else 1,
            context=Context(
                prompt=gemini_asked.prompt(body),
                system=gemini_asked.text_of(mapping(member(body, "systemInstruction"))),
                response_format=gemini_asked.response_format(body),
                material=gemini_asked.sources(body),
                functions=gemini_asked.functions(body),
                hidden=gemini_asked.hidden(body),
            ),
        )

    def request(self, document: Any, strings: Strings) -> list[Segment]:
        found: list[Segment] = []
        for channel, pointer, text in _REQUEST.sorted(strings):
            if not text or (channel in (_MEDIA, OPAQUE) and _is_binary(document, pointer, channel, text)):
                continue
            role = "tool" if channel == "result" else _role(document, pointer)
            known = "content" if channel == "result" else channel
            known = known if known in ("content", "tool_arguments", "tools") else "field"
            lead = lead_of(pointer) if known == "tool_arguments" else ""
            found.append(Segment(Stage.REQUEST, role, known, pointer, text, lead))
        return found

    def answer(self, document: Any, strings: Strings) -> View:
        return _Reading(document, {}, None).view(strings)

    def lens(self, call: Call) -> Lens:
        return _Lens()

    def ask_again(self, body: bytes, answer: str, feedback: str) -> bytes | None:
        wanted = sequence(member(mapping(member(parsed(body), "generationConfig")), "responseModalities"))
        if any(word(modality).upper() != "TEXT" for modality in wanted):
            return None  # pictures and sound are no text that could be handed back
        turns = [{"role": "model", "parts": [{"text": answer}]}] if answer.strip() else []
        return turns_added(body, ("contents",), [*turns, {"role": "user", "parts": [{"text": feedback}]}])

    def error(self, status: int, code: str, message: str) -> bytes:
        return _error(
            status, _STATUSES.get(status, "FAILED_PRECONDITION" if status < 500 else "INTERNAL"), code, message
        )


_QUOTED = re.compile(r"""\[(?:'([^'\\\]]*)'|"([^"\\\]]*)")\]""")


def _plain_path(path: str) -> str:
    """A place of an argument in one spelling (RFC 9535, section 2.3.1.1): `$['a']` and `$.a` are the same."""
    return _QUOTED.sub(lambda found: "." + (found[1] or found[2] or ""), path)


@dataclass(slots=True)
class _Turn:
    """What one candidate has said so far: the function call under way, and the blocks of its pieces by place."""

    blocks: int = 0
    base: int | None = None
    name: str = ""
    id: str = ""
    ids: set[str] = field(default_factory=set)
    places: dict[str, int] = field(default_factory=dict)
    arguments: Arguments = field(default_factory=Arguments)

    def block(self) -> int:
        """A block that nothing has used."""
        self.blocks += 1
        return self.blocks - 1

    def goes_on(self, name: str) -> bool:
        """Whether a function call is under way, and one that is called `name` is no other."""
        return self.base is not None and not (name and self.name and name != self.name)

    def open(self, name: str) -> int:
        """The block of the call under way, or of one that begins."""
        if self.base is None:
            self.base = self.block()
        self.name = self.name or name
        return self.base

    def close(self) -> list[int]:
        """The blocks of the call, which is over."""
        over = [] if self.base is None else [self.base, *self.places.values()]
        self.base, self.name, self.places, self.arguments = None, "", {}, Arguments()
        return over


class _Lens(Lens):
    def __init__(self) -> None:
        self._paths = Paths()
        self._turns: dict[int, _Turn] = {}

    def event(self, document: Any, strings: Strings, name: str) -> View:
        return _Reading(document, self._turns, self._paths).view(strings)

    def is_done(self, data: bytes) -> bool:
        return False

    def text(self, document: Any, choice: int, text: str) -> list[Added]:
        return [_chunk(document, {"content": {"parts": [{"text": text}], "role": "model"}, "index": choice})]

    def stop(self, last: Any, choices: Sequence[int], message: str, notes: Notes) -> list[Added]:
        added: list[Added] = []
        for choice in choices:
            if message:
                added += self.text(last, choice, message)
            told = notes if choice == choices[-1] else None
            added.append(_chunk(last, {"finishReason": _BLOCKED, "index": choice}, told))
        return added

    def error(self, last: Any, code: str, message: str) -> list[Added]:
        # The number decides which class the SDK raises; `error` has to be the first member for it to raise at all.
        if code == "content_filter":
            return [("", _error(400, "FAILED_PRECONDITION", code, message))]
        return [("", _error(500, "INTERNAL", code, message))]


class _Reading:
    """One document on its way to a view: an event of a stream, or a whole answer (`paths` None)."""

    def __init__(self, document: Any, turns: dict[int, _Turn], paths: Paths | None) -> None:
        self._document, self._turns, self._paths = document, turns, paths
        self._candidates = [mapping(candidate) for candidate in sequence(mapping(document).get("candidates"))]
        self._numbers = _numbers(self._candidates)
        self._deltas: list[Delta] = []
        self._fields: list[Segment] = []
        self._trees: list[Pointer] = []
        self._opaque: list[Pointer] = []
        self._echoes: list[Pointer] = []
        self._closes: list[ChannelKey] = []
        self._calls: list[ToolCall] = []
        self._tokens: list[Spelled] = []
        self._acts: set[int] = set()
        self._pieces: dict[Pointer, int] = {}
        self._joined: set[Pointer] = set()

    def view(self, strings: Strings) -> View:
        """What the document holds.  Raises JsonError."""
        if mapping(self._document).get("error"):
            # Nothing follows an error, so no string of it waits for another.
            return View(fields=[alone("field", pointer, text) for _, pointer, text in _ANSWER.sorted(strings) if text])
        if self._paths is not None:
            self._paths.begin("", self._numbers[0] if self._numbers else -1)
        for position, candidate in enumerate(self._candidates):
            for at, part in enumerate(_parts(candidate)):
                self._part(position, ("candidates", position, "content", "parts", at), mapping(part))
            self._spelled(position, candidate)
        for channel, pointer, text in _ANSWER.sorted(strings):
            if text:
                self._string(channel, pointer, text)
        for position in range(len(self._candidates)):
            self._say_nothing(position)
        seals: Sequence[ChannelKey] = ()
        if self._paths is not None:
            self._deltas += self._paths.deltas
            seals = self._paths.seals
        return View(
            self._deltas,
            self._fields,
            trees=self._trees,
            opaque=self._opaque,
            echoes=self._echoes,
            closes=self._closes,
            seals=seals,
            finishes=self._finishes(),
            acts=frozenset(self._acts),
            calls=self._calls,
            spelled=self._tokens,
            material=[source for candidate in self._candidates for source in gemini_asked.handed(candidate)],
            hidden=any(_either(candidate, "groundingMetadata") for candidate in self._candidates),
        )

    def _part(self, position: int, pointer: Pointer, part: Mapping[str, Any]) -> None:
        """The structure of a part: what it acts on, and where a function call begins and ends."""
        _flag(part, "thought")
        for name in _ACTS:
            if (value := _either(part, name)) is None:
                continue
            self._acts.add(self._numbers[position])
            place = (*pointer, _spelling(part, name))
            self._trees += [(*place, member) for member in ("args", "response") if mapping(value).get(member)]
            if name == "functionCall":
                self._call(position, place, mapping(value))
        if (sound := _either(part, "audioTranscription")) is not None:
            self._words(position, (*pointer, _spelling(part, "audioTranscription")), mapping(sound))

    def _call(self, position: int, pointer: Pointer, call: Mapping[str, Any]) -> None:
        """A function call, whole or in pieces: every document with a piece of it waits until it is complete."""
        number = self._numbers[position]
        turn = self._turns.setdefault(number, _Turn())
        pieces = sequence(_either(call, "partialArgs"))
        goes_on = _flag(call, "willContinue")
        name, identity = word(call.get("name")), word(call.get("id"))
        under_way = turn.goes_on(name) and identity in ("", turn.id)
        if not pieces and not goes_on and not under_way:  # whole in this document
            if name:
                self._calls.append(ToolCall(number, name, dumped(_either(call, "args") or {})))
            return
        if identity and identity != turn.id:
            if identity in turn.ids:
                raise JsonError("the pieces of two function calls are mixed")
            turn.id = identity
            turn.ids.add(identity)
        if not under_way:  # one that has begun is over when another begins
            self._over(number, turn)
        base = turn.open(name)
        self._deltas.append(Delta((number, "tool_arguments", base), pointer, ""))
        for at, piece in enumerate(mapping(piece) for piece in pieces):
            place = (*pointer, _spelling(call, "partialArgs"), at)
            if (path := _plain_path(word(_either(piece, "jsonPath")))) not in turn.places:
                turn.places[path] = turn.block()
            self._pieces[place] = turn.places[path]
            turn.arguments.add(path, piece)
            if _either(piece, "numberValue") is not None:
                self._trees.append((*place, _spelling(piece, "numberValue")))
        if not goes_on:
            self._over(number, turn)

    def _over(self, number: int, turn: _Turn) -> None:
        """The function call under way, if there is one, is complete."""
        if turn.name and (arguments := turn.arguments.written()) is not None:
            self._calls.append(ToolCall(number, turn.name, arguments))
        self._closes += [(number, "tool_arguments", block) for block in turn.close()]

    def _words(self, position: int, pointer: Pointer, sound: Mapping[str, Any]) -> None:
        """A transcript once more, word by word: judged as it reads, and emptied as a whole."""
        place = (*pointer, "words")
        self._join(self._numbers[position], _WORDS, place, _strings_of(sound.get("words"), "word", place), " ")

    def _spelled(self, position: int, candidate: Mapping[str, Any]) -> None:
        """Log-probabilities spell the answer token by token: judged joined, as a reader of them would."""
        pointer = self._logprobs(position)
        if pointer is None:
            return
        result = mapping(_either(candidate, "logprobsResult"))
        place = (*pointer, _spelling(result, "chosenCandidates"))
        chosen = _strings_of(_either(result, "chosenCandidates"), "token", place)
        entries = sequence(_either(result, "chosenCandidates"))
        name = _spelling(mapping(entries[0]), "logProbability") if entries else ""
        self._tokens.append(Spelled((self._numbers[position], "content", 0), tokens_of(entries, name)))
        place = (*pointer, _spelling(result, "topCandidates"))
        tops = [mapping(top).get("candidates") for top in sequence(_either(result, "topCandidates"))]
        others = (_strings_of(top, "token", (*place, at, "candidates")) for at, top in enumerate(tops))
        self._join(self._numbers[position], _CHOSEN, pointer, chosen, "")
        # Each token that was not chosen is a text of its own: one a line.
        self._join(self._numbers[position], _OTHERS, pointer, chain.from_iterable(others), "\n")

    def _join(
        self, number: int, block: int, pointer: Pointer, found: Iterable[tuple[Pointer, str]], separator: str
    ) -> None:
        """Strings that are one text, in a value that is emptied when that text is edited."""
        parts = list(found)
        self._joined.update(place for place, _ in parts)
        if text := "".join(part + separator for _, part in parts):
            self._deltas.append(Delta((number, _SPELLED, block), pointer, text, pointer))

    def _string(self, channel: str, pointer: Pointer, text: str) -> None:
        if channel in (OPAQUE, _MEDIA) and _BASE64.fullmatch(text):
            self._opaque.append(pointer)
            if channel == _MEDIA:
                self._decoded(pointer, text)
        elif channel == META:
            self._fields.append(self._paths.meta(META, pointer, text) if self._paths else alone(META, pointer, text))
        elif channel in ("tool_arguments", "tool_output"):
            self._fields.append(alone(channel, pointer, text, lead_of(pointer)))
        elif channel in ("tool_name", "code", _NOTE):
            self._fields.append(alone(channel, pointer, text))
        elif (key := self._key(channel, pointer)) is not None:
            self._grow(channel, key, pointer, text)
        elif pointer not in self._joined:
            self._unknown(pointer, text)

    def _decoded(self, pointer: Pointer, text: str) -> None:
        """A file that is a text: judged as what it says, and emptied as a whole."""
        said = _text_in(text)
        if said and isinstance(position := pointer[1], int) and position < len(self._numbers):
            turn = self._turns.setdefault(self._numbers[position], _Turn())
            key: ChannelKey = (self._numbers[position], _SPELLED, _FILES + turn.block())
            self._deltas.append(Delta(key, pointer, said, pointer))
            self._closes.append(key)

    def _key(self, channel: str, pointer: Pointer) -> ChannelKey | None:
        """The text that a string adds to; None when it stands where the API has none."""
        position = pointer[1] if len(pointer) > 1 else None
        if not isinstance(position, int) or position >= len(self._candidates):
            return None
        number = self._numbers[position]
        if channel == "text":
            part = self._at(pointer)
            return (number, "reasoning" if part.get("thought") else "content", 0)
        if channel == _PIECE:
            block = self._pieces.get(pointer[:-1])
            return None if block is None else (number, "tool_arguments", block)
        return {
            "transcript": (number, "transcript", 0),
            _ASIDE: (number, "content", 0),
            _AGAIN: (number, _NOTE, 0),
        }.get(channel)

    def _at(self, pointer: Pointer) -> Mapping[str, Any]:
        """The part of a candidate that the string at `pointer` is a member of."""
        position, at = pointer[1], pointer[4]
        parts = _parts(self._candidates[position]) if isinstance(position, int) else ()
        return mapping(parts[at]) if isinstance(at, int) and at < len(parts) else {}

    def _grow(self, channel: str, key: ChannelKey, pointer: Pointer, text: str) -> None:
        if channel == _AGAIN:
            self._echoes.append(pointer)
        again: Pointer | None = None
        if channel == "text":
            again = self._logprobs(pointer[1])
        elif channel == "transcript":
            again = (*pointer[:-1], "words")
        self._deltas.append(Delta(key, pointer, text, again, aside=channel == _ASIDE))

    def _logprobs(self, position: str | int) -> Pointer | None:
        assert isinstance(position, int)
        candidate = self._candidates[position]
        if not _either(candidate, "logprobsResult"):
            return None
        return ("candidates", position, _spelling(candidate, "logprobsResult"))

    def _unknown(self, pointer: Pointer, text: str) -> None:
        if self._paths is not None:
            self._paths.unknown(pointer, text)
        else:
            self._fields.append(alone("field", pointer, text))

    def _say_nothing(self, position: int) -> None:
        """A whole answer without text is one all the same."""
        key: ChannelKey = (self._numbers[position], "content", 0)
        if self._paths is None and not any(delta.channel == key and not delta.aside for delta in self._deltas):
            self._deltas.append(Delta(key, ("candidates", position, "content"), ""))

    def _finishes(self) -> list[tuple[int, str]]:
        found = [
            (number, _reason(reason))
            for number, candidate in zip(self._numbers, self._candidates, strict=True)
            if (reason := word(_either(candidate, "finishReason")))
        ]
        feedback = mapping(_either(mapping(self._document), "promptFeedback"))
        if not self._candidates and (reason := word(_either(feedback, "blockReason"))):
            found.append((0, reason))  # the prompt was blocked: no candidate will come
        return found


def _either(holder: Mapping[str, Any], name: str) -> Any:
    """A member in either spelling.  Raises JsonError when it is there in both."""
    other = snake(name)
    if other != name and other in holder:
        if name in holder:
            raise JsonError("a member is there in both spellings")
        return holder[other]
    return holder.get(name)


def _spelling(holder: Mapping[str, Any], name: str) -> str:
    """How a member is spelled here."""
    return name if name in holder or snake(name) not in holder else snake(name)


def _flag(holder: Mapping[str, Any], name: str) -> bool:
    """A yes or no that decides how text is read."""
    value = _either(holder, name)
    if value is not None and not isinstance(value, bool):
        raise JsonError("a flag is neither true nor false")
    return bool(value)


def _numbers(candidates: Sequence[Mapping[str, Any]]) -> list[int]:
    """Which candidate each one is: 0 is left out, and servers that number none mean their order."""
    found = []
    for candidate in candidates:
        index = candidate.get("index")
        if isinstance(index, bool) or not isinstance(index, int | None) or (index or 0) < 0:
            raise JsonError("a candidate has no plain index")
        found.append(index or 0)
    return found if len(set(found)) == len(found) else list(range(len(found)))


def _parts(candidate: Mapping[str, Any]) -> Sequence[Any]:
    return sequence(mapping(candidate.get("content")).get("parts"))


def _strings_of(entries: Any, name: str, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    """A member of every element of an array, with its place."""
    for at, entry in enumerate(sequence(entries)):
        if isinstance(text := mapping(entry).get(name), str):
            yield (*pointer, at, name), text


def _text_in(base64: str) -> str:
    """The text that base64 of either alphabet stands for, empty where it is none."""
    try:
        return urlsafe_b64decode(base64.translate(_URL_SAFE) + "==").decode()
    except ValueError:
        return ""


def _reason(reason: str) -> str:
    return {"STOP": "stop", "MAX_TOKENS": "length"}.get(reason.upper(), reason)


def _chunk(document: Any, candidate: Mapping[str, Any], notes: Notes = None) -> Added:
    """A chunk that carries the identity and the usage of one that the client has seen."""
    seen = mapping(document)
    known = ("usageMetadata", "modelVersion", "createTime", "responseId")
    body: dict[str, Any] = {"candidates": [candidate]}
    body |= {name: seen[name] for both in known for name in (both, snake(both)) if name in seen}
    if notes is not None:
        body["guardrail"] = notes
    return "", json.dumps(body, separators=(",", ":")).encode()  # an id may hold half a character, which orjson refuses


def _error(number: int, status: str, code: str, message: str) -> bytes:
    detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code.upper(), "domain": "guardrail"}
    return orjson.dumps({"error": {"code": number, "message": message, "status": status, "details": [detail]}})


def _asked(document: Any) -> Mapping[str, Any]:
    """The generation that a request is about; one to count tokens may hold it as a member."""
    body = mapping(document)
    inner = member(body, "generateContentRequest")
    return mapping(inner) if inner else body


def _role(document: Any, pointer: Pointer) -> str:
    """The role of the content that a string of a request belongs to, in the words of the other dialects."""
    if pointer and pointer[0] in ("generateContentRequest", "generate_content_request"):
        return _role(mapping(document)[pointer[0]], pointer[1:])
    if pointer and pointer[0] in ("systemInstruction", "system_instruction"):
        return "system"
    if len(pointer) < 3 or pointer[0] != "contents" or not isinstance(pointer[1], int):
        return "user" if pointer[:1] == ("content",) or pointer[2:3] == ("content",) else ""
    return speaker(mapping(sequence(mapping(document).get("contents"))[pointer[1]]))


def _is_binary(document: Any, pointer: Pointer, channel: str, text: str) -> bool:
    """Whether a string is binary data, which holds no text to judge: base64, and of a kind that is not text."""
    if _BASE64.fullmatch(text) is None:
        return False
    if channel == OPAQUE:
        return True
    holder = document
    for part in pointer[:-1]:
        holder = holder[part]
    return _BINARY.fullmatch(word(member(holder, "mimeType"))) is not None
