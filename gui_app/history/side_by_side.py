"""Two fits side by side: the one there is, and another one of the history or of a file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, SignalInstance, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from core.shown_text import shown
from gui_app.document.actions import SPECS, Actions, tip_with_keys
from gui_app.document.history import DocumentStep, History
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.document.view import SecondFit
from gui_app.history.comparison import BeforeFit
from gui_app.scene.skin_colours import DIFFERENCE, ERROR
from gui_app.tasks.coalesce import Coalescer
from gui_app.tasks.job_thread import JobThread
from gui_app.widgets.buttons import allow
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion

BEGAN = "As it was opened"
RUNNING = "Being fitted"
NO_FIT = "There is no fit yet to compare with another one"
NO_OTHER = "There is no other fit in the history: fit again, or compare with a file"
NO_PAIR = "Two fits have to be compared first"
ONCE_OVER = "They can be swapped once the fit that runs is over"
OF_FILE = "A fit of a file is compared only: open the file to go on with it"
FILTER = "Fits and sessions (*.npz *.refit);;All files (*)"

# Who is which, in words.


def step_words(step: DocumentStep) -> str:
    """What a step is called: ``Fit of all frames``."""
    return f"{step.name[:1].upper()}{step.name[1:]}" if step.name else BEGAN


def fit_pieces(result: FitResult | None, name: str) -> tuple[str, ...]:
    """A fit in words, piece by piece: its name, the recipe that it was made with, and its mean distance."""
    if result is None:
        return (name,)
    recipe, mean = result.provenance.get("recipe"), result.summary()["mean"]
    made = recipe.get("name") if isinstance(recipe, dict) else ""
    pieces = (name, made if isinstance(made, str) else "", "" if math.isnan(mean) else f"{mean:.2f} mm")
    return tuple(shown(piece) for piece in pieces if piece)


def read_fit(path: Path, motion: Motion, bodies: BodyPair) -> FitResult:
    """The fit of a file, to be compared with those of the motion."""
    from core.outputs.fit_beside import load_fit_beside

    return load_fit_beside(path, motion, bodies)


class SideBySide(QObject):
    """Begins and ends it, and keeps what stands over both true.

    The difference is the colour of the skin from the beginning on; at the end there is the colour that there
    was before. Nothing of it can be undone, as nothing of the fits is another.
    """

    def __init__(
        self,
        state: AppState,
        history: History,
        before: BeforeFit,
        actions: Actions,
        preferences: Preferences,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._state, self._history, self._before = state, history, before
        self._actions, self._preferences, self._window = actions, preferences, window
        self._last: SecondFit | None = None
        self._colouring = ERROR.name
        self._thread = JobThread("second fit", self, state.activity.fail, one_torch_thread=True)
        self._soon = Coalescer(self._present, self)
        document, view = state.document, state.view
        for signal in (document.motion_changed, document.result_changed, history.changed, before.changed):
            signal.connect(self._soon.ask)
        state.activity.run_changed.connect(self._soon.ask)
        document.motion_leaving.connect(self._on_leaving)
        view.second_changed.connect(self._on_second)
        view.changed.connect(self._on_view)
        actions.compare.triggered.connect(self._on_action)
        actions.compare_file.triggered.connect(self.ask_file)
        actions.swap_fits.triggered.connect(self.swap)
        window.installEventFilter(self)
        self.compare_file = actions.compare_file
        self._on_view()
        self._present()

    @property
    def changed(self) -> SignalInstance:
        """Tells that another fit stands beside the one there is, or none."""
        return self._state.view.second_changed

    @property
    def second(self) -> SecondFit | None:
        """The fit that the one there is is compared with; None where none is."""
        return self._state.view.second

    @property
    def running(self) -> bool:
        """The fit there is, is being made."""
        return self._state.activity.run.active

    @property
    def own_colouring(self) -> str:
        """What the colours of the skin say where nothing is compared."""
        found = self._state.view.colouring
        return self._colouring if found == DIFFERENCE.name else found

    @property
    def choices(self) -> tuple[DocumentStep, ...]:
        """Steps of the history with a fit that is another than the one shown, the last one first; of those
        that led to the same fit the first."""
        result = self._state.document.result
        found: list[DocumentStep] = []
        poses = [] if result is None else [result.poses]
        for step in self._history.steps:
            if step.result is not None and not any(step.result.poses is known for known in poses):
                poses.append(step.result.poses)
                found.append(step)
        return tuple(reversed(found))

    def is_second(self, result: FitResult | None) -> bool:
        """This fit stands beside the one there is."""
        second = self.second
        return second is not None and result is not None and second.result.poses is result.poses

    def begin(self, second: SecondFit) -> None:
        """Shows another fit beside the one there is, in the colours of their difference; what was asked for
        before and is still being read comes no more."""
        self._thread.drop_jobs()
        view = self._state.view
        if self.second is None:
            if view.layout == "source":
                view.change(layout="side")
            view.change(colouring=DIFFERENCE.name)
        self._show(second)

    def begin_with(self, step: DocumentStep, *_: object) -> None:
        """Shows the fit of a step beside the one there is; curves and figures compare with it, too."""
        if step.result is not None:
            self._before.compare_with(step.result)
            self.begin(SecondFit(step.result, step_words(step)))

    def end(self) -> None:
        """Shows the fit alone again, also where a fit that is still being read was to stand beside it."""
        self._thread.drop_jobs()
        self._state.view.set_second(None)

    @Slot()
    def swap(self) -> None:
        """The second fit becomes the one there is, and that one the second. One that was made to be compared
        becomes a step of the history by that, to be undone as any other; so does one of a step that has other
        markers, which are none of the fit's and stay."""
        document, second = self._state.document, self.second
        document.settle()
        first = document.result
        if second is None or first is None or self._why_no_swap():
            return
        name = self._name_of(first)
        places = [
            place
            for place, step in enumerate(self._history.steps)
            if self.is_second(step.result) and step.snapshot.markers == document.markers
        ]
        if places:
            self._history.go_to(places[-1])
        else:
            document.set_result(second.result, None)
            self._history.add(f"{second.name[:1].lower()}{second.name[1:]}")
        self._show(SecondFit(first, name))

    def _why_no_swap(self) -> str:
        second = self.second
        if second is None or self._state.document.result is None:
            return NO_PAIR
        if self.running:
            return ONCE_OVER
        return "" if second.file is None else OF_FILE

    @Slot()
    def ask_file(self) -> None:
        """Asks for the file of another fit, and shows that one beside the one there is."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Compare with", self._preferences.folder, FILTER)
        if name:
            self.read(Path(name))

    def read(self, path: Path) -> None:
        """Shows the fit of a file beside the one there is, once it is read."""
        self._read(path, self.begin)

    def _read(self, path: Path, show: Callable[[SecondFit], object]) -> None:
        opened = self._state.document.opened
        if opened is not None:
            job = self._thread.job(
                partial(self._on_read, path, opened.motion, show),
                unexpected=f"{path}: cannot be read because of an unexpected error, see the log",
                latest=True,
            )
            job.start(read_fit, path, opened.motion, opened.bodies)

    def _on_read(
        self, path: Path, motion: Motion, show: Callable[[SecondFit], object], result: FitResult
    ) -> None:
        opened = self._state.document.opened
        if opened is not None and opened.motion is motion:
            self._preferences.folder = str(path.parent)
            show(SecondFit(result, path.name, path))

    # As a session keeps it.

    def kept(self, steps: Sequence[DocumentStep]) -> dict[str, Any] | None:
        """What is compared, in the plain values of a session that has these steps; None where nothing is."""
        second = self.second
        if second is None:
            return None
        if second.file is not None:
            return {"file": str(second.file.resolve())}
        places = [place for place, step in enumerate(steps) if self.is_second(step.result)]
        return {"step": places[-1]} if places else {"made": True}

    def made(self, steps: Sequence[DocumentStep]) -> SecondFit | None:
        """The fit that is compared, or was last, where neither one of these steps nor a file has it."""
        found = self.second or self._last
        if found is None or found.file is not None:
            return None
        poses = found.result.poses
        return None if any(one.result is not None and one.result.poses is poses for one in steps) else found

    def restore(self, kept: object, made: SecondFit | None = None, difference: bool = False) -> None:
        """Compares what a session says that was compared; what makes no sense is left out.

        Args:
            kept: as `kept` gave it.
            made: the fit that was made for it, where there is one.
            difference: the colours were those of their difference, and are as soon as both are there.
        """
        self._last = made
        stored: Mapping[str, Any] = kept if isinstance(kept, Mapping) else {}
        place, name, steps = stored.get("step"), stored.get("file"), self._history.steps
        view, again, path = self._state.view, partial(self._again, difference), None
        if isinstance(name, str):
            from core.session.fit_origin import path_on_this_machine

            path = path_on_this_machine(name)
        if isinstance(place, int) and not isinstance(place, bool) and 0 <= place < len(steps):
            step = steps[place]
            if step.result is not None and step.result is not self._history.now.result:
                again(SecondFit(step.result, step_words(step)))
        elif stored.get("made") is True and made is not None:
            again(made)
        elif path is not None and path.is_file():
            self._read(path, again)
        elif isinstance(name, str):
            self._state.activity.say(f"{name}, which was compared, is not where it was")
        if stored and self.second is None and view.colouring == DIFFERENCE.name:
            view.change(colouring=self.own_colouring)

    def _again(self, difference: bool, second: SecondFit) -> None:
        self._show(second)
        if difference:
            self._state.view.change(colouring=DIFFERENCE.name)

    def _show(self, second: SecondFit) -> None:
        self._last = second
        self._state.view.set_second(second, self._titles(second))

    def _titles(self, second: SecondFit) -> tuple[tuple[str, ...], tuple[str, ...]]:
        result = self._state.document.result
        name = "Nothing fitted" if result is None else RUNNING if self.running else self._name_of(result)
        return ("A", *fit_pieces(result, name)), ("B", *fit_pieces(second.result, second.name))

    def _name_of(self, result: FitResult) -> str:
        """What the first step is called that led to a fit."""
        for step in self._history.steps:
            if step.result is not None and step.result.poses is result.poses:
                return step_words(step)
        return "Fit"

    @property
    def _usual(self) -> SecondFit | None:
        """What is compared where nothing is said: what was compared last, or the fit before this one."""
        result, last = self._state.document.result, self._last
        if result is None:
            return None
        if last is not None and last.result.poses is not result.poses:
            return last
        choices, earlier = self.choices, self._before.earlier
        for step in choices:
            if earlier is not None and step.result is not None and step.result.poses is earlier.poses:
                return SecondFit(step.result, step_words(step))
        return SecondFit(choices[0].result, step_words(choices[0])) if choices and choices[0].result else None

    @Slot()
    def _on_action(self) -> None:
        usual = self._usual
        if self.second is not None:
            self.end()
        elif usual is not None:
            self.begin(usual)
        self._present()

    @Slot()
    def _on_leaving(self) -> None:
        self._thread.drop_jobs()
        self._last = None

    @Slot()
    def _on_view(self) -> None:
        view = self._state.view
        if view.second is None and view.colouring != DIFFERENCE.name:
            self._colouring = view.colouring

    @Slot()
    def _on_second(self) -> None:
        view = self._state.view
        self._actions.compare.setChecked(view.second is not None)
        if view.second is None and view.colouring == DIFFERENCE.name:
            view.change(colouring=self.own_colouring)
        self._soon.ask()

    @Slot()
    def _present(self) -> None:
        second, actions, document = self.second, self._actions, self._state.document
        if second is not None:
            self._state.view.set_second(second, self._titles(second))
        usual = self._usual
        actions.compare.setChecked(second is not None)
        actions.compare.setEnabled(second is not None or usual is not None)
        allow(actions.compare_file, "" if document.has_fit else NO_FIT)
        why_not = self._why_no_swap()
        actions.swap_fits.setEnabled(not why_not)
        actions.swap_fits.setToolTip(plain_tip(why_not or SPECS["swap_fits"].tip))
        tip = SPECS["compare"].tip
        if second is None and usual is None:
            tip = NO_OTHER if document.has_fit else NO_FIT
        actions.compare.setToolTip(plain_tip(tip_with_keys(SPECS["compare"], tip)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape ends it, unless there is something else for it to end first."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self.second is not None
            and not any(action.isEnabled() for action in (self._actions.cancel, self._actions.choose_none))
            and not self._actions.full_view.isChecked()
        ):
            self.end()
            event.accept()
            return True
        return super().eventFilter(watched, event)
