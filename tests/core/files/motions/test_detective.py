"""What the numbers of a motion say of what they mean, and what nobody is to be alarmed by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.errors import FileError
from core.files.assumption import UNIT, known
from core.files.builtin_files import builtin_motions
from core.files.motions.load_motion import load_motion
from core.files.motions.of_take import motion_of_take
from core.files.motions.parts.person_track import Take
from core.files.motions.settle import Doubtful
from core.model.joints import JOINT_NAMES
from core.model.motion import Motion, Reading
from core.outputs.results import load_result, save_result
from tests.core.clip_files import Y_UP, clip_arrays, in_pieces, turned_to
from tests.core.files.motions.sources.example import npy, without
from tests.core.outputs.test_results import make_result

MOTIONS = [path.stem for path in builtin_motions()]


def arrays_of(name: str = "walk_poses", frames: slice = slice(0, 40)) -> dict[str, np.ndarray]:
    """A built-in motion as AMASS writes it."""
    return clip_arrays(name.removesuffix("_poses"), frames, dmpls=None)


def taken(motion: Motion, quantity: str) -> tuple[str, str]:
    return next((one.value, one.how) for one in motion.assumed if one.quantity == quantity)


@pytest.mark.parametrize("name", sorted(MOTIONS))
@pytest.mark.parametrize("frames", [slice(None), slice(30, 31), slice(10, 16)])
def test_no_alarm_on_what_is_right(save, name, frames):
    motion = load_motion(save(arrays_of(name, frames)), doubts="strict")
    assert (motion.notes, motion.up_axis) == ((), "z")


@pytest.mark.parametrize("turn", ["x", "y"])
@pytest.mark.parametrize("side", [90, -90])
@pytest.mark.parametrize("far", [0.0, 7.0])
def test_people_who_lie_are_no_alarm(save, turn, side, far):
    arrays = arrays_of("range_of_motion_poses")
    arrays = turned_to(arrays, Rotation.from_euler(turn, side, degrees=True))
    lying = arrays["trans"] - arrays["trans"].mean(0) + (far, far, 0.35)
    path = save(arrays | {"trans": lying})
    if turn == "y" and not far:
        # On the ground along two axes, neither of which they stand along.
        assert "z is taken, though the bodies do not stand" in load_motion(path).notes[0]
        return
    motion = load_motion(path, doubts="strict")
    assert motion.up_axis == "z"
    assert motion.notes == ()


def test_the_rest_pose_alone_is_no_alarm(save, amass):
    arrays = arrays_of() | {"poses": np.zeros((3, 156)), "trans": np.zeros((3, 3))}
    assert not any("angles" in note or "elbow" in note for note in load_motion(save(arrays)).notes)


@pytest.mark.parametrize("name", ["walk_poses", "dance_poses", "cartwheel_poses"])
def test_y_up_is_seen_by_how_bodies_stand(save, name):
    path = save(turned_to(arrays_of(name), Y_UP), "y.npz")
    motion = load_motion(path)
    assert (motion.up_axis, taken(motion, "up axis")) == ("y", ("y", "numbers"))
    assert motion.notes == (
        "The file does not say which axis is up: the bodies stand on the ground along y.",
    )
    with pytest.raises(Doubtful, match="say --up-axis y"):
        load_motion(path, doubts="strict")
    assert load_motion(path, Reading(up_axis="z")).up_axis == "z"


@pytest.mark.parametrize("name", ["walk_poses", "range_of_motion_poses"])
@pytest.mark.parametrize("moves", [0, 1])
def test_y_up_about_the_root_is_told(save, name, moves):
    arrays = turned_to(arrays_of(name), Y_UP)
    motion = load_motion(save(arrays | {"trans": moves * (arrays["trans"] - arrays["trans"][0])}))
    assert motion.up_axis == "y" or any("stand, or lie, along y" in note for note in motion.notes)


@pytest.mark.parametrize("name", sorted(MOTIONS))
@pytest.mark.parametrize("first", [0, 30, 40, 60])
@pytest.mark.parametrize("frames", [1, 20, 1000])
def test_y_up_is_never_taken_for_z_in_silence(save, name, first, frames):
    """Whatever they do: stand, whirl about, stand on their hands, or are in the air."""
    arrays = arrays_of(name, slice(first, first + frames))
    if not len(arrays["trans"]):
        return
    path = save(turned_to(arrays, Y_UP))
    motion = load_motion(path)
    told = [note for note in motion.notes if "does not say which axis is up" in note]
    assert len(told) == 1
    assert (motion.up_axis == "z") == ("z is taken, though the bodies" in told[0])
    assert motion.up_axis == "y" or "up axis" in [doubt.quantity for doubt in motion.doubts]
    with pytest.raises(Doubtful, match=f"guesses are refused: say --up-axis {motion.up_axis}$"):
        load_motion(path, doubts="strict")
    assert load_motion(path, Reading(up_axis="y"), doubts="strict").doubts == ()


def test_why_it_cannot_be_told_which_axis_is_up_is_told(save):
    def told(name, frames=slice(None)):
        return load_motion(save(turned_to(arrays_of(name, frames), Y_UP))).notes[0].partition(", though ")[2]

    assert told("cartwheel_poses") == told("backflip_poses") == "the bodies do not stand."
    assert told("backflip_poses", slice(60, 90)) == "the bodies are on the ground along y rather."
    assert told("range_of_motion_poses") == "the bodies stand, or lie, along y."


def test_a_default_that_the_numbers_do_not_bear_out_is_a_guess_for_who_is_strict(save):
    """Of every tool, not of AMASS's keys alone: here Motion-X, whose bodies lie."""
    rows = np.zeros((5, 322), np.float32)
    rows[:, :3] = (0, 0, np.pi / 2)
    path = save(npy(rows), "lying.npy")
    assert any("the bodies do not stand: y is taken" in note for note in load_motion(path).notes)
    with pytest.raises(Doubtful, match="the bodies do not stand, and guesses are refused: say --up-axis y"):
        load_motion(path, doubts="strict")


GRAVE = [
    ("angles", "degrees", lambda a: a | {"poses": np.rad2deg(a["poses"])}),
    ("unit", "cm", lambda a: a | {"trans": 100 * a["trans"]}),
    ("unit", "mm", lambda a: a | {"trans": 1000 * a["trans"]}),
    ("unit", "cm", lambda a: a | {"trans": 100 * np.repeat(a["trans"][:1], len(a["trans"]), 0)}),
    ("sides", "swapped", lambda a: a | {"poses": swapped(a["poses"])}),
]


def swapped(poses: np.ndarray) -> np.ndarray:
    """Of SMPL-H, with each side's joints under the other's names."""
    other = {"left": "right", "right": "left"}
    names = JOINT_NAMES["smplh"]
    places = [
        names.index(f"{other[name.split('_')[0]]}_{name.split('_', 1)[1]}") if "_" in name else at
        for at, name in enumerate(names)
    ]
    return poses.reshape(len(poses), -1, 3)[:, places].reshape(len(poses), -1)


@pytest.mark.parametrize(("field", "value", "spoil"), GRAVE)
def test_what_would_be_wrong_is_refused_and_says_the_option(save, refuses, field, value, spoil):
    right = arrays_of("dance_poses")
    path = save(spoil(right), "a.npz")
    assert f"--{field} {value} or --{field}" in refuses(load_motion, path)
    told = load_motion(path, doubts="tell")
    assert any(f"--{field} {value}" in note for note in told.notes)
    plain, motion = load_motion(save(right, "b.npz")), load_motion(path, Reading(**{field: value}))
    np.testing.assert_allclose(motion.poses, plain.poses, atol=1e-5)
    if field != "unit":
        return
    if np.ptp(motion.trans[:, 0]) == 0:
        plain = replace(plain, trans=np.repeat(plain.trans[:1], len(plain), 0))
    np.testing.assert_allclose(motion.trans, plain.trans, atol=1e-4)


def test_who_stands_on_the_ground_is_in_metres_however_fast(save):
    path = save(arrays_of() | {"mocap_framerate": np.array(1000.0)})
    motion = load_motion(path)
    assert motion.notes == ("The body moves at 17 m/s at 1000 frames a second: frame rate 1000 is taken.",)
    assert [one.quantity for one in motion.doubts] == ["frame rate"]
    with pytest.raises(Doubtful, match="say --frame-rate 1000"):
        load_motion(path, doubts="strict")


def test_no_pose_at_all_is_none_in_degrees(save):
    arrays = arrays_of()
    motion = load_motion(save(arrays | {"poses": np.full_like(arrays["poses"], 1e30)}))
    assert not motion.finite_frames().any()


def test_what_is_said_to_be_so_is_no_doubt(save):
    path = save(arrays_of() | {"trans": 100 * arrays_of()["trans"]})
    motion = load_motion(path, Reading(unit="m"))
    assert taken(motion, "unit") == ("m", "user")
    assert motion.reading.unit == "m"


def test_positions_far_away_lose_nothing(save, tmp_path):
    arrays = arrays_of()
    away = np.array([448_000.25, 5_411_000.5, 312.0])
    motion = load_motion(save(arrays | {"trans": arrays["trans"] + away}))
    assert motion.origin is not None
    np.testing.assert_allclose(np.add(motion.trans, motion.origin), arrays["trans"] + away, atol=1e-5)
    assert any("far from the origin" in note for note in motion.notes)
    result = make_result()
    result = replace(result, provenance={**result.provenance, "source": {"origin": list(motion.origin)}})
    save_result(tmp_path / "far.npz", result)
    with np.load(tmp_path / "far.npz") as held:
        np.testing.assert_allclose(held["trans"], result.transl + np.array(motion.origin), atol=1e-9)
    np.testing.assert_array_equal(load_result(tmp_path / "far.npz").transl, result.transl)


@pytest.mark.parametrize(
    ("change", "family", "how"),
    [
        ({}, "smplh", "numbers"),
        ({"surface_model_type": np.array("smpl")}, "smpl", "file"),
        ({"model_type": np.array("SMPL+H")}, "smplh", "file"),
        ({"surface_model_type": np.array("smplx_locked_head")}, "smplx", "file"),
        ({"pose_jaw": np.zeros((40, 3))}, "smplx", "file"),
    ],
)
def test_pieces_are_of_the_family_that_the_file_says(save, change, family, how):
    arrays = arrays_of()
    motion = load_motion(save(in_pieces(arrays) | change))
    assert (motion.family, taken(motion, "family")) == (family, (family, how))
    assert any("does not say its family" in note for note in motion.notes) == (how == "numbers")
    np.testing.assert_allclose(motion.poses[:, :22].reshape(40, -1), arrays["poses"][:, :66], rtol=1e-6)


def test_a_family_that_is_said_wins_over_the_file(save):
    motion = load_motion(save(arrays_of()), Reading(family="smpl"))
    assert (motion.family, motion.poses.shape[1]) == ("smpl", 24)
    assert any(note.startswith("Family: smpl is taken, as you say, not smplh") for note in motion.notes)
    assert any("30 joints" in note for note in motion.notes)


@pytest.mark.parametrize("key", ["fps", "frame_rate", "framerate", "mocap_framerate", "mocap_frame_rate"])
@pytest.mark.parametrize("value", [np.array(30), np.array("30"), np.array(b"30.0"), np.full(40, 30.0)])
def test_rates_in_every_spelling(save, key, value):
    arrays = without(arrays_of(), "mocap_framerate")
    assert load_motion(save(arrays | {key: value})).frame_rate == 30.0


def test_what_is_repeated_by_frame_is_taken_once(save):
    arrays = arrays_of()
    noise = np.random.default_rng(3).normal(scale=1e-4, size=(40, 16))
    betas = arrays["betas"][:16] + noise
    motion = load_motion(save(arrays | {"gender": np.full(40, "neutral"), "betas": betas}))
    assert (motion.gender, motion.frame_betas) == ("neutral", None)
    np.testing.assert_allclose(motion.betas, betas.mean(0), atol=1e-6)
    assert any("their mean is taken" in note for note in motion.notes)


def test_shapes_of_nobody_are_told(save):
    arrays = arrays_of()
    assert any("σ" in note for note in load_motion(save(arrays | {"betas": 30 * arrays["betas"]})).notes)


def test_rates_of_nobody_are_told(save):
    motion = load_motion(save(arrays_of() | {"mocap_framerate": np.array(1.0)}))
    assert any("1 frames a second" in note for note in motion.notes)


def test_shapes_of_each_frame_are_kept_and_told(save):
    arrays = arrays_of()
    betas = arrays["betas"][:10] + np.random.default_rng(3).normal(scale=0.02, size=(40, 10))
    motion = load_motion(save(arrays | {"betas": betas}))
    np.testing.assert_allclose(motion.frame_betas, betas, atol=1e-6)
    assert any("each keeps its own" in note for note in motion.notes)


@pytest.mark.parametrize("height", [100.0, 1045.0])
def test_people_on_mountains_are_in_metres(save, height):
    arrays = arrays_of("walk_poses", slice(None))
    motion = load_motion(save(arrays | {"trans": arrays["trans"] + (0, 0, height)}))
    assert taken(motion, "unit") == ("m", "default")


def test_frames_far_apart_in_a_file_without_a_rate_are_no_centimetres(save):
    arrays = without(arrays_of("walk_poses", slice(None, None, 40)), "mocap_framerate")
    assert load_motion(save(arrays)).doubts == ()
    motion = load_motion(save(arrays | {"trans": arrays["trans"] + (0, 0, 3)}))
    assert any("if 30 frames are a second, which the file does not say" in note for note in motion.notes)


def test_a_unit_that_the_tool_is_known_for(tmp_path):
    arrays = arrays_of()
    centimetres = {
        "poses": arrays["poses"],
        "trans": 100 * arrays["trans"],
        "betas": arrays["betas"],
        "mocap_frame_rate": np.array(60.0),
    }
    path = tmp_path / "a.npz"
    path.write_bytes(b"a")
    take = Take(centimetres, known=(known(UNIT, "cm", "Made-up writes so"),))
    motion = motion_of_take(path, take, "Made-up", Reading(), Reading())
    np.testing.assert_allclose(motion.trans, arrays["trans"], atol=1e-5)
    assert taken(motion, "unit") == ("cm", "tool")
    with pytest.raises(Doubtful, match=r"m/s; say --unit cm$"):
        motion_of_take(
            path,
            replace(take, arrays=centimetres | {"trans": 1e4 * arrays["trans"]}),
            "Made-up",
            Reading(),
            Reading(),
        )


def test_errors_and_rates_name_the_keys_of_the_file(tmp_path):
    arrays = {"poses": np.zeros((5, 72)), "trans": np.zeros((5, 3)), "betas": np.zeros(10)}
    names = {"poses": "angles", "trans": "places", "mocap_frame_rate": "tempo"}
    path = tmp_path / "a.npz"
    path.write_bytes(b"a")

    def read(**changes):
        return motion_of_take(path, Take(arrays | changes, keys=names), "Made-up", Reading(), Reading())

    motion = read(mocap_frame_rate=np.array(30.0))
    why = {one.quantity: one.why for one in motion.assumed}
    assert why["frame rate"] == "'tempo' is 30"
    assert why["family"] == "'angles' has 72 numbers a frame"
    for changes, words in (
        ({"trans": np.zeros((4, 3))}, "'places' has shape"),
        ({"poses": np.zeros((5, 71))}, "'angles' has shape"),
        ({"mocap_frame_rate": np.array(-1.0)}, "'tempo' is -1"),
    ):
        with pytest.raises(FileError, match=words):
            read(**changes)


def test_far_from_the_origin_bodies_stand_where_the_file_has_them(tmp_path: Path) -> None:
    """The ground is looked for in the file's world: an origin of the positions' own lies in the pelvis."""
    arrays = clip_arrays("walk", slice(0, 48, 8))
    for away in ((0.0, 0.0, 0.0), (448000.0, 5411000.0, 300.0)):
        path = tmp_path / "walk.npz"
        np.savez(path, **(arrays | {"trans": arrays["trans"] + np.array(away)}))
        motion = load_motion(path, doubts="tell")
        assert motion.up_axis == "z"
        assert not any("up" in note and "rather" in note for note in motion.notes)
