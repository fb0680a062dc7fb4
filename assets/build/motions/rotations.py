"""Rotation helpers on top of scipy: exact left-right mirroring, frame changes, compact storage."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

Y_UP_TO_Z_UP = Rotation.from_euler("x", 90, degrees=True)
"""Turns the model's frame (y up, facing +z) into the world of the motion files (z up, facing -y)."""

MIRROR = np.array([1.0, -1.0, -1.0])
"""A rotation vector times this is the same rotation reflected in the sagittal plane (x -> -x)."""


def from_degrees(x: object = 0.0, y: object = 0.0, z: object = 0.0) -> Rotation:
    """Rotation vectors given by components in degrees, each (T,) or a number -> (T,) rotations."""
    parts = np.broadcast_arrays(*(np.atleast_1d(np.asarray(c, float)) for c in (x, y, z)))
    return Rotation.from_rotvec(np.radians(np.stack(parts, axis=-1)))


def to_rotvec(rotation: Rotation) -> np.ndarray:
    """(T,) rotations -> (T, 3) rotation vectors in radians that do not jump between frames.

    Past half a turn the shortest vector flips its sign; here the angle keeps growing instead.
    """
    vectors = rotation.as_rotvec()
    for t in range(1, len(vectors)):
        angle = np.linalg.norm(vectors[t])
        if angle < 1e-6:
            continue
        turn = 2 * np.pi * vectors[t] / angle
        options = np.stack([vectors[t] + k * turn for k in (0, -1, 1)])
        vectors[t] = options[np.argmin(np.linalg.norm(options - vectors[t - 1], axis=1))]
    return vectors


def frames_to_rotation(axis_a: np.ndarray, axis_b: np.ndarray) -> Rotation:
    """Rotation whose first axis is `axis_a` and whose second lies in the plane of both; (T, 3) each."""
    first = axis_a / np.linalg.norm(axis_a, axis=-1, keepdims=True)
    second = axis_b - np.sum(axis_b * first, axis=-1, keepdims=True) * first
    second /= np.linalg.norm(second, axis=-1, keepdims=True)
    third = np.cross(first, second)
    return Rotation.from_matrix(np.stack([first, second, third], axis=-1))


def quantize(values: np.ndarray, bits: int = 16) -> np.ndarray:
    """Round to multiples of 2**-bits (0.015 mrad or mm for 16): float32 files then compress well."""
    step = 2.0**bits
    return (np.round(values * step) / step + 0.0).astype(np.float32)
