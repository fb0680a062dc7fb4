"""Folders with a file a frame: those of tools, and what Refit exports."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.commands.cli import main
from core.files.motions.conventions import from_origin
from core.files.motions.folder_walk import walk_folder
from core.files.motions.load_motion import is_motion_folder, load_motion, motion_source, people_in
from core.model.motion import Motion, Reading
from core.outputs.describe import describe_file
from core.outputs.published_pickle import write_frames, write_merged
from core.outputs.results import load_result
from tests.core.clip_fits import fitted_clip
from tests.core.files.hostile import CreatesFile
from tests.core.files.motions.sources.example import npz, plain_pickle
from tests.core.files.motions.sources.test_smplx_arguments import arguments, in_smpl, simplify


def frames_of(held: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """Each alone, with a first dimension of one."""
    return [
        {key: value[frame : frame + 1] if len(value) == count else value for key, value in held.items()}
        for frame in range(count)
    ]


def smpler_x(folder: Path, people: dict[int, tuple[int, ...]]) -> dict[int, dict[str, Any]]:
    """As SMPLer-X writes them: ``{frame:05}_{person}.npz``, joint by joint."""
    held = {person: arguments(max(frames) + 1, betas=None) for person, frames in people.items()}
    folder.mkdir()
    for person, frames in people.items():
        for frame in frames:
            own = {key: value[frame] for key, value in held[person].items() if key != "expression"}
            one = {key: value.reshape(-1, 3) for key, value in own.items()}
            one["expression"] = held[person]["expression"][frame][None]
            one["betas"] = np.full((1, 10), 0.1 * frame, np.float32)
            (folder / f"{frame:05}_{person}.npz").write_bytes(npz(one))
    return held


def test_people_of_smpler_x(tmp_path: Path) -> None:
    folder = tmp_path / "smplx"
    held = smpler_x(folder, {0: (1, 2, 3, 4), 1: (2, 4)})
    assert is_motion_folder(folder)
    assert motion_source(folder) == "frames"
    assert [(one.name, one.frames, one.seen) for one in people_in(folder)] == [("0", 4, 4), ("1", 3, 2)]
    motion = load_motion(folder, Reading(person="1"))
    assert motion.family == "smplx"
    assert np.flatnonzero(~motion.finite_frames()).tolist() == [1]
    assert np.array_equal(motion.poses[0, 1:22].ravel(), held[1]["body_pose"][2])
    assert np.array_equal(motion.trans[2], held[1]["transl"][4])
    assert motion.frame_betas is not None
    np.testing.assert_allclose(motion.frame_betas[:, 0], [0.2, 0.3, 0.4], atol=1e-6)
    assert motion.body_terms is not None
    assert motion.body_terms.hands_mean
    whole = load_motion(folder, Reading(person="0"))
    assert "Frame 0 is the file 00001_0.npz." in whole.notes
    assert whole.sha256 == load_motion(folder, Reading(person="0")).sha256
    (folder / "notes.txt").write_text("seen\n")
    assert whole.sha256 == load_motion(folder, Reading(person="0")).sha256
    assert dict(describe_file(folder))["Folder"] == "smplx"


def test_frames_in_other_containers(tmp_path: Path) -> None:
    for name, held in (("smpl", in_smpl(3)), ("smplx", arguments(3))):
        folder = tmp_path / name
        folder.mkdir()
        for frame, one in enumerate(frames_of(held, 3)):
            (folder / f"frame_{2 * frame}.pkl").write_bytes(plain_pickle(one))
        motion = load_motion(folder)
        assert (motion.family, len(motion)) == (name, 3)
        assert np.array_equal(motion.trans, held["transl"])
        assert np.array_equal(motion.poses[:, 0], held["global_orient"])


def test_hands_by_components_frame_by_frame(tmp_path: Path) -> None:
    folder = tmp_path / "prox"
    folder.mkdir()
    for frame in range(3):
        one = simplify(vertices=np.zeros((5, 3)), left_hand_pose=np.full((1, 12), float(frame), np.float32))
        (folder / f"s001_frame_{frame:05}.pkl").write_bytes(pickle.dumps(one))
    motion = load_motion(folder)
    assert "vertices" in motion.unused
    terms = motion.body_terms
    assert terms is not None
    assert terms.hand_components is not None
    assert terms.hand_components[:, 0, 5].tolist() == [0.0, 1.0, 2.0]
    (folder / "s001_frame_00001.pkl").rename(folder / "s001_frame_00003.pkl")
    motion = load_motion(folder)
    assert np.flatnonzero(~motion.finite_frames()).tolist() == [1]
    assert motion.body_terms is not None
    assert motion.body_terms.hand_components is not None
    assert motion.body_terms.hand_components[:, 0, 5].tolist() == [0.0, 0.0, 2.0, 1.0]


@pytest.mark.parametrize(
    ("name", "origin"), [("walk", None), ("01", None), ("far", (691000.0, 5335000.0, 0.0))]
)
def test_refits_own_export_comes_back(
    tmp_path: Path, name: str, origin: tuple[float, float, float] | None
) -> None:
    _, _, fit = fitted_clip("walk", 0, 60)
    if origin is not None:
        fit = replace(fit, provenance={**fit.provenance, "source": {"origin": list(origin)}})
    ids = np.arange(10, 30, 2)

    def same(motion: Motion, atol: float) -> None:
        assert (motion.family, motion.up_axis, len(motion)) == (fit.family, fit.up_axis, len(ids))
        np.testing.assert_allclose(motion.poses, fit.poses[ids], atol=atol)
        motion = from_origin(motion, origin)
        np.testing.assert_allclose(motion.trans, fit.transl[ids], atol=1e-6)
        np.testing.assert_allclose(motion.betas, fit.betas, atol=1e-6)
        assert motion.frame_betas is None
        assert motion.unused == ()
        assert motion.expression is not None
        np.testing.assert_allclose(motion.expression[:, : fit.expression.shape[1]], fit.expression[ids])

    write_merged(tmp_path / "merged.pkl", fit, ids)
    same(load_motion(tmp_path / "merged.pkl"), 0)
    write_frames(tmp_path / "frames", name, fit, ids)
    same(load_motion(tmp_path / "frames"), 1e-5)
    write_frames(tmp_path / "one", name, fit, ids[:1])
    alone = load_motion(next((tmp_path / "one").iterdir()))
    np.testing.assert_allclose(alone.poses, fit.poses[ids[:1]], atol=1e-5)


def test_a_folder_is_converted_as_one_motion(tmp_path: Path) -> None:
    folder = tmp_path / "clips" / "walk"
    folder.mkdir(parents=True)
    for frame, one in enumerate(frames_of(in_smpl(3, betas=np.zeros(10, np.float32)), 3)):
        (folder / f"{frame:04}.npz").write_bytes(npz(one))
    assert walk_folder(tmp_path / "clips", "smplx").motions == [folder]
    walked = walk_folder(tmp_path / "clips", "smpl")
    assert not walked.motions
    assert walked.left_out == [(folder, "a folder of frames in SMPL already")]
    for given, out in ((folder, "alone.npz"), (tmp_path / "clips", "all")):
        arguments = ["convert", str(given), "-o", str(tmp_path / out), "--preset", "fast", "--threads", "1"]
        assert main(arguments) == 0
    one, other = (load_result(tmp_path / name) for name in ("alone.npz", "all/walk_stageii.npz"))
    assert len(one) == 3
    np.testing.assert_array_equal(one.poses, other.poses)


def test_what_does_not_fit_is_one_sentence(refuses: Callable[..., str], tmp_path: Path) -> None:
    def folder(name: str, *tables: dict[str, Any], ending: str = ".pkl") -> Path:
        place = tmp_path / name
        place.mkdir()
        for frame, one in enumerate(tables):
            (place / f"{frame:04}{ending}").write_bytes(pickle.dumps(one))
        return place

    first, second = frames_of(arguments(2), 2)
    lacking = {key: value for key, value in second.items() if key != "jaw_pose"}
    assert "'jaw_pose' is not in the file, but in the first" in _refused(folder("a", first, lacking))
    other = second | {"transl": np.zeros((2, 3))}
    assert "'transl' has shape (2, 3), expected (1, 3) as the first" in _refused(folder("b", first, other))
    assert "is a folder, expected a file, or a folder of meshes or of frames" in refuses(
        load_motion, folder("c", first)
    )
    assert "is a folder" in refuses(load_motion, folder("d"))
    twice = folder("e", first, second)
    (twice / "1.pkl").write_bytes(pickle.dumps(second))
    assert "is frame 1, which" in _refused(twice)
    wide = folder("f", first)
    (wide / "99999999999999.pkl").write_bytes(pickle.dumps(second))
    people_in(wide)
    (wide / "7.pkl").write_bytes(pickle.dumps(second))
    assert "reach over" in refuses(load_motion, wide)
    clips = folder("g", arguments(2), arguments(2))
    assert not is_motion_folder(clips)
    marker = tmp_path / "created"
    assert "never opened" in _refused(folder("h", first, second | {"betas": CreatesFile(marker)}))
    assert not marker.exists()


def _refused(folder: Path) -> str:
    from core.errors import FileError

    with pytest.raises(FileError) as caught:
        load_motion(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)
