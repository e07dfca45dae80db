"""Endpoints for sound, pictures, files and jobs: which group a path belongs to decides whether it is open at all."""

import pytest

from guardrail.app import dialects
from guardrail.dialects.json_body import AloneLens, JoinedLens
from guardrail.dialects.protocol import Call, Dialect
from guardrail.dialects.resources import Audio, Batches, Files, Images
from guardrail.policy.schema import EndpointsModel

GROUPS = (Audio(), Images(), Files(), Batches())


@pytest.mark.parametrize(
    ("method", "path", "group"),
    [
        ("POST", "/v1/audio/speech", "audio"),
        ("POST", "/v1/audio/transcriptions", "audio"),
        ("POST", "/openai/deployments/whisper/audio/translations", "audio"),
        ("POST", "/v1/audio/other", None),
        ("POST", "/v1/audio", None),
        ("POST", "/v1/images/generations", "images"),
        ("POST", "/v1/images/edits", "images"),
        ("POST", "/v1/videos", "images"),
        ("GET", "/v1/videos/video_1/content", "images"),
        ("POST", "/v1/videos/video_1/remix", "images"),
        ("DELETE", "/v1/videos/video_1", "images"),
        ("GET", "/v1/files", "files"),
        ("GET", "/v1/files/file-1", "files"),
        ("GET", "/v1/files/file-1/content", "files"),
        ("GET", "/v1beta/files/abc:download", "files"),
        ("DELETE", "/v1/files/file-1", "files"),
        ("POST", "/v1/uploads", "files"),
        ("POST", "/v1/uploads/u1/parts", "files"),
        ("POST", "/v1/uploads/u1/complete", "files"),
        ("GET", "/v1/files/file-1/content/x", None),
        ("POST", "/v1/batches", "batches"),
        ("POST", "/v1/batches/b1/cancel", "batches"),
        ("POST", "/v1/messages/batches", "batches"),
        ("GET", "/v1/messages/batches/b1/results", "batches"),
        ("POST", "/v1beta/models/gemini-2.5-flash:batchGenerateContent", "batches"),
        ("GET", "/v1beta/batches/b1", "batches"),
        ("PUT", "/v1/files/file-1", None),
        ("POST", "/v1/files/", None),
        ("POST", "/v1//files", None),
        ("POST", "/v1/../files", None),
        ("GET", "/v1/files/../models", None),
        ("GET", "/v1/files/..", None),
        ("POST", "/v1/f%69les", None),
        ("POST", "/v1/files\n", None),
    ],
)
def test_a_path_belongs_to_one_group_or_none(method, path, group):
    assert [each.group for each in GROUPS if each.matches(method, path)] == ([group] if group else [])


def test_every_group_is_a_key_of_the_policy_file_and_registered():
    assert {each.group for each in GROUPS} == set(EndpointsModel.model_fields)
    registered = {getattr(each, "group", "") for each in dialects()} - {""}
    assert registered == set(EndpointsModel.model_fields)
    assert all(isinstance(each, Dialect) for each in GROUPS)


def test_no_endpoint_of_a_group_is_open_through_another_dialect():
    """A path that a dialect without a group knows as well would be open whatever the policy says."""
    paths = [("POST", "/v1/audio/speech"), ("POST", "/v1/images/edits"), ("GET", "/v1/files/f/content")]
    paths += [("POST", "/v1/batches"), ("POST", "/v1beta/models/m:batchGenerateContent")]
    for method, path in paths:
        known = [each for each in dialects() if each.matches(method, path)]
        assert known, path
        assert all(getattr(each, "group", "") for each in known), path


def test_lines_of_files_and_jobs_stand_alone_and_texts_of_sound_go_on():
    assert isinstance(Files().lens(Call()), AloneLens)
    assert isinstance(Batches().lens(Call()), AloneLens)
    assert type(Audio().lens(Call())) is JoinedLens
    assert type(Images().lens(Call())) is JoinedLens
