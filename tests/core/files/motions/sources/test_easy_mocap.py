"""EasyMocap's folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from core.commands.cli import main
from core.files.motions.folder_walk import walk_folder
from core.files.motions.load_motion import is_motion_folder, load_motion, motion_source, people_in
from core.model.body_pair import in_body
from core.model.motion import Reading
from core.outputs.results import load_result
from tests.core.files.motions.sources.example import normal, standing
from tests.variants import body_pair

WIDTHS = {"smpl": 72, "smplh": 78, "smplx": 87}


def person(number: int, frame: int, width: int = 72, **changes: Any) -> dict[str, Any]:
    poses = normal((1, width), 10 * number + frame)
    poses[:, :3] = 0
    held = {
        "id": number,
        "Rh": standing(5, "z", number)[frame : frame + 1].tolist(),
        "Th": (normal((1, 3), 50 + frame) + number).tolist(),
        "poses": poses.tolist(),
        "shapes": normal((1, 10), 70 + number, 1.0).tolist(),
    }
    if width == WIDTHS["smplx"]:
        held["expression"] = normal((1, 10), 90 + frame).tolist()
    return held | changes


def written(folder: Path, width: int = 72, annots: bool = False, **changes: Any) -> Path:
    """Five frames of 3, and of 7 without the second of them."""
    folder.mkdir()
    for frame in range(5):
        people = [person(number, frame, width) for number in (3, 7) if (number, frame) != (7, 1)]
        if frame == 2:
            people[0] |= changes
        held = {"annots": people} if annots else people
        (folder / f"{frame:06d}.json").write_text(json.dumps(held))
    return folder


@pytest.mark.parametrize("family", WIDTHS)
@pytest.mark.parametrize("annots", [False, True])
def test_people_by_their_number(tmp_path: Path, family: str, annots: bool) -> None:
    folder = written(tmp_path / "smpl", WIDTHS[family], annots)
    assert is_motion_folder(folder)
    assert motion_source(folder) == "EasyMocap"
    assert [(one.name, one.frames, one.seen) for one in people_in(folder)] == [("3", 5, 5), ("7", 5, 4)]
    motion = load_motion(folder, Reading(person="7"))
    assert (motion.family, motion.up_axis, motion.frame_rate) == (family, "z", None)
    assert np.flatnonzero(~motion.finite_frames()).tolist() == [1]
    held = person(7, 4, WIDTHS[family])
    np.testing.assert_allclose(motion.poses[4, 0], held["Rh"][0], rtol=1e-6)
    np.testing.assert_allclose(motion.poses[4, 1:22].ravel(), held["poses"][0][3:66], rtol=1e-6)
    if family == "smplx":
        np.testing.assert_allclose(motion.poses[4, 22:25].ravel(), held["poses"][0][-9:], rtol=1e-6)
        assert motion.expression is not None
        np.testing.assert_allclose(motion.expression[4], held["expression"][0], rtol=1e-6)
    if family != "smpl":
        assert motion.body_terms is not None
        assert motion.body_terms.hand_components is not None
        components = np.reshape(held["poses"][0][66:78], (2, 6))
        np.testing.assert_allclose(motion.body_terms.hand_components[4], components, rtol=1e-6)


@pytest.mark.parametrize("variant", ["built-in", "dense correctives"])
def test_a_body_is_turned_about_its_own_origin(tmp_path: Path, variant: str) -> None:
    """The skin is that of a body with an upright root, turned and moved as a whole."""
    motion = load_motion(written(tmp_path / "smpl"), Reading(person="3"))
    body = body_pair(variant, "smpl").source
    found = in_body(motion, body)

    def skin(poses: np.ndarray, trans: np.ndarray) -> np.ndarray:
        betas = torch.as_tensor(motion.betas[: body.num_betas])
        return body.vertices(torch.as_tensor(poses), betas, torch.as_tensor(trans)).numpy()

    upright = motion.poses.copy()
    upright[:, 0] = 0
    still = skin(upright, np.zeros((5, 3), np.float32))
    turned = Rotation.from_rotvec(motion.poses[:, 0].astype(float)).as_matrix().astype(np.float32)
    wanted = still @ turned.transpose(0, 2, 1) + motion.trans[:, None]
    np.testing.assert_allclose(skin(found.poses, found.trans), wanted, atol=2e-6)


def test_a_folder_is_one_motion_to_convert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "captures").mkdir()
    folder = written(tmp_path / "captures" / "smpl")
    assert walk_folder(tmp_path, "smplx").motions == [folder]
    out = tmp_path / "out.npz"
    assert main(["convert", str(folder), "-o", str(out), "--person", "3", "--preset", "fast"]) == 0
    assert len(load_result(out).poses) == 5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"poses": [[0.0] * 70]}, "'poses' has shape (1, 70), expected (1, 72) or (1, 78)"),
        ({"poses": [[0.1] * 72]}, "'poses' turns the root as well as 'Rh' does"),
        ({"Th": [[0.0, 1.0]]}, "'Th' has shape (1, 2), expected (1, 3)"),
        ({"id": "a"}, "'id' is no number of a person"),
        ({"id": 7}, "is frame 2 of person 7 once more"),
        ({"shapes": [[0.0] * 11]}, "'shapes' differ in length between frames"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    tmp_path: Path, refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    folder = written(tmp_path / "smpl", **changes)
    assert words in refuses(load_motion, folder, Reading(person="3"))


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 2}', "[" * 100_000, '[{"id": ' + "9" * 400 + "}]"])
def test_a_spoiled_frame_is_one_sentence(tmp_path: Path, refuses: Callable[..., str], text: str) -> None:
    folder = written(tmp_path / "smpl")
    (folder / "000003.json").write_text(text)
    refuses(load_motion, folder, Reading(person="3"))


def test_frames_in_which_nobody_is_are_gaps(tmp_path: Path, refuses: Callable[..., str]) -> None:
    folder = tmp_path / "smpl"
    folder.mkdir()
    for number in range(12):
        people = [person(3, number // 2)] if number in (2, 8) else []
        (folder / f"{number:06d}.json").write_text(json.dumps(people))
    motion = load_motion(folder)
    assert len(motion) == 7
    assert np.flatnonzero(motion.finite_frames()).tolist() == [0, 6]
    assert "Frame 0 is frame 2 of the video." in motion.notes
    for path in folder.iterdir():
        path.write_text("[]")
    assert "in which nobody is seen" in refuses(load_motion, folder)
