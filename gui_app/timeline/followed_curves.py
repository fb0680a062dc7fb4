"""What the curves show follows the view: how far two fits are apart while they are compared, and a distance
for as long as it is measured."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from gui_app.document.view import Ruler, View
from gui_app.timeline.curve_choice import APART, RULER, CurveChoice, ruler_choice
from gui_app.timeline.curves import Curves
from gui_app.viewport.ruler_series import RulerSeries


def measured(choice: CurveChoice, view: View) -> Ruler | None:
    """The distance whose curve is chosen; None where it is no distance's, or that one is there no more."""
    return next((one for one in view.rulers if ruler_choice(one) == choice), None)


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
            lost = self._before.metric == RULER and measured(self._before, self._view) is None
            self._menu.choose(CurveChoice() if lost else self._before)


class RulerCurves(QObject):
    """The menu lists the distances that there are. The curve of one goes to the newest when another one is
    measured, and ends with it.

    Args:
        view: whose distances they are.
        curves: that show one.
        series: measured for the one that is shown.
        parent: owns this object.
    """

    def __init__(self, view: View, curves: Curves, series: RulerSeries, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._menu, self._series = view, curves.menu, series
        # Before the curves, which draw what is known then.
        self._menu.choosing.connect(self._on_chosen)
        view.rulers_changed.connect(self._on_rulers)

    @Slot(object)
    def _on_chosen(self, choice: CurveChoice) -> None:
        self._series.want(measured(choice, self._view))

    @Slot()
    def _on_rulers(self) -> None:
        before, self._menu.rulers = self._menu.rulers, self._view.rulers
        if self._menu.choice.metric != RULER:
            return
        added = [one for one in self._view.rulers if one not in before]
        if added:
            self._menu.choose(ruler_choice(added[-1]))
        elif measured(self._menu.choice, self._view) is None:
            self._menu.choose(CurveChoice())
