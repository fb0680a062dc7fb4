"""Correspondences row by row, against the raw matrix; broken rows are found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from core.correspond.load_bodies import load_bodies
from core.errors import RefitError
from core.inspection.correspondence_report import bordering_parts, correspondence_report, source_faces
from core.inspection.correspondence_rows import compare_correspondences, correspondence_row, target_vertices
from core.inspection.rest_distance import SurfaceDistance, surface_distance
from core.model.body_pair import BodyPair
from core.model.correspondence import Correspondence
from core.model.joints import PARTS


@pytest.fixture(scope="module")
def pair() -> BodyPair:
    return load_bodies()


@pytest.fixture(scope="module")
def rest(pair: BodyPair) -> SurfaceDistance:
    return surface_distance(pair)


def broken(pair: BodyPair, rows: dict[int, dict[int, float]]) -> BodyPair:
    matrix = pair.correspondence.matrix.tolil()
    for row, entries in rows.items():
        matrix[row] = 0
        for column, weight in entries.items():
            matrix[row, column] = weight
    changed = sparse.csr_matrix(matrix, dtype=np.float32)
    changed.eliminate_zeros()
    return replace(pair, correspondence=Correspondence(changed, pair.correspondence.valid))


@pytest.mark.parametrize(("source", "target"), [("smplh", "smplx"), ("smplx", "smplh"), ("smpl", "smplh")])
def test_the_built_in_rows_are_in_order(source: str, target: str) -> None:
    pair = load_bodies(source=source, target=target)
    matrix = pair.correspondence.matrix
    found = correspondence_report(pair)
    assert found.shape == matrix.shape
    assert found.entries == matrix.nnz
    assert np.array_equal(found.empty, np.flatnonzero(np.asarray((matrix != 0).sum(1)).ravel() == 0))
    assert np.allclose(found.sums, np.asarray(matrix.sum(1)).ravel(), atol=1e-6)
    for ids in (found.off, found.negative, found.no_triangle, found.across):
        assert len(ids) == 0
    assert np.array_equal(found.unused, np.flatnonzero(np.asarray((matrix != 0).sum(0)).ravel() == 0))
    faces = source_faces(pair)
    for row in range(0, matrix.shape[0], 531):
        ids = matrix[row].indices
        if len(ids):
            assert set(ids) <= set(pair.source.faces[faces[row]])
            points = pair.source.v_template[ids].astype(float)
            widest = max(np.linalg.norm(a - b) for a in points for b in points)
            assert found.spread_mm[row] == pytest.approx(1000 * widest)


def test_broken_rows_are_found(pair: BodyPair) -> None:
    source = pair.source
    names = list(source.joint_names)

    def held_by(name: str) -> int:
        return int(source.weights[:, names.index(name)].argmax())

    target = pair.target
    left_hand = int(target.weights[:, target.joint_names.index("left_wrist")].argmax())
    chest = int(target.weights[:, target.joint_names.index("spine3")].argmax())
    face = source.faces[100].tolist()
    wrong = broken(
        pair,
        {
            5000: {},
            5001: dict.fromkeys(face, 0.5),
            5002: {face[0]: 1.5, face[1]: -0.5},
            5003: {held_by("left_wrist"): 0.5, held_by("left_ankle"): 0.5},
            left_hand: {held_by("right_wrist"): 1.0},
            chest: {held_by("left_foot"): 1.0},
        },
    )
    found = correspondence_report(wrong)
    before = correspondence_report(pair)
    assert np.setdiff1d(found.empty, before.empty).tolist() == [5000]
    assert found.off.tolist() == [5001]
    assert found.sums[5001] == pytest.approx(1.5)
    assert found.negative.tolist() == [5002]
    assert found.no_triangle.tolist() == [5003]
    assert {5003, left_hand, chest} <= set(found.across.tolist())
    assert set(found.across.tolist()) <= {5001, 5002, 5003, left_hand, chest}


def test_from_a_vertex_to_its_triangle_and_back(pair: BodyPair, rest: SurfaceDistance) -> None:
    matrix = pair.correspondence.matrix
    for vertex in (17, 5000, 9120):
        row = correspondence_row(pair, vertex, rest)
        raw = matrix[vertex].toarray().ravel()
        assert set(row.vertices) == set(np.flatnonzero(raw))
        assert np.allclose(row.weights, raw[row.vertices])
        assert (np.diff(row.weights) <= 0).all()
        assert set(row.vertices) <= set(pair.source.faces[row.face])
        place = raw.astype(float) @ pair.source.v_template
        assert row.distance_mm == pytest.approx(
            1000 * np.linalg.norm(rest.target_shape[vertex] - place), abs=1e-3
        )
        assert row.nearest_mm <= row.distance_mm + 1e-6
        assert row.target_joint == pair.target.joint_names[pair.target.weights[vertex].argmax()]
        for source in row.vertices:
            ids, weights = target_vertices(pair, int(source))
            column = matrix[:, [source]].toarray().ravel()
            assert set(ids) == set(np.flatnonzero(column))
            assert np.array_equal(weights, column[ids].astype(float))
            assert vertex in ids


def test_an_empty_row_and_no_such_vertex(pair: BodyPair, rest: SurfaceDistance) -> None:
    vertex = int(np.flatnonzero(~pair.correspondence.valid)[0])
    row = correspondence_row(pair, vertex, rest)
    assert not row.valid
    assert len(row.vertices) == 0
    assert row.face == -1
    assert np.isnan(row.distance_mm)
    assert row.source_joint == ""
    with pytest.raises(RefitError, match="The SMPL-X body has no vertex 10475"):
        correspondence_row(pair, 10475, rest)
    with pytest.raises(RefitError, match="The SMPL-H body has no vertex -1"):
        target_vertices(pair, -1)


def test_two_correspondences_compared(pair: BodyPair) -> None:
    face = pair.source.faces[100].tolist()
    other = broken(pair, {5000: {}, 5001: {face[0]: 1.0}}).correspondence
    valid = other.valid.copy()
    valid[6000] = False
    other = replace(other, valid=valid)
    found = compare_correspondences(pair.source, pair.correspondence, other)
    assert not found.same
    assert found.only_first.tolist() == [5000]
    assert len(found.only_second) == 0
    assert found.valid_differs.tolist() == [5000, 6000]
    place = pair.correspondence.matrix[5001].toarray()[0] @ pair.source.v_template
    moved = 1000 * np.linalg.norm(place - pair.source.v_template[face[0]])
    assert found.distance_mm[5001] == pytest.approx(moved, rel=1e-4)
    assert np.nanmax(np.delete(found.distance_mm, 5001)) < 1e-6
    assert np.isnan(found.distance_mm[5000])
    assert compare_correspondences(pair.source, other, other).same


def test_parts_that_border(pair: BodyPair) -> None:
    border = bordering_parts(pair.target)
    at = PARTS.index
    assert border[at("head"), at("torso")]
    assert border[at("hands"), at("arms")]
    assert not border[at("hands"), at("feet")]
    assert not border[at("head"), at("legs")]
    assert np.array_equal(border, border.T)


def test_wide_triangles_do_not_reach_across(pair: BodyPair) -> None:
    """Those of a coarse mesh, which may be a source as well, are wider than any body's."""
    wide = replace(pair.source, v_template=4 * pair.source.v_template)
    assert len(correspondence_report(replace(pair, source=wide)).across) == 0
