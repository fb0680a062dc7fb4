"""The actions that arrange and colour the view, and the theme: they follow the state, and are remembered."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QActionGroup, QGuiApplication
from PySide6.QtWidgets import QApplication

from gui_app.document.actions import Actions
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.scene.view_options import (
    COLOURINGS,
    LAYERS,
    LAYOUTS,
    LEAST_OPACITY,
    Colouring,
    Layers,
    LayoutName,
)
from gui_app.style.colours import Theme
from gui_app.style.live_theme import switch_theme


class ViewControls(QObject):
    """Connects layout, colouring, layers, camera and projection with the state, both ways."""

    def __init__(self, state: AppState, actions: Actions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._actions = actions
        for alternatives in (actions.layouts, actions.colourings):
            group = QActionGroup(self)
            for action in alternatives:
                group.addAction(action)
        for layout, action in zip(LAYOUTS, actions.layouts, strict=True):
            action.triggered.connect(partial(self._set_layout, layout))
        for colouring, action in zip(COLOURINGS, actions.colourings, strict=True):
            action.triggered.connect(partial(self._set_colouring, colouring))
        for name, action in zip(LAYERS, actions.layers, strict=True):
            action.toggled.connect(partial(self._set_layer, name))
        actions.error.toggled.connect(self._set_error)
        actions.follow.toggled.connect(self._set_follow)
        actions.parallel.toggled.connect(self._set_parallel)
        state.view.changed.connect(self._on_view)
        self._on_view()

    def _set_layout(self, layout: LayoutName, *_: object) -> None:
        self._state.view.change(layout=layout)

    def _set_colouring(self, colouring: Colouring, *_: object) -> None:
        self._state.view.change(colouring=colouring)

    def _set_layer(self, name: str, on: bool) -> None:
        self._state.view.change(layers=replace(self._state.view.layers, **{name: on}))

    @Slot(bool)
    def _set_error(self, on: bool) -> None:
        if on != (self._state.view.colouring == "error"):
            self._state.view.change(colouring="error" if on else "plain")

    @Slot(bool)
    def _set_follow(self, on: bool) -> None:
        self._state.view.change(follow=on)

    @Slot(bool)
    def _set_parallel(self, on: bool) -> None:
        self._state.view.change(parallel=on)

    @Slot()
    def _on_view(self) -> None:
        state, actions = self._state, self._actions
        actions.layouts[LAYOUTS.index(state.view.layout)].setChecked(True)
        actions.colourings[COLOURINGS.index(state.view.colouring)].setChecked(True)
        actions.error.setChecked(state.view.colouring == "error")
        actions.follow.setChecked(state.view.follow)
        actions.parallel.setChecked(state.view.parallel)
        for name, action in zip(LAYERS, actions.layers, strict=True):
            action.setChecked(getattr(state.view.layers, name))

    def restore(self, stored: Preferences) -> None:
        """Takes over what was remembered."""
        self._state.view.change(
            layout=stored.choice("view_layout", LAYOUTS, "side"),
            colouring=stored.choice("colouring", COLOURINGS, "error"),
            range_mm=stored.number("range_mm", self._state.view.range_mm),
            apart_mm=stored.number("apart_mm", self._state.view.apart_mm),
            follow=stored.flag("follow", True),
            parallel=stored.flag("parallel", False),
            layers=self._stored_layers(stored),
        )

    def _stored_layers(self, stored: Preferences) -> Layers:
        layers = Layers()
        flags = {name: stored.flag(f"layer_{name}", getattr(layers, name)) for name in LAYERS}
        opacity = min(max(stored.number("skin_opacity", layers.opacity), LEAST_OPACITY), 1.0)
        return Layers(opacity=opacity, **flags)

    def store(self, stored: Preferences) -> None:
        """Remembers how things are shown now."""
        stored.store("view_layout", self._state.view.layout)
        stored.store("colouring", self._state.view.colouring)
        stored.store("range_mm", self._state.view.range_mm)
        stored.store("apart_mm", self._state.view.apart_mm)
        stored.store("follow", self._state.view.follow)
        stored.store("parallel", self._state.view.parallel)
        for name in LAYERS:
            stored.store(f"layer_{name}", getattr(self._state.view.layers, name))
        stored.store("skin_opacity", self._state.view.layers.opacity)


# Dark, light, or as the rest of the screen: chosen in the View menu, and remembered.

Choice = Literal["dark", "light", "system"]
CHOICES: tuple[Choice, ...] = ("dark", "light", "system")
SETTING = "theme"


class ThemeChoice(QObject):
    """Made before the widgets, so that they come up in the theme that was chosen."""

    def __init__(self, actions: Actions, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.choice = preferences.choice(SETTING, CHOICES, "dark")
        group = QActionGroup(self)
        for choice, action in zip(CHOICES, actions.themes, strict=True):
            group.addAction(action)
            action.setChecked(choice == self.choice)
            action.triggered.connect(partial(self._choose, choice))
        hints = QGuiApplication.styleHints()
        self._system = hints.colorScheme()
        hints.colorSchemeChanged.connect(self._on_system)
        self._apply()

    def _choose(self, choice: Choice, *_: object) -> None:
        self.choice = choice
        self._preferences.store(SETTING, choice)
        self._apply()

    @Slot(Qt.ColorScheme)
    def _on_system(self, scheme: Qt.ColorScheme) -> None:
        self._system = scheme
        self._apply()

    def _apply(self) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        switch_theme(app, theme_of(self.choice, self._system))


def theme_of(choice: Choice, system: Qt.ColorScheme) -> Theme:
    """The theme to wear; dark where the system does not say."""
    if choice == "system":
        return "light" if system == Qt.ColorScheme.Light else "dark"
    return choice
