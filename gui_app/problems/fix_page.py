"""What each strategy gives on the chosen frames, as a table; a click shows it, a button takes it over."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui_app.document.activity import Activity
from gui_app.problems.fix_trial import Fixing
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change, set_sheet
from gui_app.style.theme import icon, tabular
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.cards import tool
from gui_app.widgets.column_widths import FittedColumns
from gui_app.widgets.labels import QuietLine
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.problems.fix_strategies import Fix

HEADINGS = ("Strategy", "mean, mm", "max", "worst part", "seam")
TIPS = (
    "How the frames are fitted; a click shows them so",
    "Mean v2v error over the frames, mm",
    "Worst vertex of all the frames, mm",
    "Body part with the largest mean error, mm",
    "Where the frames meet the others: how much more a joint accelerates than the source's, mm/frame²",
)
AS_IT_IS = "As it is"
MARK = 24
"""Pixels of the star and what stands there in its place."""
BEST = "Best: the smallest mean whose seam is smooth; of those as good, the simplest"
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class FixPage(QWidget):
    """Follows `Fixing`."""

    def __init__(self, activity: Activity, fixing: Fixing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._activity, self._fixing = activity, fixing
        self._chosen_by_hand = False
        self.title = QLabel(self)
        self.title.setStyleSheet("font-weight: 600;")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.back = tool("x", "Back to the problems; nothing is changed", self)
        self.back.clicked.connect(fixing.leave)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.back)
        self.table = QTreeWidget(self)
        self.table.setAccessibleName("Strategies")
        self.table.setColumnCount(len(HEADINGS))
        self.table.setHeaderLabels(list(HEADINGS))
        for column, tip in enumerate(TIPS):
            self.table.headerItem().setToolTip(column, plain_tip(tip))
            if column in (1, 2, 4):
                self.table.headerItem().setTextAlignment(column, RIGHT)
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_sheet(
            self.table, "QTreeView::item { padding: 3px 2px; } QHeaderView::section { padding: 3px 6px; }"
        )
        tabular(self.table)
        header = self.table.header()
        FittedColumns(self.table, {1: 54, 2: 58, 3: 96, 4: 58}, {0: MARK}, spare=(3,))
        header.setSectionResizeMode(0, header.ResizeMode.Stretch)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.itemClicked.connect(self._on_clicked)
        self.table.currentItemChanged.connect(self._on_current)
        self.words = QuietLine(self)
        self.apply = QToolButton(self)
        self.apply.setProperty("primary", True)
        self.apply.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.apply.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.apply.clicked.connect(self._on_apply)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(10, 4, 8, 8)
        column_box.setSpacing(6)
        column_box.addLayout(head)
        column_box.addWidget(self.table, 1)
        column_box.addWidget(self.words)
        column_box.addWidget(self.apply)
        self._soon = Coalescer(self.refresh, self)
        fixing.changed.connect(self._soon.ask)
        activity.run_changed.connect(self._soon.ask)
        on_theme_change(self.refresh)

    @property
    def chosen(self) -> Fix | None:
        """The fix of the chosen row, None for the fit as it is."""
        item = self.table.currentItem()
        place = self.table.indexOfTopLevelItem(item) - 1 if item is not None else -1
        fixes = self._fixing.fixes
        return fixes[place] if 0 <= place < len(fixes) else None

    @Slot()
    def refresh(self) -> None:
        """Shows what is known."""
        fixing = self._fixing
        if not fixing.open:
            self.table.clear()
            self._chosen_by_hand = False
            return
        self.title.setText(f"Fix {fixing.what}")
        known = ([] if fixing.before is None else [fixing.before]) + fixing.fixes
        for fix in known[self.table.topLevelItemCount() :]:
            self._add(fix)
        best = fixing.best()
        for place, fix in enumerate(known):
            self._present(self.table.topLevelItem(place), fix, best is not None and place == best + 1)
        # Where nothing is gained the fit as it is stays chosen, without a star.
        first = self.table.topLevelItem(0 if best is None else best + 1)
        if first is not None and not self._chosen_by_hand and not fixing.running:
            self.table.setCurrentItem(first)
        run = self._activity.run
        tried = f"{len(fixing.fixes)} strategies tried"
        if best is None and fixing.fixes:
            tried += ", none is better"
        self.words.set_words("Trying strategies… Esc stops" if run.active else f"{tried} · a click shows one")
        self._present_apply()

    def _add(self, fix: Fix) -> None:
        item = QTreeWidgetItem(self.table)
        for column in (1, 2, 4):
            item.setTextAlignment(column, RIGHT)
        words = (
            fix.strategy.label if fix.strategy is not None else AS_IT_IS,
            _mm(fix.mean_mm),
            _mm(fix.max_mm),
            f"{fix.worst_part} {fix.part_mm:.1f}",
            _mm(fix.seam_mm),
        )
        for column, word in enumerate(words):
            item.setText(column, word)
            item.setToolTip(column, _tip(fix))

    def _present(self, item: QTreeWidgetItem | None, fix: Fix, best: bool) -> None:
        if item is None:
            return
        item.setIcon(0, icon("star", "GOOD") if best else icon("circle", "LINE"))
        # The star goes on as more is tried, and its words with it.
        item.setToolTip(0, plain_tip(BEST) if best else _tip(fix))
        for column in range(len(HEADINGS)):
            role = "GOOD" if best and column < 2 else "TEXT" if column < 3 else "TEXT_SECONDARY"
            if column == 4 and not fix.smooth:
                role = "WARNING"
            item.setForeground(column, QColor(colours.of(role)))

    def _present_apply(self) -> None:
        fix = self.chosen
        name = fix.strategy.label if fix is not None and fix.strategy is not None else ""
        self.apply.setText(f"Apply: {name.lower()}" if name else "Apply")
        self.apply.setEnabled(bool(name) and not self._activity.run.active)
        self.apply.setToolTip("It becomes the fit; one step to undo" if name else "Choose a strategy")

    @Slot()
    def _on_clicked(self, *_: object) -> None:
        self._chosen_by_hand = True

    @Slot()
    def _on_current(self, *_: object) -> None:
        if self._fixing.open:
            self._fixing.show(self.chosen)
        self._present_apply()

    @Slot()
    def _on_apply(self) -> None:
        fix = self.chosen
        if fix is not None:
            self._fixing.take(fix)


def _tip(fix: Fix) -> str:
    if fix.strategy is None:
        return ""
    which = f"\nHere: {', '.join(fix.limbs)}" if fix.limbs else ""
    return plain_tip(fix.strategy.help + which)


def _mm(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1f}"
