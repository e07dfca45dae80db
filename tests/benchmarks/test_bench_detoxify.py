"""The benchmark of the converted Detoxify network: one small run, with the real conversion."""

import json
import sys

import pytest
from click.testing import CliRunner

from benchmarks import detoxify


class Counted:
    """An engine that does nothing but count."""

    limit = 512

    def __init__(self):
        self.asked = []

    def length(self, text):
        return len(text.split())

    def scores(self, pieces):
        self.asked += pieces
        return [{"toxicity": 0.0} for _ in pieces]


def test_both_judge_the_same_texts_of_every_length():
    first, second = Counted(), Counted()
    found = detoxify.speed("nothing", first, second, rounds=1)
    assert [one.texts for one in found] == ["sentences", "paragraphs", "pages"]
    assert first.asked == second.asked and found[0].tokens < found[1].tokens < found[2].tokens
    assert sum(one.count for one in found) > 20


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    result = CliRunner().invoke(detoxify.main, [])
    assert result.exit_code == 1 and "pip install 'guardrail[detoxify]'" in result.output


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_small_run(tmp_path, monkeypatch):
    pytest.importorskip("detoxify", reason="needs the extra `detoxify`")
    monkeypatch.delenv("GUARDRAIL_DETOXIFY_CHECKPOINT", raising=False)
    result = CliRunner().invoke(detoxify.main, ["--tiny", "--rounds", "1", "--json", str(tmp_path / "figures.json")])
    assert result.exit_code == 0, result.output
    assert "no released network is measured" in result.output
    figures = json.loads((tmp_path / "figures.json").read_text())
    [decided] = figures["decisions"]
    assert decided["same"] >= 0.96 and 20 < decided["found"] < decided["texts"]
    assert all(one["ratio"] > 0 for one in figures["speed"])
