"""The arguments of the `smplx` package's layers."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from core.files.motions.load_motion import load_motion, people_in
from core.files.motions.settle import Doubtful
from core.model.motion import Motion, Reading
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.hostile import CreatesFile
from tests.core.files.motions.sources.example import Example, normal, npy, npz, plain_pickle, standing
from tests.core.files.motions.sources.examples import torch_bytes

Save = Callable[..., Path]


def arguments(frames: int = 5, **changes: Any) -> dict[str, Any]:
    """All that a layer of SMPL-X takes."""
    held: dict[str, Any] = {
        "global_orient": standing(frames, "z"),
        "body_pose": normal((frames, 63), 1),
        "left_hand_pose": normal((frames, 45), 2),
        "right_hand_pose": normal((frames, 45), 3),
        "jaw_pose": normal((frames, 3), 4),
        "leye_pose": normal((frames, 3), 5),
        "reye_pose": normal((frames, 3), 6),
        "expression": normal((frames, 10), 7),
        "transl": normal((frames, 3), 8),
        "betas": normal((10,), 9),
    }
    return {key: value for key, value in (held | changes).items() if value is not None}


def in_smpl(frames: int = 5, **changes: Any) -> dict[str, Any]:
    """As HuMMan has them."""
    held = {
        "global_orient": standing(frames),
        "body_pose": normal((frames, 69), 1),
        "transl": normal((frames, 3), 2),
        "betas": normal((frames, 10), 3),
    }
    return held | changes


def simplify(**changes: Any) -> dict[str, Any]:
    """A frame of SMPLify-X or PROX: hands by components, a camera, no translation."""
    held = {key: value[:1] for key, value in arguments(1, betas=normal((1, 10), 9)).items()}
    held |= {
        "left_hand_pose": normal((1, 12), 2),
        "right_hand_pose": normal((1, 12), 3),
        "camera_rotation": np.eye(3, dtype=np.float32)[None],
        "camera_translation": np.ones((1, 3), np.float32),
        "pose_embedding": normal((1, 32), 12),
    }
    return {key: value for key, value in (held | {"transl": None} | changes).items() if value is not None}


def old_torch_bytes(held: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    tensors = {key: torch.as_tensor(value) for key, value in held.items()}
    torch.save(tensors, out, _use_new_zipfile_serialization=False)
    return out.getvalue()


def pickled_tensors(held: dict[str, Any]) -> bytes:
    return pickle.dumps({key: torch.as_tensor(value) for key, value in held.items()})


EXAMPLES = {
    "smplx.npz": Example("smplx arguments", arguments, npz, ".npz"),
    "smplx.pkl": Example("smplx arguments", arguments, plain_pickle, ".pkl"),
    "smplx.pt": Example("smplx arguments", arguments, torch_bytes, ".pt"),
    "smplx of smpl": Example("smplx arguments", in_smpl, npz, ".npz"),
    "smplify": Example("smplx arguments", simplify, plain_pickle, ".pkl"),
}
WRITERS: dict[str, tuple[Callable[[Any], bytes], str]] = {
    "npz": (npz, ".npz"),
    "pickle": (plain_pickle, ".pkl"),
    "joblib": (lambda held: joblib_bytes(held, "zlib"), ".pkl"),
    "torch": (torch_bytes, ".pt"),
    "old torch": (old_torch_bytes, ".pt"),
    "tensors in a pickle": (pickled_tensors, ".pkl"),
    "saved dict": (npy, ".npy"),
}


def flat(motion: Motion) -> np.ndarray:
    return motion.poses.reshape(len(motion), -1)


@pytest.mark.parametrize("container", WRITERS)
def test_in_every_container(save: Save, container: str) -> None:
    held = arguments()
    write, ending = WRITERS[container]
    motion = load_motion(save(write(held), f"clip{ending}"))
    assert (motion.family, motion.up_axis, motion.gender, motion.frame_rate) == ("smplx", "z", None, None)
    order = ("global_orient", "body_pose", "jaw_pose", "leye_pose", "reye_pose")
    order += ("left_hand_pose", "right_hand_pose")
    assert np.array_equal(flat(motion), np.concatenate([held[key] for key in order], 1))
    assert np.array_equal(motion.trans, held["transl"])
    assert np.array_equal(motion.betas, held["betas"])
    assert motion.expression is not None
    assert np.array_equal(motion.expression, held["expression"])
    assert any("flat_hand_mean" in note for note in motion.notes)
    assert motion.body_terms is None


def matrices(vectors: np.ndarray) -> np.ndarray:
    joints = vectors.shape[1] // 3
    return Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(-1, joints, 3, 3)


@pytest.mark.parametrize("frames", [1, 3, 5, 21])
def test_in_every_shape(save: Save, frames: int) -> None:
    # Three frames of three numbers look like one matrix, 21 joints of three like 21 frames.
    held = arguments(frames)
    wanted = flat(load_motion(save(held, "row.npz")))
    turned = [key for key in held if key.endswith(("pose", "orient"))]
    by_joint = held | {key: held[key].reshape(frames, -1, 3) for key in turned}
    assert np.array_equal(flat(load_motion(save(by_joint, "joint.npz"))), wanted)
    as_matrices = held | {key: matrices(held[key]) for key in turned}
    np.testing.assert_allclose(flat(load_motion(save(as_matrices, "matrix.npz"))), wanted, atol=1e-5)
    if frames == 1:
        alone = {key: value[0] if value.ndim == 2 else value for key, value in held.items()}
        assert np.array_equal(flat(load_motion(save(alone, "alone.npz"))), wanted)
        alone = alone | {key: alone[key].reshape(-1, 3) for key in turned}
        assert np.array_equal(flat(load_motion(save(alone, "alone3.npz"))), wanted)
        alone = alone | {key: as_matrices[key][0] for key in turned}
        np.testing.assert_allclose(flat(load_motion(save(alone, "alone9.npz"))), wanted, atol=1e-5)


def test_the_body_is_what_its_pieces_are_of(save: Save) -> None:
    motion = load_motion(save(in_smpl(), "smpl.npz"))
    assert (motion.family, motion.up_axis) == ("smpl", "y")
    assert motion.frame_betas is not None
    faceless = arguments(jaw_pose=None, leye_pose=None, reye_pose=None, expression=None)
    assert load_motion(save(faceless, "h.npz")).family == "smplh"
    said = load_motion(save(faceless | {"model_type": np.array("smplx")}, "said.npz"))
    assert said.family == "smplx"
    bare = {key: faceless[key] for key in ("global_orient", "body_pose", "transl", "betas")}
    motion = load_motion(save(bare, "bare.npz"))
    assert motion.family == "smplx"
    assert any("neither hands nor a face: SMPL-X is taken" in note for note in motion.notes)
    assert any("they are flat" in note for note in motion.notes)


def test_hands_by_components_wait_for_the_body(save: Save) -> None:
    held = simplify()
    motion = load_motion(save(pickle.dumps(held), "000.pkl"))
    assert len(motion) == 1
    assert motion.body_terms is not None
    assert motion.body_terms.hands_mean
    components = motion.body_terms.hand_components
    assert components is not None
    assert np.array_equal(components[:, 0], held["left_hand_pose"])
    assert np.array_equal(components[:, 1], held["right_hand_pose"])
    assert not flat(motion)[:, 75:].any()
    assert any("camera_rotation, camera_translation" in note for note in motion.notes)
    assert any("no 'transl'" in note for note in motion.notes)


def test_several_people_by_name(save: Save) -> None:
    held = {"anna": arguments(3), 7: arguments(2), "camera": {"focal": np.ones(2)}}
    path = save(pickle.dumps(held), "people.pkl")
    assert [(one.name, one.frames) for one in people_in(path)] == [("anna", 3), ("7", 2)]
    assert np.array_equal(load_motion(path, Reading(person="7")).trans, held[7]["transl"])
    one = load_motion(save(pickle.dumps({"smplx": arguments(3)}), "one.pkl"))
    assert one.reading.person is None


def test_what_else_it_says(save: Save) -> None:
    more = {"gender": np.array("female"), "mocap_frame_rate": np.array(30.0)}
    motion = load_motion(save(arguments(**more), "a.npz"))
    assert (motion.gender, motion.frame_rate) == ("female", 30.0)
    own = normal((5, 10), 20)
    motion = load_motion(save(arguments(frame_betas=own), "b.npz"))
    assert motion.frame_betas is not None
    assert np.array_equal(motion.frame_betas, own)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"body_pose": None, "pose_embedding": np.zeros((5, 32))}, "'pose_embedding' is VPoser's code of"),
        ({"body_pose": np.zeros((5, 64))}, "'body_pose' has shape (5, 64), expected (any, 63)"),
        ({"body_pose": np.zeros((5, 69))}, "SMPL"),
        ({"body_pose": np.array(["a"] * 63)}, "'body_pose' is text, expected numbers"),
        ({"global_orient": np.zeros((4, 3))}, "'global_orient' has shape (4, 3), expected (5, 3)"),
        ({"jaw_pose": np.zeros((5, 4))}, "'jaw_pose' has shape (5, 4)"),
        ({"jaw_pose": np.ones((5, 3, 3))}, "'jaw_pose' holds a matrix that is no rotation, in frame 0"),
        ({"left_hand_pose": np.zeros((4, 45))}, "'left_hand_pose' has shape (4, 45)"),
        ({"transl": np.zeros((5, 2))}, "'transl' has shape (5, 2), expected (5, 3)"),
        ({"transl": np.zeros((2, 3))}, "'transl' has shape (2, 3), expected 5 rows"),
        ({"betas": np.zeros((3, 10))}, "'betas' has shape (3, 10)"),
        ({"expression": np.zeros((4, 10))}, "'expression' has shape (4, 10)"),
        ({"body_pose": np.zeros((0, 63)), "global_orient": np.zeros((0, 3))}, "'jaw_pose'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence(
    save: Save, refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    held = arguments(**changes)
    if words == "SMPL":  # a face on a body of SMPL: left out, and said so
        motion = load_motion(save(held, "a.npz"))
        assert motion.family == "smpl"
        assert any("SMPL has no left_hand_pose" in note for note in motion.notes)
        return
    assert words in refuses(load_motion, save(held, "a.npz"))
    assert words in refuses(load_motion, save(pickle.dumps(held), "a.pkl"))


def test_nothing_in_it_runs(save: Save, refuses: Callable[..., str], tmp_path: Path) -> None:
    marker = tmp_path / "created"
    evil = CreatesFile(marker)
    for key in ("body_pose", "betas", "vertices"):
        assert "never opened" in refuses(load_motion, save(pickle.dumps(arguments(**{key: evil})), "a.pkl"))
        assert "never opened" in refuses(load_motion, save(npy(arguments(**{key: evil})), "a.npy"))
    among = arguments(betas=np.array(evil, dtype=object))
    assert "never opened" in refuses(load_motion, save(npz(among), "a.npz"))
    assert not marker.exists()


def how_family(motion: Motion) -> tuple[str, str, str]:
    return next((one.value, one.how, one.why) for one in motion.assumed if one.quantity == "family")


@pytest.mark.parametrize(
    ("word", "family"),
    [("SMPL-X", "smplx"), ("smpl-x", "smplx"), ("smplx_locked_head", "smplx"), ("SMPL+H", "smplh")],
)
def test_the_family_in_every_spelling(save: Save, word: str, family: str) -> None:
    faceless = arguments(jaw_pose=None, leye_pose=None, reye_pose=None, expression=None, model_type=word)
    motion = load_motion(save(pickle.dumps(faceless), "a.pkl"))
    assert how_family(motion) == (family, "file", f"'model_type' is '{word}'")


@pytest.mark.parametrize("word", ["mano", "STAR"])
def test_other_words_for_the_family_are_told(save: Save, word: str) -> None:
    motion = load_motion(save(pickle.dumps(arguments(model_type=word)), "a.pkl"))
    assert motion.family == "smplx"
    assert f"'model_type' is '{word}', which is no family that Refit knows." in motion.notes


def test_a_guessed_family_is_told_as_one(save: Save) -> None:
    bare = {key: arguments()[key] for key in ("global_orient", "body_pose", "transl", "betas")}
    path = save(pickle.dumps(bare), "a.pkl")
    assert how_family(load_motion(path)) == ("smplx", "numbers", "there are neither hands nor a face")
    with pytest.raises(Doubtful, match="does not say its family"):
        load_motion(path, Reading(up_axis="z"), doubts="strict")
    sure = how_family(load_motion(save(pickle.dumps(arguments()), "b.pkl")))
    assert sure == ("smplx", "file", "there is 'jaw_pose', which SMPL-X alone has")


def test_lists_of_numbers_are_read(save: Save) -> None:
    held = arguments()
    lists = {key: value.tolist() for key, value in held.items()}
    motion, plain = (load_motion(save(pickle.dumps(one), "a.pkl")) for one in (lists, held))
    np.testing.assert_allclose(motion.poses, plain.poses, atol=1e-6)
    np.testing.assert_allclose(motion.betas, plain.betas, atol=1e-6)


def test_a_list_of_frames_is_said_to_be_one(save: Save, refuses: Callable[..., str]) -> None:
    message = refuses(load_motion, save(pickle.dumps([arguments(1), arguments(1)]), "a.pkl"))
    assert "is a list of 2 frames, each a dict of arguments of smplx, expected one dict" in message
