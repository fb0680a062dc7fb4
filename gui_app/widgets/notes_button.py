"""What was assumed or left out of a motion and its bodies: how many notes there are, and all of them on a
click."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtWidgets import QFrame, QLabel, QToolButton, QVBoxLayout, QWidget

from gui_app.style.live_theme import set_sheet
from gui_app.widgets.text import plain_tip

STYLE = "QToolButton { padding: 1px 8px; margin-right: 6px; font-size: 12px; }"
MOST_WIDTH = 560


class NotesButton(QToolButton):
    """Hidden while there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[str, ...] = ()
        self.sheet: NotesSheet | None = None
        set_sheet(self, STYLE)
        # Not by a click: the space bar goes on playing the motion.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self.open_up)
        self.hide()

    def set_notes(self, notes: tuple[str, ...]) -> None:
        """Sentences, as they may be shown."""
        self._lines = notes
        self.setText("" if not notes else f"{len(notes)} note{'s' if len(notes) > 1 else ''}")
        self.setToolTip(plain_tip("\n".join(f"• {note}" for note in notes)))
        self.setVisible(bool(notes))

    @Slot()
    def open_up(self) -> None:
        """Shows all of them above the button, to be read and copied."""
        self.sheet = NotesSheet(self._lines, self)
        self.sheet.adjustSize()
        corner = self.mapToGlobal(QPoint(self.width(), 0))
        self.sheet.move(corner.x() - self.sheet.width(), corner.y() - self.sheet.height() - 4)
        self.sheet.show()


class NotesSheet(QFrame):
    """A popup; Escape or a click elsewhere closes it."""

    def __init__(self, notes: tuple[str, ...], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("notes")
        set_sheet(self, "#notes { background: $RAISED; border: 1px solid $LINE; border-radius: 5px; }")
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setText("\n".join(f"• {note}" for note in notes))
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        widest = max((self.words.fontMetrics().horizontalAdvance(f"• {note}") for note in notes), default=0)
        self.words.setFixedWidth(min(widest + 8, MOST_WIDTH))
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.addWidget(self.words)
