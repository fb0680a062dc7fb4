"""Saving what is open as a session, in a thread of its own, and showing one that was opened as it was
left."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from gui_app.document.actions import Actions
from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.document.opened import Opened
from gui_app.document.preferences import Preferences
from gui_app.files.open_actions import OpenActions
from gui_app.session.snapshot import SessionNow
from gui_app.tasks.job_thread import JobThread
from gui_app.widgets.save_dialog import FileKind, ask_where

if TYPE_CHECKING:
    from core.session.session import Session


def write_session(path: Path, session: Session, overwrite: bool) -> None:
    """Writes it, whole or not at all."""
    from core.outputs.sessions import save_session

    save_session(path, session, overwrite=overwrite)


class SessionWriter(QObject):
    """One writing thread; files are written one after another, the last of them while the window closes."""

    written = Signal(object, object)
    """The path, and the session that is there now."""
    failed = Signal(object, str)

    def __init__(self, activity: Activity, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = JobThread("sessions", self, activity.fail, writes=True)

    @property
    def waiting(self) -> bool:
        """Something is still to be written."""
        return self._thread.busy

    def write(self, path: Path, session: Session, *, overwrite: bool = False) -> None:
        """Writes soon; `written` or `failed` follows, unless the window closes before."""
        job = self._thread.job(
            partial(self._on_written, path, session),
            failed=partial(self.failed.emit, path),
            unexpected=f"{path}: cannot be written because of an unexpected error, see the log",
        )
        job.start(write_session, path, session, overwrite)

    def _on_written(self, path: Path, session: Session, _: None) -> None:
        self.written.emit(path, session)


SESSION = FileKind("Save session", "Refit session", ".refit")
MOTION_FLAG = "sessions_hold_motion"
NAMED_ONLY = " · it names the meshes and holds no copy of them"


class SessionActions(QObject):
    """Does what Save session says."""

    def __init__(
        self,
        document: Document,
        activity: Activity,
        actions: Actions,
        now: SessionNow,
        writer: SessionWriter,
        files: OpenActions,
        preferences: Preferences,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._activity = document, activity
        self._actions, self._now, self._writer = actions, now, writer
        self._preferences, self._window = preferences, window
        self._asked: list[Path] = []
        actions.save_session.triggered.connect(self.ask_save)
        actions.session_motion.setChecked(preferences.flag(MOTION_FLAG, True))
        actions.session_motion.toggled.connect(self._on_motion_choice)
        writer.written.connect(self._on_written)
        writer.failed.connect(self._on_failed)
        files.shown.connect(self._on_shown)
        document.motion_changed.connect(self._on_change)
        activity.run_changed.connect(self._on_change)
        self._on_change()

    @Slot()
    def ask_save(self) -> None:
        """Asks where to save the session, and saves it there."""
        document, activity = self._document, self._activity
        document.settle()
        if document.opened is None or activity.run.active:
            return
        file = document.opened.file
        folder = Path(self._preferences.folder or Path.home())
        is_own = document.opened.session is not None and not document.opened.left_over
        start = file if is_own and file is not None else folder / f"{document.opened.stem}{SESSION.suffix}"
        place = ask_where(self._window, start, SESSION)
        session = self._now.take(with_motion=self._actions.session_motion.isChecked())
        if place is None or session is None:
            return
        self._asked.append(place.path)
        activity.say(f"Saving {place.path.name} …")
        self._writer.write(place.path, session, overwrite=place.replace)

    @Slot(object, object)
    def _on_written(self, path: Path, session: Session) -> None:
        if path not in self._asked:
            return
        self._asked.remove(path)
        self._preferences.folder = str(path.parent)
        self._preferences.add_recent(path)
        saved = session.now.result
        if saved is not None:
            self._document.file(path, saved, session.now.accepted)
        meshes = session.motion is not None and not session.motion.has_poses
        self._activity.say(f"Saved {path.name}" + (NAMED_ONLY if meshes else ""))

    @Slot(object, str)
    def _on_failed(self, path: Path, sentence: str) -> None:
        if path in self._asked:
            self._asked.remove(path)
            self._activity.fail(sentence)

    @Slot(object)
    def _on_shown(self, opened: Opened) -> None:
        if opened.session is not None:
            self._now.look_as(opened.session)

    @Slot(bool)
    def _on_motion_choice(self, on: bool) -> None:
        self._preferences.store(MOTION_FLAG, on)

    @Slot()
    def _on_change(self) -> None:
        self._actions.save_session.setEnabled(
            self._document.opened is not None and not self._activity.run.active
        )
