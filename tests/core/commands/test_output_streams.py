"""What is printed reaches whoever listens, or nobody: it never ends the work."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.commands.cli import main
from core.commands.shapes.held_shape import read_shape
from core.commands.telling.streams import LenientStream
from core.outputs.results import load_result, save_result
from tests.core.clip_files import clip_arrays
from tests.core.outputs.test_results import make_result

FAST = ["--preset", "fast", "--threads", "1"]


@pytest.fixture
def motions(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{name}_poses.npz" for name in ("walk", "dance")]
    for path in paths:
        np.savez(path, **clip_arrays(path.stem.removesuffix("_poses"), slice(0, 6)))
    return [str(path) for path in paths]


class Full(io.StringIO):
    """A disk without room, after some letters."""

    encoding = "utf-8"

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, text: str) -> int:
        self.room -= len(text)
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(text)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_what_an_encoding_lacks_is_written_in_other_letters(
    motions: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding, write_through=True))
    out = tmp_path / "out"
    assert main(["convert", *motions, "-o", str(out), *FAST]) == 0
    said = written.getvalue().decode(encoding)
    assert f"done: walk_poses.npz -> {out / 'walk_stageii.npz'}" in said
    assert "done: dance_poses.npz" in said
    assert sorted(path.name for path in out.glob("*.npz")) == ["dance_stageii.npz", "walk_stageii.npz"]
    assert isinstance(sys.stdout, io.TextIOWrapper)


@pytest.mark.parametrize("room", [0, 150])
def test_a_full_disk_below_the_output_ends_no_conversion(
    motions: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    room: int,
) -> None:
    monkeypatch.setattr(sys, "stdout", Full(room))
    out = tmp_path / "out"
    assert main(["convert", *motions, "-o", str(out), *FAST]) == 1
    for name in ("walk", "dance"):
        assert len(load_result(out / f"{name}_stageii.npz")) == 6
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "the output could not be written (No space left on device)" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_nothing_is_left_for_python_to_say_at_its_end(motions: list[str]) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "core", "info", motions[0]]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("refit: the output could not be written")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_left_is_no_end_either() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        stream = LenientStream(pipe)
        for _ in range(3):
            stream.write("x" * 100_000)
            stream.flush()
        assert isinstance(stream.failure, BrokenPipeError)


@pytest.mark.parametrize(
    "told",
    [{"target_body": 3}, {"target_body": {"gender": [1]}}, {"source": 4}, {"recipe": [], "bodies": {}}],
)
def test_a_fit_that_tells_nonsense_of_itself_still_has_its_shape(
    tmp_path: Path, told: dict[str, object]
) -> None:
    path = tmp_path / "a.npz"
    save_result(path, make_result())
    arrays = dict(np.load(path))
    np.savez(path, **(arrays | {"refit_provenance": np.array(json.dumps(told))}))
    shape = read_shape(path)
    np.testing.assert_array_equal(shape.betas, make_result().betas)
    assert shape.gender == make_result().gender
