"""Models that are read before anybody asks for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.correspond import load_bodies
from core.errors import FileError
from core.files.bodies import model_arrays as reading
from core.files.bodies.models import read_model
from tests.core.files.bodies.model_file_arrays import model_arrays


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.npz"
    np.savez(path, **model_arrays("smplh"))
    return path


def test_a_model_read_ahead_is_unpacked_once(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    unpack = reading.read_npz
    monkeypatch.setattr(reading, "read_npz", lambda path, keys: read.append(path) or unpack(path, keys))
    plain = read_model(model)
    with reading.reading_ahead([model]):
        ahead = read_model(model)
        assert read == [model, model]
        read_model(model)
    assert read == [model] * 3, "it is given out once"
    assert np.array_equal(ahead.posedirs, plain.posedirs)
    assert np.array_equal(ahead.J_regressor, plain.J_regressor)


def test_a_model_that_changed_meanwhile_is_read_again(model: Path) -> None:
    with reading.reading_ahead([model]):
        changed = model_arrays("smplh")
        changed["v_template"] = changed["v_template"] + 1
        np.savez(model, **changed)
        os.utime(model, ns=(1, 1))
        assert np.allclose(read_model(model).v_template, changed["v_template"])


def test_what_nobody_asked_for_is_forgotten(model: Path) -> None:
    with reading.reading_ahead([model]):
        pass
    assert not reading._ahead


def test_a_fault_is_told_when_the_model_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(b"no archive")
    with reading.reading_ahead([path, tmp_path / "none.npz"]):
        with pytest.raises(FileError, match=r"model\.npz"):
            read_model(path)
        with pytest.raises(FileError, match=r"none\.npz"):
            read_model(tmp_path / "none.npz")


def test_the_next_motion_finds_the_same_body_until_its_file_changes(model: Path) -> None:
    first = load_bodies._model(model, "neutral", "smplh")
    assert load_bodies._model(model, "neutral", "smplh") is first
    os.utime(model, ns=(1, 1))
    assert load_bodies._model(model, "neutral", "smplh") is not first


def test_reading_ahead_waits_for_neither_torch_nor_scipy() -> None:
    program = "import sys, core.files.bodies.model_arrays; print({'torch', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
