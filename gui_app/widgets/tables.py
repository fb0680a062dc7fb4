"""Cells and rows of lists: how they paint themselves, their size, their headings, and rows selected from
outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from typing import Any, ClassVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSignalBlocker,
    QSize,
    Qt,
    Slot,
)
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QTreeWidget,
    QWidget,
)

from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.style.theme import tabular
from gui_app.widgets.column_widths import FittedColumns

ROW = 19
BAR = Qt.ItemDataRole.UserRole + 1
"""Role of a number 0..1, painted as a bar behind the words of a cell."""
HEADING = Qt.ItemDataRole.UserRole + 2
"""Role of a flag: the cell is the title of those below it."""
Index = QModelIndex | QPersistentModelIndex


class Cells(QStyledItemDelegate):
    """Draws the cells itself: several times as fast as by way of the style sheet."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        on_theme_change(self._on_theme)

    @Slot()
    def _on_theme(self) -> None:
        self._chosen, self._hover = QColor(colours.CHOSEN), QColor(colours.PANEL)
        self._text, self._quiet = QColor(colours.TEXT), QColor(colours.TEXT_SECONDARY)
        self._bar = QColor(colours.WEIGHT_DIM)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One line."""
        return QSize(40, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paints words or a number, over a bar where there is one."""
        place: QRect = option.rect  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        heading = index.data(HEADING)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(place, self._chosen)
        elif state & QStyle.StateFlag.State_MouseOver and not heading:
            painter.fillRect(place, self._hover)
        share = index.data(BAR)
        if share is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_colour(index.data(Qt.ItemDataRole.DecorationRole)) or self._bar)
            width = max(2.0, (place.width() - 6) * min(max(float(share), 0.0), 1.0))
            painter.drawRoundedRect(QRectF(place.left() + 2, place.top() + 3, width, ROW - 6), 2, 2)
        colour = _colour(index.data(Qt.ItemDataRole.ForegroundRole))
        painter.setPen(self._quiet if heading else colour or self._text)
        words = index.data(Qt.ItemDataRole.DisplayRole)
        if words:
            side = index.data(Qt.ItemDataRole.TextAlignmentRole) or Qt.AlignmentFlag.AlignLeft
            inside = place.adjusted(3, 0, -7, 0)
            elided = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, inside.width())
            painter.drawText(inside, side | Qt.AlignmentFlag.AlignVCenter, elided)


def _colour(value: QColor | str | None) -> QColor | None:
    """A colour, or that of a role by name, which a list may keep whatever the theme."""
    return QColor(colours.of(value)) if isinstance(value, str) else value


def prepare(
    view: QTreeView,
    widths: dict[int, int],
    stretch: int,
    before: dict[int, int] | None = None,
    *,
    spare: Sequence[int] = (),
    seen_only: bool = False,
) -> None:
    """Columns of some widths and more where their words need it, as `FittedColumns` takes them, one that has
    the rest, and cells that paint themselves; the view has its model."""
    header = view.header()
    view.setItemDelegate(Cells(view))
    view.setMouseTracking(True)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    view.setStyleSheet("QHeaderView::section { padding: 3px 6px; }")
    tabular(view)
    header.setMinimumSectionSize(36)
    FittedColumns(view, widths, before, spare=spare, seen_only=seen_only)
    header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)


def listed(
    headings: Sequence[str],
    widths: dict[int, int],
    stretch: int,
    numbers: Iterable[int],
    parent: QWidget,
    spare: Sequence[int] = (),
) -> QTreeWidget:
    """A list of rows without children, with columns as `prepare` takes them; over columns of ``numbers`` the
    heading stands right as they do."""
    table = QTreeWidget(parent)
    table.setHeaderLabels(list(headings))
    table.setRootIsDecorated(False)
    table.setUniformRowHeights(True)
    prepare(table, widths, stretch, spare=spare)
    for column in numbers:
        table.headerItem().setTextAlignment(
            column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
    return table


# What tables of rows without children share: their size, their headings, and rows selected from outside.

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
