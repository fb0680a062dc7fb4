"""The few options of each kind of export; rows that do not matter are hidden."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QLabel, QSpinBox, QWidget

from gui_app.document.playback import SPEEDS
from gui_app.document.state import AppState
from gui_app.export.kinds import GIF_RATES, KIND, VIDEO_RATES, VIDEO_SIZES, Choice, KindName, RangeName
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
        self._kind: KindName = "npz"
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
        self.body = self._combo(("Fit", "fit"), ("Source", "source"))
        self.up_axis = self._combo()
        self.files = self._combo(("One file, axis-angle", True), ("One file a frame, matrices", False))
        self.table = self._combo(("Errors by frame", "errors"), ("Joint positions of the fit", "joints"))
        self.pixels = self._combo(*VIDEO_SIZES.items())
        self.rate = self._combo()
        self.speed = QDoubleSpinBox(self)
        self.speed.setRange(SPEEDS[0], SPEEDS[-1])
        self.speed.setDecimals(2)
        self.speed.setSingleStep(0.25)
        self.speed.setSuffix("×")
        self.speed.setValue(1.0)
        self.camera = self._combo(("As in the window", False), ("Once around the body in 12 s", True))
        self.zoom = self._combo()
        self.transparent = QCheckBox("Transparent, without floor", self)
        self.captions = QCheckBox("Labels and colour bar", self)
        self.captions.setChecked(True)
        self._rows: dict[QWidget, tuple[KindName, ...]] = {}
        films: tuple[KindName, ...] = ("mp4", "gif")
        meshes: tuple[KindName, ...] = ("obj", "ply")
        self._row("Frames", self.range, "npz", "pkl", *meshes, "csv", *films)
        self._row("Body", self.body, *meshes)
        self._row("Write", self.step, *meshes)
        self._row("Up axis", self.up_axis, *meshes)
        self._row("Files", self.files, "pkl")
        self._row("Contents", self.table, "csv")
        self._row("Size, pixels", self.pixels, *films)
        self._row("Pictures a second", self.rate, *films)
        self._row("Speed", self.speed, *films)
        self._row("Camera", self.camera, *films)
        self._row("Size, pixels", self.zoom, "png")
        self._row("Captions", self.captions, "png", *films)
        self._row("Background", self.transparent, "png")
        for box in (self.step, self.speed):
            tabular(box)
            box.setFixedWidth(FIELD_WIDTH)
            box.lineEdit().setTextMargins(*TEXT_MARGINS)
        self.step.setToolTip("Every how manieth frame becomes a mesh")
        self.speed.setToolTip("Times faster than life")
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

    def _row(self, title: str, field: QWidget, *kinds: KindName) -> None:
        label = QLabel(title, self)
        label.setMinimumWidth(LABEL_WIDTH)
        self._form.addRow(label, field)
        self._rows[field] = kinds

    def set_kind(self, kind: KindName) -> None:
        """Shows the options of one kind."""
        if kind == "gif" != self._kind:
            self.pixels.setCurrentText(GIF_SIZE)
        self._kind = kind
        for field, kinds in self._rows.items():
            self._form.setRowVisible(field, kind in kinds)
        self.refill()

    def set_view(self, size: tuple[int, int]) -> None:
        """Device pixels of the window's view, for the sizes of a picture."""
        self._view = size
        _refill(self.zoom, [(f"{n}×  {n * size[0]:,} × {n * size[1]:,}", n) for n in (1, 2, 3, 4)], 2)

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
        rates = GIF_RATES if self._kind == "gif" else VIDEO_RATES
        _refill(self.rate, [(str(rate), rate) for rate in rates], 20 if self._kind == "gif" else 30)
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
        if self._kind == "png" or name == "current":
            frames = (state.playback.frame, state.playback.frame)
        elif name == "selection" and state.playback.selection is not None:
            frames = state.playback.selection
        return Choice(
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
        )

    @Slot()
    def _emit(self, *_: object) -> None:
        single = self.range.currentData() == "current"
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
