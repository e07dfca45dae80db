"""Names for values: the same in one conversation, another in the next, and turned back for nobody else."""

import re

from hypothesis import given
from hypothesis import strategies as st

from guardrail.pseudonyms import EXPRESSION, Book, Shelf

KEY = b"k" * 32
VALUE = "A123456(3)"


@given(
    st.sampled_from(["pii.hkid", "pii.person", "secret.aws_access_key", "pii.hk_phone"]),
    st.text(min_size=1, max_size=30),
)
def test_a_name_is_a_word_that_is_found_again_and_gives_the_value_back(kind, value):
    book = Book(KEY, "conversation")
    name = book.name(kind, value)
    assert re.fullmatch(EXPRESSION, name)
    meant = book.meant(name)
    assert meant is not None
    assert (meant.value, meant.kind) == (value, kind)
    assert book.name(kind, value) == name


def test_names_do_not_carry_over_to_another_conversation_caller_or_process():
    names = {Book(key, scope).name("pii.hkid", VALUE) for key in (KEY, b"o" * 32) for scope in ("a", "b")}
    assert len(names) == 4
    assert Book(KEY, "b").meant(Book(KEY, "a").name("pii.hkid", VALUE)) is None


def test_two_values_never_share_a_name():
    book = Book(KEY, "c")
    names = [book.name("pii.person", f"陳{n}") for n in range(2000)]
    assert len(set(names)) == len(names)


def test_what_goes_on_from_an_answer_keeps_its_names_for_the_same_caller_alone():
    shelf, book = Shelf(2), Book(KEY, "c")
    name = book.name("pii.hkid", VALUE)
    shelf.put("caller", "resp_1", book)
    assert Book(KEY, "resp_1", shelf.take("caller", "resp_1")).name("pii.hkid", VALUE) == name
    assert not shelf.take("somebody else", "resp_1")
    assert not shelf.take("caller", "resp_2")
    assert not shelf.take("caller", "")


def test_the_shelf_forgets_the_oldest():
    shelf = Shelf(2)
    for number in range(3):
        book = Book(KEY, "c")
        book.name("pii.hkid", VALUE)
        shelf.put("caller", f"resp_{number}", book)
    assert not shelf.take("caller", "resp_0")
    assert shelf.take("caller", "resp_2")


def test_an_answer_without_names_takes_no_room():
    shelf = Shelf(1)
    full = Book(KEY, "c")
    full.name("pii.hkid", VALUE)
    shelf.put("caller", "resp_1", full)
    shelf.put("caller", "resp_2", Book(KEY, "c"))
    assert shelf.take("caller", "resp_1")
