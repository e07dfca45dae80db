"""Every kind of damage to a log is found, at the right line; what only a head can show is found with one."""

import os
import re
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrail.audit import chain, search
from guardrail.audit import verify as verify_module
from guardrail.audit.explain import explain
from guardrail.audit.verify import verify
from guardrail.errors import AuditError
from tests.audit.audit_samples import fill, plain

COUNT = 30


@pytest.fixture
def log(tmp_path):
    """Thirty records in one file."""
    fill(tmp_path, COUNT)
    return tmp_path / "chain-00.jsonl"


def lines(path):
    return path.read_bytes().splitlines(keepends=True)


def rechained(path, drop):
    """The log as somebody with write access would forge it: one line out, all later ones linked anew."""
    forged, head = [], chain.START
    for number, line in enumerate(lines(path)):
        record = orjson.loads(line)
        if number != drop:
            bare = {name: record[name] for name in record if name not in ("seq", "prev", "hash")}
            made, head = chain.extend(bare, head)
            forged.append(made)
    return forged


def test_a_good_log(log):
    report = verify(log.parent)
    (one,) = report.chains
    assert report.ok and (one.records, one.files, one.first, one.events) == (COUNT, 1, 1, 0)
    assert one.head.seq == COUNT


EDITED, NO_JSON, TORN = "was edited: its hash", "is not JSON", "is torn"
MISSING, REPEATED, FOREIGN = "missing or moved", "inserted, repeated or moved", "does not follow"


@pytest.mark.parametrize(
    ("damage", "line", "reason"),
    [
        pytest.param(lambda a, b: [*a[:6], a[6].replace(b"id-0006", b"id-9996"), *a[7:]], 7, EDITED, id="edit"),
        pytest.param(lambda a, b: [a[0].replace("陳".encode(), "张".encode()), *a[1:]], 1, EDITED, id="edit the first"),
        pytest.param(lambda a, b: [*a[:-1], a[-1].replace(b"id-00", b"id-99")], COUNT, EDITED, id="edit the last"),
        pytest.param(lambda a, b: [*a[:6], *a[7:]], 7, MISSING, id="delete"),
        pytest.param(lambda a, b: a[1:], 1, MISSING, id="delete the first"),
        pytest.param(lambda a, b: [*a[:3], *a[13:]], 4, "numbers 4 to 13 missing", id="delete ten"),
        pytest.param(lambda a, b: [*a[:6], a[7], a[6], *a[8:]], 7, MISSING, id="reorder"),
        pytest.param(lambda a, b: [*a[:6], a[2], *a[6:]], 7, REPEATED, id="insert a copy"),
        pytest.param(lambda a, b: [*a[:6], b[6], *a[6:]], 7, FOREIGN, id="insert from another log"),
        pytest.param(lambda a, b: [*a[:6], b[6], *a[7:]], 7, FOREIGN, id="replace from another log"),
        pytest.param(lambda a, b: [*a[:6], *b[6:]], 7, FOREIGN, id="splice two logs"),
        pytest.param(lambda a, b: [*a[:6], b"{}\n", *a[6:]], 7, "lacks", id="insert a bare object"),
        pytest.param(lambda a, b: [*a[:6], b"\n", *a[6:]], 7, NO_JSON, id="insert a blank line"),
        pytest.param(lambda a, b: [*a[:6], a[6][:20] + b"\n", *a[7:]], 7, NO_JSON, id="cut a line"),
        pytest.param(lambda a, b: [*a[:-1], a[-1][:20]], COUNT, TORN, id="truncate inside the last line"),
        pytest.param(lambda a, b: [*a[:-1], a[-1].rstrip(b"\n")], COUNT, TORN, id="take the last line end"),
    ],
)
def test_damage_is_found_at_the_right_line(log, tmp_path_factory, damage, line, reason):
    other = tmp_path_factory.mktemp("other")
    fill(other, COUNT, start=100)
    log.write_bytes(b"".join(damage(lines(log), lines(other / log.name))))
    report = verify(log.parent)
    (problem,) = report.problems
    assert (problem.file, problem.line) == (log, line) and reason in problem.reason
    assert str(problem).startswith(f"{log}:{line}: ") and report.chains[0].records == line - 1


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_single_byte_flipped_anywhere_is_found_at_its_line(log, data):
    """Line ends too: there is no byte of the file that can be changed unseen."""
    content = log.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    damaged = bytearray(content)
    damaged[at] ^= data.draw(st.integers(1, 255))
    place = log.parent / "copy" / log.name
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(damaged)
    (problem,) = verify(place.parent).problems
    assert problem.line == content.count(b"\n", 0, at) + 1


@pytest.mark.parametrize("damaged_file", [0, 2])
def test_damage_in_a_rotated_file_is_named_there(tmp_path, damaged_file):
    fill(tmp_path, COUNT, rotate_bytes=1500)
    path = sorted(tmp_path.glob("*.jsonl"))[damaged_file]
    path.write_bytes(path.read_bytes().replace(b"exchange", b"exchangE", 1))
    (problem,) = verify(tmp_path).problems
    assert (problem.file, problem.line) == (path, 1)


def test_a_rotated_file_that_is_gone_is_a_gap(tmp_path):
    fill(tmp_path, COUNT, rotate_bytes=1500)
    (tmp_path / "chain-00.000002.jsonl").unlink()
    (problem,) = verify(tmp_path).problems
    assert problem.file.name == "chain-00.000003.jsonl" and problem.line == 1 and MISSING in problem.reason


def test_each_damaged_chain_is_named(tmp_path):
    fill(tmp_path, 5)
    for name in ("chain-01.jsonl", "chain-02.jsonl"):
        (tmp_path / name).write_bytes((tmp_path / "chain-00.jsonl").read_bytes())
    for name in ("chain-00.jsonl", "chain-02.jsonl"):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes().replace(b"id-0002", b"id-0009"))
    assert [(p.file.name, p.line) for p in verify(tmp_path).problems] == [("chain-00.jsonl", 3), ("chain-02.jsonl", 3)]


# Heads


def test_what_the_chain_alone_cannot_show_and_a_head_does(log):
    """The document says so, and it must stay true: cut off or chained anew, only a head kept elsewhere tells."""
    head = str(verify(log.parent).chains[0].head)
    for forged in (lines(log)[:-3], rechained(log, 5)):
        log.write_bytes(b"".join(forged))
        assert verify(log.parent).ok
        report = verify(log.parent, head=head)
        assert not report.ok and report.heads[0].place == "" and not report.problems


@pytest.mark.parametrize("seq", [1, 17, COUNT])
def test_a_head_that_holds_says_where_and_how_much_came_after(log, seq):
    report = verify(log.parent, head=f"{seq}:{orjson.loads(lines(log)[seq - 1])['hash']}")
    assert report.ok
    assert (report.heads[0].place, report.heads[0].after) == (f"{log}:{seq}", COUNT - seq)


def test_a_head_behind_the_first_bad_line_does_not_hold(log):
    head = f"20:{orjson.loads(lines(log)[19])['hash']}"
    log.write_bytes(b"".join([*lines(log)[:6], *lines(log)[7:]]))
    assert verify(log.parent, head=head).heads[0].place == ""


def test_heads_of_several_chains(tmp_path):
    heads = []
    for name in ("a", "b"):
        heads.append(f"5:{fill(tmp_path / name, 5, start=len(heads) * 50)[-1]}")
    (tmp_path / "b" / "chain-00.jsonl").rename(tmp_path / "a" / "chain-01.jsonl")
    assert verify(tmp_path / "a", head=heads).ok
    (tmp_path / "a" / "chain-01.jsonl").unlink()
    report = verify(tmp_path / "a", head=heads)
    assert [bool(one.place) for one in report.heads] == [True, False]


def test_old_files_taken_away_on_purpose(tmp_path):
    """Retention: with the head of the last record taken away, the rest verifies; without it, it is a gap."""
    fill(tmp_path, COUNT, rotate_bytes=1500)
    oldest = tmp_path / "chain-00.000001.jsonl"
    last = orjson.loads(lines(oldest)[-1])
    oldest.unlink()
    assert not verify(tmp_path).ok
    report = verify(tmp_path, head=f"{last['seq']}:{last['hash']}")
    assert report.ok and report.chains[0].first == last["seq"] + 1
    assert not verify(tmp_path, head=f"{last['seq']}:{'0' * 64}").ok


def test_one_file_by_itself(tmp_path):
    fill(tmp_path, COUNT, rotate_bytes=1500)
    report = verify(tmp_path / "chain-00.000002.jsonl")
    assert report.ok and report.chains[0].first > 1 and report.chains[0].name == "chain-00"


def test_the_empty_head_always_holds(log):
    assert verify(log.parent, head=str(chain.START)).ok


@pytest.mark.parametrize("head", ["x", "3", "3:abc"])
def test_a_malformed_head_is_an_error(log, head):
    with pytest.raises(ValueError, match="SEQ:HASH"):
        verify(log.parent, head=head)


@pytest.mark.parametrize("where", ["missing", "empty", "missing.jsonl"])
def test_nothing_to_check_is_an_error_and_not_a_pass(tmp_path, where):
    (tmp_path / "empty").mkdir()
    with pytest.raises(AuditError, match=r"holds no audit log|cannot be read"):
        verify(tmp_path / where)


def test_a_rotation_meanwhile_is_no_gap(tmp_path, monkeypatch):
    """Verifying a log that is being written: the file that is renamed while we read must not look lost."""
    fill(tmp_path, 5, rotate_bytes=10**6)
    real, calls = verify_module.files.files, []

    def listing(directory, name):
        found = real(directory, name)
        calls.append(1)
        if len(calls) == 1:
            (tmp_path / "chain-00.jsonl").rename(tmp_path / "chain-00.000001.jsonl")
            fill(tmp_path, 1, start=5)
        return found

    monkeypatch.setattr(verify_module.files, "files", listing)
    report = verify(tmp_path)
    assert report.ok and report.chains[0].records == 6


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda path: None, "set aside and recorded"),
        (lambda path: path.write_bytes(b"other"), "changed after it was set aside"),
        (lambda path: path.unlink(), "no longer there"),
        (lambda path: path.rename(path.with_name("chain-00.torn-9")), "that no record mentions"),
    ],
)
def test_fragments_are_accounted_for(log, change, note):
    with log.open("ab") as file:
        file.write(b"half")
    fill(log.parent, 1)
    change(log.parent / f"chain-00.torn-{COUNT + 1}")
    assert any(note in one for one in verify(log.parent).notes)


# Looking records up


def test_records_of_all_chains_come_in_order_of_time(tmp_path):
    fill(tmp_path, 20, rotate_bytes=700)
    (tmp_path / "b").mkdir()
    fill(tmp_path / "b", 20, start=10)
    (tmp_path / "b" / "chain-00.jsonl").rename(tmp_path / "chain-01.jsonl")
    found = search.newest(tmp_path, lambda record: True).records
    times = [one.record["time"] for one in found]
    assert len(found) == 40 and times == sorted(times)


@pytest.mark.parametrize("limit", [1, 7, 19, 20, 100])
@pytest.mark.parametrize("rotate_bytes", [400, 10**6])
def test_the_newest_are_the_same_however_the_files_are_cut(tmp_path, limit, rotate_bytes):
    fill(tmp_path, 20, rotate_bytes=rotate_bytes)
    even = search.newest(tmp_path, lambda record: int(record["id"][-1]) % 2 == 0, limit).records
    assert [one.record["id"] for one in even] == [f"id-{n:04}" for n in range(0, 20, 2)][-limit:]


def test_a_line_that_cannot_be_read_is_named(log):
    log.write_bytes(b"".join([*lines(log)[:4], b"garbage\n", b"[]\n", *lines(log)[4:]]))
    found = search.newest(log.parent, lambda record: True)
    assert len(found.records) == COUNT and found.unreadable == [f"{log}:5", f"{log}:6"]


@pytest.mark.parametrize(
    ("prefix", "count"), [("id-0003", 1), ("id-000", 10), ("id-", COUNT), ("nothing", 0), ('"', 0), ("\\", 0)]
)
def test_records_are_found_by_the_beginning_of_their_id(log, prefix, count):
    assert len(search.by_id(log.parent, prefix)) == count


def test_an_id_that_is_the_beginning_of_another_is_still_found(tmp_path):
    fill(tmp_path, 1)
    directory = tmp_path / "chain-00.jsonl"
    head = chain.read(lines(directory)[0]).head
    with directory.open("ab") as file:
        file.write(chain.link(plain(0) | {"id": "id-00001"}, 2, head.hash))
    assert [one.record["id"] for one in search.by_id(tmp_path, "id-0000")] == ["id-0000"]


@given(st.dictionaries(st.sampled_from(["type", "id", "findings_left_out", "status", "event"]), st.text(max_size=5)))
def test_a_strange_record_is_still_explained(record):
    """A log may come from another version; explaining it must not fail, nor steer the terminal."""
    for line in explain(record | {"error": "\x1b[2J"}):
        assert re.search(r"[\x00-\x1f]", line) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_log_that_may_not_be_read(log):
    log.chmod(0)
    with pytest.raises(AuditError, match=f"{re.escape(str(Path(log)))}: cannot be read"):
        verify(log.parent)
