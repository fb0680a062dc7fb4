"""Before the first fit: results have a folder that can be written to, and room on its disk."""

from __future__ import annotations

import shutil
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from core.commands.cli import main
from core.commands.output_paths import Job
from core.commands.room import LOOKED_INTO, bytes_needed, check_room
from core.errors import FileError, RefitError
from core.files.builtin_files import default_motion
from core.fitting.run import FitRun
from core.outputs.results import save_result
from tests.core.clip_files import clip_arrays
from tests.core.outputs.test_results import make_result


@pytest.fixture(autouse=True)
def no_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(*_: object, **__: object) -> None:
        raise AssertionError("a fit was begun")

    monkeypatch.setattr(FitRun, "__init__", begun)


def options(**changes: object) -> Namespace:
    usual = {"to": "smplx", "frames": None, "fps": None, "session": False, "force": False, "report": None}
    return Namespace(**(usual | changes))


def disk_with(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: usage._replace(free=free))


def some_clips(folder: Path, count: int, frames: int) -> list[Job]:
    folder.mkdir()
    arrays = clip_arrays("walk", slice(frames))
    for number in range(count):
        np.savez(folder / f"{number}_poses.npz", **arrays)
    return [Job(path, folder.with_name("out") / path.name) for path in sorted(folder.iterdir())]


def test_what_results_take_is_told_well(tmp_path: Path) -> None:
    jobs = some_clips(tmp_path / "clips", 3, 200)
    save_result(tmp_path / "one.npz", make_result(frames=200))
    written = 3 * (tmp_path / "one.npz").stat().st_size
    assert written / 2 < bytes_needed(jobs, "smplx") < written * 1.5
    half = bytes_needed(jobs, "smplx", (0, 100))
    assert half == pytest.approx(bytes_needed(jobs, "smplx") / 2, rel=0.1)
    assert bytes_needed(jobs, "smpl") < bytes_needed(jobs, "smplh") < bytes_needed(jobs, "smplx")
    assert bytes_needed(jobs, "smplx", resampled=True) < half


def test_of_many_files_some_are_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = some_clips(tmp_path / "clips", 3 * LOOKED_INTO, 20)
    looked_into = []
    import core.commands.room as room

    look = room.people_in
    monkeypatch.setattr(room, "people_in", lambda path: looked_into.append(path) or look(path))
    of_all = bytes_needed(jobs, "smplx")
    assert len(looked_into) == LOOKED_INTO
    assert of_all == pytest.approx(len(jobs) * bytes_needed(jobs[:1], "smplx"), rel=1e-3)


def test_a_file_that_cannot_be_read_is_left_to_its_turn(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"nothing")
    assert bytes_needed([Job(tmp_path / "a.npz", tmp_path / "b.npz")], "smplx") > 0


def test_too_little_disk_ends_it_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    disk_with(monkeypatch, 30_000)
    out = tmp_path / "out"
    assert main(["convert", str(default_motion()), "-o", str(out)]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert f"The disk of {out} has 30 kB free, and the results need about" in told
    assert "make room" in told
    assert not out.exists()


def test_room_is_of_what_is_to_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = some_clips(tmp_path / "clips", 3, 100)
    (tmp_path / "out").mkdir()
    disk_with(monkeypatch, round(bytes_needed(jobs, "smplx") * 0.6))
    assert "The results need about" in check_room(jobs, options())
    with pytest.raises(RefitError, match="make room"):
        check_room(jobs, options(session=True))
    for job in jobs[1:]:
        job.output.write_bytes(b"done")
    check_room(jobs, options(session=True))
    jobs[0].output.write_bytes(b"done")
    assert check_room(jobs, options()) == ""


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder that root may not write to")
@pytest.mark.parametrize("below", ["", "not/yet/there"])
def test_a_folder_that_may_not_be_written_to_ends_it(
    below: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", str(default_motion()), "-o", f"/sys/kernel/{below}"]) == 2
    assert (
        "/sys/kernel: cannot be written to: the folder or file is write-protected" in capsys.readouterr().err
    )
    report = Path("/sys/kernel/report.json")
    with pytest.raises(FileError, match="cannot be written to"):
        check_room([Job(default_motion(), tmp_path / "out.npz")], options(report=report))
    assert list(tmp_path.iterdir()) == []


def test_nothing_can_lie_below_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_bytes(b"mine")
    assert main(["convert", str(default_motion()), "-o", str(tmp_path / "out" / "deeper")]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "out: is a file, expected a folder for results" in told
    assert (tmp_path / "out").read_bytes() == b"mine"


def test_finished_results_need_no_folder_to_write_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import core.commands.room as room

    job = Job(default_motion(), tmp_path / "done.npz")
    job.output.write_bytes(b"done")
    monkeypatch.setattr(room, "temporary_beside", lambda _target: Path("/nowhere/at/all"))
    assert check_room([job], options()) == ""
    with pytest.raises(FileError, match="cannot be written to"):
        check_room([job], options(force=True))
