"""The title of the window: the session or the motion that is open, and whether its work is saved."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from core.shown_text import shown
from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.session.session_file import SessionFile


class WindowTitle(QObject):
    """Follows what is open.

    Args:
        document: what is open.
        activity: a fit that runs is not called partial.
        file: of the session.
        window: whose title it is.
    """

    def __init__(self, document: Document, activity: Activity, file: SessionFile, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._activity, self._file, self._window = document, activity, file, window
        for signal in (
            document.motion_changed, document.result_changed, document.saved_changed, activity.run_changed,
            file.changed,
        ):  # fmt: skip
            signal.connect(self._tell)
        self._tell()

    @Slot()
    def _tell(self, *_: object) -> None:
        opened, result = self._document.opened, self._document.result
        if opened is None:
            self._window.setWindowTitle("Refit")
            return
        is_partial = result is not None and result.partial and self._activity.run.phase != "running"
        marks = (" (partial)" if is_partial else "") + ("" if self._document.saved else " ● unsaved")
        file = self._file.path
        name = opened.name if file is None else f"{shown(file.name)} · {opened.name}"
        self._window.setWindowTitle(f"{name}{marks} — Refit")
