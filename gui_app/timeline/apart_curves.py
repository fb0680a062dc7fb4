"""The curves show how far two fits are apart while they are compared, and afterwards what they showed
before."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from gui_app.document.view import View
from gui_app.timeline.curve_choice import APART
from gui_app.timeline.curves import Curves


class ApartCurves(QObject):
    """What is chosen by hand meanwhile stays."""

    def __init__(self, view: View, curves: Curves, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._menu = view, curves.menu
        self._before = self._menu.choice
        self._compares = False
        view.second_changed.connect(self._on_second)

    @Slot()
    def _on_second(self) -> None:
        compares = self._view.second is not None
        if compares == self._compares:
            return
        self._compares = compares
        if compares:
            self._before = self._menu.choice
            self._menu.choose(APART)
        elif self._menu.choice == APART:
            self._menu.choose(self._before)
