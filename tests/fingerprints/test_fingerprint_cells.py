"""Which cells of a table are watched, and which of them are a find by themselves."""

import pytest

from guardrail.fingerprints import cells
from guardrail.fingerprints.keys import Keys

KEYS = Keys(b"k" * 32)


def kept(rows, names=()):
    collector = cells.Collector(KEYS.hasher("cell"), KEYS.hasher("head"), names)
    for row in rows:
        collector.take(row)
    return collector.finish()


def strong(rows, names=()):
    """Whether each value that is kept is strong, in the order of the rows."""
    return [flags >= cells.STRONG for flags in kept(rows, names).flags]


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("A123456(3)", "a1234563"),
        ("Ａ１２３４５６（３）", "a1234563"),
        (" a 123456-3 ", "a1234563"),
        ("004-123-456789-001", "004123456789001"),
        ("陳大文", "陈大文"),
        ("Chan Tai-man, Peter", "chantaimanpeter"),
        ("tai.man@example.com", "taimanexamplecom"),
        ("—", ""),
    ],
)
def test_a_value_is_what_is_left_of_its_signs(raw, value):
    assert cells.value(raw) == value


@pytest.mark.parametrize(
    ("raw", "spellings"),
    [
        ("陳大文", ["陈大文"]),
        ("CHAN Tai Man", ["chantaiman", "taimanchan", "manchantai"]),
        ("Chan, Peter", ["chanpeter", "peterchan"]),
        ("陳大文 Chan Tai Man", ["陈大文chantaiman", "chantaiman", "taimanchan", "manchantai", "陈大文"]),
        ("Cher", ["cher"]),
    ],
)
def test_a_name_is_kept_as_people_write_it(raw, spellings):
    assert cells.spellings(raw) == spellings


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["831923905397", "123456789012"], True),  # account numbers of twelve digits, two of them
        (["A123456(3)", "B765432(1)"], True),
        (["tai.man@example.com"], True),
        (["K12345678", "1990131"], True),
        (["Chan Tai Man", "Harbour Trading"], False),  # words: somebody else may be called so
        (["AB1234", "CD5678"], False),  # four digits
        (["1990-01-31", "31/01/1990", "19900131", "1990-1-5", "2026-01-31 08:30"], False),  # dates are many people's
        (["1990年1月31日"], False),
        (["Flat 3A, 12/F, Harbour Green Tower 3"], True),  # long, with digits
    ],
)
def test_what_is_a_find_by_itself(column, expected):
    assert set(strong([[value] for value in column])) == {expected}


def test_a_number_is_a_find_only_while_its_table_leaves_most_of_its_shape_free():
    sparse, dense = [[f"{n * 997:06}"] for n in range(1000)], [[f"{n * 997:06}"] for n in range(1001)]
    assert set(strong(sparse)) == {True}
    assert set(strong(dense)) == {False}
    assert set(strong([["7" + n[0] + "9"] for n in dense])) == {True}  # eight digits have room enough


def test_what_says_too_little_is_left_out_and_counted():
    found = kept(
        [["12345", "active-client"], ["", "active-client"], ["123456789", "active-client"], ["x1" * 60, "other-client"]]
        + [["", "active-client"]] * 50
    )
    assert dict(found.left_out) == {"short": 1, "long": 1, "common": 53}
    assert len(found.hashes) == 2 and found.row_count == 54 and dict(found.by_column) == {0: 1, 1: 1}


def test_names_are_short_in_chinese_and_never_a_find_by_themselves():
    found = kept([["123456789", "王明"], ["223456789", "陳大文"], ["323456789", "Li"]], names=[1])
    assert list(found.flags) == [cells.STRONG, 1, cells.STRONG, 1, cells.STRONG]
    assert found.left_out["short"] == 1


def test_a_name_that_many_share_is_left_out_but_not_one_that_a_few_do():
    rows = [[f"{n}9876543{n:03}", "Wong Ka Yan" if n < 51 else "Chan Siu Man"] for n in range(100)]
    found = kept(rows, names=[1])
    assert found.by_column[0] == 100 and found.by_column[1] == 49 * 3 and found.left_out["common"] == 51 * 3


def test_an_empty_table_is_nothing():
    found = kept([])
    assert not found.hashes and not found.row_count


def test_the_head_of_a_value_is_what_a_text_shows_of_it_first():
    assert cells.head("a1234563") == "a12345" and cells.head("a1234") is None
    assert cells.head("陈大文") == "陈大" and cells.head("陈") is None
