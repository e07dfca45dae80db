"""The store: nothing readable in it, nothing lost in it, and nothing found that was taken out."""

import re

import pytest

from guardrail.errors import SettingsError
from guardrail.fingerprints import cells, store
from guardrail.fingerprints.keys import Keys

KEYS = Keys(b"k" * 32)
MEMO = "The board has decided to close the Tsuen Wan warehouse by the end of March and to move all stock to Dongguan"
CHINESE = "董事會已於一月十二日議決關閉荃灣倉庫並把所有存貨遷往東莞在公布之前不得向委員會以外人士透露"
ROWS = [["831923905397", "Chan Tai Man"], ["712345678901", "陳大文"]]


def document(identifier, **options):
    return store.Document(identifier, "", "2026-01-01T00:00:00Z", **options)


def collected(rows):
    collector = cells.Collector(KEYS.hasher("cell"), KEYS.hasher("head"), [1])
    for row in rows:
        collector.take(row)
    return collector.finish()


def found(path, text):
    """The documents that the shingles of a text stand in."""
    reader = store.load(path, KEYS).passages.reader()
    return {number for _, _, postings in reader.hits(store.tokens(text), 0) for number, _ in postings}


@pytest.fixture
def path(tmp_path):
    draft = store.Draft(tmp_path / "x.store", KEYS)
    draft.add_passages(document("m"), [MEMO])
    draft.add_passages(document("c", label="minutes"), [CHINESE[:20], CHINESE[20:]])
    draft.add_cells(document("t"), collected(ROWS))
    draft.save()
    return tmp_path / "x.store"


def test_documents_are_listed_with_their_counts(path):
    listed = {one.id: one for one in store.load(path, KEYS).documents}
    assert (listed["m"].form, listed["m"].words, listed["m"].shingles) == ("passages", 22, 20)
    assert (listed["c"].words, listed["c"].shingles, listed["c"].label) == (len(CHINESE), len(CHINESE) - 3, "minutes")
    assert (listed["t"].form, listed["t"].rows, listed["t"].cells) == ("cells", 2, 6)


def test_pieces_of_a_text_are_one_text(path):
    assert found(path, CHINESE[16:24]) == {1}


def test_nothing_readable_is_stored(path):
    raw = path.read_bytes()
    for text in (MEMO, CHINESE, *ROWS[0], *ROWS[1]):
        for word in [*re.findall(r"[A-Za-z0-9]{4,}", text), *re.findall(r"[一-鿿]{2}", text)]:
            for spelling in (word, word.lower(), cells.value(word)):
                assert spelling.encode() not in raw and spelling.encode("utf-16-le") not in raw, word


def test_the_same_documents_under_another_key_have_nothing_in_common(path, tmp_path):
    other = store.Draft(tmp_path / "y.store", Keys(b"y" * 32))
    other.add_passages(document("m"), [MEMO])
    other.save()
    ours = set(store.load(path, KEYS).passages.hashes.tolist())
    theirs = set(store.load(tmp_path / "y.store", Keys(b"y" * 32)).passages.hashes.tolist())
    assert ours and theirs and not ours & theirs


def test_what_is_removed_is_not_found_and_the_rest_is(path):
    draft = store.Draft(path, KEYS)
    assert [one.id for one in draft.remove(lambda one: one.id == "m")] == ["m"]
    draft.save()
    known = store.load(path, KEYS)
    assert [one.id for one in known.documents] == ["c", "t"]
    assert found(path, MEMO) == set() and found(path, CHINESE) == {0}
    assert known.cells.places(cells.value("831923905397")) == [(1, 0, 0, True)]
    draft = store.Draft(path, KEYS)
    draft.remove(lambda one: True)
    draft.save()
    known = store.load(path, KEYS)
    assert not known.documents and not known.cells.places(cells.value("831923905397"))


def test_adding_goes_on_where_the_store_stood(path):
    draft = store.Draft(path, KEYS)
    assert draft.holds("m") and not draft.holds("n")
    draft.add_passages(
        document("n"), ["Quarterly figures of the Kwun Tong branch are to be restated before the audit begins"]
    )
    assert draft.holds("n")
    draft.save()
    draft.add_passages(document("o"), ["A second save of the same draft adds what came after the first one"])
    draft.save()
    assert found(path, "figures of the Kwun Tong branch") == {3}
    assert found(path, "what came after the first one") == {4}
    assert found(path, "close the Tsuen Wan warehouse by the end") == {0}
    assert store.load(path, KEYS).cells.places(cells.value("陳大文")) == [(2, 1, 1, False)]


def test_a_document_that_is_not_saved_can_be_taken_back(path):
    draft = store.Draft(path, KEYS)
    draft.add_passages(document("n"), [MEMO])
    draft.remove(lambda one: one.id == "n")
    draft.save()
    assert [one.id for one in store.load(path, KEYS).documents] == ["m", "c", "t"]


def test_what_is_public_is_no_find_in_whichever_order_it_came(path):
    draft = store.Draft(path, KEYS)
    draft.add_passages(
        document("p", public=True),
        ["We confirm that he has decided to close the Tsuen Wan warehouse by the end of March."],
    )
    draft.save()
    assert found(path, "decided to close the Tsuen Wan warehouse by the end of March") == set()
    assert found(path, "move all stock to Dongguan") == {0}


def test_what_everybody_writes_is_no_find(path):
    usual = "If you are not the intended recipient, please notify the sender immediately and delete this e-mail from your system."
    draft = store.Draft(path, KEYS)
    draft.add_passages(document("n"), [usual + " " + MEMO.replace("March", "April")])
    draft.save()
    assert found(path, usual) == set()
    assert 3 in found(path, "by the end of April and")


def test_shingles_of_common_words_go_on_with_a_passage_and_begin_none(path):
    draft = store.Draft(path, KEYS)
    draft.add_passages(document("n"), ["It is as good as it was before the Kestrel merger was made"])
    draft.save()
    assert found(path, "it is as good as it was") == set()
    reader = store.load(path, KEYS).passages.reader()
    told = reader.hits(store.tokens("before the Kestrel merger was made. It is as good as it was"), 0)
    assert [last for last, _, _ in told] == [3, 4, 5, 8, 9, 10, 11, 12]


def test_a_run_of_words_begins_with_two_shingles_that_stand_alike_and_tells_the_first_of_two_in_a_row(path):
    def told(text):
        return [
            (last, size, list(postings))
            for last, size, postings in store.load(path, KEYS).passages.reader().hits(store.tokens(text), 0)
        ]

    assert told("close the Tsuen Wan") == [(3, 4, [(0, 8)])]
    # The first of the two is let go: until then it might have been met by chance.
    assert told("close the Tsuen Sha warehouse by the") == [(6, 3, [(0, 11)])]
    assert told("close the Tsuen and nothing else; warehouse by the") == []  # two, but in another line
    assert told("close the Tsuen") == []


def test_a_shingle_that_stands_everywhere_is_told_of_the_document_that_is_being_repeated(tmp_path):
    draft = store.Draft(tmp_path / "x.store", KEYS)
    for n in range(40):
        draft.add_passages(
            document(str(n)), [f"serial{n} alpha{n} beta{n} main contract price index gamma{n} delta{n} final{n}"]
        )
    draft.save()
    reader = store.load(tmp_path / "x.store", KEYS).passages.reader()
    hits = reader.hits(store.tokens("serial33 alpha33 beta33 main contract price index gamma33 delta33"), 0)
    places = [postings[0] for _, _, postings in hits]
    assert [(33, last) for last in range(3, 9)] == [place for place in places if place[0] == 33]
    assert max(len(postings) for _, _, postings in hits) <= 4


def test_a_store_that_reads_text_in_another_way_is_refused(path, monkeypatch):
    monkeypatch.setattr(store, "reading", lambda: "another")
    with pytest.raises(
        SettingsError, match="reads text in another way, so nothing would be found; add the documents again"
    ):
        store.load(path, KEYS)


def test_content_and_place_are_known_again_and_say_nothing(tmp_path):
    one, two = tmp_path / "a.txt", tmp_path / "b.txt"
    one.write_text(MEMO)
    two.write_text(MEMO)
    first, second = store.new_document(KEYS, one), store.new_document(KEYS, two)
    assert first.id == second.id and first.source != second.source
    assert store.new_document(Keys(b"y" * 32), one).id != first.id
    assert store.new_document(KEYS, one, options="x").id != first.id
    with pytest.raises(SettingsError, match="a label has at most 120 printable characters"):
        store.new_document(KEYS, one, label="x" * 121)


def test_a_text_that_is_too_short_to_be_known_again_is_refused(path):
    with pytest.raises(SettingsError, match="shorter than three words"):
        store.Draft(path, KEYS).add_passages(document("n"), ["two words"])


def test_hashes_are_found_wherever_they_lie(tmp_path):
    from guardrail.fingerprints.index import find

    hashes = memoryview(
        bytearray(b"".join(value.to_bytes(8, "little") for value in [0, 1, 1, 2, 5, 2**63, 2**64 - 2, 2**64 - 1]))
    ).cast("Q")
    assert [find(hashes, value) for value in (0, 1, 2, 3, 5, 2**63, 2**64 - 1)] == [0, 1, 3, 4, 4, 5, 7]
    assert find(memoryview(b"").cast("Q"), 7) == 0


def test_a_document_that_would_fill_the_memory_is_refused(path, monkeypatch):
    monkeypatch.setattr(store, "MOST", 10)
    with pytest.raises(SettingsError, match="more than 10 words; split it"):
        store.Draft(path, KEYS).add_passages(document("n"), [MEMO])
    monkeypatch.setattr(cells, "MOST", 5)
    with pytest.raises(SettingsError, match="more than 5 values; split it, or name fewer columns"):
        collected(ROWS)
