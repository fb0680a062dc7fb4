"""The frame shown, fitted again while its mask is painted: the newest wins, and none becomes part of the
fit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.state import AppState
from gui_app.mask.painting import MaskPainting
from gui_app.mask.worker import MaskTools, RefitRequest, Refitting, find_tools
from gui_app.parameters.editing import Editing
from gui_app.tasks.background_job import tell_nobody
from gui_app.tasks.coalesce import Coalescer
from gui_app.tasks.job_thread import JobThread

if TYPE_CHECKING:
    from core.fitting.quick_refit import Refit
    from core.model.body import BodyModel
    from core.model.body_pair import BodyPair
    from gui_app.document.opened import Opened

# A frame that has not come to rest is fitted on so many times, with nothing new painted.
MOST_ROUNDS = 8
TOOLS_FAILED = "The tools of the mask could not be prepared; details are in the log"
REFIT_FAILED = "The frame could not be fitted again with this mask; details are in the log"


class MaskPreview(QObject):
    """Fits while the panel is open and the fit was made with another mask; ``changed`` tells of each."""

    changed = Signal()

    def __init__(
        self, state: AppState, painting: MaskPainting, editing: Editing, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._painting, self._editing = state, painting, editing
        self._asked: RefitRequest | None = None
        self._waits = False
        self._rounds = 0
        self._preparing: BodyModel | None = None
        self._shown: tuple[RefitRequest, Refit] | None = None
        self._refitting = Refitting()
        self._warm: np.ndarray | None = None
        self._soon = Coalescer(self._refit_if_wanted, self)
        self._thread = JobThread("mask", self, state.activity.fail, one_torch_thread=True)
        self._thread.closing.connect(self._soon.stop)
        painting.mask_changed.connect(self._on_mask)
        painting.settings_changed.connect(self._on_mask)
        for signal in (state.activity.run_changed, state.playback.changed, editing.changed):
            signal.connect(self._soon.ask)
        state.playback.frame_changed.connect(self._on_mask)
        state.document.motion_changed.connect(self._on_motion)
        state.document.result_changed.connect(self._on_result)

    @property
    def figures(self) -> tuple[float, float] | None:
        """Mean v2v error of the frame shown over what is valid now, before and after, millimetres; None
        while it is not fitted again."""
        found = self._shown
        if found is None or found[1].frame != self._state.playback.frame:
            return None
        return found[1].before_mm, found[1].after_mm

    @property
    def heavier(self) -> tuple[float, float] | None:
        """The same over the vertices that weigh more than 1; None without any."""
        return self._shown[1].heavier_mm if self._shown is not None and self.figures is not None else None

    @property
    def at_rest(self) -> bool:
        """What is shown is as good as it gets with the mask of now."""
        valid = self._painting.valid
        return self._asked is None and valid is not None and self._is_shown(valid)

    def made_with_mask(self) -> bool:
        """All frames of the fit were made with the mask as it is painted now; True without a fit."""
        from core.measure.vertex_mask import made_with

        state, valid = self._state, self._painting.valid
        if state.document.opened is None or state.document.result is None or valid is None:
            return True
        now = state.document.opened.bodies.correspondence.with_valid(valid).with_weights(
            self._painting.weights
        )
        return made_with(state.document.result, now)

    def _wanted(self) -> bool:
        state, painting = self._state, self._painting
        result, frame = state.document.result, state.playback.frame
        if not painting.active or state.document.opened is None or result is None or self._thread.closed:
            return False
        if state.activity.run.active or state.playback.playing or self._editing.active:
            return False
        # What was set by hand stays as it was set.
        return bool(result.fitted[frame]) and not result.edited[frame] and not self.made_with_mask()

    @Slot()
    def _on_mask(self, *_: object) -> None:
        self._rounds = 0
        self._soon.ask()

    @Slot()
    def _on_motion(self) -> None:
        self._asked, self._shown, self._waits = None, None, False
        self._soon.ask()

    @Slot(object)
    def _on_result(self, _changed: object) -> None:
        """A fit that was only measured anew is shown as before, without a flicker."""
        shown, opened = self._shown, self._state.document.opened
        if shown is not None and opened is not None and self._belongs(shown[0]) and self._wanted():
            opened.posed.show_refit(shown[1])
        else:
            self._shown = None
        self._on_mask()

    @Slot()
    def _refit_if_wanted(self) -> None:
        """Asks for the frame as it should be now, or takes away what is shown."""
        state, painting = self._state, self._painting
        opened = state.document.opened
        if painting.active and opened is not None and not self._thread.closed:
            self._want_tools(opened.bodies)
            self._want_warm(opened)
        if opened is None or not self._wanted():
            self._asked = None
            self._take_away()
            return
        if self._shown is not None and self._shown[1].frame != state.playback.frame:
            self._take_away()
        if self._asked is not None:
            self._waits = True
            return
        assert painting.valid is not None
        if self._rounds == 0 and self._is_shown(painting.valid):
            return
        assert state.document.result is not None
        self._asked = RefitRequest(
            opened.motion,
            opened.bodies,
            state.document.result,
            state.playback.frame,
            painting.valid,
            painting.weights,
        )
        self._waits = False
        done = partial(self._on_refitted, self._asked)
        failed = partial(self._on_refit_failed, self._asked)
        self._thread.job(done, failed=failed, unexpected=REFIT_FAILED).start(
            self._refitting.refit, self._asked
        )

    def _want_tools(self, bodies: BodyPair) -> None:
        tools = self._painting.tools
        if (tools is not None and tools.complete) or self._preparing is bodies.target:
            return
        self._preparing = bodies.target
        self._thread.job(self._on_tools, unexpected=TOOLS_FAILED).start(find_tools, bodies, tools)

    def _want_warm(self, opened: Opened) -> None:
        """Has the fit looked at before the first stroke needs it, once."""
        state = self._state
        if (
            state.document.result is None
            or state.activity.run.active
            or self._warm is state.document.result.poses
        ):
            return
        self._warm = state.document.result.poses
        request = RefitRequest(
            opened.motion, opened.bodies, state.document.result, state.playback.frame, opened.valid
        )
        # Where that fails, the first stroke says so.
        self._thread.job(tell_nobody, failed=tell_nobody).start(self._refitting.warm_up, request)

    def _take_away(self) -> None:
        if self._shown is None:
            return
        self._shown = None
        opened = self._state.document.opened
        if opened is not None and not self._editing.active:
            opened.posed.try_out(None)
            self._state.document.trial_changed.emit()
        self.changed.emit()

    def _is_shown(self, valid: np.ndarray) -> bool:
        """The frame is there with that mask already, and at rest."""
        shown = self._shown
        if shown is None or not self._belongs(shown[0]):
            return False
        return shown[1].converged and self._same(shown[0], valid)

    def _same(self, request: RefitRequest, valid: np.ndarray) -> bool:
        """It was asked for with this mask and the weights as they are now."""
        from core.model.correspondence import same_weights

        alike = same_weights(self._painting.weights, request.weights)
        return alike and np.array_equal(request.valid, valid)

    def _belongs(self, request: RefitRequest) -> bool:
        """What was asked for is still what is looked at, whatever was painted meanwhile."""
        state = self._state
        return (
            state.document.opened is not None
            and state.document.opened.motion is request.motion
            and state.document.result is not None
            and state.document.result.poses is request.result.poses
            and state.playback.frame == request.frame
        )

    def _on_tools(self, tools: MaskTools) -> None:
        opened = self._state.document.opened
        self._preparing = None
        if opened is None or opened.bodies.target is not tools.bodies.target:
            self._soon.ask()
            return
        self._painting.set_tools(tools)
        if not tools.complete:
            self._want_tools(opened.bodies)

    def _on_refitted(self, request: RefitRequest, found: Refit | None) -> None:
        if request is not self._asked:
            return
        self._asked = None
        if found is None:
            self._take_away()
            return
        opened = self._state.document.opened
        if opened is None or not self._belongs(request) or not self._wanted():
            self._soon.ask()
            return
        self._shown = (request, found)
        opened.posed.show_refit(found)
        self._state.document.trial_changed.emit()
        now = self._painting.valid
        same = now is not None and self._same(request, now)
        self._rounds = 0 if found.converged or not same else self._rounds + 1
        if not same or self._waits or 0 < self._rounds < MOST_ROUNDS:
            self._waits = False
            self._soon.ask()
        self.changed.emit()

    def _on_refit_failed(self, request: RefitRequest, sentence: str) -> None:
        if request is self._asked:
            self._asked = None
            self._take_away()
            self._state.activity.fail(sentence)
