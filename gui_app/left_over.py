"""After Refit ended unexpectedly, the next start offers what was there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QLockFile, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from gui_app.autosave import Autosave, drop_locks, kept_files, lock_of
from gui_app.icon_label import IconLabel
from gui_app.open_actions import OpenActions
from gui_app.opening import Opened
from gui_app.theme import icon
from gui_app.wrapped_label import WrappedLabel


class LeftOverBar(QFrame):
    """One line with two buttons above the bodies; hidden while nothing is left over."""

    def __init__(self, files: OpenActions, autosave: Autosave, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "offer")
        self._files, self._autosave = files, autosave
        self._locks: dict[Path, QLockFile] = {}
        self.words = WrappedLabel(self)
        sign = IconLabel(icon("clock-counter-clockwise", "ACCENT"), 18, self)
        self.restore = QPushButton("Restore", self)
        self.restore.setToolTip("Open it as it was")
        self.restore.clicked.connect(self._restore)
        self.discard = QPushButton("Discard", self)
        self.discard.setToolTip("Delete what was kept; it cannot be brought back")
        self.discard.clicked.connect(self._discard)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 10, 6)
        row.setSpacing(10)
        row.addWidget(sign)
        row.addWidget(self.words, 1)
        row.addWidget(self.restore)
        row.addWidget(self.discard)
        self.hide()
        files.shown.connect(self._on_shown)
        QTimer.singleShot(0, self, self.look)

    @Slot()
    def look(self) -> None:
        """Looks for what is left over, the newest first."""
        for file in kept_files(self._autosave.file.parent):
            lock = QLockFile(str(lock_of(file)))
            lock.setStaleLockTime(0)
            # It can be had where the process that held it is gone; held, so that no other window offers it.
            if lock.tryLock(0):
                self._locks[file] = lock
        drop_locks(self._autosave.file.parent)
        self._show()

    def _show(self) -> None:
        file = next(iter(self._locks), None)
        self.setVisible(file is not None)
        if file is not None:
            self.words.setText(_offer(file, len(self._locks) - 1))

    @Slot()
    def _restore(self) -> None:
        file = next(iter(self._locks), None)
        if file is not None:
            self._files.open_left_over(file)

    @Slot(object)
    def _on_shown(self, opened: Opened) -> None:
        if opened.left_over and opened.file in self._locks:
            self._autosave.take_over(opened.file)
            self._forget(opened.file)

    @Slot()
    def _discard(self) -> None:
        file = next(iter(self._locks), None)
        if file is not None:
            self._forget(file)

    def _forget(self, file: Path) -> None:
        with suppress(OSError):
            file.unlink(missing_ok=True)
        self._locks.pop(file).unlock()
        self._show()

    def release(self) -> None:
        """Leaves what was not asked for to the next start."""
        for lock in self._locks.values():
            lock.unlock()
        self._locks.clear()


def _offer(file: Path, more: int) -> str:
    from core.errors import RefitError
    from core.files.sessions import session_summary

    try:
        when, name, step = session_summary(file)
        moment = when.astimezone().strftime("%d %B, %H:%M")
        what = f"{name} as it was on {moment}" + (f", after {step}" if step else "")
    except RefitError as error:
        what = f"what was kept cannot be read ({error})"
    others = f", and {more} more" if more else ""
    return f"Refit ended unexpectedly: {what}{others}."
