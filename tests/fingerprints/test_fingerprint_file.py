"""The file of a store: read only when it is whole and ours, replaced whole, and worth nothing to who has no key."""

import os
import re
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail import keyfile
from guardrail.errors import SettingsError
from guardrail.fingerprints import file, keys
from guardrail.fingerprints.keys import Keys

OURS, THEIRS = Keys(b"o" * 32), Keys(b"t" * 32)
CONTENT = file.Content(
    {"documents": [{"id": "ab"}], "lengths": [3, 4]},
    {
        "hashes": np.arange(1000, dtype=np.uint64) * 7919,
        "positions": np.arange(1000, dtype=np.uint32),
        "none": np.zeros(0, np.uint64),
        "flags": np.arange(7, dtype=np.uint8),
    },
)


@pytest.fixture
def path(tmp_path):
    file.write(tmp_path / "x.store", OURS, CONTENT)
    return tmp_path / "x.store"


def test_what_was_written_is_read_and_cannot_be_written_to(path):
    found = file.read(path, OURS)
    assert found.facts == CONTENT.facts
    for name, array in CONTENT.arrays.items():
        assert found.arrays[name].dtype == array.dtype and (found.arrays[name] == array).all()
        assert not found.arrays[name].flags.writeable
        assert name == "none" or found.arrays[name].ctypes.data % 64 == 0


def test_nobody_else_may_read_it_and_nothing_is_left_beside_it(path):
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["x.store"]


def test_another_key_is_told_so(path):
    with pytest.raises(SettingsError, match=r"x\.store: .* another key; .*--key or GUARDRAIL_FINGERPRINT_KEY"):
        file.read(path, THEIRS)


@given(st.integers(0, 10**9), st.integers(1, 255))
def test_a_changed_byte_anywhere_is_noticed(tmp_path_factory, where, change):
    path = tmp_path_factory.mktemp("f") / "x.store"
    file.write(path, OURS, CONTENT)
    content = bytearray(path.read_bytes())
    where %= len(content)
    # Between the arrays stand zeros that nothing reads; everything else is proved.
    padding = not _is_proved(OURS, path, where)
    content[where] ^= change
    path.write_bytes(content)
    if padding:
        return
    with pytest.raises(SettingsError, match=r"x\.store"):
        file.read(path, OURS)


def _is_proved(held, path, where):
    found = file.read(path, held)
    base = min(array.ctypes.data for name, array in found.arrays.items() if array.size)
    ends = sorted((array.ctypes.data - base, array.nbytes) for name, array in found.arrays.items() if array.size)
    first = path.stat().st_size - (ends[-1][0] + ends[-1][1])
    return where < first or any(first + start <= where < first + start + size for start, size in ends)


@given(st.integers(0, 10**9))
def test_a_file_that_was_cut_off_is_noticed(tmp_path_factory, length):
    path = tmp_path_factory.mktemp("f") / "x.store"
    file.write(path, OURS, CONTENT)
    content = path.read_bytes()
    path.write_bytes(content[: length % len(content)])
    with pytest.raises(SettingsError, match=r"x\.store"):
        file.read(path, OURS)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no fingerprint store"),
        (b"%PDF-1.7 and so on" * 10, "is no fingerprint store"),
        (file.MAGIC.replace(b"\r\n", b"\n") + bytes(80), "is no fingerprint store"),
        (file.MAGIC + (2).to_bytes(4, "little") + bytes(80), "format 2, this guardrail reads format 1"),
    ],
)
def test_what_is_no_store_is_told_apart(tmp_path, content, reason):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(SettingsError, match=reason):
        file.read(tmp_path / "x", OURS)


def test_a_damaged_store_says_what_to_do(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        SettingsError, match="damaged or cut off in `flags`; restore it from a copy, or delete it and add"
    ):
        file.read(path, OURS)
    path.write_bytes(bytes(content) + b"more")
    with pytest.raises(SettingsError, match="damaged"):
        file.read(path, OURS)


def test_a_missing_store_says_what_makes_one(tmp_path):
    with pytest.raises(SettingsError, match=r"No such file.*`guardrail fingerprint add` makes one"):
        file.read(tmp_path / "none", OURS)


def test_who_has_mapped_the_old_one_keeps_it(path):
    before = file.read(path, OURS)
    file.write(path, OURS, file.Content({"documents": []}, {"hashes": np.zeros(3, np.uint64)}))
    assert before.arrays["hashes"][-1] == 999 * 7919
    assert len(file.read(path, OURS).arrays["hashes"]) == 3


def test_a_write_that_fails_leaves_the_old_one(path, monkeypatch):
    old = path.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match=r"No space left on device.*make room"):
        file.write(path, OURS, file.Content({}, {}))
    assert path.read_bytes() == old and [one.name for one in path.parent.iterdir()] == ["x.store"]


def test_a_link_to_a_store_stays_a_link(path):
    link = path.with_name("link.store")
    link.symlink_to(path)
    file.write(link, OURS, file.Content({"lengths": []}, {}))
    assert link.is_symlink() and file.read(path, OURS).facts == {"lengths": []}


def test_one_process_writes_at_a_time(path):
    with file.locked(path), pytest.raises(SettingsError, match="another process is writing"), file.locked(path):
        pass
    with file.locked(path):
        pass


def test_a_key_is_made_once(tmp_path):
    keys.make(tmp_path / "k")
    held = keys.load(tmp_path / "k")
    assert len(held) == 32 and (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    with pytest.raises(SettingsError, match=r"is there already and is left as it is"):
        keys.make(tmp_path / "k")
    assert keys.load(tmp_path / "k") == held


def test_a_key_that_others_may_read_is_refused(tmp_path):
    keys.make(tmp_path / "k")
    (tmp_path / "k").chmod(0o644)
    with pytest.raises(SettingsError, match=r"the fingerprint key is open to others .*chmod 600"):
        keys.load(tmp_path / "k")


def test_a_missing_key_is_never_made_by_reading(tmp_path):
    with pytest.raises(SettingsError, match=r"cannot be read \(No such file.*`guardrail fingerprint init` makes one"):
        keys.load(tmp_path / "k")
    assert not list(tmp_path.iterdir())


def test_a_key_that_is_too_short_has_one_cure(tmp_path):
    keys.make(tmp_path / "k")
    (tmp_path / "k").write_bytes(b"short")
    with pytest.raises(SettingsError) as caught:
        keys.load(tmp_path / "k")
    assert "has 32 to 4096 bytes, this has 5" in str(caught.value)
    assert "remove the file and run `guardrail fingerprint init`" in str(caught.value)
    assert "urandom" not in str(caught.value)
    (tmp_path / "store").touch()
    with pytest.raises(SettingsError, match=r"put back the key that \S+store was made with") as caught:
        keys.load(tmp_path / "k", tmp_path / "store")
    assert "init" not in str(caught.value) and "urandom" not in str(caught.value)


def test_a_key_of_random_bytes_is_made_for_its_owner_alone(tmp_path):
    (tmp_path / "k").write_bytes(b"short")
    (tmp_path / "k").chmod(0o600)
    with pytest.raises(SettingsError) as caught:
        keyfile.read(tmp_path / "k", "the digest key", "; X names it")
    told = re.search(r"`\((.*)\)`$", str(caught.value))
    assert told is not None
    subprocess.run(["sh", "-c", f"rm {tmp_path / 'k'}; {told[1]}"], check=True)
    assert len(keyfile.read(tmp_path / "k", "the digest key")) == 32  # the cure in the message works


def test_keys_for_two_purposes_have_nothing_in_common():
    assert OURS.hasher("cell")("a1234563") != OURS.hasher("passage")("a1234563")
    assert OURS.hasher("cell")("a1234563") != THEIRS.hasher("cell")("a1234563")
    assert OURS.hasher("cell")("half \ud800 a character") == OURS.hasher("cell")("half ? a character")
