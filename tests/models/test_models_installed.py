"""The model store: what is in it is what was put in, and nothing of what broke off.

If these fail, a changed model would judge, or a model would be lost where another was to replace it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from guardrail.errors import CheckError, SettingsError
from guardrail.models import installed
from guardrail.models.installed import STORE_VARIABLE

MANIFEST = {"engine": "onnx", "settings": {}}


def put(store: Path, content: str = "weights", *, replace: bool = False) -> installed.Installed:
    with installed.adding("detoxify", store, replace=replace) as draft:
        (draft / "model.onnx").write_text(content)
        return installed.store("detoxify", draft, MANIFEST)


def held(store: Path) -> list[str]:
    return sorted(path.name for path in store.iterdir() if path.name != ".lock")


def test_what_was_stored_is_read(tmp_path):
    put(tmp_path)
    model = installed.read("detoxify", tmp_path)
    assert installed.names(tmp_path) == ["detoxify"] and installed.expected("detoxify", tmp_path)
    assert installed.content(model, "model.onnx") == b"weights"
    assert (model.size, model.engine, installed.problems(model)) == (7, "onnx", [])


def test_where_the_store_is(tmp_path, monkeypatch):
    monkeypatch.delenv(STORE_VARIABLE)
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert installed.directory() == Path("/home/somebody/.local/share/guardrail/models")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert installed.directory() == Path("/data/guardrail/models")
    monkeypatch.setenv(STORE_VARIABLE, "/named")
    assert installed.directory() == Path("/named")
    assert installed.directory(tmp_path) == tmp_path


def test_a_store_that_was_never_made_is_no_error_unless_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "none"))
    monkeypatch.delenv(STORE_VARIABLE)
    assert not installed.expected("detoxify") and installed.names() == []
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "none"))
    assert installed.expected("detoxify")
    (tmp_path / "none").mkdir()
    assert not installed.expected("detoxify")


def test_an_addition_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), installed.adding("detoxify", tmp_path) as draft:
        (draft / "model.onnx").write_text("half")
        raise ZeroDivisionError
    assert held(tmp_path) == []


def test_a_replacement_that_fails_leaves_the_old_one(tmp_path):
    old = put(tmp_path)
    with pytest.raises(KeyboardInterrupt), installed.adding("detoxify", tmp_path, replace=True) as draft:
        (draft / "model.onnx").write_text("half")
        raise KeyboardInterrupt
    assert held(tmp_path) == sorted([old.folder.name, "detoxify.json"])
    assert installed.content(installed.read("detoxify", tmp_path), "model.onnx") == b"weights"


def test_what_a_killed_addition_left_is_no_model_and_is_swept_away(tmp_path):
    script = (
        "import os, sys; from pathlib import Path; from guardrail.models import installed\n"
        "with installed.adding('detoxify', Path(sys.argv[1])) as draft:\n"
        "    (draft / 'model.onnx').write_text('half'); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)]).returncode == 9
    assert installed.names(tmp_path) == [] and not installed.expected("detoxify", tmp_path)
    assert len(held(tmp_path)) == 1
    model = put(tmp_path)
    assert held(tmp_path) == sorted([model.folder.name, "detoxify.json"])


def test_a_model_is_replaced_only_on_demand(tmp_path):
    put(tmp_path)
    with pytest.raises(SettingsError, match="holds a model `detoxify` already; --replace"):
        put(tmp_path, "others")
    new = put(tmp_path, "others", replace=True)
    assert held(tmp_path) == sorted([new.folder.name, "detoxify.json"])
    assert installed.content(installed.read("detoxify", tmp_path), "model.onnx") == b"others"


def test_one_process_writes_at_a_time(tmp_path):
    another = pytest.raises(SettingsError, match="another process is changing this store")
    with installed.adding("detoxify", tmp_path), another:
        put(tmp_path)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "model.onnx").write_text("weighty"), "model.onnx: has changed"),
        (lambda folder: (folder / "model.onnx").unlink(), "model.onnx: is missing"),
        (lambda folder: (folder / "added_tokens.json").write_text("{}"), "added_tokens.json: is not part of the model"),
        (lambda folder: (folder / "model.onnx").rename(folder.parent / "m") and folder.rmdir(), "cannot be read"),
    ],
)
def test_what_changed_is_named(spoil, told, tmp_path):
    model = put(tmp_path)
    spoil(model.folder)
    assert any(told in problem for problem in installed.problems(model))
    with pytest.raises(CheckError, match="guardrail models add detoxify --replace"):
        installed.check(model)


def test_a_changed_file_is_not_read(tmp_path):
    model = put(tmp_path)
    (model.folder / "model.onnx").write_text("weighty")
    with pytest.raises(CheckError, match="has changed since it was stored"):
        installed.content(model, "model.onnx")
    with pytest.raises(CheckError, match=r"lists no other\.bin"):
        installed.content(model, "other.bin")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "guardrail-model-2"},
        {"name": "other"},
        {"engine": "pickle"},
        {"folder": "../elsewhere"},
        {"folder": "/etc"},
        {"folder": "other-1"},
        {"files": {}},
        {"files": {"../../etc/passwd": {"bytes": 1, "sha256": "0" * 64}}},
        {"files": {"model.onnx": {"bytes": 1}}},
        {"files": {"model.onnx": {"bytes": "1", "sha256": "0" * 64}}},
    ],
)
def test_a_manifest_that_says_something_else_is_refused(change, tmp_path):
    model = put(tmp_path)
    model.path.write_text(json.dumps(dict(model.manifest) | change))
    with pytest.raises(CheckError, match="not a manifest that this guardrail reads"):
        installed.read("detoxify", tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "\udcff"])
def test_a_manifest_that_is_none_is_refused(content, tmp_path):
    model = put(tmp_path)
    model.path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(CheckError, match="manifest"):
        installed.read("detoxify", tmp_path)
    installed.remove("detoxify", tmp_path)  # in whatever state it is
    assert held(tmp_path) == []


def test_what_is_not_there_cannot_be_removed(tmp_path):
    with pytest.raises(SettingsError, match="holds no model `detoxify`; it holds: none"):
        installed.remove("detoxify", tmp_path)


@pytest.mark.parametrize("name", ["../package", "/etc/x", "a/b", "Detoxify", "..", ""])
def test_a_name_that_is_none_touches_nothing_outside_the_store(name, tmp_path):
    (tmp_path / "package.json").write_text("{}")
    put(tmp_path / "store")
    with pytest.raises(SettingsError, match="is no name of a model"):
        installed.remove(name, tmp_path / "store")
    with pytest.raises(CheckError, match="is no name of a model"):
        installed.read(name, tmp_path / "store")
    assert (tmp_path / "package.json").exists()


def test_a_store_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=STORE_VARIABLE):
        put(tmp_path / "file" / "store")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_store_that_cannot_be_read_is_named(tmp_path):
    put(tmp_path)
    tmp_path.chmod(0)
    try:
        with pytest.raises(SettingsError, match="cannot be read"):
            installed.names(tmp_path)
    finally:
        tmp_path.chmod(0o700)
