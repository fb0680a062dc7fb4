"""Fitting the frames of the chosen problems again, with the recipe of the Stages panel."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from gui_app.action_button import action_button
from gui_app.actions import SPECS, Actions, tip_with_keys
from gui_app.fit_controller import FitController
from gui_app.fixing import Fixing
from gui_app.problem_desk import ProblemDesk, problems_which
from gui_app.problem_rows import Row
from gui_app.recipe_desk import RecipeDesk
from gui_app.scopes import Scope
from gui_app.state import AppState
from gui_app.theme import icon
from gui_app.words import frames_words, plain_tip

FIX_TIP = "Try several strategies on the chosen frames, and see what each gives"
NONE_CHOSEN = "Choose rows to fit their frames again"
NOTHING_ON = "Every stage is off: put one on in the Stages panel to fit"


class RefitRow(QWidget):
    """A button for the chosen rows; those of the frame shown where none is chosen."""

    def __init__(
        self,
        state: AppState,
        desk: ProblemDesk,
        fitting: FitController,
        fixing: Fixing,
        recipes: RecipeDesk,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._desk, self._recipes = state, desk, recipes
        self._fitting, self._fixing = fitting, fixing
        self._action, self._fix = actions.refit_rows, actions.fix_rows
        self._scope: Scope | None = None
        self.button: QToolButton = action_button(self._action, self, words=True)
        self.button.setProperty("primary", True)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(6)
        self.row.addWidget(self.button, 1)
        self.row.addWidget(action_button(self._fix, self, words=True))
        self._fix.triggered.connect(self._on_fix)
        self._action.triggered.connect(self._on_triggered)
        self._action.changed.connect(self._darken)
        recipes.changed.connect(self._present)
        self._present()

    @Slot()
    def _darken(self) -> None:
        # On the accent colour; in menus the same action has a light icon.
        role = "ON_ACCENT" if self._action.isEnabled() else "TEXT_DISABLED"
        self.button.setIcon(icon("lightning", role))

    @property
    def scope(self) -> Scope | None:
        """The frames of what is chosen."""
        return self._scope

    def choose(self, rows: list[Row]) -> None:
        """These are the chosen rows."""
        self._scope = scope_of(rows)
        self._present()

    @Slot()
    def _present(self) -> None:
        state, scope = self._state, self._scope
        ready = state.opened is not None and not state.run.active and not state.opening
        why_not = "" if self._recipes.draft.runs else NOTHING_ON
        frames = 0 if scope is None or scope.frames is None else len(scope.frames)
        self._action.setEnabled(ready and frames > 0 and not why_not)
        self._action.setIconText(f"Re-fit {frames_words(frames)}" if frames else "Re-fit")
        fitted = (
            scope is not None and state.result is not None and bool(state.result.fitted[scope.frames].any())
        )
        self._fix.setEnabled(ready and fitted)
        self._fix.setToolTip(plain_tip(tip_with_keys(SPECS["fix_rows"], FIX_TIP if frames else NONE_CHOSEN)))
        tip = why_not or f"With {self._recipes.recipe().name}, as on the Stages panel"
        tip = tip if frames else NONE_CHOSEN
        self._action.setToolTip(plain_tip(tip_with_keys(SPECS["refit_rows"], tip)))

    @Slot()
    def _on_triggered(self) -> None:
        if self._scope is not None:
            self._fitting.start_joined(self._scope)

    @Slot()
    def _on_fix(self) -> None:
        if self._scope is not None:
            self._fixing.start(self._scope)


def scope_of(rows: list[Row]) -> Scope | None:
    """The frames of some rows, in words those of one, or how many problems; None without any."""
    problems = [row.problem for row in rows]
    if not problems:
        return None
    frames = np.unique(np.concatenate([np.array(problem.frames) for problem in problems]))
    return Scope(problems_which(problems), frames)
