"""The vertices that a joint is made of, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QSignalBlocker,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTreeView, QWidget

from gui_app.document.history import history_key
from gui_app.style import colours
from gui_app.widgets.labels import NO_NUMBER
from gui_app.widgets.tables import BAR, RIGHT, FlatRows, Index, prepare, select_rows

if TYPE_CHECKING:
    from core.inspection.support import Support

HEADINGS = ("vertex", "weight", "share, %", "mm", "valid")
TIPS = (
    "Id of the vertex",
    "Its weight in the J_regressor, or of the vertex joint or landmark",
    "Size of its weight as a share of the sizes of all, per cent",
    "Distance from the joint in the pose on show, millimetres",
    "It counts in a fit: it has a counterpart on the source",
)
WEIGHT, VALID = HEADINGS.index("weight"), HEADINGS.index("valid")
EDIT_TIP = "A double click or F2 changes the weight, for looking and for a file; 0 takes the vertex out"
OPEN_TO_EDIT = "The model inspector (Shift+J) changes it"


class SupportRows(FlatRows):
    """A row a vertex, in any order. ``weighed`` tells a weight that was typed, and changes nothing."""

    headings, tips, sides = HEADINGS, TIPS, (RIGHT,) * len(HEADINGS)
    weighed = Signal(int, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._support: Support | None = None
        self._rows = np.zeros(0, dtype=int)
        self._column, self._descending = 2, True
        self.least_share = 0.0
        self.editable = False
        self.weight_tip = ""

    @property
    def vertices(self) -> list[int]:
        """Ids in the order of the rows."""
        return [] if self._support is None else [int(one) for one in self._support.vertices[self._rows]]

    def set_support(self, support: Support | None, least_share: float) -> None:
        """Another joint, or other vertices of it."""
        if support is not None and self._same(support) and least_share == self.least_share:
            # A weight that is being typed stays as it is.
            self.move(support)
            return
        self.beginResetModel()
        self._support, self.least_share = support, least_share
        self._rows = np.zeros(0, int) if support is None else np.flatnonzero(support.share >= least_share)
        self._arrange()
        self.endResetModel()

    def _same(self, support: Support) -> bool:
        now = self._support
        return (
            now is not None
            and now.joint == support.joint
            and (now.valid is None) == (support.valid is None)
            and np.array_equal(now.vertices, support.vertices)
            and np.array_equal(now.weights, support.weights)
        )

    def move(self, support: Support) -> None:
        """The same vertices of the same joint in another pose."""
        self._support = support
        if self._column == 3:
            self._rearrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Orders by a column."""
        self._column, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self._rearrange()

    def _arrange(self) -> None:
        support = self._support
        if support is None or not 0 <= self._column < len(HEADINGS):
            return
        valid = np.zeros(support.count) if support.valid is None else support.valid
        keys = (support.vertices, support.weights, support.share, support.distance_mm, valid)
        key = np.asarray(keys[self._column], float)[self._rows]
        self._rows = self._rows[np.argsort(-key if self._descending else key, kind="stable")]

    def _rearrange(self) -> None:
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        were = [(int(self._rows[index.row()]), index.column()) for index in old]
        self._rows = np.sort(self._rows)
        self._arrange()
        now = {int(row): place for place, row in enumerate(self._rows)}
        self.changePersistentIndexList(old, [self.index(now[row], column) for row, column in were])
        self.layoutChanged.emit()

    def shown(self) -> np.ndarray:
        """A row a vertex."""
        return self._rows

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Numbers, and a bar behind the share."""
        support = self._support
        if support is None:
            return None
        row, column = int(self._rows[index.row()]), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(support, row, column)
        if role == Qt.ItemDataRole.EditRole and column == WEIGHT:
            return f"{support.weights[row]:.6g}"
        if role == Qt.ItemDataRole.ToolTipRole and column == WEIGHT and self.weight_tip:
            return self.weight_tip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight
        if role == BAR and column == 2:
            return support.share[row] / support.share.max()
        negative = support.weights[row] < 0
        invalid = support.valid is not None and not support.valid[row]
        if role == Qt.ItemDataRole.DecorationRole and negative:
            return QColor(colours.NEGATIVE_DIM)
        if role == Qt.ItemDataRole.ForegroundRole:
            if negative and column in (1, 2):
                return QColor(colours.NEGATIVE)
            if invalid and column in (0, VALID):
                return QColor(colours.INVALID_BRIGHT)
            return QColor(colours.TEXT_SECONDARY) if column in (3, VALID) else None
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Tells of another weight."""
        words = str(value).strip()
        if role == Qt.ItemDataRole.EditRole and words != self.data(index, role):
            self.weighed.emit(self.vertices[index.row()], words)
        return False

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Weights of a regressor can be changed."""
        can = super().flags(index)
        return can | Qt.ItemFlag.ItemIsEditable if self.editable and index.column() == WEIGHT else can

    def _words(self, support: Support, row: int, column: int) -> str:
        if column == 0:
            return str(support.vertices[row])
        if column == 1:
            return f"{support.weights[row]:.4f}".replace("-", "−")
        if column == 2:
            return f"{100 * support.share[row]:.2f}"
        if column == 3:
            distance = support.distance_mm[row]
            return f"{distance:.1f}" if np.isfinite(distance) else NO_NUMBER
        return NO_NUMBER if support.valid is None else "yes" if support.valid[row] else "no"


class SupportTable(QTreeView):
    """Sorted by a click on a heading; ``marked`` tells vertices selected, ``sought`` one double clicked,
    ``asked_for`` a key: ``'undo'`` or ``'redo'``."""

    marked = Signal(tuple)
    sought = Signal(int)
    asked_for = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = SupportRows(self)
        self.setModel(self.rows)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        prepare(self, {1: 70, 2: 84, 3: 52, VALID: 48}, 0)
        self.setStyleSheet(
            "QHeaderView::section { padding: 3px 6px; } QLineEdit { padding: 0 1px; border-radius: 0; }"
        )
        self.header().setSortIndicator(2, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)
        self.setMinimumHeight(66)
        self.selectionModel().selectionChanged.connect(self._on_selection)
        self.doubleClicked.connect(self._on_double_click)

    @property
    def selected(self) -> tuple[int, ...]:
        """Vertices of the selected rows."""
        vertices = self.rows.vertices
        return tuple(vertices[index.row()] for index in self.selectionModel().selectedRows())

    def show_support(self, support: Support | None, least_share: float) -> None:
        """Another joint, or other vertices of it."""
        with QSignalBlocker(self.selectionModel()):
            self.rows.set_support(support, least_share)
        self.setColumnHidden(VALID, support is None or support.valid is None)

    def show_pose(self, support: Support) -> None:
        """The same vertices in another pose."""
        self.rows.move(support)
        self.viewport().update()

    def mark(self, vertices: tuple[int, ...]) -> None:
        """Selects the rows of vertices; they are not told as marked."""
        select_rows(self, [place for place, one in enumerate(self.rows.vertices) if one in vertices])

    def event(self, event: QEvent) -> bool:
        """Its own keys come before those of the window while it has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Changes a weight, undoes."""
        if not self._own(event):
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_F2:
            self.edit(self.currentIndex().siblingAtColumn(WEIGHT))
        else:
            self.asked_for.emit(history_key(event))

    def _own(self, event: QKeyEvent) -> bool:
        return self.rows.editable and (bool(history_key(event)) or event.key() == Qt.Key.Key_F2)

    @Slot()
    def _on_selection(self, *_: object) -> None:
        self.marked.emit(self.selected)

    @Slot(QModelIndex)
    def _on_double_click(self, index: QModelIndex) -> None:
        if not self.rows.flags(index) & Qt.ItemFlag.ItemIsEditable:
            self.sought.emit(self.rows.vertices[index.row()])
