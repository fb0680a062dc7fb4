"""How the stages look: one style sheet, a few small widgets."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolButton, QWidget

from gui_app.style import colours
from gui_app.style.theme import SMALL_PIXELS, icon

ICON = QSize(14, 14)
FIELD_HEIGHT = 26


SHEET = f"""
QFrame[role="card"] {{ background: $RAISED; border: 1px solid $LINE;
    border-radius: 8px; }}
QFrame[role="card"][busy="true"] {{ border-color: $ACCENT; }}
QFrame[role="card"] QDoubleSpinBox, QFrame[role="card"] QComboBox {{ background: $PANEL;
    padding: 2px 6px; }}
QFrame[role="card"] QDoubleSpinBox:disabled, QFrame[role="card"] QComboBox:disabled
    {{ color: $TEXT_DISABLED; }}
QFrame[role="card"] QToolButton:hover {{ background: $HOVER; }}
QLabel[role="name"] {{ font-weight: 600; }}
QLabel[role="name"]:disabled, QLabel[role="small"]:disabled {{ color: $TEXT_DISABLED; }}
QLabel[role="small"] {{ color: $TEXT_SECONDARY; font-size: {SMALL_PIXELS}px; }}
QLabel[role="report"] {{ color: $TEXT; font-size: {SMALL_PIXELS}px; font-weight: 600; }}
QToolButton[role="tool"] {{ padding: 2px; }}
QToolButton[role="chip"] {{ background: $PANEL; border: 1px solid $LINE;
    border-radius: 6px; padding: 2px 4px; color: $TEXT_SECONDARY;
    font-size: {SMALL_PIXELS}px; }}
QToolButton[role="chip"]:hover {{ background: $HOVER; }}
QToolButton[role="chip"]:checked {{ background: $CHOSEN; border-color: $CHOSEN;
    color: $ACCENT; }}
QToolButton[role="chip"]:disabled {{ color: $TEXT_DISABLED; }}
QToolButton[role="chip"]:checked:disabled {{ background: $PANEL;
    border-color: $LINE; }}
"""
"""How the panel looks; `gui_app.style.live_theme` puts colours in the place of roles."""


def quiet_icon(name: str) -> QIcon:
    """An icon that does not ask for attention."""
    return icon(name, "TEXT_SECONDARY")


def tool(icon_name: str, tip: str, parent: QWidget) -> QToolButton:
    """A small button with an icon alone."""
    button = QToolButton(parent)
    button.setProperty("role", "tool")
    button.setIcon(quiet_icon(icon_name))
    button.setIconSize(ICON)
    button.setFixedSize(24, 24)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def chip(words: str, parent: QWidget) -> QToolButton:
    """A small button that is on or off."""
    button = QToolButton(parent)
    button.setProperty("role", "chip")
    button.setText(words)
    button.setCheckable(True)
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    button.setFixedHeight(24)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def section(words: str, parent: QWidget) -> QLabel:
    """A quiet heading."""
    label = QLabel(words, parent)
    label.setProperty("role", "section")
    return label


class Dot(QWidget):
    """A point beside what has been changed; keeps its place while it is not there."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.shown = False
        self.setFixedSize(7, 16)

    def set_shown(self, shown: bool) -> None:
        """Shows it or not."""
        if shown != self.shown:
            self.shown = shown
            self.setToolTip("Changed" if shown else "")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the point."""
        if not self.shown:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.ACCENT))
        painter.drawEllipse(1, 6, 5, 5)
