"""A sentence that is shown as it stands and wrapped everywhere, within the long words of paths too."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLabel, QMenu, QWidget

from gui_app.widgets.text import BREAK, breakable


class WrappedLabel(QLabel):
    """What is copied from it is what was given, without the places where lines may end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)

    def setText(self, text: str) -> None:
        """Shows a text."""
        super().setText(breakable(text))

    def text(self) -> str:
        """The text that was given."""
        return super().text().replace(BREAK, "")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.selectedText().replace(BREAK, ""))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copies what is selected."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Copies what is selected, too."""
        if self.hasSelectedText():
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addAction("Copy", self._copy)
            menu.popup(event.globalPos())
