"""Flat shapes in pixels of a view."""

from __future__ import annotations

import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkCoordinate, vtkPolyDataMapper2D


def flat_actor(mesh: pv.PolyData) -> vtkActor2D:
    """Draws ``mesh``, whose points are device pixels of the view, with its own colours where it has any."""
    mapper = vtkPolyDataMapper2D()
    mapper.SetInputData(mesh)
    mapper.SetColorModeToDirectScalars()
    pixels = vtkCoordinate()
    pixels.SetCoordinateSystemToViewport()
    mapper.SetTransformCoordinate(pixels)
    actor = vtkActor2D()
    actor.SetMapper(mapper)
    return actor
