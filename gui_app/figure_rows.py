"""Figures below one another, each with its name before it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from gui_app.theme import tabular


class FigureRows(QWidget):
    """A row for each name and tip.

    Attributes:
        values: the labels that the figures go into, by name.
    """

    def __init__(self, rows: Iterable[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.values: dict[str, QLabel] = {}
        self._titles: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        for row, (name, tip) in enumerate(rows):
            title, value = QLabel(name, self), QLabel(self)
            title.setProperty("role", "secondary")
            value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            tabular(value)
            for label in (title, value):
                label.setToolTip(tip)
            grid.addWidget(title, row, 0)
            grid.addWidget(value, row, 1)
            self.values[name], self._titles[name] = value, title

    def show_row(self, name: str, shown: bool) -> None:
        """Shows or hides one of them."""
        self.values[name].setVisible(shown)
        self._titles[name].setVisible(shown)
