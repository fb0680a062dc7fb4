"""How many frames are worse than the bound that the user set."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QWidget

from gui_app.state import AppState
from gui_app.theme import tabular
from gui_app.threshold import LEAST_MM, MOST_MM, Threshold
from gui_app.words import frames_words

TIP = "Frames whose worst vertex is further off than this; type it, or drag the dashed line in the curves"


class OverThreshold(QWidget):
    """``12 frames over [20.0 mm]``, counted anew while the line is dragged."""

    def __init__(self, state: AppState, threshold: Threshold, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._threshold = threshold
        self.words = QLabel("", self)
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.mm = QDoubleSpinBox(self)
        self.mm.setRange(LEAST_MM, MOST_MM)
        self.mm.setDecimals(1)
        self.mm.setSuffix(" mm")
        self.mm.setFixedWidth(74)
        self.mm.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.mm.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.mm.setKeyboardTracking(False)
        self.mm.setValue(threshold.mm)
        for widget in (self.words, self.mm):
            tabular(widget)
            widget.setToolTip(TIP)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.words)
        row.addWidget(self.mm)
        self.mm.valueChanged.connect(threshold.set_mm)
        self.mm.editingFinished.connect(self.mm.clearFocus)
        threshold.changed.connect(self._on_changed)
        state.result_changed.connect(self._count)
        state.motion_changed.connect(self._count)
        self._count()

    @Slot(float)
    def _on_changed(self, mm: float) -> None:
        with QSignalBlocker(self.mm):
            self.mm.setValue(mm)
        self._count()

    @Slot()
    def _count(self, *_: object) -> None:
        result = self._state.result
        if result is None:
            self.words.setText("frames over")
            return
        self.words.setText(f"{frames_words(int(np.count_nonzero(result.max_mm > self._threshold.mm)))} over")
