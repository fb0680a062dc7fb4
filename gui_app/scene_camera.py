"""The camera that both views share, central or parallel."""

from __future__ import annotations

import numpy as np
import pyvista as pv

from gui_app.cameras import HALF_TANGENT, VIEW_ANGLE, CameraPose


class SceneCamera:
    """Gets and sets a `CameraPose`; in parallel projection the distance is that of the same magnification."""

    def __init__(self, camera: pv.Camera) -> None:
        self._camera = camera
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

    def set_parallel(self, parallel: bool) -> None:
        """Parallel or central projection; what is at the focal point keeps its size."""
        if parallel == bool(self._camera.parallel_projection):
            return
        pose = self.pose
        self._camera.parallel_projection = parallel
        self.pose = pose
