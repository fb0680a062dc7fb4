"""Pickles for code that reads the published tool's output."""

from __future__ import annotations

import pickle
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from core.errors import Cancelled
from core.files.containers.pickles import read_pickle
from core.files.motions.load_motion import load_motion
from core.files.motions.settle import TELL
from core.model.posing import posed
from core.outputs.export_format import ExportJob
from core.outputs.published_pickle import (
    PUBLISHED_PICKLE,
    TOOL,
    write_as_the_tool,
    write_frames,
    write_merged,
)
from tests.core.clip_fits import fitted_clip
from tests.core.outputs.test_results import make_result


class NumpyOnly(pickle.Unpickler):
    def find_class(self, module, name):
        assert (module.split(".")[0], name) in {
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("numpy", "_reconstruct"),
            ("_codecs", "encode"),
        }
        return super().find_class(module, name)


def load(path):
    with path.open("rb") as file:
        return NumpyOnly(file).load()


def test_merged_holds_axis_angle_over_frames(tmp_path):
    result = make_result()
    write_merged(tmp_path / "merged.pkl", result, np.array([0, 2, 3]))
    found = load(tmp_path / "merged.pkl")
    assert {key: value.shape for key, value in found.items()} == {
        "global_orient": (3, 3),
        "body_pose": (3, 63),
        "left_hand_pose": (3, 45),
        "right_hand_pose": (3, 45),
        "jaw_pose": (3, 3),
        "leye_pose": (3, 3),
        "reye_pose": (3, 3),
        "expression": (3, 10),
        "transl": (3, 3),
        "betas": (10,),
    }
    np.testing.assert_array_equal(found["body_pose"][1], result.poses[2, 1:22].ravel())
    np.testing.assert_array_equal(found["right_hand_pose"][2], result.poses[3, 40:55].ravel())
    assert all(value.dtype == np.float32 for value in found.values())
    assert set(read_pickle(tmp_path / "merged.pkl")) == set(found)


def test_one_pickle_a_frame_holds_matrices(tmp_path):
    result = make_result(expression=0)
    write_frames(tmp_path / "p", "walk", result, np.array([1, 4]))
    found = load(tmp_path / "p" / "walk_000004.pkl")
    assert found["body_pose"].shape == (1, 21, 3, 3)
    assert found["leye_pose"].shape == (1, 1, 3, 3)
    assert found["betas"].shape == (1, 10)
    assert found["expression"].shape == (1, 10)
    wanted = Rotation.from_rotvec(result.poses[4, 1:22]).as_matrix()
    np.testing.assert_allclose(found["body_pose"][0], wanted, atol=1e-5)


def test_own_betas_go_with_their_frame(tmp_path):
    own = np.arange(60, dtype=np.float32).reshape(6, 10)
    write_frames(tmp_path / "p", "walk", make_result(frame_betas=own), np.arange(6))
    np.testing.assert_array_equal(load(tmp_path / "p" / "walk_000002.pkl")["betas"], own[2:3])


@pytest.mark.parametrize("each", [False, True])
def test_the_first_betas_are_where_the_tool_has_them_and_all_beside(tmp_path, each):
    many = np.linspace(-1, 1, 40, dtype=np.float32)
    own = np.outer(np.arange(1, 7), many).astype(np.float32) if each else np.tile(many, (6, 1))
    mean = own[:5].mean(0) if each else many
    result = make_result(betas=mean, frame_betas=own if each else None)
    write_merged(tmp_path / "merged.pkl", result, np.arange(6))
    write_frames(tmp_path / "p", "walk", result, np.arange(6))
    for path, expected in ((tmp_path / "merged.pkl", mean), (tmp_path / "p" / "walk_000002.pkl", own[2:3])):
        found = load(path)
        np.testing.assert_array_equal(found["betas"], expected[..., :16])
        np.testing.assert_array_equal(found["all_betas"], expected)
    read = load_motion(tmp_path / "merged.pkl", doubts=TELL).betas_of(np.arange(6))
    np.testing.assert_array_equal(np.broadcast_to(read, own.shape), own)
    np.testing.assert_array_equal(load_motion(tmp_path / "p" / "walk_000002.pkl", doubts=TELL).betas, own[2])


def test_betas_changed_in_a_pickle_count_alone(tmp_path):
    write_merged(tmp_path / "merged.pkl", make_result(betas=np.ones(40, np.float32)), np.arange(6))
    found = load(tmp_path / "merged.pkl") | {"betas": np.zeros(16, np.float32)}
    (tmp_path / "changed.pkl").write_bytes(pickle.dumps(found))
    motion = load_motion(tmp_path / "changed.pkl", doubts=TELL)
    np.testing.assert_array_equal(motion.betas, np.zeros(16))
    assert any("'all_betas' does not begin with what 'betas' holds" in note for note in motion.notes)


def test_other_families_have_their_own_keys(tmp_path):
    write_merged(tmp_path / "a.pkl", make_result("smplh"), np.arange(6))
    found = load(tmp_path / "a.pkl")
    assert "jaw_pose" not in found
    assert found["right_hand_pose"].shape == (6, 45)


def test_stopping_leaves_nothing(tmp_path):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        write_frames(tmp_path / "p", "walk", make_result(), np.arange(6), stop=stop)
    assert not list(tmp_path.iterdir())


def test_positions_far_away_are_in_the_world_of_the_file(tmp_path):
    origin = [448000.0, 5411000.0, 300.0]
    result = make_result()
    result = replace(result, provenance={**result.provenance, "source": {"origin": origin}})
    write_merged(tmp_path / "far.pkl", result, np.arange(4))
    write_frames(tmp_path / "far", "far", result, np.array([2]))
    places = load(tmp_path / "far.pkl")["transl"]
    assert places.dtype == np.float64
    np.testing.assert_allclose(places - origin, result.transl[:4], rtol=0, atol=1e-8)
    np.testing.assert_array_equal(load(tmp_path / "far" / "far_000002.pkl")["transl"][0], places[2])


def test_the_tools_own_files_can_be_merged_and_read_again(tmp_path):
    """Merged as its ``merge_output`` does: by the numbers in the names, tensors one after another."""
    _, pair, result = fitted_clip("walk", 0, 40)
    frames = np.array([3, 12, 20])
    write_as_the_tool(tmp_path / "fits", result, pair.target, frames)
    files = sorted((tmp_path / "fits").glob("*.pkl"), key=lambda path: int(path.stem))
    assert [int(path.stem) for path in files] == frames.tolist()
    held = []
    for path in files:
        with path.open("rb") as file:
            held.append(pickle.load(file))  # noqa: S301
    whole = {
        key: torch.cat([one[key] for one in held], 0).detach().numpy() for key in held[0] if key != "faces"
    }
    turned = {
        key: Rotation.from_matrix(whole[key].reshape(-1, 3, 3)).as_rotvec().reshape(3, -1)
        for key in (
            "global_orient",
            "body_pose",
            "left_hand_pose",
            "right_hand_pose",
            "jaw_pose",
            "full_pose",
        )
    }
    write_merged(tmp_path / "merged.pkl", result, frames)
    ours = load(tmp_path / "merged.pkl")
    for key, value in turned.items():
        if key != "full_pose":
            np.testing.assert_allclose(value, ours[key], atol=1e-5)
    assert turned["full_pose"].shape == (3, 165)
    assert whole["leye_pose"].shape == (3, 1, 3, 3)
    vertices, joints = posed(result.as_motion(), pair.target, frames)
    np.testing.assert_allclose(whole["vertices"], vertices, atol=1e-6)
    np.testing.assert_allclose(whole["joints"], joints, atol=1e-6)
    np.testing.assert_array_equal(held[0]["faces"], pair.target.faces)
    again = load_motion(tmp_path / "fits")
    seen = again.finite_frames()
    assert len(again) == 18
    np.testing.assert_allclose(again.poses[seen], result.poses[frames], atol=1e-5)
    np.testing.assert_allclose(again.trans[seen], result.transl[frames], atol=1e-6)


def test_the_tools_own_files_are_in_the_world_of_the_motion(tmp_path):
    _, pair, result = fitted_clip("walk", 0, 40)
    origin = [448000.0, 5411000.0, 300.0]
    far = replace(result, provenance={**result.provenance, "source": {"origin": origin}})
    write_as_the_tool(tmp_path / "far", far, pair.target, np.array([2]))
    with (tmp_path / "far" / "000002.pkl").open("rb") as file:
        found = pickle.load(file)  # noqa: S301
    vertices, _ = posed(result.as_motion(), pair.target, np.array([2]))
    np.testing.assert_allclose(found["vertices"].numpy() - origin, vertices, atol=1e-7)


def test_a_single_frame_is_a_single_file(tmp_path):
    _, pair, result = fitted_clip("walk", 0, 40)
    path, frames = tmp_path / "one.pkl", np.array([3])
    job = ExportJob(path, "walk", frames, None, pair, result, settings={"one_file": TOOL}, single=True)
    PUBLISHED_PICKLE.write(job)
    found = pickle.loads(path.read_bytes())  # noqa: S301
    assert set(found) >= {"vertices", "joints", "full_pose", "faces", "betas"}
