"""Which recipe, and where it starts: two menus at the head of the stages."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QFileDialog, QLabel, QMenu, QWidget, QWidgetAction

from core.errors import RefitError
from core.fitting.recipe.recipe import STARTS
from core.shown_text import shown
from gui_app.document.actions import Actions
from gui_app.document.recipe_editor import SUFFIX, RecipeDesk
from gui_app.document.state import AppState
from gui_app.stages.text import START_WORDS
from gui_app.stages.text import STARTS as START_TIPS
from gui_app.widgets.buttons import MenuButton, allow
from gui_app.widgets.cards import quiet_icon
from gui_app.widgets.save_dialog import Place, may_replace
from gui_app.widgets.text import menu_words, path_tip, plain_tip

FILTER = f"Recipes (*{SUFFIX})"
MOST_LETTERS = 18


class RecipeButton(MenuButton):
    """Presets, the user's own, and their files."""

    def __init__(
        self, state: AppState, recipes: RecipeDesk, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__("accurate", "list-numbers", "Which recipe fits use", parent)
        self._state, self._recipes, self._actions = state, recipes, actions
        self.menu().aboutToShow.connect(self._fill)
        self.menu().setToolTipsVisible(True)
        self._fill()
        recipes.changed.connect(self._on_recipe)
        self._on_recipe()

    @Slot()
    def _fill(self) -> None:
        menu = self.menu()
        menu.clear()
        _heading(menu, "PRESETS")
        menu.addActions(list(self._actions.presets.values()))
        own = self._recipes.own()
        if own:
            _heading(menu, "YOUR OWN")
        for path in own:
            action = menu.addAction(menu_words(path.stem), partial(self.load, path))
            action.setToolTip(path_tip(path))
        menu.addSeparator()
        name = menu_words(self._recipes.name)
        back = menu.addAction(quiet_icon("arrow-counter-clockwise"), f"Back to {name}", self._go_back)
        back.setToolTip(plain_tip("The recipe as it was taken up"))
        allow(back, "" if self._recipes.is_changed else "The recipe is as it was taken up")
        menu.addAction(quiet_icon("floppy-disk"), "Save as…", self.ask_save)
        menu.addAction(quiet_icon("folder-open"), "Load…", self._ask_load)

    @Slot()
    def _on_recipe(self) -> None:
        name = shown(self._recipes.name)
        short = name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"
        changed = self._recipes.is_changed
        self.set_words(f"{short} •" if changed else short)
        about = f"{name}, changed" if changed else name
        self.setToolTip(plain_tip(f"Which recipe fits use: {about}"))

    @Slot()
    def _go_back(self) -> None:
        self._recipes.edit(self._recipes.taken_up)

    def load(self, path: Path, *_: object) -> None:
        """Takes up a recipe from a file."""
        try:
            self._recipes.load(path)
        except RefitError as error:
            self._state.activity.fail(str(error))

    @Slot()
    def _ask_load(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self.window(), "Load recipe", str(self._recipes.folder), f"{FILTER};;All files (*)"
        )
        if name:
            self.load(Path(name))

    @Slot()
    def ask_save(self) -> None:
        """Asks for a name, and saves the recipe under it."""
        folder = self._recipes.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            place = ask_recipe_place(self.window(), folder / f"{self._recipes.name}{SUFFIX}")
            if place is not None:
                self._recipes.save(place.path, overwrite=place.replace)
                self._state.activity.say(f"Saved the recipe as {place.path.name}")
        except (RefitError, OSError) as error:
            self._state.activity.fail(str(error))


def ask_recipe_place(parent: QWidget, start: Path) -> Place | None:
    """Asks for a file name, and about replacing exactly the file that would be written; None if cancelled."""
    dialog = QFileDialog(parent, "Save recipe", str(start.parent), FILTER)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.selectFile(start.name)
    if not dialog.exec() or not dialog.selectedFiles():
        return None
    chosen = Path(dialog.selectedFiles()[0])
    path = chosen if chosen.suffix.lower() == SUFFIX else chosen.with_name(chosen.name + SUFFIX)
    if not path.exists():
        return Place(path)
    return Place(path, replace=True) if may_replace(parent, path) else None


class StartButton(MenuButton):
    """Where the first stage starts."""

    def __init__(self, recipes: RecipeDesk, parent: QWidget | None = None) -> None:
        super().__init__("from source", "flag", "Where the first stage starts", parent)
        self._recipes, self._meshes = recipes, False
        group = QActionGroup(self)
        self.actions_ = {}
        for start in STARTS:
            action = self.menu().addAction(START_TIPS[start], partial(self._choose, start))
            action.setCheckable(True)
            group.addAction(action)
            self.actions_[start] = action
        recipes.changed.connect(self._on_recipe)
        self._on_recipe()

    def set_meshes(self, meshes: bool) -> None:
        """The source is meshes alone, without rotations to start from: fits start from its parts."""
        if meshes != self._meshes:
            self._meshes = meshes
            self.actions_["source"].setEnabled(not meshes)
            self._on_recipe()

    def _choose(self, start: str) -> None:
        self._recipes.edit(replace(self._recipes.draft, start=start))

    @Slot()
    def _on_recipe(self) -> None:
        start = self._recipes.draft.start
        if self._meshes and start == "source":
            start = "parts"
        changed = " •" if self._recipes.draft.start != self._recipes.taken_up.start else ""
        self.set_words(f"from {START_WORDS[start]}{changed}")
        self.setToolTip(
            f"Where the first stage starts: {START_TIPS[start][0].lower()}{START_TIPS[start][1:]}"
        )
        self.actions_[start].setChecked(True)


def _heading(menu: QMenu, words: str) -> None:
    title = QLabel(words, menu)
    title.setProperty("role", "section")
    action = QWidgetAction(menu)
    action.setDefaultWidget(title)
    menu.addAction(action)
