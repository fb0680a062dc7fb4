"""Saving what is open as a session, in a thread of its own, and showing one that was opened as it was
left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QMessageBox, QWidget

from core.shown_text import shown
from gui_app.document.actions import Actions
from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.document.opened import Opened
from gui_app.document.preferences import Preferences
from gui_app.files.open_actions import OpenActions
from gui_app.session.session_file import SessionFile
from gui_app.session.snapshot import SessionNow
from gui_app.tasks.job_thread import JobThread
from gui_app.widgets.buttons import NO_MOTION, RUNNING, allow
from gui_app.widgets.message_box import message_box
from gui_app.widgets.save_dialog import FileKind, Place, ask_where

if TYPE_CHECKING:
    from core.model.motion import Motion
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
RESULT = ".npz"
"""Ending of a fit."""
MOTION_FLAG = "sessions_hold_motion"
NAMED_ONLY = " · it names the meshes and holds no copy of them"


@dataclass(frozen=True, eq=False)
class Asked:
    """A session that is being written: where, which of those that were open one after another it is of, the
    motion that was shown, and what is to be done afterwards."""

    path: Path
    number: int
    motion: Motion
    afterwards: Callable[[], object] | None


class SessionActions(QObject):
    """Does what Save session says: in its place where it has one. ``saved`` tells the path, and the session
    that is there now."""

    saved = Signal(object, object)

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
        self._asked: list[Asked] = []
        self._number = 0
        self.file = SessionFile(preferences, self)
        self.file.met.connect(self._on_met)
        actions.save_session.triggered.connect(self.save)
        actions.save_session_as.triggered.connect(self.ask_save)
        actions.session_motion.setChecked(preferences.flag(MOTION_FLAG, True))
        actions.session_motion.toggled.connect(self._on_motion_choice)
        writer.written.connect(self._on_written)
        writer.failed.connect(self._on_failed)
        files.shown.connect(self._on_shown)
        files.leaving.connect(self._on_leaving)
        document.motion_changed.connect(self._on_change)
        activity.run_changed.connect(self._on_change)
        self._on_change()

    @Slot()
    def save(self) -> None:
        """Saves the session where it is, and asks where to where it is nowhere yet."""
        self.save_then(None)

    @Slot()
    def ask_save(self) -> None:
        """Asks where to save the session, and saves it there."""
        self._ask_where(None)

    def save_then(self, afterwards: Callable[[], object] | None) -> None:
        """Saves the session, and calls ``afterwards`` once it is written."""
        path, beside = self.file.path or self._being_written, self._beside_fit()
        if path is None and beside is None:
            self._ask_where(afterwards)
        elif path is None and beside is not None:
            if beside.exists():
                more = "It is not what is open here. What it holds now would be lost."
                self._ask_to_replace(beside, more, afterwards)
            else:
                self._write(Place(beside, replace=False), afterwards)
        elif path is not None and self.file.written_by_others:
            more = "Another window or program has written it. What it holds now would be lost."
            self._ask_to_replace(path, more, afterwards)
        elif path is not None:
            self._write(Place(path, replace=True), afterwards)

    def _ask_to_replace(self, path: Path, more: str, afterwards: Callable[[], object] | None) -> None:
        box = message_box(self._window, "Replace", f"Replace what {shown(path.name)} holds now?", more)
        replace = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
        other = box.addButton("Save as…", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        if box.clickedButton() is replace:
            self._write(Place(path, replace=True), afterwards)
        elif box.clickedButton() is other:
            self._ask_where(afterwards)

    @property
    def _being_written(self) -> Path | None:
        """Where what is open will have its session in a moment."""
        return next((one.path for one in reversed(self._asked) if one.number == self._number), None)

    def _beside_fit(self) -> Path | None:
        """Where the session of a fit of a list belongs, so that the list knows of it; None of all else."""
        fit = None if self._document.opened is None else self._document.opened.listed_fit
        return None if fit is None else fit.with_name(fit.name.removesuffix(RESULT) + SESSION.suffix)

    def _ask_where(self, afterwards: Callable[[], object] | None) -> None:
        opened = self._document.opened
        if opened is None or self._activity.run.active:
            return
        folder = Path(self._preferences.folder or Path.home())
        start = self.file.path or self._beside_fit() or folder / f"{opened.stem}{SESSION.suffix}"
        place = ask_where(self._window, start, SESSION)
        if place is not None:
            self._write(place, afterwards)

    def _write(self, place: Place, afterwards: Callable[[], object] | None) -> None:
        self._document.settle()
        session = self._now.take(with_motion=self._actions.session_motion.isChecked())
        if session is None or self._document.opened is None or self._activity.run.active:
            return
        self._asked.append(Asked(place.path, self._number, self._document.opened.motion, afterwards))
        self._activity.say(_saving(place.path))
        self._writer.write(place.path, session, overwrite=place.replace)

    @Slot(object, object)
    def _on_written(self, path: Path, session: Session) -> None:
        asked = self._taken(path)
        if asked is None:
            return
        opened = self._document.opened
        if opened is None or not opened.listed:
            self._preferences.folder = str(path.parent)
            self._preferences.add_recent(path)
        meshes = session.motion is not None and not session.motion.has_poses
        self._activity.say(f"Saved {path.name}" + (NAMED_ONLY if meshes else ""))
        self.saved.emit(path, session)
        if opened is None or asked.number != self._number:
            return
        self.file.set_path(path)
        if opened.motion is asked.motion:
            now = session.now
            self._document.file(path, now.result, now.accepted, now.valid, now.weights, now.markers)
        if asked.afterwards is not None:
            asked.afterwards()

    @Slot(object, str)
    def _on_failed(self, path: Path, sentence: str) -> None:
        if self._taken(path) is not None:
            self._activity.end(_saving(path))
            self._activity.fail(sentence)

    def _taken(self, path: Path) -> Asked | None:
        """What was asked first of those that write this file; None of what nobody asked for."""
        asked = next((one for one in self._asked if one.path == path), None)
        if asked is not None:
            self._asked.remove(asked)
        return asked

    @Slot(object)
    def _on_leaving(self, coming: Opened) -> None:
        if not coming.beside:
            # Another person of the same file belongs to the same session.
            self._number += 1
            self.file.set_path(None)

    @Slot()
    def _on_met(self) -> None:
        assert self.file.path is not None
        self._activity.fail(
            f"{self.file.path.name} is open in another window too: the one that saves last is asked before "
            "it replaces what the other has saved."
        )

    @Slot(object)
    def _on_shown(self, opened: Opened) -> None:
        if opened.session is not None and opened.beside:
            self._now.select_as(opened.session)
        elif opened.session is not None:
            self._now.look_as(opened.session)
            if not opened.left_over:
                self.file.set_path(opened.file)

    @Slot(bool)
    def _on_motion_choice(self, on: bool) -> None:
        self._preferences.store(MOTION_FLAG, on)

    @Slot()
    def _on_change(self) -> None:
        for action in (self._actions.save_session, self._actions.save_session_as):
            running = RUNNING if self._activity.run.active else ""
            allow(action, NO_MOTION if self._document.opened is None else running)


def _saving(path: Path) -> str:
    return f"Saving {path.name} …"
