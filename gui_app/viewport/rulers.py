"""Distances between two points picked on the bodies, which go along with the frames."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from gui_app.document.actions import Actions
from gui_app.document.state import AppState
from gui_app.document.view import MOST_RULERS, Ruler
from gui_app.scene.picking import BodyName
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.tasks.coalesce import Coalescer
from gui_app.viewport.over_bodies import Copy
from gui_app.viewport.ruler_lines import RulerLine, RulerLines, RulersInPicture
from gui_app.viewport.vertex_probe import VertexProbe
from gui_app.viewport.viewport import Viewport
from gui_app.widgets.buttons import NO_MOTION, allow

HOW = "Click on a point of a body, then on another; Esc ends measuring, Del takes the last distance away"
NOTHING_MEASURED = "No distance is measured"
CURVE = "Curves ▾ below the bodies shows this distance over the frames, too"


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
        self._drawn = RulerLines(tuple(viewport.plotter.renderers))
        viewport.over.append(self._copy)
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

    @property
    def lines(self) -> list[RulerLine]:
        """All of them, shown or not."""
        return self._drawn.lines

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
            self._state.activity.say(CURVE)

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

    def _copy(self) -> Copy:
        opened, view = self._state.document.opened, self._state.view
        up_axis = "z" if opened is None else opened.subject.up_axis
        return partial(RulersInPicture, view.rulers, view.layout, up_axis, colours.theme)

    @Slot()
    def place(self) -> None:
        """Puts the lines where their ends are now."""
        opened, view = self._state.document.opened, self._state.view
        before = any(line.visible for line in self.lines)
        rulers = [*view.rulers, *([] if self.begun is None else [Ruler(self.begun, self.begun)])]
        picture = opened.posed.frame(self._state.playback.frame) if opened is not None and rulers else None
        plotter = self._viewport.plotter
        up_axis = "z" if opened is None else opened.subject.up_axis
        scale = plotter.devicePixelRatioF()
        if self._drawn.show(rulers, picture, view.layout, up_axis, colours.theme, scale) or before:
            plotter.update()

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
        allow(self._actions.measure, "" if self._state.document.opened is not None else NO_MOTION)
        self._on_rulers()

    @Slot()
    def _on_rulers(self) -> None:
        for action in (self._actions.remove_distance, self._actions.remove_distances):
            allow(action, "" if self._state.view.rulers else NOTHING_MEASURED)
        if not self._state.view.rulers:
            self._state.activity.end(CURVE)

    @Slot()
    def _on_theme(self) -> None:
        # With a new scene the views were emptied.
        for line in self.lines:
            line.leave()
        self._soon.ask()
