"""All joints of a body: its chain as a tree, then those on the skin; each with its error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QPersistentModelIndex,
    QSignalBlocker,
    QSortFilterProxyModel,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel, QLineEdit, QTreeView, QWidget

from gui_app.document.inspect_selection import JointKey
from gui_app.scene.picking import joint_words
from gui_app.style import colours
from gui_app.widgets.labels import NO_NUMBER
from gui_app.widgets.tables import HEADING, prepare
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.model.body_joints import BodyJoint

GROUPS = {"kinematic": "Kinematic chain", "vertex": "Vertex joints", "landmark": "Landmarks of the face"}
ERROR_WORDS = "distance, mm"
ERROR_TIP = "Distance from the joint of the same name on the other body in this frame, millimetres"
ERROR_WIDTH = 88
INDENT = 12
SEARCH_WORDS = "Find a joint"
Index = QModelIndex | QPersistentModelIndex


@dataclass(eq=False)
class _Row:
    """A group or a joint; ``joint`` is its place among all joints, -1 for a group."""

    words: str
    joint: int
    above: _Row | None
    place: int = 0
    below: list[_Row] = field(default_factory=list)

    def add(self, words: str, joint: int) -> _Row:
        row = _Row(words, joint, self, len(self.below))
        self.below.append(row)
        return row


class JointOutline(QAbstractItemModel):
    """Groups with their joints, and an error beside each."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.joints: tuple[BodyJoint, ...] = ()
        self._errors = np.zeros(0)
        self._root = _Row("", -1, None)
        self._rows: list[_Row] = []

    def set_joints(self, joints: tuple[BodyJoint, ...]) -> None:
        """Another body's joints, without errors yet."""
        self.beginResetModel()
        self.joints, self._errors = joints, np.full(len(joints), np.nan)
        self._root = _Row("", -1, None)
        rows: dict[int, _Row] = {}
        for kind, title in GROUPS.items():
            members = [place for place, joint in enumerate(joints) if joint.kind == kind]
            if not members:
                continue
            group = self._root.add(f"{title}  ·  {len(members)}", -1)
            above = levels([joints[place].parent for place in members]) if kind == "kinematic" else {}
            for place in above or members:
                parent = rows[above[place]] if above.get(place, -1) >= 0 else group
                rows[place] = parent.add(joint_words(joints[place].name), place)
        self._rows = [rows[place] for place in range(len(joints))]
        self.endResetModel()

    def set_errors(self, errors_mm: np.ndarray) -> None:
        """(n,) millimetres of a frame; the view paints anew what is in sight."""
        self._errors = errors_mm

    def place(self, joint: int) -> QModelIndex:
        """Where a joint is."""
        row = self._rows[joint]
        return self.createIndex(row.place, 0, row)

    def joint_of(self, index: Index) -> int:
        """The joint at a place, -1 for a group or none."""
        return self._row(index).joint

    def _row(self, index: Index) -> _Row:
        row = index.internalPointer() if index.isValid() else None
        return row if isinstance(row, _Row) else self._root

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """The place of a row below another."""
        below = self._row(parent).below
        return self.createIndex(row, column, below[row]) if 0 <= row < len(below) else QModelIndex()

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        """What a row is below of."""
        above = self._row(index).above
        return (
            QModelIndex() if above is None or above is self._root else self.createIndex(above.place, 0, above)
        )

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many rows are below one."""
        return 0 if parent.column() > 0 else len(self._row(parent).below)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Name and error."""
        return 2

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names and millimetres."""
        row, column = self._row(index), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            if column == 0:
                return row.words
            if row.joint < 0:
                return ""
            error = self._errors[row.joint]
            return f"{error:.1f}" if np.isfinite(error) else NO_NUMBER
        if role == HEADING:
            return row.joint < 0
        if role == Qt.ItemDataRole.ToolTipRole and row.joint >= 0:
            if column == 1:
                return ERROR_TIP
            return plain_tip(f"{self.joints[row.joint].name} · joint {self.joints[row.joint].index}")
        if column == 1 and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight
        if column == 1 and role == Qt.ItemDataRole.ForegroundRole:
            return QColor(colours.TEXT_SECONDARY)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Groups are no choice."""
        if self.joint_of(index) < 0:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


def levels(parents: Sequence[int]) -> dict[int, int]:
    """Each joint of a chain with the one it is listed below, -1 for none, in the order of rows.

    Joints that follow each other without a branch stand at one level: a finger is not ten levels deep.
    """
    below: dict[int, list[int]] = {}
    for joint, parent in enumerate(parents):
        below.setdefault(parent, []).append(joint)
    out: dict[int, int] = {}

    def add(joint: int, above: int) -> None:
        out[joint] = above
        children = below.get(joint, [])
        for child in children:
            add(child, joint if len(children) > 1 else above)

    for joint in below.get(-1, []):
        add(joint, -1)
    return out


class JointTree(QTreeView):
    """The outline, searched by ``search``; ``chosen`` tells a joint that the user took.

    ``search`` and ``heading`` stand above it, in place of a header.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.outline = JointOutline(self)
        self.setAccessibleName("Joints")
        self._found = QSortFilterProxyModel(self)
        self._found.setSourceModel(self.outline)
        self._found.setRecursiveFilteringEnabled(True)
        self._found.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self._found)
        self.search = QLineEdit(parent)
        self.search.setAccessibleName("Find a joint")
        self.search.setPlaceholderText(SEARCH_WORDS)
        self.search.setClearButtonEnabled(True)
        self.search.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.search.textChanged.connect(self._on_search)
        self.search.returnPressed.connect(self._on_return)
        self.heading = QLabel(ERROR_WORDS, parent)
        self.heading.setProperty("role", "secondary")
        self.heading.setToolTip(ERROR_TIP)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(INDENT)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        prepare(self, {1: ERROR_WIDTH}, 0)
        self.setMinimumHeight(66)
        self.selectionModel().currentChanged.connect(self._on_current)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The chosen joint stays in sight."""
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def set_joints(self, joints: tuple[BodyJoint, ...]) -> None:
        """Another body's joints."""
        if joints is self.outline.joints:
            return
        named = [(joint.name, joint.kind, joint.parent) for joint in joints]
        if named == [(joint.name, joint.kind, joint.parent) for joint in self.outline.joints]:
            # Made of other vertices only: what is unfolded and found stays.
            self.outline.joints = joints
        else:
            with QSignalBlocker(self.selectionModel()):
                self.search.clear()
                self.outline.set_joints(joints)
            self._unfold()

    def show_errors(self, errors_mm: np.ndarray) -> None:
        """(n,) millimetres of a frame."""
        self.outline.set_errors(errors_mm)
        self.viewport().update()

    def show_joint(self, key: JointKey | None) -> None:
        """Marks a joint and brings it in sight; it is not told as chosen."""
        with QSignalBlocker(self.selectionModel()):
            for place, joint in enumerate(self.outline.joints):
                if (joint.name, joint.kind) == key:
                    index = self._found.mapFromSource(self.outline.place(place))
                    if index != self.currentIndex():
                        self.setCurrentIndex(index)
                        self.scrollTo(index)
                    break
            else:
                self.setCurrentIndex(QModelIndex())
                self.clearSelection()
        self.viewport().update()

    def _unfold(self) -> None:
        searching = bool(self.search.text().strip())
        self.expandAll()
        for row in range(self._found.rowCount()):
            group = self._found.index(row, 0)
            self.setFirstColumnSpanned(row, QModelIndex(), True)
            if not searching and str(group.data()).startswith(GROUPS["landmark"]):
                self.collapse(group)

    @Slot(str)
    def _on_search(self, words: str) -> None:
        self._found.setFilterFixedString(words.strip().replace("_", " "))
        self._unfold()
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    @Slot()
    def _on_return(self) -> None:
        """Takes the first joint that answers to what was typed."""
        typed = self.search.text().strip().lower().replace("_", " ")
        for joint in self.outline.joints:
            if typed and typed in joint_words(joint.name).lower():
                self.chosen.emit(JointKey(joint.name, joint.kind))
                break
        self.search.clearFocus()

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, now: QModelIndex, _before: QModelIndex) -> None:
        joint = self.outline.joint_of(self._found.mapToSource(now))
        if joint >= 0:
            self.chosen.emit(JointKey(self.outline.joints[joint].name, self.outline.joints[joint].kind))
