"""Bodies that can be nobody's are refused as they are read, and all that can be are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.correspond.load_bodies import load_bodies
from core.files.bodies.body_check import check_body
from core.files.bodies.models import read_model
from core.geometry.mirror import mirror_map
from core.model.joints import JOINT_NAMES
from tests.core.files.bodies.model_file_arrays import model_arrays
from tests.variants import NAMES, body_pair, with_other_rest_pose

KNEE = JOINT_NAMES["smpl"].index("left_knee")


def changed(array, where, value):
    out = array.copy()
    out[where] = value
    return out


def permuted(arrays):
    return arrays["v_template"][np.random.default_rng(0).permutation(6890)]


def mirrored(arrays):
    return arrays["v_template"] * np.float32([-1, 1, 1])


FAULTS = {
    "centimetres": (
        "v_template",
        lambda a: 100 * a["v_template"],
        "is 173.6 m from end to end, expected a person",
    ),
    "millimetres": ("v_template", lambda a: 1000 * a["v_template"], "it seems to be in millimetres"),
    "feet": ("v_template", lambda a: a["v_template"] / 0.3048, "it seems to be in feet"),
    "tiny": ("v_template", lambda a: a["v_template"] / 1000, "expected a person of 0.3 to 3.5 m"),
    "a point": ("v_template", lambda a: 0 * a["v_template"], "is 0 m from end to end"),
    "flat": ("v_template", lambda a: a["v_template"] * [1, 1, 0], "0 mm thick at a length of 1.74 m"),
    "another order": ("f", permuted, "is in another order than 'v_template'"),
    "mirrored": ("f", mirrored, "has triangles that face inwards"),
    "turned corners": ("f", lambda a: a["f"][:, ::-1], "has triangles that face inwards"),
    "few corners": ("f", lambda a: a["f"] * (a["f"] < 1000), "with the same corner twice"),
    "few triangles": ("f", lambda a: np.resize(a["f"][:4000], a["f"].shape), "without a triangle"),
    "half weights": ("weights", lambda a: a["weights"] / 2, "sums to 0.5 at 6890 of 6890 vertices"),
    "no weight": ("weights", lambda a: changed(a["weights"], 7, 0), "sums to 0 at 1 of 6890 vertices"),
    "negative": (
        "weights",
        lambda a: changed(a["weights"], (7, slice(0, 2)), [1.4, -0.4]),
        "is as low as -0.4, below zero at 1 of 6890 vertices",
    ),
    "no regressor": ("J_regressor", lambda a: 0 * a["J_regressor"], "has no vertex for pelvis, left_hip,"),
    "no knee": ("J_regressor", lambda a: changed(a["J_regressor"], KNEE, 0), "has no vertex for left_knee,"),
    "double rows": ("J_regressor", lambda a: 2 * a["J_regressor"], "sums to 2 in the rows of pelvis,"),
    "joints turned round": ("J_regressor", lambda a: a["J_regressor"][::-1], "from the skin that it moves"),
    "weights that cancel": (
        "J_regressor",
        lambda a: changed(a["J_regressor"], (KNEE, slice(5, 7)), [3e38, -3e38]),
        "'J_regressor' puts left_knee",
    ),
    "beyond all numbers": (
        "v_template",
        lambda a: changed(a["v_template"], (slice(0, 2), 0), [3e38, -3e38]),
        "is 6e+38 m from end to end",
    ),
    "shape in mm": ("shapedirs", lambda a: 1000 * a["shapedirs"], "m per unit of one shape coefficient"),
    "correctives in mm": ("posedirs", lambda a: 1000 * a["posedirs"], "per unit of one entry of a rotation"),
    "a second root": (
        "kintree_table",
        lambda a: changed(a["kintree_table"], (0, 5), 2**32 - 1),
        "gives joint 5 no parent as well, expected one root, the first joint",
    ),
    "a cycle": (
        "kintree_table",
        lambda a: changed(a["kintree_table"], (0, slice(4, 6)), [5, 4]),
        "gives joint 4 the parent 5, expected an earlier joint",
    ),
    "a parent behind": (
        "kintree_table",
        lambda a: changed(a["kintree_table"], (0, 3), 9),
        "an earlier joint",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_body(save, refuses, fault):
    key, make, words = FAULTS[fault]
    arrays = model_arrays("smpl")
    wrong = np.asarray(make(arrays))
    if key == "f" and wrong.shape == arrays["v_template"].shape:
        arrays["v_template"] = wrong
    else:
        arrays[key] = wrong
    message = refuses(read_model, save(arrays))
    assert f"'{key}' " in message
    assert words in message
    assert len(message) < 220


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("hands_meanl", np.zeros(12), "has shape (12,), expected (45,)"),
        ("hands_meanr", np.full(45, 30.0), "turns a finger by 30, expected radians"),
        ("hands_componentsl", np.zeros((45, 44)), "has shape (45, 44), expected (any, 45)"),
        ("hands_componentsr", np.full((6, 45), np.nan), "holds 270 values that are not finite"),
    ],
)
def test_hands_of_another_kind(save, refuses, key, value, words):
    hands = {"hands_meanl": np.zeros(45), "hands_meanr": np.zeros(45)}
    message = refuses(read_model, save(model_arrays("smplh") | hands | {key: value}))
    assert f"'{key}' {words}" in message


def test_traces_are_no_fault(save):
    """Weights rounded to bytes or with a trace below zero, and regressors with small negative weights."""
    arrays = model_arrays("smpl")
    body = load_bodies(source="smpl").source
    rounded = np.round(255 * body.weights) / 255
    rounded[5, 20] = -0.004
    regressor = body.J_regressor.copy()
    regressor[KNEE, 100] -= 0.05
    arrays |= {"weights": rounded.astype(np.float32), "J_regressor": regressor}
    assert read_model(save(arrays)).family == "smpl"


def people():
    for name in NAMES:
        pair = body_pair(name)
        yield from (pair.source, pair.target)
    for family in ("smpl", "smplh", "smplx"):
        body = load_bodies(source=family, target=family).source
        yield body
        yield with_other_rest_pose(body, 60)


def test_every_variant_is_a_body(tmp_path):
    for body in people():
        check_body(tmp_path, body)


@pytest.mark.parametrize("size", [0.2, 0.5, 1.6])
def test_infants_and_giants(save, size):
    arrays = model_arrays("smpl")
    arrays["v_template"] = arrays["v_template"] * np.float32(size)
    assert np.ptp(read_model(save(arrays)).v_template, axis=0).max() == pytest.approx(1.736 * size, abs=1e-2)


def test_the_shapes_of_many_people(tmp_path):
    body = load_bodies().target
    generator = torch.Generator().manual_seed(0)
    for _ in range(8):
        betas = 2.5 * torch.randn(body.num_betas, generator=generator)
        shaped = body.shaped(body.coefficients(betas, None))[..., 0].numpy()
        check_body(tmp_path, replace(body, v_template=shaped))
    mirror = mirror_map(body).vertices
    check_body(tmp_path, replace(body, v_template=body.v_template[mirror] * np.float32([-1, 1, 1])))
