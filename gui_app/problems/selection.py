"""Which problems are meant: accepting them, fitting them again and trying strategies on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.actions import SPECS, Actions, tip_with_keys
from gui_app.document.frame_scopes import Scope, fittable
from gui_app.document.recipe_editor import RecipeDesk
from gui_app.document.state import AppState
from gui_app.fit.fit_controller import FitController
from gui_app.problems.fix_trial import Fixing
from gui_app.problems.model import ProblemDesk, problems_which
from gui_app.problems.rows import Row
from gui_app.style.theme import icon
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.buttons import OPENING, RUNNING, allow
from gui_app.widgets.text import frames_words, plain_tip

if TYPE_CHECKING:
    from core.problems.detect import Problem

FADES = "A few frames on either side are fitted along, to fade into the others"
NONE_CHOSEN = "Choose rows to fit their frames again"
NOT_FITTED = "The frames of the chosen rows are not fitted"
NONE_TO_ACCEPT = "Choose rows of problems to accept them"
NOTHING_ON = "Every stage is off: put one on in the Stages panel to fit"
FIX_TIP = "Try several strategies on the chosen frames, and see what each gives"


class ProblemChoice(QObject):
    """The rows chosen in the table, or those of the frame shown while none is; ``changed`` when others are.

    Attributes:
        typed: the note that stands beside the table, for what is accepted next.
        scope: frames of the rows that can be fitted, None without rows.
        left_out: why some cannot, in words.
        reopens: they are all accepted, and can be opened again.
    """

    changed = Signal()

    def __init__(
        self,
        state: AppState,
        desk: ProblemDesk,
        fitting: FitController,
        fixing: Fixing,
        recipes: RecipeDesk,
        actions: Actions,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._desk, self._recipes = state, desk, recipes
        self._fitting, self._fixing, self._actions = fitting, fixing, actions
        self._chosen: tuple[Row, ...] = ()
        self.typed = self.left_out = ""
        self.scope: Scope | None = None
        self.reopens = False
        actions.accept.triggered.connect(self._on_accept)
        actions.refit_rows.triggered.connect(self._on_refit)
        actions.fix_rows.triggered.connect(self._on_fix)
        fixing.changed.connect(self._on_fixing)
        soon = Coalescer(self._present, self)
        for signal in (
            desk.changed, recipes.changed, state.document.motion_changed, state.document.analysis_changed,
            state.document.result_changed, state.activity.run_changed, state.playback.frame_changed,
            state.activity.opening_changed,
        ):  # fmt: skip
            signal.connect(soon.ask)
        self._present()

    @property
    def rows(self) -> list[Row]:
        """The chosen rows, mended ones among them."""
        return list(self._chosen) or self._desk.at_frame()

    @property
    def is_chosen(self) -> bool:
        """Rows are chosen in the table."""
        return bool(self._chosen)

    @property
    def open_rows(self) -> list[Row]:
        """Those of them that are problems still."""
        return [row for row in self.rows if row.status != "mended"]

    @property
    def problems(self) -> list[Problem]:
        """The problems of the rows that there are still."""
        return [row.problem for row in self.open_rows]

    @property
    def note(self) -> str:
        """What was noted when the rows were accepted; '' where that differs."""
        notes = {row.note for row in self.open_rows}
        return notes.pop() if self.reopens and len(notes) == 1 else ""

    def choose(self, rows: Sequence[Row]) -> None:
        """These are chosen in the table; none where it is not to be seen."""
        self._chosen = tuple(rows)
        self._present()

    def accept(self, note: str) -> None:
        """Accepts the problems as they are."""
        self._desk.accept(self.problems, note)

    @Slot()
    def _present(self) -> None:
        scope = scope_of(self.rows)
        self.scope = None if scope is None else fittable(self._state.document, scope)
        self._present_accept()
        self._present_fits()
        self.changed.emit()

    def _present_accept(self) -> None:
        action, rows = self._actions.accept, self.open_rows
        self.reopens = bool(rows) and all(row.status == "accepted" for row in rows)
        words = "Reopen" if self.reopens else "Accept"
        if action.text() != words:
            # Every other icon is told to all who show the action, and this is asked at every frame.
            action.setText(words)
            action.setIcon(icon("arrow-u-up-left" if self.reopens else "check"))
        allow(action, NONE_TO_ACCEPT if not rows else RUNNING if self._state.activity.run.active else "")

    def _present_fits(self) -> None:
        state, scope, refit, fix = self._state, self.scope, self._actions.refit_rows, self._actions.fix_rows
        busy = RUNNING if state.activity.run.active else OPENING if state.activity.opening else ""
        ready = state.document.opened is not None and not busy
        why_not = "" if self._recipes.draft.runs else NOTHING_ON
        frames = 0 if scope is None or scope.frames is None else len(scope.frames)
        left_out = "" if scope is None else scope.left_out_words
        refit.setEnabled(ready and frames > 0 and not why_not)
        refit.setIconText(f"Re-fit {frames_words(frames)}" if frames else "Re-fit")
        fitted = (
            scope is not None
            and state.document.result is not None
            and bool(state.document.result.fitted[scope.frames].any())
        )
        fix.setEnabled(ready and fitted)
        self.left_out = left_out
        none = busy or left_out or NONE_CHOSEN
        fix_tip = FIX_TIP if ready and fitted else none if busy or not frames else NOT_FITTED
        fix.setToolTip(plain_tip(tip_with_keys(SPECS["fix_rows"], fix_tip)))
        tip = busy or why_not or f"With {self._recipes.recipe().name}, as on the Stages panel. {FADES}"
        tip = f"{tip}. {left_out}" if frames and left_out else tip if frames else none
        refit.setToolTip(plain_tip(tip_with_keys(SPECS["refit_rows"], tip)))

    @Slot()
    def _on_accept(self) -> None:
        if self.reopens:
            self._desk.reopen(self.problems)
        else:
            self.accept(self.typed)

    @Slot()
    def _on_refit(self) -> None:
        if self.scope is not None:
            self._fitting.start_joined(self.scope)

    @Slot()
    def _on_fix(self) -> None:
        if self.scope is not None:
            self._fixing.start(self.scope)

    @Slot()
    def _on_fixing(self) -> None:
        # What is being tried shows in the panel.
        if self._fixing.open:
            self._actions.problems.setChecked(True)


def scope_of(rows: list[Row]) -> Scope | None:
    """The frames of some rows, in words those of one, or how many problems; None without any."""
    problems = [row.problem for row in rows]
    if not problems:
        return None
    frames = np.unique(np.concatenate([np.array(problem.frames) for problem in problems]))
    return Scope(problems_which(problems), frames)
