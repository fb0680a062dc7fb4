"""How the fingers bend: axis-angle of a curl for each finger joint, and the relaxed hand.

All joint frames are aligned with the world in the T-pose (left arm along +x, palm down, thumb towards
+z). A curl by `a` radians of a LEFT finger joint is the axis-angle vector `a * CURL_LEFT[finger][k]`,
k = 0, 1, 2 from the knuckle outwards. The RIGHT hand mirrors it: (x, y, z) -> (x, -y, -z).
About 80, 95 and 60 degrees make a fist; the thumb has its own amounts in FIST_DEGREES.
"""

from __future__ import annotations

import numpy as np

ORDER = ("index", "middle", "pinky", "ring", "thumb")  # as in the pose vector
# Unit axes; the four fingers bend about -z, leaning a little so that the tips do not cross.
CURL_LEFT: dict[str, tuple[tuple[float, float, float], ...]] = {
    "index": ((0.16, 0.0, -1.0),) * 3,
    "middle": ((0.0, 0.0, -1.0),) * 3,
    "ring": ((-0.10, 0.0, -1.0),) * 3,
    "pinky": ((-0.18, 0.0, -1.0),) * 3,
    "thumb": ((0.57, 0.82, -0.05),) * 3,
}
FIST_DEGREES: dict[str, tuple[float, float, float]] = {
    "index": (78, 95, 60),
    "middle": (80, 98, 60),
    "ring": (80, 98, 60),
    "pinky": (80, 95, 60),
    "thumb": (32, 42, 60),
}
RELAXED_DEGREES: dict[str, tuple[float, float, float]] = {
    "index": (12, 18, 10),
    "middle": (16, 22, 12),
    "ring": (20, 25, 13),
    "pinky": (24, 26, 14),
    "thumb": (5, 8, 10),
}


def mirror_axis_angle(vec: np.ndarray) -> np.ndarray:
    """Axis-angle vectors (..., 3) of the mirrored side."""
    return np.asarray(vec) * [1.0, -1.0, -1.0]


def curl(finger: str, k: int, degrees: float) -> np.ndarray:
    """Axis-angle (3,) of a curl of a left finger joint."""
    axis = np.array(CURL_LEFT[finger][k])
    return np.deg2rad(degrees) * axis / np.linalg.norm(axis)


def left_hand(degrees: dict[str, tuple[float, float, float]]) -> np.ndarray:
    """Left hand pose (45,) in the order of the pose vector."""
    return np.concatenate([curl(f, k, degrees[f][k]) for f in ORDER for k in range(3)])


def right_hand(degrees: dict[str, tuple[float, float, float]]) -> np.ndarray:
    """Right hand pose (45,): the left one mirrored."""
    return mirror_axis_angle(left_hand(degrees).reshape(-1, 3)).ravel()
