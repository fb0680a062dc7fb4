"""Dark, light, or as the rest of the screen: chosen in the View menu, and remembered."""

from __future__ import annotations

from functools import partial
from typing import Literal

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QActionGroup, QGuiApplication
from PySide6.QtWidgets import QApplication

from gui_app.actions import Actions
from gui_app.colours import Theme
from gui_app.live_theme import wear
from gui_app.preferences import Preferences

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
        wear(app, theme_of(self.choice, self._system))


def theme_of(choice: Choice, system: Qt.ColorScheme) -> Theme:
    """The theme to wear; dark where the system does not say."""
    if choice == "system":
        return "light" if system == Qt.ColorScheme.Light else "dark"
    return choice
