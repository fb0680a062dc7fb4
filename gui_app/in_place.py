"""Writing into a mesh that is already on the screen."""

from __future__ import annotations

import numpy as np
import pyvista as pv
from vtkmodules.util.numpy_support import vtk_to_numpy


def write_points(mesh: pv.PolyData, points: np.ndarray) -> None:
    """Overwrites the points of ``mesh`` and tells the pipeline."""
    vtk_to_numpy(mesh.GetPoints().GetData())[...] = points
    mesh.GetPoints().Modified()
    mesh.Modified()
