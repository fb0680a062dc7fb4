"""Trying strategies on frames, and taking over what one of them gives."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.frame_scopes import Scope, fittable
from gui_app.document.history import History
from gui_app.document.run_status import RunStatus, went_on
from gui_app.document.state import AppState
from gui_app.fit.device_choice import DeviceChoice
from gui_app.fit.text import unchanged_words
from gui_app.tasks.background_job import BackgroundJob
from gui_app.tasks.job_thread import JobThread

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion
    from core.problems.fix_strategies import Fix, FixProgress

UNEXPECTED = "Trying strategies stopped because of an unexpected error; details are in the log"


@dataclass(frozen=True, eq=False)
class FixRequest:
    """Frames that are to be put right; ``suspects`` are all problem frames."""

    motion: Motion
    bodies: BodyPair
    result: FitResult
    frames: np.ndarray
    suspects: np.ndarray
    device: str
    threads: int | None


def try_strategies(
    request: FixRequest,
    stop: threading.Event,
    tell_before: Callable[[Fix], None],
    tell_fix: Callable[[Fix], None],
    tell_progress: Callable[[FixProgress], None],
) -> str:
    """Tries one strategy after another, and tells of each; one that is stopped has told of those before.

    Gives why a fit left its device, a sentence; '' where none has.
    """
    from core.problems.fix_strategies import FixTrial

    trial = FixTrial(
        request.motion,
        request.bodies,
        request.result,
        request.frames,
        suspects=request.suspects,
        device=request.device,
        threads=request.threads,
        stop=stop,
    )
    tell_before(trial.before)
    shown = 0
    for progress in trial:
        for fix in trial.fixes[shown:]:
            tell_fix(fix)
        shown = len(trial.fixes)
        tell_progress(progress)
    for fix in trial.fixes[shown:]:
        tell_fix(fix)
    return went_on(trial.left_device)


STAGE = "fix"


class Fixing(QObject):
    """One trial at a time, kept until it is left.

    Attributes:
        what: the frames in words; empty where nothing is tried.
        before: the fit as it is, None until that is measured.
        fixes: what the strategies tried so far give.
    """

    changed = Signal()

    def __init__(
        self,
        state: AppState,
        history: History,
        devices: DeviceChoice,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._history, self._devices = state, history, devices
        self._asked: FixRequest | None = None
        self._job: BackgroundJob[str] | None = None
        self._running = False
        self.what = ""
        self.before: Fix | None = None
        self.fixes: list[Fix] = []
        self._thread = JobThread("fixes", self, self._on_failed, unexpected=UNEXPECTED)
        state.document.motion_changed.connect(self.leave)
        state.document.result_changed.connect(self._on_result)
        state.activity.run_changed.connect(self._on_run)

    @property
    def open(self) -> bool:
        """There is a trial, going on or over."""
        return self._asked is not None

    @property
    def running(self) -> bool:
        """It goes on."""
        return self._running

    def best(self) -> int | None:
        """Index in ``fixes`` of the one to take, as far as they are known; None where none gains anything."""
        from core.problems.fix_strategies import best

        return best(self.fixes, self.before)

    def start(self, scope: Scope) -> None:
        """Tries all strategies on some frames."""
        state = self._state
        state.document.settle()
        if state.document.opened is None or state.document.result is None or scope.frames is None:
            return
        if state.activity.run.active or self._thread.closed:
            return
        scope = fittable(state.document, scope)
        if scope.frames is None or scope.why_not:
            state.activity.fail(f"{scope.why_not}: there is nothing to put right")
            return
        self.leave()
        suspects = (
            state.document.analysis.suspects if state.document.analysis is not None else np.empty(0, int)
        )
        motion = state.document.opened.motion_at(state.document.given_rate)
        self._asked = FixRequest(
            motion,
            state.document.opened.bodies,
            state.document.result,
            scope.frames,
            suspects,
            self._devices.device,
            self._devices.threads,
        )
        self.what, self._running = scope.what, True
        state.activity.set_run(RunStatus("running", STAGE, what=f"strategies on {scope.what}"))
        job = self._job = self._thread.job(self._on_finished, cancelled=self.leave)
        job.start(
            try_strategies,
            self._asked,
            job.stop,
            job.tells(self._show_before),
            job.tells(self._add_fix),
            job.tells(self._show_progress),
        )
        self.changed.emit()

    def show(self, fix: Fix | None) -> None:
        """Shows the frames as a strategy would have them; None as they are."""
        if fix is None or fix.strategy is None:
            self._state.view.set_peek(None)
        else:
            self._state.view.set_peek(fix.result, fix.strategy.label)

    def take(self, fix: Fix) -> None:
        """What a strategy gives becomes the fit: one step to undo."""
        from core.measure.fit_comparison import changed_frames

        request = self._asked
        if request is None or fix.strategy is None or self._state.activity.run.active:
            return
        step = f"fix of {self.what}: {fix.strategy.label.lower()}"
        changed = changed_frames(request.result, fix.result)
        what = self.what
        self.leave()
        if not len(changed):
            self._state.activity.say(unchanged_words(what))
            return
        self._state.document.set_result(fix.result, changed)
        self._history.add(step, changed)
        self._state.activity.say(f"{step[:1].upper()}{step[1:]} · mean {fix.mean_mm:.1f} mm")

    @Slot()
    def leave(self) -> None:
        """Forgets the trial; what goes on ends."""
        if self._asked is None:
            return
        self._thread.drop_jobs()
        self._asked, self.before, self.fixes, self.what = None, None, [], ""
        self._state.view.set_peek(None)
        self._end()
        self.changed.emit()

    def _end(self) -> None:
        if self._running:
            self._running = False
            if self._state.activity.run.stage == STAGE:
                self._state.activity.set_run(RunStatus())

    @Slot(object)
    def _on_result(self, _changed: object) -> None:
        if self._asked is not None and self._asked.result is not self._state.document.result:
            self.leave()

    @Slot()
    def _on_run(self) -> None:
        run = self._state.activity.run
        if not self._running or self._job is None:
            return
        if run.stage != STAGE:
            # Another motion is there, or is about to be.
            self.leave()
        elif run.phase == "cancelling":
            self._job.cancel()

    def _show_before(self, before: Fix) -> None:
        self.before = before
        self.changed.emit()

    def _show_progress(self, progress: FixProgress) -> None:
        if self._state.activity.run.phase != "running":
            return
        frames = progress.frames_total
        done = progress.index * frames + progress.frames_done
        total = progress.total * frames
        what = f"strategies on {self.what}"
        self._state.activity.set_run(
            RunStatus("running", STAGE, frames_done=done, frames_total=total, what=what)
        )

    def _add_fix(self, fix: Fix) -> None:
        self.fixes.append(fix)
        self.changed.emit()

    def _on_finished(self, fell_back: str) -> None:
        self._end()
        best = self.best()
        words = f"Tried {len(self.fixes)} strategies on {self.what}"
        if best is not None and (strategy := self.fixes[best].strategy) is not None:
            words += f" · best: {strategy.label.lower()}, mean {self.fixes[best].mean_mm:.1f} mm"
        elif self.fixes:
            words += " · none is better than the fit as it is"
        self._state.activity.say(words)
        if fell_back:
            self._state.activity.fail(fell_back)
        self.changed.emit()

    def _on_failed(self, sentence: str) -> None:
        self.leave()
        self._state.activity.fail(sentence)
