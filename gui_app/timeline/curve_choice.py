"""Which figure the curves show."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from gui_app.document.view import Ruler

if TYPE_CHECKING:
    from core.measure.motion_metrics import MotionMetrics

CHOSEN = "chosen"
"""Names the one series of a metric that was chosen."""

ERROR_TITLE = "Error: mean, p95, max"
BETWEEN = "between"
RULER = "ruler"
WORST = {"parts": "worst part", "joints": "worst joint", "hands": "worse hand", "feet": "worse foot"}


@dataclass(frozen=True)
class CurveChoice:
    """A metric of `MotionMetrics`; ``metric`` is '' for the error's mean, 95th percentile and maximum,
    `BETWEEN` for those of the distance between two fits, and `RULER` for a distance measured on the bodies.

    Attributes:
        metric: name of the array.
        column: name of its column, '' for the worst of all columns or where there is one only.
        title: what people read.
        unit: of the values.
    """

    metric: str = ""
    column: str = ""
    title: str = ERROR_TITLE
    unit: str = "mm"

    @property
    def of_metrics(self) -> bool:
        """It is one of `MotionMetrics`, and one series."""
        return self.metric not in ("", BETWEEN, RULER)

    @property
    def of_errors(self) -> bool:
        """Its axis is that of errors, on which other errors can be shown."""
        return self.unit == "mm" and self.metric != RULER

    def values(self, metrics: MotionMetrics) -> np.ndarray | None:
        """(T,) the series, or None where these bodies have no such column."""
        values = getattr(metrics, self.metric)
        if values.ndim == 1:
            return values
        if not self.column:
            return np.fmax.reduce(values, axis=1)
        names = metrics.column_names(self.metric)
        return values[:, names.index(self.column)] if self.column in names else None


APART = CurveChoice(BETWEEN, "", "Difference A–B: mean, p95, max", "mm")


def ruler_choice(ruler: Ruler) -> CurveChoice:
    """The curve of a distance that was measured on the bodies."""
    ends = [f"{body} {vertex}" for body, vertex in (ruler.first, ruler.second)]
    return CurveChoice(RULER, " ".join(ends), f"Distance {ends[0]} – {ends[1]}", "mm")


class CurveMenu(QToolButton):
    """``Curves ▾``: filled from the metrics of the fit on show when it opens, below the ``extra`` actions.

    ``choosing`` tells of another figure before it is ``chosen``.
    """

    choosing = Signal(object)
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = CurveChoice()
        self.metrics: MotionMetrics | None = None
        self.extra: tuple[QAction, ...] = ()
        self.rulers: tuple[Ruler, ...] = ()
        self.setText("Curves ▾")
        self.setToolTip("Choose which metric the curves show")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)

    def _fill(self) -> None:
        menu = self._menu
        menu.clear()
        group = QActionGroup(menu)
        self._add(menu, group, CurveChoice())
        self._add(menu, group, APART)
        for ruler in reversed(self.rulers):
            self._add(menu, group, ruler_choice(ruler))
        menu.addSeparator()
        if self.extra:
            menu.addActions(self.extra)
            menu.addSeparator()
        if self.metrics is None:
            menu.addAction("More once the fit is measured").setEnabled(False)
            return
        for name, label, unit, columns in _series():
            names = self.metrics.column_names(name)
            if not names:
                self._add(menu, group, CurveChoice(name, "", label, unit), f"{label} ({unit})")
                continue
            inner = menu.addMenu(f"{label} ({unit})")
            for column in ("", *names):
                said = column.replace("_", " ") or WORST[columns]
                self._add(inner, group, CurveChoice(name, column, f"{label}: {said}", unit), said)
                if not column:
                    inner.addSeparator()

    def _add(self, menu: QMenu, group: QActionGroup, choice: CurveChoice, title: str = "") -> QAction:
        action = menu.addAction(title or choice.title)
        action.setCheckable(True)
        action.setChecked(choice == self.choice)
        group.addAction(action)
        action.triggered.connect(partial(self.choose, choice))
        return action

    @Slot()
    def choose(self, choice: CurveChoice, *_: object) -> None:
        """Shows another figure."""
        if choice != self.choice:
            self.choice = choice
            self.setText("Curves ▾" if not choice.metric else f"{choice.title} ▾")
            self.choosing.emit(choice)
            self.chosen.emit(choice)


def _series() -> list[tuple[str, str, str, str]]:
    """Name, label, unit and kind of columns of every metric over frames."""
    from core.measure.motion_metrics import MotionMetrics, per_frame

    told = {item.name: item.metadata for item in fields(MotionMetrics)}
    return [(name, told[name]["label"], told[name]["unit"], told[name]["columns"]) for name in per_frame()]
