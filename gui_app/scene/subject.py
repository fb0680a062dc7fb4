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


def encloses(faces: np.ndarray, vertices: np.ndarray) -> bool:
    """Triangles (F, 3) of points (V, 3) have neither rim nor seam: each edge belongs to two, once in each
    direction. Of several pieces none is inside out where another is not."""
    size = int(faces.max(initial=0)) + 1
    ends = np.concatenate([faces[:, (0, 1)], faces[:, (1, 2)], faces[:, (2, 0)]]).astype(np.int64)
    there = np.sort(ends[:, 0] * size + ends[:, 1])
    back = np.sort(ends[:, 1] * size + ends[:, 0])
    closed = len(there) > 0 and bool((there[1:] > there[:-1]).all()) and np.array_equal(there, back)
    return closed and len(set((_volumes(vertices, faces) > 0).tolist())) == 1


def _volumes(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(P,) of each piece of closed triangles that hang together; below zero where it is inside out."""
    from core.geometry.mesh_graph import MeshGraph

    _, piece = np.unique(MeshGraph(faces, vertices).pieces[faces[:, 0]], return_inverse=True)
    a, b, c = (vertices[faces[:, corner]].astype(np.float64) - vertices[0] for corner in range(3))
    return np.bincount(piece, (a * np.cross(b, c)).sum(1)) / 6


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
