"""Why a problem is accepted: a line to type in, and the button beside it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from gui_app.action_button import action_button

HINT = "Why it can stay as it is"


class ProblemNote(QWidget):
    """``given`` carries a note that was typed and ended by Return."""

    given = Signal(str)

    def __init__(self, accept: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._of: tuple[object, ...] = ()
        self.text = QLineEdit(self)
        self.text.setPlaceholderText(HINT)
        self.text.setToolTip("Return accepts the chosen problems with this note; it is kept in the session")
        self.text.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.text.setMaxLength(400)
        self.text.returnPressed.connect(self._on_return)
        self.button = action_button(accept, self, words=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)

    def show_note(self, note: str, of: tuple[object, ...]) -> None:
        """The note of what is chosen; what somebody types stays until something else is chosen."""
        if of != self._of or not self.text.hasFocus():
            self._of = of
            if self.text.text() != note and not (self.text.hasFocus() and self.text.isModified()):
                self.text.setText(note)

    @Slot()
    def _on_return(self) -> None:
        self.text.setModified(False)
        self.given.emit(self.text.text().strip())
        self.text.clearFocus()
