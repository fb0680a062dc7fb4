"""Changing the theme while windows are open, and what follows it beyond style sheet, palette and icons."""

from __future__ import annotations

from collections.abc import Callable
from string import Template

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from gui_app.style import colours
from gui_app.style.theme import palette, style_sheet

SHEET = "sheet"


class _Look(QObject):
    changed = Signal()


_look = _Look()


def on_theme_change(paint: Callable[[], None]) -> None:
    """Calls ``paint``, a bound method of a QObject, now and whenever the theme has changed."""
    paint()
    _look.changed.connect(paint)


def set_sheet(widget: QWidget, sheet: str) -> None:
    """Gives a widget a style sheet of its own; ``$ROLE`` in it is the colour of that role, in any theme."""
    widget.setProperty(SHEET, sheet)
    widget.setStyleSheet(Template(sheet).substitute(vars(colours)))


def switch_theme(app: QApplication, theme: colours.Theme) -> None:
    """Changes everything on the screen to another theme."""
    if theme == colours.theme:
        return
    colours.use(theme)
    app.setPalette(palette())
    for widget in app.allWidgets():
        sheet = widget.property(SHEET)
        if sheet:
            set_sheet(widget, sheet)
    app.setStyleSheet(style_sheet())
    _look.changed.emit()
