"""Arrays of model files at their true sizes, nearly all zero so that they are quick to write and read."""

from __future__ import annotations

import numpy as np

from core.joints import JOINT_NAMES

VERTICES = {"smpl": 6890, "smplh": 6890, "smplx": 10475}
FACES = {"smpl": 13776, "smplh": 13776, "smplx": 20908}


def parents_of(family: str) -> list[int]:
    """A valid joint tree: every joint hangs from the one before it."""
    return list(range(-1, len(JOINT_NAMES[family]) - 1))


def model_arrays(family: str, *, columns: int = 10, dtype: str = "float32") -> dict[str, np.ndarray]:
    vertices, joints = VERTICES[family], len(JOINT_NAMES[family])
    rng = np.random.default_rng(0)
    shapedirs = np.zeros((vertices, 3, columns), dtype)
    shapedirs[0, 0] = np.arange(columns) + 1
    weights = np.zeros((vertices, joints), dtype)
    weights[np.arange(vertices), np.arange(vertices) % joints] = 1
    regressor = np.zeros((joints, vertices), dtype)
    regressor[np.arange(joints), np.arange(joints)] = 1
    parents = np.array(parents_of(family), dtype=np.int64)
    parents[0] = 2**32 - 1
    posedirs = np.zeros((vertices, 3, 9 * (joints - 1)), dtype)
    posedirs[1, 1] = np.arange(posedirs.shape[2]) % 100
    return {
        "v_template": rng.normal(size=(vertices, 3)).astype(dtype),
        "f": np.resize(np.array([[0, 1, 2], [3, 4, vertices - 1]], np.uint32), (FACES[family], 3)),
        "shapedirs": shapedirs,
        "posedirs": posedirs,
        "weights": weights,
        "J_regressor": regressor,
        "kintree_table": np.stack([parents, np.arange(joints)]).astype(np.uint32),
    }
