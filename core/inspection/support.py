"""The vertices a joint is made of: how much each counts, how far away it lies, and whether it is valid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.model.body_joints import BodyJoint


@dataclass(frozen=True, eq=False)
class Support:
    """The n vertices a joint is made of, the largest weight (by magnitude) first.

    Attributes:
        joint: its name.
        vertices: (n,) ids.
        weights: (n,) float64.
        share: (n,) |weight| as a share of the sum of all |weights|, 0 to 1.
        distance_mm: (n,) from the joint, in the pose given.
        valid: (n,) bool: counts in a fit; None where nothing says so.
        total: sum of the weights.
        negative: number of weights below zero.
        centroid: (3,) metres, mean of the vertices by |weight|; NaN without vertices.
        spread_mm: root mean square distance of the vertices from the centroid, by |weight|.
        invalid_share: share of |weight| on vertices that do not count; NaN where nothing says so.
    """

    joint: str
    vertices: np.ndarray
    weights: np.ndarray
    share: np.ndarray
    distance_mm: np.ndarray
    valid: np.ndarray | None
    total: float
    negative: int
    centroid: np.ndarray
    spread_mm: float
    invalid_share: float

    @property
    def count(self) -> int:
        """Number of vertices."""
        return len(self.vertices)


def joint_support(
    joint: BodyJoint, place: np.ndarray, skin: np.ndarray, valid: np.ndarray | None = None
) -> Support:
    """The support of a joint in one pose.

    Args:
        joint: any of a body's joints.
        place: (3,) metres, where the joint is in that pose.
        skin: (V, 3) metres, the posed vertices.
        valid: (V,) bool, or None.
    """
    order = np.lexsort((joint.vertices, -np.abs(joint.weights)))
    ids, weights = joint.vertices[order], joint.weights[order]
    points = skin[ids].astype(np.float64)
    size = np.abs(weights)
    whole = size.sum()
    share = size / whole if whole else size
    centroid = share @ points if whole else np.full(3, np.nan)
    counts = None if valid is None else valid[ids]
    return Support(
        joint=joint.name,
        vertices=ids,
        weights=weights,
        share=share,
        distance_mm=1000 * np.linalg.norm(points - np.asarray(place, np.float64), axis=1),
        valid=counts,
        total=float(weights.sum()),
        negative=int((weights < 0).sum()),
        centroid=centroid,
        spread_mm=float(1000 * np.sqrt(share @ np.square(points - centroid).sum(1))) if whole else np.nan,
        invalid_share=np.nan if counts is None else float(share[~counts].sum()),
    )
