"""The error before the last fit in the plot: faint lines where it has changed, and what they are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QLabel, QWidget

from gui_app import colours
from gui_app.before_words import AS_GOOD, change_words, comparison_tip, unchanged
from gui_app.curve_choice import CHOSEN, CurveChoice
from gui_app.earlier_figures import EarlierFigures
from gui_app.live_theme import dress, follow
from gui_app.state import AppState
from gui_app.theme import tabular
from gui_app.words import plain_tip

LEAST_LEFT = 420
SHOWN = {"p95_mm": "CURVE_P95", "mean_mm": "CURVE_MEAN", CHOSEN: "TEXT"}


class BeforeLines(QObject):
    """Two lines at most, behind the curves; the legend stands left of the plot's menu.

    Attributes:
        lines: (T,) of each line drawn, NaN away from the frames that changed.
        legend: says what the lines are; its tooltip has all figures.
    """

    def __init__(self, state: AppState, earlier: EarlierFigures, plot: pg.PlotItem, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._earlier = state, earlier
        self._series: dict[str, np.ndarray] = {}
        self._now: Mapping[str, np.ndarray] = {}
        self.lines: dict[str, np.ndarray] = {}
        self._curves = {}
        for name in SHOWN:
            curve = plot.plot(connect="finite")
            curve.setDownsampling(auto=True, method="peak")
            curve.setClipToView(True)
            curve.setZValue(-1)
            self._curves[name] = curve
        self.legend = QLabel(parent)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        dress(self.legend, "color: $TEXT_SECONDARY; font-size: 11px;")
        tabular(self.legend)
        self._corner = (0, 0)
        self.legend.hide()
        follow(self._on_theme)

    @Slot()
    def _on_theme(self) -> None:
        for name, role in SHOWN.items():
            # Neither dashed nor translucent: both take many times as long to paint over a long motion.
            self._curves[name].setPen(pg.mkPen(colours.faint(colours.of(role)), width=1))

    def draw(self, choice: CurveChoice, now: Mapping[str, np.ndarray]) -> None:
        """Draws what belongs to the curves that show ``now``."""
        self._series, self._now = self._earlier.series(choice) if now else {}, now
        self.lines = {}
        for name in self._series.keys() & self._curves.keys():
            values = self._series[name]
            changed = np.isfinite(values) & np.isfinite(now[name]) & (values != now[name])
            if changed.any():
                self.lines[name] = np.where(_with_neighbours(changed), values, np.nan)
        nothing = np.empty(0)
        for name, curve in self._curves.items():
            line = self.lines.get(name, nothing)
            curve.setData(np.arange(len(line)), line)
        self._tell(choice)

    def figures(self, frame: int) -> dict[str, float]:
        """What the figures of a frame were, by curve; nothing where none has changed that people can read."""
        found = {name: float(values[frame]) for name, values in self._series.items()}
        now = {name: float(self._now[name][frame]) for name in found}
        known = np.isfinite([*found.values(), *now.values()]).all()
        return found if known and any(f"{found[name]:.1f}" != f"{now[name]:.1f}" for name in found) else {}

    def place(self, right: int, middle: int) -> None:
        """Where the legend ends, and its height."""
        self._corner = (right, middle)
        self.legend.adjustSize()
        self.legend.move(right - self.legend.width(), middle - self.legend.height() // 2)
        self.legend.setVisible(bool(self.lines) and self.legend.x() > LEAST_LEFT)

    def _tell(self, choice: CurveChoice) -> None:
        found = self._earlier.before.comparison
        if found is not None and self.lines:
            colour = colours.faint(colours.TEXT if choice.metric else colours.CURVE_MEAN)
            words = "before" if choice.metric else f"before: mean {change_words(found.mean_mm)} mm"
            words = AS_GOOD if unchanged(found) else words
            self.legend.setText(f"<span style='color:{colour}'>━</span>&nbsp; {words}")
            self.legend.setToolTip(plain_tip(comparison_tip(found, self._state.frames)))
        self.place(*self._corner)


def _with_neighbours(changed: np.ndarray) -> np.ndarray:
    """A line that leaves the curve and comes back to it shows a single frame, too."""
    wide = changed.copy()
    wide[1:] |= changed[:-1]
    wide[:-1] |= changed[1:]
    return wide
