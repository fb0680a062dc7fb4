"""Starts and cancels fits, and drops what comes back from runs nobody waits for any more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.fitting.no_progress import ProgressClock
from core.model.fit_result import covers_more
from gui_app.document.frame_scopes import Scope, all_frames, fittable, frame_shown, problems, selected
from gui_app.document.history import History
from gui_app.document.recipe_editor import RecipeDesk
from gui_app.document.run_status import RunStatus
from gui_app.document.state import AppState
from gui_app.fit.device_choice import DeviceChoice
from gui_app.fit.fit_watch import FitWatch
from gui_app.fit.fit_worker import UNEXPECTED, Preparation, RunReply, RunRequest, prepare, run_fit
from gui_app.fit.text import finished_words, unchanged_words
from gui_app.tasks.background_job import BackgroundJob, tell_nobody
from gui_app.tasks.coalesce import Coalescer
from gui_app.tasks.job_thread import JobThread
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

    ended = Signal(object)

    def __init__(
        self,
        state: AppState,
        history: History,
        recipes: RecipeDesk,
        devices: DeviceChoice,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._history = history
        self._recipes = recipes
        self._devices = devices
        self._job: BackgroundJob[RunReply] | None = None
        self._newest: RunReply | None = None
        self._pending: list[np.ndarray | None] = []
        self._shown: RunReply | None = None
        self.last: EndedRun | None = None
        self._scope = all_frames()
        self._by_itself = False
        self._step = ""
        self._show_newest = Coalescer(self._apply_newest, self)
        self._watch = FitWatch(state, self)
        self._watch.unanswered.connect(self._on_unanswered)
        self._begin_thread()

    def _begin_thread(self) -> None:
        self._thread = JobThread("fit", self, self._on_failed, unexpected=UNEXPECTED)
        self._thread.closing.connect(self._abandon)

    def prepare(self, motion: Motion, bodies: BodyPair) -> None:
        """Prepares the bodies of a motion that is about to be fitted, unless a fit is under way."""
        if not self._state.activity.run.active and not self._thread.closed and self._recipes.draft.runs:
            # What cannot be fitted says so when it is.
            self._thread.job(tell_nobody, failed=tell_nobody).start(
                prepare, Preparation(motion, bodies, self._recipes.recipe(), self._devices.device)
            )

    @Slot()
    def start(self) -> None:
        """Fits the open motion, the frame on the screen first."""
        self._begin(all_frames())

    def start_by_itself(self) -> None:
        """Fits a motion that has just been opened, which nobody asked for."""
        self._begin(all_frames(), by_itself=True)

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
        by_itself: bool = False,
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
        # Of a built-in motion no fit of all frames is lost: one key makes it again.
        self._by_itself = by_itself or (state.document.opened.builtin_motion and scope.frames is None)
        self._step = f"{what} on {scope.what}" if what else f"fit of {scope.what}"
        motion = state.document.opened.motion_at(state.document.given_rate)
        frames = len(motion) - len(scope.left_out) if scope.frames is None else len(scope.frames)
        state.activity.set_run(RunStatus("running", frames_total=frames, what=scope.what))
        silence = ProgressClock()
        self._watch.begin(silence)
        job = self._job = self._thread.job(self._on_finished, cancelled=self._on_cancelled)
        job.start(
            run_fit,
            RunRequest(
                motion,
                state.document.opened.bodies,
                recipe,
                scope.what,
                scope.frames,
                state.document.result,
                state.playback.frame,
                self._devices.device,
                self._devices.threads,
                job.stop,
                joins,
            ),
            silence,
            job.tells(self._on_progress),
            job.tells(self._on_preview),
        )

    @Slot()
    def cancel(self) -> None:
        """Stops the run after its current step; what it has fitted is kept on top of the earlier fit. One
        that does not answer is left behind."""
        if self._state.activity.run.phase == "running":
            if self._job is not None:
                self._job.cancel()
            self._watch.cancelled()
            # What the run leaves is here in a moment: drawing a preview first would only hold it up.
            self._show_newest.stop()
            self._state.activity.set_run(replace(self._state.activity.run, phase="cancelling"))

    @Slot()
    def drop(self) -> None:
        """Stops the run and forgets it, for example because another motion was opened."""
        if self._watch.silent:
            self._replace_thread()  # the next run may hardly wait for this one
        self._abandon()
        self._state.activity.set_run(RunStatus())

    @Slot()
    def _abandon(self) -> None:
        self._watch.end()
        if self._job is not None:
            self._job.drop()
        self._newest = None
        self._pending = []
        self._shown = self.last = None

    def _on_progress(self, status: RunStatus) -> None:
        if self._state.activity.run.phase == "running":
            self._state.activity.set_run(status)

    def _on_preview(self, reply: RunReply) -> None:
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
        changed = None if everything else np.concatenate(known)
        self._state.document.set_result(newest.result, changed, by_itself=self._by_itself)

    def _on_finished(self, reply: RunReply) -> None:
        earlier = self._history.now.result
        changed = self._settle(reply, "cancelled")
        self.last = EndedRun(reply, earlier, self._scope.what)
        self.ended.emit(self.last)
        words = finished_words(reply, earlier) if changed else unchanged_words(self._scope.what)
        left_out = self._scope.left_out_words
        self._state.activity.say(f"{words} · {left_out}" if left_out else words)
        if reply.fell_back:
            self._state.activity.fail(reply.fell_back)

    def _on_cancelled(self) -> None:
        """Before it began."""
        self._keep_shown("cancelled")
        kept = "the earlier fit is kept" if self._state.document.has_fit else "nothing was fitted"
        self._state.activity.say(f"Cancelled: {kept}")

    def _on_failed(self, sentence: str) -> None:
        self._keep_shown("stopped")
        self._state.activity.fail(sentence)

    def _replace_thread(self) -> None:
        """The fit hangs: it stays behind with its thread, and another one takes its place."""
        self._thread.leave()
        self._begin_thread()

    @Slot()
    def _on_unanswered(self) -> None:
        self._replace_thread()
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
        self._state.document.set_result(reply.result, None, by_itself=self._by_itself)
        self._history.add(step)
        return True
