"""Saving what is open as a session, and showing a session that was opened as it was left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from gui_app.actions import Actions
from gui_app.open_actions import OpenActions
from gui_app.opening import Opened
from gui_app.preferences import Preferences
from gui_app.saving import Kind, ask_where
from gui_app.session_now import SessionNow
from gui_app.session_writer import SessionWriter
from gui_app.state import AppState

if TYPE_CHECKING:
    from core.session import Session

SESSION = Kind("Save session", "Refit session", ".refit")
MOTION_FLAG = "sessions_hold_motion"
NAMED_ONLY = " · it names the meshes and holds no copy of them"


class SessionActions(QObject):
    """Does what Save session says."""

    def __init__(
        self,
        state: AppState,
        actions: Actions,
        now: SessionNow,
        writer: SessionWriter,
        files: OpenActions,
        preferences: Preferences,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._state, self._actions, self._now, self._writer = state, actions, now, writer
        self._preferences, self._window = preferences, window
        self._asked: Path | None = None
        actions.save_session.triggered.connect(self.ask_save)
        actions.session_motion.setChecked(preferences.flag(MOTION_FLAG, True))
        actions.session_motion.toggled.connect(self._on_motion_choice)
        writer.written.connect(self._on_written)
        writer.failed.connect(self._on_failed)
        files.shown.connect(self._on_shown)
        state.motion_changed.connect(self._on_change)
        state.run_changed.connect(self._on_change)
        self._on_change()

    @Slot()
    def ask_save(self) -> None:
        """Asks where to save the session, and saves it there."""
        state = self._state
        state.settle()
        if state.opened is None or state.run.active:
            return
        file = state.opened.file
        folder = Path(self._preferences.folder or Path.home())
        is_own = state.opened.session is not None and not state.opened.left_over
        start = file if is_own and file is not None else folder / f"{state.opened.stem}{SESSION.suffix}"
        place = ask_where(self._window, start, SESSION)
        session = self._now.take(with_motion=self._actions.session_motion.isChecked())
        if place is None or session is None:
            return
        self._asked = place.path
        state.say(f"Saving {place.path.name} …")
        self._writer.write(place.path, session, overwrite=place.replace)

    @Slot(object, object)
    def _on_written(self, path: Path, session: Session) -> None:
        if path != self._asked:
            return
        self._asked = None
        self._preferences.folder = str(path.parent)
        self._preferences.add_recent(path)
        saved = session.now.result
        if saved is not None:
            self._state.file(path, saved, session.now.accepted)
        meshes = session.motion is not None and not session.motion.has_poses
        self._state.say(f"Saved {path.name}" + (NAMED_ONLY if meshes else ""))

    @Slot(object, str)
    def _on_failed(self, path: Path, sentence: str) -> None:
        if path == self._asked:
            self._asked = None
            self._state.fail(sentence)

    @Slot(object)
    def _on_shown(self, opened: Opened) -> None:
        if opened.session is not None:
            self._now.look_as(opened.session)

    @Slot(bool)
    def _on_motion_choice(self, on: bool) -> None:
        self._preferences.store(MOTION_FLAG, on)

    @Slot()
    def _on_change(self) -> None:
        self._actions.save_session.setEnabled(self._state.opened is not None and not self._state.run.active)
