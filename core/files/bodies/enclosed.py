"""The space that triangles enclose, and which way they face."""

from __future__ import annotations

import numpy as np


def signed_volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    """Cubic metres that (F, 3) triangles enclose; below zero where they face inwards.

    Args:
        vertices: (V, 3) metres.
        faces: (F, 3) vertex ids.
    """
    return float(face_volumes(vertices, faces).sum())


def face_volumes(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(F,) what each triangle adds to `signed_volume`."""
    one, two, three = (vertices[corner] for corner in np.ascontiguousarray(faces.T))
    return np.einsum("nc,nc->n", one - vertices.mean(0), np.cross(two - one, three - one)) / 6
