"""What is under a place of the 3D view: a vertex, or a joint with its name."""

from __future__ import annotations

from typing import Literal

import numpy as np
from vtkmodules.vtkRenderingCore import vtkActor, vtkPointPicker, vtkRenderer

from gui_app.scene.vtk_tools import place_text, text_actor
from gui_app.style import colours

BodyName = Literal["source", "fit"]
# Share of the window's diagonal within which a vertex counts as hit.
TOLERANCE = 0.006


class VertexPicker:
    """Finds vertices of the bodies of a scene; nothing else in the scene can be hit."""

    def __init__(self) -> None:
        self._picker = vtkPointPicker()
        self._picker.SetTolerance(TOLERANCE)
        self._picker.PickFromListOn()

    def pick(self, renderer: vtkRenderer, body: vtkActor, x: float, y: float) -> int | None:
        """Id of the vertex of ``body`` at (x, y) device pixels of the window, from its lower left corner."""
        if not body.GetVisibility():
            return None
        self._picker.InitializePickList()
        self._picker.AddPickList(body)
        self._picker.Pick(x, y, 0.0, renderer)
        vertex = self._picker.GetPointId()
        return int(vertex) if vertex >= 0 else None


# The name of the joint under the pointer.

TEXT_SIZE = 12
# Logical pixels: how near the pointer must come, and how far off the words stand.
REACH, AWAY = 9.0, 10.0
# Share of the width from which on the words stand on the left of the joint.
FAR_RIGHT = 0.75


class JointLabel:
    """Words beside one joint of a view."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._shown: int | None = None
        self._words = text_actor("", TEXT_SIZE, colours.TEXT, vertical="centre")
        style = self._words.GetTextProperty()
        style.SetBackgroundColor(*colours.rgb_unit(colours.BACKGROUND))
        style.SetBackgroundOpacity(0.75)
        self._words.SetVisibility(False)
        renderer.AddViewProp(self._words)

    def point_at(self, x: float, y: float, joints: np.ndarray, names: tuple[str, ...], scale: float) -> bool:
        """Names the joint at (x, y) device pixels of the window, if there is one; True if that changed.

        Args:
            x: from the left of the window.
            y: from the bottom.
            joints: (J, 3) metres in the scene.
            names: of the joints.
            scale: device pixels in a logical pixel.
        """
        found = self.nearest(x, y, joints, scale)
        if found is None:
            return self.hide()
        if found == self._shown:
            return False
        self._shown = found
        left, bottom = self._renderer.GetOrigin()
        self._words.SetInput(f" {joint_words(names[found])} ")
        across, up = projected(self._renderer, joints[[found]])[0] - (left, bottom)
        style = self._words.GetTextProperty()
        if across > FAR_RIGHT * self._renderer.GetSize()[0]:
            style.SetJustificationToRight()
            across -= AWAY * scale
        else:
            style.SetJustificationToLeft()
            across += AWAY * scale
        place_text(self._words, across, up)
        self._words.SetVisibility(True)
        return True

    def nearest(self, x: float, y: float, joints: np.ndarray, scale: float) -> int | None:
        """The joint at (x, y) device pixels of the window; as `point_at`."""
        distance = np.hypot(*(projected(self._renderer, joints) - (x, y)).T)
        nearest = int(np.argmin(distance))
        return nearest if distance[nearest] <= REACH * scale else None

    def hide(self) -> bool:
        """Names none; True if that changed."""
        changed = self._shown is not None
        self._shown = None
        self._words.SetVisibility(False)
        return changed


def joint_words(name: str) -> str:
    """``left_index1`` as ``left index 1``."""
    words = name.removesuffix("_smplhf").replace("_", " ")
    return f"{words[:-1]} {words[-1]}" if words[-1].isdigit() else words


def projected(renderer: vtkRenderer, points: np.ndarray) -> np.ndarray:
    """(N, 3) metres in the scene to (N, 2) device pixels of the window."""
    camera = renderer.GetActiveCamera()
    matrix = camera.GetCompositeProjectionTransformMatrix(renderer.GetTiledAspectRatio(), -1, 1)
    rows = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    clip = points.astype(float) @ rows[:, :3].T + rows[:, 3]
    unit = clip[:, :2] / np.where(np.abs(clip[:, 3:]) > 1e-9, clip[:, 3:], 1e-9)
    return np.array(renderer.GetOrigin()) + (unit + 1) / 2 * np.array(renderer.GetSize())
