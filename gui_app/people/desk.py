"""Who is in the file that is open, who of them is shown, and what was done for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.shown_text import shown
from gui_app.document.actions import Actions
from gui_app.document.history import DocumentStep
from gui_app.document.opened import Opened
from gui_app.document.state import AppState
from gui_app.files.open_actions import OpenActions
from gui_app.people.left import Left, leave, mean_of
from gui_app.session.snapshot import SessionNow
from gui_app.tasks.job_thread import JobThread

if TYPE_CHECKING:
    from pathlib import Path

    from core.files.motions.load_motion import Company, Person
    from core.model.motion import Reading
    from core.session.session import Session

FAILED = "Who else is in the file could not be found out; details are in the log"


def read_company(path: Path, reading: Reading) -> Company:
    """Who is in the file, and those who are together with the one of the reading."""
    from core.files.motions.load_motion import company_of

    return company_of(path, reading)


class PeopleDesk(QObject):
    """Goes from one person of a file to another and back; fits, history, mask and notes of each stay theirs.

    Attributes:
        people: of the file, in its order; empty where it is one person's, or while nobody knows yet.
        coming: the name of whoever is being opened, to be shown in a moment; '' otherwise.

    ``changed``: others are there, another one is shown, or more is known of one. ``found``: who is together
    with the one who is shown, a `Company`.
    """

    changed = Signal()
    found = Signal(object)

    def __init__(
        self, state: AppState, now: SessionNow, files: OpenActions, actions: Actions, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._state, self._now, self._files, self._actions = state, now, files, actions
        self.people: tuple[Person, ...] = ()
        self.coming = ""
        self._left: dict[str, Left] = {}
        # Of those whom nobody has gone to since the session was opened.
        self._stored: dict[str, tuple[Path, Session]] = {}
        self._stored_lost = False
        self._thread = JobThread("people", self, state.activity.fail, unexpected=FAILED, reads=True)
        files.leaving.connect(self._on_leaving)
        state.document.keep_beside(self._lost)
        now.keep_people(self.sessions)
        state.document.motion_ready.connect(self._on_motion)
        state.activity.opening_changed.connect(self._on_opening)
        actions.next_person.triggered.connect(self.go_to_next)
        actions.previous_person.triggered.connect(self.go_to_previous)
        self.changed.connect(self._enable)
        self._enable()

    @property
    def shown(self) -> Person | None:
        """Who is shown; None in a file of one."""
        opened = self._state.document.opened
        name = None if opened is None else opened.motion.reading.person
        return next((person for person in self.people if person.name == name), None)

    def go_to(self, name: str) -> None:
        """Shows another person, at the moment that is shown now."""
        now = self.shown
        person = next((one for one in self.people if one.name == name), None)
        if now is None or person is None or person is now:
            return
        frame = person.nearest_beside(now, self._state.playback.frame)
        if name in self._left:
            self._files.come_back(self._left[name].at(frame))
        else:
            self._files.open_person(name, frame, self._stored.get(name))
            # What is read ahead is there at once.
            self.coming = name if self._state.activity.opening else ""

    def left(self, name: str) -> Left | None:
        """Somebody as they were left; None of who is shown, and of whom nobody has looked at."""
        return self._left.get(name)

    def stored(self, name: str) -> tuple[Path, Session] | None:
        """What the session that is open has of somebody whom nobody has gone to, and where that lies."""
        return self._stored.get(name)

    def sessions(self) -> list[Session]:
        """Of those who are not shown, and were looked at."""
        return [left.session for left in self._left.values()] + [one for _, one in self._stored.values()]

    @Slot(object, object)
    def file(self, path: Path, session: Session) -> None:
        """A session is written: whoever is in it as they are now is in a file."""
        written = [one.steps for one in session.people]
        if all(any(one.steps is steps for steps in written) for _, one in self._stored.values()):
            self._stored_lost = False
        for left in self._left.values():
            if left.opened.filed is not None and any(left.session.steps is steps for steps in written):
                left.opened.filed.add_snapshot(path, left.snapshot)
        for one in (session, *session.people):
            self._file_moved(path, one)
        self._state.document.saved_changed.emit()

    def _file_moved(self, path: Path, one: Session) -> None:
        """Somebody else is shown than when the session was taken: it has both as they were then."""
        from core.session.session import SourceFile

        opened, left = self._state.document.opened, self._left.get(_name(one))
        if left is not None and left.session.source == one.source:
            opened, filed, steps = left.opened, left.opened.filed, left.session.steps
        elif opened is not None and SourceFile.of(opened.motion) == one.source:
            filed, steps = self._state.document.filed, ()
        else:
            return
        if filed is not None and one.steps is not steps:
            own = opened.bodies.correspondence
            filed.add_snapshot(path, DocumentStep.of_session(one.now, own).snapshot)

    def keep(self, name: str, left: Left) -> None:
        """More was done for somebody who is not shown."""
        self._left[name] = left
        self._stored.pop(name, None)
        self._state.document.saved_changed.emit()
        self.changed.emit()

    def means(self) -> dict[str, float]:
        """By name, mean v2v millimetres of those who are fitted."""
        found = {name: left.mean_mm for name, left in self._left.items()}
        if self.shown is not None:
            found[self.shown.name or ""] = mean_of(self._state.document.result)
        return {name: mean for name, mean in found.items() if mean is not None}

    @Slot()
    def go_to_next(self) -> None:
        """Shows the next person of the file, after the last one the first."""
        self._step(1)

    @Slot()
    def go_to_previous(self) -> None:
        """Shows the one before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        now = self.shown
        if now is not None:
            name = self.people[(self.people.index(now) + by) % len(self.people)].name
            assert name is not None
            self.go_to(name)

    def forget(self) -> None:
        """What was done for others than the one who is shown is wanted no more."""
        self._left.clear()
        self._stored.clear()
        self.changed.emit()

    def _lost(self) -> tuple[str, ...]:
        lost = tuple(left.opened.name for left in self._left.values() if left.loses_work)
        kept = (one.source for _, one in self._stored.values() if self._stored_lost)
        return lost + tuple(shown(f"{source.name} · person {source.reading.person}") for source in kept)

    @Slot(object)
    def _on_leaving(self, coming: Opened) -> None:
        if not coming.beside:
            self.forget()
            self._stored_lost = coming.left_over
            if coming.session is not None and coming.file is not None:
                self._stored = {_name(one): (coming.file, one) for one in coming.session.people}
            return
        opened = self._state.document.opened
        left = leave(self._state.document, self._now)
        if opened is not None and left is not None:
            self._left[opened.motion.reading.person or ""] = left
        for kept in (self._left, self._stored):
            kept.pop(coming.motion.reading.person or "", None)

    @Slot()
    def _on_opening(self) -> None:
        if not self._state.activity.opening:
            self.coming = ""
        self.changed.emit()

    @Slot()
    def _on_motion(self) -> None:
        opened = self._state.document.opened
        assert opened is not None
        if not opened.beside:
            self.people = self._people_stored(opened)
        path, reading = opened.motion.path, opened.motion.reading
        # A session opens without the motion's own file, and brings those whom it knows.
        if path is None or reading.person is None or not path.exists():
            self._thread.drop_jobs()
        else:
            job = self._thread.job(self._on_company, latest=True)
            job.start(read_company, path, reading)
        self.changed.emit()

    def _people_stored(self, opened: Opened) -> tuple[Person, ...]:
        """Those whom the session that is open has, should its motion's file not be there."""
        from core.files.motions.load_motion import Person

        if not self._stored or opened.session is None:
            return ()
        sessions = [opened.session, *(one for _, one in self._stored.values())]
        return tuple(Person(_name(one), one.source.frames, one.source.frames) for one in sessions)

    def _on_company(self, company: Company) -> None:
        if len(company.people) > 1:
            self.people = company.people
        self.changed.emit()
        self.found.emit(company)

    @Slot()
    def _enable(self) -> None:
        for action in (self._actions.next_person, self._actions.previous_person):
            action.setEnabled(self.shown is not None)
            action.setVisible(self.shown is not None)


def _name(session: Session) -> str:
    """Who it is of."""
    return session.source.reading.person or ""
