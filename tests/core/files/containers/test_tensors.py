"""Tensors outside torch's own files, and Python objects that numpy saved."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.files.containers.joblib_files import read_any_pickle
from core.files.containers.saved_objects import saved_object
from core.files.containers.torch_files import read_torch
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.hostile import CreatesFile, hostile_pickle
from tests.core.files.motions.sources.example import npy

Save = Callable[..., Path]


def tensors() -> dict[str, torch.Tensor]:
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    return {
        "whole": base,
        "turned": base.T,
        "part": base[1:3, ::2],
        "double": base.double(),
        "half": base.half(),
        "ids": torch.arange(3),
        "flags": torch.tensor([True, False]),
        "none": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "short": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
    }


def check(found: dict[str, Any]) -> None:
    for key, tensor in tensors().items():
        wanted = tensor.detach().float().numpy()
        assert isinstance(found[key], np.ndarray), key
        np.testing.assert_array_equal(np.asarray(found[key], np.float32), wanted)


@pytest.mark.parametrize("protocol", [2, 4])
def test_in_a_plain_pickle(save: Save, protocol: int) -> None:
    check(read_any_pickle(save(pickle.dumps(tensors(), protocol), "a.pkl")))


@pytest.mark.parametrize("compress", ["", "zlib"])
def test_among_joblibs_arrays(save: Save, compress: str) -> None:
    held = {**tensors(), "array": np.arange(3)}
    found = read_any_pickle(save(joblib_bytes(held, compress), "a.pkl"))
    check(found)
    assert found["array"].tolist() == [0, 1, 2]


def test_in_the_form_of_torch_before_1_6(save: Save) -> None:
    out = io.BytesIO()
    shared = torch.arange(5.0)
    torch.save({**tensors(), "same": [shared, shared[2:]]}, out, _use_new_zipfile_serialization=False)
    found = read_torch(save(out.getvalue(), "a.pt"))
    check(found)
    np.testing.assert_array_equal(found["same"][1], [2, 3, 4])


def npz(**held: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, **held)
    return out.getvalue()


def test_what_numpy_saved_of_objects(save: Save) -> None:
    held = {"poses": np.ones((2, 3)), "more": {"a": torch.ones(2)}, "word": "x"}
    alone = saved_object(save(npy(held), "a.npy"))
    among = saved_object(save(npz(other=np.ones(2), it=np.array(held, object)), "a.npz"), "it")
    for found in (alone, among):
        np.testing.assert_array_equal(found["poses"], held["poses"])
        np.testing.assert_array_equal(found["more"]["a"], [1, 1])
        assert found["word"] == "x"


def test_nothing_in_them_runs(save: Save, refuses: Callable[..., str], tmp_path: Path) -> None:
    marker = tmp_path / "created"
    evil = {"a": CreatesFile(marker)}
    assert "never opened" in refuses(saved_object, save(npy(evil), "a.npy"))
    data = npz(good=np.ones(2), bad=np.array(evil, object))
    assert "'bad' asks for" in refuses(saved_object, save(data, "a.npz"), "bad")
    # In place of the storage within a tensor, and behind the start of one.
    good = pickle.dumps({"a": torch.ones(1)}, 4)
    start = good.index(b"\x80\x02\x8a\nl")
    within = good[start : good.index(b"\x80\x02(X\x07\x00\x00\x00storage")]
    for inner in (hostile_pickle(marker), within + hostile_pickle(marker) + b"\x80\x02]q\x00."):
        swapped = _Bytes(inner)
        message = refuses(read_any_pickle, save(pickle.dumps({"a": swapped}, 4), "b.pkl"))
        assert "never opened" in message or "no numbers" in message, message
    assert not marker.exists()


class _Bytes:
    """Pickles as torch's storage does, with other bytes in it."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __reduce__(self) -> tuple[Any, ...]:
        return torch.storage._load_from_bytes, (self.data,)


def test_damaged_ones_are_one_sentence(save: Save, refuses: Callable[..., str]) -> None:
    out = io.BytesIO()
    torch.save(torch.arange(600.0), out, _use_new_zipfile_serialization=False)
    whole = out.getvalue()
    for end in (20, 60, len(whole) - 2000, len(whole) - 1):
        message = refuses(read_torch, save(whole[:end], "a.pt"))
        assert "damaged" in message or "complete" in message or "no file of torch" in message, message
    huge = whole.replace((600).to_bytes(8, "little"), (1 << 62).to_bytes(8, "little"))
    assert "cut short" in refuses(read_torch, save(huge, "b.pt"))
    assert "holds no Python objects" in refuses(saved_object, save(npy(np.ones(2)), "a.npy"))
    assert "is not in the file" in refuses(saved_object, save(npz(a=np.ones(2)), "a.npz"), "b")
