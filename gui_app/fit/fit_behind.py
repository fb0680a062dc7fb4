"""A fit with the settings chosen now, behind the one on show, to be compared with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from core.errors import RefitError
from core.shown_text import shown
from gui_app.document.actions import SPECS, Actions
from gui_app.document.recipe_editor import RecipeDesk
from gui_app.document.run_status import went_on
from gui_app.document.state import AppState
from gui_app.document.view import SecondFit
from gui_app.fit.device_choice import DeviceChoice
from gui_app.fit.fit_worker import RunRequest, begin
from gui_app.history.side_by_side import SideBySide
from gui_app.tasks.background_job import BackgroundJob
from gui_app.tasks.coalesce import Coalescer
from gui_app.tasks.job_thread import JobThread
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.model.fit_result import FitResult
    from core.model.motion import Motion

SECOND = "Fitted to compare"
STOP = "Stop fitting to compare"
UNEXPECTED = "The fit to compare with stopped because of an unexpected error; details are in the log"
STOPPED = "Fitting to compare was stopped"
LOST = "The fit to compare with was stopped: it was of what was open before"
NOTHING = "With these settings no frame could be fitted: there is nothing to compare with"
NO_FIT = "There is no fit yet to compare with another one"
RUNNING = "A fit is going on already"


def fit_behind(request: RunRequest, tell: Callable[[int, int], None]) -> tuple[FitResult, str]:
    """The fit of all frames, and why it left its device, if it has; raises `Cancelled` from ``tell`` where it
    is to stop."""
    run = begin(request)
    for progress in run:
        tell(progress.frames_done, progress.frames_total)
    result = run.result()
    if not result.fitted.any():
        raise RefitError(NOTHING)
    return result, went_on(run.left_device)


class FitBehind(QObject):
    """One at a time: the fit on show and its history stay as they are, and the two stand side by side once it
    is over."""

    def __init__(
        self,
        state: AppState,
        recipes: RecipeDesk,
        devices: DeviceChoice,
        beside: SideBySide,
        actions: Actions,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._state, self._recipes, self._devices, self._beside = state, recipes, devices, beside
        self._action = actions.compare_recipe
        self._job: BackgroundJob[tuple[FitResult, str]] | None = None
        self._said = ""
        self._lost = False
        self._thread = JobThread("fit to compare", self, self._on_failed, unexpected=UNEXPECTED)
        soon = Coalescer(self._present, self)
        for signal in (
            state.document.motion_changed,
            state.document.result_changed,
            state.activity.run_changed,
            recipes.changed,
        ):
            signal.connect(soon.ask)
        state.document.motion_leaving.connect(self._on_leaving)
        state.document.motion_ready.connect(self._on_motion)
        self._action.triggered.connect(self._on_action)
        self._present()

    @property
    def running(self) -> bool:
        """It goes on."""
        return self._job is not None

    @Slot()
    def _on_action(self) -> None:
        if self.running:
            self._drop()
            self._state.activity.say(STOPPED)
        else:
            self._begin()
        self._present()

    def _begin(self) -> None:
        document = self._state.document
        document.settle()
        opened = document.opened
        if opened is None or document.result is None or self._state.activity.run.active:
            return
        try:
            recipe = self._recipes.recipe()
        except ValueError as error:
            self._state.activity.fail(str(error))
            return
        motion = opened.motion_at(document.given_rate)
        job = self._thread.job(partial(self._on_fitted, opened.motion), latest=True)
        self._job, self._said = job, f"Fitting all frames with {shown(recipe.name)}, to compare"
        self._state.activity.say(self._said)
        request = RunRequest(
            motion,
            opened.bodies,
            recipe,
            "all frames",
            None,
            document.result,
            self._state.playback.frame,
            self._devices.device,
            self._devices.threads,
            job.stop,
        )
        job.start(fit_behind, request, job.progress(self._on_progress))

    def _on_progress(self, done: int, total: int) -> None:
        if done:
            self._state.activity.say(f"{self._said}: {done:,} of {total:,}")

    def _on_fitted(self, motion: Motion, found: tuple[FitResult, str]) -> None:
        self._job = None
        result, fell_back = found
        opened = self._state.document.opened
        if opened is not None and opened.motion is motion:
            self._beside.begin(SecondFit(result, SECOND))
            mean = result.summary()["mean"]
            self._state.activity.say(
                f"Fitted all frames in {result.seconds:.1f} s, to compare · mean {mean:.1f} mm"
            )
            if fell_back:
                self._state.activity.fail(fell_back)
        self._present()

    def _on_failed(self, sentence: str) -> None:
        self._job = None
        self._state.activity.fail(sentence)
        self._present()

    @Slot()
    def _on_leaving(self) -> None:
        self._lost = self.running
        self._drop()

    @Slot()
    def _on_motion(self) -> None:
        # Said of what was open before, it would be gone with it.
        if self._lost:
            self._state.activity.fail(LOST)
        self._lost = False

    def _drop(self) -> None:
        self._job = None
        self._thread.drop_jobs()

    @Slot()
    def _present(self) -> None:
        state, spec = self._state, SPECS["compare_recipe"]
        self._action.setText(STOP if self.running else spec.text)
        why_not = "" if state.document.has_fit else NO_FIT
        why_not = why_not or (RUNNING if state.activity.run.active else "")
        self._action.setEnabled(self.running or not why_not)
        name = shown(self._recipes.name)
        self._action.setToolTip(plain_tip(why_not or f"{spec.tip}. Chosen now: {name}"))
