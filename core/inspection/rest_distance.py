"""How far the target's rest shape is from the source's: at each vertex, and to its counterpart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from core.geometry.closest_point import closest_on_surface
from core.geometry.laid_by_skin import laid_by_skin
from core.geometry.rigid_alignment import rigid_motions
from core.model.body_pair import BodyPair
from core.model.joints import MESH


@dataclass(frozen=True, eq=False)
class SurfaceDistance:
    """The mean shapes of both bodies in the rest pose, V target vertices.

    Attributes:
        target_shape: (V, 3) metres, the target moved rigidly to where its vertices with a counterpart meet
            it best; the source stays where it is.
        distance_mm: (V,) from the nearest point of the source's surface, for every vertex.
        nearest_face: (V,) source triangle with that point.
        nearest_weights: (V, 3) barycentric weights of that point.
        counterpart_mm: (V,) from the point that the correspondence gives, NaN where it gives none.
    """

    target_shape: np.ndarray
    distance_mm: np.ndarray
    nearest_face: np.ndarray
    nearest_weights: np.ndarray
    counterpart_mm: np.ndarray


def surface_distance(bodies: BodyPair) -> SurfaceDistance:
    """Distances in the rest pose, the mean shapes laid on each other; takes about half a second.

    Correspondences are built from closest points in a common pose; the shapes in which one was built are not
    in its file, the mean ones are those that both bodies have.
    """
    matrix = bodies.correspondence.matrix
    source = bodies.source.v_template.astype(np.float64)
    target = bodies.target.v_template.astype(np.float64)
    filled = np.diff(matrix.indptr) > 0
    counterpart = matrix.astype(np.float64) @ source
    if bodies.source.family == MESH:
        # It may be in any pose.
        target, _ = laid_by_skin(bodies.target, counterpart, filled)
    elif filled.sum() >= 3:
        clouds = (torch.as_tensor(points[filled])[None] for points in (target, counterpart))
        rotation, shift = rigid_motions(*clouds)
        target = target @ rotation[0].numpy().T + shift[0].numpy()
    off = 1000 * np.linalg.norm(target - counterpart, axis=1)
    off[~filled] = np.nan
    nearest = closest_on_surface(target, source, bodies.source.faces)
    return SurfaceDistance(target, 1000 * nearest.distance, nearest.face, nearest.weights, off)
