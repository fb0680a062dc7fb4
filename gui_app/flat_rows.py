"""What tables of rows without children share: their size, their headings, and rows selected from outside."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from typing import Any, ClassVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSignalBlocker,
    Qt,
)
from PySide6.QtWidgets import QTreeView

Index = QModelIndex | QPersistentModelIndex
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class FlatRows(QAbstractTableModel):
    """A model with a heading, a tip and a side for each column."""

    headings: ClassVar[tuple[str, ...]]
    tips: ClassVar[tuple[str, ...]]
    sides: ClassVar[tuple[Qt.AlignmentFlag | None, ...]]

    def shown(self) -> Sized:
        """What there is a row for."""
        raise NotImplementedError

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Rows have no rows of their own."""
        return 0 if parent.isValid() else len(self.shown())

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """As many as headings."""
        return len(self.headings)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Headings, and what they mean."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self.headings[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tips[section]
        return self.sides[section] if role == Qt.ItemDataRole.TextAlignmentRole else None


def select_rows(view: QTreeView, places: Iterable[int], *, look: bool = True) -> None:
    """Selects these rows and no others, without a word of it; ``look`` brings the first into view."""
    model, chosen, first = view.model(), QItemSelection(), None
    last = model.columnCount() - 1
    for place in places:
        first = place if first is None else first
        chosen.select(model.index(place, 0), model.index(place, last))
    with QSignalBlocker(view.selectionModel()):
        view.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
    if first is not None and look:
        view.scrollTo(model.index(first, 0))
    view.viewport().update()
