"""The stages of the recipe as cards, which frames they run on, and what the last run brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from core.fitting.recipe.draft import DraftStage
from gui_app.document.actions import Actions
from gui_app.document.frame_scopes import (
    NO_SELECTION,
    Scope,
    all_frames,
    frame_shown,
    problems,
    selected,
    why_no_problems,
)
from gui_app.document.preferences import Preferences
from gui_app.document.recipe_editor import RecipeDesk
from gui_app.document.state import AppState
from gui_app.fit.fit_controller import EndedRun, FitController
from gui_app.stages.card import StageCard
from gui_app.stages.frame_steps import FrameStepping
from gui_app.stages.frame_steps_card import StepsCard
from gui_app.stages.recipe_buttons import RecipeButton, StartButton
from gui_app.stages.text import TITLES, outcome_words
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import tabular
from gui_app.tasks.coalesce import Later
from gui_app.widgets.buttons import MenuButton
from gui_app.widgets.cards import SHEET, chip, quiet_icon
from gui_app.widgets.docks import PanelBody, PanelDock, scrolled
from gui_app.widgets.labels import QuietLine
from gui_app.widgets.panels import PANEL

if TYPE_CHECKING:
    from core.fitting.recipe.recipe import Recipe
    from core.fitting.stage_reports import StageReport

WIDTH = 352
LEAST_HEIGHT = 236
# By then the cards have found their places.
REVEAL_MS = 60
SCOPE = "stages_scope"
SCOPES = ("frame", "selection", "problems", "all")
SCOPE_WORDS = {"frame": "This frame", "selection": "Selection", "problems": "Problems", "all": "All"}
NO_MOTION = "Open a motion to fit: Ctrl+O"
RUNNING = "A fit is running; what is changed here counts for the next one"
STOP = "Stop fitting; fitted frames are kept  (Esc)"
ALL_OFF = "Every stage is off: put one on to fit"
PUBLISHED = "The published method, frame after frame: a minute or more each"


class StagesPanel(PanelBody):
    """Changes the recipe on the desk, and starts its stages."""

    def __init__(
        self,
        state: AppState,
        fitting: FitController,
        recipes: RecipeDesk,
        actions: Actions,
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__((WIDTH, 420), (WIDTH, LEAST_HEIGHT), parent)
        self._state, self._fitting, self._recipes = state, fitting, recipes
        self._actions, self._preferences = actions, preferences
        self._asked: list[StageCard] | None = None
        self._running: list[StageCard] = []
        self._active = False
        self._ran_on = ""
        self._taken_up = recipes.taken_up
        self.cards: list[StageCard] = []
        self.setAutoFillBackground(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        set_sheet(self, SHEET)
        self.recipe = RecipeButton(state, recipes, actions, self)
        self.start = StartButton(recipes, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 8)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.recipe)
        head.addStretch(1)
        head.addWidget(self.start)
        column.addLayout(head)
        column.addWidget(self._list(), 1)
        column.addLayout(self._foot())
        for signal in (
            state.document.motion_changed, state.playback.frame_changed, state.playback.selection_changed,
            state.document.analysis_changed, state.document.result_changed, state.activity.opening_changed,
        ):  # fmt: skip
            signal.connect(self._on_change)
        state.document.motion_changed.connect(self._forget)
        state.activity.run_changed.connect(self._on_run)
        fitting.ended.connect(self._on_ended)
        recipes.changed.connect(self._on_recipe)
        self._on_recipe()
        self._catch_up()
        if len(self.cards) == 1:
            self.cards[0].open_up(True)

    def _list(self) -> QWidget:
        inside = QWidget(self)
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 2, 0)
        self._column.setSpacing(6)
        self.add = MenuButton("Add stage", "plus", "Add a stage at the end", inside)
        self.add.setIcon(quiet_icon("plus"))
        for kind, words in TITLES.items():
            self.add.menu().addAction(words, partial(self._on_add, kind))
        self.note = QLabel(PUBLISHED, inside)
        self.note.setProperty("role", "small")
        self.note.setWordWrap(True)
        self._column.addWidget(self.note)
        self._column.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        self.stepping = FrameStepping(self._state, self._recipes, self)
        self.steps = StepsCard(self._state, self.stepping, self._actions, inside)
        self._column.addWidget(self.steps)
        self._column.addStretch(1)
        self.area = scrolled(inside, self)
        self._reveal = Later(self._on_reveal, self, REVEAL_MS)
        self.steps.grown.connect(self._reveal.ask)
        return self.area

    def _foot(self) -> QVBoxLayout:
        self.scopes = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(4)
        kept = self._preferences.choice(SCOPE, SCOPES, "frame")
        for number, name in enumerate(SCOPES):
            button = chip(SCOPE_WORDS[name], self)
            button.setChecked(name == kept)
            self.scopes.addButton(button, number)
            row.addWidget(button, len(SCOPE_WORDS[name]) + 4)
        self.scopes.idClicked.connect(self._on_scope)
        self.run = QToolButton(self)
        self.run.setProperty("primary", True)
        self.run.setSizePolicy(self.add.sizePolicy().Policy.Expanding, self.run.sizePolicy().verticalPolicy())
        self.run.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.run.clicked.connect(self._on_run_clicked)
        self.outcome = QLabel(self)
        self.outcome.setProperty("role", "report")
        self.outcome.setToolTip("Mean v2v error of these frames (mm) before the last run and after it")
        self.outcome_of = QuietLine(self)
        tabular(self.outcome)
        result = QHBoxLayout()
        result.setContentsMargins(2, 0, 2, 0)
        result.addWidget(self.outcome_of, 1)
        result.addWidget(self.outcome)
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addLayout(result)
        column.addLayout(row)
        column.addWidget(self.run)
        return column

    @property
    def scope_name(self) -> str:
        """Which frames are chosen."""
        return SCOPES[self.scopes.checkedId()]

    def scope(self) -> Scope | None:
        """The frames chosen, None where there are none."""
        state, name = self._state, self.scope_name
        if state.document.opened is None:
            return None
        if name == "selection":
            return selected(state)
        if name == "problems":
            return problems(state.document)
        return frame_shown(state) if name == "frame" else all_frames()

    def _why_not(self) -> str:
        """Why nothing can be run now; empty where it can."""
        state = self._state
        if state.document.opened is None or state.activity.opening:
            return NO_MOTION
        if state.activity.run.active:
            return RUNNING
        scope = self.scope()
        if scope is not None:
            return scope.why_not
        return NO_SELECTION if self.scope_name == "selection" else why_no_problems(state.document)

    @Slot()
    def _on_change(self, *_: object) -> None:
        why_not, scope, opened = self._why_not(), self.scope(), self._state.document.opened
        for card in self.cards:
            card.set_runnable(why_not)
            card.set_body(None if opened is None else opened.bodies.target)
        why_not = why_not or ("" if self._recipes.draft.runs else ALL_OFF)
        running = self._state.activity.run.active
        cancelling = self._state.activity.run.phase == "cancelling"
        words = "Cancelling…" if cancelling else "Cancel" if running else f"Fit {scope.what if scope else ''}"
        self.run.setText(words.strip())
        self.run.setEnabled(not cancelling if running else not why_not)
        self.run.setToolTip(STOP if running else why_not or self._tip())

    def _tip(self) -> str:
        on = sum(entry.on for entry in self._recipes.draft.entries)
        return f"Run the {on} stages that are on" if on > 1 else "Run the stage that is on"

    @Slot()
    def _on_recipe(self) -> None:
        draft = self._recipes.draft
        while len(self.cards) > len(draft.entries):
            self._take_out(len(self.cards) - 1)
        for index, entry in enumerate(draft.entries):
            if index < len(self.cards) and self.cards[index].entry.settings.stage != entry.settings.stage:
                shown = self.cards[index].is_open
                self._take_out(index)
                self._put_in(index, entry).open_up(shown)
            elif index == len(self.cards):
                self._put_in(index, entry)
        for index, (card, entry) in enumerate(zip(self.cards, draft.entries, strict=True)):
            card.show_entry(entry, draft.method, index, len(self.cards))
            if self._taken_up is not self._recipes.taken_up and len(self.cards) > 1:
                # Of a recipe that is taken up all stages are to be seen.
                card.open_up(False)
        self._taken_up = self._recipes.taken_up
        published = draft.method != "gauss-newton"
        self.note.setVisible(published)
        self.add.setVisible(not published)
        self.start.setEnabled(not published)
        self._on_change()

    def _put_in(self, index: int, entry: DraftStage) -> StageCard:
        card = StageCard(entry, self._recipes.draft.method, self._preferences, self)
        card.edited.connect(partial(self._on_edited, card))
        card.run_alone.connect(partial(self._on_alone, card))
        card.run_onwards.connect(partial(self._on_onwards, card))
        card.moved.connect(partial(self._on_moved, card))
        card.doubled.connect(partial(self._on_doubled, card))
        card.removed.connect(partial(self._on_removed, card))
        self.cards.insert(index, card)
        self._column.insertWidget(index, card)
        return card

    def _take_out(self, index: int) -> None:
        card = self.cards.pop(index)
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()

    def _on_edited(self, card: StageCard, entry: DraftStage) -> None:
        self._recipes.put(self.cards.index(card), entry)

    def _on_moved(self, card: StageCard, by: int) -> None:
        index = self.cards.index(card)
        if not 0 <= index + by < len(self.cards):
            return
        # The card moves along with what it shows.
        self.cards.insert(index + by, self.cards.pop(index))
        self._column.removeWidget(card)
        self._column.insertWidget(index + by, card)
        self._recipes.edit(self._recipes.draft.moved(index, by))

    def _on_doubled(self, card: StageCard) -> None:
        index = self.cards.index(card)
        self._put_in(index + 1, card.entry)
        self._recipes.edit(self._recipes.draft.doubled(index))

    def _on_removed(self, card: StageCard) -> None:
        index = self.cards.index(card)
        if len(self.cards) > 1:
            self._take_out(index)
            self._recipes.edit(self._recipes.draft.removed(index))

    def _on_add(self, kind: str) -> None:
        self._recipes.edit(self._recipes.draft.added(kind))
        self.cards[-1].open_up(True)

    @Slot()
    def _on_reveal(self) -> None:
        if self.steps.isVisible() and self._actions.steps.isChecked():
            self.area.ensureWidgetVisible(self.steps, 0, 4)

    @Slot(int)
    def _on_scope(self, _number: int) -> None:
        self._preferences.store(SCOPE, self.scope_name)
        self._on_change()

    @Slot()
    def _on_run_clicked(self) -> None:
        if self._state.activity.run.active:
            self._fitting.cancel()
            return
        scope = self.scope()
        if scope is not None and self._recipes.draft.runs:
            self._fitting.start_stages(scope, self._recipes.recipe(), "")

    def _on_alone(self, card: StageCard) -> None:
        self._run_cards([card], f"{card.entry.settings.stage} stage")

    def _on_onwards(self, card: StageCard) -> None:
        index = self.cards.index(card)
        cards = [card, *(other for other in self.cards[index + 1 :] if other.entry.on)]
        if len(cards) == 1:
            self._on_alone(card)
            return
        kinds = " and ".join(dict.fromkeys(other.entry.settings.stage for other in cards))
        self._run_cards(cards, f"{kinds} stages")

    def _run_cards(self, cards: list[StageCard], what: str) -> None:
        scope = self.scope()
        if scope is None:
            return
        recipe: Recipe = replace(
            self._recipes.draft, entries=tuple(replace(card.entry, on=True) for card in cards)
        ).recipe()
        # The first starts where the recipe says: what it does is to be seen, whatever was fitted before.
        if self._state.document.has_fit and cards[0] is not self.cards[0]:
            recipe = replace(recipe, start="current")
        self._asked = cards
        self._fitting.start_stages(scope, recipe, what)
        self._asked = None

    @Slot()
    def _forget(self, kept: Sequence[StageCard] = ()) -> None:
        opened = self._state.document.opened
        self.start.set_meshes(opened is not None and not opened.motion.has_poses)
        for card in self.cards:
            if card not in kept:
                card.show_report(None, False)
        self.outcome.clear()
        self.outcome_of.set_words("")

    @Slot()
    def _on_run(self) -> None:
        run = self._state.activity.run
        if run.active and not self._active:
            # Run one after another on the same frames, stages are seen beside each other.
            again = self._asked is not None and run.what == self._ran_on
            self._forget(self.cards[: self.cards.index(self._asked[0])] if again and self._asked else ())
            self._ran_on = run.what
            self._running = self._asked or [card for card in self.cards if card.entry.on]
        self._active = run.active
        if run.active:
            self._show_reports(run.stages, True)
        self._on_change()

    def _show_reports(self, stages: tuple[StageReport, ...], running: bool) -> None:
        for report in stages:
            if report.index < len(self._running) and self._running[report.index] in self.cards:
                self._running[report.index].show_report(report, running)

    @Slot(object)
    def _on_ended(self, ended: EndedRun) -> None:
        reply = ended.reply
        self._show_reports(reply.stages, False)
        words = "" if reply.keeps_earlier else outcome_words(reply.reached, ended.before, reply.result)
        self.outcome.setText(words)
        self.outcome_of.set_words(ended.what[:1].upper() + ended.what[1:] if words else "")

    def _catch_up(self) -> None:
        """Shows the run that goes on, or the one that ended before the panel was there."""
        self._forget()
        self._on_run()
        last, on = self._fitting.last, [card for card in self.cards if card.entry.on]
        if last is not None:
            # Of stages that were changed since, nothing is known.
            same = [stage.kind for stage in last.reply.stages] == [card.entry.settings.stage for card in on]
            self._running = on if same else []
            self._on_ended(last)


# The stages panel beside the bodies, hidden until it is asked for.


class StagesDock(PanelDock):
    """Stands on the left."""

    def __init__(self, panel: StagesPanel, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(PANEL["stages"], action, parent)
        self.panel = panel
        self.hold(panel)
