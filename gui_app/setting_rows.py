"""Rows of one setting each: a dot if it was changed, its name, its control, and the way back."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from core.fitting.draft import Entry
from core.fitting.setting_effect import no_effect
from core.fitting.setting_values import SETTINGS
from gui_app.setting_fields import ChoiceField, NumberField
from gui_app.stage_look import Dot, tool
from gui_app.stage_words import setting_tip, value_words
from gui_app.words import plain_tip

FIELD_WIDTH = 140
HOW = "Drag sideways, type, or use the arrow keys"


class SettingRows(QWidget):
    """``edited`` carries the name of a setting and its new value, also when it goes back to what it was."""

    edited = Signal(str, object)

    def __init__(self, names: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, NumberField | ChoiceField] = {}
        self.dots: dict[str, Dot] = {}
        self.labels: dict[str, QLabel] = {}
        self.resets: dict[str, Any] = {}
        self._shown: Entry | None = None
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for row, name in enumerate(names):
            self._add(grid, row, name)

    def _add(self, grid: QGridLayout, row: int, name: str) -> None:
        dot, label = Dot(self), QLabel(SETTINGS[name].metadata["label"], self)
        field: NumberField | ChoiceField
        if "choices" in SETTINGS[name].metadata:
            field = ChoiceField(name, self)
            field.chosen.connect(partial(self.edited.emit, name))
        else:
            field = NumberField(name, self)
            field.edited.connect(partial(self._on_number, name))
        field.setFixedWidth(FIELD_WIDTH)
        field.setAccessibleName(SETTINGS[name].metadata["label"])
        back = tool("arrow-counter-clockwise", "", self)
        policy = back.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        back.setSizePolicy(policy)
        back.clicked.connect(partial(self._on_reset, name))
        for column, widget in enumerate((dot, label, field, back)):
            grid.addWidget(widget, row, column)
        self.dots[name], self.labels[name], self.fields[name], self.resets[name] = dot, label, field, back

    def show_entry(self, entry: Entry, method: str) -> None:
        """Shows the settings of a stage."""
        self._shown = entry
        for name, field in self.fields.items():
            value, changed = getattr(entry.settings, name), entry.changed(name)
            why_not = no_effect(entry.settings, name, method)
            if isinstance(field, NumberField):
                field.show_number(value)
            else:
                field.show_choice(value)
            how = HOW if isinstance(field, NumberField) else ""
            tip = plain_tip("\n".join(part for part in (setting_tip(name), why_not or how) if part))
            field.setToolTip(tip)
            self.labels[name].setToolTip(tip)
            field.setEnabled(not why_not)
            self.labels[name].setEnabled(not why_not)
            self.dots[name].set_shown(changed)
            self.resets[name].setVisible(changed)
            self.resets[name].setToolTip(f"Back to {value_words(name, getattr(entry.base, name))}")

    def _on_number(self, name: str, _value: float) -> None:
        field = self.fields[name]
        assert isinstance(field, NumberField)
        self.edited.emit(name, field.number())

    def _on_reset(self, name: str, *_: object) -> None:
        if self._shown is not None:
            self.edited.emit(name, getattr(self._shown.base, name))
