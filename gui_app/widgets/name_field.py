"""A line in which a name is typed where the thing stands; hidden otherwise."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from gui_app.style.live_theme import set_sheet

WIDTH, HEIGHT = 160, 22
FONT_PIXELS = 11


class NameField(QLineEdit):
    """Return, or going elsewhere, takes the name; Escape leaves it."""

    typed = Signal(str)

    def __init__(self, accessible: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(accessible)
        self.setFixedSize(WIDTH, HEIGHT)
        set_sheet(
            self,
            "QLineEdit { background: $RAISED; border: 1px solid $ACCENT; border-radius: 3px; padding: 0 4px;"
            f" min-height: 0; font-size: {FONT_PIXELS}px; }}",
        )
        self.hide()
        self.editingFinished.connect(self._take)

    def ask(self, name: str, x: int, y: int) -> None:
        """Comes up at a place of its parent with a name that can be typed over, and takes the keyboard."""
        self.setText(name)
        self.move(x, y)
        self.show()
        self.raise_()
        self.selectAll()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        """Escape is for the field, before it is for anything else."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._end()
                return True
        return super().event(event)

    @Slot()
    def _take(self) -> None:
        # Hiding takes the keyboard away, which is told as the end of editing once more.
        if not self.isHidden():
            text = self.text()
            self._end()
            self.typed.emit(text)

    def _end(self) -> None:
        self.blockSignals(True)
        self.hide()
        self.blockSignals(False)
