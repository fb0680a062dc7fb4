"""What the picture needs to know of a motion, its bodies, and one posed frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.geometry.up_axis import turned


class FramePicture(Protocol):
    """One posed frame; vertices and joints in metres in the motion's own world."""

    @property
    def source_vertices(self) -> np.ndarray: ...
    @property
    def source_joints(self) -> np.ndarray: ...
    @property
    def fit_vertices(self) -> np.ndarray | None: ...
    @property
    def fit_joints(self) -> np.ndarray | None: ...
    @property
    def error_mm(self) -> np.ndarray | None: ...


@dataclass(frozen=True, eq=False)
class BodyShape:
    """What stays the same of one body.

    Attributes:
        faces: (F, 3) triangles.
        size: number of vertices.
        part: (V,) index into `core.model.joints.PARTS` of each vertex.
        valid: (V,) bool: the vertex is compared with the other body.
        joint_names: names of the joints.
        parents: (J,) parent of each joint, -1 for the root.
        label: words for the corner of its view.
        place: (V, 3) where a vertex is on the source's template, by `core.inspection.rest_distance`.
        solid: nobody looks at the skin from inside.
    """

    faces: np.ndarray
    size: int
    part: np.ndarray
    valid: np.ndarray
    joint_names: tuple[str, ...]
    parents: np.ndarray
    label: str
    place: np.ndarray
    solid: bool = False


@dataclass(frozen=True, eq=False)
class SceneDescription:
    """What stays the same over a motion.

    Attributes:
        source: the body of the motion.
        fit: the body it is fitted with.
        up_axis: ``'y'``, ``'z'`` or ``'-y'``, the world of the motion.
        path: (T, 3) metres, the body's place at every frame, smoothed; the camera follows it.
        roots: (T, 3) metres, the source's pelvis at every frame, finite everywhere.
        floor: height of the ground along the up axis, metres.
        height: how far the motion rises above the floor, metres.
        reach: how far it goes sideways from its path, metres.
    """

    source: BodyShape
    fit: BodyShape
    up_axis: str
    path: np.ndarray
    roots: np.ndarray
    floor: float
    height: float
    reach: float


def upright(points: np.ndarray, up_axis: str) -> np.ndarray:
    """Points (…, 3) of a world with another axis up in the z-up scene."""
    return turned(points, up_axis, "z")
