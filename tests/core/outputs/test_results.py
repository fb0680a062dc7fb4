from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from core.errors import FileError
from core.files.containers.npz import read_npz
from core.files.motions.load_motion import load_motion
from core.model.fit_result import FitResult
from core.model.joints import FAMILY_LABEL, JOINT_NAMES, PARTS
from core.outputs.describe import describe_file
from core.outputs.results import is_result, load_result, save_result


def make_result(family="smplx", frames=6, expression=10, **changes):
    rng = np.random.default_rng(3)

    def floats(*shape):
        return rng.normal(size=shape).astype(np.float32)

    errors = {key: np.abs(floats(frames)) for key in ("mean_mm", "median_mm", "p95_mm", "max_mm")}
    errors["mean_mm"][-1] = np.nan
    values = {
        "family": family,
        "gender": "neutral",
        "poses": floats(frames, len(JOINT_NAMES[family]), 3),
        "transl": floats(frames, 3),
        "betas": floats(10),
        "expression": floats(frames, expression),
        "frame_rate": 59.94,
        "up_axis": "y",
        "source_name": "Gang – 走.npz",
        "fitted": np.arange(frames) < frames - 1,
        "converged": np.arange(frames) % 2 == 0,
        "part_mm": floats(frames, len(PARTS)),
        "seconds": 1.25,
        "partial": True,
        "provenance": {
            "bodies": "built-in",
            "checksums": {"source": "ab"},
            "weights": [1, 2.5, None],
            "ü": "文",
        },
    }
    return FitResult(**(values | errors | changes))


def assert_same(a, b):
    for item in fields(FitResult):
        x, y = getattr(a, item.name), getattr(b, item.name)
        if isinstance(x, np.ndarray):
            assert x.dtype == y.dtype, item.name
            np.testing.assert_array_equal(x, y, item.name)
        else:
            assert x == y, item.name


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"expression": 0},
        {"frame_rate": None},
        {"family": "smplh"},
        {"family": "smpl"},
        {"source_name": ""},
        {"frames": 1},
        {
            "left_percent": np.full(6, 0.05, np.float32),
            "left_degrees": np.array([1.5, 2.5, np.nan, 0, 0, 0], np.float32),
            "left_joint": np.array([39, 2, -1, 0, 0, 0], np.int16),
        },
    ],
)
def test_round_trip(tmp_path, changes):
    result = make_result(**changes)
    path = tmp_path / "out.npz"
    save_result(path, result)
    assert is_result(path)
    assert_same(load_result(path), result)


def test_what_frames_may_have_left_is_told_where_it_is_known(tmp_path, save):
    degrees = np.array([1.5, 9, 0.5, 0, 0.7, 8], np.float32)
    left = {"left_percent": np.full(6, 0.05, np.float32), "left_joint": np.full(6, 39, np.int16)}
    result, path = make_result(left_degrees=degrees, **left), tmp_path / "out.npz"
    save_result(path, result)
    # Of frames that are fitted and have converged.
    percent, most, joint = result.most_left
    assert (round(percent, 3), most, joint) == (0.05, 1.5, JOINT_NAMES["smplx"][39])
    assert (
        "May be left",
        f"0.05 % of the objective at most, by which no joint turns more than 1.5° ({joint})",
    ) in (describe_file(path))
    arrays = read_npz(path)
    # As earlier versions wrote it.
    earlier = {key: array for key, array in arrays.items() if not key.startswith("refit_left")}
    found = load_result(save(earlier, "earlier.npz"))
    assert found.most_left is None
    assert np.isnan(found.left_degrees).all()
    assert (found.left_joint == -1).all()
    for wrong in (np.full(6, 55), np.full(6, -2), np.full(5, 1), np.full(6, 0.5)):
        with pytest.raises(FileError, match="refit_left_joint"):
            load_result(save(arrays | {"refit_left_joint": wrong}, "wrong.npz"))


def test_betas_of_each_frames_own_are_kept(tmp_path):
    own = np.random.default_rng(5).normal(size=(6, 10)).astype(np.float32)
    result = make_result(frame_betas=own, betas=own.mean(0))
    path = tmp_path / "out.npz"
    save_result(path, result)
    assert_same(load_result(path), result)
    motion = load_motion(path)
    np.testing.assert_array_equal(motion.frame_betas, own)
    np.testing.assert_array_equal(motion.betas, result.betas)
    np.testing.assert_array_equal(read_npz(path)["refit_frame_betas"], own)
    save_result(path, make_result(), overwrite=True)
    assert "refit_frame_betas" not in read_npz(path)
    assert load_result(path).frame_betas is None


def test_betas_of_frames_that_are_not_those_of_all_are_not_written(tmp_path):
    with pytest.raises(FileError, match="betas of shape"):
        save_result(tmp_path / "out.npz", make_result(frame_betas=np.zeros((6, 12)), betas=np.zeros(0)))
    assert list(tmp_path.iterdir()) == []


def test_the_first_betas_are_where_amass_has_them_and_all_beside(tmp_path):
    many = np.random.default_rng(6).normal(size=40).astype(np.float32)
    result, path = make_result(betas=many), tmp_path / "out.npz"
    save_result(path, result)
    arrays = read_npz(path)
    np.testing.assert_array_equal(arrays["betas"], many[:16])
    np.testing.assert_array_equal(arrays["refit_betas"], many)
    assert arrays["num_betas"] == 16
    assert_same(load_result(path), result)
    np.testing.assert_array_equal(load_motion(path).betas, many)
    save_result(path, make_result(betas=many[:16]), overwrite=True)
    assert "refit_betas" not in read_npz(path)


def test_many_betas_of_each_frames_own_are_kept(tmp_path):
    own = np.random.default_rng(5).normal(size=(6, 40)).astype(np.float32)
    result, path = make_result(frame_betas=own, betas=own.mean(0)), tmp_path / "out.npz"
    save_result(path, result)
    assert_same(load_result(path), result)
    np.testing.assert_array_equal(load_motion(path).frame_betas, own)
    assert read_npz(path)["betas"].shape == (16,)


def test_betas_changed_by_another_program_count_alone(tmp_path, save):
    save_result(tmp_path / "out.npz", make_result(betas=np.ones(40, np.float32)))
    path = save(read_npz(tmp_path / "out.npz") | {"betas": np.full(16, 0.5)}, "changed.npz")
    motion = load_motion(path)
    np.testing.assert_array_equal(motion.betas, np.full(16, 0.5))
    assert any("'refit_betas' does not begin with what 'betas' holds" in note for note in motion.notes)
    np.testing.assert_array_equal(load_result(path).betas, np.full(16, 0.5))


@pytest.mark.parametrize("changed", [True, False])
def test_many_betas_of_each_frames_own_stay_where_those_of_all_are_but_the_first(tmp_path, save, changed):
    """Another program has changed them, or has written them without what it does not know."""
    own = np.random.default_rng(5).normal(size=(6, 20)).astype(np.float32)
    save_result(tmp_path / "out.npz", make_result(frame_betas=own, betas=own.mean(0)))
    arrays = read_npz(tmp_path / "out.npz")
    if changed:
        arrays["betas"] = arrays["betas"] + 0.5
    else:
        del arrays["refit_betas"]
    path = save(arrays, "changed.npz")
    for read in (load_motion, load_result):
        found = read(path)
        np.testing.assert_array_equal(found.frame_betas, own)
        np.testing.assert_allclose(found.betas, [*arrays["betas"], *own[:, 16:].mean(0)], atol=1e-6)
    assert any("the other 4 are their mean" in note for note in load_motion(path).notes)
    # It is one that is edited and written like any other.
    save_result(tmp_path / "again.npz", load_result(path))
    assert_same(load_result(tmp_path / "again.npz"), load_result(path))


def test_many_betas_of_an_earlier_version_are_read(tmp_path, save):
    """Which had them all in one key."""
    many = np.linspace(-1, 1, 40, dtype=np.float32)
    save_result(tmp_path / "out.npz", make_result(betas=many))
    arrays = {key: array for key, array in read_npz(tmp_path / "out.npz").items() if key != "refit_betas"}
    path = save(arrays | {"betas": many, "num_betas": np.array(40)}, "earlier.npz")
    np.testing.assert_array_equal(load_result(path).betas, many)


def test_the_keys_are_those_of_amass(tmp_path):
    result = make_result()
    path = tmp_path / "out.npz"
    save_result(path, result)
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    assert arrays["poses"].shape == (6, 165)
    assert arrays["gender"].item() == "neutral"
    assert arrays["surface_model_type"].item() == "smplx"
    assert arrays["mocap_frame_rate"] == arrays["mocap_framerate"] == 59.94
    assert arrays["mocap_time_length"] == pytest.approx(6 / 59.94)
    assert arrays["num_betas"] == 10
    pieces = [arrays[k] for k in ("root_orient", "pose_body", "pose_jaw", "pose_eye", "pose_hand")]
    assert [p.shape[1] for p in pieces] == [3, 63, 3, 6, 90]
    np.testing.assert_array_equal(np.concatenate(pieces, 1), arrays["poses"])
    assert arrays["expression"].shape == (6, 10)


@pytest.mark.parametrize(
    ("family", "width", "pieces"),
    [("smplh", 156, {"root_orient": 3, "pose_body": 63, "pose_hand": 90}), ("smpl", 72, {})],
)
def test_the_keys_of_smplh_and_smpl(tmp_path, family, width, pieces):
    result = make_result(family=family, expression=0)
    path = tmp_path / "out.npz"
    save_result(path, result)
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    assert arrays["poses"].shape == (6, width)
    assert arrays["trans"].shape == (6, 3)
    assert arrays["surface_model_type"].item() == family
    assert arrays["mocap_framerate"] == 59.94
    assert arrays["gender"].item() == "neutral"
    found = {key: array.shape[1] for key, array in arrays.items() if key.startswith(("pose_", "root_"))}
    assert found == pieces
    assert not any("expression" in key for key in arrays)
    if pieces:
        np.testing.assert_array_equal(np.concatenate([arrays[key] for key in pieces], 1), arrays["poses"])
    motion = load_motion(path)
    assert (motion.family, motion.notes, motion.expression) == (family, (), None)
    np.testing.assert_array_equal(motion.poses, result.poses)
    assert dict(describe_file(path))["Kind"] == f"Refit result, {FAMILY_LABEL[family]}"


def test_an_unknown_frame_rate_is_not_written(tmp_path):
    save_result(tmp_path / "out.npz", make_result(frame_rate=None))
    assert not any("frame" in key or "time" in key for key in read_npz(tmp_path / "out.npz"))


def test_a_result_is_a_motion_too(tmp_path):
    result = make_result()
    save_result(tmp_path / "out.npz", result)
    motion = load_motion(tmp_path / "out.npz")
    assert (motion.family, motion.up_axis, motion.frame_rate, motion.notes) == ("smplx", "y", 59.94, ())
    np.testing.assert_array_equal(motion.poses, result.poses)
    np.testing.assert_array_equal(motion.expression, result.expression)


def test_an_existing_file_is_kept(tmp_path):
    path = tmp_path / "out.npz"
    save_result(path, make_result())
    before = path.read_bytes()
    with pytest.raises(FileError, match="already exists"):
        save_result(path, make_result(frames=2))
    assert path.read_bytes() == before
    save_result(path, make_result(frames=2), overwrite=True)
    assert len(load_result(path)) == 2


def test_what_the_disk_spoils_while_it_is_written_is_told_and_leaves_no_file(tmp_path, monkeypatch):
    write = np.savez_compressed

    def spoils(file, **arrays):
        write(file, **arrays)
        file.seek(300)
        file.write(b"spoiled by somebody")

    monkeypatch.setattr(np, "savez_compressed", spoils)
    with pytest.raises(FileError, match="not saved, for it could not be opened again"):
        save_result(tmp_path / "a.npz", make_result())
    assert list(tmp_path.iterdir()) == []


def test_unwritable_provenance_leaves_no_file(tmp_path):
    with pytest.raises(FileError, match="is not JSON serializable"):
        save_result(tmp_path / "out.npz", make_result(provenance={"a": object()}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"refit_mean_mm": np.zeros(3)}, "'refit_mean_mm' has shape (3,), expected (6,)"),
        ({"refit_part_mm": np.zeros((6, 2))}, "'refit_part_mm' has shape"),
        ({"refit_part_names": np.array(["a"])}, "'refit_part_names' are a, expected"),
        ({"refit_fitted": np.zeros(6)}, "'refit_fitted' has shape (6,) of float64, expected (6,) booleans"),
        ({"refit_provenance": np.array("{")}, "'refit_provenance' is not a json object"),
        ({"refit_provenance": np.array("[1]")}, "'refit_provenance' is not a json object"),
        ({"refit_provenance": np.array("[" * 100000)}, "'refit_provenance' is not a json object"),
        ({"refit_provenance": np.array(1)}, "'refit_provenance'"),
        ({"refit_provenance": np.array([None])}, "'refit_provenance' holds pickled"),
        ({"refit_format": np.array(99)}, "'refit_format' is of format 99, expected at most 1"),
        ({"refit_seconds": np.array("x")}, "'refit_seconds'"),
        ({"refit_betas": np.zeros((6, 3))}, "'refit_betas' has shape (6, 3), expected (any,)"),
        ({"refit_betas": np.full(40, np.nan)}, "'refit_betas' holds values that are not finite"),
        ({"refit_betas": np.full(40, 1e9)}, "'refit_betas' holds 1e+09, expected at most"),
        ({"refit_frame_betas": np.zeros((6, 3))}, "'refit_frame_betas' has shape (6, 3), expected (6, 10)"),
        ({"refit_frame_betas": np.zeros(10)}, "'refit_frame_betas' has shape (10,), expected (6, 10)"),
        ({"refit_frame_betas": np.full((6, 10), "x")}, "'refit_frame_betas' is text, expected numbers"),
        ({"refit_frame_betas": np.full((6, 10), np.nan)}, "'refit_frame_betas' holds 60 values that are not"),
        (
            {"refit_origin": np.array([1e300, 0, 0])},
            "'refit_origin' is (1e+300, 0, 0), expected a place within",
        ),
        (
            {"refit_origin": np.array([np.nan, 0, 0])},
            "'refit_origin' is (nan, 0, 0), expected a place within",
        ),
        ({"refit_origin": np.zeros(2)}, "'refit_origin' has shape (2,), expected (3,)"),
        ({"poses": np.zeros((6, 20))}, "'poses' has shape"),
    ],
)
def test_wrong_contents(tmp_path, save, refuses, change, words):
    save_result(tmp_path / "good.npz", make_result())
    path = save(read_npz(tmp_path / "good.npz") | change, "bad.npz")
    assert words in refuses(load_result, path)


def test_a_motion_is_not_a_result(save, amass, refuses):
    path = save(amass)
    assert not is_result(path)
    assert "is a motion of AMASS, expected a result of Refit" in refuses(load_result, path)
    other = save({"a": amass["betas"]}, "other.npz")
    assert "is not a Refit result: it has no refit_" in refuses(load_result, other)


def test_description(tmp_path):
    path = tmp_path / "out.npz"
    save_result(path, make_result())
    rows = dict(describe_file(path))
    assert rows["Kind"] == "Refit result, SMPL-X"
    assert rows["Bodies"] == "built-in"
    assert rows["Fitted"] == "5 of 6 frames, 3 converged"
    assert rows["Error"].endswith("mm")
    save_result(path, replace(make_result(), fitted=np.zeros(6, bool)), overwrite=True)
    assert "Error" not in dict(describe_file(path))
