"""Keys that undo and redo in a list with steps of its own, the same as those of the window."""

from __future__ import annotations

from PySide6.QtGui import QKeyEvent, QKeySequence

from gui_app.actions import SPECS


def history_key(event: QKeyEvent) -> str:
    """``'undo'``, ``'redo'``, or '' for any other key."""
    pressed = QKeySequence(event.keyCombination())
    for name in ("undo", "redo"):
        if any(pressed == QKeySequence(key) for key in SPECS[name].keys):
            return name
    return ""
