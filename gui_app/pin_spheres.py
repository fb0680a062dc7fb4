"""Small spheres on the skin of the fit where vertices are pinned."""

from __future__ import annotations

import pyvista as pv
from PySide6.QtCore import QObject, Slot
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from gui_app import colours
from gui_app.live_theme import follow
from gui_app.pins import MOST_PINS, Pins
from gui_app.soon import Soon
from gui_app.state import AppState
from gui_app.subject import upright
from gui_app.viewport import Viewport

RADIUS_M = 0.009


class PinSpheres(QObject):
    """Go along with the frame on show."""

    def __init__(self, state: AppState, pins: Pins, viewport: Viewport) -> None:
        super().__init__(viewport)
        self._state, self._pins, self._viewport = state, pins, viewport
        shape = pv.Sphere(radius=RADIUS_M, theta_resolution=14, phi_resolution=14)
        self.actors = [_sphere(shape) for _ in range(MOST_PINS)]
        follow(self._on_theme)
        # As the bodies: once, however often the frame has moved.
        soon = Soon(self._place, self)
        for signal in (state.motion_changed, state.frame_changed, state.result_changed, pins.changed):
            signal.connect(soon.ask)

    @Slot()
    def _on_theme(self) -> None:
        for actor, colour in zip(self.actors, colours.PINS, strict=False):
            actor.GetProperty().SetColor(*colours.rgb_unit(colour))
            # With a new scene the view was emptied.
            self._viewport.plotter.renderers[1].AddActor(actor)

    @Slot()
    def _place(self) -> None:
        opened = self._state.opened
        if opened is None:
            return
        vertices = opened.posed.frame(self._state.frame).fit_vertices if self._pins.vertices else None
        changed = False
        for index, actor in enumerate(self.actors):
            shown = vertices is not None and index < len(self._pins.vertices)
            changed |= shown or bool(actor.GetVisibility())
            actor.SetVisibility(shown)
            if shown and vertices is not None:
                vertex = self._pins.vertices[index]
                actor.SetPosition(*upright(vertices[vertex], opened.subject.up_axis).tolist())
        if changed:
            self._viewport.plotter.update()


def _sphere(shape: pv.PolyData) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(shape)
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetAmbient(0.5)
    actor.PickableOff()
    actor.VisibilityOff()
    return actor
