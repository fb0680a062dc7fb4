"""Editing parameters: shown at once, one step in the history when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui_app.document.frame_scopes import frame_shown
from gui_app.document.history import History
from gui_app.document.run_status import RunStatus
from gui_app.document.state import AppState
from gui_app.tasks.background_job import BackgroundJob
from gui_app.tasks.job_thread import JobThread

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.frame_parameters import FrameParameters, ParameterChange
    from core.model.motion import Motion


@dataclass(frozen=True, eq=False)
class EditRequest:
    """An edit to be made.

    Attributes:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit to change.
        frame: that was on show.
        change: of its parameters.
        fitted: the fit before anything was edited, or None.
    """

    motion: Motion
    bodies: BodyPair
    result: FitResult
    frame: int
    change: ParameterChange
    fitted: FitResult | None


def make_edit(request: EditRequest, on_progress: Callable[[int, int], None] | None = None) -> FitResult:
    """The fit after the edit."""
    from core.problems.edited import edited

    return edited(
        request.motion,
        request.bodies,
        request.result,
        request.frame,
        request.change,
        request.fitted,
        on_progress,
    )


# An edit that is not ended by Return or by letting go of the mouse is over after this long.
IDLE_MS = 500
PEEKING = "This is another fit, shown for a while"
RUNNING = "Editing waits until the fit is over"
MEASURING = "Editing waits until the new shape is measured"
FAILED = "The fit could not be edited, so it is as it was; details are in the log"

Kind = Literal["pose", "shape", "expression", "translation"]


@dataclass(frozen=True)
class Edit:
    """What is edited.

    Attributes:
        kind: the group of parameters.
        step: what it is called in the history, ``'edit of left elbow'``.
        key: edits with the same one become one step if they follow closely; None for a step of its own.
    """

    kind: Kind
    step: str
    key: str | None = None


@dataclass(frozen=True, eq=False)
class _Draft:
    edit: Edit
    frame: int
    change: ParameterChange
    shared: bool


class Editing(QObject):
    """The edit under way, if there is one."""

    changed = Signal()

    def __init__(self, state: AppState, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._history = state, history
        self._draft: _Draft | None = None
        self._measuring: BackgroundJob[FitResult] | None = None
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MS)
        self._idle.timeout.connect(self.finish)
        self._thread = JobThread("edit", self, self._on_failed, unexpected=FAILED, one_torch_thread=True)
        self._thread.closing.connect(self._abandon)
        self._thread.closing.connect(self._idle.stop)
        state.document.settling.connect(self.finish)
        state.playback.frame_changed.connect(self._on_frame)
        state.document.motion_changed.connect(self._drop)
        state.document.result_changed.connect(self._on_result)
        state.activity.run_changed.connect(self._on_run)
        state.view.peek_changed.connect(self.changed)

    @property
    def active(self) -> bool:
        """Something is edited and not yet a step, and the frame shown shows it."""
        draft = self._draft
        return draft is not None and (draft.shared or draft.frame == self._state.playback.frame)

    def blocked(self, kind: Kind) -> str:
        """Why the parameters of the frame shown cannot be edited, as a sentence; '' where they can."""
        state = self._state
        if self._measuring is not None:
            return "" if kind == "shape" else MEASURING
        if state.activity.run.active:
            return RUNNING
        if state.view.peeked is not None:
            return PEEKING
        if state.document.opened is not None and (why_not := frame_shown(state).why_not):
            return f"{why_not}: there is nothing to edit"
        if state.document.result is not None and not state.document.result.fitted[state.playback.frame]:
            return f"Frame {state.playback.frame} is not fitted: fit it first (Ctrl+Shift+Return)"
        return ""

    def now(self) -> FrameParameters | None:
        """The parameters of the frame shown, with what is being edited; None without a fit, NaN where only
        this frame has none."""
        from core.model.frame_parameters import frame_parameters

        shown = self._state.view.shown
        if shown is None:
            return None
        found = frame_parameters(shown, self._state.playback.frame)
        if shown is not self._state.document.result:
            return found if shown.fitted[self._state.playback.frame] else found.unknown()
        if self._draft is not None and self.active:
            found = found.with_change(self._draft.change)
        return found if self._state.document.result.fitted[self._state.playback.frame] else found.unknown()

    def before(self) -> FrameParameters | None:
        """Those that the frame had before it was edited, as it was fitted or opened; None without a fit."""
        from core.model.frame_parameters import frame_parameters

        fit = self._fitted(self._state.playback.frame)
        return None if fit is None else frame_parameters(fit, self._state.playback.frame)

    def _fitted(self, frame: int) -> FitResult | None:
        """The last fit in which the frame was not edited; the earliest there is where it always was."""
        found = None
        # A fit that is still running shows more than the history knows.
        shown = () if self._state.document.result is None else (self._state.document.result,)
        for fit in (*shown, *self._history.fits()):
            if not fit.fitted[frame]:
                break
            found = fit
            if not fit.edited[frame]:
                break
        return found

    def change(self, edit: Edit, change: ParameterChange) -> None:
        """Shows the frame with a change, which becomes a step when it is finished."""
        from core.problems.edited import changes_all

        state, draft = self._state, self._draft
        if state.document.opened is None or state.document.result is None or self.blocked(edit.kind):
            return
        state.playback.set_playing(False)
        if self._measuring is not None:
            self._abandon()
        elif draft is not None and (draft.edit.key, draft.frame) != (edit.key, state.playback.frame):
            self.finish()
            if self.blocked(edit.kind):
                return
        self._draft = _Draft(edit, state.playback.frame, change, changes_all(state.document.result, change))
        self._idle.start()
        self._show()

    def make(self, edit: Edit, change: ParameterChange) -> None:
        """Makes a change that is a step at once."""
        self.change(edit, change)
        self.finish()

    def _show(self) -> None:
        opened, draft = self._state.document.opened, self._draft
        if opened is not None:
            if draft is None:
                opened.posed.try_out(None)
            else:
                opened.posed.try_out(draft.change, None if draft.shared else draft.frame)
            self._state.document.trial_changed.emit()
        self.changed.emit()

    @Slot()
    def finish(self) -> None:
        """What is being edited becomes a step; an edit of a shared shape does so once it is measured."""
        state, draft = self._state, self._draft
        self._idle.stop()
        if (
            draft is None
            or self._measuring is not None
            or state.document.opened is None
            or state.document.result is None
        ):
            return
        from core.model.frame_parameters import frame_parameters

        now = frame_parameters(state.document.result, draft.frame)
        if now.equals(now.with_change(draft.change)):
            self._drop()
            return
        motion = state.document.opened.motion
        request = EditRequest(
            motion,
            state.document.opened.bodies,
            state.document.result,
            draft.frame,
            draft.change,
            self._fitted(draft.frame),
        )
        if draft.shared:
            job = self._measuring = self._thread.job(self._on_edited)
            frames = int(state.document.result.fitted.sum())
            state.activity.set_run(RunStatus("running", "measure", frames_total=frames, what="the new shape"))
            job.start(make_edit, request, job.progress(self._on_progress))
        else:
            self._make_step(make_edit(request), np.array([draft.frame]))

    def _make_step(self, result: FitResult, changed: np.ndarray | None) -> None:
        state, history, draft = self._state, self._history, self._draft
        assert draft is not None
        self._draft = None
        before = state.document.result
        state.document.set_result(result, changed)
        where = "" if draft.shared else f" in frame {draft.frame}"
        step, key = draft.edit.step + where, draft.edit.key
        history.add(step, changed, None if key is None else (key, draft.frame))
        if before is not None:
            fits = (before, result)
            means = (
                fit.summary()["mean"] if draft.shared else float(fit.mean_mm[draft.frame]) for fit in fits
            )
            state.activity.say(f"{step[:1].upper()}{step[1:]} · mean {mm_words(*means)}")
        self.changed.emit()

    @Slot()
    def _abandon(self) -> None:
        """Nobody waits for the measuring any more."""
        if self._measuring is not None:
            self._measuring.drop()
            self._measuring = None
            self._state.activity.set_run(RunStatus())

    @Slot()
    def _drop(self) -> None:
        self._abandon()
        self._idle.stop()
        self._draft = None
        self._show()

    @Slot(int)
    def _on_frame(self, _frame: int) -> None:
        if self._draft is not None and self._draft.frame != self._state.playback.frame:
            self.finish()

    @Slot(object)
    def _on_result(self, _changed: object) -> None:
        if self._draft is not None:
            self._drop()
        else:
            self.changed.emit()

    @Slot()
    def _on_run(self) -> None:
        run = self._state.activity.run
        if self._measuring is not None and run.stage != "measure":
            # Another motion is there, or is about to be.
            self._measuring.drop()
            self._measuring = None
            self._drop()
        elif self._measuring is not None and run.phase == "cancelling":
            self._drop()
            self._state.activity.say("Cancelled: the shape is as it was")
        elif run.active and self._measuring is None and self._draft is not None:
            self._drop()
        else:
            self.changed.emit()

    def _on_progress(self, done: int, total: int) -> None:
        if self._measuring is not None:
            self._state.activity.set_run(
                replace(self._state.activity.run, frames_done=done, frames_total=total)
            )

    def _on_edited(self, result: FitResult) -> None:
        self._measuring = None
        self._make_step(result, None)
        self._state.activity.set_run(RunStatus())

    def _on_failed(self, sentence: str) -> None:
        self._drop()
        self._state.activity.fail(sentence)


def mm_words(before: float, after: float) -> str:
    """``2.1 → 3.4 mm``, or one number where both read the same."""
    one, other = f"{before:.1f}", f"{after:.1f}"
    return f"{one} mm" if one == other else f"{one} → {other} mm"
