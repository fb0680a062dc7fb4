"""What a folder is that somebody opens, and what is listed of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import FileError
from gui_app.library.clip_folder import ClipFolder, look_into
from gui_app.library.clip_list import ClipList, Order
from tests.core.catalogue.results import put, walk, worse
from tests.core.clip_files import clip_arrays


def motion(folder: Path, place: str, name: str = "walk") -> Path:
    """A few frames of a motion below a folder."""
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **clip_arrays(name, slice(4)))
    return path


def found(folder: Path, known: dict[Path, Path] | None = None) -> ClipFolder:
    """What there is in a folder of clips."""
    there = look_into(folder, known or {})
    assert there is not None
    return there


def listed(folder: ClipFolder, *filters: str, by_subject: bool = False) -> list[tuple[str, str]]:
    """Places and states, in order."""
    clips = ClipList(folder)
    arranged = clips.arrange(Order(filters, ("name",), by_subject))
    rows = [(clip.output, str(clip.state)) for clip in clips.rows(arranged.ids)]
    clips.close()
    return rows


def test_motions_that_nobody_has_fitted_wait_and_their_folder_stays_as_it_is(tmp_path: Path) -> None:
    source = motion(tmp_path, "s1/walk_poses.npz")
    motion(tmp_path, "s2/dance_poses.npz", "dance")
    (tmp_path / "notes.txt").write_text("a note")
    before = sorted(tmp_path.rglob("*"))
    there = found(tmp_path)
    assert (there.motions, there.results, there.family) == (tmp_path, None, "smplx")
    assert there.waiting[0] == ("s1/walk_stageii.npz", str(source))
    assert "notes.txt" in there.told[0]
    assert listed(there) == [("s2/dance_stageii.npz", "waiting"), ("s1/walk_stageii.npz", "waiting")]
    assert sorted(tmp_path.rglob("*")) == before


def test_results_are_listed_whatever_else_they_lie_with(tmp_path: Path) -> None:
    motions, results = tmp_path / "motions", tmp_path / "results"
    motion(motions, "s1/walk_poses.npz")
    motion(motions, "s1/run_poses.npz")
    put(results, "s1/walk_stageii.npz")
    alone = found(results)
    assert (alone.motions, alone.results, alone.waiting) == (None, results, ())
    known = {motions: results}
    for opened in (motions, results):
        both = found(opened, known)
        assert (both.motions, both.results) == (motions, results)
        assert [place for place, _ in both.waiting] == ["s1/run_stageii.npz", "s1/walk_stageii.npz"]
    # Fitted where they lie.
    put(motions, "s1/walk_stageii.npz")
    beside = found(motions)
    assert (beside.motions, beside.results) == (motions, motions)
    assert [place for place, _ in beside.waiting] == ["s1/run_stageii.npz", "s1/walk_stageii.npz"]


def test_results_that_are_gone_are_no_longer_known(tmp_path: Path) -> None:
    motion(tmp_path / "m", "walk_poses.npz")
    assert found(tmp_path / "m", {tmp_path / "m": tmp_path / "gone"}).results is None


def test_a_folder_that_is_one_motion_is_none_of_clips(tmp_path: Path) -> None:
    (tmp_path / "0001.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    assert look_into(tmp_path, {}) is None


def test_files_named_as_results_that_are_motions_go_the_other_way(tmp_path: Path) -> None:
    arrays = clip_arrays("walk", slice(4))
    poses = np.zeros((4, 165))
    poses[:, :66] = arrays["poses"][:, :66]
    (tmp_path / "s1").mkdir()
    np.savez(
        tmp_path / "s1" / "walk_stageii.npz", **{**arrays, "poses": poses, "surface_model_type": "smplx"}
    )
    there = found(tmp_path)
    assert (there.family, there.results) == ("smplh", None)
    assert [place for place, _ in there.waiting] == ["s1/walk_smplh.npz"]


def test_a_folder_without_clips_says_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "picture.txt").write_text("a note")
    there = found(tmp_path)
    assert there.waiting == ()
    assert "no motion" in there.told[0]
    with pytest.raises(FileError, match="cannot be looked into"):
        look_into(tmp_path / "nowhere", {})


def test_groups_hold_what_stands_below_them(tmp_path: Path) -> None:
    put(tmp_path, "b/1_stageii.npz", worse(walk(), 3, 50.0))
    put(tmp_path, "B/2_stageii.npz")
    put(tmp_path, "a/3_stageii.npz", failure="it left the source")
    put(tmp_path, "0_stageii.npz")
    clips = ClipList(found(tmp_path))
    clips._catalogue.refresh()
    arranged = clips.arrange(Order((), ("max",), by_subject=True))
    assert [(group.name.lower(), group.clips) for group in arranged.groups] == [("a", 1), ("b", 2), ("", 1)]
    assert [clip.subject.lower() for clip in clips.rows(arranged.ids)] == ["a", "b", "b", ""]
    assert clips.rows(arranged.ids)[1].output == "b/1_stageii.npz"
    assert arranged.groups[1].max == pytest.approx(150.0)
    clips.close()
