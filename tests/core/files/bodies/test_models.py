from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import sparse

from core.files.bodies.models import read_model, smpl_from_smplh
from core.model.joints import JOINT_NAMES
from tests.core.files.bodies.model_file_arrays import SMALL, VERTICES, model_arrays
from tests.core.files.hostile import CreatesFile


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_smplh_with_16_betas_and_no_hands(save, dtype):
    arrays = model_arrays("smplh", columns=16, dtype=dtype)
    path = save(arrays, "smplh/female/model.npz")
    body = read_model(path)
    assert (body.family, body.gender, body.builtin) == ("smplh", "female", False)
    assert (body.num_betas, body.num_expression, body.num_joints) == (16, 0, 52)
    assert body.hands_mean is None
    assert body.parents[0] == -1
    assert (body.parents[1:] == np.arange(51)).all()
    assert body.faces.dtype == np.int32
    assert body.v_template.dtype == np.float32
    np.testing.assert_array_equal(body.v_template, arrays["v_template"].astype(np.float32))
    np.testing.assert_array_equal(body.posedirs, arrays["posedirs"].astype(np.float32))
    assert body.path == path
    assert len(body.sha256) == 64


def test_hand_means(save):
    hands = {"hands_meanl": np.full(45, 1.0), "hands_meanr": np.full(45, 2.0)}
    body = read_model(save(model_arrays("smplh") | hands))
    np.testing.assert_array_equal(body.hands_mean, [1] * 45 + [2] * 45)


@pytest.mark.parametrize(
    ("columns", "shape", "expression"),
    [(20, 10, 10), (400, 300, 100), (10, 10, 0), (310, 10, 10), (15, 10, 5)],
)
def test_smplx_shape_and_expression(save, columns, shape, expression):
    body = read_model(save(model_arrays("smplx", columns=columns), "SMPLX_MALE.npz"), family="smplx")
    assert (body.num_betas, body.num_expression, body.gender) == (shape, expression, "male")
    np.testing.assert_array_equal(body.shapedirs[0, 0], SMALL * (np.arange(shape) + 1))
    np.testing.assert_array_equal(body.expressiondirs[0, 0], SMALL * (np.arange(expression) + 1 + shape))


def test_smpl(save):
    body = read_model(save(model_arrays("smpl"), "SMPL_NEUTRAL.npz"))
    assert (body.family, body.gender, body.num_joints) == ("smpl", "neutral", 24)


def test_object_arrays_that_are_not_needed_are_left(save, tmp_path):
    marker = tmp_path / "created"
    evil = np.array([CreatesFile(marker)], dtype=object)
    read_model(save(model_arrays("smplx", columns=20) | {"part2num": evil, "joint2num": evil}))
    assert not marker.exists()


def test_a_built_in_body_is_known_wherever_it_lies(save):
    arrays = model_arrays("smplh") | {
        "origin": np.array("made here"),
        "joint_names": np.array(JOINT_NAMES["smplh"]),
    }
    body = read_model(save(arrays, "licensed/smplh/neutral/model.npz"))
    assert body.builtin
    assert body.name == "built-in SMPL-H-format body"


def test_sparse_regressor_in_parts(save):
    arrays = model_arrays("smpl")
    dense = arrays.pop("J_regressor")
    rows, columns = dense.nonzero()
    coo = {"J_regressor_data": dense[rows, columns], "J_regressor_row": rows, "J_regressor_col": columns}
    csr = {
        "J_regressor_data": dense[rows, columns],
        "J_regressor_indices": columns,
        "J_regressor_indptr": np.arange(25),
    }
    for parts in (coo, csr):
        np.testing.assert_array_equal(read_model(save(arrays | parts)).J_regressor, dense)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("v_template", np.zeros((100, 3)), "has 100 vertices and 24 joints, expected 6890 and 24 (SMPL)"),
        ("v_template", np.zeros((6890, 2)), "'v_template' has shape (6890, 2), expected (6890, 3)"),
        ("v_template", np.full((6890, 3), np.nan), "'v_template' holds 20670 values that are not finite"),
        ("v_template", np.array(1.0), "has 0 vertices"),
        ("weights", np.zeros((6890, 30)), "30 joints"),
        ("weights", np.zeros((6889, 24)), "'weights' has shape"),
        ("shapedirs", np.zeros((6890, 3)), "'shapedirs' has shape (6890, 3), expected (6890, 3, any)"),
        ("shapedirs", np.zeros((6890, 3, 0)), "'shapedirs' has no columns"),
        ("posedirs", np.zeros((6890, 3, 9)), "'posedirs' has shape (6890, 3, 9), expected (6890, 3, 207)"),
        ("posedirs", np.full((6890, 3, 207), "a"), "'posedirs' is text, expected numbers"),
        ("f", np.zeros((5, 3)), "'f' has shape (5, 3) of float64"),
        ("f", np.array([[0, 1, 6890]]), "'f' names vertices from 0 to 6890, expected 0 to 6889"),
        ("f", np.zeros((0, 3), int), "'f' has shape"),
        ("kintree_table", np.zeros((2, 10), int), "'kintree_table' has shape"),
        ("kintree_table", np.zeros((2, 24), int), "'kintree_table' gives the first joint the parent 0"),
        ("kintree_table", np.full((2, 24), 30) - 31 * (np.arange(24) == 0), "gives joint 1 the parent 30"),
        ("J_regressor", np.zeros((24, 5)), "'J_regressor' has shape (24, 5), expected (24, 6890)"),
        ("J_regressor", np.array([None]), "'J_regressor' holds pickled Python objects"),
        ("posedirs", np.array([None]), "'posedirs' holds pickled Python objects"),
        ("joint_names", np.array(["a"] * 24), "'joint_names' are not the 24 of SMPL"),
        ("gender", np.array("robot"), "'gender' is 'robot'"),
        ("hands_meanl", np.zeros(45), None),
    ],
)
def test_wrong_contents(save, refuses, key, value, words):
    path = save(model_arrays("smpl") | {key: value})
    if words is None:
        assert read_model(path).hands_mean is None
    else:
        assert words in refuses(read_model, path)


@pytest.mark.parametrize(
    "change",
    [
        {"J_regressor_indptr": np.arange(24)},
        {"J_regressor_indptr": np.arange(25)[::-1].copy()},
        {"J_regressor_indices": np.full(24, 6890)},
        {"J_regressor_indices": np.full(24, -1)},
        {"J_regressor_indices": np.full(24, 0.5)},
        {"J_regressor_data": np.full(23, 1.0)},
        {"J_regressor_data": np.full(24, np.nan)},
    ],
)
def test_sparse_regressors_that_do_not_fit(save, refuses, change):
    arrays = model_arrays("smpl")
    del arrays["J_regressor"]
    parts = {
        "J_regressor_data": np.ones(24),
        "J_regressor_indices": np.arange(24),
        "J_regressor_indptr": np.arange(25),
    }
    assert "J_regressor" in refuses(read_model, save(arrays | parts | change))


def test_missing_keys(save, refuses, amass):
    arrays = model_arrays("smpl")
    del arrays["J_regressor"]
    assert "has no J_regressor" in refuses(read_model, save(arrays))
    assert "is a motion of AMASS, expected a body model" in refuses(read_model, save(amass))


def test_another_family_than_expected(save, refuses):
    path = save(model_arrays("smpl"))
    assert "expected SMPL-X" in refuses(read_model, path, family="smplx")


def test_smpl_from_smplh(save):
    source = read_model(save(model_arrays("smplh", columns=16)))
    body = smpl_from_smplh(source)
    assert body.joint_names == JOINT_NAMES["smpl"]
    assert body.posedirs.shape == (VERTICES["smpl"], 3, 207)
    np.testing.assert_array_equal(body.posedirs[:, :, :189], source.posedirs[:, :, :189])
    assert not body.posedirs[:, :, 189:].any()
    np.testing.assert_allclose(body.weights.sum(1), 1)
    np.testing.assert_array_equal(body.weights[:, 22], source.weights[:, 22:37].sum(1))
    np.testing.assert_array_equal(body.J_regressor[22], source.J_regressor[25])
    np.testing.assert_array_equal(body.J_regressor[23], source.J_regressor[40])
    assert list(body.parents[22:]) == [20, 21]
    with pytest.raises(ValueError, match="SMPL-H"):
        smpl_from_smplh(body)


def pickled(arrays, ch, protocol=2):
    """As the owners' pickles: chumpy's arrays, a sparse regressor, and much that nobody needs."""
    model = dict(arrays)
    model["shapedirs"] = ch(x=arrays["shapedirs"].astype(np.float64))
    model["posedirs"] = arrays["posedirs"].astype(np.float64)
    model["J_regressor"] = sparse.csc_matrix(arrays["J_regressor"].astype(np.float64))
    model["J_regressor_prior"] = sparse.csc_matrix(arrays["J_regressor"])
    model |= {
        "bs_style": "lbs",
        "bs_type": "lrotmin",
        "vert_sym_idxs": np.arange(5),
        "pose_training_info": {},
    }
    return pickle.dumps(model, protocol)


@pytest.mark.parametrize(
    ("family", "columns", "name", "gender", "protocol"),
    [
        ("smpl", 10, "basicmodel_f_lbs_10_207_0_v1.1.0.pkl", "female", 2),
        ("smpl", 300, "SMPL_NEUTRAL.pkl", "neutral", 4),
        ("smplh", 10, "SMPLH_male.pkl", "male", 2),
        ("smplx", 20, "SMPLX_MALE.pkl", "male", 2),
    ],
)
def test_a_pickle_is_the_same_body(save, chumpy_classes, family, columns, name, gender, protocol):
    ch, _ = chumpy_classes
    arrays = model_arrays(family, columns=columns)
    body = read_model(save(pickled(arrays, ch, protocol), name))
    other = read_model(save(arrays, "other.npz"), gender=gender)
    assert (body.family, body.gender, body.builtin) == (family, gender, False)
    for key in (
        "v_template",
        "shapedirs",
        "expressiondirs",
        "posedirs",
        "weights",
        "J_regressor",
        "parents",
        "faces",
    ):
        np.testing.assert_array_equal(getattr(body, key), getattr(other, key), err_msg=key)


def test_a_pickle_that_would_run_something_is_refused(save, refuses, tmp_path):
    marker = tmp_path / "created"
    model = model_arrays("smpl") | {"pose_training_info": CreatesFile(marker)}
    message = refuses(read_model, save(pickle.dumps(model), "SMPL_MALE.pkl"))
    assert "never opened" in message
    assert not marker.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"v_template": None}, "is a NoneType, expected an array of numbers"),
        ({"J_regressor": "text"}, "neither an array of numbers nor a sparse matrix"),
        ({"weights": {"a": 1}}, "is a dict, expected an array of numbers"),
    ],
)
def test_pickles_with_wrong_contents(save, refuses, change, words):
    assert words in refuses(read_model, save(pickle.dumps(model_arrays("smpl") | change), "SMPL_MALE.pkl"))


def test_a_pickle_that_is_no_model(save, refuses):
    assert "holds no table" in refuses(read_model, save(pickle.dumps([1, 2]), "SMPL_MALE.pkl"))
    assert "it has no" in refuses(read_model, save(pickle.dumps({"a": 1}), "SMPL_MALE.pkl"))
    assert "is a correspondence" in refuses(read_model, save(pickle.dumps({"mtx": 1}), "SMPL_MALE.pkl"))


def test_another_topology_is_refused(save, refuses):
    arrays = model_arrays("smplx")
    message = refuses(read_model, save(arrays | {"f": arrays["f"][:-8]}, "SMPLX_MALE.npz"))
    assert "has 20900 triangles, expected the 20908 of SMPL-X" in message
