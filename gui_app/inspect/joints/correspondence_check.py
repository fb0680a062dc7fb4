"""The rows of the correspondence looked through: which are empty, off, or reach across the body."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from gui_app.document.document import Document
from gui_app.document.inspect_selection import Inspection
from gui_app.document.rest_distance import RestDistance
from gui_app.widgets.tables import HEADING, prepare

if TYPE_CHECKING:
    from core.inspection.correspondence_report import CorrespondenceReport


class RowFault(NamedTuple):
    """``name`` in the report, what people read, and what a tooltip adds."""

    name: str
    words: str
    tip: str


KINDS = (
    RowFault("empty", "are empty", "These vertices of the fit correspond to nothing and never count"),
    RowFault("off", "do not sum to one", "Their weights put the point they correspond to off the surface"),
    RowFault("across", "reach across the body", "From left to right, or between parts that do not touch"),
)
SHOW_TIP = "a click shows them on the fit, another hides them"
MOST_LISTED = 400
KIND, VERTEX = Qt.ItemDataRole.UserRole + 20, Qt.ItemDataRole.UserRole + 21


class RowCheck(QTreeWidget):
    """Three counts; those chosen are listed below and stand on the fit."""

    def __init__(
        self, document: Document, inspection: Inspection, rest: RestDistance, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._inspection, self._rest = document, inspection, rest
        self._chosen = ""
        self.setAccessibleName("Rows of the correspondence")
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(8)
        self.setUniformRowHeights(True)
        self.setItemsExpandable(False)
        prepare(self, {1: 118}, 0)
        self.clicked.connect(self._on_click)
        document.motion_changed.connect(self._forget)

    def refresh(self) -> None:
        """Everything anew."""
        if not len(self._inspection.rows):
            self._chosen = ""
        report, scrolled = self._rest.report, self.verticalScrollBar().value()
        self.clear()
        if report is None:
            self._rest.want()
            self._add("Looking through the correspondence…", "", quiet=True)
            return
        self._add(f"Rows of the correspondence  ·  {report.shape[0]}", "", heading=True)
        for kind in KINDS:
            count = len(getattr(report, kind.name))
            row = self._add(kind.words, str(count), tip=f"{kind.tip}; {SHOW_TIP}" if count else kind.tip)
            row.setData(0, KIND, kind.name if count else "")
            for column in (0, 1):
                if kind.name == self._chosen:
                    row.setData(column, Qt.ItemDataRole.ForegroundRole, "ACCENT")
        if self._chosen:
            self._list(report)
        self.verticalScrollBar().setValue(scrolled)

    def _list(self, report: CorrespondenceReport) -> None:
        from core.model.joints import PARTS

        opened = self._document.opened
        assert opened is not None
        ids = getattr(report, self._chosen)
        self._add(f"Vertices of the fit  ·  {len(ids)}", "", heading=True)
        for vertex in ids[:MOST_LISTED]:
            value = {"off": f"sum {report.sums[vertex]:.4f}", "across": f"{report.spread_mm[vertex]:.0f} mm"}
            part = PARTS[int(opened.bodies.target.vertex_part[vertex])]
            row = self._add(f"{vertex}  ·  {part}", value.get(self._chosen, ""), tip="A click goes there")
            row.setData(0, VERTEX, int(vertex))
        if len(ids) > MOST_LISTED:
            self._add(f"and {len(ids) - MOST_LISTED} more, all shown on the fit", "", quiet=True)

    def _add(
        self, words: str, value: str, *, tip: str = "", heading: bool = False, quiet: bool = False
    ) -> QTreeWidgetItem:
        item = QTreeWidgetItem(self, [words, value])
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        if heading:
            item.setData(0, HEADING, True)
            item.setFirstColumnSpanned(True)
        if quiet:
            item.setData(0, Qt.ItemDataRole.ForegroundRole, "TEXT_SECONDARY")
            item.setFirstColumnSpanned(True)
        for column in (0, 1):
            item.setToolTip(column, tip)
        return item

    @Slot(QModelIndex)
    def _on_click(self, index: QModelIndex) -> None:
        first = index.siblingAtColumn(0)
        vertex, kind = first.data(VERTEX), first.data(KIND)
        if vertex is not None:
            self._inspection.hold("fit", vertex)
        elif kind:
            report = self._rest.report
            self._chosen = "" if kind == self._chosen or report is None else kind
            ids = getattr(report, self._chosen) if self._chosen else np.zeros(0, int)
            self._inspection.show_rows(tuple(int(one) for one in ids))
            self.refresh()

    @Slot()
    def _forget(self) -> None:
        self._chosen = ""
