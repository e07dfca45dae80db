"""The digest key is made once, kept from others, and never replaced in silence."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from guardrail.audit.key import KEY_ENV, load_or_create
from guardrail.errors import SettingsError


@pytest.fixture(autouse=True)
def _no_key_named(monkeypatch):
    monkeypatch.delenv(KEY_ENV, raising=False)


def test_it_is_made_once_and_kept_from_others(tmp_path):
    key = load_or_create(tmp_path / "audit")
    assert len(key) == 32 and load_or_create(tmp_path / "audit") == key
    assert (tmp_path / "audit" / "digest.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "audit").iterdir()] == ["digest.key"]


def test_many_that_start_at_once_share_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: load_or_create(tmp_path), range(32)))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["digest.key"]


def test_a_named_file_is_used_and_never_made(tmp_path, monkeypatch):
    named = tmp_path / "shared.key"
    monkeypatch.setenv(KEY_ENV, str(named))
    with pytest.raises(SettingsError, match=r"shared\.key.*No such file.*GUARDRAIL_AUDIT_KEY_FILE"):
        load_or_create(tmp_path)
    named.write_bytes(b"k" * 40)
    named.chmod(0o400)
    assert load_or_create(tmp_path) == b"k" * 40


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (b"k" * 32, 0o640, "chmod 600"),
        (b"k" * 32, 0o604, "chmod 600"),
        (b"k" * 31, 0o600, "32 to 4096 bytes, this has 31"),
        (b"", 0o600, "this has 0"),
        (b"k" * 5000, 0o600, "32 to 4096 bytes"),
    ],
)
def test_a_key_that_protects_nothing_is_refused(tmp_path, content, mode, reason):
    path = tmp_path / "digest.key"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(SettingsError, match=reason):
        load_or_create(tmp_path)
    assert path.read_bytes() == content


def test_a_key_that_is_no_file_is_refused(tmp_path):
    (tmp_path / "digest.key").mkdir()
    with pytest.raises(SettingsError, match="plain file"):
        load_or_create(tmp_path)


def test_a_dangling_link_is_no_reason_to_make_a_new_key(tmp_path):
    (tmp_path / "digest.key").symlink_to(tmp_path / "gone")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_or_create(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads and writes everything")
def test_an_unreadable_key_is_named(tmp_path):
    (tmp_path / "digest.key").write_bytes(b"k" * 32)
    (tmp_path / "digest.key").chmod(0)
    with pytest.raises(SettingsError, match="Permission denied"):
        load_or_create(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
@pytest.mark.parametrize(("mode", "taken"), [(0o440, True), (0o444, False), (0o460, False)])
def test_a_secret_mounted_for_our_group_is_taken(tmp_path, monkeypatch, mode, taken):
    path = tmp_path / "mounted.key"
    path.write_bytes(b"k" * 32)
    path.chmod(mode)
    os.chown(path, 12345, os.getegid())
    monkeypatch.setenv(KEY_ENV, str(path))
    if taken:
        assert load_or_create(tmp_path) == b"k" * 32
    else:
        with pytest.raises(SettingsError, match="open to others"):
            load_or_create(tmp_path)
