"""Bodies beside the one that is looked at, quiet and in their true place; a click can tell who they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyvista as pv
from vtkmodules.vtkFiltersCore import vtkTriangleMeshPointNormals
from vtkmodules.vtkRenderingCore import vtkActor, vtkCellPicker, vtkPolyDataMapper, vtkRenderer

from gui_app.scene.body_actor import AMBIENT
from gui_app.scene.subject import FramePicture
from gui_app.scene.vtk_tools import write_points
from gui_app.style import colours

COARSER = 0.8
DIM = 0.42
"""How much of the source's colour is left; the rest is that of what is behind."""


@dataclass(frozen=True, eq=False)
class CrowdBody:
    """One of them in one frame.

    Attributes:
        name: who it is.
        faces: (F, 3) triangles; those of one body are one array.
        vertices: (V, 3) metres in the scene.
    """

    name: str
    faces: np.ndarray
    vertices: np.ndarray


def coarse(points: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A fifth of a skin, for a body that nobody looks at closely: six of them are drawn in the time of one.

    Args:
        points: (V, 3) the skin at rest.
        faces: (F, 3) triangles.

    Returns:
        (v,) ids of the vertices that are left, and (f, 3) triangles between these.
    """
    cells = np.column_stack([np.full(len(faces), 3), faces])
    numbered = pv.PolyData(points.astype(np.float32), cells.ravel())
    numbered.point_data["id"] = np.arange(len(points))
    left = numbered.decimate_pro(COARSER, preserve_topology=True, splitting=False)
    return np.asarray(left.point_data["id"]), left.regular_faces.copy()


class Crowd:
    """Shows them in each of the renderers, which share one mesh for each body."""

    def __init__(self, renderers: Sequence[vtkRenderer]) -> None:
        self._renderers = tuple(renderers)
        self._actors: dict[str, _CrowdActor] = {}
        self._picker = vtkCellPicker()
        self._picker.SetTolerance(0.0)

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are to be seen."""
        return tuple(name for name, actor in self._actors.items() if actor.visible)

    def show(self, bodies: Sequence[CrowdBody]) -> None:
        """Shows these, and nobody else; the caller redraws."""
        here = {body.name: body for body in bodies}
        for name, actor in list(self._actors.items()):
            if name not in here:
                actor.set_visible(False)
            elif here[name].faces is not actor.faces:
                actor.leave(self._renderers)
                del self._actors[name]
        for name, body in here.items():
            if name not in self._actors:
                self._actors[name] = _CrowdActor(body, self._renderers)
            self._actors[name].show(body.vertices)

    def clear(self) -> None:
        """Nobody is there any more."""
        for actor in self._actors.values():
            actor.leave(self._renderers)
        self._actors.clear()

    def name_at(self, x: float, y: float) -> str | None:
        """Who of them is in front at (x, y) device pixels of the window; None where something else is."""
        if not self.names:
            return None
        for renderer in self._renderers:
            if renderer.GetDraw() and renderer.IsInViewport(round(x), round(y)):
                self._picker.Pick(x, y, 0.0, renderer)
                found = self._picker.GetActor()
                return next((name for name, actor in self._actors.items() if found in actor.actors), None)
        return None


def nobody(_frame: int) -> tuple[CrowdBody, ...]:
    """The bodies beside somebody who is alone."""
    return ()


class CrowdInPicture:
    """Those who were beside somebody at a moment, in views other than the window's.

    Args:
        bodies: of each frame.
        renderers: of the views.
        scale: device pixels in a logical pixel; bodies are of no pixels.
    """

    def __init__(
        self, bodies: Callable[[int], Sequence[CrowdBody]], renderers: Sequence[vtkRenderer], scale: float
    ) -> None:
        self._bodies, self._crowd = bodies, Crowd(renderers)

    def show(self, frame: int, picture: FramePicture) -> None:
        """Shows who is there."""
        self._crowd.show(self._bodies(frame))


class _CrowdActor:
    """One of them, in as many renderers as there are."""

    def __init__(self, body: CrowdBody, renderers: Sequence[vtkRenderer]) -> None:
        self.faces = body.faces
        cells = np.empty((len(body.faces), 4), np.int64)
        cells[:, 0] = 3
        cells[:, 1:] = body.faces
        self._mesh = pv.PolyData(np.zeros((len(body.vertices), 3), np.float32), cells.ravel())
        self._normals = vtkTriangleMeshPointNormals()
        self._normals.SetInputData(self._mesh)
        # One for all renderers: what is sent to the graphics card is sent once.
        mapper = vtkPolyDataMapper()
        mapper.SetInputConnection(self._normals.GetOutputPort())
        mapper.ScalarVisibilityOff()
        self.actors = [vtkActor() for _ in renderers]
        for actor, renderer in zip(self.actors, renderers, strict=True):
            actor.SetMapper(mapper)
            look = actor.GetProperty()
            look.SetColor(*_quiet())
            look.SetAmbient(AMBIENT[colours.theme])
            look.SetDiffuse(0.78)
            look.SetSpecular(0.0)
            renderer.AddActor(actor)
        self.visible = True

    def show(self, vertices: np.ndarray) -> None:
        write_points(self._mesh, vertices)
        self.set_visible(True)

    def set_visible(self, visible: bool) -> None:
        if visible != self.visible:
            self.visible = visible
            for actor in self.actors:
                actor.SetVisibility(visible)

    def leave(self, renderers: Sequence[vtkRenderer]) -> None:
        for actor, renderer in zip(self.actors, renderers, strict=True):
            renderer.RemoveActor(actor)


def _quiet() -> tuple[float, float, float]:
    """Between the source's skin and what is behind."""
    skin, behind = colours.rgb_unit(colours.SOURCE_SKIN), colours.rgb_unit(colours.VIEW_TOP)
    red, green, blue = (DIM * one + (1 - DIM) * other for one, other in zip(skin, behind, strict=True))
    return red, green, blue
