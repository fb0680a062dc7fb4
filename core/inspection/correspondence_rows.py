"""From a target vertex to its source triangle and back; and two correspondences compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.inspection.rest_distance import SurfaceDistance
from core.inspection.vertex_feeds import check_vertex
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.correspondence import Correspondence


@dataclass(frozen=True, eq=False)
class CorrespondenceRow:
    """One target vertex and the point of the source's surface that it corresponds to.

    Attributes:
        target: id of the target vertex.
        valid: it counts in a fit.
        vertices: (n,) source vertices, the largest weight first; none for an empty row.
        weights: (n,) float64 barycentric weights.
        face: source triangle that has them all, -1 where there is none.
        distance_mm: between the target vertex and the point, in the rest pose; NaN for an empty row.
        nearest_mm: between the target vertex and the nearest point of the source's surface.
        target_joint, source_joint: names of the joints that hold the two most; the latter empty for an empty
            row.
    """

    target: int
    valid: bool
    vertices: np.ndarray
    weights: np.ndarray
    face: int
    distance_mm: float
    nearest_mm: float
    target_joint: str
    source_joint: str


@dataclass(frozen=True, eq=False)
class CorrespondenceComparison:
    """Two correspondences between the same bodies.

    Attributes:
        distance_mm: (Vt,) between the source points that they give, in the rest pose; NaN where one gives
            none.
        only_first, only_second: ids of rows that one of them leaves empty.
        valid_differs: ids of vertices that count in one only.
        same: every weight and every mark is equal.
    """

    distance_mm: np.ndarray
    only_first: np.ndarray
    only_second: np.ndarray
    valid_differs: np.ndarray
    same: bool


def correspondence_row(bodies: BodyPair, vertex: int, rest: SurfaceDistance) -> CorrespondenceRow:
    """From a target vertex to its source triangle.

    Args:
        bodies: the pair.
        vertex: id of a target vertex.
        rest: `core.inspection.rest_distance.surface_distance` of the pair.

    Raises:
        RefitError: the target has no such vertex.
    """
    check_vertex(bodies.target, vertex)
    row = bodies.correspondence.matrix[vertex]
    order = np.lexsort((row.indices, -np.abs(row.data)))
    ids, weights = row.indices[order].astype(np.int64), row.data[order].astype(np.float64)
    return CorrespondenceRow(
        target=vertex,
        valid=bool(bodies.correspondence.valid[vertex]),
        vertices=ids,
        weights=weights,
        face=_face_with(bodies.source.faces, ids),
        distance_mm=float(rest.counterpart_mm[vertex]),
        nearest_mm=float(rest.distance_mm[vertex]),
        target_joint=_holder(bodies.target, vertex),
        source_joint=_holder(bodies.source, int(ids[0])) if len(ids) else "",
    )


def target_vertices(bodies: BodyPair, vertex: int) -> tuple[np.ndarray, np.ndarray]:
    """From a source vertex to the target vertices that use it, the largest weight first.

    Returns:
        (n,) ids and (n,) float64 weights.

    Raises:
        RefitError: the source has no such vertex.
    """
    check_vertex(bodies.source, vertex)
    column = bodies.correspondence.by_source[:, [vertex]]
    order = np.lexsort((column.indices, -np.abs(column.data)))
    return column.indices[order].astype(np.int64), column.data[order].astype(np.float64)


def compare_correspondences(
    source: BodyModel, first: Correspondence, second: Correspondence
) -> CorrespondenceComparison:
    """Two correspondences from one source to one target, by the points that they give in the rest pose."""
    if first.matrix.shape != second.matrix.shape:
        raise ValueError(f"correspondences of shapes {first.matrix.shape} and {second.matrix.shape}")
    filled = [np.diff(one.matrix.indptr) > 0 for one in (first, second)]
    apart = (first.matrix.astype(np.float64) - second.matrix) @ source.v_template.astype(np.float64)
    distance = 1000 * np.linalg.norm(apart, axis=1)
    distance[~(filled[0] & filled[1])] = np.nan
    differs = first.valid != second.valid
    return CorrespondenceComparison(
        distance_mm=distance,
        only_first=np.flatnonzero(filled[0] & ~filled[1]),
        only_second=np.flatnonzero(filled[1] & ~filled[0]),
        valid_differs=np.flatnonzero(differs),
        same=not differs.any() and (first.matrix != second.matrix).nnz == 0,
    )


def _face_with(faces: np.ndarray, ids: np.ndarray) -> int:
    if not len(ids):
        return -1
    found = np.flatnonzero((faces[:, :, None] == ids).any(1).all(1))
    return int(found[0]) if len(found) else -1


def _holder(body: BodyModel, vertex: int) -> str:
    return body.joint_names[int(body.weights[vertex].argmax())]
