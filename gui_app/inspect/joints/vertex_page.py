"""The page of vertices: what one vertex is good for, what moves it, and what it corresponds to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui_app.document.inspect_selection import Inspection, JointKey
from gui_app.document.rest_distance import RestDistance
from gui_app.document.state import AppState
from gui_app.inspect.joints.correspondence_check import RowCheck
from gui_app.scene.picking import BodyName, joint_words
from gui_app.style.theme import tabular
from gui_app.widgets.labels import NO_NUMBER
from gui_app.widgets.tables import BAR, HEADING, prepare
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.inspection.vertex_feeds import VertexFeeds

NO_VERTEX = (
    "The joints that a vertex feeds appear here, what moves it, and what it corresponds to.\n\n"
    "Point at a body; a click holds the vertex"
)
KINDS = {"kinematic": "", "vertex": " · vertex joint", "landmark": " · landmark"}
GO_THERE = Qt.ItemDataRole.UserRole + 10
FEEDS_TIP = "Share that the vertex has in the sum of all weights of the joint; a click goes to the joint"
SKINNING_TIP = "Skinning weight of the vertex; a click goes to the joint"


class VertexPage(QWidget):
    """Follows the vertex of the inspection."""

    def __init__(
        self, state: AppState, inspection: Inspection, rest: RestDistance, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._inspection, self._rest = state, inspection, rest
        self._in_frame: QTreeWidgetItem | None = None
        self._goals: list[JointKey | tuple[BodyName, int]] = []
        self.id = QSpinBox(self)
        self.id.setAccessibleName("Vertex")
        self.id.setKeyboardTracking(False)
        self.id.setRange(-1, 0)
        self.id.setSpecialValueText("id")
        self.id.setFixedWidth(80)
        self.id.lineEdit().setTextMargins(6, 0, 0, 0)
        self.id.setToolTip("Id of the vertex: type one to hold it")
        self.id.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.id.valueChanged.connect(self._on_id)
        self.id.editingFinished.connect(self.id.clearFocus)
        tabular(self.id)
        self.words = QLabel(self)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        head = QHBoxLayout()
        head.setSpacing(8)
        title = QLabel("vertex", self)
        title.setProperty("role", "secondary")
        head.addWidget(title)
        head.addWidget(self.id)
        head.addWidget(self.words, 1)
        self.list = QTreeWidget(self)
        self.list.setAccessibleName("Joints of the vertex")
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setIndentation(8)
        self.list.setUniformRowHeights(True)
        self.list.setItemsExpandable(False)
        prepare(self.list, {1: 118}, 0)
        self.list.clicked.connect(self._on_click)
        self.empty = QLabel(NO_VERTEX, self)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "secondary")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setContentsMargins(16, 0, 16, 0)
        self._stack = QStackedWidget(self)
        self.check = RowCheck(state.document, inspection, rest, self)
        nothing = QWidget(self)
        below = QVBoxLayout(nothing)
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.empty, 2)
        below.addWidget(self.check, 3)
        self._stack.addWidget(nothing)
        self._stack.addWidget(self.list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._stack, 1)

    def refresh(self) -> None:
        """Everything anew."""
        inspection = self._inspection
        model, feeds = inspection.model(inspection.body), inspection.feeds()
        with QSignalBlocker(self.id):
            self.id.setRange(-1, model.num_vertices - 1 if model is not None else 0)
            self.id.setValue(-1 if inspection.vertex is None else inspection.vertex)
        self._stack.setCurrentIndex(0 if feeds is None else 1)
        self.list.clear()
        self._in_frame, self._goals = None, []
        if feeds is None:
            self.words.setText(f"of the {inspection.body}")
            self.check.refresh()
            return
        held = "held" if inspection.held else "under the pointer"
        valid = "" if feeds.valid is None else " · valid" if feeds.valid else " · invalid"
        self.words.setText(f"{inspection.body} · {feeds.part}{valid}")
        self.words.setToolTip(f"{held.capitalize()}; Esc lets it go")
        self._list_feeds(feeds)
        self._list_skinning(feeds)
        if inspection.body == "fit":
            self._list_source(feeds.vertex)
        else:
            self._list_targets(feeds.vertex)
        self.list.expandAll()
        for row in range(self.list.topLevelItemCount()):
            self.list.setFirstColumnSpanned(row, QModelIndex(), True)

    def refresh_frame(self) -> None:
        """The one number that changes with the frame."""
        opened, vertex = self._state.document.opened, self._inspection.vertex
        if opened is None or vertex is None or self._in_frame is None:
            return
        error = opened.posed.frame(self._state.playback.frame).error_mm
        self._in_frame.setText(1, NO_NUMBER if error is None else _mm(float(error[vertex])))

    def _list_feeds(self, feeds: VertexFeeds) -> None:
        count = len(feeds.feeds)
        group = self._group(f"Feeds {count} joint{'' if count == 1 else 's'}  ·  weight, share")
        for feed in feeds.feeds:
            words = f"{_weight(feed.weight)}   {100 * feed.share:.1f} %"
            row = self._row(group, joint_words(feed.joint) + KINDS[feed.kind], words, feed.share, FEEDS_TIP)
            self._leads(row, JointKey(feed.joint, feed.kind))
            if feed.weight < 0:
                row.setData(1, Qt.ItemDataRole.DecorationRole, "NEGATIVE_DIM")
        if not count:
            self._note(group, "No joint is regressed from this vertex")

    def _list_skinning(self, feeds: VertexFeeds) -> None:
        group = self._group("Moved by  ·  skinning weight")
        for name, weight in feeds.skinning:
            row = self._row(group, joint_words(name), _weight(weight), weight, SKINNING_TIP)
            self._leads(row, JointKey(name, "kinematic"))

    def _list_source(self, vertex: int) -> None:
        from core.inspection.correspondence_rows import correspondence_row

        opened, rest = self._state.document.opened, self._rest.found
        assert opened is not None
        if rest is None:
            self._rest.want()
            self._note(self._group("Corresponds to"), "Measuring the rest pose…")
            return
        row = correspondence_row(opened.bodies, vertex, rest)
        where = f"source triangle {row.face}" if row.face >= 0 else "source"
        group = self._group(f"Corresponds to {where}" if len(row.vertices) else "Corresponds to")
        for source, weight in zip(row.vertices, row.weights, strict=True):
            line = self._row(group, f"source vertex {source}", _weight(weight), weight, "A click goes there")
            self._leads(line, ("source", int(source)))
        if not len(row.vertices):
            self._note(group, "Nothing: its row is empty")
        tip = "Between this vertex and the point it corresponds to, mean shapes in the rest pose"
        self._row(group, "distance in the rest pose", _mm(row.distance_mm), None, tip)
        tip = "Between this vertex and the nearest point of the source's surface, in the rest pose"
        self._row(group, "nearest source surface", _mm(row.nearest_mm), None, tip)
        tip = "Between this vertex and the point it corresponds to, in the frame on show"
        self._in_frame = self._row(group, "distance in this frame", "", None, tip)
        self.refresh_frame()

    def _list_targets(self, vertex: int) -> None:
        from core.inspection.correspondence_rows import target_vertices

        opened = self._state.document.opened
        assert opened is not None
        ids, weights = target_vertices(opened.bodies, vertex)
        count = len(ids)
        group = self._group(f"Used by {count} fit vert{'ex' if count == 1 else 'ices'}  ·  weight")
        for target, weight in zip(ids, weights, strict=True):
            line = self._row(group, f"fit vertex {target}", _weight(weight), weight, "A click goes there")
            self._leads(line, ("fit", int(target)))
        if not count:
            self._note(group, "No vertex of the fit corresponds to it")

    def _group(self, title: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(self.list, [title])
        item.setData(0, HEADING, True)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        return item

    def _row(
        self, group: QTreeWidgetItem, words: str, value: str, bar: float | None, tip: str
    ) -> QTreeWidgetItem:
        item = QTreeWidgetItem(group, [words, value])
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        for column in (0, 1):
            item.setToolTip(column, plain_tip(tip))
        if bar is not None:
            item.setData(1, BAR, abs(float(bar)))
        return item

    def _leads(self, row: QTreeWidgetItem, goal: JointKey | tuple[BodyName, int]) -> None:
        row.setData(0, GO_THERE, len(self._goals))
        self._goals.append(goal)

    def _note(self, group: QTreeWidgetItem, words: str) -> None:
        item = QTreeWidgetItem(group, [words])
        item.setData(0, Qt.ItemDataRole.ForegroundRole, "TEXT_SECONDARY")
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setFirstColumnSpanned(True)

    @Slot(QModelIndex)
    def _on_click(self, index: QModelIndex) -> None:
        place = index.siblingAtColumn(0).data(GO_THERE)
        if place is None:
            return
        goal = self._goals[place]
        if isinstance(goal, JointKey):
            self._inspection.go_to_joint(goal)
        else:
            self._inspection.hold(*goal)

    @Slot(int)
    def _on_id(self, vertex: int) -> None:
        if vertex >= 0:
            self._inspection.hold(self._inspection.body, vertex)
        else:
            self._inspection.choose_nothing()


def _weight(weight: float) -> str:
    return f"{weight:.4f}".replace("-", "−")


def _mm(value: float) -> str:
    return f"{value:.1f} mm" if np.isfinite(value) else NO_NUMBER
