"""Left and right of a body: which vertex and which joint is the mirror image of which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from core.model.body import BodyModel

HOW = "rest shape mirrored at its middle across x, each vertex paired with the nearest one"


@dataclass(frozen=True, eq=False)
class MirrorMap:
    """The mirror image of V vertices and J joints.

    Attributes:
        vertices: (V,) id of the vertex nearest to each vertex's mirror image; on the middle line itself.
        error_mm: (V,) distance of that vertex from the mirror image, in the rest shape.
        joints: (J,) id of the joint of the same name on the other side; itself where it has no side.
        middle: x of the mirror plane, metres.
    """

    vertices: np.ndarray
    error_mm: np.ndarray
    joints: np.ndarray
    middle: float

    def image(self, mask: np.ndarray) -> np.ndarray:
        """(V,) bool: the mirror image of some vertices. On an exactly symmetric body twice is nothing."""
        return mask[self.vertices]


def mirror_map(body: BodyModel) -> MirrorMap:
    """Left against right, from the rest shape and the names of the joints."""
    rest = body.v_template.astype(np.float64)
    tree = cKDTree(rest)
    middle = (rest[:, 0].min() + rest[:, 0].max()) / 2
    for _ in range(2):  # the second time with the middle that the pairs of the first have
        image = rest * [-1, 1, 1] + [2 * middle, 0, 0]
        distance, nearest = tree.query(image)
        seen = middle
        middle = float(np.median((rest[:, 0] + rest[nearest, 0]) / 2))
    return MirrorMap(
        vertices=nearest.astype(np.int64),
        error_mm=1000 * distance,
        joints=mirrored_joints(body.joint_names),
        middle=float(seen),
    )


def mirrored_joints(names: tuple[str, ...]) -> np.ndarray:
    """(J,) id of the joint of the same name on the other side; itself where it has no side."""
    swap = {"left": "right", "right": "left"}
    twins = []
    for name in names:
        side, _, rest = name.partition("_")
        twin = f"{swap.get(side, side)}_{rest}" if rest else name
        twins.append(names.index(twin) if twin in names else names.index(name))
    return np.array(twins)
