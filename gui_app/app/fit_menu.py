"""What can be fitted and how, below the arrow of the Fit button and in the Fit menu."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QLabel, QMenu, QWidgetAction

from gui_app.document.actions import SPECS, Actions, tip_with_keys
from gui_app.document.frame_scopes import (
    NO_SELECTION,
    Scope,
    frame_shown,
    problems,
    selected,
    why_no_problems,
)
from gui_app.document.preferences import Preferences
from gui_app.document.recipe_editor import RecipeDesk
from gui_app.document.state import AppState
from gui_app.fit.fit_controller import FitController
from gui_app.widgets.buttons import NO_MOTION, OPENING, RUNNING, allow

AUTOFIT = "autofit"
NOTHING_GOES_ON = "Nothing is fitted or opened just now"


class FitActions(QObject):
    """Starts fits of a scope, and keeps the actions true to what there is to fit."""

    def __init__(
        self,
        state: AppState,
        fitting: FitController,
        recipes: RecipeDesk,
        actions: Actions,
        preferences: Preferences,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._state, self._actions, self._recipes = state, actions, recipes
        for action, slot in (
            (actions.fit, fitting.start),
            (actions.fit_frame, fitting.start_frame),
            (actions.fit_selection, fitting.start_selection),
            (actions.fit_problems, fitting.start_problems),
            (actions.cancel, fitting.cancel),
        ):
            action.triggered.connect(slot)
        actions.autofit.setChecked(preferences.flag(AUTOFIT, True))
        actions.autofit.toggled.connect(partial(preferences.store, AUTOFIT))
        group = QActionGroup(self)
        # A recipe that is changed, or the user's own, is none of the presets.
        group.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
        for name, action in actions.presets.items():
            group.addAction(action)
            action.triggered.connect(partial(self._choose, name))
        recipes.changed.connect(self._on_recipe)
        self._on_recipe()
        for signal in (
            state.document.motion_changed,
            state.activity.opening_changed,
            state.activity.run_changed,
            state.playback.selection_changed,
            state.document.analysis_changed,
            state.document.result_changed,
        ):
            signal.connect(self._on_change)
        state.playback.frame_changed.connect(self._on_frame)
        self._on_change()

    def _choose(self, name: str, *_: object) -> None:
        self._recipes.choose(name)

    @Slot()
    def _on_recipe(self) -> None:
        recipes = self._recipes
        for name, action in self._actions.presets.items():
            action.setChecked(name == recipes.preset and not recipes.is_changed)

    @property
    def _why_not_ready(self) -> str:
        """Why nothing can be fitted now; '' where it can."""
        activity = self._state.activity
        if activity.opening:
            return OPENING
        if self._state.document.opened is None:
            return NO_MOTION
        return RUNNING if activity.run.active else ""

    @Slot()
    def _on_change(self, *_: object) -> None:
        state, actions = self._state, self._actions
        allow(actions.fit, self._why_not_ready)
        self._on_frame()
        goes_on = state.activity.run.phase == "running" or bool(state.activity.opening)
        allow(actions.cancel, "" if goes_on else NOTHING_GOES_ON)
        actions.cancel.setIconText("Cancelling…" if state.activity.run.phase == "cancelling" else "Cancel")
        self._present(actions.fit_selection, "fit_selection", selected(state), NO_SELECTION)
        self._present(
            actions.fit_problems,
            "fit_problems",
            problems(state.document),
            why_no_problems(state.document),
        )

    @Slot()
    def _on_frame(self, *_: object) -> None:
        state, action, spec = self._state, self._actions.fit_frame, SPECS["fit_frame"]
        why_not = self._why_not_ready or frame_shown(state).why_not
        action.setEnabled(not why_not)
        action.setToolTip(tip_with_keys(spec, why_not or spec.tip))

    def _present(self, action: QAction, key: str, scope: Scope | None, none: str) -> None:
        why_not = self._why_not_ready or (none if scope is None else scope.why_not)
        action.setEnabled(not why_not)
        words = why_not
        if scope is not None and not why_not:
            words = f"Fit {scope.what}; the others stay as they are"
            words = f"{words}. {scope.left_out_words}" if scope.left_out_words else words
        action.setToolTip(tip_with_keys(SPECS[key], words))


def fill_fit_menu(menu: QMenu, actions: Actions) -> None:
    """The scopes, then the presets; a tooltip says why something cannot be chosen."""
    menu.setToolTipsVisible(True)
    for action in (
        actions.fit, actions.fit_frame, actions.fit_selection, actions.fit_problems, actions.fit_people,
    ):  # fmt: skip
        menu.addAction(action)
    menu.addSeparator()
    title = QLabel("PRESET", menu)
    title.setProperty("role", "section")
    heading = QWidgetAction(menu)
    heading.setDefaultWidget(title)
    menu.addAction(heading)
    for action in actions.presets.values():
        # The mark of the one in use has its place.
        action.setIconVisibleInMenu(False)
        menu.addAction(action)
