"""Sets of texts as files: what can be read, and what a wrong file is told."""

import gzip
import json

import pytest

from guardrail.errors import SettingsError
from guardrail.evaluation import datasets
from guardrail.evaluation.matching import Span


def write(path, *lines, packed=False):
    raw = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines).encode()
    path.write_bytes(gzip.compress(raw) if packed else raw)
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_a_set_reads_plain_and_packed(tmp_path, packed):
    line = {
        "id": "a", "text": "身份證A123456(3)", "lang": "zh-Hant", "labels": {"leak": True},
        "spans": [{"start": 3, "end": 13, "type": "pii.hkid", "text": "A123456(3)"}],
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}],
    }  # fmt: skip
    [item] = datasets.read(write(tmp_path / ("x.jsonl.gz" if packed else "x.jsonl"), line, "", packed=packed))
    assert item.spans == (Span("pii.hkid", 3, 13),)
    assert (item.id, item.language, item.system, item.caller) == ("a", "zh-Hant", "Be kind.", ("Hi",))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "x.jsonl:2: not JSON"),
        ("[]", 'x.jsonl:2: expected an object with a string "text"'),
        ('{"text": 3}', 'expected an object with a string "text"'),
        ('{"text": "a", "lang": 3}', '"lang" must be a string'),
        ('{"text": "a", "labels": [1]}', '"labels" must be an object'),
        ('{"text": "a", "messages": {}}', '"messages" must be a list'),
        ('{"text": "abc", "spans": [{"start": 1, "end": 9}]}', "span 1..9 does not lie in a text of 3 characters"),
        ('{"text": "abc", "spans": [{"start": 1}]}', 'needs whole numbers "start" and "end"'),
        ('{"text": "abc", "spans": [{"start": 0, "end": 2, "text": "bc"}]}', "offsets count Unicode code points"),
    ],
)
def test_a_wrong_line_is_named_with_its_number(tmp_path, line, said):
    path = write(tmp_path / "x.jsonl", {"text": "fine"}, line)
    with pytest.raises(SettingsError) as caught:
        datasets.read(path)
    assert "x.jsonl:2" in str(caught.value)
    assert said in str(caught.value)


def test_a_broken_archive_and_a_missing_file_are_named(tmp_path):
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(b"no gzip")
    with pytest.raises(SettingsError, match=r"x\.jsonl\.gz: not a whole gzip file"):
        datasets.read(path)
    with pytest.raises(SettingsError, match=r"y\.jsonl: No such file"):
        datasets.read(tmp_path / "y.jsonl")


def test_sets_of_a_group_are_found_by_name(tmp_path):
    (tmp_path / "benign").mkdir()
    write(tmp_path / "benign" / "b.jsonl", {"text": "b"})
    write(tmp_path / "benign" / "a.jsonl.gz", {"text": "a"}, packed=True)
    (tmp_path / "benign" / "c.jsonl.bak").touch()
    found = datasets.sets(tmp_path, "benign")
    assert list(found.items()) == [(name, datasets.find(tmp_path, name)) for name in ("benign/a", "benign/b")]
    assert datasets.find(tmp_path, "benign/a") == tmp_path / "benign" / "a.jsonl.gz"
    assert datasets.sets(tmp_path, "pii") == {}
    assert datasets.find(tmp_path, "pii/a") is None


def test_a_sample_follows_from_the_seed_and_keeps_the_order():
    drawn = datasets.sample(range(100), 10, 5)
    assert drawn == sorted(drawn) == datasets.sample(range(100), 10, 5)
    assert drawn != datasets.sample(range(100), 10, 6)
    assert datasets.sample([1, 2], 10) == [1, 2]
