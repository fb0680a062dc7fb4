"""Rows of one parameter each: name, number of the fit, number of the source, and the way back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QToolButton, QWidget

from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import icon, tabular
from gui_app.widgets.coefficient_bar import SigmaBar
from gui_app.widgets.drag_field import HOW, DragField
from gui_app.widgets.labels import NO_NUMBER

RESET_ICON = 14
HEIGHT = 26
FIELD_STYLE = "* { padding: 2px 6px; } *:disabled { color: $TEXT_DISABLED; }"


@dataclass(frozen=True)
class Unit:
    """How numbers of a kind are shown and stepped: ``suffix`` after each, ``limit`` on both sides."""

    suffix: str
    decimals: int
    step: float
    limit: float
    bar: bool = False


DEGREES = Unit("°", 1, 0.5, 360.0)
METRES = Unit(" m", 3, 0.001, 100_000.0)
SIGMA = Unit(" σ", 2, 0.05, 5.0, bar=True)


class ParameterRows(QWidget):
    """``edited`` tells the row and its number while it changes, ``finished`` when it is done."""

    edited = Signal(int, float)
    finished = Signal()
    reset = Signal(int)

    def __init__(self, unit: Unit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._unit = unit
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(3)
        self._names: list[QLabel] = []
        self._sources: list[QLabel] = []
        self._bars: list[SigmaBar] = []
        self.fields: list[DragField] = []
        self.resets: list[QToolButton] = []
        self._source_column, self._field_column, self._reset_column = 1, 2 + unit.bar, 3 + unit.bar
        for column, words in ((self._source_column, "source"), (self._field_column, "fit")):
            title = QLabel(words, self)
            title.setProperty("role", "section")
            self._grid.addWidget(title, 0, column, Qt.AlignmentFlag.AlignRight)
        self._grid.setColumnStretch(2 if unit.bar else 0, 1)

    def __len__(self) -> int:
        return len(self.fields)

    def set_rows(self, names: Sequence[str], tips: Sequence[str]) -> None:
        """Makes as many rows as there are names, each with what its number means."""
        while len(self.fields) < len(names):
            self._add_row()
        for row, field in enumerate(self.fields):
            shown = row < len(names)
            for widget in (
                self._names[row],
                self._sources[row],
                field,
                self.resets[row],
                *self._bars_of(row),
            ):
                widget.setVisible(shown)
            if shown:
                self._names[row].setText(names[row])
                self._names[row].setToolTip(tips[row])
                field.setToolTip(f"{tips[row]}: {HOW}")
                field.setAccessibleName(f"{names[row]} of the fit")

    def _add_row(self) -> None:
        row, unit = len(self.fields), self._unit
        name, source = QLabel(self), QLabel(NO_NUMBER, self)
        field = DragField(unit.suffix, unit.decimals, unit.step, unit.limit, self)
        widest = "-180.0°" if unit is DEGREES else "-100.000 m" if unit is METRES else "-5.00 σ"
        set_sheet(field, FIELD_STYLE)
        field.setFixedHeight(HEIGHT)
        field.setFixedWidth(field.fontMetrics().horizontalAdvance(widest) + 24)
        source.setProperty("role", "secondary")
        source.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        source.setMinimumWidth(source.fontMetrics().horizontalAdvance(widest) + 4)
        source.setToolTip("The source's number")
        tabular(source)
        button = QToolButton(self)
        button.setIcon(icon("arrow-counter-clockwise", "TEXT_SECONDARY"))
        button.setIconSize(QSize(RESET_ICON, RESET_ICON))
        button.setFixedSize(24, 24)
        button.setStyleSheet("padding: 2px;")
        button.setToolTip("Put this number back as it was before it was edited")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)
        field.edited.connect(partial(self.edited.emit, row))
        field.finished.connect(self.finished)
        button.clicked.connect(partial(self._reset, row))
        if unit.bar:
            bar = SigmaBar(self)
            bar.edited.connect(partial(self.edited.emit, row))
            bar.finished.connect(self.finished)
            self._bars.append(bar)
            self._grid.addWidget(bar, row + 1, 2)
        name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._grid.addWidget(name, row + 1, 0)
        self._grid.addWidget(source, row + 1, self._source_column)
        self._grid.addWidget(field, row + 1, self._field_column)
        self._grid.addWidget(button, row + 1, self._reset_column)
        self._names.append(name)
        self._sources.append(source)
        self.fields.append(field)
        self.resets.append(button)

    def _bars_of(self, row: int) -> list[SigmaBar]:
        return self._bars[row : row + 1]

    def _reset(self, row: int, *_: object) -> None:
        self.reset.emit(row)

    def show_numbers(
        self, now: Sequence[float], before: Sequence[float], source: Sequence[float], free: bool
    ) -> None:
        """Shows the numbers of a frame.

        Args:
            now: of the fit, one a row.
            before: those it had before it was edited.
            source: NaN where it has none.
            free: they can be edited.
        """
        for row, number in enumerate(now):
            field = self.fields[row]
            if field.isEnabled() != free:
                field.setEnabled(free)
            field.show_value(number)
            for bar in self._bars_of(row):
                bar.setEnabled(free)
                bar.show_value(0.0 if math.isnan(number) else number, before[row])
            words = self._words(source[row])
            if self._sources[row].text() != words:
                self._sources[row].setText(words)
            self.resets[row].setVisible(free and number != before[row])

    def _words(self, number: float) -> str:
        if math.isnan(number):
            return NO_NUMBER
        # Without a sign on what rounds to nothing.
        rounded = round(number, self._unit.decimals) + 0.0
        return f"{rounded:.{self._unit.decimals}f}{self._unit.suffix}"
