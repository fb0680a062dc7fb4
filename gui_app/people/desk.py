"""Who is in the file that is open, who of them is shown, and what was done for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.actions import Actions
from gui_app.document.opened import Opened
from gui_app.document.state import AppState
from gui_app.files.open_actions import OpenActions
from gui_app.people.left import Left, leave, mean_of
from gui_app.session.snapshot import SessionNow
from gui_app.tasks.background_job import tell_nobody
from gui_app.tasks.job_thread import JobThread

if TYPE_CHECKING:
    from pathlib import Path

    from core.files.motions.load_motion import Company, Person
    from core.model.motion import Reading


def read_company(path: Path, reading: Reading) -> Company:
    """Who is in the file, and those who are together with the one of the reading."""
    from core.files.motions.load_motion import company_of

    return company_of(path, reading)


class PeopleDesk(QObject):
    """Goes from one person of a file to another and back; fits, history, mask and notes of each stay theirs.

    Attributes:
        people: of the file, in its order; empty where it is one person's, or while nobody knows yet.

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
        self._left: dict[str, Left] = {}
        self._thread = JobThread("people", self, tell_nobody)
        files.leaving.connect(self._on_leaving)
        state.document.keep_beside(self._lost)
        state.document.motion_ready.connect(self._on_motion)
        state.activity.opening_changed.connect(self.changed)
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
        shown = self.shown
        person = next((one for one in self.people if one.name == name), None)
        if shown is None or person is None or person is shown:
            return
        frame = person.nearest_beside(shown, self._state.playback.frame)
        if name in self._left:
            self._files.come_back(self._left[name].at(frame))
        else:
            self._files.open_person(name, frame)

    def left(self, name: str) -> Left | None:
        """Somebody as they were left; None of who is shown, and of whom nobody has looked at."""
        return self._left.get(name)

    def keep(self, name: str, left: Left) -> None:
        """More was done for somebody who is not shown."""
        self._left[name] = left
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
        shown = self.shown
        if shown is not None:
            name = self.people[(self.people.index(shown) + by) % len(self.people)].name
            assert name is not None
            self.go_to(name)

    def forget(self) -> None:
        """What was done for others than the one who is shown is wanted no more."""
        self._left.clear()
        self.changed.emit()

    def _lost(self) -> tuple[str, ...]:
        return tuple(left.opened.name for left in self._left.values() if left.loses_work)

    @Slot(object)
    def _on_leaving(self, coming: Opened) -> None:
        if not coming.beside:
            self.forget()
            return
        opened = self._state.document.opened
        left = leave(self._state.document, self._now)
        if opened is not None and left is not None:
            self._left[opened.motion.reading.person or ""] = left
        self._left.pop(coming.motion.reading.person or "", None)

    @Slot()
    def _on_motion(self) -> None:
        opened = self._state.document.opened
        assert opened is not None
        if not opened.beside:
            self.people = ()
        path, reading = opened.motion.path, opened.motion.reading
        if path is None or reading.person is None:
            self._thread.drop_jobs()
        else:
            job = self._thread.job(self._on_company, latest=True)
            job.start(read_company, path, reading)
        self.changed.emit()

    def _on_company(self, company: Company) -> None:
        self.people = company.people
        self.changed.emit()
        self.found.emit(company)

    @Slot()
    def _enable(self) -> None:
        for action in (self._actions.next_person, self._actions.previous_person):
            action.setEnabled(self.shown is not None)
            action.setVisible(self.shown is not None)
