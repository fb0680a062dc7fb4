"""All people of a scene fitted in turn: the one who is shown in the window, the others behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.shown_text import shown
from gui_app.document.actions import Actions
from gui_app.document.frame_scopes import all_frames
from gui_app.document.opened import Opened
from gui_app.document.recipe_editor import RecipeDesk
from gui_app.document.run_status import RunStatus
from gui_app.document.state import AppState
from gui_app.files.open_actions import OpenActions
from gui_app.fit.device_choice import DeviceChoice
from gui_app.fit.fit_controller import FitController
from gui_app.fit.fit_worker import RunReply
from gui_app.people.desk import PeopleDesk
from gui_app.people.left import Left, mean_of
from gui_app.people.person_fit import PersonRequest, fit_person
from gui_app.tasks.background_job import BackgroundJob
from gui_app.tasks.coalesce import Later
from gui_app.tasks.job_thread import JobThread
from gui_app.widgets.text import person_name

if TYPE_CHECKING:
    from core.fitting.recipe.recipe import Recipe

ALL = all_frames().what


class FitAllPeople(QObject):
    """A queue of people, by their names. Whoever is shown is fitted as Fit all does it, with all that can be
    seen of that; somebody whom one goes to while they are fitted behind the window begins anew in it.

    Attributes:
        total: how many there are to fit; 0 while nobody is.
        done: how many are.
        run: how far the one is who is fitted behind the window.

    ``changed`` tells of them.
    """

    changed = Signal()

    def __init__(
        self,
        desk: PeopleDesk,
        state: AppState,
        files: OpenActions,
        fitting: FitController,
        recipes: RecipeDesk,
        devices: DeviceChoice,
        actions: Actions,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._desk, self._state, self._files, self._actions = desk, state, files, actions
        self._fitting, self._recipes, self._devices = fitting, recipes, devices
        self._waiting: list[str] = []
        self._behind = self._in_window = ""
        self._recipe: Recipe | None = None
        self._means: list[float] = []
        self._ran = False
        self._over = Later(self._on_over, self, 0)
        self.total = self.done = 0
        self.run = RunStatus()
        self._job: BackgroundJob[tuple[Left, RunReply]] | None = None
        self._thread = JobThread("people's fits", self, state.activity.fail)
        actions.fit_people.triggered.connect(self.start)
        files.leaving.connect(self._on_leaving)
        state.activity.run_changed.connect(self._on_run)
        desk.changed.connect(self._on_people)
        self.changed.connect(self._enable)
        self._enable()

    @property
    def going(self) -> bool:
        """It is under way."""
        return self.total > 0

    @property
    def words(self) -> str:
        """Who is fitted: ``Fitting 2 of 5 people · 40 %``."""
        if not self.going:
            return ""
        share = f" · {100 * self.run.share:.0f} %" if self._behind else ""
        return f"Fitting {min(self.done + 1, self.total)} of {self.total} people{share}"

    @Slot()
    def start(self) -> None:
        """Fits everybody who is in the scene of the one who is shown, that one first."""
        one = self._desk.shown
        if one is None or self.going:
            return
        if not self._recipes.draft.runs:
            self._state.activity.fail("Every stage is off: put one on in the Stages panel to fit")
            return
        self._recipe = self._recipes.recipe()
        here = [person for person in self._desk.people if person.scene == one.scene]
        here.sort(key=lambda person: person is not one)
        self._waiting = [person.name or "" for person in here]
        self.total, self.done, self._means = len(here), 0, []
        self._next()

    @Slot()
    def cancel(self) -> None:
        """Nobody else is fitted; who is done stays so."""
        if not self.going:
            return
        in_window = bool(self._in_window)
        self._stop()
        if in_window:
            self._fitting.cancel()
        self._state.activity.say("Cancelled: the people who were fitted keep their fits")

    def _stop(self) -> None:
        if self._job is not None:
            self._job.drop()
        self._job, self._behind, self._in_window, self._waiting = None, "", "", []
        self.total = self.done = 0
        self.changed.emit()

    def _next(self) -> None:
        """Goes on with the next one, or waits while something else is fitted in the window."""
        if not self.going or self._behind or self._in_window:
            return
        if not self._waiting:
            words = f"Fitted {len(self._means)} of {self.total} people"
            worst = f" · mean of the worst {max(self._means):.1f} mm" if self._means else ""
            self._stop()
            self._state.activity.say(words + worst)
            return
        one = self._desk.shown
        if one is not None and self._waiting[0] == one.name:
            if not self._state.activity.run.active:
                self._in_window = self._waiting.pop(0)
                self._fitting.start()
                if not self._state.activity.run.active:
                    # There is nothing to fit, which it has told.
                    self._over.start()
        else:
            self._begin_behind(self._waiting.pop(0))
        self.changed.emit()

    def _begin_behind(self, name: str) -> None:
        request, left = self._files.person_request(name, 0, self._desk.stored(name)), self._desk.left(name)
        assert self._recipe is not None
        if request is None and left is None:
            self._end_one(None)
            return
        self._behind, self.run = name, RunStatus()
        job = self._job = self._thread.job(self._on_fitted, failed=self._on_failed)
        asked = PersonRequest(
            request,
            left,
            self._recipe,
            self._devices.device,
            self._devices.threads,
            job.stop,
        )
        job.start(fit_person, asked, job.progress(self._on_progress))

    def _on_progress(self, run: RunStatus) -> None:
        self.run = run
        self.changed.emit()

    def _on_fitted(self, found: tuple[Left, RunReply]) -> None:
        left, reply = found
        if self._behind == self._desk.coming:
            # They are shown in a moment as they were before: to be fitted once more, in the window.
            self._waiting.insert(0, self._behind)
            self._behind = ""
            return
        if reply.fell_back:
            self._state.activity.fail(f"{shown(person_name(self._behind))}: {reply.fell_back}")
        # Before the next one begins, as whoever hears of it may have it do.
        self._desk.keep(self._behind, left)
        self._behind = ""
        self._end_one(mean_of(reply.result))

    def _on_failed(self, sentence: str) -> None:
        name, self._behind = self._behind, ""
        self._state.activity.fail(f"{shown(person_name(name))}: {sentence}")
        self._end_one(None)

    def _end_one(self, mean: float | None) -> None:
        self.done += 1
        self._in_window = ""
        self._means += [] if mean is None else [mean]
        self._next()
        self.changed.emit()

    @Slot()
    def _on_run(self) -> None:
        run = self._state.activity.run
        if run.phase == "cancelling" and self._in_window:
            # Who cancels what is seen of it means all of it.
            self._stop()
        elif run.active:
            self._ran = run.what == ALL
        elif self.going:
            # Once what ended has told what came of it.
            self._over.start()

    @Slot()
    def _on_over(self) -> None:
        one, result = self._desk.shown, self._state.document.result
        if self._state.activity.run.active or one is None:
            return
        fitted = result is not None and not result.partial
        if self._ran and not self._in_window and fitted and self._waiting[:1] == [one.name]:
            # As they were gone to, by itself.
            self._in_window = self._waiting.pop(0)
        self._ran = False
        if self._in_window:
            self._end_one(mean_of(result) if fitted else None)
        else:
            self._next()

    @Slot(object)
    def _on_leaving(self, coming: Opened) -> None:
        """Who is fitted in the window waits, and so does one who is fitted behind it and is to be shown."""
        if not self.going:
            return
        if not coming.beside:
            self._stop()
            return
        if self._in_window:
            self._waiting.append(self._in_window)
            self._in_window = ""
        if self._behind == coming.motion.reading.person and self._job is not None:
            self._job.drop()
            self._waiting.insert(0, self._behind)
            self._behind = ""

    @Slot()
    def _on_people(self) -> None:
        self._enable()
        self._next()

    @Slot()
    def _enable(self) -> None:
        several = self._desk.shown is not None
        self._actions.fit_people.setEnabled(several and not self.going)
        self._actions.fit_people.setVisible(several)
