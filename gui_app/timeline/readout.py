"""Figures that go along with the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import tabular

GAP = 14


class Readout(QLabel):
    """One line beside the pointer, never outside the widget it belongs to and never in the mouse's way."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._area = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setTextFormat(Qt.TextFormat.RichText)
        set_sheet(
            self,
            "background: $RAISED; border: 1px solid $LINE; border-radius: 5px;"
            " padding: 2px 7px; font-size: 12px;",
        )
        tabular(self)
        self.hide()

    def tell(self, words: str, at: QPoint) -> None:
        """Shows ``words`` at the right of ``at``, or at its left where there is no room."""
        self.setText(words)
        self.adjustSize()
        x = at.x() + GAP
        if x + self.width() > self._area.width():
            x = at.x() - GAP - self.width()
        y = min(max(at.y() - self.height() - 4, 0), self._area.height() - self.height())
        self.move(max(x, 0), y)
        self.show()
