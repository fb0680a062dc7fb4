"""The small questions that Refit asks, all of them made here."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from core.shown_text import shown
from gui_app.widgets.text import breakable


def message_box(parent: QWidget, title: str, question: str, more: str = "") -> QMessageBox:
    """A question without buttons; what it says is shown as it stands, whatever a name of a file looks like.

    Args:
        parent: the window that it belongs to.
        title: of its window.
        question: the line to be read first.
        more: what stands below it in quieter letters.
    """
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, "", parent=parent)
    # Both lines have the format that is set before them; long ones are wrapped by the box.
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(breakable(shown(question)))
    box.setInformativeText(breakable(shown(more)))
    return box
