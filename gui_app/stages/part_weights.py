"""How much the skin of each body part counts in a stage."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.fitting.recipe.draft import DraftStage
from core.fitting.recipe.setting_rules import no_effect
from core.model.joints import PARTS
from gui_app.stages.body_picture import PartPicture
from gui_app.stages.setting_rows import NumberField
from gui_app.stages.text import setting_tip, value_words
from gui_app.widgets.cards import section, tool
from gui_app.widgets.text import plain_tip

FIELD_WIDTH = 64
NAME = "part_weights"


class PartWeights(QWidget):
    """``edited`` carries ``'part_weights'`` and all six of them."""

    edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, NumberField] = {}
        self._labels: dict[str, QLabel] = {}
        self._shown: DraftStage | None = None
        self.reset = tool("arrow-counter-clockwise", "", self)
        self.reset.setAccessibleName("Reset the weights")
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.reset.clicked.connect(self._on_reset)
        head = QHBoxLayout()
        head.addWidget(section("WEIGHTS", self))
        head.addStretch(1)
        head.addWidget(self.reset)
        self.picture = PartPicture(self)
        self.picture.edited.connect(self._on_number)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        for row, part in enumerate(PARTS):
            label, field = QLabel(part, self), NumberField(NAME, self)
            field.setPrefix("×")
            field.setFixedWidth(FIELD_WIDTH)
            field.setAccessibleName(f"Weight of {part}")
            field.edited.connect(partial(self._on_number, part))
            # A dot beside it moves nothing.
            label.setMinimumWidth(label.fontMetrics().horizontalAdvance("hands •") + 2)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
            self.fields[part], self._labels[part] = field, label
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(0)
        column_.addLayout(head)
        both = QHBoxLayout()
        both.setSpacing(14)
        both.addStretch(1)
        both.addWidget(self.picture)
        both.addLayout(grid)
        both.addStretch(1)
        column_.addLayout(both)

    def show_entry(self, entry: DraftStage, method: str) -> None:
        """Shows the weights of a stage."""
        self._shown = entry
        why_not = no_effect(entry.settings, NAME, method)
        was = entry.base.part_weights
        self.picture.show_weights(entry.settings.part_weights, why_not)
        for part, weight, before in zip(PARTS, entry.settings.part_weights, was, strict=True):
            field, label = self.fields[part], self._labels[part]
            field.show_number(weight)
            label.setText(f"{part} •" if weight != before else part)
            for widget in (field, label):
                widget.setEnabled(not why_not)
                widget.setToolTip(plain_tip(f"{setting_tip(NAME)}\n{why_not}".strip()))
        self.reset.setVisible(entry.changed(NAME))
        self.reset.setToolTip(f"Back to {value_words(NAME, was)}")

    def _on_number(self, part: str, value: float) -> None:
        if self._shown is None:
            return
        weights = list(self._shown.settings.part_weights)
        weights[PARTS.index(part)] = value
        self.edited.emit(NAME, tuple(weights))

    def _on_reset(self, *_: object) -> None:
        if self._shown is not None:
            self.edited.emit(NAME, self._shown.base.part_weights)
