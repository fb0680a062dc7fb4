"""What is under the pointer in the 3D view: a vertex, told in words; a click pins it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QToolTip

from gui_app.document.document import Document
from gui_app.document.playback import Playback
from gui_app.scene.picking import BodyName
from gui_app.tasks.coalesce import Later
from gui_app.viewport.pins import Pins
from gui_app.viewport.viewport import Viewport
from gui_app.widgets.text import plain_tip

HOVER_MS = 60
STILL_PIXELS = 3


class Markers(Protocol):
    """Something drawn over the bodies; places are logical pixels of the 3D widget."""

    def words_at(self, at: QPoint) -> str:
        """What is there, in words; '' for nothing."""

    def click_at(self, at: QPoint) -> bool:
        """Takes a click; False where nothing is."""


class VertexProbe(QObject):
    """Watches the mouse over the 3D view; turning and moving the camera stay as they are.

    ``pointed`` and ``clicked`` tell a body and its vertex. While ``finds_joints``, a click on a joint of the
    skeleton is told by ``joint_clicked``, and pins nothing; nor does one on a vertex while ``holds``.
    ``takes``, where it is given, has every click on a vertex for itself, before all else.
    ``markers`` stand before both: what is drawn over the bodies there is named and clicked first; so does the
    ``crowd``, where it is in front.
    ``tells_mask`` has the words on whether a vertex of the fit is valid, and why not; None where nobody wants
    to know. ``tells_difference`` likewise has those on how far two correspondences are apart there.
    """

    pointed = Signal(str, int)
    clicked = Signal(str, int)
    joint_clicked = Signal(str, str)

    def __init__(self, document: Document, playback: Playback, pins: Pins, viewport: Viewport) -> None:
        super().__init__(viewport)
        self._document, self._playback, self._pins, self._viewport = document, playback, pins, viewport
        self.finds_joints = self.holds = False
        self.tells_mask: Callable[[int], str] | None = None
        self.tells_difference: Callable[[int], str] | None = None
        self.markers: Markers | None = None
        self.crowd: Markers | None = None
        self.takes: Callable[[BodyName, int], object] | None = None
        self._at = QPoint()
        self._pressed: QPoint | None = None
        self._clicked: int | None = None
        self._hover = Later(self._show_vertex, self, HOVER_MS)
        # A double click means something else, so a single one waits for it.
        self._click = Later(self._pin, self, QApplication.doubleClickInterval())
        viewport.plotter.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes note of moves and clicks, and leaves them to the view."""
        if event.type() == QEvent.Type.Leave:
            self._hover.stop()
            QToolTip.hideText()
        elif isinstance(event, QMouseEvent):
            self._on_mouse(event)
        return False

    def _on_mouse(self, event: QMouseEvent) -> None:
        at, left = event.position().toPoint(), event.button() == Qt.MouseButton.LeftButton
        if event.type() == QEvent.Type.MouseMove:
            if event.buttons() == Qt.MouseButton.NoButton:
                self._at = at
                if not self._hover.isActive():
                    self._hover.start()
        elif event.type() == QEvent.Type.MouseButtonPress:
            QToolTip.hideText()
            self._pressed = at if left and not event.modifiers() else None
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            self._click.stop()
            self._pressed = None
        elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None and left:
            moved = (at - self._pressed).manhattanLength()
            self._pressed = None
            if moved <= STILL_PIXELS:
                self._on_click(at)

    def _on_click(self, at: QPoint) -> None:
        if self.takes is not None:
            taken = self._viewport.vertex_at(at.x(), at.y())
            if taken is not None:
                self.takes(*taken)
            return
        if any(drawn.click_at(at) for drawn in (self.markers, self.crowd) if drawn is not None):
            return
        joint = self._viewport.joint_at(at.x(), at.y()) if self.finds_joints else None
        if joint is not None:
            self.joint_clicked.emit(*joint)
            return
        found = self._viewport.vertex_at(at.x(), at.y())
        if found is None:
            return
        self.clicked.emit(*found)
        if found[0] == "fit" and not self.holds:
            self._clicked = found[1]
            self._click.start()

    @Slot()
    def _pin(self) -> None:
        if self._clicked is not None:
            self._pins.toggle(self._clicked)

    @Slot()
    def _show_vertex(self) -> None:
        if self._playback.playing or not self._viewport.isVisible():
            return
        plotter = self._viewport.plotter
        first = (self.markers, self.crowd) if self.takes is None else ()
        told = (drawn.words_at(self._at) for drawn in first if drawn is not None)
        marked = next(filter(None, told), "")
        if marked:
            QToolTip.showText(plotter.mapToGlobal(self._at), plain_tip(marked), plotter)
            return
        found = self._viewport.vertex_at(self._at.x(), self._at.y())
        if found is None:
            QToolTip.hideText()
            return
        QToolTip.showText(plotter.mapToGlobal(self._at), self.words(*found), plotter)
        self.pointed.emit(*found)

    def words(self, body: str, vertex: int) -> str:
        """``fit vertex 4821 · hands · 3.2 mm off``, or of two fits ``A 3.2, B 4.1 mm off · 1.3 mm apart``."""
        from core.model.joints import PARTS

        opened = self._document.opened
        if opened is None:
            return ""
        model = opened.bodies.target if body == "fit" else opened.bodies.source
        said = [f"{body} vertex {vertex}", PARTS[int(model.vertex_part[vertex])]]
        picture = opened.posed.frame(self._playback.frame)
        beside = opened.posed.beside(self._playback.frame)
        error = picture.error_mm if body == "fit" else None
        if error is not None:
            compared = bool(np.isfinite(error[vertex]))
            if compared or self.tells_mask is None:
                off, other = f"{error[vertex]:.1f} mm off", None if beside is None else beside.error_mm
                if other is not None and np.isfinite(other[vertex]):
                    off = f"A {error[vertex]:.1f}, B {other[vertex]:.1f} mm off"
                said.append(off if compared else "invalid, no counterpart")
            if beside is not None and beside.fit_vertices is not None and picture.fit_vertices is not None:
                apart = np.linalg.norm(picture.fit_vertices[vertex] - beside.fit_vertices[vertex])
                said.append(f"{1000 * apart:.1f} mm apart")
            if compared and not self.holds and self.takes is None:
                pinned = vertex in self._pins.vertices
                said.append("click to take its pin out" if pinned else "click to pin")
        if body == "fit" and self.tells_mask is not None:
            said.append(self.tells_mask(vertex))
        elif body == "fit" and self.tells_difference is not None:
            said.append(self.tells_difference(vertex))
        if self.takes is not None:
            said.append("click to measure from or to here")
        elif self.holds:
            said.append("click to hold")
        return " · ".join(said)
