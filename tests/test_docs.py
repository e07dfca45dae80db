"""The documentation says what the code does: a setting, kind, detector or command that no page names fails here."""

import json
import re
from pathlib import Path
from typing import get_args

import click
import pytest

from guardrail.app import dialects
from guardrail.cli.main import guardrail as group
from guardrail.detectors import registry
from guardrail.policy.schema import CaseModel, EndpointsModel, JudgeModel, PolicyModel, RuleModel, SourceModel
from guardrail.settings import UPSTREAM_NAMES
from guardrail.types import Action, StreamMode
from guardrail.wire.encodings import supported

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


MODELS = (PolicyModel, RuleModel, CaseModel, EndpointsModel, JudgeModel, SourceModel)


@pytest.mark.parametrize("key", [key for model in MODELS for key in model.model_fields])
def test_every_key_of_a_policy_is_documented(key):
    assert f"`{key}`" in PAGES["policy.md"]


@pytest.mark.parametrize("key", ["mode", "on_failure", "unknown_endpoints", "unknown_events", "thinking", "opaque"])
def test_the_row_of_a_key_names_its_words_and_its_default(key):
    field = PolicyModel.model_fields[key]
    row = next(line for line in PAGES["policy.md"].splitlines() if line.startswith(f"| `{key}` |"))
    assert row.endswith(f"| `{field.default}` |")
    assert all(f"`{word}`" in row for word in get_args(field.annotation))


@pytest.mark.parametrize("word", get_args(EndpointsModel.model_fields["audio"].annotation))
def test_every_word_for_a_group_of_endpoints_is_explained(word):
    section = PAGES["policy.md"].split("### Endpoints for sound", 1)[1].split("\n### ", 1)[0]
    assert f"`{word}`" in section


@pytest.mark.parametrize("word", [*(action.word for action in Action), *StreamMode])
def test_every_action_and_stream_mode_is_documented(word):
    assert f"`{word}`" in PAGES["policy.md"]


def detectors():
    from guardrail.detectors.bias.detoxify import DetoxifyToxicity

    return [*registry.available(), DetoxifyToxicity()]


@pytest.mark.parametrize("detector", detectors(), ids=lambda detector: detector.name)
def test_every_detector_and_kind_is_documented(detector):
    page = PAGES[
        {"leakage": "leakage.md", "bias": "bias.md", "errors": "errors.md"}.get(
            detector.name.split(".")[0], "detectors.md"
        )
    ]
    assert f"`{detector.name}`" in page
    for kind in detector.kinds:
        assert f"`{kind}`" in page, kind


def row_of(dialect):
    """The row of the table of endpoints: its endpoints, and how streams come."""
    found = re.search(rf"^\| `{dialect.name}` \| (.*`(?:GET|POST) .*) \| (.*) \|$", PAGES["running.md"], re.MULTILINE)
    assert found, f"docs/running.md does not list the endpoints of {dialect.name}"
    return found[1], found[2]


@pytest.mark.parametrize("dialect", dialects(), ids=lambda dialect: dialect.name)
def test_every_dialect_is_listed_with_endpoints_that_it_knows(dialect):
    """An operator who reads that a path is guarded must not get a 404 for it, or find it read as something else."""
    listed, streams = row_of(dialect)
    endpoints = re.findall(r"`(GET|POST|DELETE) (\S+)`", listed)
    assert endpoints
    for method, written in endpoints:
        path = written.replace("…/v1/", "/v1/").replace("…", "/v1").replace("{id}", "id_1")
        first = next((each.name for each in dialects() if each.matches(method, path)), None)  # as the proxy asks
        assert first == dialect.name, f"{method} {path}"
    assert set(re.findall(r"`(sse|ndjson|array)`", streams)) == dialect.framings


@pytest.mark.parametrize("dialect", dialects(), ids=lambda dialect: dialect.name)
def test_how_each_dialect_says_that_it_was_blocked_is_written(dialect):
    """The table of blocks, against what the dialect sends."""
    name = "json_body" if getattr(dialect, "group", "") else dialect.name
    lines = PAGES["running.md"].split("### A block", 1)[1].split("### Errors", 1)[0].splitlines()
    table = [line.strip("|").split(" | ") for line in lines if line.startswith("| `")]
    row = next(number for number, (names, _, _) in enumerate(table) if f"`{name}`" in names)
    whole = next(table[at][1] for at in range(row, -1, -1) if table[at][1] != "the same")
    shown = json.loads(whole.split("`")[1].replace("[…]", "[]").replace("…", '"words"'))
    sent = json.loads(dialect.error(400, "content_filter", "words"))
    if isinstance(sent["error"], dict):
        sent["error"] |= {"details": []} if isinstance(sent["error"].get("details"), list) else {}
    assert sent == shown
    added = b"".join(data for _, data in dialect.lens(dialect.call(None, "/", "")).stop({}, [0], "", None)).decode()
    words = re.findall(r'`(\w+)(?:\.(\w+))?: "(\w+)"`', table[row][2])
    assert words or name == "json_body"
    for member, inner, word in words:
        assert f'"{inner or member}":"{word}"' in added
    assert name != "json_body" or '"code":"content_filter"' in added


@pytest.mark.parametrize("name", UPSTREAM_NAMES)
def test_every_name_of_an_upstream_is_documented(name):
    assert f"`{name}`" in PAGES["running.md"]


def test_the_content_encodings_that_are_promised_can_be_read():
    named = re.search(r"is read if it uses (\w+), (\w+), (\w+) or (\w+), up to three", PAGES["running.md"])
    assert named
    assert set(named.groups()) == {"gzip", "deflate", "br", "zstd"}
    assert all(supported(name) for name in named.groups())
    assert supported(", ".join(named.groups()[:3]))
    assert not supported(", ".join(named.groups()))


def test_every_package_of_the_node_tests_is_justified():
    package = json.loads((DOCS.parent / "tests/sdks/node/package.json").read_text())
    section = PAGES["dependencies.md"].split("## Node", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("- ")]
    assert {name for line in lines for name in re.findall(r"`([^`]+)`", line)} == set(package["dependencies"])


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
