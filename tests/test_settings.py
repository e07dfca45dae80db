"""Settings: a wrong one is named before anything starts, and worker processes get exactly the parent's."""

from pathlib import Path

import pytest

from guardrail.errors import SettingsError
from guardrail.settings import Settings, from_environment, to_environment


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"upstream": "api.openai.com"}, "http or https URL"),
        ({"upstream": "ftp://x"}, "http or https URL"),
        ({"upstream": "http://"}, "http or https URL"),
        ({"upstream": "http://x?y"}, "no query"),
        ({"upstream": "http://x:abc"}, "cannot be"),
        ({"upstream": "http://localhost:8080/v1"}, "this sidecar itself"),
        ({"upstream": "  "}, "--upstream is empty"),
        ({"upstream": "http://x http://y"}, "given twice for everything"),
        ({"upstream": "openai=http://x openai=http://y"}, "given twice for openai"),
        ({"upstream": "antropic=http://x"}, "did you mean `anthropic`"),
        ({"upstream": "http://x bedrock=http://y"}, "valid are openai, azure, anthropic, gemini, ollama"),
        ({"upstream": "openai_chat=http://x"}, "did you mean `openai`"),
        ({"upstream": "openai= http://x"}, "http or https URL"),
        ({"upstream": "openai=api.openai.com"}, "http or https URL"),
        ({"upstream": "http://x ollama=http://localhost:8080"}, "this sidecar itself"),
        ({"upstream": "http://x gemini=http://k:s@y"}, "no query"),
        ({"upstream": "https://x/v1?"}, "no query"),
        ({"upstream": "https://x/v1#"}, "no query"),
        ({"upstream": "https://@x/v1"}, "no query"),
        ({"upstream": "http://x", "workers": 0}, "workers must be more than zero"),
        ({"upstream": "http://x", "read_timeout": 0.0}, "read-timeout must be more than zero"),
        ({"upstream": "http://x", "parity": True, "parity_sample": 1.5}, "share between 0 and 1"),
        ({"upstream": "http://x", "parity": True, "parity_sample": float("nan")}, "share between 0 and 1"),
        ({"upstream": "http://x", "parity_sample": 0.1}, "say so with --parity"),
        ({"upstream": "http://x", "parity_requests": 0}, "`--parity-sample 0` is what switches"),
        ({"upstream": "http://x", "parity_tokens": 0}, "parity-tokens must be at least 1"),
    ],
)
def test_what_cannot_be_is_refused_in_words(given, words):
    with pytest.raises(SettingsError, match=words):
        Settings(**given)


@pytest.mark.parametrize(
    ("given", "upstreams"),
    [
        ("https://api.openai.com", {"": "https://api.openai.com"}),
        ("http://x/a=b", {"": "http://x/a=b"}),
        (
            " anthropic=https://api.anthropic.com\n\thttp://rest  ollama=http://[::1]:11434 ",
            {"anthropic": "https://api.anthropic.com", "": "http://rest", "ollama": "http://[::1]:11434"},
        ),
        ("gemini=https://x/y=z", {"gemini": "https://x/y=z"}),
        ("azure=http://x openai=http://x", {"azure": "http://x", "openai": "http://x"}),
    ],
)
def test_several_upstreams_are_told_apart_by_whose_api_they_serve(given, upstreams):
    assert Settings(given).upstreams == upstreams


def test_the_environment_carries_every_setting(monkeypatch):
    settings = Settings(
        "https://api.example/v anthropic=https://other.example",
        Path("p.yaml"),
        "::1",
        9,
        Path("記錄"),
        3,
        "each",
        1,
        2,
        3.5,
        4.5,
        5.5,
        annotate=False,
        parity=True,
        parity_sample=0.25,
        parity_requests=7,
        parity_tokens=8,
    )
    for name, value in to_environment(settings).items():
        monkeypatch.setenv(name, value)
    assert from_environment() == settings


def test_a_variable_that_is_not_a_number_is_named(monkeypatch):
    monkeypatch.setenv("GUARDRAIL_UPSTREAM", "http://x")
    monkeypatch.setenv("GUARDRAIL_PORT", "many")
    with pytest.raises(SettingsError, match="GUARDRAIL_PORT: `many`"):
        from_environment()


def test_without_an_upstream_nothing_starts(monkeypatch):
    monkeypatch.delenv("GUARDRAIL_UPSTREAM", raising=False)
    with pytest.raises(SettingsError, match="GUARDRAIL_UPSTREAM is not set"):
        from_environment()
