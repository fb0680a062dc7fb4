"""The frame shown, fitted by itself in the background, and the step of that fit which is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.background_measure import MeasureRequest, Measuring
from gui_app.document.frame_scopes import frame_shown
from gui_app.document.opened import Opened
from gui_app.document.recipe_editor import RecipeDesk
from gui_app.document.state import AppState
from gui_app.stages.text import TITLES
from gui_app.tasks.background_job import BackgroundJob
from gui_app.tasks.coalesce import Later

if TYPE_CHECKING:
    from core.fitting.frame_steps import FrameSteps
    from core.fitting.recipe.recipe import Recipe
    from core.model.fit_result import FitResult

# Somebody who goes through frames is not waiting for the steps of each.
REST_MS = 150
# Nearer than this the end of the steps is the fit shown.
SAME_MM = 0.005
NO_MOTION = "Open a motion to see the iterations of a fit: Ctrl+O"
RUNNING = "Iterations wait until the fit is over"
ALL_OFF = "Every stage is off: put one on to see its iterations"
PUBLISHED = "The published method keeps no iterations: choose another recipe"
ITERATIONS = "Iterations of this frame"
FAILED = "The iterations of this frame could not be found; details are in the log"


@dataclass(frozen=True, eq=False)
class StepsRequest(MeasureRequest):
    """A frame to be fitted step by step; ``result`` may be None."""

    recipe: Recipe
    frame: int


def find_steps(request: StepsRequest, job: BackgroundJob[Any]) -> FrameSteps:
    """Runs the recipe on the frame."""
    from core.fitting.devices import device_of_fit
    from core.fitting.frame_steps import frame_steps

    return frame_steps(
        request.motion,
        request.bodies,
        request.recipe,
        request.frame,
        request.result,
        device="cpu" if request.result is None else device_of_fit(request.result.provenance),
        check=job.check,
    )


class FrameStepping(Measuring):
    """Fits while somebody wants to see steps; none of it becomes part of the fit.

    Attributes:
        found: the steps of the frame shown, None while they are not known.
        at: index of the step that is looked at; `last` at first, and where the fit is.
    """

    changed = Signal()

    def __init__(self, state: AppState, recipes: RecipeDesk, parent: QObject | None = None) -> None:
        super().__init__("steps", find_steps, FAILED, state, parent)
        self._recipes = recipes
        self.found: FrameSteps | None = None
        self.at = 0
        self._of: StepsRequest | None = None
        self._shows: FitResult | None = None
        self._gone: FitResult | None = None
        self._open = False
        self._failed = False
        self._later = Later(self._soon.ask, self, REST_MS)
        self._thread.closing.connect(self._later.stop)
        for signal in (
            state.document.motion_changed, state.playback.frame_changed, state.document.result_changed,
            state.document.mask_changed, state.activity.run_changed, state.playback.changed, recipes.changed,
        ):  # fmt: skip
            signal.connect(self._on_change)
        state.view.peek_changed.connect(self._on_peek)

    def want(self, wanted: bool) -> None:
        """Somebody looks, or does so no more: then the fit is shown again."""
        if wanted == self._open:
            return
        self._open = wanted
        if wanted:
            self._soon.ask()
        else:
            self._drop_measuring()
            self._drop()

    def why_not(self) -> str:
        """Why there are no steps to see, as a sentence; '' where there are, or will be."""
        state = self._state
        if state.document.opened is None or state.activity.opening:
            return NO_MOTION
        if not self._recipes.draft.runs:
            return ALL_OFF
        if self._recipes.draft.method != "gauss-newton":
            return PUBLISHED
        if state.activity.run.active:
            return RUNNING
        return frame_shown(state).why_not or (FAILED if self._failed else "")

    def kinds(self) -> tuple[str, ...]:
        """The stages that are on, in order."""
        return tuple(entry.settings.stage for entry in self._recipes.draft.entries if entry.on)

    @property
    def ends_apart(self) -> bool:
        """The last step is not the fit shown: that was made in another way, or there is none."""
        found, result = self.found, self._state.document.result
        if found is None or result is None or not result.fitted[found.frame]:
            return True
        return not abs(float(result.mean_mm[found.frame]) - found.steps[-1].mean_mm) <= SAME_MM

    @property
    def last(self) -> int:
        """Index at which the fit itself is shown: the last step, or one further where that ends apart."""
        return 0 if self.found is None else len(self.found) - (not self.ends_apart)

    def show(self, index: int) -> None:
        """Shows the body as it was after a step, as near to ``index`` as there is one."""
        found = self.found
        if found is None:
            return
        index = min(max(index, 0), self.last)
        if index == self.at:
            return
        self._state.playback.set_playing(False)
        self.at = index
        if index == self.last:
            self._hide()
        else:
            self._shows = found.fit(index)
            self._state.view.set_peek(self._shows, step_words(found, index))
        self.changed.emit()

    def show_fit(self) -> None:
        """Shows the fit again."""
        self.show(self.last)

    def _measure_missing(self, opened: Opened) -> None:
        state = self._state
        if not self._open or state.playback.playing or self.why_not():
            return
        if self._of is not None and self._belongs(self._of):
            return
        if isinstance(self._wanted, StepsRequest) and self._belongs(self._wanted):
            return
        state.document.settle()
        self._measure(
            StepsRequest(
                opened.motion,
                opened.bodies,
                state.document.result,  # type: ignore[arg-type]
                self._recipes.recipe(),
                state.playback.frame,
            )
        )
        self.changed.emit()

    def _keep(self, request: StepsRequest, found: FrameSteps) -> None:
        self._tell_left(ITERATIONS, found.left_device)
        if not self._open or not self._belongs(request):
            self._soon.ask()
            return
        self._of, self.found = request, found
        self.at = self.last
        self.changed.emit()

    def _tell_failed(self, sentence: str) -> None:
        self._failed = True
        super()._tell_failed(sentence)
        self.changed.emit()

    def _belongs(self, request: StepsRequest) -> bool:
        """What was asked for is what would be asked for now."""
        state, result = self._state, self._state.document.result
        if (
            state.document.opened is None
            or not self._recipes.draft.runs
            or request.frame != state.playback.frame
        ):
            return False
        # Measured anew, a fit is another object with the same parameters.
        known = request.result
        same = known is result or (
            known is not None
            and result is not None
            and known.poses is result.poses
            and known.betas is result.betas
        )
        return (
            same
            and request.motion is state.document.opened.motion
            and request.bodies is state.document.opened.bodies
            and request.recipe == self._recipes.recipe()
        )

    def _drop(self) -> None:
        self._of = self.found = None
        self._hide()
        self.changed.emit()

    def _hide(self) -> None:
        """Takes away the step that is shown, where nothing else is shown in its place."""
        shown, self._shows = self._shows, None
        if shown is not None:
            self._gone = shown
            if self._state.view.peeked is shown:
                self._state.view.set_peek(None)

    @Slot()
    def _on_change(self, *_: object) -> None:
        self._failed = False
        if self._of is not None and (self._state.activity.run.active or not self._belongs(self._of)):
            self._drop()
        wanted = self._wanted
        if isinstance(wanted, StepsRequest) and (
            self._state.activity.run.active or not self._belongs(wanted)
        ):
            self._drop_measuring()
        if self._open:
            self._later.ask()
            self.changed.emit()

    @Slot()
    def _on_peek(self) -> None:
        other = self._state.view.peeked
        if other is not None and other is self._gone:
            # A key that was held brings it back.
            self._state.view.set_peek(None)
        elif other is not None and other is not self._shows and self._shows is not None:
            # Something else is looked at.
            self._shows, self.at = None, self.last
            self.changed.emit()


def step_words(found: FrameSteps, index: int) -> str:
    """``Start``, ``Vertex · iteration 2 of 3``."""
    step = found.steps[index]
    if step.stage < 0:
        return "Start"
    return f"{TITLES[step.kind]} · iteration {step.iteration} of {found.iterations(step.stage)}"
