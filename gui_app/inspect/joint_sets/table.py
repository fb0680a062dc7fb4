"""The joints of a set as a table: renamed in place, moved by dragging or keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QSignalBlocker,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QTreeView, QWidget

from gui_app.document.history import history_key
from gui_app.style import colours
from gui_app.widgets.labels import NO_NUMBER
from gui_app.widgets.tables import LEFT, RIGHT, FlatRows, Index, prepare, select_rows
from gui_app.widgets.text import plain_tip

HEADINGS = ("name", "joint or vertex", "here, mm", "mean, mm")
TIPS = (
    "Name in the set; a double click or F2 changes it",
    "The joint or vertex of the body",
    "Distance from the same joint of the other body in this frame, of a vertex from the point it corresponds "
    "to, millimetres",
    "The same over the motion, its mean in millimetres",
)
WAIT = "…"
ROWS_MIME = "application/x-refit-joints"


@dataclass
class SetRow:
    """One joint; millimetres are NaN where there are none, ``mean_mm`` is None while not known."""

    name: str
    what: str
    here_mm: float = float("nan")
    mean_mm: float | None = None


class SetRows(FlatRows):
    """In the order of the set. ``renamed`` and ``moved`` tell what the user wants, and change nothing."""

    headings, tips, sides = HEADINGS, TIPS, (LEFT, LEFT, RIGHT, RIGHT)
    renamed = Signal(int, str)
    moved = Signal(tuple, int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[SetRow] = []
        self.fixed = False

    def set_rows(self, rows: list[SetRow], fixed: bool) -> None:
        """Other joints; ``fixed`` ones can be neither renamed nor moved."""
        same = fixed == self.fixed and [(one.name, one.what) for one in rows] == [
            (one.name, one.what) for one in self.rows
        ]
        if same:
            self.rows = rows
            return
        self.beginResetModel()
        self.rows, self.fixed = rows, fixed
        self.endResetModel()

    def shown(self) -> list[SetRow]:
        """A row a joint."""
        return self.rows

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words and millimetres."""
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            if column < 2:
                return row.what if column else row.name
            value = row.mean_mm if column == 3 else row.here_mm
            if value is None:
                return WAIT
            return f"{value:.1f}" if np.isfinite(value) else NO_NUMBER
        if role == Qt.ItemDataRole.EditRole:
            return row.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(f"{row.name} · {row.what}" if column < 2 else TIPS[column])
        if role == Qt.ItemDataRole.TextAlignmentRole and column > 1:
            return Qt.AlignmentFlag.AlignRight
        if role == Qt.ItemDataRole.ForegroundRole and column == 1:
            return QColor(colours.TEXT_SECONDARY)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Tells of another name."""
        if role == Qt.ItemDataRole.EditRole and str(value).strip() != self.rows[index.row()].name:
            self.renamed.emit(index.row(), str(value))
        return False

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Between rows something may be dropped, on them nothing."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags if self.fixed else Qt.ItemFlag.ItemIsDropEnabled
        can = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if not self.fixed:
            can |= Qt.ItemFlag.ItemIsDragEnabled
            if index.column() == 0:
                can |= Qt.ItemFlag.ItemIsEditable
        return can

    def supportedDropActions(self) -> Qt.DropAction:
        """Rows are moved."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        """Rows of this table alone."""
        return [ROWS_MIME]

    def mimeData(self, indexes: Any) -> QMimeData:
        """Which rows are dragged."""
        data = QMimeData()
        rows = sorted({index.row() for index in indexes})
        data.setData(ROWS_MIME, ",".join(map(str, rows)).encode())
        return data

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        """Tells where rows are wanted; the view is not to take them away by itself."""
        if data.hasFormat(ROWS_MIME) and not self.fixed:
            text = bytes(data.data(ROWS_MIME).data()).decode()
            rows = tuple(int(part) for part in text.split(",") if part)
            self.moved.emit(rows, row if row >= 0 else len(self.rows))
        return False


class SetTable(QTreeView):
    """``marked`` tells rows selected, ``sought`` one double clicked that has no name to change; ``asked_for``
    a key: ``'remove'``, ``'undo'`` or ``'redo'``; ``shifted`` rows by keys."""

    marked = Signal(tuple)
    sought = Signal(int)
    asked_for = Signal(str)
    shifted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = SetRows(self)
        self.setModel(self.rows)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        prepare(self, {1: 108, 2: 80, 3: 86}, 0, spare=(3, 1))
        self.setStyleSheet(
            "QHeaderView::section { padding: 3px 6px; } QLineEdit { padding: 0 1px; border-radius: 0; }"
        )
        self.setMinimumHeight(66)
        self.selectionModel().selectionChanged.connect(self._on_selection)
        self.doubleClicked.connect(self._on_double_click)

    @property
    def selected(self) -> tuple[int, ...]:
        """Places of the selected rows."""
        return tuple(sorted(index.row() for index in self.selectionModel().selectedRows()))

    def show_rows(self, rows: list[SetRow], fixed: bool) -> None:
        """Other joints, or the same with other numbers."""
        with QSignalBlocker(self.selectionModel()):
            self.rows.set_rows(rows, fixed)
        self.viewport().update()

    def mark(self, places: tuple[int, ...]) -> None:
        """Selects rows; they are not told as marked."""
        if set(places) == set(self.selected):
            return
        select_rows(self, places)
        if places:
            with QSignalBlocker(self.selectionModel()):
                self.selectionModel().setCurrentIndex(
                    self.rows.index(places[0], 0), QItemSelectionModel.SelectionFlag.NoUpdate
                )
            for place in (places[-1], places[0]):
                self.scrollTo(self.rows.index(place, 0))

    def event(self, event: QEvent) -> bool:
        """Its own keys come before those of the window while it has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Removes, moves, undoes."""
        key, alt = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.asked_for.emit("remove")
        elif history_key(event):
            self.asked_for.emit(history_key(event))
        elif alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.shifted.emit(-1 if key == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)

    @Slot()
    def _on_selection(self, *_: object) -> None:
        self.marked.emit(self.selected)

    @Slot(QModelIndex)
    def _on_double_click(self, index: QModelIndex) -> None:
        if not self.rows.flags(index) & Qt.ItemFlag.ItemIsEditable:
            self.sought.emit(index.row())


def _own(event: QKeyEvent) -> bool:
    plain = event.key() in (
        Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_F2, Qt.Key.Key_Up, Qt.Key.Key_Down,
    )  # fmt: skip
    return plain or bool(history_key(event)) or event.matches(QKeySequence.StandardKey.SelectAll)
