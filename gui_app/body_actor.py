"""One body on the screen: a mesh whose points and colours are overwritten in place at every frame."""

from __future__ import annotations

import numpy as np
import pyvista as pv
from vtkmodules.vtkCommonExecutionModel import vtkAlgorithmOutput
from vtkmodules.vtkFiltersCore import vtkTriangleMeshPointNormals
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from gui_app.in_place import write_points


class BodyActor:
    """Mesh, normals, mapper and actor of one body.

    The normals are made inside the pipeline from the bare mesh, so they always belong to the points shown.
    """

    def __init__(self, faces: np.ndarray, colours: np.ndarray) -> None:
        cells = np.empty((len(faces), 4), np.int64)
        cells[:, 0] = 3
        cells[:, 1:] = faces
        self.mesh = pv.PolyData(np.zeros((len(colours), 3), np.float32), cells.ravel())
        self.mesh.point_data["colour"] = colours.copy()
        self.mesh.GetPointData().SetActiveScalars("colour")
        self._painted: np.ndarray | None = colours

        self._normals = vtkTriangleMeshPointNormals()
        self._normals.SetInputData(self.mesh)
        mapper = vtkPolyDataMapper()
        mapper.SetInputConnection(self.surface)
        mapper.SetScalarModeToUsePointData()
        mapper.SetColorModeToDirectScalars()
        self.actor = vtkActor()
        self.actor.SetMapper(mapper)
        surface = self.actor.GetProperty()
        surface.SetInterpolationToPhong()
        surface.SetAmbient(0.26)
        surface.SetDiffuse(0.78)
        surface.SetSpecular(0.0)

    @property
    def surface(self) -> vtkAlgorithmOutput:
        """The mesh with its normals, for other actors of the same body."""
        return self._normals.GetOutputPort()

    def set_points(self, vertices: np.ndarray) -> None:
        """Moves the vertices, (V, 3) metres."""
        write_points(self.mesh, vertices)

    def colours(self) -> np.ndarray:
        """The (V, 3) uint8 array to write into; call ``colours_written`` afterwards."""
        return self.mesh.point_data["colour"]

    def colours_written(self) -> None:
        """Tells the pipeline that the colours changed."""
        self._painted = None
        self.mesh.GetPointData().GetArray("colour").Modified()
        self.mesh.Modified()

    def paint(self, colours: np.ndarray) -> None:
        """Takes over (V, 3) uint8 colours; the same array as last time costs nothing."""
        if colours is not self._painted:
            self.colours()[:] = colours
            self.colours_written()
            self._painted = colours

    def set_visible(self, visible: bool) -> None:
        """Shows or hides the body."""
        self.actor.SetVisibility(visible)
