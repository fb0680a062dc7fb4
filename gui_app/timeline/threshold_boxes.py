"""What mean and worst vertex of a frame may be at most, as numbers to type."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QWidget

from gui_app.document.document import Document
from gui_app.style.theme import tabular
from gui_app.timeline.threshold import LEAST_MM, MOST_MM
from gui_app.widgets.text import plain_tip

BOUNDS = (("mean_most_mm", "mean", "mean error"), ("max_most_mm", "max", "worst vertex"))
TIP = (
    "A frame whose {what} is over this is a problem frame: type it, or drag the dashed line in the curves.\n"
    "Problem frames, these and those that stand out from the median, are counted above and listed by T"
)


class ThresholdBoxes(QWidget):
    """``at most mean [20.0 mm] max [50.0 mm]``: two of ``document.thresholds``.

    Attributes:
        fields: the boxes by name of the threshold.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        title = QLabel("at most", self)
        title.setProperty("role", "secondary")
        row.addWidget(title)
        self.fields: dict[str, QDoubleSpinBox] = {}
        for name, short, what in BOUNDS:
            box = QDoubleSpinBox(self)
            box.setRange(LEAST_MM, MOST_MM)
            box.setDecimals(1)
            box.setSuffix(" mm")
            box.setFixedWidth(74)
            box.setAlignment(Qt.AlignmentFlag.AlignRight)
            box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            box.setKeyboardTracking(False)
            box.setAccessibleName(f"{short} at most")
            tabular(box)
            label = QLabel(short, self)
            for widget in (label, box):
                widget.setToolTip(plain_tip(TIP.format(what=what)))
                row.addWidget(widget)
            self.fields[name] = box
            box.valueChanged.connect(self._on_typed)
            box.editingFinished.connect(box.clearFocus)
        document.thresholds_changed.connect(self._present)
        self._present()

    @Slot()
    def _on_typed(self, *_: object) -> None:
        document = self._document
        typed = {name: box.value() for name, box in self.fields.items()}
        # A box has one digit; what it shows already is not rounded.
        changed: dict[str, Any] = {
            name: mm for name, mm in typed.items() if mm != round(getattr(document.thresholds, name), 1)
        }
        document.set_thresholds(replace(document.thresholds, **changed))

    @Slot()
    def _present(self) -> None:
        for name, box in self.fields.items():
            with QSignalBlocker(box):
                box.setValue(getattr(self._document.thresholds, name))
