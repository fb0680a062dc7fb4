"""A number that is typed, stepped, or dragged sideways."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from gui_app.style.theme import tabular
from gui_app.widgets.labels import NO_NUMBER

START_PIXELS = 3
FINE = 0.1
HOW = "drag sideways (Shift: finer), click to type, or scroll while it is being typed in"


class DragField(QDoubleSpinBox):
    """``edited`` follows every change that the user makes, ``finished`` ends it."""

    edited = Signal(float)
    finished = Signal()

    def __init__(
        self, unit: str, decimals: int, step: float, limit: float, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._limit = limit
        self._pressed: float | None = None
        self._dragging = False
        self._start = 0.0
        self.setDecimals(decimals)
        self.setRange(-limit, limit)
        self.setSingleStep(step)
        self.setSuffix(unit)
        self.setKeyboardTracking(False)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        # A click takes the focus by itself, for a drag must not.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        tabular(self)
        self.lineEdit().installEventFilter(self)
        self.lineEdit().setCursor(Qt.CursorShape.SizeHorCursor)
        self.valueChanged.connect(self.edited)
        self.editingFinished.connect(self._on_finished)

    def show_value(self, value: float) -> None:
        """Shows a number that the user has not given; it may lie beyond the limit. A dash for NaN."""
        self.blockSignals(True)
        unknown = math.isnan(value)
        if unknown != bool(self.specialValueText()):
            self.setSpecialValueText(NO_NUMBER if unknown else "")
        if unknown:
            value = self.minimum()
        most = max(self._limit, math.ceil(abs(value)))
        if most != self.maximum():
            self.setRange(-most, most)
        self.setValue(value)
        self.blockSignals(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Turns a drag into numbers; a click into typing."""
        if not isinstance(event, QMouseEvent) or self.hasFocus():
            return super().eventFilter(watched, event)
        x, left = event.globalPosition().x(), event.button() == Qt.MouseButton.LeftButton
        if event.type() == QEvent.Type.MouseButtonPress and left:
            self._pressed, self._start, self._dragging = x, self.value(), False
            return True
        if event.type() == QEvent.Type.MouseMove and self._pressed is not None:
            by = x - self._pressed
            self._dragging = self._dragging or abs(by) > START_PIXELS
            if self._dragging:
                fine = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                self.setValue(self.dragged(self._start, by * (FINE if fine else 1.0)))
            return True
        if event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None and left:
            self._pressed = None
            if self._dragging:
                self.finished.emit()
            else:
                self.setFocus(Qt.FocusReason.MouseFocusReason)
                self.selectAll()
            return True
        return super().eventFilter(watched, event)

    def dragged(self, start: float, pixels: float) -> float:
        """Where a drag by so many pixels leads to."""
        return start + pixels * self.singleStep()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolls the panel, unless the number is being typed in."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves the number as it was before it was typed over."""
        if event.key() == Qt.Key.Key_Escape:
            self.blockSignals(True)
            self.setValue(self.value())
            self.lineEdit().setText(f"{self.textFromValue(self.value())}{self.suffix()}")
            self.clearFocus()
            self.blockSignals(False)
        else:
            super().keyPressEvent(event)

    @Slot()
    def _on_finished(self) -> None:
        self.clearFocus()
        self.finished.emit()
