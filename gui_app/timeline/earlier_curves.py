"""Error over time of the fit before the one on show, and its faint lines in the plot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QWidget

from gui_app.document.background_measure import MeasureRequest, Measuring
from gui_app.document.document import Document
from gui_app.document.opened import Opened
from gui_app.document.state import AppState
from gui_app.history.comparison import AS_GOOD, BeforeFit, change_words, comparison_tip, unchanged
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change, set_sheet
from gui_app.style.theme import tabular
from gui_app.tasks.background_job import BackgroundJob
from gui_app.timeline.curve_choice import BETWEEN, CHOSEN, RULER, CurveChoice
from gui_app.timeline.time_axis import add_curve
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.model.fit_result import FitResult

FAILED = "The fit before this one could not be measured; details are in the log"


@dataclass(frozen=True, eq=False)
class EarlierRequest(MeasureRequest):
    """The figure of an earlier fit that is asked for."""

    choice: CurveChoice


def measure_choice(request: EarlierRequest, job: BackgroundJob[Any]) -> np.ndarray:
    """(T,) the figure asked for; empty where these bodies have no such column."""
    from core.measure.measure_motion import measure_motion

    metrics = measure_motion(request.motion, request.bodies, request.result, job.check)
    values = request.choice.values(metrics)
    # A copy, or all the other figures would stay in memory.
    return np.array([] if values is None else values, float)


@dataclass(frozen=True, eq=False)
class Known:
    """A figure of a fit over its frames; ``values`` is empty where it cannot be had."""

    result: FitResult
    choice: CurveChoice
    values: np.ndarray


class EarlierFigures(Measuring):
    """A fit holds its own mean, p95 and max. Another figure is kept from when that fit was on show, or
    measured where it was not chosen then."""

    changed = Signal()

    def __init__(self, state: AppState, before: BeforeFit, parent: QObject | None = None) -> None:
        super().__init__("before", measure_choice, FAILED, state, parent)
        self.before = before
        self._choice = CurveChoice()
        self._asked: EarlierRequest | None = None
        self._of_shown: Known | None = None
        self._of_earlier: Known | None = None
        before.changed.connect(self._on_before)
        state.document.analysis_changed.connect(self._on_analysis)
        state.activity.run_changed.connect(self._soon.ask)

    def series(self, choice: CurveChoice) -> dict[str, np.ndarray]:
        """(T,) of each line of ``choice``; nothing while there is none, or until it is measured."""
        if choice != self._choice:
            self._choice = choice
            self._keep_shown()
            self._soon.ask()
        earlier = self.before.earlier
        if not self.before.on or earlier is None or choice.metric in (BETWEEN, RULER):
            return {}
        if not choice.metric:
            return {name: getattr(earlier, name) for name in ("mean_mm", "p95_mm", "max_mm")}
        known = self._known(earlier)
        return {CHOSEN: known.values} if known is not None and len(known.values) else {}

    def _known(self, result: FitResult) -> Known | None:
        for known in (self._of_earlier, self._of_shown):
            if known is not None and known.result is result and known.choice == self._choice:
                return known
        return None

    def _keep_shown(self) -> None:
        analysis, choice = self._state.document.analysis, self._choice
        if analysis is None:
            return
        values = choice.values(analysis.metrics) if choice.of_metrics else None
        self._of_shown = None
        if values is not None:
            self._of_shown = Known(analysis.result, choice, np.array(values, float))

    @Slot()
    def _on_analysis(self) -> None:
        self._keep_shown()
        self._soon.ask()

    @Slot()
    def _on_before(self) -> None:
        earlier = self.before.earlier
        if self._of_earlier is None or self._of_earlier.result is not earlier:
            self._drop_measuring()
            self._of_earlier = self._known(earlier) if earlier is not None else None
        self._soon.ask()
        self.changed.emit()

    def _measure_missing(self, opened: Opened) -> None:
        state, earlier, choice = self._state, self.before.earlier, self._choice
        if not self.before.on or earlier is None or not choice.of_metrics or self._known(earlier):
            self._drop_measuring()
            return
        # The fit on show comes first.
        if state.document.analysis is None or state.document.analysis.result is not state.document.result:
            return
        asked = self._asked
        if self.busy and asked is not None and asked.result is earlier and asked.choice == choice:
            return
        self._asked = EarlierRequest(
            opened.motion_at(state.document.given_rate), opened.bodies, earlier, choice
        )
        self._measure(self._asked)

    def _keep(self, request: EarlierRequest, found: np.ndarray) -> None:
        self._of_earlier = Known(request.result, request.choice, found)
        self._asked = None
        self.changed.emit()

    def _tell_failed(self, sentence: str) -> None:
        if self._asked is not None:
            # It is not tried again.
            self._of_earlier = Known(self._asked.result, self._asked.choice, np.empty(0))
        super()._tell_failed(sentence)


# The error before the last fit in the plot: faint lines where it has changed, and what they are.

LEAST_LEFT = 420
SHOWN = {"p95_mm": "CURVE_P95", "mean_mm": "CURVE_MEAN", CHOSEN: "TEXT"}


class BeforeLines(QObject):
    """Two lines at most, behind the curves; the legend stands left of the plot's menu.

    Attributes:
        lines: (T,) of each line drawn, NaN away from the frames that changed.
        legend: says what the lines are; its tooltip has all figures.
    """

    def __init__(
        self, document: Document, earlier: EarlierFigures, plot: pg.PlotItem, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._document, self._earlier = document, earlier
        self._series: dict[str, np.ndarray] = {}
        self._now: Mapping[str, np.ndarray] = {}
        self.lines: dict[str, np.ndarray] = {}
        self._curves = {}
        for name in SHOWN:
            curve = add_curve(plot)
            curve.setZValue(-1)
            self._curves[name] = curve
        self.legend = QLabel(parent)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        set_sheet(self.legend, "color: $TEXT_SECONDARY; font-size: 11px;")
        tabular(self.legend)
        self._corner = (0, 0)
        self.legend.hide()
        on_theme_change(self._on_theme)

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
        self._show_words(choice)

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

    def _show_words(self, choice: CurveChoice) -> None:
        found = self._earlier.before.comparison
        if found is not None and self.lines:
            colour = colours.faint(colours.TEXT if choice.metric else colours.CURVE_MEAN)
            words = "before" if choice.metric else f"before: mean {change_words(found.mean_mm)} mm"
            words = AS_GOOD if unchanged(found) else words
            self.legend.setText(f"<span style='color:{colour}'>━</span>&nbsp; {words}")
            self.legend.setToolTip(plain_tip(comparison_tip(found, self._document.frames)))
        self.place(*self._corner)


def _with_neighbours(changed: np.ndarray) -> np.ndarray:
    """A line that leaves the curve and comes back to it shows a single frame, too."""
    wide = changed.copy()
    wide[1:] |= changed[:-1]
    wide[:-1] |= changed[1:]
    return wide
