"""The path of the pelvis over the whole motion: strong up to the frame shown, faint beyond."""

from __future__ import annotations

import numpy as np
import pyvista as pv
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from gui_app.scene.vtk_tools import write_points
from gui_app.style.colours import rgb

WIDTH = 2.0
PAST, FUTURE = 235, 80


class TrajectoryActor:
    """A line through the place of the pelvis at each frame."""

    def __init__(self, frames: int, colour: str) -> None:
        cell = np.concatenate([[frames], np.arange(frames)])
        self._mesh = pv.PolyData(np.zeros((frames, 3), np.float32), lines=cell)
        hue = np.full((frames, 4), (*rgb(colour), FUTURE), np.uint8)
        self._mesh.point_data["hue"] = hue
        self._mesh.GetPointData().SetActiveScalars("hue")
        self._hue = self._mesh.GetPointData().GetArray("hue")
        self._known = np.ones(frames, bool)
        self._frame = -1
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(self._mesh)
        mapper.SetScalarModeToUsePointData()
        mapper.SetColorModeToDirectScalars()
        self.actor = vtkActor()
        self.actor.SetMapper(mapper)
        self.actor.PickableOff()
        self.actor.GetProperty().LightingOff()
        self.actor.ForceTranslucentOn()
        self.set_scale(1.0)
        self.set_visible(False)

    def set_path(self, path: np.ndarray, known: np.ndarray) -> None:
        """(T, 3) metres in the scene, finite everywhere; where a frame is not ``known`` nothing is drawn."""
        write_points(self._mesh, path)
        self._known = known
        frame, self._frame = self._frame, -1
        self.set_frame(frame)

    def set_frame(self, frame: int) -> None:
        """The past ends at ``frame``."""
        if frame == self._frame:
            return
        self._frame = frame
        alpha = vtk_to_numpy(self._hue)[:, 3]
        alpha[:] = FUTURE
        alpha[: frame + 1] = PAST
        alpha[~self._known] = 0
        self._hue.Modified()
        self._mesh.Modified()

    def set_scale(self, scale: float) -> None:
        """``scale`` is device pixels in a logical pixel."""
        self.actor.GetProperty().SetLineWidth(WIDTH * scale)

    def set_visible(self, visible: bool) -> None:
        """Shows or hides it."""
        self.actor.SetVisibility(visible)
