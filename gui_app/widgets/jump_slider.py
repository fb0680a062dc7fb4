"""A slider that goes where one clicks."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider


class JumpSlider(QSlider):
    """A click takes the handle under the pointer, and from there it is dragged; nothing pages."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Brings the handle to the pointer before it is taken hold of."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        control, part = QStyle.ComplexControl.CC_Slider, QStyle.SubControl
        handle = self.style().subControlRect(control, option, part.SC_SliderHandle, self)
        place = event.position().toPoint()
        if event.button() == Qt.MouseButton.LeftButton and not handle.contains(place):
            groove = self.style().subControlRect(control, option, part.SC_SliderGroove, self)
            room = groove.width() - handle.width()
            left = place.x() - groove.left() - handle.width() // 2
            self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), left, room))
        super().mousePressEvent(event)
