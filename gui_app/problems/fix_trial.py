"""Trying strategies on frames, and taking over what one of them gives."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.errors import RefitError
from gui_app.document.frame_scopes import Scope, fittable
from gui_app.document.history import History
from gui_app.document.run_status import RunStatus
from gui_app.document.state import AppState
from gui_app.fit.text import unchanged_words
from gui_app.tasks.worker_thread import WAIT_MS, WorkerThread

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion
    from core.problems.fix_strategies import Fix, FixProgress

# The thread that tries strategies on frames.

log = logging.getLogger(__name__)

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
    stop: threading.Event


class FixWorker(QObject):
    """Lives in a thread of its own; every reply carries its request."""

    begun = Signal(object, object)
    progressed = Signal(object, object)
    tried = Signal(object, object)
    finished = Signal(object)
    failed = Signal(object, str)

    @Slot(object)
    def run(self, request: FixRequest) -> None:
        """Tries one strategy after another, and says once how it ended."""
        from core.problems.fix_strategies import FixTrial

        try:
            trial = FixTrial(
                request.motion,
                request.bodies,
                request.result,
                request.frames,
                suspects=request.suspects,
                device=request.device,
                threads=request.threads,
                stop=request.stop,
            )
            self.begun.emit(request, trial.before)
            told = 0
            for progress in trial:
                for fix in trial.fixes[told:]:
                    self.tried.emit(request, fix)
                told = len(trial.fixes)
                self.progressed.emit(request, progress)
            for fix in trial.fixes[told:]:
                self.tried.emit(request, fix)
            self.finished.emit(request)
        except RefitError as error:
            self.failed.emit(request, str(error))
        except Exception:
            log.exception("Trying strategies on %s stopped", request.motion.name)
            self.failed.emit(request, UNEXPECTED)


STAGE = "fix"


class Fixing(QObject):
    """One trial at a time, kept until it is left.

    Attributes:
        what: the frames in words; empty where nothing is tried.
        before: the fit as it is, None until that is measured.
        fixes: what the strategies tried so far give.
    """

    changed = Signal()
    _start = Signal(object)

    def __init__(
        self,
        state: AppState,
        history: History,
        device: str,
        threads: int | None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._history, self._device, self._threads = state, history, device, threads
        self._asked: FixRequest | None = None
        self._running = False
        self.what = ""
        self.before: Fix | None = None
        self.fixes: list[Fix] = []
        self._worker = FixWorker()
        self._start.connect(self._worker.run)
        replies = [
            (self._worker.begun, self._on_begun),
            (self._worker.progressed, self._on_progress),
            (self._worker.tried, self._on_tried),
            (self._worker.finished, self._on_finished),
            (self._worker.failed, self._on_failed),
        ]
        self._thread = WorkerThread("fixes", self._worker, replies, self)
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
        """Index in ``fixes`` of the one to take, as far as they are known."""
        from core.problems.fix_strategies import best

        return best(self.fixes)

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
            self._device,
            self._threads,
            threading.Event(),
        )
        self.what, self._running = scope.what, True
        state.activity.set_run(RunStatus("running", STAGE, what=f"strategies on {scope.what}"))
        self._start.emit(self._asked)
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
        request = self._asked
        if request is None:
            return
        request.stop.set()
        self._asked, self.before, self.fixes, self.what = None, None, [], ""
        self._state.view.set_peek(None)
        self._end()
        self.changed.emit()

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Ends the thread; False if it is still busy after ``wait_ms``."""
        if self._asked is not None:
            self._asked.stop.set()
            self._asked = None
        return self._thread.close(wait_ms)

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
        if not self._running or self._asked is None:
            return
        if run.stage != STAGE:
            # Another motion is there, or is about to be.
            self.leave()
        elif run.phase == "cancelling":
            self._asked.stop.set()

    @Slot(object, object)
    def _on_begun(self, request: FixRequest, before: Fix) -> None:
        if request is self._asked:
            self.before = before
            self.changed.emit()

    @Slot(object, object)
    def _on_progress(self, request: FixRequest, progress: FixProgress) -> None:
        if request is not self._asked or self._state.activity.run.phase != "running":
            return
        frames = progress.frames_total
        done = progress.index * frames + progress.frames_done
        total = progress.total * frames
        what = f"strategies on {self.what}"
        self._state.activity.set_run(
            RunStatus("running", STAGE, frames_done=done, frames_total=total, what=what)
        )

    @Slot(object, object)
    def _on_tried(self, request: FixRequest, fix: Fix) -> None:
        if request is self._asked:
            self.fixes.append(fix)
            self.changed.emit()

    @Slot(object)
    def _on_finished(self, request: FixRequest) -> None:
        if request is self._asked:
            self._end()
            best = self.best()
            words = f"Tried {len(self.fixes)} strategies on {self.what}"
            if best is not None and (strategy := self.fixes[best].strategy) is not None:
                words += f" · best: {strategy.label.lower()}, mean {self.fixes[best].mean_mm:.1f} mm"
            self._state.activity.say(words)
            self.changed.emit()

    @Slot(object, str)
    def _on_failed(self, request: FixRequest, sentence: str) -> None:
        if request is self._asked:
            self.leave()
            self._state.activity.fail(sentence)
