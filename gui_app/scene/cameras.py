"""Where to look from: views named after the body, not after the file's axes, and the camera that both
views share."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyvista as pv

ViewName = Literal["home", "front", "back", "side", "right", "top"]
VIEW_ANGLE = 28.0
MARGIN = 1.08
# Metres between the camera and what it was told to look at.
LEAST_DISTANCE, MOST_FOCUS_DISTANCE = 0.35, 1.8
UP = np.array([0.0, 0.0, 1.0])
STEEPEST = 89.0
"""Degrees above the horizon at most, where a camera is turned by hand."""
HALF_TANGENT = float(np.tan(np.radians(VIEW_ANGLE / 2)))


@dataclass(frozen=True)
class CameraPose:
    """Position, focal point and up direction in the z-up scene."""

    position: np.ndarray
    focal_point: np.ndarray
    up: np.ndarray

    @classmethod
    def of_json(cls, stored: object, most: float) -> CameraPose | None:
        """From plain values, lists of three numbers of at most ``most``; None of what makes no sense."""
        if not isinstance(stored, dict):
            return None
        found = []
        for name in ("position", "focal_point", "up"):
            numbers = stored.get(name)
            if not isinstance(numbers, list) or len(numbers) != 3:
                return None
            if not all(type(x) in (int, float) and -most <= x <= most for x in numbers):
                return None
            found.append(np.array(numbers, dtype=float))
        position, focal_point, up = found
        if np.linalg.norm(np.cross(position - focal_point, up)) < 1e-6:
            return None
        return cls(position, focal_point, up)

    def to_json(self) -> dict[str, list[float]]:
        """In plain values."""
        return {name: [float(x) for x in value] for name, value in vars(self).items()}


def facing_of(left_hip: np.ndarray, right_hip: np.ndarray) -> np.ndarray:
    """Horizontal unit vector out of the belly, from the hips in a z-up scene."""
    forward = np.cross(left_hip - right_hip, (0.0, 0.0, 1.0))
    forward[2] = 0.0
    length = np.linalg.norm(forward)
    return forward / length if length > 1e-6 else np.array([0.0, -1.0, 0.0])


@dataclass(frozen=True)
class Stance:
    """Where a body stands, (3,) on the floor, and (3,) which way it looks, in the z-up scene."""

    centre: np.ndarray
    facing: np.ndarray

    @classmethod
    def at(cls, place: np.ndarray, floor: float, hips: np.ndarray | None) -> Stance:
        """Of a body above a place (3,), with its left and right hip (2, 3), or None where they are not
        known."""
        known = hips is not None and bool(np.isfinite(hips).all())
        facing = facing_of(hips[0], hips[1]) if known and hips is not None else np.array([0.0, -1.0, 0.0])
        return cls(np.array([place[0], place[1], floor]), facing)

    @property
    def _axes(self) -> np.ndarray:
        """Rows: to its left, forward, up."""
        return np.array([np.cross(UP, self.facing), self.facing, UP])

    def seen_from(self, pose: CameraPose) -> CameraPose:
        """A camera of the scene, told from the body."""
        position, focal_point = (self._axes @ (at - self.centre) for at in (pose.position, pose.focal_point))
        return CameraPose(position, focal_point, self._axes @ pose.up)

    def camera(self, pose: CameraPose) -> CameraPose:
        """A camera told from the body, in the scene."""
        position, focal_point = (self.centre + at @ self._axes for at in (pose.position, pose.focal_point))
        return CameraPose(position, focal_point, pose.up @ self._axes)


def camera_at(
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
        "back": 0.04 * above - facing,
        "side": left + 0.04 * above,
        "right": 0.04 * above - left,
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


# The camera that both views share, central or parallel.


class SceneCamera:
    """Gets and sets a `CameraPose`; in parallel projection the distance is that of the same magnification."""

    def __init__(self, camera: pv.Camera) -> None:
        self._camera = camera
        self._afar: CameraPose | None = None
        camera.view_angle = VIEW_ANGLE

    @property
    def pose(self) -> CameraPose:
        """Where it is now."""
        camera = self._camera
        position, focal_point = np.array(camera.position), np.array(camera.focal_point)
        if camera.parallel_projection:
            away = position - focal_point
            distance = camera.parallel_scale / HALF_TANGENT
            position = focal_point + away * (distance / max(float(np.linalg.norm(away)), 1e-9))
        return CameraPose(position, focal_point, np.array(camera.up))

    @pose.setter
    def pose(self, pose: CameraPose) -> None:
        camera = self._camera
        camera.position = pose.position
        camera.focal_point = pose.focal_point
        camera.up = pose.up
        camera.clipping_range = (0.05, 60.0)
        camera.parallel_scale = float(np.linalg.norm(pose.position - pose.focal_point)) * HALF_TANGENT

    def shift(self, move: np.ndarray) -> None:
        """Goes along with a body that moved, (3,) metres; its height stays."""
        move = np.array([move[0], move[1], 0.0])
        camera = self._camera
        camera.focal_point = np.asarray(camera.focal_point) + move
        camera.position = np.asarray(camera.position) + move
        if self._afar is not None:
            afar = self._afar
            self._afar = replace(afar, position=afar.position + move, focal_point=afar.focal_point + move)

    def come_near(self, pose: CameraPose) -> None:
        """Goes there, and remembers where it was before it came near anything."""
        self._afar = self._afar or self.pose
        self.pose = pose

    def come_back(self) -> None:
        """Is again as it was then, beside the body as it stands now."""
        if self._afar is not None:
            self.pose, self._afar = self._afar, None

    def stay(self) -> None:
        """Where it is put next is no place to come back from."""
        self._afar = None

    def turn(self, sideways: float, upwards: float) -> None:
        """Goes around the focal point, by degrees; what is up stays up, and it stops above and below."""
        pose = self.pose
        away = pose.position - pose.focal_point
        distance = float(np.linalg.norm(away))
        flat = away[:2] if np.linalg.norm(away[:2]) > 1e-6 * distance else -pose.up[:2]
        heading = math.atan2(flat[1], flat[0]) + math.radians(sideways)
        height = math.degrees(math.asin(np.clip(away[2] / max(distance, 1e-12), -1.0, 1.0))) + upwards
        height = math.radians(float(np.clip(height, -STEEPEST, STEEPEST)))
        away = distance * np.array(
            [math.cos(height) * math.cos(heading), math.cos(height) * math.sin(heading), math.sin(height)]
        )
        self.pose = CameraPose(pose.focal_point + away, pose.focal_point, UP)

    def set_parallel(self, parallel: bool) -> None:
        """Parallel or central projection; what is at the focal point keeps its size."""
        if parallel == bool(self._camera.parallel_projection):
            return
        pose = self.pose
        self._camera.parallel_projection = parallel
        self.pose = pose
