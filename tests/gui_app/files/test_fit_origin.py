"""Which motion a fit is shown beside."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.correspond.load_bodies import load_bodies
from core.errors import FileError
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.motion import Reading
from core.outputs.results import load_result, save_result
from core.outputs.sessions import load_session, save_session
from core.session.fit_origin import find_motion, path_on_this_machine
from core.session.session import Session, SessionStep, SourceFile
from gui_app.files.open import open_fit, open_session
from tests.gui_app.conftest import cut_file


def fit_of(motion: Path, count: int, **source: Any) -> FitResult:
    """A result without a fit in it, whose provenance says ``source`` of its motion."""
    nothing = np.full(count, np.nan, np.float32)
    return FitResult(
        "smplx", "neutral", np.zeros((count, 55, 3), np.float32), np.zeros((count, 3), np.float32),
        np.zeros(10, np.float32), np.zeros((count, 0), np.float32), 30.0, "z", motion.name,
        np.zeros(count, bool), np.zeros(count, bool), nothing, nothing, nothing, nothing,
        np.full((count, len(PARTS)), np.nan, np.float32), provenance={"source": source},
    )  # fmt: skip


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_is_found_where_it_was_and_cut_to_the_fit(walk: Path, tmp_path: Path) -> None:
    (tmp_path / "motions").mkdir()
    motion = cut_file(walk, tmp_path / "motions" / "a_poses.npz", 20)
    result = fit_of(motion, 5, path=str(motion), sha256=sha256(motion), start=7, frames=5)
    found = find_motion(tmp_path / "out" / "a_stageii.npz", result)
    assert np.array_equal(found.poses, load_motion(motion).poses[7:12])


def test_another_file_of_that_name_is_passed_over(walk: Path, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    wrong = cut_file(walk, tmp_path / "old" / "a_poses.npz", 5, betas=np.ones(10))
    right = cut_file(walk, tmp_path / "a_poses.npz", 5)
    result = fit_of(right, 5, path=str(wrong), sha256=sha256(right), start=0, frames=5)
    assert find_motion(tmp_path / "a_stageii.npz", result).path == right
    right.unlink()
    with pytest.raises(FileError, match="not the file that it was made from"):
        find_motion(tmp_path / "a_stageii.npz", result)


def test_without_a_checksum_the_length_decides(walk: Path, tmp_path: Path) -> None:
    motion = cut_file(walk, tmp_path / "a_poses.npz", 6)
    assert len(find_motion(tmp_path / "fit.npz", fit_of(motion, 6))) == 6
    with pytest.raises(FileError):
        find_motion(tmp_path / "fit.npz", fit_of(motion, 5))


def test_a_built_in_motion_is_found_by_name(walk: Path, tmp_path: Path) -> None:
    result = fit_of(walk, 9, path="/nowhere/walk_poses.npz", sha256=sha256(walk), start=0, frames=9)
    assert find_motion(tmp_path / "fit.npz", result).path == walk
    with pytest.raises(FileError, match="put both in one folder"):
        find_motion(tmp_path / "fit.npz", fit_of(Path("none_poses.npz"), 9))


def test_a_fit_of_an_earlier_version_opens_with_the_motion_of_then(walk: Path, tmp_path: Path) -> None:
    """Pieces without a type were SMPL-X then, and no list was kept of what was taken."""
    with np.load(walk) as held:
        poses, trans = held["poses"][:4], held["trans"][:4]
    motion, output = tmp_path / "walk_poses.npz", tmp_path / "walk_smplh.npz"
    np.savez(motion, root_orient=poses[:, :3], pose_body=poses[:, 3:66], trans=trans, betas=np.zeros(10))
    bodies, read = load_bodies(source="smplx", target="smplh"), load_motion(motion, Reading(family="smplx"))
    run = FitRun(read, bodies, FitSettings(iterations=1), device="cpu", threads=1)
    for _ in run:
        pass
    result = run.result()
    source = {
        key: result.provenance["source"][key]
        for key in ("file", "path", "sha256", "start", "frames", "notes")
    }
    save_result(output, replace(result, provenance=result.provenance | {"source": source}))
    opened = open_fit(output, None)
    assert (opened.motion.family, opened.bodies.source.family) == ("smplx", "smplx")
    assert any("as when the fit was made" in note for note in opened.motion.notes)
    named = Session(
        SourceFile.of(replace(read, reading=Reading())), None, (SessionStep(load_result(output)),)
    )
    save_session(tmp_path / "walk.refit", named)
    assert open_session(tmp_path / "walk.refit", None).motion.family == "smplx"


@pytest.mark.parametrize("family", ["smplh", "smpl"])
def test_a_fit_in_smplh_or_smpl_opens_with_its_own_bodies(tmp_path: Path, family: str) -> None:
    motion = tmp_path / "walk_stageii.npz"
    poses = np.zeros((5, 165), np.float32)
    np.savez(motion, poses=poses, trans=poses[:, :3], betas=np.zeros(10), gender="neutral")
    bodies = load_bodies(source="smplx", target=family)
    run = FitRun(load_motion(motion), bodies, FitSettings(iterations=1), device="cpu", threads=1)
    for _ in run:
        pass
    fit = tmp_path / f"walk_{family}.npz"
    save_result(fit, run.result())
    opened = open_fit(fit, None)
    assert (opened.motion.family, opened.bodies.target.family) == ("smplx", family)
    assert opened.subject.fit.size == bodies.target.num_vertices
    assert opened.result is not None
    opened.posed.set_result(opened.result)
    shown = opened.posed.frame(2)
    assert shown.fit_vertices is not None
    assert shown.fit_vertices.shape == (bodies.target.num_vertices, 3)


NOT_HERE = (
    "/\\host\\share", "//host/share/a.npz", "\\\\host\\share\\a.npz", "\\/host/share", "/\\/host/share",
    "///host/a", " //host/a", "\\\\?\\C:\\a.npz", "\\\\.\\pipe\\a", "//?/UNC/host/a", "\\??\\UNC\\host\\a",
    "/??/UNC/host/a",
)  # fmt: skip


@pytest.mark.parametrize("told", NOT_HERE)
def test_paths_of_other_machines_and_devices_are_never_asked_for(
    walk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    asked: list[str] = []
    for name in ("stat", "is_file", "is_dir", "exists", "resolve"):
        real = getattr(Path, name)

        def spied(path: Path, *more: Any, real: Any = real, **options: Any) -> Any:
            asked.append(str(path))
            return real(path, *more, **options)

        monkeypatch.setattr(Path, name, spied)
    assert path_on_this_machine(told) is None
    result = fit_of(Path("a_poses.npz"), 6, path=told, sha256="0" * 64)
    with pytest.raises(FileError, match="put both in one folder"):
        find_motion(tmp_path / "fit.npz", result)
    assert asked
    assert [path for path in asked if "host" in path or "?" in path or "pipe" in path] == []


def test_paths_of_this_machine_are_followed(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "a\\b.npz", tmp_path / "a poses ü.npz"):
        assert path_on_this_machine(str(path)) == path
    assert path_on_this_machine("a/b.npz") is None
    assert path_on_this_machine("") is None


def test_a_session_of_a_motion_elsewhere_opens_and_asks_nobody_for_it(walk: Path, tmp_path: Path) -> None:
    motion = load_motion(cut_file(walk, tmp_path / "a_poses.npz", 6))
    source = replace(SourceFile.of(motion), path="/\\host\\share\\a_poses.npz")
    save_session(tmp_path / "a.refit", Session(source, motion, (SessionStep(),)))
    found = load_session(tmp_path / "a.refit")
    assert found.motion is not None
    assert found.motion.path == Path("a_poses.npz")
    assert found.source.path == source.path
