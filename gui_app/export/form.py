"""The few options of each kind of export; rows that do not matter are hidden."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QLabel, QSpinBox, QWidget

from core.outputs.export_format import Option, RangeName
from core.outputs.meshes import BODY, STEP, UP_AXIS
from core.outputs.published_pickle import FILES
from core.outputs.results import RESULT
from core.outputs.tables import CONTENTS
from gui_app.document.playback import SPEEDS
from gui_app.document.state import AppState
from gui_app.export.kinds import (
    ANIMATION,
    CAMERA,
    CAPTIONS,
    GIF_RATES,
    KIND,
    KINDS,
    RATE,
    SIZE,
    SPEED,
    TRANSPARENT,
    VIDEO_RATES,
    ZOOM,
    Choice,
)
from gui_app.style.theme import tabular
from gui_app.widgets.text import frames_words

FIELD_WIDTH = 250
GIF_SIZE = "960 × 540"
LABEL_WIDTH = 130
TEXT_MARGINS = (7, 0, 0, 0)
MOST_STEP = 10_000


class ExportForm(QWidget):
    """Turns what is set into a `Choice`."""

    changed = Signal()

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._kind = RESULT.name
        self._view = (0, 0)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(18)
        self._form.setVerticalSpacing(9)
        self.range = self._combo()
        self.step = QSpinBox(self)
        self.step.setRange(1, MOST_STEP)
        self.step.setPrefix("every ")
        self.step.setSuffix(" frames")
        self.step.setSpecialValueText("every frame")
        self.body = self._combo(*BODY.choices)
        self.up_axis = self._combo()
        self.files = self._combo(*FILES.choices)
        self.table = self._combo(*CONTENTS.choices)
        self.pixels = self._combo(*SIZE.choices)
        self.rate = self._combo()
        self.speed = QDoubleSpinBox(self)
        self.speed.setRange(SPEEDS[0], SPEEDS[-1])
        self.speed.setDecimals(2)
        self.speed.setSingleStep(0.25)
        self.speed.setSuffix("×")
        self.speed.setValue(1.0)
        self.camera = self._combo(*CAMERA.choices)
        self.zoom = self._combo()
        self.transparent = QCheckBox("Transparent, without floor", self)
        self.captions = QCheckBox("Labels and colour bar", self)
        self.captions.setChecked(True)
        self.people = self._combo()
        self._add_row("People", self.people)
        self._add_row("Frames", self.range)
        self._fields: dict[Option, QWidget] = {
            BODY: self.body,
            STEP: self.step,
            UP_AXIS: self.up_axis,
            FILES: self.files,
            CONTENTS: self.table,
            SIZE: self.pixels,
            RATE: self.rate,
            SPEED: self.speed,
            CAMERA: self.camera,
            ZOOM: self.zoom,
            CAPTIONS: self.captions,
            TRANSPARENT: self.transparent,
        }
        # What a format asks that no other does brings its own words.
        self._further: dict[str, QComboBox] = {}
        for option in (option for kind in KINDS for option in kind.options):
            if option not in self._fields:
                self._fields[option] = self._further[option.name] = self._combo(*option.choices)
        for option, field in self._fields.items():
            self._add_row(option.label, field)
            field.setToolTip(option.tip)
        for box in (self.step, self.speed):
            tabular(box)
            box.setFixedWidth(FIELD_WIDTH)
            box.lineEdit().setTextMargins(*TEXT_MARGINS)
        self.step.valueChanged.connect(self._emit)
        self.speed.valueChanged.connect(self._emit)
        self.transparent.toggled.connect(self._emit)
        self.captions.toggled.connect(self._emit)
        self.refill()

    def _combo(self, *items: tuple[str, Any]) -> QComboBox:
        combo = QComboBox(self)
        combo.setFixedWidth(FIELD_WIDTH)
        for text, value in items:
            combo.addItem(text, value)
        combo.currentIndexChanged.connect(self._emit)
        return combo

    def _add_row(self, title: str, field: QWidget) -> None:
        label = QLabel(title, self)
        label.setMinimumWidth(LABEL_WIDTH)
        self._form.addRow(label, field)

    def set_kind(self, kind: str) -> None:
        """Shows the options of one kind."""
        if kind == ANIMATION.name != self._kind:
            self.pixels.setCurrentText(GIF_SIZE)
        self._kind = kind
        self._form.setRowVisible(self.range, bool(KIND[kind].ranges))
        for option, field in self._fields.items():
            self._form.setRowVisible(field, option in KIND[kind].options)
        self.refill()

    def set_view(self, size: tuple[int, int]) -> None:
        """Device pixels of the window's view, for the sizes of a picture."""
        self._view = size
        _refill(self.zoom, [(f"{n}×  {n * size[0]:,} × {n * size[1]:,}", n) for n in (1, 2, 3, 4)], 2)

    def set_people(self, count: int) -> None:
        """How many are in the file that is open; where there is one, nothing is asked."""
        lines = [("Who is shown", False), (f"All {count}, a file each", True)]
        _refill(self.people, lines if count > 1 else lines[:1], False)
        self._emit()

    @Slot()
    def refill(self) -> None:
        """Frames, rates and axes of the motion that is open and of the kind."""
        state = self._state
        ranges: dict[RangeName, tuple[str, bool]] = {
            "all": (f"All {frames_words(state.document.frames)}", True),
            "selection": ("The selection", state.playback.selection is not None),
            "current": (f"This frame, {state.playback.frame:,}", True),
        }
        if state.playback.selection is not None:
            first, last = state.playback.selection
            ranges["selection"] = (f"The selection, {first:,} to {last:,}", True)
        offered = [(ranges[name][0], name) for name in KIND[self._kind].ranges if ranges[name][1]]
        _refill(self.range, offered, "all")
        rates = GIF_RATES if self._kind == ANIMATION.name else VIDEO_RATES
        _refill(self.rate, [(str(rate), rate) for rate in rates], 20 if self._kind == ANIMATION.name else 30)
        own = state.document.opened.motion.up_axis if state.document.opened else "z"
        axes = [
            (f"{axis} up{', as in the motion' if axis == own else ''}", axis)
            for axis in dict.fromkeys(("z", "y", own))
        ]
        _refill(self.up_axis, axes, own)
        self._emit()

    def choice(self) -> Choice:
        """What is set."""
        state = self._state
        name = self.range.currentData() or "all"
        frames = (0, max(state.document.frames - 1, 0))
        if not KIND[self._kind].ranges or name == "current":
            frames = (state.playback.frame, state.playback.frame)
        elif name == "selection" and state.playback.selection is not None:
            frames = state.playback.selection
        choice = Choice(
            kind=self._kind,
            frames=frames,
            step=self.step.value(),
            single=name == "current",
            body=self.body.currentData(),
            up_axis=self.up_axis.currentData() or "z",
            one_file=self.files.currentData(),
            table=self.table.currentData(),
            size=self.pixels.currentData(),
            rate=self.rate.currentData() or 30,
            speed=self.speed.value(),
            turntable=self.camera.currentData(),
            captions=self.captions.isChecked(),
            zoom=self.zoom.currentData() or 1,
            transparent=self.transparent.isChecked(),
            further={name: field.currentData() for name, field in self._further.items()},
        )
        if not self.people.currentData() or not choice.suits_everyone:
            return choice
        return replace(choice, everyone=True, single=False, frames=(0, max(state.document.frames - 1, 0)))

    @Slot()
    def _emit(self, *_: object) -> None:
        choice = self.choice()
        self._form.setRowVisible(self.people, self.people.count() > 1 and choice.suits_everyone)
        self._form.setRowVisible(self.range, bool(choice.format.ranges) and not choice.everyone)
        single = self.range.currentData() == "current" and not choice.everyone
        self.step.setEnabled(not single)
        self.files.setEnabled(not single)
        self.changed.emit()


def _refill(combo: QComboBox, items: list[tuple[str, Any]], default: Any) -> None:
    """New lines in place of the old, keeping what is chosen where it is still there."""
    chosen = combo.currentData()
    with QSignalBlocker(combo):
        combo.clear()
        for text, value in items:
            combo.addItem(text, value)
        values = [value for _, value in items]
        wanted = chosen if chosen in values else default
        combo.setCurrentIndex(values.index(wanted) if wanted in values else 0)
