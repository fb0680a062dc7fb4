"""ROMP's and BEV's people."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.files.motions.load_motion import load_motion, people_in
from core.model.body_pair import in_body
from core.model.motion import Reading
from tests.core.files.motions.sources.example import Example, normal
from tests.variants import body_pair


def frame(ids: tuple[int, ...], seed: int, betas: int = 10) -> dict[str, Any]:
    """What is seen in a picture."""
    count = len(ids)
    return {
        "cam": normal((count, 3), seed),
        "smpl_thetas": normal((count, 72), seed + 1),
        "smpl_betas": normal((count, betas), seed + 2, 1.0),
        "cam_trans": normal((count, 3), seed + 3) + np.array([0, 0, 5], np.float32),
        "track_ids": np.array(ids),
    }


def video(betas: int = 10) -> dict[str, Any]:
    """Three frames, in the order in which a dict may have them; of the second nobody but 4 is in."""
    seen = {"10.jpg": (4, 1), "1.jpg": (1, 4), "2.jpg": (4,)}
    return {"results": {name: frame(ids, int(name.split(".")[0]), betas) for name, ids in seen.items()}}


def picture() -> dict[str, Any]:
    return {"results": {key: value for key, value in frame((0, 1), 3).items() if key != "track_ids"}}


def npz(held: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    np.savez(out, results=np.array(held["results"], dtype=object))
    return out.getvalue()


EXAMPLES = {
    "romp video": Example("ROMP", video, npz, ".npz"),
    "romp picture": Example("ROMP", picture, npz, ".npz"),
}


def test_people_are_those_that_are_tracked(save: Callable[..., Path]) -> None:
    path = save(npz(video()), "video_results.npz")
    assert [(one.name, one.frames, one.seen) for one in people_in(path)] == [("1", 3, 2), ("4", 3, 3)]
    motion = load_motion(path, Reading(person="1"))
    assert (motion.family, motion.up_axis, len(motion)) == ("smpl", "-y", 3)
    assert np.flatnonzero(~motion.finite_frames()).tolist() == [1]
    frames = video()["results"]
    assert np.array_equal(motion.poses[0].reshape(-1), frames["1.jpg"]["smpl_thetas"][0])
    assert np.array_equal(motion.poses[2].reshape(-1), frames["10.jpg"]["smpl_thetas"][1])
    np.testing.assert_allclose(motion.trans[2], frames["10.jpg"]["cam_trans"][1])


def test_a_picture_has_people_by_their_place(save: Callable[..., Path]) -> None:
    path = save(npz(picture()), "a.npz")
    assert [one.name for one in people_in(path)] == ["0", "1"]
    motion = load_motion(path, Reading(person="1"))
    assert len(motion) == 1
    assert not any("tracked" in note for note in motion.notes)


def test_a_video_without_tracks_says_so(save: Callable[..., Path]) -> None:
    held = video()
    for one in held["results"].values():
        del one["track_ids"]
    motion = load_motion(save(npz(held), "a.npz"), Reading(person="0"))
    assert any("Nobody is tracked" in note for note in motion.notes)


def test_the_hips_land_where_bev_has_them(save: Callable[..., Path]) -> None:
    motion = load_motion(save(npz(video(11)), "a.npz"), Reading(person="4"))
    assert motion.betas.shape == (10,)
    assert any("eleventh coefficient" in note for note in motion.notes)
    body = body_pair("built-in", "smpl").source
    found = in_body(motion, body)
    for number in range(3):
        betas = found.betas_of(np.array([number])).reshape(-1)[: body.num_betas]
        rest = body.J_regressor @ (body.v_template + body.shapedirs[..., : len(betas)] @ betas)
        about = Rotation.from_rotvec(found.poses[number, 0]).apply(rest[1:3].mean(0) - rest[0])
        middle = rest[0] + about + found.trans[number]
        np.testing.assert_allclose(middle, motion.trans[number], atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"smpl_thetas": np.zeros((2, 69))},
            "'results[0].smpl_thetas' has shape (2, 69), expected (any, 72)",
        ),
        ({"cam_trans": np.zeros((1, 3))}, "'results[0].cam_trans' has shape (1, 3), expected (2, 3)"),
        ({"track_ids": np.array([1, 1])}, "'results[0].track_ids' are not numbers of people, each once"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Callable[..., Path], refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    held = video()
    held["results"]["1.jpg"] |= changes
    assert words in refuses(load_motion, save(npz(held), "a.npz"), Reading(person="1"))
