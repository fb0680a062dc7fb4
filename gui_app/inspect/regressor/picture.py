"""A J_regressor as a picture: a row a joint, a column a few vertices; pointed at, clicked, zoomed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui_app.scene.picking import joint_words
from gui_app.scene.support_colours import blended
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change

# Logical pixels: how near the pointer must come, and of a move that is no click.
REACH, STILL = 5, 3
# Fewer vertices across make no sense.
LEAST_ACROSS = 60
NOTCH = 1.3
AXIS = 15


class RegressorEntry(NamedTuple):
    """One entry that is not zero."""

    joint: int
    vertex: int
    weight: float


class RegressorPicture(QWidget):
    """``chosen`` tells a joint and a vertex that were clicked."""

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setMinimumHeight(64)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._matrix: np.ndarray | None = None
        self._names: tuple[str, ...] = ()
        self._rows = self._columns = np.zeros(0, int)
        self._weights = self._part = np.zeros(0)
        self._first, self._across = 0.0, 1.0
        self._joint, self._vertices = -1, np.zeros(0, int)
        self._image: QImage | None = None
        self._pressed: tuple[QPoint, float] | None = None
        self._turned = False
        on_theme_change(self._on_theme)

    def sizeHint(self) -> QSize:
        """Two pixels a joint at least."""
        return QSize(300, 180)

    def set_matrix(self, matrix: np.ndarray, names: tuple[str, ...]) -> None:
        """Another (J, V) matrix; of the same size it is seen from where it was."""
        if matrix is self._matrix:
            return
        if self._matrix is None or matrix.shape != self._matrix.shape:
            self._first, self._across = 0.0, float(matrix.shape[1])
        self._matrix, self._names = matrix, names
        self._rows, self._columns = np.nonzero(matrix)
        self._weights = matrix[self._rows, self._columns].astype(float)
        most = np.abs(matrix).max(axis=1)
        self._part = np.abs(self._weights) / most[self._rows]
        self._draw_anew()

    def mark(self, joint: int, vertices: tuple[int, ...]) -> None:
        """The joint that is looked at, -1 for none, and vertices that stand out."""
        if joint != self._joint or tuple(self._vertices) != vertices:
            self._joint, self._vertices = joint, np.array(vertices, int)
            self.update()

    @property
    def across(self) -> tuple[float, float]:
        """The first vertex in sight, and how many are."""
        return self._first, self._across

    def entry_at(self, at: QPoint) -> RegressorEntry | None:
        """The entry nearest to a place, in the row that is there; None where none is near."""
        joint = self.joint_at(at)
        if joint is None or self._matrix is None:
            return None
        which = np.flatnonzero(self._rows == joint)
        away = np.abs(self._x(self._columns[which]) - at.x())
        if not len(which) or away.min() > REACH:
            return None
        # Of several below one pixel the one that counts most.
        near = which[away <= max(1.0, float(away.min()))]
        found = near[np.argmax(np.abs(self._weights[near]))]
        return RegressorEntry(int(joint), int(self._columns[found]), float(self._weights[found]))

    def joint_at(self, at: QPoint) -> int | None:
        """The row at a place."""
        if self._matrix is None or not 0 <= at.y() < self._high():
            return None
        return min(int(at.y() * len(self._matrix) / self._high()), len(self._matrix) - 1)

    def place_of(self, joint: int, vertex: int) -> QPoint:
        """Where an entry is."""
        count = max(len(self._names), 1)
        return QPoint(round(float(self._x(vertex))), int((joint + 0.5) * self._high() / count))

    def words_at(self, at: QPoint) -> str:
        """``left knee · vertex 5023 · weight 0.0312``; the joint alone where no entry is near."""
        entry, joint = self.entry_at(at), self.joint_at(at)
        if entry is not None:
            weight = f"{entry.weight:.4f}".replace("-", "−")
            return f"{joint_words(self._names[entry.joint])} · vertex {entry.vertex} · weight {weight}"
        return "" if joint is None else joint_words(self._names[joint])

    def event(self, event: QEvent) -> bool:
        """The words under the pointer come at once, by mouseMoveEvent."""
        if isinstance(event, QHelpEvent):
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Names what is below; with the button held the picture moves along."""
        at = event.position().toPoint()
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            start, first = self._pressed
            if (at - start).manhattanLength() > STILL:
                self._turned = True
                self._see(first - (at.x() - start.x()) * self._across / max(self.width(), 1), self._across)
            return
        words = self.words_at(at)
        if words:
            QToolTip.showText(event.globalPosition().toPoint(), words, self, QRect(at, QSize(1, 1)))
        else:
            QToolTip.hideText()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click or a move begins."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._turned = (event.position().toPoint(), self._first), False

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click chooses."""
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        self._pressed = None
        at = event.position().toPoint()
        entry, joint = self.entry_at(at), self.joint_at(at)
        if self._turned:
            return
        if entry is not None:
            self.chosen.emit(entry.joint, entry.vertex)
        elif joint is not None:
            self.chosen.emit(joint, -1)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """All vertices again."""
        if self._matrix is not None:
            self._see(0.0, float(self._matrix.shape[1]))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Fewer or more vertices across, about the pointer."""
        x = event.position().x() / max(self.width(), 1)
        across = self._across * NOTCH ** (-event.angleDelta().y() / 120)
        held = self._first + x * self._across
        if self._matrix is not None:
            across = min(max(across, LEAST_ACROSS), float(self._matrix.shape[1]))
            self._see(held - x * across, across)
        event.accept()

    def _see(self, first: float, across: float) -> None:
        if self._matrix is not None:
            first = min(max(first, 0.0), self._matrix.shape[1] - across)
            if (first, across) != (self._first, self._across):
                self._first, self._across = first, across
                self._draw_anew()

    def _x(self, vertices: np.ndarray | int) -> np.ndarray:
        return np.asarray((np.asarray(vertices) + 0.5 - self._first) * self.width() / self._across)

    def _high(self) -> int:
        return max(self.height() - AXIS, 1)

    @Slot()
    def _on_theme(self) -> None:
        self._draw_anew()

    def _draw_anew(self) -> None:
        self._image = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many columns as there are pixels."""
        super().resizeEvent(event)
        self._draw_anew()

    def _drawn(self) -> QImage | None:
        matrix, width = self._matrix, max(self.width(), 1)
        if matrix is None:
            return None
        picture = np.empty((len(matrix), width, 3), np.uint8)
        picture[:] = colours.rgb(colours.BACKGROUND)
        order = np.argsort(self._part)
        rows, x, part = self._rows[order], self._x(self._columns[order]), self._part[order]
        negative = self._weights[order] < 0
        hue = blended(colours.WEIGHT_DIM, colours.WEIGHT, part)
        hue[negative] = blended(colours.NEGATIVE_DIM, colours.NEGATIVE, part[negative])
        # Two pixels wide at least, so that a single vertex is seen; the larger weights lie on top.
        wide = max(2, round(width / self._across))
        for step in range(wide):
            at = np.floor(x - wide / 2 + 0.5).astype(int) + step
            inside = (at >= 0) & (at < width)
            picture[rows[inside], at[inside]] = np.round(hue[inside]).astype(np.uint8)
        return QImage(picture.tobytes(), width, len(matrix), 3 * width, QImage.Format.Format_RGB888).copy()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, the chosen row and columns, and the ids at both ends."""
        painter = QPainter(self)
        high = self._high()
        place = QRect(0, 0, self.width(), high)
        painter.fillRect(place, QColor(colours.BACKGROUND))
        if self._image is None:
            self._image = self._drawn()
        if self._image is not None:
            painter.drawImage(place, self._image)
            self._paint_marks(painter, high)
        painter.setPen(QColor(colours.LINE))
        painter.drawRect(place.adjusted(0, 0, -1, -1))
        if self._matrix is not None:
            font = painter.font()
            font.setPixelSize(11)
            painter.setFont(font)
            painter.setPen(QColor(colours.TEXT_SECONDARY))
            below = QRect(1, high + 1, self.width() - 2, AXIS)
            last = min(round(self._first + self._across), self._matrix.shape[1]) - 1
            flags = Qt.AlignmentFlag
            painter.drawText(below, flags.AlignLeft | flags.AlignVCenter, f"{round(self._first)}")
            painter.drawText(below, flags.AlignHCenter | flags.AlignVCenter, "vertices")
            painter.drawText(below, flags.AlignRight | flags.AlignVCenter, f"{last}")

    def _paint_marks(self, painter: QPainter, high: int) -> None:
        if not 0 <= self._joint < len(self._names):
            return
        top = self._joint * high / len(self._names)
        tall = high / len(self._names)
        painter.setPen(QColor(colours.ACCENT))
        for y in (top - 1, top + tall):
            painter.drawLine(QPointF(0, y), QPointF(self.width(), y))
        painter.setPen(QColor(colours.EMPHASIS))
        for x in self._x(self._vertices):
            painter.drawLine(QPointF(float(x), max(top - 5, 0)), QPointF(float(x), top + tall + 5))
