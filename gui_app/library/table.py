"""The table of clips: two lines a row, a small curve, and the keys that go from clip to clip."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyleOptionViewItem, QTreeView, QWidget

from gui_app.library.pictures import SHOWN, ClipPictures
from gui_app.library.rows import (
    CURVE,
    MEAN,
    NAME,
    OPENED,
    PICTURE,
    PROBLEMS,
    SECOND,
    SHAPE,
    SORTS,
    STATUS,
    WORST,
    ClipRows,
)
from gui_app.style import colours
from gui_app.style.theme import SMALL_PIXELS, icon
from gui_app.tasks.coalesce import Later
from gui_app.widgets.tables import HEADING, Cells, Index, prepare

UPPER, LOWER, PAD = 19, 16, 3
ROW = UPPER + LOWER + 2 * PAD
ICON = 14
INDENT = ICON + 12
TALL_ROW = SHOWN.height() + 4
BESIDE = SHOWN.width() + 12
"""Where names begin beside pictures."""
LEAST_TOP = 5.0
"""Millimetres that a curve has room for at least: what is good stays low."""
MARK = 3
"""Width of the bar before the clip that is shown."""
ROOM_FOR_CURVES = 370
KEY_MS = 90
"""A key that is held down goes by what lies between: what stays this long is opened."""
PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
HEADER = """QHeaderView::section { padding: 5px 5px 3px; }
QHeaderView::up-arrow, QHeaderView::down-arrow { subcontrol-position: top center; margin-top: -1px; }"""
"""The arrow stands above the words: beside them it would take letters, or every column would be wider."""
FLAGS = QStyle.StateFlag


class ClipCells(Cells):
    """The first line of a row, and the curve beside both; the view paints the second, and pictures.

    Attributes:
        beside: where the names begin beside pictures; 0 without.
    """

    beside = 0

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Two lines, headings too: rows of one height need not be measured."""
        return QSize(40, TALL_ROW if self.beside else ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paints the words of a cell, or the curve."""
        place = QRect(option.rect)  # type: ignore[attr-defined]
        if index.column() == CURVE:
            shape = index.data(SHAPE)
            if shape is not None and shape[0]:
                # As high as ever.
                lower = 7 + (place.height() - ROW) // 2
                _draw_curve(painter, QRectF(place.adjusted(8, lower, -6, -lower)), *shape)
            return
        top = _top(place)
        if index.column() == NAME:
            status = index.data(STATUS)
            # A picture has it in its corner.
            if status is not None and not self.beside:
                spot = QRect(place.left() + 8, top + (UPPER - ICON) // 2, ICON, ICON)
                icon(*status).paint(painter, spot)
            place.setLeft(place.left() + (self.beside or INDENT))
        option.rect = QRect(place.left(), top, place.width(), UPPER)  # type: ignore[attr-defined]
        # The ground is the row's.
        option.state &= ~FLAGS.State_Selected & ~FLAGS.State_MouseOver  # type: ignore[attr-defined]
        super().paint(painter, option, index)


class ClipTable(QTreeView):
    """``sought`` tells the row of a clip that somebody goes to, and whether down the list; ``sorted_by`` what
    the catalogue is to sort by."""

    sought = Signal(int, int)
    sorted_by = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = ClipRows(self)
        self.setModel(self.rows)
        self.setAccessibleName("Clips")
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        prepare(self, {MEAN: 48, WORST: 48, PROBLEMS: 48, CURVE: 78}, NAME, seen_only=True)
        self.setStyleSheet(HEADER)
        self._cells = ClipCells(self)
        self._pictures: ClipPictures | None = None
        self.setItemDelegate(self._cells)
        header = self.header()
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(WORST, Qt.SortOrder.DescendingOrder)
        header.sectionClicked.connect(self._on_heading)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self._sort = (WORST, True)
        self._from = -1
        self._later = Later(self._go_to_current, self, KEY_MS)
        self.clicked.connect(self._on_click)

    def show_pictures(self, pictures: ClipPictures | None) -> None:
        """Clips with their pictures, or without."""
        if pictures is not self._pictures:
            row = self.indexAt(QPoint(0, 0))
            self._pictures = pictures
            self._cells.beside = BESIDE if pictures is not None else 0
            self.scheduleDelayedItemsLayout()
            self.executeDelayedItemsLayout()
            if row.isValid():
                self.scrollTo(row, QAbstractItemView.ScrollHint.PositionAtTop)

    @property
    def selected(self) -> list[int]:
        """Numbers of the selected clips, from top to bottom."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [clip for row in rows if (clip := self.rows.clip_id(row))]

    def go_to(self, row: int) -> None:
        """Makes a row the current one, and goes to it."""
        self.setCurrentIndex(self.rows.index(row, NAME))
        self._go(row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow list the curves leave their room to the names."""
        super().resizeEvent(event)
        self.setColumnHidden(CURVE, self.viewport().width() < ROOM_FOR_CURVES)

    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The ground of the row and its cells; of a heading its words across them."""
        place = QRect(option.rect)  # type: ignore[attr-defined]
        if index.data(HEADING):
            _draw_title(painter, place, index.data())
            return
        if self.selectionModel().isRowSelected(index.row(), QModelIndex()):
            painter.fillRect(place, QColor(colours.CHOSEN))
        elif self.underMouse() and place.contains(self.viewport().mapFromGlobal(self.cursor().pos())):
            painter.fillRect(place, QColor(colours.PANEL))
        if index.data(OPENED):
            painter.fillRect(QRect(place.left(), place.top(), MARK, place.height()), QColor(colours.ACCENT))
        super().drawRow(painter, option, index)
        if self._pictures is not None:
            self._draw_picture(painter, place, index, self._pictures)
        second = index.data(SECOND)
        if second is not None:
            left, right = (self._cells.beside or INDENT) + 3, self.columnViewportPosition(CURVE) - 4
            _draw_second(painter, QRect(left, _top(place) + UPPER - 1, right - left, LOWER), *second)

    def _draw_picture(self, painter: QPainter, place: QRect, index: Index, pictures: ClipPictures) -> None:
        clip, status = index.data(PICTURE), index.data(STATUS)
        spot = QRect(place.left() + MARK + 3, place.top() + 2, SHOWN.width(), SHOWN.height())
        picture = None if clip is None else pictures.of(clip, self.devicePixelRatioF())
        if picture is None:
            painter.fillRect(spot, QColor(colours.RAISED))
        else:
            painter.drawPixmap(spot, picture)
        if status is not None:
            corner = QRect(0, 0, ICON + 2, ICON + 2)
            if picture is None:
                corner.moveCenter(spot.center())
            else:
                corner.moveBottomRight(spot.bottomRight())
                painter.fillRect(corner, QColor(colours.BACKGROUND))
            icon(*status).paint(painter, corner.adjusted(1, 1, -1, -1))

    def event(self, event: QEvent) -> bool:
        """While the list has the keyboard, all are the clips, and not the frames."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.matches(QKeySequence.StandardKey.SelectAll)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down go from clip to clip, Return to the current one at once."""
        before = self.currentIndex().row()
        super().keyPressEvent(event)
        if event.modifiers() not in PLAIN:
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._go_to_current()
        elif event.key() in MOVES and self.currentIndex().row() != before:
            self._step_over_title(before)
            self._later.ask()

    def _step_over_title(self, before: int) -> None:
        """A key that came to a heading goes on to the clip beyond it."""
        row = self.currentIndex().row()
        if row < 0 or self.rows.clip_id(row):
            return
        beyond = row + (1 if row > before else -1)
        if not 0 <= beyond < len(self.rows.shown()):
            beyond = before
        self.setCurrentIndex(self.rows.index(beyond, NAME))

    @Slot()
    def _go_to_current(self) -> None:
        self._go(self.currentIndex().row())

    @Slot(QModelIndex)
    def _on_click(self, index: QModelIndex) -> None:
        # With Shift or Ctrl rows are only chosen.
        if QGuiApplication.keyboardModifiers() in PLAIN:
            self._go(index.row())

    def _go(self, row: int) -> None:
        self._later.stop()
        if 0 <= row < len(self.rows.shown()) and self.rows.clip_id(row):
            towards = -1 if 0 <= row < self._from else 1
            self._from = row
            self.sought.emit(row, towards)

    @Slot(int)
    def _on_heading(self, column: int) -> None:
        if column >= len(SORTS):
            self._show_sort()
            return
        # Numbers begin with the largest, names with the first.
        falling = not self._sort[1] if self._sort[0] == column else column != NAME
        self._sort = (column, falling)
        self._show_sort()
        self.sorted_by.emit(f"{SORTS[column]}:{'down' if falling else 'up'}")

    def _show_sort(self) -> None:
        column, falling = self._sort
        order = Qt.SortOrder.DescendingOrder if falling else Qt.SortOrder.AscendingOrder
        self.header().setSortIndicator(column, order)


def _top(place: QRect) -> int:
    """Where the two lines of a row begin."""
    return place.top() + (place.height() - UPPER - LOWER) // 2


def _draw_second(painter: QPainter, place: QRect, words: str, role: str) -> None:
    painter.save()
    font = QFont(painter.font())
    font.setPixelSize(SMALL_PIXELS)
    painter.setFont(font)
    painter.setPen(QColor(colours.of(role)))
    elided = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)
    painter.restore()


def _draw_title(painter: QPainter, place: QRect, words: str) -> None:
    """The name of a group, and its figures."""
    painter.save()
    painter.setPen(QColor(colours.LINE))
    painter.drawLine(place.left() + 6, place.bottom(), place.right() - 6, place.bottom())
    name, _, figures = words.partition("\t")
    side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
    inside = place.adjusted(8, 0, -8, -6)
    font = QFont(painter.font())
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor(colours.TEXT))
    room = inside.width() // 2
    name = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room)
    painter.drawText(inside, side, name)
    after = painter.fontMetrics().horizontalAdvance(name) + 12
    font.setWeight(QFont.Weight.Normal)
    font.setPixelSize(SMALL_PIXELS)
    painter.setFont(font)
    painter.setPen(QColor(colours.TEXT_SECONDARY))
    rest = inside.adjusted(after, 0, 0, 0)
    painter.drawText(
        rest, side, painter.fontMetrics().elidedText(figures, Qt.TextElideMode.ElideRight, rest.width())
    )
    painter.restore()


def _draw_curve(painter: QPainter, place: QRectF, shape: bytes, top: float) -> None:
    """The error over time, with gaps where nothing is fitted."""
    # Whoever made the curve has imported it by now, which the window need not wait for.
    from core.catalogue.facts import TOP

    step = place.width() / max(len(shape) - 1, 1)
    height = place.height() * top / max(top, LEAST_TOP) / TOP
    line, area = QPainterPath(), QPainterPath()
    for stretch in _stretches(shape):
        points = [QPointF(place.left() + step * at, place.bottom() - height * shape[at]) for at in stretch]
        # A single frame is to be seen as well.
        points.append(points[-1] + QPointF(0.5, 0))
        line.addPolygon(QPolygonF(points))
        foot = [QPointF(points[-1].x(), place.bottom()), QPointF(points[0].x(), place.bottom())]
        area.addPolygon(QPolygonF([*points, *foot]))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ground = QColor(colours.CURVE_MEAN)
    ground.setAlpha(48)
    painter.fillPath(area, ground)
    painter.setPen(QPen(QColor(colours.CURVE_MEAN), 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(line)
    painter.restore()


def _stretches(shape: bytes) -> Iterator[range]:
    """Pieces of the curve between its gaps."""
    from core.catalogue.facts import NOTHING

    start = 0
    for place in range(len(shape) + 1):
        if place == len(shape) or shape[place] == NOTHING:
            if place > start:
                yield range(start, place)
            start = place + 1
