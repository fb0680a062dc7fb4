"""A quiet note in the status bar on what a file was taken to mean without saying it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QToolButton, QWidget

from core.files.assumption import NUMBERS, Assumption
from core.shown_text import shown
from gui_app.document.actions import Actions
from gui_app.document.document import Document
from gui_app.document.opened import Opened
from gui_app.style.live_theme import set_sheet
from gui_app.widgets.text import menu_words, plain_tip

STYLE = """
QToolButton { padding: 1px 8px; margin-right: 6px; font-size: 12px; color: $TEXT_SECONDARY; }
QToolButton:hover { color: $TEXT; }
"""


class AssumedNote(QToolButton):
    """Hidden where all was said, or is as it always is."""

    def __init__(self, document: Document, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        set_sheet(self, STYLE)
        # Not by a click: the space bar goes on playing the motion.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(actions.reading.trigger)
        document.motion_changed.connect(self._on_motion)
        self._on_motion()

    @Slot()
    def _on_motion(self) -> None:
        opened = self._document.opened
        words = "" if opened is None else unsure_words(opened)
        self.setText(menu_words(f"{words} · Change…"))
        self.setToolTip(plain_tip("" if opened is None else _all_words(opened)))
        self.setVisible(bool(words))


def unsure_words(opened: Opened) -> str:
    """What was guessed or is doubtful, the doubtful first, in a few words; nothing where nothing is."""
    doubted = {doubt.quantity for doubt in opened.motion.doubts}
    unsure = [one for one in opened.motion.assumed if one.quantity in doubted or one.how == NUMBERS]
    if not unsure:
        return ""
    first = min(unsure, key=lambda one: one.quantity not in doubted)
    more = f", and {len(unsure) - 1} more" if len(unsure) > 1 else ""
    return f"{_short(first)}, {'doubtful' if first.quantity in doubted else 'guessed'}{more}"


def _short(one: Assumption) -> str:
    return f"{one.quantity.capitalize()} {one.value or 'not known'}"


def _all_words(opened: Opened) -> str:
    from core.outputs.reading_words import table_rows, unused_words

    lines = [f"{quantity.capitalize()} {value}, {why}" for quantity, value, why in table_rows(opened.motion)]
    unused = unused_words(opened.motion)
    return "\n".join(f"• {shown(line)}" for line in lines + [f"Not used: {unused}"] * bool(unused))
