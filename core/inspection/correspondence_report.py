"""The rows of a correspondence looked through: what is empty, off, or reaches across the body; and two of
them compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.files.bodies.correspondence_check import looked_at
from core.files.bodies.correspondences import read_correspondence
from core.files.bodies.regressors import SUM_TOLERANCE
from core.inspection.correspondence_rows import CorrespondenceComparison, compare_correspondences
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.correspondence import Correspondence
from core.model.joints import PARTS

SPREAD_MM = 80.0
"""A row whose source vertices lie further apart than this, and than any triangle is wide, reaches across the
body: bodies' triangles are smaller."""


@dataclass(frozen=True, eq=False)
class CorrespondenceReport:
    """The rows of a (Vt, Vs) correspondence.

    Attributes:
        shape: (Vt, Vs).
        entries: number of weights.
        sums: (Vt,) float64 sum of each row.
        spread_mm: (Vt,) largest distance between source vertices of a row, in the rest pose.
        empty: ids of rows without weights.
        off: ids of rows that have weights which do not sum to one.
        negative: ids of rows with a weight below zero.
        no_triangle: ids of rows whose source vertices are not corners of one source triangle.
        across: ids of rows that reach across the body: their vertices lie further apart than `SPREAD_MM`, or
            they tie left to right, or a body part to one that does not border on it.
        unused: ids of source vertices in no row.
    """

    shape: tuple[int, int]
    entries: int
    sums: np.ndarray
    spread_mm: np.ndarray
    empty: np.ndarray
    off: np.ndarray
    negative: np.ndarray
    no_triangle: np.ndarray
    across: np.ndarray
    unused: np.ndarray


def correspondence_report(bodies: BodyPair) -> CorrespondenceReport:
    """Looks through all rows of a pair's correspondence."""
    matrix = bodies.correspondence.matrix
    count = np.diff(matrix.indptr)
    row = np.repeat(np.arange(len(count)), count)
    sums = np.asarray(matrix.astype(np.float64).sum(1)).ravel()
    spread = _spreads(matrix.indptr, matrix.indices, bodies.source.v_template)
    filled = count > 0
    across = filled & (spread > max(SPREAD_MM, _widest_mm(bodies.source)))
    across[_tied_far(bodies)] = True
    return CorrespondenceReport(
        shape=matrix.shape,
        entries=int(matrix.nnz),
        sums=sums,
        spread_mm=spread,
        empty=np.flatnonzero(~filled),
        off=np.flatnonzero(filled & ~(np.abs(sums - 1) <= SUM_TOLERANCE)),
        negative=np.unique(row[matrix.data < 0]),
        no_triangle=np.flatnonzero(filled & (source_faces(bodies) < 0)),
        across=np.flatnonzero(across),
        unused=np.setdiff1d(np.arange(matrix.shape[1]), matrix.indices),
    )


def _widest_mm(body: BodyModel) -> float:
    """The longest edge of any triangle in the rest pose."""
    corners = body.v_template[body.faces]
    return 1000 * float(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max())


def source_faces(bodies: BodyPair) -> np.ndarray:
    """(Vt,) a source triangle that has all source vertices of each row; -1 where none has."""
    matrix, faces = bodies.correspondence.matrix, bodies.source.faces
    count = np.diff(matrix.indptr)
    out = np.full(len(count), -1)
    starts = matrix.indptr[:-1]
    for corners in (1, 2, 3):
        rows = np.flatnonzero(count == corners)
        ids = np.sort(matrix.indices[starts[rows][:, None] + np.arange(corners)], axis=1)
        out[rows] = _find(np.sort(faces, axis=1), ids, matrix.shape[1])
    return out


def _find(faces: np.ndarray, ids: np.ndarray, vertices: int) -> np.ndarray:
    """(n,) the first of the sorted faces that has all of (n, k) sorted ids, k up to 3; -1 for none."""
    columns = {1: ((0,), (1,), (2,)), 2: ((0, 1), (0, 2), (1, 2)), 3: ((0, 1, 2),)}[ids.shape[1]]
    scale = np.int64(vertices) ** np.arange(ids.shape[1], dtype=np.int64)
    keys = np.concatenate([faces[:, list(chosen)].astype(np.int64) @ scale for chosen in columns])
    face = np.tile(np.arange(len(faces)), len(columns))
    known, first = np.unique(keys, return_index=True)
    wanted = ids.astype(np.int64) @ scale
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, face[first[at]], -1)


def _spreads(starts: np.ndarray, indices: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """(Vt,) largest distance between two source vertices of a row, millimetres."""
    count = np.diff(starts)
    out = np.zeros(len(count))
    for size in np.unique(count[count > 1]):
        rows = np.flatnonzero(count == size)
        for some in np.array_split(rows, 1 + len(rows) * size * size // 4_000_000):
            points = rest[indices[starts[some][:, None] + np.arange(size)]].astype(np.float64)
            out[some] = 1000 * np.linalg.norm(points[:, :, None] - points[:, None], axis=3).max((1, 2))
    return out


def _tied_far(bodies: BodyPair) -> np.ndarray:
    """Ids of rows that tie left to right, or a body part to one that does not border on it."""
    matrix = bodies.correspondence.matrix
    filled = np.flatnonzero(np.diff(matrix.indptr))
    main = np.array(
        [matrix.indices[a + matrix.data[a:b].argmax()] for a, b in _bounds(matrix.indptr, filled)]
    )
    if not len(filled):
        return filled
    ours, theirs = bodies.target, bodies.source
    sides = [
        np.array([name.partition("_")[0] for name in body.joint_names])[body.held_by]
        for body in (ours, theirs)
    ]
    left_right = np.isin(sides[0][filled], ("left", "right")) & np.isin(sides[1][main], ("left", "right"))
    other_side = left_right & (sides[0][filled] != sides[1][main])
    border = bordering_parts(ours) | bordering_parts(theirs)
    apart = ~border[ours.vertex_part[filled], theirs.vertex_part[main]]
    return filled[other_side | apart]


def bordering_parts(body: BodyModel) -> np.ndarray:
    """(parts, parts) bool: an edge of the skin joins the two body parts; a part borders on itself."""
    out = np.eye(len(PARTS), dtype=bool)
    part = body.vertex_part[body.faces]
    for one, other in ((0, 1), (1, 2), (2, 0)):
        out[part[:, one], part[:, other]] = True
        out[part[:, other], part[:, one]] = True
    return out


def _bounds(starts: np.ndarray, rows: np.ndarray) -> zip[tuple[int, int]]:
    return zip(starts[rows], starts[rows + 1], strict=True)


# How far two correspondences between the same bodies are apart, in figures.

LIMITS_MM = (1, 5, 20)
"""Vertices that differ by more than these are counted."""

_PERCENTILES = (50, 95, 99)
_WORST = 20


def difference_from_file(
    path: str | Path, source: BodyModel, target: BodyModel, correspondence: Correspondence
) -> dict[str, Any]:
    """Compares a correspondence with the one in a file, which comes second.

    Returns:
        `difference_document`, with ``with``, the file, and ``notes`` on it. One that no fit could be made
        with is compared all the same, and a note says so.

    Raises:
        FileError: the file cannot be read, or does not fit these bodies.
    """
    other = read_correspondence(
        path,
        source_vertices=source.num_vertices,
        target_vertices=target.num_vertices,
        mask_expected=False,
    )
    other, _ = looked_at(other, source, target)
    found = compare_correspondences(source, correspondence, other)
    return {"with": str(path), "notes": list(other.notes), **difference_document(target, found)}


def difference_document(target: BodyModel, found: CorrespondenceComparison) -> dict[str, Any]:
    """A comparison as plain numbers and text: distances are between the points of the source that both give.

    Args:
        target: the body that both lead to.
        found: the comparison.
    """
    distance, part = found.distance_mm, target.vertex_part
    both = np.isfinite(distance)
    # NaN sorts to the end, behind all numbers.
    worst = [int(vertex) for vertex in np.argsort(-distance)[:_WORST] if distance[vertex] > 0]
    return {
        "same": bool(found.same),
        "vertices": len(distance),
        "both": int(both.sum()),
        "over_mm": {str(limit): _over(distance, limit) for limit in LIMITS_MM},
        "distance_mm": _figures(distance),
        "parts": {
            name: {
                "both": int((both & (part == index)).sum()),
                "over_mm": {str(limit): _over(distance[part == index], limit) for limit in LIMITS_MM},
                "distance_mm": _figures(distance[part == index]),
            }
            for index, name in enumerate(PARTS)
        },
        "only_first": found.only_first.tolist(),
        "only_second": found.only_second.tolist(),
        "valid_differs": found.valid_differs.tolist(),
        "worst": [
            {
                "vertex": vertex,
                "mm": float(distance[vertex]),
                "part": PARTS[part[vertex]],
                "joint": target.joint_names[int(target.weights[vertex].argmax())],
            }
            for vertex in worst
        ],
    }


def _over(distance: np.ndarray, limit: float) -> int:
    with np.errstate(invalid="ignore"):
        return int((distance > limit).sum())


def _figures(distance: np.ndarray) -> dict[str, float | None]:
    known = distance[np.isfinite(distance)]
    figures: dict[str, float | None] = {"mean": float(known.mean()) if len(known) else None}
    for percentile in _PERCENTILES:
        figures[f"p{percentile}"] = float(np.percentile(known, percentile)) if len(known) else None
    return {**figures, "max": float(known.max()) if len(known) else None}
