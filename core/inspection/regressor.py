"""A J_regressor in figures, two of them compared, and weights changed by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import RefitError
from core.files.bodies.regressors import off_rows
from core.geometry.mirror import HOW, MirrorMap, mirror_map
from core.model.body import BodyModel


@dataclass(frozen=True, eq=False)
class RegressorStatistics:
    """Figures of a (J, V) regressor.

    Attributes:
        shape: (J, V).
        nonzero: number of entries that are not zero.
        zeros_percent: of all J · V.
        entries: (J,) number of entries of each joint.
        negative: (J,) number of those below zero.
        row_sums: (J,) float64.
        off_rows: ids of joints whose weights do not sum to one.
        symmetry: (J,) how much of a joint's weight is not where its twin's mirror image has it: 0 for the
            same weights, 1 for none in common.
        symmetry_mm: (J,) distance between the rest joint and the mirror image of its twin.
        mirrored_by: how left and right were paired, in words.
    """

    shape: tuple[int, int]
    nonzero: int
    zeros_percent: float
    entries: np.ndarray
    negative: np.ndarray
    row_sums: np.ndarray
    off_rows: np.ndarray
    symmetry: np.ndarray
    symmetry_mm: np.ndarray
    mirrored_by: str


@dataclass(frozen=True, eq=False)
class RegressorComparison:
    """Two regressors of one body, joint by joint.

    Attributes:
        distance_mm: (J,) between the rest joints that they find.
        weight_difference: (J,) half the sum of |differences|: the share of weight that lies elsewhere.
        shared, only_first, only_second: (J,) number of vertices in both supports and in one only.
        same: every entry is equal.
    """

    distance_mm: np.ndarray
    weight_difference: np.ndarray
    shared: np.ndarray
    only_first: np.ndarray
    only_second: np.ndarray
    same: bool


def regressor_statistics(
    body: BodyModel, regressor: np.ndarray | None = None, mirror: MirrorMap | None = None
) -> RegressorStatistics:
    """Figures of a regressor.

    Args:
        body: whose vertices it is over.
        regressor: (J, V); None for the body's own.
        mirror: of the body, if it is at hand.
    """
    matrix = np.asarray(body.J_regressor if regressor is None else regressor, np.float64)
    mirror = mirror or mirror_map(body)
    there = matrix != 0
    sums = matrix.sum(1)
    # The twin's row, carried over to this side: several vertices may have the same image.
    twins = np.zeros_like(matrix)
    np.add.at(twins.T, mirror.vertices, matrix[mirror.joints].T)
    size = np.abs(matrix).sum(1) + np.abs(twins).sum(1)
    rest = matrix @ body.v_template.astype(np.float64)
    image = rest[mirror.joints] * [-1, 1, 1] + np.outer(sums[mirror.joints], [2 * mirror.middle, 0, 0])
    with np.errstate(invalid="ignore", divide="ignore"):
        symmetry = np.abs(matrix - twins).sum(1) / size
    return RegressorStatistics(
        shape=(matrix.shape[0], matrix.shape[1]),
        nonzero=int(there.sum()),
        zeros_percent=float(100 * (1 - there.mean())),
        entries=there.sum(1),
        negative=(matrix < 0).sum(1),
        row_sums=sums,
        off_rows=off_rows(matrix),
        symmetry=symmetry,
        symmetry_mm=1000 * np.linalg.norm(rest - image, axis=1),
        mirrored_by=HOW,
    )


def compare_regressors(body: BodyModel, first: np.ndarray, second: np.ndarray) -> RegressorComparison:
    """Two (J, V) regressors of one body, joint by joint."""
    ours, theirs = np.asarray(first, np.float64), np.asarray(second, np.float64)
    here, there = ours != 0, theirs != 0
    return RegressorComparison(
        distance_mm=moved_mm(ours, theirs, body.v_template),
        weight_difference=np.abs(ours - theirs).sum(1) / 2,
        shared=(here & there).sum(1),
        only_first=(here & ~there).sum(1),
        only_second=(there & ~here).sum(1),
        same=bool((ours == theirs).all()),
    )


def moved_mm(first: np.ndarray, second: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(J,) millimetres between the joints that two (J, V) regressors find on (V, 3) metres."""
    differs = np.flatnonzero((first != second).any(0))
    apart = (first[:, differs].astype(np.float64) - second[:, differs]) @ points[differs].astype(np.float64)
    return 1000 * np.linalg.norm(apart, axis=1)


# Weights of a J_regressor changed by hand: every function gives a new matrix, the old one stays.


def with_weight(regressor: np.ndarray, joint: int, vertex: int, weight: float) -> np.ndarray:
    """One weight set; zero takes the vertex out.

    Args:
        regressor: (J, V).
        joint: id.
        vertex: id.
        weight: any finite number.

    Returns:
        (J, V) of the same type.
    """
    if not np.isfinite(weight):
        raise RefitError(f"{weight} is no weight; it must be a finite number.")
    out = regressor.copy()
    out[joint, vertex] = weight
    return out


def renormalised(regressor: np.ndarray, joint: int) -> np.ndarray:
    """A joint's row scaled so that it sums to one.

    Raises:
        RefitError: its weights sum to zero.
    """
    total = regressor[joint].astype(np.float64).sum()
    if abs(total) < 1e-9:
        raise RefitError("The weights of this joint sum to zero: they cannot be scaled to sum to one.")
    out = regressor.copy()
    out[joint] = regressor[joint] / total
    return out
