"""Playing, stepping and the figures of the frame: the row above the curves."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui_app.document.document import Document
from gui_app.document.playback import SPEEDS, Playback
from gui_app.document.view import View
from gui_app.history.distances import Distances
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import icon, tabular
from gui_app.timeline.curve_choice import APART, CurveMenu
from gui_app.timeline.threshold_boxes import ThresholdBoxes
from gui_app.widgets.buttons import action_button
from gui_app.widgets.jump_slider import JumpSlider
from gui_app.widgets.labels import Figure
from gui_app.widgets.text import FALLBACK_RATE, frames_words, which_frames

if TYPE_CHECKING:
    from gui_app.document.actions import Actions

# The selected frames in words.

TIP = "{count} selected, from the in to the out point: they alone play. A click selects none  (Ctrl+D)"


class SelectionChip(QToolButton):
    """``frames 120–180 ✕``, hidden while nothing is selected; a click clears the selection."""

    def __init__(self, playback: Playback, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playback = playback
        self.setIcon(icon("x", "ACCENT"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_sheet(
            self,
            "QToolButton { background: $CHOSEN; color: $ACCENT; border-radius: 6px; padding: 3px 8px; }"
            " QToolButton:hover { background: $CHOSEN_HOVER; color: $TEXT; }",
        )
        tabular(self)
        self.clicked.connect(self._clear)
        playback.selection_changed.connect(self._on_selection)
        self._on_selection()

    @Slot()
    def _clear(self) -> None:
        self._playback.set_selection(None)

    @Slot()
    def _on_selection(self) -> None:
        selection = self._playback.selection
        self.setVisible(selection is not None)
        if selection is not None:
            first, last = selection
            self.setText(which_frames(first, last))
            self.setToolTip(TIP.format(count=frames_words(last - first + 1)))


LEAST_WIDTH = 170
FIGURES = ("mean", "p95", "max")
ERROR_TIPS = (
    "Mean v2v error of this frame over all valid vertices",
    "95 % of the valid vertices are closer than this",
    "Error of the worst vertex of this frame",
)
APART_TIPS = (
    "Mean distance between the two fits in this frame, over all vertices",
    "95 % of the vertices are closer to their place in the other fit than this",
    "The vertex of this frame that is furthest from its place in the other fit",
)
NO_RATE = "no frame rate in file, playing at"


class Transport(QWidget):
    """Buttons, speed, frame, seconds and millimetres; a slider below them while the curves are folded away,
    which are one themselves."""

    def __init__(
        self,
        document: Document,
        view: View,
        playback: Playback,
        actions: Actions,
        menu: CurveMenu,
        distances: Distances,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._view, self._playback = document, view, playback
        self._distances = distances
        self._menu, self._alone = menu, False
        row = QHBoxLayout()
        row.setContentsMargins(10, 4, 10, 2)
        row.setSpacing(3)
        self._buttons: list[QWidget] = []
        for action in (
            actions.first,
            actions.back,
            actions.play,
            actions.forward,
            actions.last,
            actions.loop,
        ):
            self._buttons.append(action_button(action, self))
            row.addWidget(self._buttons[-1])
        row.addSpacing(6)
        row.addWidget(self._build_speed())
        row.addWidget(_line())
        for widget in self._build_frame():
            row.addWidget(widget)
        row.addSpacing(8)
        self._no_rate = QLabel(NO_RATE, self)
        self._no_rate.setProperty("role", "warning")
        row.addWidget(self._no_rate)
        row.addSpacing(4)
        row.addWidget(self._build_rate())
        row.addSpacing(8)
        self._selected = SelectionChip(playback, self)
        row.addWidget(self._selected)
        row.addStretch(1)
        self.at_most = ThresholdBoxes(document, self)
        row.addWidget(self.at_most)
        self._line_after = _line()
        row.addWidget(self._line_after)
        self._row = row
        self._mean, self._p95, self._max = (
            Figure(name, f"CURVE_{name.upper()}", tip) for name, tip in zip(FIGURES, ERROR_TIPS, strict=True)
        )
        self._unit = QLabel("mm", self)
        self._unit.setProperty("role", "secondary")
        self._figures = QWidget(self)
        beside = QHBoxLayout(self._figures)
        beside.setContentsMargins(0, 0, 4, 0)
        beside.setSpacing(10)
        for widget in (self._mean, self._p95, self._max, self._unit):
            beside.addWidget(widget)
        row.addWidget(self._figures)
        row.addWidget(menu)
        row.addWidget(action_button(actions.timeline_low, self))

        self._slider = JumpSlider(Qt.Orientation.Horizontal, self)
        self._slider.setAccessibleName("Frames")
        self._slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._slider.setToolTip("Click on a frame, or drag to it")
        self._slider.valueChanged.connect(self._on_slider)
        self._slider.hide()
        slider_row = QHBoxLayout()
        slider_row.setContentsMargins(14, 0, 14, 0)
        slider_row.addWidget(self._slider)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addLayout(slider_row)

        document.motion_changed.connect(self._on_motion)
        playback.frame_changed.connect(self._on_frame)
        document.result_changed.connect(self._on_result)
        view.peek_changed.connect(self._show_figures)
        playback.changed.connect(self._on_playback)
        document.rate_changed.connect(self._on_rate)
        # After the chip, which shows itself.
        playback.selection_changed.connect(self._make_room)
        menu.chosen.connect(self._on_chosen)
        distances.changed.connect(self._show_figures)
        self._on_motion()

    def _build_speed(self) -> QComboBox:
        self._speed = QComboBox(self)
        self._speed.setAccessibleName("Speed")
        self._speed.setToolTip("Playback speed")
        for speed in SPEEDS:
            self._speed.addItem(f"{speed:g}×", speed)
        self._speed.setCurrentIndex(SPEEDS.index(1.0))
        self._speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._speed.activated.connect(self._on_speed)
        return self._speed

    def _build_frame(self) -> list[QWidget]:
        self._frame_title = title = QLabel("frame", self)
        title.setProperty("role", "secondary")
        self._frame = QSpinBox(self)
        self._frame.setAccessibleName("Frame")
        self._frame.setToolTip("The frame shown, counted from 0; type a number to go there")
        self._frame.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._frame.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._frame.setKeyboardTracking(False)
        self._frame.valueChanged.connect(self._on_slider)
        self._frame.editingFinished.connect(self._frame.clearFocus)
        self._of = QLabel("", self)
        self._of.setProperty("role", "secondary")
        self._seconds = QLabel("", self)
        self._seconds.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for widget in (self._frame, self._of, self._seconds):
            tabular(widget)
        return [title, self._frame, self._of, self._seconds]

    def _build_rate(self) -> QDoubleSpinBox:
        self._rate = QDoubleSpinBox(self)
        self._rate.setAccessibleName("Frame rate")
        self._rate.setRange(1.0, 1000.0)
        self._rate.setDecimals(2)
        self._rate.setValue(FALLBACK_RATE)
        self._rate.setSuffix(" fps")
        self._rate.setFixedWidth(96)
        self._rate.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._rate.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._rate.setKeyboardTracking(False)
        self._rate.setToolTip("The file does not say its frame rate: type the right one (fps)")
        self._rate_edited = False
        self._rate.lineEdit().textEdited.connect(self._on_rate_edited)
        self._rate.valueChanged.connect(self._on_rate_edited)
        self._rate.editingFinished.connect(self._on_rate_given)
        return self._rate

    def set_alone(self, alone: bool) -> None:
        """Nothing else shows where in the motion the frame is: the slider does."""
        self._slider.setVisible(alone)
        self._menu.setVisible(not alone)
        self._alone = alone
        self._make_room()

    def minimumSizeHint(self) -> QSize:
        """The row gives way: what does not fit is left out."""
        return QSize(LEAST_WIDTH, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shows as much as there is room for."""
        super().resizeEvent(event)
        self._make_room()

    def _giving_way(self) -> list[tuple[QWidget, ...]]:
        """What is always there where there is room, the first to go first."""
        first, back, _play, forward, last, loop = self._buttons
        return [
            (self._speed,), (self._seconds,), (self._no_rate,), (loop,), (first, last), (self._figures,),
            (self._of,), (back, forward), (self._frame_title,),
        ]  # fmt: skip

    @Slot()
    def _make_room(self) -> None:
        leaving = [(self._line_after,), (self.at_most,), (self._p95,), (self._selected,), *self._giving_way()]
        not_wanted = {
            self._no_rate: not self._document.wants_rate,
            self._selected: self._playback.selection is None,
        }
        for widget in chain.from_iterable(leaving):
            widget.setVisible(not not_wanted.get(widget, False))
        for together in leaving:
            # What a widget within has asked for is kept by the layouts around it.
            self._figures.updateGeometry()
            self._row.invalidate()
            if self._row.sizeHint().width() <= self.width():
                break
            for widget in together:
                widget.hide()

    @Slot(int)
    def _on_slider(self, frame: int) -> None:
        self._playback.set_frame(frame)

    @Slot(int)
    def _on_speed(self, index: int) -> None:
        self._playback.set_speed(SPEEDS[index])

    @Slot(str)
    @Slot(float)
    def _on_rate_edited(self, _to: object) -> None:
        self._rate_edited = True

    @Slot()
    def _on_rate_given(self) -> None:
        self._rate.clearFocus()
        if self._rate_edited:
            self._rate_edited = False
            self._document.give_rate(self._rate.value())

    @Slot()
    def _on_motion(self) -> None:
        frames = self._document.frames
        last = max(frames - 1, 0)
        for widget in (self._slider, self._frame):
            with QSignalBlocker(widget):
                widget.setRange(0, last)
                widget.setValue(self._playback.frame)
            widget.setEnabled(frames > 1)
        self._slider.setPageStep(max(frames // 20, 1))
        self._of.setText(f"/ {last}")
        self._of.setToolTip(f"{frames_words(frames)}, counted from 0")
        self._frame.setFixedWidth(
            self._frame.fontMetrics().horizontalAdvance("0" * max(len(str(last)), 3)) + 26
        )
        self._on_rate()

    @Slot(int)
    def _on_frame(self, frame: int) -> None:
        for widget in (self._slider, self._frame):
            with QSignalBlocker(widget):
                widget.setValue(frame)
        self._show_figures()

    @Slot(object)
    def _on_result(self, _changed: object) -> None:
        self._show_figures()

    @Slot()
    def _on_playback(self) -> None:
        self._speed.setCurrentIndex(self._speed.findData(self._playback.speed))

    @Slot()
    def _on_rate(self) -> None:
        with QSignalBlocker(self._rate):
            self._rate.setValue(self._document.given_rate or FALLBACK_RATE)
        self._rate_edited = False
        self._no_rate.setText("no frame rate in file, given:" if self._document.given_rate else NO_RATE)
        self._rate.setVisible(self._document.wants_rate)
        widest = f"{self._document.frames / self._document.rate:.2f} s"
        self._seconds.setFixedWidth(self._seconds.fontMetrics().horizontalAdvance("0" * len(widest)) + 10)
        self._make_room()
        self._show_figures()

    @Slot()
    def _on_chosen(self, *_: object) -> None:
        self._show_figures()
        self._make_room()

    @Slot()
    def _show_figures(self) -> None:
        document, view, playback = self._document, self._view, self._playback
        self._seconds.setText(f"{playback.frame / document.rate:.2f} s" if document.opened else "")
        apart = self._menu.choice == APART and self._distances.pair is not None
        shown = self._distances.found if apart else view.shown
        self._unit.setText("mm A–B" if apart else "mm")
        figures = zip(
            (self._mean, self._p95, self._max), FIGURES, APART_TIPS if apart else ERROR_TIPS, strict=True
        )
        for figure, name, tip in figures:
            figure.setToolTip(tip)
            figure.set_value(
                math.nan if shown is None else float(getattr(shown, f"{name}_mm")[playback.frame])
            )


def _line() -> QFrame:
    line = QFrame()
    line.setFixedSize(17, 18)
    set_sheet(line, "border-left: 1px solid $LINE; margin-left: 8px;")
    return line
