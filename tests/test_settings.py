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
        ({"upstream": "http://x", "workers": 0}, "workers must be more than zero"),
        ({"upstream": "http://x", "read_timeout": 0.0}, "read-timeout must be more than zero"),
    ],
)
def test_what_cannot_be_is_refused_in_words(given, words):
    with pytest.raises(SettingsError, match=words):
        Settings(**given)


def test_the_environment_carries_every_setting(monkeypatch):
    settings = Settings(
        "https://api.example/v", Path("p.yaml"), "::1", 9, Path("記錄"), 3, "each", 1, 2, 3.5, 4.5, 5.5, annotate=False
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
