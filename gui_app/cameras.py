"""Where to look from: views named after the body, not after the file's axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

ViewName = Literal["home", "front", "side", "top"]
VIEW_ANGLE = 28.0
MARGIN = 1.08
# Metres between the camera and what it was told to look at.
LEAST_DISTANCE, MOST_FOCUS_DISTANCE = 0.35, 1.8
HALF_TANGENT = float(np.tan(np.radians(VIEW_ANGLE / 2)))


@dataclass(frozen=True)
class CameraPose:
    """Position, focal point and up direction in the z-up scene."""

    position: np.ndarray
    focal_point: np.ndarray
    up: np.ndarray


def facing_of(left_hip: np.ndarray, right_hip: np.ndarray) -> np.ndarray:
    """Horizontal unit vector out of the belly, from the hips in a z-up scene."""
    forward = np.cross(left_hip - right_hip, (0.0, 0.0, 1.0))
    forward[2] = 0.0
    length = np.linalg.norm(forward)
    return forward / length if length > 1e-6 else np.array([0.0, -1.0, 0.0])


def look(
    name: ViewName, centre: np.ndarray, facing: np.ndarray, height: float, reach: float, aspect: float
) -> CameraPose:
    """The camera that sees a body standing at ``centre`` on the floor.

    ``height`` and ``reach`` are how far the motion goes above the floor and sideways, in metres; ``aspect``
    is width over height of one view.
    """
    left = np.cross((0.0, 0.0, 1.0), facing)
    above = np.array([0.0, 0.0, 1.0])
    direction = {
        "home": facing + 0.42 * left + 0.22 * above,
        "front": facing + 0.04 * above,
        "side": left + 0.04 * above,
        "top": above + 0.001 * facing,
    }[name]
    direction = direction / np.linalg.norm(direction)
    tall = reach if name == "top" else height / 2
    distance = MARGIN * max(tall, reach / max(aspect, 0.1)) / HALF_TANGENT + (
        0.12 if name != "top" else height
    )
    focal_point = np.array([centre[0], centre[1], centre[2] + 0.48 * height])
    up = -facing if name == "top" else above
    return CameraPose(focal_point + distance * direction, focal_point, up)


def distance_to_see(radius: float, aspect: float) -> float:
    """How far away a ball of ``radius`` metres fills a view of ``aspect``, width over height."""
    return MARGIN * radius / (HALF_TANGENT * min(max(aspect, 0.1), 1.0))


def focused(pose: CameraPose, point: np.ndarray, radius: float | None, aspect: float) -> CameraPose:
    """The camera looking the same way at another point.

    Args:
        pose: where it is now.
        point: metres in the scene; the camera turns about it afterwards.
        radius: how much about the point should be seen, metres; None keeps the distance, or comes nearer
            where a detail would be small.
        aspect: width over height of one view.
    """
    away = pose.position - pose.focal_point
    distance = float(np.linalg.norm(away))
    if radius is None:
        wanted = min(max(distance, LEAST_DISTANCE), MOST_FOCUS_DISTANCE)
    else:
        wanted = max(distance_to_see(radius, aspect), LEAST_DISTANCE)
    return CameraPose(point + away * (wanted / max(distance, 1e-9)), point, pose.up)
