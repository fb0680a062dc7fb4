"""The lasso in the 3D view and its line: what a closed line goes around is taken out of the mask, or put
back."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Slot
from PySide6.QtGui import QAction, QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QToolTip, QWidget

from gui_app.document.state import AppState
from gui_app.mask.brush import LEFT, PRESSES, MaskTool, opposite
from gui_app.mask.painting import MaskPainting
from gui_app.scene.subject import upright
from gui_app.style import colours
from gui_app.tasks.job_thread import JobThread
from gui_app.viewport.viewport import Viewport

# The line of the lasso, drawn over the 3D view.

WIDTH, FILL_ALPHA = 2.0, 34


class LassoLine(QWidget):
    """Lies over the view and lets all of the mouse through; hidden while there is no line."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._line: list[QPointF] = []
        self._puts_back = False
        self.hide()

    def show_line(self, line: list[QPointF], puts_back: bool) -> None:
        """Corners in logical pixels of the view."""
        self._line, self._puts_back = line, puts_back
        parent = self.parentWidget()
        if parent is not None and self.geometry() != parent.rect():
            self.setGeometry(parent.rect())
        self.setVisible(len(line) > 1)
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line, closed by a fainter one, and what it goes around a little tinted."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(colours.TAKEN_OUT if not self._puts_back else colours.FIT_WORDS)
        fill = QColor(colour)
        fill.setAlpha(FILL_ALPHA)
        shape = QPolygonF(self._line)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(shape, Qt.FillRule.OddEvenFill)
        painter.setPen(QPen(colour, WIDTH))
        painter.drawPolyline(shape)
        painter.setPen(QPen(colour, 1.0, Qt.PenStyle.DashLine))
        painter.drawLine(self._line[-1], self._line[0])


# Logical pixels between two corners of the line.
SPACING = 3.0
FAILED = "What the lasso goes around could not be found; details are in the log"
NOT_SHOWN = "The lasso goes around vertices of the fit: show it (4, 5 or 7)"
DROPPED = "The line of the lasso was dropped"
NOTHING_INSIDE = "The lasso goes around no vertex of the fit that can be seen"


def find_inside(shape: np.ndarray, faces: np.ndarray, camera: np.ndarray, line: np.ndarray) -> np.ndarray:
    """`core.geometry.lasso.lassoed`: thousands of vertices are looked at, whether something hides them."""
    from core.geometry.lasso import lassoed

    return lassoed(shape, faces, camera, line)


class MaskLasso(MaskTool):
    """Draws the line, and asks for what is inside."""

    def __init__(self, state: AppState, painting: MaskPainting, viewport: Viewport, action: QAction) -> None:
        super().__init__(painting, viewport, action)
        self._state = state
        self.line = LassoLine(viewport.plotter)
        self._corners: list[QPointF] = []
        self._thread = JobThread("lasso", self, state.activity.fail, unexpected=FAILED)
        self._thread.closing.connect(self._forget)
        for signal in (
            state.document.motion_changed,
            state.playback.frame_changed,
            state.document.mask_changed,
        ):
            signal.connect(self._forget)
        self.watch()

    @property
    def in_hand(self) -> bool:
        """The lasso is."""
        return self._painting.lasso_on

    def take(self, on: bool) -> None:
        """Takes the lasso, or puts it away."""
        self._painting.set_lasso(on)

    def lay_down(self) -> None:
        """A line that was begun goes around nothing."""
        if self._corners:
            self._forget()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes what belongs to the lasso, and leaves the rest to the view."""
        if not self.in_hand:
            return False
        if self._corners and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            return self._on_escape(event)
        return isinstance(event, QMouseEvent) and self._on_mouse(event)

    def _on_escape(self, event: QKeyEvent) -> bool:
        """While a line is drawn the key belongs to it, and to no action of the window."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        elif event.type() == QEvent.Type.KeyPress:
            self._forget()
            self._state.activity.say(DROPPED)
        return True

    def _on_mouse(self, event: QMouseEvent) -> bool:
        kind, at = event.type(), event.position()
        if self._turns.takes(event):
            return True
        if kind in PRESSES and event.button() == LEFT:
            QToolTip.hideText()
            if self._painting.begin():
                self._corners = [at]
                # Where the keys go while it is drawn.
                self._viewport.plotter.setFocus(Qt.FocusReason.MouseFocusReason)
            return True
        if kind == QEvent.Type.MouseMove and event.buttons() & LEFT:
            if self._corners and (at - self._corners[-1]).manhattanLength() >= SPACING:
                self._corners.append(at)
                self.line.show_line(self._corners, self._adds(event))
            return True
        if kind == QEvent.Type.MouseButtonRelease and event.button() == LEFT:
            corners, self._corners = self._corners, []
            self.line.show_line([], False)
            if len(corners) > 2:
                self._ask(corners, opposite(event))
            return True
        return False

    def _adds(self, event: QMouseEvent) -> bool:
        return self._painting.paint.adds(opposite(event))

    def _ask(self, corners: list[QPointF], opposite: bool) -> None:
        opened, plotter = self._state.document.opened, self._viewport.plotter
        vertices = opened.posed.frame(self._state.playback.frame).fit_vertices if opened is not None else None
        renderer = plotter.renderers[1]
        if opened is None or vertices is None or not renderer.GetDraw():
            self._state.activity.say(NOT_SHOWN)
            return
        scale = plotter.devicePixelRatioF()
        places = np.array([(at.x() * scale, (plotter.height() - 1 - at.y()) * scale) for at in corners])
        line = 2 * (places - renderer.GetOrigin()) / renderer.GetSize() - 1
        matrix = renderer.GetActiveCamera().GetCompositeProjectionTransformMatrix(
            renderer.GetTiledAspectRatio(), -1, 1
        )
        camera = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
        shape = np.array(upright(vertices, opened.subject.up_axis), np.float64)
        faces = opened.bodies.target.faces
        job = self._thread.job(partial(self._use_vertices, opposite), latest=True)
        job.start(find_inside, shape, faces, camera, line)

    @Slot()
    def _forget(self, *_: object) -> None:
        """What was asked for is of something that is not shown any more."""
        self._thread.drop_jobs()
        self._corners = []
        self.line.show_line([], False)

    def _use_vertices(self, opposite: bool, vertices: np.ndarray) -> None:
        if len(vertices):
            self._painting.use_lasso(vertices, opposite)
        else:
            self._state.activity.say(NOTHING_INSIDE)
