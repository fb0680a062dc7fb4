"""However small a file is, what it asks for is refused before it takes long or takes much."""

from __future__ import annotations

import pickle
import resource
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import FileError
from core.files.containers import bounds
from core.files.containers.joblib_files import read_any_pickle
from core.files.containers.pickles import read_pickle
from core.files.containers.torch_files import read_torch
from tests.core.files.bombs import BOMBS, deep_list, deep_tuple
from tests.core.files.containers.joblib_writer import joblib_bytes

SAVE = Callable[..., Path]


def grown() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("name", list(BOMBS))
def test_bombs(
    save: SAVE, refuses: Callable[..., str], monkeypatch: pytest.MonkeyPatch, name: str, packed: bool
) -> None:
    monkeypatch.setattr(bounds, "SHARE", 1 << 27)
    monkeypatch.setattr(bounds, "SECONDS", 0.5)
    if name == "nothing, often" and not packed:
        pytest.skip("as many as the file has bytes")
    data = zlib.compress(BOMBS[name]) if packed else BOMBS[name]
    before = grown()
    refuses(read_any_pickle, save(data, "bomb.pkl"))
    assert grown() - before < 2 * bounds.most_memory(len(data))


def test_bombs_inside_torch_files(save: SAVE, refuses: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "bomb.pt"
    for body in (b"}" + deep_tuple() + b"Ns.", deep_list() + b"."):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a/data.pkl", b"\x80\x04" + body)
        refuses(read_torch, path)
    torch.save({"a": torch.zeros(1).expand(1 << 14, 1 << 14, 4)}, path)
    assert "needs more memory" in refuses(read_torch, path)


@pytest.mark.parametrize("form", [True, False], ids=["new", "old"])
def test_a_torch_file_is_given_up_once(
    tmp_path: Path, refuses: Callable[..., str], monkeypatch: pytest.MonkeyPatch, form: bool
) -> None:
    path = tmp_path / "many.pt"
    torch.save([n + 0.5 for n in range(20_000)], path, _use_new_zipfile_serialization=form)
    with monkeypatch.context() as patience:
        patience.setattr(bounds, "SECONDS", -1.0)
        assert "takes too long" in refuses(read_torch, path)
    assert "takes too long" in refuses(read_torch, path)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_readings_in_vain_share_the_processor_time_of_one(
    save: SAVE, refuses: Callable[..., str], monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    """Whoever asks what else a damaged file might be does not wait for its objects once more."""
    looks: list[float] = []

    def clock() -> float:
        looks.append(0.1)
        return sum(looks)

    monkeypatch.setattr(bounds.time, "thread_time", clock)
    data = b"\x80\x04(" + b"\x8f" * 4000 + b"\x93."  # sets, and no name for a global
    path = save(zlib.compress(data) if packed else data, "damaged.pkl")
    first = refuses(read_any_pickle, path)
    assert "takes too long" not in first
    once = len(looks)
    monkeypatch.setattr(bounds, "SECONDS", 0.1 * (once + once // 2))
    for _ in range(5):
        assert refuses(read_any_pickle, path) == first
    assert len(looks) < 3 * once


def test_the_processor_time_of_arrays_is_not_counted(save: SAVE, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "SECONDS", 0.02)
    path = save(joblib_bytes({"a": np.random.default_rng(0).normal(size=(1 << 20,))}), "large.pkl")
    assert read_any_pickle(path)["a"].shape == (1 << 20,)
    many = [n + 0.5 for n in range(200_000)]
    with pytest.raises(FileError, match="takes too long"):
        read_any_pickle(save(joblib_bytes(many), "many.pkl"))


@pytest.mark.parametrize("protocol", [2, 4])
def test_many_small_arrays_are_numbers(save: SAVE, monkeypatch: pytest.MonkeyPatch, protocol: int) -> None:
    from core.files.containers import pickle_machine

    monkeypatch.setattr(pickle_machine, "MOST_OPERATIONS", 2_000)
    monkeypatch.setattr(bounds, "SECONDS", 0.05)
    rng = np.random.default_rng(0)
    frames = {
        n: [{"betas": rng.normal(size=10), "pose": rng.normal(size=(23, 3, 3))} for _ in range(2)]
        for n in range(2000)
    }
    for data in (joblib_bytes(frames, "zlib", protocol=protocol), pickle.dumps(frames, protocol)):
        found: Any = read_any_pickle(save(data, "people.pkl"))
        assert len(found) == 2000


@pytest.mark.parametrize("key", ["a", b"a", 3, 2.5, True, np.int64(3), np.float32(2), np.str_("a")])
def test_text_and_numbers_are_keys(save: SAVE, key: Any) -> None:
    assert list(read_pickle(save(pickle.dumps({key: 1}, 2), "k.pkl"))) == [key]


@pytest.mark.parametrize("key", [(1, 2), frozenset({1}), ()])
def test_nothing_else_is(save: SAVE, refuses: Callable[..., str], key: Any) -> None:
    assert "as a key" in refuses(read_pickle, save(pickle.dumps({key: 1}, 2), "k.pkl"))
    assert "as a key" in refuses(read_pickle, save(pickle.dumps({key}, 2), "k.pkl"))
    assert "as a key" in refuses(read_pickle, save(pickle.dumps({key}, 4), "k.pkl"))
