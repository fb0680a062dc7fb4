"""Joints, their supports and what a vertex feeds, against the raw arrays of the built-in bodies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.correspond.load_bodies import load_bodies
from core.errors import FileError, RefitError
from core.files.bodies.models import read_model
from core.geometry.mirror import mirror_map
from core.inspection.regressor import compare_regressors, regressor_statistics
from core.inspection.support import joint_support
from core.inspection.vertex_feeds import vertex_feeds
from core.model.body import BodyModel
from core.model.body_joints import (
    body_joints,
    find_joint,
    joint_errors_mm,
    joint_places,
    joint_rows,
    landmark_names,
)
from tests.smplx_layers import arguments, layer
from tests.variants import NAMES, body_pair


def posed(body: BodyModel) -> tuple[np.ndarray, np.ndarray, dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(4)
    state = {
        "poses": 0.5 * torch.randn(1, body.num_joints, 3, generator=generator),
        "betas": torch.randn(1, 10, generator=generator),
        "transl": torch.randn(1, 3, generator=generator),
    }
    skin = body.vertices(state["poses"], state["betas"], state["transl"])[0].numpy()
    chain = body.joints(state["poses"], state["betas"], state["transl"])[0].numpy()
    return skin, chain, state


def raw(body: BodyModel) -> dict[str, np.ndarray]:
    assert body.path is not None
    with np.load(body.path) as file:
        return {key: file[key] for key in ("J_regressor", "weights", "v_template", "f")}


@pytest.mark.parametrize(
    ("family", "chain", "total"), [("smpl", 24, 45), ("smplh", 52, 73), ("smplx", 55, 127)]
)
def test_all_joints_of_a_body(family: str, chain: int, total: int) -> None:
    body = load_bodies(source=family).source
    joints = body_joints(body)
    assert len(joints) == total
    assert [joint.index for joint in joints] == list(range(total))
    assert [joint.kind for joint in joints[:chain]] == ["kinematic"] * chain
    assert len({joint.name for joint in joints}) == total
    assert [joint.parent for joint in joints[:chain]] == list(body.parents)
    parents = {joint.name: joints[joint.parent].name for joint in joints}
    assert parents["nose"] == "head"
    assert parents["left_heel"] in ("left_ankle", "left_foot")
    assert parents["right_thumb"] == ("right_hand" if family == "smpl" else "right_thumb3")


@pytest.mark.parametrize("name", NAMES)
def test_places_are_those_of_the_package(name: str, tmp_path: Path) -> None:
    pair = body_pair(name)
    for body in (pair.source, pair.target):
        skin, chain, state = posed(body)
        joints = body_joints(body)
        places = joint_places(joints, chain, skin)
        package = layer(body, tmp_path, 1)
        with torch.no_grad():
            expected = (
                package(
                    betas=state["betas"], transl=state["transl"], **arguments(body.family, state["poses"])
                )
                .joints[0]
                .numpy()
            )
        assert np.abs(places[: len(chain) + 21] - expected[: len(chain) + 21]).max() < 2e-5
        if body.landmark_faces is not None:
            with np.load(body.path) as file:
                corners = skin[file["f"][file["lmk_faces_idx"]].astype(int)]
                landmarks = np.einsum("lk,lkc->lc", file["lmk_bary_coords"], corners)
            assert np.abs(places[len(chain) + 21 :] - landmarks).max() < 1e-6


def test_joints_of_both_bodies_are_compared_by_name_and_kind() -> None:
    pair = load_bodies()
    places = [joint_places(body_joints(body), *posed(body)[1::-1]) for body in (pair.source, pair.target)]
    source, target = body_joints(pair.source), body_joints(pair.target)
    error = joint_errors_mm(source, target, *places)
    names = [joint.name for joint in target]
    theirs = [joint.name for joint in source].index("left_heel")
    assert error[names.index("left_heel")] == pytest.approx(
        1000 * np.linalg.norm(places[1][names.index("left_heel")] - places[0][theirs])
    )
    assert np.isnan(error[names.index("jaw")])
    assert np.isnan(error[-51:]).all()
    assert np.isfinite(error).sum() == 52 + 21


@pytest.mark.parametrize("name", NAMES)
def test_the_support_of_a_joint(name: str) -> None:
    pair = body_pair(name)
    body, valid = pair.target, pair.correspondence.valid.copy()
    skin, chain, _ = posed(body)
    joint = find_joint(body, body_joints(body), "left_elbow")
    row = raw(body)["J_regressor"][body.joint_names.index("left_elbow")].astype(np.float64)
    valid[np.flatnonzero(row)[:3]] = False
    found = joint_support(joint, chain[joint.index], skin, valid)
    assert found.count == (row != 0).sum()
    assert (np.diff(np.abs(found.weights)) <= 0).all()
    assert set(found.vertices) == set(np.flatnonzero(row))
    assert np.array_equal(found.weights, row[found.vertices])
    assert found.total == pytest.approx(row.sum())
    assert found.share.sum() == pytest.approx(1)
    apart = np.linalg.norm(skin[found.vertices].astype(float) - chain[joint.index], axis=1)
    assert np.allclose(found.distance_mm, 1000 * apart, atol=1e-3)
    assert found.invalid_share == pytest.approx(row[np.flatnonzero(row)[:3]].sum() / row.sum())
    assert (~found.valid).sum() == 3
    assert found.negative == 0
    centre = (row @ skin) / row.sum()
    assert np.allclose(found.centroid, centre, atol=1e-6)
    away = np.square(skin - centre).sum(1)
    assert found.spread_mm == pytest.approx(1000 * np.sqrt(row @ away / row.sum()), rel=1e-4)


def test_negative_weights_and_rows_without_any() -> None:
    body = load_bodies().target
    matrix = body.J_regressor.copy()
    row = np.flatnonzero(matrix[4])
    matrix[4, row[0]] = -0.5
    matrix[5] = 0
    joints = body_joints(body, matrix)
    found = joint_support(joints[4], np.zeros(3), body.v_template)
    assert found.vertices[0] == row[0]
    assert found.negative == 1
    assert found.valid is None
    assert np.isnan(found.invalid_share)
    assert found.share[0] == pytest.approx(0.5 / np.abs(matrix[4].astype(float)).sum())
    empty = joint_support(joints[5], np.zeros(3), body.v_template)
    assert empty.count == 0
    assert empty.total == 0
    assert np.isnan(empty.spread_mm)


def test_the_support_of_a_vertex_joint_is_its_vertex() -> None:
    body = load_bodies().target
    skin, chain, _ = posed(body)
    joints = body_joints(body)
    nose = find_joint(body, joints, "nose")
    found = joint_support(nose, joint_places(joints, chain, skin)[nose.index], skin)
    assert list(found.vertices) == [9120]
    assert found.distance_mm[0] == pytest.approx(0, abs=1e-4)


def test_an_unknown_joint_is_told_with_those_like_it() -> None:
    body = load_bodies().target
    with pytest.raises(RefitError, match=r"SMPL-X body has no joint 'left_elbo'; did you mean left_elbow"):
        find_joint(body, body_joints(body), "left_elbo")


def test_what_a_vertex_feeds() -> None:
    body = load_bodies().target
    arrays = raw(body)
    joints = body_joints(body)
    vertex = int(np.argmax((arrays["J_regressor"] != 0).sum(0)))
    found = vertex_feeds(body, joints, vertex)
    names = {feed.joint: feed for feed in found.feeds if feed.kind == "kinematic"}
    fed = np.flatnonzero(arrays["J_regressor"][:, vertex])
    assert set(names) == {body.joint_names[joint] for joint in fed}
    for joint in fed:
        row = np.abs(arrays["J_regressor"][joint].astype(float))
        feed = names[body.joint_names[joint]]
        assert feed.weight == pytest.approx(float(arrays["J_regressor"][joint, vertex]))
        assert feed.share == pytest.approx(row[vertex] / row.sum())
    weights = arrays["weights"][vertex]
    assert found.skinning[0][0] == body.joint_names[weights.argmax()]
    assert sum(weight for _, weight in found.skinning) == pytest.approx(weights.sum(), abs=1e-5)
    assert len(found.skinning) == (weights != 0).sum()
    assert vertex_feeds(body, joints, 9120).feeds[0].joint == "nose"
    with pytest.raises(RefitError, match="no vertex 10475; its ids are 0 to 10474"):
        vertex_feeds(body, joints, 10475)


def test_rows_give_the_regressors_joints() -> None:
    body = load_bodies().source
    rows = joint_rows(body_joints(body), body.num_vertices)
    assert np.array_equal(rows[:52].toarray().astype(np.float32), body.J_regressor)


@pytest.mark.parametrize("family", ["smpl", "smplh", "smplx"])
def test_statistics_are_those_of_the_matrix(family: str) -> None:
    body = load_bodies(source=family).source
    found = regressor_statistics(body)
    matrix = body.J_regressor.astype(np.float64)
    assert found.shape == matrix.shape
    assert found.zeros_percent == pytest.approx(100 * (matrix == 0).sum() / matrix.size)
    assert list(found.entries) == [(row != 0).sum() for row in matrix]
    assert np.allclose(found.row_sums, matrix.sum(1))
    assert len(found.off_rows) == 0
    # The built-in bodies are mirrored exactly, their regressors to what float32 holds.
    assert found.symmetry.max() < 1e-3
    assert found.symmetry_mm.max() < 0.01


def test_asymmetry_and_rows_that_do_not_sum_are_seen() -> None:
    body = load_bodies().target
    names = body.joint_names
    matrix = body.J_regressor.copy()
    knee = names.index("left_knee")
    matrix[knee] *= 1.1
    found = regressor_statistics(body, matrix)
    assert list(found.off_rows) == [knee]
    both = [knee, names.index("right_knee")]
    assert found.symmetry[both] == pytest.approx(0.1 / 2.1, abs=1e-3)
    assert (np.delete(found.symmetry, both) < 1e-3).all()
    place = matrix[knee].astype(float) @ body.v_template
    assert found.symmetry_mm[knee] == pytest.approx(1000 * np.linalg.norm(place / 11), rel=1e-3)

    other = compare_regressors(body, body.J_regressor, matrix)
    assert not other.same
    assert np.flatnonzero(other.distance_mm > 1e-6).tolist() == [knee]
    assert other.weight_difference[knee] == pytest.approx(0.05, abs=1e-4)
    assert other.shared[knee] == (matrix[knee] != 0).sum()
    assert other.only_first.sum() == other.only_second.sum() == 0
    assert compare_regressors(body, matrix, matrix).same


def test_a_body_that_is_moved_aside_is_mirrored_at_its_own_middle() -> None:
    body = load_bodies().target
    aside = replace(body, v_template=body.v_template + np.float32([0.3, 0, 0]))
    mirror = mirror_map(aside)
    assert mirror.middle == pytest.approx(0.3, abs=1e-5)
    assert mirror.error_mm.max() < 1e-3
    assert np.array_equal(mirror.vertices[mirror.vertices], np.arange(body.num_vertices))
    assert np.array_equal(mirror.vertices, mirror_map(body).vertices)
    hand = body.weights[:, body.joint_names.index("left_wrist")] > 0.9
    other = body.weights[:, body.joint_names.index("right_wrist")] > 0.9
    assert np.array_equal(mirror.image(hand), other)


def test_landmarks_that_are_off_the_body_are_refused(tmp_path: Path) -> None:
    body = load_bodies().target
    assert body.path is not None
    arrays = dict(np.load(body.path))
    arrays["lmk_faces_idx"] = arrays["lmk_faces_idx"] + 20900
    np.savez(tmp_path / "model.npz", **arrays)
    with pytest.raises(FileError, match="'lmk_faces_idx' names triangles from"):
        read_model(tmp_path / "model.npz")


def test_landmarks_of_the_lips_are_on_the_lips() -> None:
    body = load_bodies().target
    assert body.landmark_faces is not None
    corners = body.v_template[body.faces[body.landmark_faces]].astype(float)
    at = dict(zip(landmark_names(51), np.einsum("lk,lkc->lc", body.landmark_weights, corners), strict=True))
    left, right = at["left_mouth_1"], at["right_mouth_1"]
    mouth = (left + right) / 2
    for name in at:
        if "lip" in name or "mouth" in name:
            assert np.linalg.norm(at[name] - mouth) < 0.6 * np.linalg.norm(left - right), name
    # Outer above inner, and the upper lip above the lower one.
    for side in ("left", "right"):
        outer, inner = at[f"{side}_mouth_3"], at[f"{side}_lip_2"]
        assert outer[1] > inner[1] > at[f"{side}_lip_3"][1] > at[f"{side}_mouth_4"][1]
    assert at["mouth_top"][1] > at["lip_top"][1] > at["lip_bottom"][1] > at["mouth_bottom"][1]
    for name, place in at.items():
        if name.startswith("left"):
            twin = at[name.replace("left", "right")]
            assert np.abs(twin * (-1, 1, 1) - place).max() < 1e-3, name


@pytest.mark.parametrize("family", ["smplh", "smplx"])
def test_vertex_joints_have_the_names_of_their_vertices_too(family: str) -> None:
    from smplx.vertex_ids import vertex_ids

    body = load_bodies(source="smplh", target="smplx")
    model = body.source if family == "smplh" else body.target
    joints = body_joints(model)
    for name, vertex in vertex_ids[family].items():
        assert find_joint(model, joints, name).vertices.tolist() == [vertex]
    assert find_joint(model, joints, "rthumb").name == "right_thumb"
