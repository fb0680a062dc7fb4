"""Distances between two points picked on the bodies: lines over the picture that go along with the frames."""

from __future__ import annotations

import numpy as np
import pyvista as pv
from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkCoordinate, vtkPolyDataMapper2D, vtkRenderer

from gui_app.document.actions import Actions
from gui_app.document.state import AppState
from gui_app.document.view import MOST_RULERS, Ruler
from gui_app.scene.picking import BodyName
from gui_app.scene.subject import upright
from gui_app.scene.vtk_tools import text_actor, write_points
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.tasks.coalesce import Coalescer
from gui_app.viewport.vertex_probe import VertexProbe
from gui_app.viewport.viewport import Viewport

HOW = "Click on a point of a body, then on another; Esc ends measuring, Del takes the last distance away"
LINE_WIDTH, POINT_SIZE, TEXT_SIZE = 2.0, 7.0, 13
GROUND = 0.75
"""Opacity behind the words."""
SOURCE_VIEW, FIT_VIEW = 0, 1


class RulerLine:
    """A line between two places, its ends, and words at its middle; over all else, and hidden at first."""

    def __init__(self) -> None:
        self._mesh = pv.PolyData(
            np.zeros((3, 3), np.float32), lines=np.array([2, 0, 1]), verts=np.array([1, 0, 1, 1])
        )
        world = vtkCoordinate()
        world.SetCoordinateSystemToWorld()
        mapper = vtkPolyDataMapper2D()
        mapper.SetInputData(self._mesh)
        mapper.SetTransformCoordinate(world)
        self._line = vtkActor2D()
        self._line.SetMapper(mapper)
        self.words = text_actor("", TEXT_SIZE, colours.TEXT, horizontal="centre", vertical="centre")
        self.words.GetPositionCoordinate().SetCoordinateSystemToWorld()
        self._in: vtkRenderer | None = None
        self.hide()

    @property
    def visible(self) -> bool:
        """It is shown."""
        return bool(self._line.GetVisibility())

    def put(self, renderer: vtkRenderer, ends: np.ndarray, words: str, colour: str, scale: float) -> None:
        """Shows it in a view, between (2, 3) metres in the scene; the same end twice is a point alone.

        ``scale`` is device pixels in a logical pixel.
        """
        if renderer is not self._in:
            self.leave()
            renderer.AddViewProp(self._line)
            renderer.AddViewProp(self.words)
            self._in = renderer
        middle = ends.mean(axis=0)
        write_points(self._mesh, np.vstack([ends, middle]).astype(np.float32))
        style, look = self._line.GetProperty(), self.words.GetTextProperty()
        style.SetColor(*colours.rgb_unit(colour))
        style.SetLineWidth(LINE_WIDTH * scale)
        style.SetPointSize(POINT_SIZE * scale)
        look.SetColor(*colours.rgb_unit(colour))
        look.SetBackgroundColor(*colours.rgb_unit(colours.BACKGROUND))
        look.SetBackgroundOpacity(GROUND if words else 0.0)
        self.words.SetInput(f" {words} " if words else "")
        self.words.GetPositionCoordinate().SetValue(*middle.tolist())
        self._line.SetVisibility(True)
        self.words.SetVisibility(bool(words))

    def hide(self) -> None:
        """Shows nothing."""
        self._line.SetVisibility(False)
        self.words.SetVisibility(False)

    def leave(self) -> None:
        """Is in no view any more."""
        if self._in is not None:
            self._in.RemoveViewProp(self._line)
            self._in.RemoveViewProp(self.words)
            self._in = None


class Rulers(QObject):
    """Measures while its action is on: two clicks make a distance. What is measured stays until it is taken
    away, whether or not somebody measures. Of this and the tools of the mask one is in the hand.

    Attributes:
        begun: body and vertex of the first click, None before it.
    """

    def __init__(
        self, state: AppState, viewport: Viewport, probe: VertexProbe, actions: Actions, window: QWidget
    ) -> None:
        super().__init__(viewport)
        self._state, self._viewport, self._probe, self._actions = state, viewport, probe, actions
        self.begun: tuple[BodyName, int] | None = None
        self.lines = [RulerLine() for _ in range(MOST_RULERS + 1)]
        self._soon = Coalescer(self.place, self)
        self._tools = (actions.mask_brush, actions.mask_lasso)
        for tool in self._tools:
            tool.toggled.connect(self._on_tool)
        actions.measure.toggled.connect(self._on_measure)
        actions.remove_distance.triggered.connect(self.remove_last)
        actions.remove_distances.triggered.connect(self._remove_all)
        for signal in (
            state.document.motion_changed,
            state.document.result_changed,
            state.document.trial_changed,
            state.playback.frame_changed,
            state.view.peek_changed,
            state.view.changed,
            state.view.second_changed,
            state.view.rulers_changed,
        ):
            signal.connect(self._soon.ask)
        state.document.motion_changed.connect(self._on_motion)
        state.view.rulers_changed.connect(self._on_rulers)
        on_theme_change(self._on_theme)
        window.installEventFilter(self)
        viewport.plotter.installEventFilter(self)
        self._on_motion()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While somebody measures Escape and Delete are for what is measured, before anything else."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._actions.measure.isChecked()
        ):
            if event.key() == Qt.Key.Key_Escape:
                if self.begun is None:
                    self._actions.measure.setChecked(False)
                self._begin(None)
                event.accept()
                return True
            if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
                self.remove_last()
                event.accept()
                return True
        return super().eventFilter(watched, event)

    def take(self, body: BodyName, vertex: int) -> None:
        """A click on a vertex: the first end of a distance, or the second."""
        point = (body, vertex)
        if self.begun is None:
            self._begin(point)
        elif point != self.begun:
            rulers = (*self._state.view.rulers, Ruler(self.begun, point))[-MOST_RULERS:]
            self.begun = None
            self._state.view.set_rulers(rulers)

    @Slot()
    def remove_last(self) -> None:
        """The point that was clicked on, or else the distance that was made last, is there no more."""
        if self.begun is not None:
            self._begin(None)
        else:
            self._state.view.set_rulers(self._state.view.rulers[:-1])

    @Slot()
    def _remove_all(self) -> None:
        self._begin(None)
        self._state.view.set_rulers(())

    def _begin(self, point: tuple[BodyName, int] | None) -> None:
        self.begun = point
        self._soon.ask()

    def millimetres(self, ruler: Ruler) -> float:
        """How far apart both ends are in the frame on show; NaN where one is not posed."""
        first, second = self._place_of(ruler.first), self._place_of(ruler.second)
        if first is None or second is None:
            return float("nan")
        return 1000 * float(np.linalg.norm(first - second))

    def _place_of(self, point: tuple[BodyName, int]) -> np.ndarray | None:
        """(3,) metres in the motion's own world, of the frame on show; None where it is not posed."""
        opened, (body, vertex) = self._state.document.opened, point
        if opened is None:
            return None
        picture = opened.posed.frame(self._state.playback.frame)
        vertices = picture.source_vertices if body == "source" else picture.fit_vertices
        if vertices is None or vertex >= len(vertices) or not np.isfinite(vertices[vertex]).all():
            return None
        return np.asarray(vertices[vertex], float)

    @Slot()
    def place(self) -> None:
        """Puts the lines where their ends are now."""
        shown = any(line.visible for line in self.lines)
        wanted = [(one.first, one.second) for one in self._state.view.rulers]
        if self.begun is not None:
            wanted.append((self.begun, self.begun))
        for line, ends in zip(self.lines, [*wanted, *[None] * len(self.lines)], strict=False):
            if ends is None or not self._put(line, *ends):
                line.hide()
        if shown or wanted:
            self._viewport.plotter.update()

    def _put(self, line: RulerLine, first: tuple[BodyName, int], second: tuple[BodyName, int]) -> bool:
        """Whether the line is shown."""
        opened, view = self._state.document.opened, self._state.view
        start, end = self._place_of(first), self._place_of(second)
        if opened is None or start is None or end is None:
            return False
        # Over each other both bodies are in the view of the fit.
        in_fit = "fit" in (first[0], second[0]) or view.layout == "overlay"
        colour = {"source": colours.SOURCE_WORDS, "fit": colours.FIT_WORDS}[first[0]]
        if first[0] != second[0]:
            colour = colours.TEXT
        millimetres = self.millimetres(Ruler(first, second))
        words = f"{millimetres:,.1f} mm" if first != second else ""
        ends = np.array([upright(one, opened.subject.up_axis) for one in (start, end)])
        plotter = self._viewport.plotter
        line.put(
            plotter.renderers[FIT_VIEW if in_fit else SOURCE_VIEW],
            ends,
            words,
            colour,
            plotter.devicePixelRatioF(),
        )
        return True

    @Slot(bool)
    def _on_tool(self, on: bool) -> None:
        if on:
            self._actions.measure.setChecked(False)

    @Slot(bool)
    def _on_measure(self, on: bool) -> None:
        for tool in self._tools if on else ():
            tool.setChecked(False)
        self._probe.takes = self.take if on else None
        self._begin(None)
        if on:
            self._viewport.plotter.setCursor(Qt.CursorShape.CrossCursor)
            self._state.activity.say(HOW)
        else:
            self._viewport.plotter.unsetCursor()
            self._state.activity.end(HOW)

    @Slot()
    def _on_motion(self) -> None:
        self.begun = None
        self._actions.measure.setEnabled(self._state.document.opened is not None)
        self._on_rulers()

    @Slot()
    def _on_rulers(self) -> None:
        for action in (self._actions.remove_distance, self._actions.remove_distances):
            action.setEnabled(bool(self._state.view.rulers))

    @Slot()
    def _on_theme(self) -> None:
        # With a new scene the views were emptied.
        for line in self.lines:
            line.leave()
        self._soon.ask()
