"""The body after each stage and each iteration of the fit of one frame, below the stages."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui_app.document.actions import SPECS, Actions, tip_with_keys
from gui_app.document.state import AppState
from gui_app.stages.frame_steps import FrameStepping, step_words
from gui_app.stages.step_curve import StepTrack
from gui_app.stages.text import TITLES
from gui_app.style.theme import icon, tabular
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.cards import chip, quiet_icon, tool
from gui_app.widgets.labels import QuietLine
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.fitting.frame_steps import FrameSteps

COLUMNS = 4
STEPS = "steps"
TIP = "Mean v2v error (mm) after each iteration: drag along it, or use the arrow keys; the fit stays as it is"
FINDING = "Fitting this frame, iteration by iteration…"
APART = "The fit shown, made in another way"
NOT_FITTED = "Not fitted yet: iterations show what the recipe would do"
STILL = "This recipe leaves the frame where it is"


class StepsCard(QFrame):
    """Fits the frame while it is open, and shows the chosen step; ``grown`` when it needs more room."""

    grown = Signal()

    def __init__(
        self, state: AppState, stepping: FrameStepping, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self.stepping, self._action = state, stepping, actions.steps
        self._stages = actions.stages
        self._chips: list[tuple[QToolButton, int]] = []
        self.setProperty("role", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.caret = tool("caret-right", "", self)
        self.caret.setAccessibleName("Iterations of this frame")
        self.caret.setCheckable(True)
        self.caret.setToolTip(tip_with_keys(SPECS[STEPS], SPECS[STEPS].tip))
        self.caret.toggled.connect(self._action.setChecked)
        self.title = QLabel("Iterations", self)
        self.title.setProperty("role", "name")
        self.summary = QuietLine(self)
        self.back = tool("caret-left", "Previous iteration", self)
        self.on = tool("caret-right", "Next iteration", self)
        self.back.clicked.connect(partial(self._step, -1))
        self.on.clicked.connect(partial(self._step, 1))
        head = QHBoxLayout()
        head.setSpacing(3)
        head.addWidget(self.caret)
        head.addWidget(self.title)
        head.addSpacing(4)
        head.addWidget(self.summary, 1)
        head.addWidget(self.back)
        head.addWidget(self.on)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 5)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self._build_body())
        self._action.toggled.connect(self._on_open)
        self._soon = Coalescer(self._present, self)
        stepping.changed.connect(self._soon.ask)
        self._on_open(self._action.isChecked())

    def _build_body(self) -> QWidget:
        self._body = QWidget(self)
        self._grid = QGridLayout()
        self._grid.setSpacing(4)
        self.track = StepTrack(self._body)
        self.track.setToolTip(plain_tip(TIP))
        self.track.sought.connect(self.stepping.show)
        self.track.stepped.connect(self._step)
        self.track.left.connect(self.stepping.show_fit)
        self.words = QuietLine(self._body)
        self.figures = QLabel(self._body)
        self.figures.setProperty("role", "report")
        self.figures.setToolTip("Mean v2v error of the frame (mm) and objective (m²) after this iteration")
        tabular(self.figures)
        row = QHBoxLayout()
        row.addWidget(self.words, 1)
        row.addWidget(self.figures)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(4, 4, 4, 2)
        column.setSpacing(6)
        column.addLayout(self._grid)
        column.addWidget(self.track)
        column.addLayout(row)
        return self._body

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks."""
        super().showEvent(event)
        self.stepping.want(self._action.isChecked())

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: the fit is shown again."""
        super().hideEvent(event)
        self._action.setChecked(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tells when it gets higher."""
        super().resizeEvent(event)
        if event.size().height() > event.oldSize().height():
            self.grown.emit()

    @Slot(bool)
    def _on_open(self, shown: bool) -> None:
        with QSignalBlocker(self.caret):
            self.caret.setChecked(shown)
        self.caret.setIcon(icon("caret-down") if shown else quiet_icon("caret-right"))
        for widget in (self._body, self.back, self.on):
            widget.setVisible(shown)
        if shown and not self.isVisible():
            # Behind another panel it comes forward.
            self._stages.setChecked(False)
            self._action.setChecked(True)
            self._stages.setChecked(True)
        self.stepping.want(shown and self.isVisible())
        if shown:
            self.track.setFocus()
        self._present()

    def _step(self, by: int, *_: object) -> None:
        self.stepping.show(self.stepping.at + by)
        self.track.setFocus()

    @Slot()
    def _present(self) -> None:
        stepping, found = self.stepping, self.stepping.found
        if not self._action.isChecked():
            self.summary.set_words("the body after each stage and iteration")
            return
        self._build_chips(found)
        why_not = stepping.why_not()
        at = stepping.at
        self.track.set_steps(
            () if found is None else tuple(step.mean_mm for step in found.steps),
            () if found is None else found.ends,
            at,
        )
        for button, index in self._chips:
            button.setChecked(found is not None and index == at)
        self.back.setEnabled(found is not None and at > 0)
        self.on.setEnabled(found is not None and at < stepping.last)
        if found is None:
            self.summary.set_words("")
            self.words.set_words(why_not or FINDING)
            self.figures.clear()
            return
        self.summary.set_words(self._summary(found))
        if at == len(found):
            self._present_fit(found)
            return
        step = found.steps[at]
        self.words.set_words(step_words(found, at) if len(found) > 1 else STILL)
        self.figures.setText(f"{step.mean_mm:.2f} mm · {step.objective:.3g} m²")

    def _present_fit(self, found: FrameSteps) -> None:
        """The steps end elsewhere, and what is shown is the fit."""
        result = self._state.document.result
        fitted = result is not None and bool(result.fitted[found.frame])
        self.words.set_words(APART if fitted else NOT_FITTED)
        self.figures.setText(
            f"{float(result.mean_mm[found.frame]):.2f} mm" if result is not None and fitted else ""
        )

    def _summary(self, found: FrameSteps) -> str:
        count = len(found) - 1
        return f"frame {found.frame} · {count} iteration{'' if count == 1 else 's'}"

    def _build_chips(self, found: FrameSteps | None) -> None:
        """One for the start, and one for the end of each stage; there before the steps are known."""
        words = ["Start", *(TITLES[kind] for kind in self.stepping.kinds())]
        for button, _ in self._chips[len(words) :]:
            self._grid.removeWidget(button)
            button.hide()
            button.deleteLater()
        known = [button for button, _ in self._chips[: len(words)]]
        for place in range(len(known), len(words)):
            button = chip("", self._body)
            button.clicked.connect(partial(self._on_chip, place))
            self._grid.addWidget(button, place // COLUMNS, place % COLUMNS)
            known.append(button)
        ends = [0] * len(words) if found is None else [0, *found.ends]
        self._chips = list(zip(known, ends, strict=True))
        for place, ((button, end), word) in enumerate(zip(self._chips, words, strict=True)):
            button.setText(word)
            button.setEnabled(found is not None)
            where = "The body after this stage" if place else "The body before the first iteration"
            mm = "" if found is None else f": {found.steps[end].mean_mm:.2f} mm"
            button.setToolTip(f"{where}{mm}")

    def _on_chip(self, place: int, *_: object) -> None:
        if self.stepping.found is not None:
            self.stepping.show(self._chips[place][1])
        self._present()
        self.track.setFocus()
