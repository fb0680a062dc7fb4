"""From when on a frame is a problem: one threshold at a time, on a slider; remembered from one start to
the next."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QSlider, QWidget

from core.files.containers.documents import parsed_json
from core.problems.thresholds import ProblemThresholds
from gui_app.document.document import Document
from gui_app.document.preferences import Preferences
from gui_app.document.problem_text import amount_words
from gui_app.style.theme import tabular
from gui_app.widgets.buttons import allow
from gui_app.widgets.cards import tool
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.problems.detect import Problem

# The thresholds of problem frames, remembered from one start to the next.

log = logging.getLogger(__name__)

THRESHOLDS = "problem_thresholds"
DEFAULTS = ProblemThresholds()
LINE, LINE_MM = "threshold_mm", 20.0
"""An earlier version kept its line across the curves by itself, here where nobody had moved it."""


class KeptThresholds(QObject):
    """Gives the window those of the last time, and stores each change."""

    def __init__(self, document: Document, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._preferences = document, preferences
        document.set_thresholds(self._kept())
        document.thresholds_changed.connect(self._store)

    def _kept(self) -> ProblemThresholds:
        text = self._preferences.text(THRESHOLDS, "")
        line = self._preferences.number(LINE, LINE_MM)
        try:
            kept = parsed_json(text) if text else {}
            if line != LINE_MM:
                kept = {"max_most_mm": line, **kept}
            return ProblemThresholds(**kept)
        except (ValueError, TypeError):
            log.warning("The kept thresholds of problems cannot be read; the usual ones are used")
            return DEFAULTS

    @Slot()
    def _store(self) -> None:
        changed = {
            name: value
            for name, value in asdict(self._document.thresholds).items()
            if value != getattr(DEFAULTS, name)
        }
        self._preferences.store(THRESHOLDS, json.dumps(changed) if changed else "")
        # What stood there has been taken over, and may have been changed since.
        self._preferences.store(LINE, LINE_MM)


LEAST_WIDTH, WIDTH, LEAST_SLIDER = 110, 156, 56
STEPS = 40
REACH = 8.0
"""The slider goes from the default divided by this to the default times this."""
FIELDS = {item.name: item for item in fields(ProblemThresholds)}
FIRST = "part_mm"
MOST_FRAMES = 20


class ThresholdLine(QWidget):
    """Changes ``document.thresholds``; what is found with them follows."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.which = QComboBox(self)
        self.which.setAccessibleName("Threshold")
        for name, item in FIELDS.items():
            self.which.addItem(item.metadata["label"], name)
        self.which.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.which.setSizeAdjustPolicy(self.which.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.which.setMinimumContentsLength(8)
        self.which.setMinimumWidth(LEAST_WIDTH)
        self.which.setMaximumWidth(WIDTH)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("Value of the threshold")
        self.slider.setRange(-STEPS, STEPS)
        self.slider.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.slider.setPageStep(STEPS // 8)
        self.value = QLabel(self)
        tabular(self.value)
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.value.setFixedWidth(self.value.fontMetrics().horizontalAdvance("+88.8 mm/f²") + 2)
        self.value.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.reset = tool("arrow-counter-clockwise", "All thresholds as they were", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.which)
        self.slider.setMinimumWidth(LEAST_SLIDER)
        row.addWidget(self.slider, 1)
        row.addWidget(self.value)
        row.addWidget(self.reset)
        self.which.setCurrentIndex(list(FIELDS).index(FIRST))
        self.which.currentIndexChanged.connect(self._present)
        self.slider.valueChanged.connect(self._on_slider)
        self.reset.clicked.connect(self._on_reset)
        document.thresholds_changed.connect(self._present)
        self._present()

    @property
    def name(self) -> str:
        """The threshold on the slider."""
        return str(self.which.currentData())

    def show_threshold(self, problem: Problem) -> None:
        """Puts the one on the slider that makes this a problem."""
        from core.problems.rules import ProblemKind, rule_of

        rule = rule_of(problem.metric, problem.kind)
        name = "throughout_mm" if problem.kind is ProblemKind.THROUGHOUT else rule and rule.bound.name
        if name:
            self.which.setCurrentIndex(list(FIELDS).index(name))

    @Slot(int)
    def _on_slider(self, place: int) -> None:
        change: dict[str, Any] = {self.name: value_at(self.name, place)}
        self._document.set_thresholds(replace(self._document.thresholds, **change))

    @Slot()
    def _on_reset(self) -> None:
        self._document.set_thresholds(DEFAULTS)

    @Slot()
    def _present(self, *_: object) -> None:
        name, thresholds = self.name, self._document.thresholds
        value, metadata = getattr(thresholds, name), FIELDS[name].metadata
        unit = metadata["unit"]
        with QSignalBlocker(self.slider):
            self.slider.setValue(place_of(name, value))
        plus = "+" if metadata["over_median"] else ""
        self.value.setText(f"{plus}{amount_words(value, unit, '.3g')}")
        default = f"{plus}{getattr(DEFAULTS, name):g} {unit}".strip()
        tip = plain_tip(f"{metadata['help']}\n{default} at first; to the left more frames are problems")
        for widget in (self.which, self.slider, self.value):
            widget.setToolTip(tip)
        allow(self.reset, "" if thresholds != DEFAULTS else "All thresholds are as they were at first")


def value_at(name: str, place: int) -> float | int:
    """The threshold at a place of the slider."""
    if name == "join_frames":
        return round((place + STEPS) * MOST_FRAMES / (2 * STEPS))
    value = getattr(DEFAULTS, name) * REACH ** (place / STEPS)
    return float(f"{value:.3g}")


def place_of(name: str, value: float) -> int:
    """The place of the slider for a threshold, as near as there is one."""
    if name == "join_frames":
        return round(value * 2 * STEPS / MOST_FRAMES) - STEPS
    if value <= 0:
        return -STEPS
    return round(STEPS * math.log(value / getattr(DEFAULTS, name), REACH))
