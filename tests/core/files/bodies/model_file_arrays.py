"""Arrays of model files at their true sizes: the built-in bodies' shape, each vertex held by one joint, each
joint at one vertex, and blend shapes nearly all zero, so that they are quick to write and read."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from core.correspond.load_bodies import load_bodies
from core.model.joints import JOINT_NAMES

VERTICES = {"smpl": 6890, "smplh": 6890, "smplx": 10475}
SMALL = 1 / 1024
"""Unit of the numbers in the blend shapes, metres."""


def parents_of(family: str) -> list[int]:
    """A valid joint tree: every joint hangs from the one before it."""
    return list(range(-1, len(JOINT_NAMES[family]) - 1))


def model_arrays(family: str, *, columns: int = 10, dtype: str = "float32") -> dict[str, np.ndarray]:
    vertices, joints = VERTICES[family], len(JOINT_NAMES[family])
    template, faces, held, places = _of_builtin(family)
    shapedirs = np.zeros((vertices, 3, columns), dtype)
    shapedirs[0, 0] = SMALL * (np.arange(columns) + 1)
    weights = np.zeros((vertices, joints), dtype)
    weights[np.arange(vertices), held] = 1
    regressor = np.zeros((joints, vertices), dtype)
    regressor[np.arange(joints), places] = 1
    parents = np.array(parents_of(family), dtype=np.int64)
    parents[0] = 2**32 - 1
    posedirs = np.zeros((vertices, 3, 9 * (joints - 1)), dtype)
    posedirs[1, 1] = SMALL * (np.arange(posedirs.shape[2]) % 100)
    return {
        "v_template": template.astype(dtype),
        "f": faces.astype(np.uint32),
        "shapedirs": shapedirs,
        "posedirs": posedirs,
        "weights": weights,
        "J_regressor": regressor,
        "kintree_table": np.stack([parents, np.arange(joints)]).astype(np.uint32),
    }


def builtin_matrix(source: str, target: str) -> sparse.csr_matrix:
    """The correspondence that goes with these bodies."""
    return load_bodies(source=source, target=target).correspondence.matrix


@cache
def _of_builtin(family: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Template, faces, the joint that holds each vertex, and the vertex at each joint."""
    body = load_bodies(source=family, target=family).source
    joints = body.J_regressor @ body.v_template
    nearest = cKDTree(body.v_template).query(joints, k=20)[1]
    places: list[int] = []
    for near in nearest:
        places.append(next(int(vertex) for vertex in near if vertex not in places))
    return body.v_template, body.faces, body.weights.argmax(1), np.array(places)
