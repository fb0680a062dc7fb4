"""Rows of one setting each: a dot if it was changed, its name, its control made from what the setting
says, the way back."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget

from core.fitting.recipe.draft import DraftStage
from core.fitting.recipe.setting_rules import AUTO, SETTINGS, is_open, is_whole, no_effect
from gui_app.stages.text import setting_tip, value_words
from gui_app.widgets.cards import FIELD_HEIGHT, Dot, tool
from gui_app.widgets.drag_field import DragField
from gui_app.widgets.text import plain_tip

# Controls of single settings, made from what the settings say of themselves.

# Numbers over many powers of ten go up and down by 1, 2, 5, 10, …
SERIES = (1.0, 2.0, 5.0)
PIXELS_A_STEP = 10.0
DECIMALS = 10
FIRST_ABOVE_ZERO = 1e-4


class NumberField(DragField):
    """A number of a setting, within its range; steps grow with the number unless it is a whole one.

    Where a setting may be left open, a number below its range stands for that.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        metadata = SETTINGS[name].metadata
        self._low, self._high = metadata["range"]
        self._whole, self._open = is_whole(name), is_open(name)
        unit = f" {metadata['unit']}" if metadata["unit"] else ""
        super().__init__(unit, 0 if self._whole else DECIMALS, 1.0, self._high, parent)
        if self._open:
            self.setSpecialValueText(AUTO)
        self.setRange(self._low - 1 if self._open else self._low, self._high)
        self.setFixedHeight(FIELD_HEIGHT)

    def set_most(self, most: float) -> None:
        """Numbers go up to this, or to where the setting ends; what it shows then is no more than that."""
        self.blockSignals(True)
        self.setMaximum(min(most, self._high))
        self.blockSignals(False)

    def number(self) -> float | int | None:
        """What the setting is to be; None for open."""
        value = self.value()
        if self._open and value < self._low:
            return None
        return round(value) if self._whole else value

    def show_number(self, number: float | None) -> None:
        """Shows what the setting is."""
        self.blockSignals(True)
        self.setValue(self._low - 1 if number is None else number)
        self.blockSignals(False)

    def textFromValue(self, value: float) -> str:
        """As few digits as it needs."""
        return f"{value:g}"

    def valueFromText(self, text: str) -> float:
        """Also 1e-3, and a comma for the point."""
        return _number(text.removesuffix(self.suffix()).removeprefix(self.prefix()), self.value())

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Takes what can become a number."""
        typed = text.removesuffix(self.suffix()).removeprefix(self.prefix()).strip()
        if typed == self.specialValueText() and typed:
            return QValidator.State.Acceptable, text, position
        if not set(typed.lower()) <= set("0123456789.,e+-auto"):
            return QValidator.State.Invalid, text, position
        number = _number(typed, math.nan)
        fits = self.minimum() <= number <= self.maximum()
        state = QValidator.State.Acceptable if fits else QValidator.State.Intermediate
        return state, text, position

    def fixup(self, text: str) -> str:
        """What lies beyond the range becomes its end."""
        number = _number(text.removesuffix(self.suffix()).removeprefix(self.prefix()), self.value())
        return f"{self.prefix()}{min(max(number, self.minimum()), self.maximum()):g}{self.suffix()}"

    def stepBy(self, steps: int) -> None:
        """The next number up or down."""
        self.setValue(self._stepped(self.value(), steps))

    def dragged(self, start: float, pixels: float) -> float:
        """Where a drag by so many pixels leads to."""
        return self._stepped(start, int(pixels / PIXELS_A_STEP))

    def _stepped(self, value: float, steps: int) -> float:
        if self._whole:
            return value + steps
        for _ in range(abs(steps)):
            value = self._up(value) if steps > 0 else self._down(value)
        return value

    def _up(self, value: float) -> float:
        if self._open and value < self._low:
            return self._low
        if value < FIRST_ABOVE_ZERO and self._low == 0:
            return FIRST_ABOVE_ZERO
        return _next(value, 1)

    def _down(self, value: float) -> float:
        if self._open and value <= self._low:
            return self._low - 1
        if value <= FIRST_ABOVE_ZERO * (1 + 1e-9) and self._low == 0:
            return 0.0
        return _next(value, -1)


def _number(text: str, otherwise: float) -> float:
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return otherwise
    return number if math.isfinite(number) else otherwise


def _next(value: float, way: int) -> float:
    """The number of the series above or below a positive one."""
    power = 10.0 ** math.floor(math.log10(value))
    steps = sorted(f * p for p in (power / 10, power, power * 10) for f in SERIES)
    if way > 0:
        return next(step for step in steps if step > value * (1 + 1e-6))
    return next(step for step in reversed(steps) if step < value * (1 - 1e-6))


class ChoiceField(QComboBox):
    """One of a few words."""

    chosen = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for choice in SETTINGS[name].metadata["choices"]:
            self.addItem(str(choice), choice)
        self.setFixedHeight(FIELD_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.activated.connect(self._on_activated)

    def show_choice(self, value: Any) -> None:
        """Shows what the setting is."""
        self.setCurrentIndex(self.findData(value))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolls the panel."""
        event.ignore()

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self.chosen.emit(self.itemData(index))


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
        self._shown: DraftStage | None = None
        self._folded: frozenset[str] = frozenset()
        self._seen: set[str] = set()
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
        back.setAccessibleName("Reset")
        _keep_place(back, True)
        back.clicked.connect(partial(self._on_reset, name))
        for column, widget in enumerate((dot, label, field, back)):
            grid.addWidget(widget, row, column)
        self.dots[name], self.labels[name], self.fields[name], self.resets[name] = dot, label, field, back

    def show_entry(self, entry: DraftStage, method: str, counts: Mapping[str, int] | None = None) -> None:
        """Shows the settings of a stage.

        Args:
            entry: the stage.
            method: of the recipe.
            counts: of settings that count what the body has, how many it has.
        """
        counts = counts or {}
        if self._shown is None or entry.base != self._shown.base:
            self._seen.clear()
        self._shown = entry
        for name, field in self.fields.items():
            value, changed = getattr(entry.settings, name), entry.changed(name)
            why_not = no_effect(entry.settings, name, method)
            if isinstance(field, NumberField):
                field.set_most(counts.get(name, math.inf))
                field.show_number(value)
            else:
                field.show_choice(value)
            how = HOW if isinstance(field, NumberField) else ""
            words = (setting_tip(name, counts.get(name)), why_not or how)
            tip = plain_tip("\n".join(part for part in words if part))
            field.setToolTip(tip)
            self.labels[name].setToolTip(tip)
            field.setEnabled(not why_not)
            self.labels[name].setEnabled(not why_not)
            self.dots[name].set_shown(changed)
            self.resets[name].setToolTip(f"Back to {value_words(name, getattr(entry.base, name))}")
        self._place()

    def fold(self, names: Collection[str]) -> None:
        """Keeps rows out of sight, but for those whose setting is changed; where a name has no row, nothing
        is done."""
        self._folded = frozenset(names)
        self._seen.clear()
        self._place()

    def _place(self) -> None:
        """A row that was to be seen stays so: it would be gone while somebody drags its number past what the
        setting was."""
        for name in self.fields:
            changed = self._shown is not None and self._shown.changed(name)
            if changed:
                self._seen.add(name)
            shown = name not in self._folded or name in self._seen
            _keep_place(self.resets[name], shown)
            for widget in (self.dots[name], self.labels[name], self.fields[name]):
                widget.setVisible(shown)
            self.resets[name].setVisible(changed)

    def _on_number(self, name: str, _value: float) -> None:
        field = self.fields[name]
        assert isinstance(field, NumberField)
        self.edited.emit(name, field.number())

    def _on_reset(self, name: str, *_: object) -> None:
        if self._shown is not None:
            self.edited.emit(name, getattr(self._shown.base, name))


def _keep_place(widget: QWidget, kept: bool) -> None:
    """Whether a widget keeps its place while it is hidden."""
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(kept)
    widget.setSizePolicy(policy)
