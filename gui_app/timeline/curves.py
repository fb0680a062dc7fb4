"""Error over time: mean, 95th percentile and maximum of every frame, in millimetres, or a metric chosen."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal, Slot
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QWidget

from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.document.inspect_selection import Inspection
from gui_app.document.playback import Playback
from gui_app.history.distances import Distances
from gui_app.inspect.joints.series import JointMotion
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.timeline.curve_choice import APART, CHOSEN, RULER, CurveChoice, CurveMenu
from gui_app.timeline.earlier_curves import BeforeLines, EarlierFigures
from gui_app.timeline.joint_curve import JointCurve
from gui_app.timeline.pin_curves import PinCurves
from gui_app.timeline.readout import Readout
from gui_app.timeline.threshold import Threshold
from gui_app.timeline.time_axis import Brush, FrameAxis, HeightAxis, ScrubBox, TimeScale, add_curve, peak_near
from gui_app.viewport.pins import Pins
from gui_app.viewport.ruler_series import RulerSeries

LEFT_AXIS = 52
LEAST_HEIGHT = 80
RIGHT_MARGIN = 14
LEAST_TOP_MM = 5.0
POINT_PIXELS = 4
CHIP_TOP = 5
LEGEND_MIDDLE = 12
PEAK_PIXELS = 4
CURVES = (("max_mm", "max", "CURVE_MAX"), ("p95_mm", "p95", "CURVE_P95"), ("mean_mm", "mean", "CURVE_MEAN"))
SHOWN = {**{name: role for name, _, role in CURVES}, CHOSEN: "TEXT"}
WORDS = {"CURVE_MAX": "MAX_WORDS"}
WAITING = "Error curves appear here while frames are fitted: press Fit"
NOTHING_OPEN = "Error curves appear here while frames are fitted"
FITTING = "Error curves appear here as frames are fitted"
UNMEASURED = "This curve appears here once the fit is finished and measured"
NO_SECOND = "How far two fits are apart appears here: View, Compare two fits (V)"
UNMEASURED_PAIR = "How far the two fits are apart appears here once it is measured"
NO_RULER = "This distance was taken away: choose another curve"
UNMEASURED_RULER = "This distance appears here once it is measured over the frames"
NO_SUCH_COLUMN = "These bodies have no such metric: choose another curve"


class Curves(pg.PlotWidget):
    """Curves and a cursor at the frame shown; frames that are not fitted are gaps."""

    scale_changed = Signal()

    def __init__(
        self,
        document: Document,
        playback: Playback,
        activity: Activity,
        pins: Pins,
        earlier: EarlierFigures,
        distances: Distances,
        rulers: RulerSeries,
        parent: QWidget | None = None,
    ) -> None:
        self._distances, self._rulers = distances, rulers
        self._box = ScrubBox(enableMenu=False)
        axes = {"bottom": FrameAxis("bottom"), "left": HeightAxis("left")}
        super().__init__(parent, viewBox=self._box, axisItems=axes)
        self._document, self._playback, self._activity = document, playback, activity
        self._series: dict[str, np.ndarray] = {}
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumHeight(LEAST_HEIGHT)
        self.setFrameShape(self.Shape.NoFrame)
        self.hideButtons()
        self.setMenuEnabled(False)
        plot = self.getPlotItem()
        plot.setContentsMargins(0, 2, RIGHT_MARGIN, 4)
        font = QFont(self.font())
        font.setPixelSize(11)
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setTickFont(font)
            axis.setStyle(tickLength=-4, tickTextOffset=6, maxTickLevel=0)
        plot.getAxis("left").setWidth(LEFT_AXIS)
        plot.getAxis("left").enableAutoSIPrefix(False)
        plot.getAxis("bottom").enableAutoSIPrefix(False)
        self._curves = {name: add_curve(self) for name in SHOWN}
        self._points = {name: pg.ScatterPlotItem(size=POINT_PIXELS, pen=None) for name in SHOWN}
        for points in self._points.values():
            self.addItem(points)
        self.cursor_line = pg.InfiniteLine(angle=90)
        self.cursor_line.setZValue(10)
        self.addItem(self.cursor_line, ignoreBounds=True)
        self._hover_line = pg.InfiniteLine(angle=90)
        self._hover_line.setVisible(False)
        self.addItem(self._hover_line, ignoreBounds=True)
        self._words = pg.TextItem(WAITING, anchor=(0.5, 0.5))
        self.addItem(self._words, ignoreBounds=True)
        self.brush = Brush(document, playback, plot, self)
        self.thresholds = [
            Threshold(document, f"{short}_most_mm", short, role, plot, self)
            for _, short, role in CURVES
            if short in ("mean", "max")
        ]
        self.pins = PinCurves(document, playback, pins, plot, self)
        self.pins.move(LEFT_AXIS + 8, CHIP_TOP)
        self.joint: JointCurve | None = None
        self.before = BeforeLines(document, earlier, plot, self)
        self.readout = Readout(self)
        self.menu = CurveMenu(self)
        self.menu.chosen.connect(self._on_chosen)
        self._box.setMouseEnabled(x=True, y=False)
        self._box.enableAutoRange(x=False, y=False)
        self._box.setDefaultPadding(0.0)
        self._box.frame_dragged.connect(self._on_dragged)
        self._box.frame_clicked.connect(self._on_clicked)
        self._box.range_dragged.connect(self.brush.select)
        self._box.range_cleared.connect(self.brush.clear)
        self._box.sigXRangeChanged.connect(self._on_scale)
        self._box.sigResized.connect(self._on_scale)
        self.scene().sigMouseMoved.connect(self._on_pointer)
        document.motion_changed.connect(self._on_motion)
        playback.frame_changed.connect(self._on_frame)
        document.result_changed.connect(self._on_result)
        document.analysis_changed.connect(self._on_analysis)
        activity.run_changed.connect(self._on_run)
        activity.opening_changed.connect(self._on_run)
        earlier.changed.connect(self._draw_before)
        distances.changed.connect(self._on_distances)
        rulers.changed.connect(self._on_ruler)
        self._on_motion()
        on_theme_change(self._on_theme)

    def accompany(self, inspection: Inspection, motion: JointMotion) -> None:
        """Shows the joint that is chosen, beside all else."""
        self.joint = JointCurve(self._playback, inspection, motion, self.getPlotItem(), self)
        self.joint.chip.move(LEFT_AXIS + 8, CHIP_TOP)
        self.joint.changed.connect(self._draw)

    @Slot()
    def _on_theme(self) -> None:
        self.setBackground(colours.PANEL)
        for side in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(pg.mkPen(colours.LINE))
            axis.setTextPen(pg.mkPen(colours.TEXT_SECONDARY))
        self._name_axis(self.menu.choice.unit)
        for name, role in SHOWN.items():
            self._curves[name].setPen(pg.mkPen(colours.of(role), width=1))
            self._points[name].setBrush(pg.mkBrush(colours.of(role)))
        self.cursor_line.setPen(pg.mkPen(colours.ACCENT, width=1))
        self._hover_line.setPen(pg.mkPen(colours.TEXT_DISABLED, width=1, style=Qt.PenStyle.DotLine))
        self._words.setColor(colours.TEXT_SECONDARY)
        self._draw()

    def _name_axis(self, unit: str) -> None:
        style = {"font-size": "11px"}
        self.getPlotItem().getAxis("left").setLabel(unit, color=colours.TEXT_SECONDARY, **style)

    def time_scale(self) -> TimeScale:
        """Where frames are in this widget, for what is drawn above and below the curves."""
        first, last = self._box.viewRange()[0]
        area = self._box.sceneBoundingRect()
        return TimeScale(first, last, area.left(), area.right())

    def zoom_to(self, first: int, last: int) -> None:
        """Shows these frames alone, or all where they fill the timeline already."""
        shown, all_of_it = self.time_scale(), (0.0, max(self._document.frames - 1.0, 1.0))
        wanted = (max(first - 0.5, 0.0), min(last + 0.5, all_of_it[1]))
        there = abs(shown.first - wanted[0]) < 0.5 and abs(shown.last - wanted[1]) < 0.5
        self._box.setXRange(*(all_of_it if there else wanted), padding=0)

    def frame_meant(self, x: float) -> int:
        """The frame that a pointer at ``x`` frames means: a peak close by, or the nearest."""
        frame = min(max(round(x), 0), max(self._document.frames - 1, 0))
        values = next(iter(self._series.values()), None)
        if values is None:
            return frame
        return peak_near(values, x, PEAK_PIXELS / self.time_scale().pixels_a_frame)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The legend stays in its corner."""
        super().resizeEvent(event)
        if hasattr(self, "before"):
            self._place_legend()

    def leaveEvent(self, event: QEvent) -> None:
        """The readout goes with the pointer."""
        super().leaveEvent(event)
        self._hide_readout()

    def _place_legend(self) -> None:
        self.before.place(self.width() - RIGHT_MARGIN - 4, LEGEND_MIDDLE)

    def _hide_readout(self) -> None:
        self.readout.hide()
        self._hover_line.setVisible(False)

    @Slot()
    def _on_scale(self, *_: object) -> None:
        self._hide_readout()
        self.scale_changed.emit()

    @Slot(float)
    def _on_dragged(self, x: float) -> None:
        self._playback.set_frame(round(x))

    @Slot(float)
    def _on_clicked(self, x: float) -> None:
        self._playback.set_frame(self.frame_meant(x))

    @Slot(object)
    def _on_pointer(self, place: QPointF) -> None:
        if not self._series or not self._box.sceneBoundingRect().contains(place):
            self._hide_readout()
            return
        frame = self.frame_meant(self._box.mapSceneToView(place).x())
        self._hover_line.setValue(frame)
        self._hover_line.setVisible(True)
        self.readout.tell(self._words_of(frame), QPoint(round(place.x()), round(place.y())))

    def _words_of(self, frame: int) -> str:
        said = [f"<span style='color:{colours.TEXT_SECONDARY}'>frame</span> {frame}"]
        choice, before = self.menu.choice, self.before.figures(frame)
        if CHOSEN in self._series:
            number = _number(self._series[CHOSEN][frame])
            if before:
                number = f"before {_number(before[CHOSEN])} → now {number}"
            said.append(f"{escape(choice.title)} {number} {choice.unit}")
        elif not np.isfinite(self._series["mean_mm"][frame]):
            said.append("not fitted" if choice != APART else "not fitted in both")
        else:
            if choice == APART:
                said.append(f"<span style='color:{colours.TEXT_SECONDARY}'>A–B</span>")
            if before:
                said.append(f"<span style='color:{colours.TEXT_SECONDARY}'>before → now</span>")
            for name, title, role in reversed(CURVES):
                number = _number(self._series[name][frame])
                number = f"{_number(before[name])} → {number}" if name in before else number
                colour = colours.of(WORDS.get(role, role))
                said.append(f"<span style='color:{colour}'>{title}</span> {number}")
            said[-1] += " mm"
        if self.joint is not None and self.joint.words_of(frame):
            said.append(self.joint.words_of(frame))
        return " &nbsp; ".join(said)

    @Slot()
    def _on_motion(self) -> None:
        frames = self._document.frames
        first, last = (0.0, frames - 1.0) if frames > 1 else (-0.5, 0.5)
        for side in ("left", "bottom"):
            self.getPlotItem().getAxis(side).setStyle(showValues=self._document.frames > 0)
        axis = self.getPlotItem().getAxis("bottom")
        assert isinstance(axis, FrameAxis)
        axis.frames = frames
        self._box.setLimits(xMin=first, xMax=last, yMin=0, minXRange=min(8, last - first))
        self._box.setXRange(first, last)
        self._box.setYRange(0, LEAST_TOP_MM)
        self._draw()
        self.cursor_line.setValue(self._playback.frame)
        self.cursor_line.setVisible(self._document.opened is not None)

    @Slot(int)
    def _on_frame(self, frame: int) -> None:
        self.cursor_line.setValue(frame)

    @Slot(object)
    def _on_result(self, _changed: object) -> None:
        if not self.menu.choice.metric:
            self._draw()

    @Slot()
    def _on_distances(self) -> None:
        if self.menu.choice == APART:
            self._draw()

    @Slot()
    def _on_ruler(self) -> None:
        if self.menu.choice.metric == RULER:
            self._draw()

    @Slot()
    def _on_run(self) -> None:
        if not self._series and self._words.toPlainText() in (WAITING, FITTING, NOTHING_OPEN):
            self._words.setText(self._find_series()[1])

    @Slot()
    def _on_analysis(self) -> None:
        analysis = self._document.analysis
        self.menu.metrics = analysis.metrics if analysis is not None else None
        if self.menu.choice.of_metrics:
            self._draw()

    @Slot(object)
    def _on_chosen(self, choice: CurveChoice) -> None:
        self._name_axis(choice.unit)
        self.pins.allow(choice.of_errors)
        self._draw()

    def _find_series(self) -> tuple[dict[str, np.ndarray], str]:
        """What there is to draw by curve, or words in its place."""
        choice, result, analysis = (
            self.menu.choice,
            self._document.result,
            self._document.analysis,
        )
        if not choice.metric:
            if result is None or not result.fitted.any():
                return {}, self._waiting_words()
            return {name: np.asarray(getattr(result, name), float) for name, _, _ in CURVES}, ""
        if choice == APART:
            found = self._distances.found
            if found is None:
                return {}, NO_SECOND if self._distances.pair is None else UNMEASURED_PAIR
            return {name: np.asarray(getattr(found, name), float) for name, _, _ in CURVES}, ""
        if choice.metric == RULER:
            values, why_not = self._rulers.values, UNMEASURED_RULER if self._rulers.ruler else NO_RULER
            return ({}, why_not) if values is None else ({CHOSEN: values}, "")
        if analysis is None:
            return {}, UNMEASURED
        values = choice.values(analysis.metrics)
        return ({}, NO_SUCH_COLUMN) if values is None else ({CHOSEN: np.asarray(values, float)}, "")

    def _waiting_words(self) -> str:
        if self._activity.run.active:
            return FITTING
        can_fit = self._document.opened is not None and not self._activity.opening
        return WAITING if can_fit else NOTHING_OPEN

    def _draw(self) -> None:
        self._hide_readout()
        self._series, words = self._find_series()
        nothing = np.empty(0)
        for name, curve in self._curves.items():
            values = self._series.get(name, nothing)
            curve.setData(np.arange(len(values)), values)
            alone = lone(values)
            self._points[name].setData(alone, values[alone])
        self._words.setText(words)
        self._words.setVisible(bool(words))
        if self.joint is not None:
            self.joint.draw(bool(self._series) and self.menu.choice.of_errors)
            self.pins.move(LEFT_AXIS + 8 + self.joint.room, CHIP_TOP)
        self._draw_before()
        for threshold in self.thresholds:
            threshold.line.setVisible(bool(self._series) and not self.menu.choice.metric)

    @Slot()
    def _draw_before(self) -> None:
        self.before.draw(self.menu.choice, self._series)
        beside = [] if self.joint is None else [self.joint.top]
        lines = (*self._series.values(), *self.before.lines.values(), *beside)
        top = max((top_of(values) for values in lines), default=0.0)
        low, top = 0.0, max(top, LEAST_TOP_MM if self.menu.choice.unit == "mm" else 1.0)
        if self.menu.choice.metric == RULER and self._series:
            low, top = around(self._series[CHOSEN], LEAST_TOP_MM)
        self._box.setYRange(low, top)
        self._words.setPos(max(self._document.frames - 1, 0) / 2, (low + top) / 2)


def top_of(values: np.ndarray) -> float:
    """Where the vertical axis ends: above the peaks, but one frame far out does not flatten all others."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0
    return 1.1 * min(float(known.max()), 3 * float(np.percentile(known, 99)))


def around(values: np.ndarray, least: float) -> tuple[float, float]:
    """Where the vertical axis begins and ends for values that are far from zero and change little."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, least
    middle, half = (known.max() + known.min()) / 2, max(0.6 * np.ptp(known), least / 2)
    return max(float(middle - half), 0.0), float(middle + half)


def _number(value: Any) -> str:
    return f"{value:.1f}" if np.isfinite(value) else "–"


def lone(values: np.ndarray) -> np.ndarray:
    """Ids of the finite values without a finite neighbour, which no line would show."""
    finite = np.pad(np.isfinite(values), 1)
    return np.flatnonzero(finite[1:-1] & ~finite[:-2] & ~finite[2:])
