"""The table of problems: two lines a row, sorted by a click on a heading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyleOptionViewItem, QTreeView, QWidget

from gui_app.problems.rows import (
    CHANGE,
    FIGURE,
    FRAMES,
    KIND,
    PART,
    REASON,
    STATUS,
    VALUE,
    Grouping,
    Heading,
    ProblemRows,
    Row,
)
from gui_app.style import colours
from gui_app.style.theme import SMALL_PIXELS, icon
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.tables import HEADING, Cells, Index, prepare, select_rows

if TYPE_CHECKING:
    from core.problems.detect import Problem

UPPER, LOWER, PAD = 20, 16, 3
ROW = UPPER + LOWER + 2 * PAD
ICON = 14
TITLE = 25
INDENT = ICON + 9
HEADER = """QHeaderView::section { padding: 3px 6px; }
QHeaderView::up-arrow, QHeaderView::down-arrow { subcontrol-position: center right; margin-right: 3px; }"""


class ProblemCells(Cells):
    """The first line of a row; the view paints the second across all columns."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Two lines, or the title of a group."""
        return QSize(40, TITLE if index.data(HEADING) else ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paints the words, and in the first column what the row is."""
        place: QRect = option.rect  # type: ignore[attr-defined]
        if index.column() == FRAMES:
            name, role = index.data(STATUS)
            spot = QRect(place.left() + 5, place.top() + PAD + (UPPER - ICON) // 2, ICON, ICON)
            icon(name, role).paint(painter, spot)
            place = place.adjusted(INDENT, 0, 0, 0)
        option.rect = place.adjusted(0, PAD, 0, PAD + UPPER - place.height())  # type: ignore[attr-defined]
        # The ground is the row's.
        option.state &= ~option.state.State_Selected & ~option.state.State_MouseOver  # type: ignore[attr-defined]
        super().paint(painter, option, index)


class ProblemTable(QTreeView):
    """``sought`` tells a problem that somebody goes to, ``chosen`` that other rows are selected."""

    sought = Signal(object)
    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model_ = ProblemRows(self)
        self.setModel(self.model_)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        widths = {FRAMES: 94, PART: 78, FIGURE: 92, KIND: 74}
        # What these say is in the sentence of the second line, too.
        prepare(self, widths, VALUE, {FRAMES: INDENT}, spare=(KIND, FIGURE))
        self.setStyleSheet(HEADER)
        self.setItemDelegate(ProblemCells(self))
        self.header().setSortIndicator(FRAMES, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.setMinimumHeight(64)
        self._on_title = False
        self._tell = Coalescer(self.chosen.emit, self)
        self.selectionModel().selectionChanged.connect(self._tell.ask)
        self.clicked.connect(self._on_click)
        self.activated.connect(self._go)

    @property
    def selected(self) -> list[Row]:
        """The selected rows, from top to bottom."""
        indices = sorted(index.row() for index in self.selectionModel().selectedRows())
        lines = (self.model_.lines[index] for index in indices)
        return [line for line in lines if isinstance(line, Row)]

    def group(self, by: Grouping) -> None:
        """Rows below headings, or without."""
        # Where all are of one height, that of the first is enough to know.
        self.setUniformRowHeights(by == "none")
        self.model_.group(by)

    def choose(self, keys: set[tuple[str, str, int]], *, look: bool = True) -> None:
        """Selects the rows with these keys, as far as they are there; ``look`` brings the first into view."""
        places = [place for place, row in enumerate(self.model_.lines) if row.key in keys]
        select_rows(self, places, look=look)
        self._tell.ask()

    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The ground of the row, its cells, and its second line across them."""
        place: QRect = option.rect  # type: ignore[attr-defined]
        line = self.model_.lines[index.row()]
        if isinstance(line, Heading):
            _draw_title(painter, place, line)
            return
        if self.selectionModel().isRowSelected(index.row(), QModelIndex()):
            painter.fillRect(place, QColor(colours.CHOSEN))
        elif self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos())).row() == index.row() and (
            self.underMouse()
        ):
            painter.fillRect(place, QColor(colours.PANEL))
        super().drawRow(painter, option, index)
        painter.save()
        font = painter.font()
        font.setPixelSize(SMALL_PIXELS)
        painter.setFont(font)
        painter.setPen(QColor(colours.TEXT_SECONDARY))
        inside = place.adjusted(INDENT + 3, PAD + UPPER - 2, -8, -PAD)
        words = painter.fontMetrics().elidedText(
            index.data(REASON), Qt.TextElideMode.ElideRight, inside.width()
        )
        side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inside, side, words)
        change = index.data(CHANGE)
        if change is not None:
            painter.setPen(QColor(colours.of(change[1])))
            painter.drawText(inside, side, change[0])
        painter.restore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A heading chooses all below it, with Ctrl beside what is chosen."""
        index = self.indexAt(event.position().toPoint())
        line = self.model_.lines[index.row()] if index.isValid() else None
        self._on_title = isinstance(line, Heading)
        if not isinstance(line, Heading):
            super().mousePressEvent(event)
            return
        below = index.siblingAtRow(index.row() + 1)
        self.selectionModel().setCurrentIndex(below, QItemSelectionModel.SelectionFlag.NoUpdate)
        keys = {row.key for row in self.model_.members(line)}
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            keys |= {row.key for row in self.selected}
        self.choose(keys, look=False)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pressed on a heading, nothing is dragged."""
        if not self._on_title or not event.buttons():
            super().mouseMoveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down go from problem to problem."""
        super().keyPressEvent(event)
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if plain and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._go(self.currentIndex())

    @Slot(QModelIndex)
    def _on_click(self, index: QModelIndex) -> None:
        # With Shift or Ctrl rows are only chosen.
        if len(self.selectionModel().selectedRows()) == 1:
            self._go(index)

    @Slot(QModelIndex)
    def _go(self, index: Index) -> None:
        line = self.model_.lines[index.row()] if index.isValid() else None
        if isinstance(line, Row):
            problem: Problem = line.problem
            self.sought.emit(problem)


def _draw_title(painter: QPainter, place: QRect, heading: Heading) -> None:
    """The name of a group, and how many are in it."""
    painter.save()
    painter.setPen(QColor(colours.LINE))
    painter.drawLine(place.left() + 6, place.bottom(), place.right() - 6, place.bottom())
    font = QFont(painter.font())
    font.setPixelSize(SMALL_PIXELS)
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
    inside = place.adjusted(7, 0, -8, -4)
    painter.setPen(QColor(colours.TEXT))
    painter.drawText(inside, side, heading.words)
    after = painter.fontMetrics().horizontalAdvance(heading.words) + 8
    painter.setPen(QColor(colours.TEXT_SECONDARY))
    painter.drawText(inside.adjusted(after, 0, 0, 0), side, f"{heading.count:,}")
    painter.restore()
