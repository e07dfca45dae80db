"""The lens on plain JSON: every string is judged, and in a stream with what stood in its place before."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.dialects.json_body import AloneLens, JoinedLens, JsonBody
from guardrail.dialects.protocol import Call, Dialect
from guardrail.types import Stage
from guardrail.wire import jsontext
from guardrail.wire.jsontext import KEY
from tests.dialects.walks import joined

DIALECT = JsonBody()


def strings(document):
    return jsontext.strings(document, json.dumps(document).encode())


def judged(document, stage=Stage.RESPONSE):
    """The texts that are judged, by place."""
    if stage is Stage.REQUEST:
        return {segment.pointer: segment.text for segment in DIALECT.request(document, strings(document))}
    return {segment.pointer: segment.text for segment in DIALECT.answer(document, strings(document)).fields}


def stream(lens, *documents):
    return [lens.event(document, strings(document), "") for document in documents]


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("GET", "/v1/models", True),
        ("GET", "/v1/models/ft:gpt-4o:org::id", True),
        ("GET", "/v1/models/qwen/qwen3-8b", True),
        ("HEAD", "/v1/models", True),
        ("DELETE", "/v1/models/x", False),
        ("POST", "/v1/models", False),
        ("POST", "/v1/embeddings", True),
        ("POST", "/openai/deployments/e/embeddings", True),
        ("POST", "/v1/moderations", True),
        ("POST", "/tokenize", True),
        ("GET", "/v1/embeddings", False),
        ("POST", "/v1/embeddings/", False),
        ("POST", "/v1//embeddings", False),
        ("GET", "/v1/models/../files", False),
        ("GET", "/v1/models/..", False),
        ("GET", "/v1/./models", False),
        ("GET", "/v1/%6dodels", False),
        ("POST", "/v1/threads", False),
    ],
)
def test_paths(method, path, known):
    assert DIALECT.matches(method, path) is known
    assert isinstance(DIALECT, Dialect)


def test_a_request_says_what_it_asks_for():
    assert DIALECT.call({"model": "m", "stream": True}, "/v1/x", "") == Call(model="m", stream=True)
    assert DIALECT.call({"model": 1, "stream": "yes"}, "/v1/x", "") == Call()
    assert DIALECT.call([], "/v1/x", "") == DIALECT.call(None, "/v1/x", "") == Call()


@pytest.mark.parametrize("stage", Stage)
def test_every_string_is_judged_and_vectors_are_not(stage):
    document = {
        "data": [{"embedding": "QUJDRA==", "id": "電話61234567"}, {"embedding": "身份證A123456(3)"}],
        "A123456(3)": 1,
        "AKIAIOSFODNN7EXAMPLE": {"x": ""},
        "plain_name": ["简体", 5, None],
    }
    assert judged(document, stage) == {
        ("data", 0, "id"): "電話61234567",
        ("data", 1, "embedding"): "身份證A123456(3)",
        ("A123456(3)", KEY): "A123456(3)",
        ("AKIAIOSFODNN7EXAMPLE", KEY): "AKIAIOSFODNN7EXAMPLE",
        ("plain_name", 0): "简体",
    }


JSON = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=8)),
    lambda s: st.one_of(st.lists(s, max_size=3), st.dictionaries(st.text(max_size=4), s, max_size=3)),
    max_leaves=15,
)


@given(JSON)
def test_no_document_whatever_its_shape_hides_a_value(document):
    found = {
        pointer: text for pointer, text in strings(document) if text and pointer[-1:] not in ((KEY,), ("embedding",))
    }
    assert judged(document).items() >= found.items()
    assert judged(document, Stage.REQUEST).items() >= found.items()
    for lens in (JoinedLens(), AloneLens()):
        [view] = stream(lens, document)
        seen = {delta.pointer for delta in view.deltas} | {segment.pointer for segment in view.fields}
        assert seen >= found.keys()


def test_texts_of_a_stream_are_joined_by_place_and_kind():
    events = [
        {"type": "transcript.text.delta", "delta": "身份證A123"},
        {"type": "transcript.text.delta", "delta": "456(3)"},
        {"type": "transcript.text.done", "text": "done", "delta": "apart"},
    ]
    texts = joined(stream(JoinedLens(), *events)).values()
    assert "身份證A123456(3)" in texts
    assert "apart" in texts


def test_lines_of_a_file_have_nothing_to_do_with_one_another():
    views = stream(AloneLens(), {"a": "4111"}, {"a": "1111"})
    assert [segment.text for view in views for segment in view.fields] == ["4111", "1111"]
    assert not joined(views)


def test_keys_of_a_stream_are_judged_by_themselves():
    [view] = stream(JoinedLens(), {"A123456(3)": "x", "name": "y"})
    assert [segment.text for segment in view.fields] == ["A123456(3)"]


@pytest.mark.parametrize("lens", [DIALECT.lens(Call()), AloneLens()])
def test_what_it_writes_is_an_error_in_the_commonest_form(lens):
    [(name, stopped)] = lens.stop({}, [0], "\n\n不予顯示", {"action": "block"})
    assert json.loads(stopped)["error"] == {"message": "不予顯示", "type": "guardrail_error", "code": "content_filter"}
    [(name, silent)] = lens.stop({}, [0], "", None)
    assert json.loads(silent)["error"]["message"]
    [(name, failed)] = lens.error({}, "upstream_cut", "cut")
    assert (name, json.loads(failed)["error"]["code"]) == ("", "upstream_cut")
    assert json.loads(DIALECT.error(400, "x", "y"))["error"]["code"] == "x"
    assert lens.is_done(b" [DONE]")
    assert not lens.is_done(b"{}")
    assert lens.text({}, 0, "notice") == []
