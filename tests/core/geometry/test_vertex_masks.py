"""Masks: figures, reasons, brushes, regions and files, against numpy on the raw arrays."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.correspond.load_bodies import load_bodies
from core.errors import FileError, RefitError
from core.files.bodies.vertex_sets import read_vertex_list, write_vertex_list
from core.geometry.closest_point import closest_on_surface, on_triangles
from core.geometry.mesh_graph import MeshGraph
from core.geometry.mirror import mirror_map
from core.geometry.regions import region_masks
from core.geometry.vertex_masks import grown, mask_of, part_mask, shrunk, within
from core.inspection.mask_report import Reason, invalid_reasons, mask_report, why_invalid
from core.inspection.rest_distance import surface_distance
from core.model.body_pair import BodyPair
from core.model.joints import PARTS


@pytest.fixture(scope="module")
def pair() -> BodyPair:
    return load_bodies()


@pytest.fixture(scope="module")
def graph(pair: BodyPair) -> MeshGraph:
    return MeshGraph(pair.target.faces, pair.target.v_template)


@pytest.fixture(scope="module")
def regions(pair: BodyPair, graph: MeshGraph) -> dict[str, np.ndarray]:
    return region_masks(pair.target, graph)


def test_the_figures_of_a_mask(pair: BodyPair, graph: MeshGraph) -> None:
    body, valid = pair.target, pair.correspondence.valid.copy()
    valid[np.flatnonzero(body.J_regressor[4])[:5]] = False
    found = mask_report(body, valid, graph)
    assert found.valid == valid.sum()
    assert found.invalid == (~valid).sum()
    assert found.part_total.sum() == body.num_vertices
    for index in range(len(PARTS)):
        assert found.part_valid[index] == (valid & (body.vertex_part == index)).sum()
    edges = {tuple(sorted(edge)) for a, b, c in body.faces.tolist() for edge in ((a, b), (b, c), (c, a))}
    assert {tuple(edge) for edge in found.edges.tolist()} == edges
    assert found.edge_dropped.sum() == sum(not (valid[a] and valid[b]) for a, b in edges)
    rows = np.abs(body.J_regressor.astype(np.float64))
    assert np.allclose(found.joint_share, rows[:, ~valid].sum(1) / rows.sum(1))
    assert 4 in found.joints_touched


def test_why_vertices_do_not_count(pair: BodyPair, regions: dict[str, np.ndarray]) -> None:
    source_regions = region_masks(pair.source, MeshGraph(pair.source.faces, pair.source.v_template))
    assert set(source_regions) == {"ears"}
    own = invalid_reasons(pair.correspondence)
    assert set(np.unique(own)) == {Reason.VALID, Reason.NO_COUNTERPART}
    assert np.array_equal(own == Reason.VALID, pair.correspondence.valid)
    masked = replace(pair.correspondence, valid=pair.correspondence.valid & (np.arange(10475) != 3000))
    painted = masked.valid.copy()
    painted[4000] = False
    codes = invalid_reasons(masked, painted)
    assert (codes[3000], codes[4000], codes[5000]) == (Reason.LEFT_OUT, Reason.TAKEN_OUT, Reason.VALID)
    holed = replace(pair, correspondence=masked)

    def said(vertex: int) -> str:
        return why_invalid(holed, vertex, int(codes[vertex]), regions, source_regions)

    eye = int(np.flatnonzero(regions["eyes"])[0])
    assert said(eye) == (
        f"Vertex {eye}, in the eyes, which the SMPL-H body does not have, has no counterpart on SMPL-H: "
        "its row in smplh2smplx_deftrafo_setup.pkl is empty."
    )
    assert said(3000) == "Vertex 3000 is excluded by the mask file smplx_mask_ids.npy."
    assert "is excluded by hand" in said(4000)
    assert said(5000) == "Vertex 5000 counts."


def test_regions_are_what_the_correspondence_leaves_out(
    pair: BodyPair, regions: dict[str, np.ndarray]
) -> None:
    """The mask of the built-in bodies was made by hand of what SMPL-H lacks: most of it is found again."""
    invalid = ~pair.correspondence.valid
    assert set(regions) == {"eyes", "eye sockets", "inner mouth", "ears"}
    assert (regions["eyes"] & invalid).sum() == regions["eyes"].sum() == 1092
    inside = regions["inner mouth"]
    assert 100 < inside.sum() == (inside & invalid).sum()
    assert (regions["eye sockets"] & ~invalid).sum() <= 10
    known = np.logical_or.reduce([regions[name] for name in ("eyes", "eye sockets", "inner mouth")])
    assert (invalid & ~known).sum() < 20
    mirror = mirror_map(pair.target)
    for mask in regions.values():
        assert (mask != mirror.image(mask)).sum() <= 0.05 * mask.sum()
    ears = pair.target.v_template[regions["ears"]]
    assert (np.abs(ears[:, 0]) > 0.05).all()
    assert pair.target.vertex_part[regions["ears"]].max() == PARTS.index("head")


def test_growing_and_shrinking(pair: BodyPair, graph: MeshGraph) -> None:
    body = pair.target
    start = mask_of(np.array([5000]), body.num_vertices)
    ring = {5000} | {v for face in body.faces.tolist() if 5000 in face for v in face}
    assert set(np.flatnonzero(grown(start, graph))) == ring
    assert np.array_equal(grown(start, graph, 0), start)
    wide = grown(start, graph, 3)
    assert np.array_equal(grown(grown(start, graph), graph, 2), wide)
    assert shrunk(wide, graph, 3)[5000]
    inner = shrunk(wide, graph)
    for vertex in np.flatnonzero(inner)[:10]:
        assert all(wide[v] for face in body.faces.tolist() if vertex in face for v in face)
    assert not start[list(ring - {5000})].any()


def test_parts_and_sides(pair: BodyPair) -> None:
    body = pair.target
    hands = part_mask(body, "hands")
    assert np.array_equal(hands, body.vertex_part == PARTS.index("hands"))
    left, right = (
        hands & np.char.startswith(np.array(body.joint_names)[body.weights.argmax(1)], side)
        for side in ("left_", "right_")
    )
    assert np.array_equal(mirror_map(body).image(left), right)
    assert (body.v_template[left, 0] > 0).all()
    with pytest.raises(RefitError, match="'tail' is no body part, expected head, torso"):
        part_mask(body, "tail")


def test_a_brush_follows_the_surface(pair: BodyPair, graph: MeshGraph) -> None:
    body = pair.target
    rest = body.v_template.astype(float)
    for vertex in (5770, 9120, 4933):
        ids = graph.brush(vertex, 0.03)
        away = np.linalg.norm(rest[ids] - rest[vertex], axis=1)
        assert vertex in ids
        assert away.max() <= 0.03
        around = np.flatnonzero(np.linalg.norm(rest - rest[vertex], axis=1) < 0.01)
        same = around[graph.pieces[around] == graph.pieces[vertex]]
        assert len(np.setdiff1d(same, ids)) <= 0.5 * len(same)
    # An eyeball does not paint the skin that it touches.
    eye = int(np.flatnonzero(body.weights[:, 23] > 0.9)[0])
    assert set(graph.pieces[graph.brush(eye, 0.05)]) == {graph.pieces[eye]}
    far = graph.distances(5770)
    assert far[8463] > 1.2  # from one big toe to the other, up one leg and down the other
    assert np.linalg.norm(rest[5770] - rest[8463]) < 0.8
    mask = mask_of(np.array([5770, 8463]), body.num_vertices)
    both = within(mask, graph, 0.02)
    expected = np.union1d(graph.brush(5770, 0.02), graph.brush(8463, 0.02))
    assert np.array_equal(np.flatnonzero(both), expected)
    assert not within(~np.ones(body.num_vertices, bool), graph, 0.02).any()


def test_distances_on_a_plane_are_nearly_straight() -> None:
    side = np.arange(21)
    x, y = (grid.ravel() for grid in np.meshgrid(side, side))
    shape = np.stack((x, y, 0 * x), 1) / 100
    corner = np.arange(20)[:, None] * 21 + np.arange(20)
    a, b, c, d = (corner.ravel() + step for step in (0, 1, 21, 22))
    graph = MeshGraph(np.concatenate((np.stack((a, b, d), 1), np.stack((a, d, c), 1))), shape)
    straight = np.linalg.norm(shape - shape[220], axis=1)
    found = graph.distances(220)
    assert (found >= straight - 1e-9).all()
    assert (found[straight > 0] / straight[straight > 0]).max() < 1.09
    assert np.isinf(graph.distances(220, 0.05)[straight > 0.051]).all()


def test_the_nearest_point_is_the_nearest() -> None:
    body = load_bodies().source
    rng = np.random.default_rng(3)
    points = body.v_template[rng.integers(0, 6890, 40)] + rng.normal(scale=0.02, size=(40, 3))
    found = closest_on_surface(points, body.v_template, body.faces)
    corners = body.v_template[body.faces].astype(float)
    for point, distance, face, weights in zip(points, found.distance, found.face, found.weights, strict=True):
        every = on_triangles(np.tile(point, (len(corners), 1)), corners)
        away = np.linalg.norm(np.einsum("nk,nkc->nc", every, corners) - point, axis=1)
        assert distance == pytest.approx(away.min(), abs=1e-12)
        assert np.linalg.norm(weights @ corners[face] - point) == pytest.approx(distance, abs=1e-9)
        assert weights.sum() == pytest.approx(1)
        assert weights.min() >= 0
    # A triangle sampled densely has no nearer point.
    grid = rng.dirichlet(np.ones(3), 4000)
    triangle = corners[0]
    point = triangle.mean(0) + np.array([0.01, 0.02, -0.01])
    mine = on_triangles(point[None], triangle[None])[0] @ triangle
    assert np.linalg.norm(mine - point) <= np.linalg.norm(grid @ triangle - point, axis=1).min() + 1e-9


def test_distances_to_the_source_do_not_depend_on_where_the_target_rests(pair: BodyPair) -> None:
    found = surface_distance(pair)
    valid = pair.correspondence.valid
    assert np.array_equal(np.isnan(found.counterpart_mm), ~valid)
    assert (found.distance_mm[valid] <= found.counterpart_mm[valid] + 1e-6).all()
    assert found.distance_mm[valid].max() < 10 < found.distance_mm[~valid].max()
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], float)
    moved = (pair.target.v_template @ turn.T + [1, 2, 3]).astype(np.float32)
    away = surface_distance(replace(pair, target=replace(pair.target, v_template=moved)))
    assert np.abs(away.distance_mm - found.distance_mm).max() < 0.01
    assert np.abs(away.counterpart_mm - found.counterpart_mm)[valid].max() < 0.01


def write(name: str, value: Any) -> Any:
    def make(folder: Path) -> Path:
        path = folder / name
        if name.endswith(".npy"):
            np.save(path, value)
        elif name.endswith(".npz"):
            np.savez(path, **value)
        elif name.endswith(".pkl"):
            path.write_bytes(pickle.dumps(value))
        else:
            path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    return make


MASK = mask_of(np.array([0, 3, 9]), 10)


@pytest.mark.parametrize(
    "make",
    [
        write("a.txt", "0, 3\n9 # the last\n"),
        write("a.json", [9, 3, 0]),
        write("a.json", MASK.tolist()),
        write("a.json", {"ids": [0, 3, 9], "what": "eyes"}),
        write("a.npy", np.array([0, 3, 9, 9])),
        write("a.npy", MASK),
        write("a.npy", MASK.astype(np.uint8)),
        write("a.npz", {"mask": MASK, "other": np.zeros(3)}),
        write("a.npz", {"anything": np.array([0, 3, 9])}),
        write("a.pkl", np.array([0, 3, 9])),
        write("a.pkl", [0, 3, 9]),
    ],
)
def test_every_form_of_a_list_is_read(make: Any, tmp_path: Path) -> None:
    found = read_vertex_list(make(tmp_path), 10)
    assert np.array_equal(found.named, MASK)
    assert not found.leaves_out
    assert np.array_equal(found.valid, MASK)


def test_a_head_bun_list_leaves_out(tmp_path: Path) -> None:
    path = write("smplx_exclude_vertices_headbun.npy", np.array([0, 3, 9]))(tmp_path)
    found = read_vertex_list(path, 10)
    assert found.leaves_out
    assert np.array_equal(found.valid, ~MASK)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (write("a.txt", "1 2\n3 x4"), "has 'x4' in line 2"),
        (write("a.txt", ""), "is an empty file, expected a list of vertices"),
        (write("a.txt", "# none"), "names no vertex"),
        (write("a.txt", "1 " + "9" * 50), "names vertices from 1 to"),
        (write("a.json", "[1,"), "is not a json file"),
        (write("a.json", [1.5]), "is no list of vertex ids"),
        (write("a.json", [10**30]), "holds a whole number of 31 digits"),
        (write("a.json", [95 * 10**17]), "beyond all bodies"),
        (write("a.json", [10]), "names vertices from 10 to 10, expected 0 to 9"),
        (write("a.npy", MASK[:7]), "holds 7 booleans, expected 10"),
        (write("a.npy", np.zeros((2, 2), int)), r"integers of shape \(2, 2\)"),
        (write("a.npy", np.zeros(4)), r"numbers of shape \(4,\), expected a row of vertex ids"),
        (write("a.npz", {"a": MASK, "b": MASK}), "has none of ids, mask, valid, but a, b"),
        (write("a.pkl", {"x": 1, "y": 2}), "has none of ids, mask, valid, but x, y"),
    ],
)
def test_a_wrong_list_is_one_sentence(make: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=said):
        read_vertex_list(make(tmp_path), 10)


@pytest.mark.parametrize("ending", [".txt", ".json", ".npy", ".npz"])
def test_a_list_is_written(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"mask{ending}"
    write_vertex_list(path, MASK)
    assert np.array_equal(read_vertex_list(path, 10).valid, MASK)
    with pytest.raises(FileError, match="already exists"):
        write_vertex_list(path, MASK)
    with pytest.raises(RefitError, match="without 'exclude'"):
        write_vertex_list(tmp_path / f"exclude{ending}", MASK)
    with pytest.raises(RefitError, match="must end in"):
        write_vertex_list(tmp_path / "mask.bin", MASK)
