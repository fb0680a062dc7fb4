"""Many clips fitted behind the window, by processes of their own, as ``refit convert --jobs`` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QMessageBox, QWidget

from core.shown_text import shown
from gui_app.document.recipe_editor import RecipeDesk
from gui_app.document.state import AppState
from gui_app.files.models_choice import ModelsChoice
from gui_app.fit.device_choice import DeviceChoice
from gui_app.library.clip_list import Order
from gui_app.library.library import Library
from gui_app.library.shown_clip import ShownClip
from gui_app.tasks.background_job import BackgroundJob
from gui_app.tasks.coalesce import Later
from gui_app.tasks.job_thread import JobThread
from gui_app.widgets.message_box import message_box

if TYPE_CHECKING:
    from core.catalogue.catalogue import Clip
    from core.commands.conversion_events import Event
    from core.commands.telling.run_figures import HowFar
    from core.fitting.recipe.recipe import Recipe

LIST_MS = 1_000
"""How often the list follows while clips end."""
LEAST_JOBS = 2
"""With one the work would be done in this process, beside the window."""


@dataclass(frozen=True)
class ClipsRequest:
    """What is to be fitted.

    Attributes:
        clips: places of results below the folder, motion files, and who of several people in each.
        results: the folder.
        family: of the fits.
        recipe: how to fit.
        models: folder of licensed models; None for the built-in bodies.
        device: as `core.fitting.devices.pick_device` takes it.
        again: fits that are there are written over.
    """

    clips: tuple[tuple[str, str, str], ...]
    results: Path
    family: str
    recipe: Recipe
    models: Path | None
    device: str
    again: bool


def fit_clips(
    request: ClipsRequest,
    planned: Callable[[], object],
    ended: Callable[[Path, Path | None], object],
    going: Callable[[HowFar], object],
    check: Callable[[], object],
) -> HowFar | None:
    """Fits clips; what is finished stays whatever happens. Told are that it begins, of each clip that
    ends its motion and, where it was written now, its result, and how far all are.

    Returns:
        How far it came; None where there was nothing to do.

    Raises:
        RefitError: it cannot be done, or ended early.
        Cancelled: ``check`` raised it.
    """
    from core.commands.conversion_events import LOOKING, STARTING, Began, Ended, Going
    from core.commands.from_program import convert_files, options_of
    from core.commands.output_paths import Job, Plan
    from core.environment import BUILTIN

    last: list[HowFar] = []

    def hear(event: Event) -> None:
        check()
        if isinstance(event, Began):
            planned()
        elif isinstance(event, Ended):
            job, fit = event.job, event.outcome.fit
            ended(job.source, job.output if fit == "written" else None)
        elif isinstance(event, Going) and event.note not in (LOOKING, STARTING):
            last[:] = [event.figures]
            going(event.figures)

    given = {
        "to": request.family,
        "jobs": _jobs(),
        "force": request.again,
    }
    options = options_of([request.results], request.results, given)
    options.recipe = request.recipe
    # What is chosen in the window, whatever the environment names.
    options.models, options.device = request.models or BUILTIN, request.device
    jobs = (Job(Path(source), request.results / place, who or None) for place, source, who in request.clips)
    convert_files(options, hear, planned=Plan(tuple(jobs)))
    return last[0] if last else None


def _jobs() -> int:
    """Processes: as many as processors and memory allow."""
    from core.batch.cluster import machine
    from core.batch.worker_count import AUTO, count_of

    return max(LEAST_JOBS, count_of(AUTO, *machine(), 0))


class ClipFits(QObject):
    """What is chosen or waits is fitted, with the recipe of the stages, into the folder of results.

    Attributes:
        going: it is under way.
        figures: how far it is; None before the first clip has ended.

    ``changed`` tells of both.
    """

    changed = Signal()

    def __init__(
        self,
        library: Library,
        state: AppState,
        recipes: RecipeDesk,
        models: ModelsChoice,
        devices: DeviceChoice,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._library, self._state, self._recipes = library, state, recipes
        self._models, self._devices, self._window = models, devices, window
        self._shown = ShownClip(state, library.files)
        self.going = self._named = False
        self.figures: HowFar | None = None
        self._job: BackgroundJob[HowFar | None] | None = None
        self._thread = JobThread(
            "clips", self, self._on_failed, unexpected="The clips were not fitted: details are in the log"
        )
        self._list = Later(library.refresh, self, LIST_MS)
        self._thread.closing.connect(self._list.stop)

    def fit(self, wanted: Sequence[int] | Order) -> None:
        """Fits clips by their numbers, or all that wait of a list."""
        if not self.going and not self._thread.closed:
            self._library.ask_to_fit(wanted, self._on_clips)

    @Slot()
    def cancel(self) -> None:
        """Ends it; what is finished stays."""
        if self._job is not None:
            self._job.cancel()
            self.changed.emit()

    @property
    def ending(self) -> bool:
        """It was cancelled, and is not over yet."""
        return self.going and self._job is not None and self._job.stop.is_set()

    def _on_clips(self, found: tuple[list[Clip], int]) -> None:
        clips, fitted = found
        folder = self._library.folder
        if self.going or folder is None or not clips:
            return
        results = folder.results or self._library.ask_results()
        if results is None:
            return
        again = False
        if fitted:
            said = self._ask_again(clips, fitted, results)
            if said is None:
                return
            again = said
        request = ClipsRequest(
            tuple((clip.output, clip.source, clip.person) for clip in clips if again or clip.frames is None),
            results,
            folder.family,
            self._recipes.recipe(),
            self._models.folder,
            self._devices.device,
            again,
        )
        if not request.clips:
            return
        self.going, self.figures = True, None
        self._named = False
        self._job = job = self._thread.job(self._on_done, cancelled=self._on_cancelled, latest=True)
        job.start(
            fit_clips,
            request,
            job.tells(self._on_begun),
            job.tells(self._on_ended),
            job.progress(self._on_going),
            job.check,
        )
        self.changed.emit()

    def _ask_again(self, clips: Sequence[Clip], fitted: int, results: Path) -> bool | None:
        """Whether fits that are there are written over; None where nothing is to be done."""
        those = (
            "The clip is fitted already."
            if len(clips) == 1
            else f"{fitted:,} of {len(clips):,} clips are fitted already."
        )
        more = "Fitted again, their fits are written over; sessions beside them stay as they are."
        fits = [clip for clip in clips if clip.frames is not None]
        more = f"{more} {self._shown.words_before(results, fits)}".strip()
        box = message_box(self._window, "Fit clips", those, more)
        again = box.addButton("Fit again", QMessageBox.ButtonRole.DestructiveRole)
        others = None
        if fitted < len(clips):
            others = box.addButton("Only the others", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        clicked = box.clickedButton()
        box.deleteLater()
        if clicked is again:
            return True
        return False if others is not None and clicked is others else None

    def _on_begun(self) -> None:
        folder = self._library.folder
        if not self._named and folder is not None and not folder.fitted:
            self._library.look_again()
        self._named = True
        self._list_soon()

    def _on_ended(self, source: Path, output: Path | None) -> None:
        self._list_soon()
        if output is not None:
            self._shown.was_fitted(output, source)

    def _list_soon(self) -> None:
        if not self._list.isActive():
            self._list.ask()

    def _on_going(self, figures: HowFar) -> None:
        self.figures = figures
        self.changed.emit()

    def _on_done(self, figures: HowFar | None) -> None:
        words = "There was nothing to fit"
        if figures is not None:
            made = figures.done - figures.failed
            words = f"Fitted {made:,} clip{'s' * (made != 1)}"
            words += f" · {figures.failed:,} failed" if figures.failed else ""
            words += "" if figures.mean_mm is None else f" · mean {figures.mean_mm:.1f} mm"
        self._end()
        self._state.activity.say(words)

    def _on_cancelled(self) -> None:
        self._end()
        self._state.activity.say("Fitting clips was cancelled; those that are finished stay")

    def _on_failed(self, sentence: str) -> None:
        self._end()
        self._state.activity.fail(sentence)

    def _end(self) -> None:
        self.going, self._job = False, None
        self.changed.emit()
        self._library.refresh()


def far_words(fits: ClipFits) -> str:
    """``12 of 40 clips · 2 failed · 3 min left``."""
    if fits.ending:
        return "Ending…"
    if fits.figures is None:
        return "Starting workers…"
    parts = str(fits.figures).split(" · ")
    return shown(" · ".join(part for part in parts if not part.endswith("frames")))
