"""The store of embedded models: what goes in comes out, and nothing else is accepted.

If these fail, a damaged or exchanged weights file could judge in the place of the reviewed one.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.errors import CheckError
from guardrail.models.store import DIRECTORY, MANIFEST, pack, read_model, unpack, verified, write_model

ARRAYS = {"weights": np.arange(-4, 4, dtype=np.int8).reshape(2, 4), "hashes": np.array([2**63, 7], np.uint64)}


@given(st.lists(st.integers(0, 255)), st.sampled_from(["int8", "uint16", "uint64", "float32"]), st.text())
def test_arrays_come_back_as_they_went_in(numbers: list[int], dtype: str, note: str) -> None:
    array = np.array(numbers, np.uint8).astype(dtype)
    model = unpack(pack({"note": note}, {"numbers": array, **ARRAYS}))
    assert model.settings == {"note": note}
    assert np.array_equal(model.arrays["numbers"], array) and model.arrays["numbers"].dtype == array.dtype
    assert np.array_equal(model.arrays["weights"], ARRAYS["weights"])


def test_the_same_arrays_give_the_same_bytes() -> None:
    assert pack({"b": 1, "a": 2}, ARRAYS) == pack({"a": 2, "b": 1}, ARRAYS)


def test_arrays_are_read_only() -> None:
    model = unpack(pack({}, ARRAYS))
    with pytest.raises(ValueError, match="read-only"):
        model.arrays["weights"][0, 0] = 1


def test_objects_are_not_packed() -> None:
    with pytest.raises(ValueError, match="object"):
        pack({}, {"things": np.array([{}], dtype=object)})


@pytest.mark.parametrize(
    "content",
    [b"", b"{}\n", b"[]\n", b"\x80\x04", b"null\n", pack({}, ARRAYS)[:-1], pack({}, ARRAYS) + b"x"],
    ids=["empty", "no format", "a list", "a pickle", "null", "cut off", "too long"],
)
def test_what_is_not_a_model_is_not_read(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(content)


def test_a_written_model_is_read_back_and_named_in_the_manifest(tmp_path: Path) -> None:
    digest = write_model(tmp_path / "one.bin", {"x": 1}, ARRAYS)
    write_model(tmp_path / "two.bin", {}, ARRAYS)
    assert read_model("one.bin", tmp_path).sha256 == digest
    assert sorted(json.loads((tmp_path / MANIFEST).read_text())) == ["one.bin", "two.bin"]


@pytest.mark.parametrize("gone", ["one.bin", MANIFEST])
def test_a_missing_file_is_a_failed_check_with_the_cure(gone: str, tmp_path: Path) -> None:
    write_model(tmp_path / "one.bin", {}, ARRAYS)
    (tmp_path / gone).unlink()
    with pytest.raises(CheckError, match="reinstall guardrail"):
        read_model("one.bin", tmp_path)


def test_a_changed_file_is_a_failed_check(tmp_path: Path) -> None:
    write_model(tmp_path / "one.bin", {}, ARRAYS)
    (tmp_path / "one.bin").write_bytes(pack({"x": 2}, ARRAYS))
    with pytest.raises(CheckError, match="SHA-256 differs"):
        read_model("one.bin", tmp_path)


def test_every_shipped_model_is_the_one_in_the_manifest() -> None:
    names = json.loads((DIRECTORY / MANIFEST).read_text("utf-8"))
    assert names
    for name in names:
        verified(name)
        if name.endswith(".bin"):
            read_model(name)
