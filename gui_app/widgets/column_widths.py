"""Columns of a list that are as wide as what they say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QModelIndex, QObject, QPoint, Qt, Slot
from PySide6.QtWidgets import QHeaderView, QTreeView

from gui_app.tasks.coalesce import Coalescer

AROUND, AROUND_HEADING = 12, 14
"""Pixels beside the words of a cell and of a heading."""
MOST = 400
"""Rows that are looked at: in longer lists the others are of the same kind."""
NEAR = 3
"""Words that are so many letters shorter than the longest can be wider than it."""
WHOLE = 220
"""Pixels of words that columns are left out for; what is longer is cut off."""


class FittedColumns(QObject):
    """Widens columns whenever what is in them has changed; they never become narrower than ``least``.

    Args:
        view: the list, with its model.
        least: width of each such column; the others share what is left.
        before: pixels before the words in a column, where something is drawn there.
        spare: columns that are left out, the first one first, while the stretched one has no room for its
            words.
        seen_only: rows that cannot be seen are not looked at, as they would have to be fetched; what was seen
            once still counts.
    """

    def __init__(
        self,
        view: QTreeView,
        least: dict[int, int],
        before: dict[int, int] | None = None,
        *,
        spare: Sequence[int] = (),
        seen_only: bool = False,
    ) -> None:
        super().__init__(view)
        self._view, self._least, self._before = view, dict(least), before or {}
        self._spare = spare
        self._seen_only = seen_only
        header = view.header()
        header.setStretchLastSection(False)
        for column, width in least.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)
        self._soon = Coalescer(self.fit, self)
        model = view.model()
        for signal in (
            model.modelReset, model.layoutChanged, model.rowsInserted, model.dataChanged,
            model.headerDataChanged,
        ):  # fmt: skip
            signal.connect(self._ask)
        if seen_only:
            view.verticalScrollBar().valueChanged.connect(self._ask)
        if spare:
            header.sectionResized.connect(self._on_resized)
        self._ask()

    @Slot()
    def _ask(self, *_: object) -> None:
        self._soon.ask()

    @Slot(int, int, int)
    def _on_resized(self, column: int, _before: int, _now: int) -> None:
        if column == self._stretched():
            self._soon.ask()

    @Slot()
    def fit(self) -> None:
        """Looks at the cells, and gives each column its width."""
        header = self._view.header()
        rows = list(self._seen() if self._seen_only else self._rows())
        widths = {}
        for column, least in self._least.items():
            needed = widths[column] = max(least, self._heading(column), self._cells(rows, column))
            if self._seen_only:
                self._least[column] = needed
            if header.sectionSize(column) != needed:
                header.resizeSection(column, needed)
        if self._spare:
            self._leave_out(rows, widths)

    def _leave_out(self, rows: list[QModelIndex], widths: dict[int, int]) -> None:
        column = self._stretched()
        words = max(self._heading(column), self._cells(rows, column))
        room = self._view.viewport().width() - sum(widths.values()) - min(words, WHOLE)
        for spare in self._spare:
            self._view.setColumnHidden(spare, room < 0)
            room += widths[spare] if room < 0 else 0

    def _stretched(self) -> int:
        header, columns = self._view.header(), range(self._view.model().columnCount())
        modes = (header.sectionResizeMode(column) for column in columns)
        return next((at for at, mode in enumerate(modes) if mode == QHeaderView.ResizeMode.Stretch), 0)

    def _rows(self) -> Iterator[QModelIndex]:
        model, waiting, count = self._view.model(), [QModelIndex()], 0
        while waiting and count < MOST:
            parent = waiting.pop()
            for row in range(min(model.rowCount(parent), MOST - count)):
                index = model.index(row, 0, parent)
                count += 1
                yield index
                waiting.append(index)

    def _seen(self) -> Iterator[QModelIndex]:
        view = self._view
        index, bottom = view.indexAt(QPoint(0, 0)), view.viewport().height()
        while index.isValid() and view.visualRect(index).top() < bottom:
            yield index.siblingAtColumn(0)
            index = view.indexBelow(index)

    def _heading(self, column: int) -> int:
        header = self._view.header()
        if header.isHidden():
            return 0
        words = self._view.model().headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole)
        return header.fontMetrics().horizontalAdvance(str(words or "")) + AROUND_HEADING

    def _cells(self, rows: list[QModelIndex], column: int) -> int:
        spoken = {
            str(words)
            for index in rows
            if not self._view.isFirstColumnSpanned(index.row(), index.parent())
            and (words := index.siblingAtColumn(column).data(Qt.ItemDataRole.DisplayRole))
        }
        longest = max(map(len, spoken), default=0)
        metrics = self._view.fontMetrics()
        long = (words for words in spoken if len(words) >= longest - NEAR)
        widest = max(map(metrics.horizontalAdvance, long), default=0)
        return widest + AROUND + self._before.get(column, 0) if widest else 0
