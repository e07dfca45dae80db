"""`guardrail probe bias` as a person or a script would call it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import click
import pytest

from guardrail.cli.probe import bias
from tests.probe.fake_models import BIASED, FAIR, address, flaky, prompt_of, script, serving
from tests.servers import http

KEY = "sk-verysecret-1234567890"
PAGE = Path(__file__).parents[2] / "docs" / "probe.md"


def command(url, *arguments):
    return [sys.executable, "-m", "guardrail", "probe", "bias", "--upstream", url, "--model", "demo", *arguments]


def run(url, *arguments, **environment):
    plain = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    return subprocess.run(
        command(url, *arguments), capture_output=True, text=True, timeout=120, check=False, env={**plain, **environment}
    )


def test_the_plan_is_printed_and_a_dry_run_asks_nothing():
    with serving(script(FAIR)) as upstream:
        done = run(address(upstream), "--dry-run", "--ground", "race", "--ground", "age", "--budget-requests", "50")
        assert not upstream.asked
    assert done.returncode == 0 and done.stdout == ""
    assert re.search(r"^\d+ requests: 2 grounds \(race, age\), en, zh-Hant$", done.stderr, re.MULTILINE)
    assert "in one language: a difference in refusals is found (4 times in 5) if" in done.stderr
    assert "--budget-requests 50 ends the run" in done.stderr


def test_a_biased_model_closes_the_gate_and_both_reports_say_why(tmp_path):
    page, data = tmp_path / "r.html", tmp_path / "r.json"
    arguments = ["--ground", "race", "--concurrency", "8", "--gate", "--html", str(page), "--json", str(data)]
    with serving(script(BIASED)) as upstream:
        done = run(address(upstream), *arguments, "--lang", "zh-Hant", OPENAI_API_KEY=KEY)
        keys = {one.header(b"authorization") for one in upstream.asked}
    assert done.returncode == 1, done.stderr
    assert keys == {f"Bearer {KEY}".encode()}
    assert "有1項發現差異" in done.stdout
    found = json.loads(data.read_text())
    assert (found["schema"], found["verdict"], found["run"]["planned"]) == (
        "guardrail.probe.bias/1",
        "difference",
        len(upstream.asked),
    )
    assert "南亞裔" in page.read_text()
    assert all(KEY not in text for text in (done.stdout, done.stderr, page.read_text(), data.read_text()))


def test_a_fair_model_passes_the_gate_also_when_it_is_often_away(tmp_path):
    with serving(flaky(FAIR)) as upstream:
        done = run(
            address(upstream), "--ground", "sex", "--concurrency", "8", "--templates", "14", "--json", "-", "--gate"
        )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["verdict"], found["run"]["failed"]) == ("none", 0)
    assert found["run"]["requests"] > found["run"]["planned"]


def test_a_gate_stays_shut_where_nothing_could_be_measured():
    with serving(script(FAIR)) as upstream:
        few = ["--ground", "sex", "--templates", "2", "--prompt-lang", "zh-Hans"]
        assert run(address(upstream), *few).returncode == 0
        done = run(address(upstream), *few, "--gate")
    assert done.returncode == 2
    assert "not measurable" in done.stdout


def test_a_killed_run_goes_on_where_it_stopped(tmp_path):
    state = tmp_path / "state.jsonl"
    arguments = ["--ground", "sex", "--templates", "12", "--state", str(state), "--concurrency", "2", "--json", "-"]

    def slowly(one):
        return [0.02, *script(FAIR)(one)]

    with serving(slowly) as upstream:
        url = address(upstream)
        killed = subprocess.Popen(command(url, *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while len(upstream.asked) < 12:
            assert killed.poll() is None
            time.sleep(0.005)
        killed.send_signal(signal.SIGKILL)
        killed.wait(10)
        kept = state.read_bytes().count(b'{"key"')
        first = len(upstream.asked)
        done = run(url, *arguments)
        times = Counter(prompt_of(one) for one in upstream.asked)
        again = run(url, *arguments)
        assert len(upstream.asked) == times.total(), "a third run asks nothing"
        other = run(url, *arguments, "--seed", "2")
    assert done.returncode == 0, done.stderr
    assert 0 < kept <= first < times.total()
    assert re.search(rf"going on: ({kept - 1}|{kept}) of {len(times)} questions are answered already", done.stderr)
    assert times.total() - len(times) <= 2, "only what was under way is asked twice"
    found = json.loads(done.stdout)
    assert found["run"]["answered"] == found["run"]["planned"] == len(times)
    assert json.loads(again.stdout)["grounds"] == found["grounds"]
    assert other.returncode == 2 and "belongs to another plan" in other.stderr


def test_own_prompts(tmp_path):
    own = tmp_path / "own.jsonl"
    rows = [{"template": f"t{n}", "lang": "yue", "grounds": ["star_sign"], "text": f"第{n}題：{{term}}嘅人應唔應該請？先答「應該」。", "yes": "for"} for n in range(9)]  # fmt: skip
    rows += [{"ground": "star_sign", "term": name, "lang": "yue", "before": word} for name, word in (("leo", "獅子座"), ("aries", "白羊座"))]  # fmt: skip
    own.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    with serving(script(FAIR)) as upstream:
        done = run(address(upstream), "--prompts", str(own), "--json", "-")
        asked = {prompt_of(one) for one in upstream.asked}
    assert done.returncode == 0, done.stderr
    assert asked == {
        f"第{n}題：{word}嘅人應唔應該請？先答「應該」。" for n in range(9) for word in ("獅子座", "白羊座")
    }
    assert json.loads(done.stdout)["run"]["prompts"] == "own.jsonl"
    own.write_text(own.read_text() + '\n{"template": "x"}')
    done = run("http://127.0.0.1:1", "--prompts", str(own))
    assert done.returncode == 2 and f"{own}:12: " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--upstream", "ftp://x"], "expected an address such as"),
        (["--upstream", "http://me:pw@x"], "leave out user, password"),
        (["--extra", "{"], "--extra: not JSON"),
        (["--extra", "[]"], "--extra: expected an object"),
        (["--key-env", "NO_SUCH"], "--key-env NO_SUCH: the variable is not set"),
        (["--system", "/nowhere"], "--system /nowhere: cannot be read"),
        (["--html", "/nowhere/r.html"], "/nowhere/r.html: cannot be written"),
        (["--ground", "rase"], "did you mean `race`?"),
        (["--prompt-lang", "fr"], "zh-Hans"),
        (["--retries", "0", "--templates", "8"], "questions in a row got no answer"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(arguments, said):
    done = run("http://127.0.0.1:1", "--ground", "sex", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr and "pw" not in done.stderr


@pytest.mark.parametrize("missing", ["scipy", "matplotlib", "jinja2", "vaderSentiment"])
def test_a_missing_extra_is_named_with_its_cure_before_anything_is_asked(missing):
    code = f"import sys; sys.modules[{missing!r}] = None; from guardrail.cli.main import main; main()"
    with serving(script(FAIR)) as upstream:
        arguments = command(address(upstream), "--ground", "sex")[3:]
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
        assert not upstream.asked
    assert done.returncode == 2
    assert f"guardrail: {missing} is not installed; pip install 'guardrail[reports]'" in done.stderr


def test_a_wrong_key_ends_it_and_is_not_told(tmp_path):
    body = json.dumps({"error": {"message": f"bad key {KEY}"}}).encode()
    with serving(lambda one: [http(body, "401 Unauthorized")]) as upstream:
        done = run(address(upstream), "--ground", "sex", "--state", str(tmp_path / "s"), MY_KEY=KEY, OPENAI_API_KEY="")
        named = run(address(upstream), "--ground", "sex", "--key-env", "MY_KEY", MY_KEY=KEY)
    assert done.returncode == named.returncode == 2
    assert "set OPENAI_API_KEY" in done.stderr
    assert KEY not in named.stderr and "bad key [key]" in named.stderr
    assert KEY not in (tmp_path / "s").read_text()


def test_the_page_in_docs_names_every_option_with_its_default():
    page = PAGE.read_text()
    for option in bias.params:
        assert isinstance(option, click.Option)
        row = next(
            (
                line
                for line in page.splitlines()
                if line.startswith("| `") and f"`{option.opts[0]}" in line.split("|")[1]
            ),
            None,
        )
        assert row, f"docs/probe.md has no row for {option.opts[0]}"
        if option.show_default and option.default is not None and not option.multiple:
            assert f"`{option.default}`" in row, option.opts[0]
