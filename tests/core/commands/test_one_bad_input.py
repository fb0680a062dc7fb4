"""One input's trouble is told once, and the others are converted, however shapes and people are chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.commands import one_clip, output_paths
from core.commands.cli import main
from core.files.motions import folder_walk
from core.files.motions.load_motion import SeveralPeople
from tests.core.clip_files import clip_arrays
from tests.core.conftest import said

WAYS = ([], ["--share-shape"], ["--one-shape"])
NAMES = ("bad", "good")


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A folder with two clips, the first of which is to be the one in trouble."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for name in NAMES:
        np.savez(folder / f"{name}_poses.npz", **clip_arrays("walk", slice(3)))
    return folder


def converted(clips: Path, *more: str) -> tuple[int, list[str]]:
    """The exit code, and what was written."""
    out = clips.parent / "out"
    inputs = [str(clips / f"{name}_poses.npz") for name in NAMES]
    code = main(["convert", *inputs, "-o", str(out), "--preset", "fast", "--threads", "1", *more])
    return code, sorted(path.name for path in out.glob("*.npz"))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError("just here"), "was not foreseen (MemoryError('just here'))"),
        (SeveralPeople("bad.pkl", (), "7"), "bad.pkl: has no person '7'"),
    ],
)
def test_errors_while_reading_are_told_once(
    error: Exception,
    sentence: str,
    way: list[str],
    clips: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    read = one_clip.load_motion

    def fails(path: Path, *more: Any, **how: Any) -> Any:
        if path.name == "bad_poses.npz":
            raise error
        return read(path, *more, **how)

    monkeypatch.setattr(one_clip, "load_motion", fails)
    assert converted(clips, *way) == (1, ["good_stageii.npz"])
    assert said(capsys).count(sentence) == 1


def test_errors_while_people_are_listed_are_told_when_the_file_is_read(
    clips: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    people = output_paths.people_in

    def fails(path: Path) -> Any:
        if path.name == "bad_poses.npz":
            path.write_bytes(b"none")
            raise MemoryError("just here")
        return people(path)

    monkeypatch.setattr(output_paths, "people_in", fails)
    assert converted(clips, "--person", "all") == (1, ["good_stageii.npz"])
    assert said(capsys).count("bad_poses.npz: ") == 1


def test_what_cannot_be_told_to_be_a_motion_is_read(
    clips: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(path: Path) -> str:
        raise MemoryError("just here")

    (clips / "bad_poses.npz").unlink()
    (clips / "bad.pkl").write_bytes(b"none")
    monkeypatch.setattr(folder_walk, "motion_source", fails)
    out = clips.parent / "out"
    assert main(["convert", str(clips), "-o", str(out), "--preset", "fast", "--threads", "1"]) == 1
    assert [path.name for path in out.glob("*.npz")] == ["good_stageii.npz"]
    assert said(capsys).count("bad.pkl: ") == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_link_in_a_circle_is_one_line(
    way: list[str], clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = clips / "bad_poses.npz"
    bad.unlink()
    bad.symlink_to(bad)
    assert converted(clips, *way) == (1, ["good_stageii.npz"])
    assert said(capsys).count("bad_poses.npz: cannot be opened: ") == 1


def test_an_output_that_is_a_link_in_a_circle_is_one_line(
    clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = clips.parent / "out" / "bad_stageii.npz"
    bad.parent.mkdir()
    bad.symlink_to(bad)
    assert converted(clips) == (1, ["bad_stageii.npz", "good_stageii.npz"])
    assert bad.is_symlink()
    assert said(capsys).count("leads in a circle") == 1
