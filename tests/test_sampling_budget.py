"""The budget holds whatever happens: another process, a restart, the next day, a damaged file."""

from datetime import date
from multiprocessing import get_context

import pytest

from guardrail.sampling_budget import FILE, Budget, Spent

TODAY = date(2026, 11, 27)


def budget(path, requests=3, tokens=1000, today=TODAY):
    return Budget(path / FILE, requests, tokens, today=lambda: today)


def test_requests_run_out(tmp_path):
    one = budget(tmp_path)
    assert [one.take(1) for _ in range(5)] == [True, True, True, False, False]


def test_tokens_run_out_and_come_back_where_less_was_used(tmp_path):
    one = budget(tmp_path, requests=100)
    assert one.take(900)
    assert not one.take(200)
    one.settle(-500)
    assert one.take(200)
    one.settle(10_000)  # the answer was longer than anybody could know: that is the most it can go over
    assert not one.take(1)
    assert one.spent() == Spent("2026-11-27", 2, 10_600)


def test_a_restart_forgets_nothing_and_a_new_day_everything(tmp_path):
    assert budget(tmp_path, requests=1).take(1)
    assert not budget(tmp_path, requests=1).take(1)
    assert budget(tmp_path, requests=1, today=date(2026, 11, 28)).take(1)


def _spend(path, out):
    out.put(sum(budget(path, requests=50, tokens=10**6).take(1) for _ in range(40)))


def test_processes_share_it(tmp_path):
    context = get_context("spawn")
    out = context.Queue()
    workers = [context.Process(target=_spend, args=(tmp_path, out)) for _ in range(3)]
    for worker in workers:
        worker.start()
    taken = [out.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(60)
    assert sum(taken) == 50


@pytest.mark.parametrize(
    "content", [b"garbage", b"{}", b'{"day": 1}', b"[]", b'{"day": "2026-11-27", "requests": "many", "tokens": 0}']
)
def test_a_count_that_cannot_be_read_is_an_empty_budget(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    assert not budget(tmp_path).take(1)


def test_a_count_that_cannot_be_written_stops_the_spending_and_says_so_once(tmp_path, caplog):
    one = Budget(tmp_path / "gone" / FILE, 10, 1000)
    assert not one.take(1)
    assert not one.take(1)
    assert len([record for record in caplog.records if "nothing is asked" in record.getMessage()]) == 1


def test_the_file_is_private_and_holds_numbers_alone(tmp_path):
    one = budget(tmp_path)
    one.take(7)
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    assert (tmp_path / FILE).read_text() == '{"day":"2026-11-27","requests":1,"tokens":7}'
