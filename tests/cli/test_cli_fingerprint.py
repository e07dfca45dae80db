"""What somebody who keeps fingerprints of documents types and sees."""

import json
import os

import pytest
from click.testing import CliRunner

from guardrail.cli.fingerprint import fingerprint
from guardrail.errors import SettingsError

MEMO = "The board has decided to close the Tsuen Wan warehouse by the end of March and to move all stock to Dongguan.\n"
MINUTES = "董事會已於一月十二日議決關閉荃灣倉庫，並把所有存貨遷往東莞，在公布之前不得向委員會以外人士透露。\n"
TABLE = "account,name,branch,phone\n" + "".join(
    f"{831923905397 + n * 7919},Person {chr(65 + n)}lice Wong,Kowloon,9{n:03}4567\n" for n in range(20)
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, content in {"memo.txt": MEMO, "minutes.md": MINUTES, "customers.csv": TABLE}.items():
        (tmp_path / name).write_text(content)

    def run(*arguments, status=0, **options):
        result = CliRunner().invoke(fingerprint, list(map(str, arguments)), **options)
        if isinstance(result.exception, SettingsError):
            assert status == 2, result.exception
            return str(result.exception)
        assert result.exit_code == status, result.output
        return result

    return run


def listed(run):
    return json.loads(run("list", "--json").stdout)


def test_add_list_test_remove(run, tmp_path):
    added = run("add", "memo.txt", "minutes.md", "--label", "board")
    assert "memo.txt: 22 words, 20 shingles" in added.stdout and "fingerprints.key: made; keep it" in added.stderr
    assert [(one["form"], one["words"], one["label"]) for one in listed(run)] == [
        ("passages", 22, "board"),
        ("passages", 45, "board"),
    ]
    assert "passages" in run("list").stdout and "board" in run("list").stdout

    (tmp_path / "answer.txt").write_text(f"It says: {MEMO}")
    told = run("test", "answer.txt", status=1).stdout
    first = listed(run)[0]["id"]
    assert f"document {first} (board)" in told and "100.0% of the document" in told and "document.passage" in told
    (one,) = json.loads(run("test", "--json", "-", status=1, input=f"It says: {MEMO}").stdout)
    assert (one["document"], one["share_of_document"], one["kind"]) == (first, 1.0, "document.passage")
    assert "Nothing was found" in run("test", "-", input="Nothing of the kind is said here.").stderr

    assert f"{first}: removed" in run("remove", first[:6]).stdout
    assert [one["id"] for one in listed(run)] != [first] and len(listed(run)) == 1
    run("test", "answer.txt")


def test_adding_again_changes_nothing(run, tmp_path):
    run("add", "memo.txt")
    before = (tmp_path / "fingerprints.store").read_bytes()
    (tmp_path / "copy.txt").write_text(MEMO)
    assert run("add", "memo.txt", "copy.txt").stdout.count("is in the store already") == 2
    assert (tmp_path / "fingerprints.store").read_bytes() == before


def test_a_changed_document_stands_beside_its_earlier_state_unless_it_replaces_it(run, tmp_path):
    run("add", "memo.txt")
    (first,) = listed(run)
    (tmp_path / "memo.txt").write_text(MEMO.replace("March", "June"))
    again = run("add", "memo.txt")
    assert f"an earlier state of it stays ({first['id']}); --replace would have removed it" in again.stderr
    (tmp_path / "memo.txt").write_text(MEMO.replace("March", "July"))
    assert "; replaces " in run("add", "--replace", "memo.txt").stdout
    assert len(listed(run)) == 1 and listed(run)[0]["id"] != first["id"]


def test_a_folder_is_added_with_all_that_can_be_read(run, tmp_path):
    folder = tmp_path / "folder" / "inner"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text(MEMO)
    (folder / "b.bin").write_bytes(b"\0\1")
    (folder / ".hidden.txt").write_text(MINUTES)
    (tmp_path / "folder" / "c.md").write_text(MINUTES)
    added = run("add", "folder")
    assert added.stdout.count("shingles") == 2 and "1 files in folders were passed over" in added.stderr


def test_a_folder_that_holds_no_document_is_an_error(run, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "b.bin").write_bytes(b"\0")
    assert "no document in empty; guardrail reads text" in run("add", "empty", status=2).stderr
    assert not (tmp_path / "fingerprints.key").exists()  # nothing was begun
    mixed = run("add", "other", "memo.txt", status=2)
    assert "no document in other" in mixed.stderr and "memo.txt: 22 words" in mixed.stdout


def test_a_folder_that_cannot_be_opened_is_an_error_and_the_others_are_added(run, tmp_path, monkeypatch):
    (tmp_path / "folder" / "closed").mkdir(parents=True)
    (tmp_path / "folder" / "a.txt").write_text(MEMO)
    whole = os.scandir

    def scandir(path):
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return whole(path)

    monkeypatch.setattr(os, "scandir", scandir)
    added = run("add", "folder", status=2)
    assert "folder/closed cannot be opened: Permission denied" in added.stderr and "a.txt: 22 words" in added.stdout


def test_a_link_that_leads_nowhere_is_a_document_that_cannot_be_read(run, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").symlink_to(tmp_path / "gone.txt")
    assert "a.txt: cannot be read (No such file" in run("add", "folder", status=2).stderr


def test_a_document_that_cannot_be_read_does_not_stop_the_others(run, tmp_path):
    (tmp_path / "bad.txt").write_bytes(b"\0\1\2\3" * 20)
    result = run("add", "bad.txt", "missing.txt", "memo.txt", status=2)
    assert "memo.txt: 22 words" in result.stdout
    assert "bad.txt: this is no text" in result.stderr and "missing.txt: cannot be read" in result.stderr
    assert "2 of 3 documents were not added" in result.stderr
    assert len(listed(run)) == 1


def test_the_cells_of_a_table(run, tmp_path):
    added = run("add", "customers.csv", "--column", "account", "--with", "name")
    assert "customers.csv: 20 rows, 80 values" in added.stdout
    account = str(831923905397 + 3 * 7919)
    told = json.loads(run("test", "--json", "-", status=1, input=f"{account} belongs to Person Dlice Wong.").stdout)
    assert [(one["kind"], one["row"]) for one in told] == [("document.cell", 4)] * 2
    assert run("add", "customers.csv", "--column", "account", "--with", "name").stdout.count("already") == 1
    assert (
        "20 rows, 20 values" in run("add", "customers.csv", "--column", "phone").stdout
    )  # other columns: another document


def test_other_columns_of_the_same_table_are_no_earlier_state_of_it(run):
    run("add", "customers.csv", "--column", "account")
    (first,) = listed(run)
    again = run("add", "customers.csv", "--column", "phone").stderr
    assert f"what was kept of it with other options stays ({first['id']}); --replace would have removed it" in again
    assert "earlier state" not in again


def test_a_list_says_which_document_is_of_which_file(run, tmp_path):
    run("add", "memo.txt", "minutes.md")
    run("add", "customers.csv", "--column", "account")
    memo, minutes, customers = listed(run)
    (tmp_path / "copy.txt").write_text(MEMO)
    (tmp_path / "minutes.md").write_text(MINUTES + "一")
    (tmp_path / "new.txt").write_text("new")
    told = run("list", "--json", "copy.txt", "minutes.md", "customers.csv", "new.txt")
    assert [(one["id"], one["file"], one["by"]) for one in json.loads(told.stdout)] == [
        (memo["id"], "copy.txt", "content"),
        (minutes["id"], "minutes.md", "path"),
        (customers["id"], "customers.csv", "content"),
    ]
    assert told.stderr == "new.txt: no document of the store has this content or came from this path\n"
    (tmp_path / "memo.txt").unlink()
    assert f"{memo['id']} " in run("list", "memo.txt").stdout  # by its path
    assert run("list", str(tmp_path)).stdout.count("content") == 2
    assert not {"file", "by", "source", "content"} & set(memo)


def test_a_weak_name_alone_is_told_and_is_no_find(run):
    run("add", "customers.csv", "--column", "account", "--with", "name")
    told = run("test", "-", input="Write to Person Dlice Wong.")
    assert "0.40" in told.stdout and "Nothing reaches a score of 0.6" in told.stderr
    run("test", "-", "--threshold", "0.4", status=1, input="Write to Person Dlice Wong.")
    run("test", "-", status=1, input=f"{831923905397} of Person Alice Wong")


@pytest.mark.parametrize(("path", "unit"), [("memo.txt", "22 words of"), ("minutes.md", "45 Chinese characters of")])
def test_evidence_counts_in_the_unit_of_the_text(run, path, unit):
    run("add", "memo.txt", "minutes.md")
    (one,) = json.loads(run("test", "--json", path, status=1).stdout)
    assert f"repeats about {unit}" in one["evidence"]
    assert ("words" in one["evidence"]) != ("Chinese" in one["evidence"])


def test_an_encoding_that_the_bytes_contradict_is_refused_unless_insisted_on(run, tmp_path):
    (tmp_path / "big5.txt").write_bytes((MINUTES * 3).encode("big5"))
    refused = run("add", "big5.txt", "--encoding", "gb18030", status=2).stderr
    assert "big5.txt: the bytes are big5hkscs, and read as gb18030 they are other characters" in refused
    assert "--insist" in refused
    run("add", "big5.txt", "--encoding", "gb18030", "--insist")
    run("test", "big5.txt", "--encoding", "gb18030", "--insist", status=1)
    assert "--insist needs an --encoding" in run("test", "big5.txt", "--insist", status=2)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["customers.csv", "--column", "acount"], "there is no column `acount`; did you mean `account`?"),
        (["customers.csv", "--column", "branch"], None),
        (["memo.txt", "--column", "account"], "columns are taken from CSV, TSV and XLSX"),
        (["customers.csv", "--with", "name"], "--with needs a --column"),
        (["customers.csv", "--column", "account", "--public"], "--public is for passages"),
        (["memo.txt", "--label", "two\nlines"], "a label has at most 120 printable characters"),
        (["memo.txt", "--encoding", "klingon"], "there is no encoding `klingon`"),
    ],
)
def test_what_cannot_be_added_says_why(run, arguments, reason):
    result = run("add", *arguments, status=0 if reason is None else 2)
    assert reason is None or reason in (result if isinstance(result, str) else result.stderr)


def test_a_column_that_says_nothing_is_refused(run, tmp_path):
    (tmp_path / "t.csv").write_text("id,kind\n" + "1,retail client\n" * 60)
    for column in ("id", "kind"):
        assert (
            f"column `{column}` holds no value that can be watched"
            in run("add", "t.csv", "--column", column, status=2).stderr
        )


def test_a_table_without_columns_is_read_as_text_and_says_so(run):
    assert "read as running text; name columns with --column" in run("add", "customers.csv").stderr


def test_what_is_public_is_not_found(run):
    run("add", "memo.txt")
    run("test", "memo.txt", status=1)
    run("add", "--public", "memo.txt")
    run("test", "memo.txt")
    assert "passages (public)" in run("list").stdout


def test_a_key_is_made_once_and_never_in_place_of_a_lost_one(run, tmp_path):
    assert "my.key: made" in run("init", "--key", "my.key").stdout
    assert "is there already and is left as it is" in run("init", "--key", "my.key", status=2)
    run("add", "memo.txt", "--key", "my.key")
    (tmp_path / "my.key").unlink()
    lost = run("add", "minutes.md", "--key", "my.key", status=2)
    assert "the fingerprint key cannot be read" in lost
    assert "put back the key that fingerprints.store was made with" in lost and "init" not in lost
    assert "put back the key that fingerprints.store" in run("list", "--key", "my.key", status=2)
    run("init", "--key", "my.key")
    assert "was made with another key" in run("list", "--key", "my.key", status=2)


def test_the_files_can_be_named_in_the_environment(run, tmp_path):
    environment = {"GUARDRAIL_FINGERPRINTS": str(tmp_path / "s"), "GUARDRAIL_FINGERPRINT_KEY": str(tmp_path / "k")}
    run("add", "memo.txt", env=environment)
    assert (tmp_path / "s").exists() and (tmp_path / "k").exists() and not (tmp_path / "fingerprints.store").exists()


def test_an_id_that_fits_none_or_many_is_refused(run):
    run("add", "memo.txt", "minutes.md")
    assert "is the ID of no document" in run("remove", "zz", status=2)
    assert "is the ID of no document" in run("remove", "", status=2)


def test_where_there_is_no_store_that_is_said(run):
    run("init")
    for command in (["list"], ["remove", "x"], ["test", "memo.txt"]):
        result = CliRunner().invoke(fingerprint, command)
        assert "`guardrail fingerprint add` makes one" in str(result.exception)
