"""Which vertex is under a place of the 3D view."""

from __future__ import annotations

from typing import Literal

from vtkmodules.vtkRenderingCore import vtkActor, vtkPointPicker, vtkRenderer

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
