"""Tables of places and what is remembered of a stream: a string in the wrong channel is judged apart from its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.dialects.places import (
    FIELD,
    META,
    OPAQUE,
    Paths,
    Table,
    alone,
    at,
    in_plain_sight,
    lead_of,
    mapping,
    sequence,
    word,
)
from guardrail.wire.jsontext import KEY, JsonError
from tests.dialects.walks import joined

# --- tables ----------------------------------------------------------------------------------------------------------

TABLE = Table(
    {
        "message.content message.content.*.text": "content",
        "message.*.*.sources.**": "annotation",
        "message.call.arguments.**": "tool_arguments",
        "message.call.arguments.named": "tool_name",
        "logprobs.*.token": "logprobs",
        "id message.role": META,
        "message.**": "refusal",
    },
    names="usage tokens",
)


@pytest.mark.parametrize(
    ("pointer", "channel"),
    [
        (("message", "content"), "content"),
        (("message", "content", 0, "text"), "content"),
        (("message", "content", 0, "more"), "refusal"),
        (("message", "anything", "deep", 3), "refusal"),
        (("message", "content", 0, "sources", 1, "title"), "annotation"),
        (("message", "x", 0, "sources"), "annotation"),
        (("message", "call", "arguments", "deep", 0), "tool_arguments"),
        (("message", "call", "arguments", "named"), "tool_name"),
        (("message", "call", "arguments", "named", "x"), "tool_arguments"),
        (("message", "call", "arguments"), "tool_arguments"),
        (("message", "role"), META),
        (("message",), "refusal"),
        (("logprobs", "content", "token"), "logprobs"),
        (("logprobs", "token"), None),
        (("message", "*"), "refusal"),
        (("*", "content"), None),
        (("**",), None),
        ((0,), None),
        ((), None),
    ],
)
def test_the_closest_path_gives_the_channel(pointer, channel):
    assert TABLE.channel(pointer) == channel


def test_strings_come_with_their_channels_and_keys_of_the_protocol_are_left_out():
    strings = [
        (("id", KEY), "id"),
        (("id",), "x"),
        (("usage", KEY), "usage"),
        (("usage", "tokens", KEY), "tokens"),
        (("電話61234567", KEY), "電話61234567"),
        (("new",), "text"),
        (("message", "call", "arguments", "id", KEY), "id"),
        (("message", "call", "arguments", "to", "A123456(3)", KEY), "A123456(3)"),
    ]
    assert list(TABLE.sorted(strings)) == [
        (META, ("id",), "x"),
        (META, ("電話61234567", KEY), "電話61234567"),
        (FIELD, ("new",), "text"),
        # What a model names its arguments is text, even where the protocol has the same name.
        ("tool_arguments", ("message", "call", "arguments", "id", KEY), "id"),
        ("tool_arguments", ("message", "call", "arguments", "to", "A123456(3)", KEY), "A123456(3)"),
    ]


POINTERS = st.lists(
    st.one_of(st.sampled_from(["message", "content", "*", "**", "", "x"]), st.integers(0, 3)), max_size=7
)


@given(POINTERS)
def test_any_place_has_one_channel_or_none(pointer):
    channel = TABLE.channel(tuple(pointer))
    assert channel is None or channel in (
        "content",
        "annotation",
        "tool_arguments",
        "tool_name",
        "logprobs",
        "refusal",
        META,
    )
    if pointer[:1] == ["message"]:
        assert channel is not None, "`**` stands for everything below"


# --- streams ---------------------------------------------------------------------------------------------------------


class Said:
    """The deltas of a stream of events, each a mapping from places to texts."""

    def __init__(self, *events, paths=None):
        self.paths = paths or Paths()
        self.deltas, self.seals = [], []
        for event in events:
            self.say(event)

    def say(self, event, kind="", choice=0):
        self.paths.begin(kind, choice)
        for place, text in event.items():
            self.paths.unknown((place,), text)
        self.deltas += self.paths.deltas
        self.seals.append([channel[2] for channel in self.paths.seals])

    @property
    def texts(self):
        return [text for _, text in sorted(joined([self]).items())]


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=8))
def test_what_comes_in_one_place_is_one_text(pieces):
    pieces = [pieces[0], *(piece for piece in pieces[1:] if piece != pieces[0])]
    assert Said(*({"x": piece} for piece in pieces)).texts == ["".join(pieces)]


def test_places_and_kinds_and_choices_are_apart():
    said = Said({"x": "A12", "y": "B1"}, {"y": "2", "x": "34"})
    assert said.texts == ["A1234", "B12"]
    said = Said()
    for kind, choice, text in (("a", 0, "1"), ("b", 0, "2"), ("a", 1, "3"), ("a", 0, "4"), ("b", 0, "5")):
        said.say({"x": text}, kind, choice)
    assert said.texts == ["14", "25", "3"]


@pytest.mark.parametrize("constant", ["fp_44709d", "default", "繁體", "简体", "x"])
def test_a_constant_is_a_text_of_one_event(constant):
    """A word that comes with every event would else hold the stream, as the beginning of a longer one."""
    said = Said({"x": constant}, {"x": constant}, {"x": constant})
    assert said.texts == [constant]
    assert said.seals == [[], [0], []], "the first event waits for the end of the stream"


@pytest.mark.parametrize("digits", ["1", "41", "4111-", "1 "])
def test_tokens_of_a_number_are_no_constant(digits):
    assert Said({"x": digits}, {"x": digits}, {"x": digits}).texts == [digits * 3]


def test_a_text_that_has_begun_to_grow_may_repeat_itself():
    assert Said({"x": "secret"}, {"x": "s-"}, {"x": "secret"}).texts == ["secrets-secret"]


def test_a_short_one_with_digits_is_a_constant_after_some_more():
    said = Said(*({"x": "1.0"} for _ in range(6)))
    assert said.texts == ["1.01.01.0"]
    assert said.seals == [[], [], [], [0], [], []]


def test_there_is_an_end_to_what_is_remembered():
    with pytest.raises(JsonError, match="unknown places"):
        Said(*({f"x{number}": "a"} for number in range(5000)))


def test_a_name_that_changes_has_the_one_before_in_front():
    paths = Paths()
    leads = [paths.meta(META, ("id",), text).lead for text in ("A1234", "A1234", "56(3)", "56(3)", "x" * 100, "y")]
    assert leads == ["", "", "A1234", "", "56(3)", "x" * 64]
    assert paths.meta(META, ("model",), "z").lead == ""


def test_the_name_before_is_the_last_one_however_many_places_there_are():
    paths = Paths()
    paths.meta(META, ("id",), "one")
    for number in range(5000):
        paths.meta(META, (number,), "x")
    paths.meta(META, ("id",), "two")
    assert paths.meta(META, ("id",), "three").lead == "two"


# --- reading whatever there is ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, 1, True, 1.5, "x", [], ["x"], {}, {"a": 1}])
def test_a_value_of_another_type_is_an_empty_one(value):
    assert mapping(value) == (value if isinstance(value, dict) else {})
    assert list(sequence(value)) == (value if isinstance(value, list) else [])
    assert word(value) == (value if isinstance(value, str) else "")


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ((), {"a": [{"b": "x"}, None], "0": 1}),
        (("a", 0, "b"), "x"),
        (("a", 1), None),
        (("a", 2), None),
        (("a", -1), None),
        (("a", "0"), None),
        ((0,), None),
        (("0",), 1),
        (("a", 0, "b", 0), None),
        (("a", 0, "b", KEY), None),
    ],
)
def test_a_place_is_looked_up_and_never_guessed(pointer, value):
    assert at({"a": [{"b": "x"}, None], "0": 1}, pointer) == value


@pytest.mark.parametrize(
    ("pointer", "lead"),
    [(("input", "password"), "password: "), (("password", 0), "password: "), ((0,), ""), (("x", KEY), ""), ((), "")],
)
def test_a_reader_sees_the_key_before_the_value(pointer, lead):
    assert lead_of(pointer) == lead


def test_a_name_of_the_protocol_is_judged_as_a_field():
    assert alone(META, ("id",), "x").channel == FIELD
    assert alone("refusal", ("id",), "x").channel == "refusal"


@pytest.mark.parametrize(
    ("value", "judged"),
    [
        ("Q" * 40, False),
        ("Q_-9" * 30 + "==", False),
        ("QUJDRA==", True),
        ("A123456(3)", True),
        ("Q" * 40 + "身份證", True),
        ("", True),
        (None, False),
        ({"x": 1}, False),
    ],
)
def test_what_does_not_look_encrypted_is_judged_where_encrypted_text_belongs(value, judged):
    segments = in_plain_sight({"data": value}, [("data",)])
    assert [segment.text for segment in segments] == ([value] if judged else [])
    assert {segment.channel for segment in segments} <= {OPAQUE}
