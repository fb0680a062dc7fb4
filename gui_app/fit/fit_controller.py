"""Starts and cancels fits, and drops what comes back from runs nobody waits for any more."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.model.fit_result import covers_more
from gui_app.document.frame_scopes import Scope, all_frames, fittable, frame_shown, problems, selected
from gui_app.document.history import History
from gui_app.document.recipe_editor import RecipeDesk
from gui_app.document.run_status import RunStatus
from gui_app.document.state import AppState
from gui_app.fit.fit_watch import FitWatch
from gui_app.fit.fit_worker import FitWorker, Preparation, RunReply, RunRequest
from gui_app.fit.text import finished_words, unchanged_words
from gui_app.tasks.coalesce import Coalescer
from gui_app.tasks.worker_thread import WAIT_MS, WorkerThread
from gui_app.widgets.text import frames_words

if TYPE_CHECKING:
    from core.fitting.recipe.recipe import Recipe
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion

LEFT = "The fit does not answer: it was left behind, and the next one does not wait for it."


@dataclass(frozen=True, eq=False)
class EndedRun:
    """How the last run ended: its last reply, the fit before it, and what was fitted, in words."""

    reply: RunReply
    before: FitResult | None
    what: str


class FitController(QObject):
    """One fitting thread; one run at a time. ``ended`` carries how it ended, which ``last`` keeps until
    another one begins."""

    _prepare = Signal(object)
    _start = Signal(object)
    ended = Signal(object)

    def __init__(
        self,
        state: AppState,
        history: History,
        recipes: RecipeDesk,
        device: str,
        threads: int | None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._history = history
        self._recipes = recipes
        self._device = device
        self._threads = threads
        self._run_id = 0
        self._cancel = threading.Event()
        self._newest: RunReply | None = None
        self._pending: list[np.ndarray | None] = []
        self._shown: RunReply | None = None
        self.last: EndedRun | None = None
        self._scope = all_frames()
        self._step = ""
        self._show_newest = Coalescer(self._apply_newest, self)
        self._watch = FitWatch(state, self)
        self._watch.unanswered.connect(self._on_unanswered)
        self._hire()

    def _hire(self) -> None:
        """A worker in a thread of its own."""
        self._worker = FitWorker()
        self._prepare.connect(self._worker.prepare)
        self._start.connect(self._worker.run)
        replies = [
            (self._worker.progressed, self._on_progress),
            (self._worker.previewed, self._on_preview),
            (self._worker.finished, self._on_finished),
            (self._worker.failed, self._on_failed),
        ]
        self._thread = WorkerThread("fit", self._worker, replies, self)

    def prepare(self, motion: Motion, bodies: BodyPair) -> None:
        """Prepares the bodies of a motion that is about to be fitted, unless a fit is under way."""
        if not self._state.activity.run.active and not self._thread.closed and self._recipes.draft.runs:
            self._prepare.emit(Preparation(motion, bodies, self._recipes.recipe(), self._device))

    @Slot()
    def start(self) -> None:
        """Fits the open motion, the frame on the screen first."""
        self._begin(all_frames())

    @Slot()
    def start_frame(self) -> None:
        """Fits the frame on the screen."""
        self._begin(frame_shown(self._state))

    @Slot()
    def start_selection(self) -> None:
        """Fits the selected frames."""
        self._begin(selected(self._state))

    @Slot()
    def start_problems(self) -> None:
        """Fits the problem frames."""
        self._begin(problems(self._state.document))

    def start_stages(self, scope: Scope, recipe: Recipe, what: str) -> None:
        """Fits some frames with a recipe of its own, ``what`` in words: ``'edge stage'``."""
        self._begin(scope, recipe, what)

    def start_joined(self, scope: Scope) -> None:
        """Fits some frames, which then fade into those around them."""
        analysis = self._state.document.analysis
        self._begin(scope, joins=np.empty(0, int) if analysis is None else analysis.suspects)

    def _begin(
        self,
        scope: Scope | None,
        recipe: Recipe | None = None,
        what: str = "",
        joins: np.ndarray | None = None,
    ) -> None:
        state = self._state
        state.document.settle()
        if scope is None or state.document.opened is None or state.activity.run.active or self._thread.closed:
            return
        scope = fittable(state.document, scope)
        if scope.why_not:
            state.activity.fail(f"{scope.why_not}: there is nothing to fit")
            return
        if recipe is None:
            if not self._recipes.draft.runs:
                state.activity.fail("Every stage is off: put one on in the Stages panel to fit")
                return
            recipe = self._recipes.recipe()
        if recipe.start == "current" and not state.document.has_fit:
            recipe = replace(recipe, start="source")
        self._abandon()
        self._scope = scope
        self._step = f"{what} on {scope.what}" if what else f"fit of {scope.what}"
        self._cancel = threading.Event()
        motion = state.document.opened.motion_at(state.document.given_rate)
        frames = len(motion) - len(scope.left_out) if scope.frames is None else len(scope.frames)
        state.activity.set_run(RunStatus("running", frames_total=frames, what=scope.what))
        self._watch.begin(self._worker.silence)
        self._start.emit(
            RunRequest(
                self._run_id,
                motion,
                state.document.opened.bodies,
                recipe,
                scope.what,
                scope.frames,
                state.document.result,
                state.playback.frame,
                self._device,
                self._threads,
                self._cancel,
                joins,
            )
        )

    @Slot()
    def cancel(self) -> None:
        """Stops the run after its current step; what it has fitted is kept on top of the earlier fit. One
        that does not answer is left behind."""
        if self._state.activity.run.phase == "running":
            self._cancel.set()
            self._watch.cancelled()
            # What the run leaves is here in a moment: drawing a preview first would only hold it up.
            self._show_newest.stop()
            self._state.activity.set_run(replace(self._state.activity.run, phase="cancelling"))

    @Slot()
    def drop(self) -> None:
        """Stops the run and forgets it, for example because another motion was opened."""
        if self._watch.silent:
            self._replace_worker()  # the next run may hardly wait for this one
        self._abandon()
        self._state.activity.set_run(RunStatus())

    def _abandon(self) -> None:
        self._watch.end()
        self._cancel.set()
        self._run_id += 1
        self._newest = None
        self._pending = []
        self._shown = self.last = None

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Ends the thread; False if it is still busy after ``wait_ms``."""
        self._abandon()
        return self._thread.close(wait_ms)

    @Slot(int, object)
    def _on_progress(self, run_id: int, status: RunStatus) -> None:
        if run_id == self._run_id and self._state.activity.run.phase == "running":
            self._state.activity.set_run(status)

    @Slot(object)
    def _on_preview(self, reply: RunReply) -> None:
        if reply.run_id == self._run_id:
            self._newest = reply
            self._pending.append(reply.changed)
            if self._state.activity.run.phase == "running":
                self._show_newest.ask()

    @Slot()
    def _apply_newest(self) -> None:
        newest, pending = self._newest, self._pending
        if newest is None:
            return
        self._newest, self._pending = None, []
        self._shown = newest
        known = [frames for frames in pending if frames is not None]
        everything = len(known) < len(pending)
        self._state.document.set_result(newest.result, None if everything else np.concatenate(known))

    @Slot(object)
    def _on_finished(self, reply: RunReply) -> None:
        if reply.run_id == self._run_id:
            earlier = self._history.now.result
            changed = self._settle(reply, "cancelled")
            self.last = EndedRun(reply, earlier, self._scope.what)
            self.ended.emit(self.last)
            words = finished_words(reply, earlier) if changed else unchanged_words(self._scope.what)
            left_out = self._scope.left_out_words
            self._state.activity.say(f"{words} · {left_out}" if left_out else words)

    @Slot(int, str)
    def _on_failed(self, run_id: int, sentence: str) -> None:
        if run_id == self._run_id:
            self._keep_shown("stopped")
            self._state.activity.fail(sentence)

    def _replace_worker(self) -> None:
        """The worker hangs: it stays behind with its thread, and another one takes its place."""
        self._prepare.disconnect(self._worker.prepare)
        self._start.disconnect(self._worker.run)
        self._thread.leave()
        self._hire()

    @Slot()
    def _on_unanswered(self) -> None:
        self._replace_worker()
        self._run_id += 1
        self._keep_shown("cancelled")
        self._state.activity.fail(LEFT)

    def _keep_shown(self, how_it_ended: str) -> None:
        """The run is over without a last reply: what the previews had is kept."""
        self._watch.end()
        self._apply_newest()
        shown, earlier = self._shown, self._history.now.result
        if shown is None:
            self._state.activity.set_run(RunStatus())
            return
        keeps = shown.apart and earlier is not None and covers_more(earlier, shown.result)
        keeps = keeps or shown.result is earlier
        if not keeps and shown.result is not None:
            from core.measure.fit_failure import judged

            shown = replace(shown, result=judged(shown.result, partial=shown.partial))
        self._settle(replace(shown, keeps_earlier=keeps), how_it_ended)
        self._state.activity.say("The earlier fit is kept" if keeps else "What was fitted is kept")

    def _settle(self, reply: RunReply, how_it_ended: str) -> bool:
        """The run is over: what is left of it is one step to undo; False where it is what there was."""
        from core.measure.fit_comparison import same_fit

        self._watch.end()
        self._newest, self._pending, self._shown = None, [], None
        self._state.activity.set_run(RunStatus())
        if reply.result is None:
            return True
        earlier = self._history.now.result
        same = earlier is not None and same_fit(earlier, reply.result)
        if reply.keeps_earlier or same:
            if self._state.document.result is not earlier:
                self._state.document.set_result(earlier, None)
            return reply.keeps_earlier
        step = self._step
        if not reply.complete:
            step = f"{how_it_ended} fit ({len(reply.reached):,} of {frames_words(reply.asked)})"
        self._state.document.set_result(reply.result, None)
        self._history.add(step)
        return True
