"""The documentation says what the code does: a setting, kind, detector or command that no page names fails here."""

import re
from pathlib import Path

import click
import pytest

from guardrail.cli.main import guardrail as group
from guardrail.detectors import registry
from guardrail.policy.schema import CaseModel, PolicyModel, RuleModel
from guardrail.types import Action, StreamMode

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {path.name: path.read_text() for path in DOCS.glob("*.md")}
README = (DOCS.parent / "README.md").read_text()
EVERYTHING = "\n".join((*PAGES.values(), README))


def commands(command: click.Command, path: str = "guardrail") -> list[str]:
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    found = []
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        found += commands(child, f"{path} {name}")
    return found


@pytest.mark.parametrize("name", commands(group))
def test_every_command_is_documented(name):
    assert name in EVERYTHING


@pytest.mark.parametrize("key", [*PolicyModel.model_fields, *RuleModel.model_fields, *CaseModel.model_fields])
def test_every_key_of_a_policy_is_documented(key):
    assert f"`{key}`" in PAGES["policy.md"]


@pytest.mark.parametrize("word", [*(action.word for action in Action), *StreamMode])
def test_every_action_and_stream_mode_is_documented(word):
    assert f"`{word}`" in PAGES["policy.md"]


def detectors():
    from guardrail.detectors.bias.detoxify import DetoxifyToxicity

    return [*registry.available(), DetoxifyToxicity()]


@pytest.mark.parametrize("detector", detectors(), ids=lambda detector: detector.name)
def test_every_detector_and_kind_is_documented(detector):
    assert detector.name in PAGES["detectors.md"]
    for kind in detector.kinds:
        assert f"`{kind}`" in PAGES["policy.md"], kind
        assert f"`{kind}`" in PAGES["detectors.md"], kind


@pytest.mark.parametrize("page", [*PAGES, "README.md"])
def test_links_lead_somewhere(page):
    text = README if page == "README.md" else PAGES[page]
    base = DOCS.parent if page == "README.md" else DOCS
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (base / target).exists(), target


@pytest.mark.parametrize(
    "path", sorted(re.findall(r"`(tests/[\w/.]+|benchmarks/[\w/.]+|guardrail/[\w/.]+\.py)`", EVERYTHING))
)
def test_files_that_pages_name_exist(path):
    assert (DOCS.parent / path).exists()
