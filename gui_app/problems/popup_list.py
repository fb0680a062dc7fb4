"""The problem stretches as a list that opens from a button; a click goes there."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Slot
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QLabel, QTreeView, QVBoxLayout, QWidget

from gui_app.document.analysis import Analysis, local
from gui_app.document.playback import Playback
from gui_app.document.problem_text import kind_colour, part_words, problems_words, stretch_span, stretch_tip
from gui_app.style import colours
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import icon, tabular
from gui_app.widgets.column_widths import FittedColumns
from gui_app.widgets.text import span_words

HEADINGS = ("Frames", "Part", "Why", "Value")
MOST_ROWS = 14
WIDTH = 800
Index = QModelIndex | QPersistentModelIndex


class ProblemPopupTable(QAbstractTableModel):
    """One row a stretch: what is off throughout first, then in order of time."""

    def __init__(self, analysis: Analysis, parent: QWidget) -> None:
        super().__init__(parent)
        self.stretches = analysis.stretches
        self._icons = {colour: icon("warning", colour) for colour in (colours.WARNING, colours.ERROR)}

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """A row for each stretch."""
        return 0 if parent.isValid() else len(self.stretches)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Frames, part, reason and value."""
        return len(HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """The headings."""
        return HEADINGS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words, tooltip, icon and alignment of a cell."""
        stretch, column = self.stretches[index.row()], index.column()
        problem = stretch[0]
        if role == Qt.ItemDataRole.DisplayRole:
            frames = span_words(*stretch_span(stretch)) if local(stretch) else "all"
            more = f"  (+{len(stretch) - 1})" if len(stretch) > 1 else ""
            value = f"{problem.value:.1f} {problem.unit}" if problem.unit else ""
            return (frames, part_words(problem), problem.reason + more, value)[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return stretch_tip(stretch)
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return self._icons.get(kind_colour(problem.kind), QIcon())
        if role == Qt.ItemDataRole.TextAlignmentRole and column == 3:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and column != 2:
            return QColor(colours.TEXT_SECONDARY)
        return None


class ProblemList(QFrame):
    """A popup; it closes when its user goes to a frame or clicks elsewhere."""

    def __init__(self, playback: Playback, analysis: Analysis, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("problemList")
        set_sheet(
            self,
            "#problemList { background: $RAISED; border: 1px solid $LINE; }"
            " QTreeView { background: $RAISED; border: none; }"
            " QTreeView::item { padding: 3px 6px; }"
            " QTreeView::item:hover { background: $HOVER; }",
        )
        self._playback = playback
        self._table = ProblemPopupTable(analysis, self)
        title = QLabel(problems_words(len(analysis.frames)).capitalize() + ", and why", self)
        title.setProperty("role", "section")
        self.view = QTreeView(self)
        self.view.setModel(self._table)
        self.view.setRootIsDecorated(False)
        self.view.setUniformRowHeights(True)
        self.view.setIconSize(QSize(14, 14))
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tabular(self.view)
        header = self.view.header()
        FittedColumns(self.view, {0: 118, 1: 150, 3: 96}, {0: 20})
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.view.clicked.connect(self._go)
        self.view.activated.connect(self._go)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(10, 8, 10, 10)
        column_box.setSpacing(6)
        column_box.addWidget(title)
        column_box.addWidget(self.view)
        rows = min(len(analysis.stretches), MOST_ROWS)
        height = self.view.sizeHintForRow(0) if rows else 26
        self.view.setFixedHeight(rows * max(height, 24) + header.sizeHint().height() + 6)
        self.setFixedWidth(WIDTH)

    def open_above(self, widget: QWidget) -> None:
        """Shows it with its lower left corner at the upper left corner of ``widget``."""
        self.adjustSize()
        corner = widget.mapToGlobal(QPoint(0, 0))
        self.move(corner.x(), corner.y() - self.height() - 4)
        self.show()
        self.view.setFocus()

    @Slot(QModelIndex)
    def _go(self, index: QModelIndex) -> None:
        self._playback.go_to(self._table.stretches[index.row()][0].frame)
        self.close()
