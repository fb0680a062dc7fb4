"""What is open is kept every minute; after Refit ended unexpectedly, the next start offers it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLockFile, QObject, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMessageBox, QPushButton, QWidget

from core.shown_text import shown
from gui_app.document.activity import Activity
from gui_app.document.opened import Opened
from gui_app.document.preferences import Preferences
from gui_app.files.open_actions import OpenActions
from gui_app.session.save import SessionWriter
from gui_app.session.snapshot import SessionNow
from gui_app.style.theme import icon
from gui_app.widgets.labels import IconLabel
from gui_app.widgets.message_box import message_box
from gui_app.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    import numpy as np

    from core.session.session import Session

# What is open is kept every minute and before each run, in case Refit ends unexpectedly.

EVERY_MS = 60_000
QUICK_SECONDS = 5.0
"""A session that takes longer to write is not written only because it is looked at in another way."""
MOST_BYTES = 300_000_000
"""Older steps are not kept beyond this, so that a minute is always enough to write."""


class Autosave(QObject):
    """Keeps one file, which goes when the window is closed in order.

    A lock beside the file tells later starts whether its process is still alive.
    """

    def __init__(
        self,
        activity: Activity,
        now: SessionNow,
        writer: SessionWriter,
        preferences: Preferences,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._activity, self._now, self._writer = activity, now, writer
        self._was_active = self._told = False
        self._kept: tuple[object, ...] = ()
        self._kept_view: dict[str, Any] = {}
        self._began = self._seconds = 0.0
        self._file = free_name(preferences.kept)
        self._lock = QLockFile(str(lock_of(self._file)))
        self._lock.setStaleLockTime(0)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.keep)
        if self._lock.tryLock(0):
            self._timer.start()
            activity.run_changed.connect(self._on_run)
            writer.written.connect(self._on_written)
            writer.failed.connect(self._on_failed)

    @property
    def file(self) -> Path:
        """Where it is kept."""
        return self._file

    @Slot()
    def keep(self) -> None:
        """Writes what has changed since the last time."""
        if self._writer.waiting or not self._lock.isLocked():
            return
        session = self._now.take(most_bytes=MOST_BYTES)
        if session is None or not _has_work(session):
            return
        marks = _marks(session)
        looks_other = session.view != self._kept_view and self._seconds < QUICK_SECONDS
        if marks != self._kept or looks_other:
            self._kept, self._kept_view = marks, session.view
            self._began = time.monotonic()
            self._writer.write(self._file, session, overwrite=True)

    @Slot(object, object)
    def _on_written(self, path: Path, _session: Session) -> None:
        if path == self._file:
            self._seconds = time.monotonic() - self._began
            self._told = False

    @Slot(object, str)
    def _on_failed(self, path: Path, sentence: str) -> None:
        if path != self._file:
            return
        self._kept = ()  # tried again in a minute
        if not self._told:
            self._told = True
            self._activity.fail(f"What is open cannot be kept for the case that Refit ends: {sentence}")

    @Slot()
    def _on_run(self) -> None:
        active = self._activity.run.active
        if active and not self._was_active:
            self.keep()
        self._was_active = active

    def take_over(self, file: Path) -> None:
        """What another process had kept is from now on what this one keeps."""
        with suppress(OSError):
            os.replace(file, self._file)

    def close(self) -> None:
        """Nothing need be kept any more."""
        self._timer.stop()
        with suppress(OSError):
            self._file.unlink(missing_ok=True)
        self._lock.unlock()


def kept_files(folder: Path) -> list[Path]:
    """What is kept in the folder, the newest first."""
    found: list[tuple[float, Path]] = []
    with suppress(OSError):
        found = [(file.stat().st_mtime, file) for file in folder.glob("kept-*.refit")]
    return [file for _, file in sorted(found, reverse=True)]


def lock_of(file: Path) -> Path:
    """The lock of a kept file."""
    return file.with_suffix(".lock")


def drop_locks(folder: Path) -> None:
    """Deletes the locks of processes that were killed before they had kept anything."""
    for path in folder.glob("kept-*.lock"):
        lock = QLockFile(str(path))
        lock.setStaleLockTime(0)
        if not path.with_suffix(".refit").exists() and lock.tryLock(0):
            lock.unlock()


def free_name(folder: Path) -> Path:
    """A name in the folder that no window uses, in this process or another."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        # What is open may be of somebody: on a machine that people share it is nobody else's.
        folder.chmod(0o700)
    for number in range(1000):
        file = folder / f"kept-{os.getpid()}-{number}.refit"
        if not file.exists() and not lock_of(file).exists():
            break
    return file


def _has_work(session: Session) -> bool:
    """There is a fit or a marker, or the mask or the weights are others than at first."""
    if any(map(_has_work, session.people)):
        return True
    steps = session.steps
    vertices = {(_bytes(step.valid), _bytes(step.weights)) for step in steps}
    return len(vertices) > 1 or any(step.result is not None or step.markers for step in steps)


def _marks(session: Session) -> tuple[object, ...]:
    """Differs where the session differs in more than how it is looked at."""
    # The objects themselves, so that no other one can have their address.
    steps = session.steps
    told = (
        (step.result, step.rate, step.accepted, _bytes(step.valid), _bytes(step.weights), step.markers)
        for step in steps
    )
    return (session.source, session.at, *told, *map(_marks, session.people))


def _bytes(array: np.ndarray | None) -> bytes | None:
    return None if array is None else array.tobytes()


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
        QTimer.singleShot(0, self, self.find_kept)

    @Slot()
    def find_kept(self) -> None:
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
        if file is None:
            return
        more = "It is deleted, and cannot be brought back."
        box = message_box(self, "Discard", "Discard what was kept?", more)
        discard = box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        if box.clickedButton() is discard and file in self._locks:
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
    from core.outputs.sessions import session_summary

    try:
        when, name, step = session_summary(file)
        moment = when.astimezone().strftime("%d %B, %H:%M")
        what = f"{name} as it was on {moment}" + (f", after {step}" if step else "")
    except RefitError as error:
        what = f"what was kept cannot be read ({error})"
    others = f", and {more} more" if more else ""
    return shown(f"Refit ended unexpectedly: {what}{others}.")
