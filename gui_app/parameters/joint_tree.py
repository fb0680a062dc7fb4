"""The joints of the fit as a tree: how far each is turned in source and fit, and how far both are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from gui_app.scene.picking import joint_words
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.style.theme import tabular
from gui_app.widgets.column_widths import FittedColumns
from gui_app.widgets.labels import NO_NUMBER

if TYPE_CHECKING:
    from core.model.joint_angles import JointAngles

HEADINGS = ("joint", "source", "fit", "error")
TIPS = (
    "Joints of the fit, each below the one that carries it",
    "How far the source's joint is turned against its parent, degrees",
    "How far the fit's joint is turned against its parent, degrees; in blue where it was edited",
    "Angle between the rotation of the source and that of the fit, degrees",
)
NUMBER_WIDTH = 55
ROW = 18
INDENT = 10
# In a low window the tree needs the room itself.
LEAST_FOR_SEARCH = 118
Index = QModelIndex | QPersistentModelIndex


class JointModel(QAbstractItemModel):
    """One row a joint, four columns."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.names: tuple[str, ...] = ()
        self._words: list[str] = []
        self._parents: list[int] = []
        self._children: dict[int, list[int]] = {}
        self._row: list[int] = []
        self._angles: JointAngles | None = None
        self._edited = np.zeros(0, dtype=bool)

    def set_joints(self, names: tuple[str, ...], parents: np.ndarray) -> None:
        """Other joints, without angles yet."""
        self.beginResetModel()
        self.names, self._words = names, [joint_words(name) for name in names]
        self._children = {joint: [] for joint in range(-1, len(names))}
        self._parents, self._row = [-1] * len(names), [0] * len(names)
        for joint, above in chains(parents):
            self._parents[joint], self._row[joint] = above, len(self._children[above])
            self._children[above].append(joint)
        self._angles = None
        self.endResetModel()

    def set_angles(self, angles: JointAngles | None, edited: np.ndarray) -> None:
        """The angles of a frame; ``edited`` (J,) are set off. Only what is in sight is painted again."""
        self._angles, self._edited = angles, edited

    def place(self, joint: int, column: int = 0) -> QModelIndex:
        """Where a joint is."""
        return self.createIndex(self._row[joint], column, joint)

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """The place of a row below another."""
        of = self._children.get(int(parent.internalId()) if parent.isValid() else -1, [])
        return self.createIndex(row, column, of[row]) if 0 <= row < len(of) else QModelIndex()

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        """The joint that carries another."""
        joint = self._parents[int(index.internalId())] if index.isValid() else -1
        return QModelIndex() if joint < 0 else self.place(joint)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many joints hang on one."""
        if parent.column() > 0:
            return 0
        return len(self._children.get(int(parent.internalId()) if parent.isValid() else -1, []))

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Name, source, fit, and the angle between both."""
        return len(HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Headings, and what they mean."""
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADINGS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return TIPS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names and degrees."""
        joint, column = int(index.internalId()), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            if column == 0:
                return self._words[joint]
            angles = self._angles
            if angles is None:
                return NO_NUMBER
            value = (angles.source, angles.fit, angles.apart)[column - 1][joint]
            return f"{value:.1f}°" if np.isfinite(value) else NO_NUMBER
        if role == Qt.ItemDataRole.TextAlignmentRole and column:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole:
            if column in (0, 2) and joint < len(self._edited) and self._edited[joint]:
                return QColor(colours.ACCENT)
            if column in (1, 3):
                return QColor(colours.TEXT_SECONDARY)
        return None


class JointDelegate(QStyledItemDelegate):
    """Draws the cells itself: several times as fast as by way of the style sheet."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        on_theme_change(self._on_theme)

    @Slot()
    def _on_theme(self) -> None:
        self._chosen, self._text = QColor(colours.CHOSEN), QColor(colours.TEXT)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One line."""
        return QSize(NUMBER_WIDTH, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paints a name or a number."""
        place: QRect = option.rect  # type: ignore[attr-defined]
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.fillRect(place, self._chosen)
        painter.setPen(index.data(Qt.ItemDataRole.ForegroundRole) or self._text)
        side = Qt.AlignmentFlag.AlignRight if index.column() else Qt.AlignmentFlag.AlignLeft
        painter.drawText(place.adjusted(3, 0, -5, 0), side | Qt.AlignmentFlag.AlignVCenter, index.data())


def chains(parents: np.ndarray) -> list[tuple[int, int]]:
    """Each joint with the one it is shown below, in the order of rows.

    Joints of one chain stand below each other at one level, so that a finger is not ten levels deep: a level
    begins where several chains do.
    """
    below: dict[int, list[int]] = {}
    for joint, parent in enumerate(parents):
        below.setdefault(int(parent), []).append(joint)
    found: list[tuple[int, int]] = []
    waiting = [(joint, -1) for joint in reversed(below.get(-1, []))]
    while waiting:
        joint, above = waiting.pop()
        found.append((joint, above))
        children = below.get(joint, [])
        waiting += [(child, joint if len(children) > 1 else above) for child in reversed(children)]
    return found


class PoseTree(QWidget):
    """A field to search in, and the tree below it; ``chosen`` tells the joint."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = JointModel(self)
        self._filter = QSortFilterProxyModel(self)
        self._filter.setSourceModel(self.model)
        self._filter.setRecursiveFilteringEnabled(True)
        self._filter.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.search = QLineEdit(self)
        self.search.setAccessibleName("Find a joint")
        self.search.setPlaceholderText("Find a joint")
        self.search.setClearButtonEnabled(True)
        self.search.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.search.textChanged.connect(self._on_search)
        self.search.returnPressed.connect(self._on_return)
        self.view = QTreeView(self)
        self.view.setAccessibleName("Joints")
        self.view.setModel(self._filter)
        self.view.setUniformRowHeights(True)
        self.view.setIndentation(INDENT)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.view.setStyleSheet("QHeaderView::section { padding: 3px 5px; }")
        self.view.setMinimumHeight(66)
        self.view.setItemDelegate(JointDelegate(self.view))
        tabular(self.view)
        header = self.view.header()
        header.setMinimumSectionSize(40)
        header.setSectionsClickable(False)
        FittedColumns(self.view, dict.fromkeys((1, 2, 3), NUMBER_WIDTH))
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.view.selectionModel().currentChanged.connect(self._on_current)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.search)
        layout.addWidget(self.view, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The search gives way to the tree."""
        super().resizeEvent(event)
        self.search.setVisible(event.size().height() >= LEAST_FOR_SEARCH)

    def minimumSizeHint(self) -> QSize:
        """Without the search."""
        return QSize(200, self.view.minimumHeight())

    @property
    def joint(self) -> int:
        """The joint chosen, -1 for none."""
        index = self.view.currentIndex()
        return int(self._filter.mapToSource(index).internalId()) if index.isValid() else -1

    def set_joints(self, names: tuple[str, ...], parents: np.ndarray) -> None:
        """Other joints; the one chosen stays, by name."""
        if names == self.model.names:
            return
        kept = self.model.names[self.joint] if self.joint >= 0 else ""
        self.search.clear()
        self.model.set_joints(names, parents)
        self.view.expandAll()
        self.choose(names.index(kept) if kept in names else 0)

    def show_angles(self, angles: JointAngles | None, edited: np.ndarray) -> None:
        """The numbers of a frame."""
        self.model.set_angles(angles, edited)
        self.view.viewport().update()

    def choose(self, joint: int) -> None:
        """Selects a joint and brings it in sight."""
        index = self._filter.mapFromSource(self.model.place(joint))
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    @Slot(str)
    def _on_search(self, words: str) -> None:
        self._filter.setFilterFixedString(words.strip().replace("_", " "))
        self.view.expandAll()
        if self.view.currentIndex().isValid():
            self.view.scrollTo(self.view.currentIndex())

    @Slot()
    def _on_return(self) -> None:
        """Chooses the first joint that answers to what was typed."""
        typed = self.search.text().strip().lower().replace("_", " ")
        for joint, name in enumerate(self.model.names):
            if typed and typed in joint_words(name).lower():
                self.choose(joint)
                break
        self.search.clearFocus()

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, _now: QModelIndex, _before: QModelIndex) -> None:
        if self.joint >= 0:
            self.chosen.emit(self.joint)
