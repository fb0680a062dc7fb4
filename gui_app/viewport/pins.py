"""Vertices that the user pinned: their spheres on the skin, and their error over time, measured in a
thread of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyvista as pv
from PySide6.QtCore import QObject, Signal, Slot
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from gui_app.document.background_measure import MeasureRequest, Measuring
from gui_app.document.document import Document
from gui_app.document.opened import Opened
from gui_app.document.playback import Playback
from gui_app.document.state import AppState
from gui_app.scene.subject import FramePicture, upright
from gui_app.scene.vtk_tools import text_actor
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.tasks.background_job import BackgroundJob
from gui_app.tasks.coalesce import Coalescer
from gui_app.viewport.over_bodies import FIT_VIEW, Copy
from gui_app.viewport.viewport import Viewport
from gui_app.viewport.words_apart import WordsApart

if TYPE_CHECKING:
    from core.model.fit_result import FitResult

MOST_PINS = 4
FAILED = "The error of the pinned vertices could not be measured; details are in the log"


@dataclass(frozen=True, eq=False)
class PinRequest(MeasureRequest):
    """Vertices of the fit whose error over time is asked for."""

    vertices: tuple[int, ...]


def measure_pins(request: PinRequest, job: BackgroundJob[Any]) -> np.ndarray:
    """(T, n) millimetres of the vertices asked for."""
    from core.measure.vertex_series import vertex_series

    return vertex_series(request.motion, request.bodies, request.result, request.vertices, job.check)


class Pins(Measuring):
    """Up to four vertices of the fit; ``series`` holds (T,) millimetres of those measured already."""

    changed = Signal()

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__("pins", measure_pins, FAILED, state, parent)
        self.vertices: tuple[int, ...] = ()
        self.series: dict[int, np.ndarray] = {}
        self._result: FitResult | None = None
        state.document.motion_changed.connect(self.clear)
        state.document.result_changed.connect(self._soon.ask)
        state.activity.run_changed.connect(self._soon.ask)

    @Slot(int)
    def toggle(self, vertex: int) -> None:
        """Pins a vertex of the fit, or takes its pin out; a fifth pin takes the place of the first."""
        opened = self._state.document.opened
        if opened is None:
            return
        if vertex in self.vertices:
            self.vertices = tuple(pinned for pinned in self.vertices if pinned != vertex)
            self.series.pop(vertex, None)
        elif not opened.bodies.correspondence.valid[vertex]:
            self._state.activity.say(
                f"Vertex {vertex} is invalid: it has no counterpart on the source, and no error to follow"
            )
            return
        else:
            self.vertices = (*self.vertices, vertex)[-MOST_PINS:]
            self.series = {pinned: self.series[pinned] for pinned in self.vertices if pinned in self.series}
        self.changed.emit()
        self._soon.ask()

    @Slot()
    def clear(self) -> None:
        """Takes all pins out."""
        self._drop_measuring()
        self.vertices, self.series = (), {}
        self.changed.emit()

    def _measure_missing(self, opened: Opened) -> None:
        if self._state.document.result is not self._result:
            self._result = self._state.document.result
            self._drop_measuring()
            self.series = {}
            self.changed.emit()
        missing = tuple(vertex for vertex in self.vertices if vertex not in self.series)
        asked = self._wanted.vertices if isinstance(self._wanted, PinRequest) else ()
        if missing and missing != asked and self._result is not None:
            self._measure(PinRequest(opened.motion, opened.bodies, self._result, missing))

    def _keep(self, request: PinRequest, found: np.ndarray) -> None:
        for index, vertex in enumerate(request.vertices):
            if vertex in self.vertices:
                self.series[vertex] = found[:, index].astype(float)
        self.changed.emit()


# Small spheres on the skin of the fit where vertices are pinned, with their error in words that stay.

RADIUS_M = 0.009
TEXT_SIZE, GROUND = 12, 0.6
"""Logical pixels, and the opacity behind the words."""
BESIDE = 9.0
"""Logical pixels from the middle of a sphere to its words."""


class PinMarks:
    """One for each pin there may be: ``actors`` are the spheres, ``labels`` the words beside them."""

    def __init__(self) -> None:
        shape = pv.Sphere(radius=RADIUS_M, theta_resolution=14, phi_resolution=14)
        self.actors = [_sphere(shape) for _ in range(MOST_PINS)]
        self.labels = [text_actor("", TEXT_SIZE, colours.TEXT, vertical="centre") for _ in self.actors]
        self._apart = WordsApart()
        for label in self.labels:
            label.SetVisibility(False)

    def stand_in(self, view: vtkRenderer) -> None:
        """Are in a view that has none of them, in the colours of the theme."""
        self._apart = WordsApart.of(view)
        for actor, label, colour in zip(self.actors, self.labels, colours.PINS, strict=False):
            actor.GetProperty().SetColor(*colours.rgb_unit(colour))
            look = label.GetTextProperty()
            look.SetColor(*colours.rgb_unit(colour))
            look.SetBackgroundColor(*colours.rgb_unit(colours.BACKGROUND))
            look.SetBackgroundOpacity(GROUND)
            view.AddActor(actor)
            view.AddViewProp(label)

    def show(self, pinned: tuple[int, ...], picture: FramePicture | None, up_axis: str, scale: float) -> bool:
        """Puts them where the vertices are in a frame; whether the picture is another."""
        vertices = None if picture is None else picture.fit_vertices
        changed = False
        for index, (actor, label) in enumerate(zip(self.actors, self.labels, strict=True)):
            shown = vertices is not None and index < len(pinned)
            changed |= shown or bool(actor.GetVisibility())
            actor.SetVisibility(shown)
            label.SetVisibility(shown)
            if shown and vertices is not None and picture is not None:
                vertex = pinned[index]
                x, y, z = upright(vertices[vertex], up_axis).tolist()
                actor.SetPosition(x, y, z)
                self._apart.put(label, (x, y, z), BESIDE * scale)
                label.SetInput(f" {_words(vertex, picture.error_mm)} ")
        return changed


class PinsInPicture:
    """Pins as they were at a moment, in views other than the window's."""

    def __init__(
        self, pinned: tuple[int, ...], up_axis: str, renderers: Sequence[vtkRenderer], scale: float
    ) -> None:
        self._marks = PinMarks()
        self._marks.stand_in(renderers[FIT_VIEW])
        self._pinned, self._up_axis, self._scale = pinned, up_axis, scale

    def show(self, frame: int, picture: FramePicture) -> None:
        """Puts them where the vertices are."""
        self._marks.show(self._pinned, picture, self._up_axis, self._scale)


class PinSpheres(QObject):
    """Go along with the frame on show."""

    def __init__(self, document: Document, playback: Playback, pins: Pins, viewport: Viewport) -> None:
        super().__init__(viewport)
        self._document, self._playback, self._pins, self._viewport = document, playback, pins, viewport
        self.marks = PinMarks()
        viewport.over.append(self._copy)
        on_theme_change(self._on_theme)
        # As the bodies: once, however often the frame has moved.
        soon = Coalescer(self._place, self)
        for signal in (
            document.motion_changed,
            playback.frame_changed,
            document.result_changed,
            pins.changed,
        ):
            signal.connect(soon.ask)

    def _copy(self) -> Copy:
        opened = self._document.opened
        up_axis = "z" if opened is None else opened.subject.up_axis
        return partial(PinsInPicture, self._pins.vertices, up_axis)

    @Slot()
    def _on_theme(self) -> None:
        # With a new scene the view was emptied.
        self.marks.stand_in(self._viewport.plotter.renderers[FIT_VIEW])

    @Slot()
    def _place(self) -> None:
        opened, plotter = self._document.opened, self._viewport.plotter
        if opened is None:
            return
        pinned = self._pins.vertices
        picture = opened.posed.frame(self._playback.frame) if pinned else None
        if self.marks.show(pinned, picture, opened.subject.up_axis, plotter.devicePixelRatioF()):
            plotter.update()


def _words(vertex: int, error_mm: np.ndarray | None) -> str:
    """``4821 · 3.2 mm``."""
    known = error_mm is not None and np.isfinite(error_mm[vertex])
    return f"{vertex} · {error_mm[vertex]:.1f} mm" if known and error_mm is not None else str(vertex)


def _sphere(shape: pv.PolyData) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(shape)
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetAmbient(0.5)
    actor.PickableOff()
    actor.VisibilityOff()
    return actor
