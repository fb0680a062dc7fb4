"""The history as a list: every step with what it did; go back to any, compare with any."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QMenu,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.shown_text import shown
from gui_app.document.actions import Actions
from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.document.history import History
from gui_app.history.comparison import BeforeFit
from gui_app.history.side_by_side import BEGAN, SideBySide
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change, set_sheet
from gui_app.style.theme import icon, tabular
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.buttons import RUNNING, allow
from gui_app.widgets.cards import SHEET
from gui_app.widgets.column_widths import FittedColumns
from gui_app.widgets.docks import PanelDock, SidePanel
from gui_app.widgets.labels import QuietLine
from gui_app.widgets.panels import PANEL
from gui_app.widgets.text import frames_words, plain_tip

if TYPE_CHECKING:
    from core.measure.fit_comparison import RunEntry

LEAST_HEIGHT = 200
HEADINGS = ("Step", "frames", "mean, mm")
CHOOSE, HERE = "Choose a step first", "It is the step that is shown"
SAME_FIT, NO_FIT_THERE = "It is the fit that is shown", "There was no fit yet after this step"
NOTHING = "Every fit and edit appears here, with its time and what it brought.\n\nFit: Ctrl+Return"
RETURN_TIP = "Show what there was after this step; later ones stay until something new is done"
COMPARE, LEAVE = "Compare with it", "Stop comparing"
COMPARE_TIP = "Side by side with the fit shown; curves, figures and the key A compare with it as well"
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class RunsPanel(SidePanel):
    """Follows `History`; the step shown has an arrow, the one it is compared with an eye, and the one beside
    it a mark in the colour of its words there."""

    def __init__(
        self,
        document: Document,
        activity: Activity,
        history: History,
        before: BeforeFit,
        beside: SideBySide,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(NOTHING, LEAST_HEIGHT, parent)
        self._document, self._activity, self._history, self._before = document, activity, history, before
        self._beside = beside
        self._entries: tuple[RunEntry, ...] = ()
        self._was_at = -1
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        set_sheet(self, SHEET)
        self.table = QTreeWidget(self)
        self.table.setAccessibleName("Steps of the history")
        self.table.setColumnCount(len(HEADINGS))
        self.table.setHeaderLabels(list(HEADINGS))
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_sheet(
            self.table, "QTreeView::item { padding: 4px 2px; } QHeaderView::section { padding: 3px 6px; }"
        )
        tabular(self.table)
        header = self.table.header()
        for column in (1, 2):
            self.table.headerItem().setTextAlignment(column, RIGHT)
        FittedColumns(self.table, {1: 58, 2: 100}, spare=(1,))
        header.setSectionResizeMode(0, header.ResizeMode.Stretch)
        self.table.currentItemChanged.connect(self._present)
        self.table.itemActivated.connect(self._on_return)
        self.words = QuietLine(self)
        self.back = _button("Return to it", "arrow-u-up-left", RETURN_TIP, self)
        self.back.clicked.connect(self._on_return)
        self.compare = _button(COMPARE, "git-diff", COMPARE_TIP, self)
        self.compare.clicked.connect(self._on_compare)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._on_menu)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.back)
        buttons.addWidget(self.compare)
        buttons.addStretch(1)
        full = QWidget(self)
        column_box = QVBoxLayout(full)
        column_box.setContentsMargins(8, 4, 8, 8)
        column_box.setSpacing(6)
        column_box.addWidget(self.table, 1)
        column_box.addWidget(self.words)
        column_box.addLayout(buttons)
        self.fill(full)
        soon = Coalescer(self.refresh, self)
        for signal in (history.changed, before.changed, beside.changed, activity.run_changed):
            signal.connect(soon.ask)
        on_theme_change(self.refresh)

    @property
    def chosen(self) -> int:
        """Index of the chosen step, -1 for none."""
        item = self.table.currentItem()
        return self.table.indexOfTopLevelItem(item) if item is not None else -1

    @Slot()
    def refresh(self) -> None:
        """Lists the history as it is."""
        from core.measure.fit_comparison import run_entries

        steps = self._history.steps
        self._entries = run_entries([(step.name, step.result) for step in steps])
        self.show_content(any(step.result is not None for step in steps))
        while self.table.topLevelItemCount() > len(steps):
            self.table.takeTopLevelItem(self.table.topLevelItemCount() - 1)
        while self.table.topLevelItemCount() < len(steps):
            item = QTreeWidgetItem(self.table)
            for column in (1, 2):
                item.setTextAlignment(column, RIGHT)
        for place, (step, entry) in enumerate(zip(steps, self._entries, strict=True)):
            row = self.table.topLevelItem(place)
            assert row is not None
            here = place == self._history.at
            compared = step.result is not None and step.result is self._before.earlier
            beside = self._beside.is_second(step.result)
            row.setIcon(0, _mark(here, beside, compared, bool(entry.failure)))
            later = place > self._history.at
            role = "TEXT_DISABLED" if later else "TEXT" if here or beside or compared else "TEXT_SECONDARY"
            role = "ERROR" if entry.failure and not later else role
            for column, words in enumerate(_cells(entry)):
                row.setText(column, words)
                row.setForeground(column, QColor(colours.of(role)))
                row.setToolTip(column, plain_tip(_tip(entry)))
        here_item = self.table.topLevelItem(self._history.at)
        if self._history.at != self._was_at and here_item is not None:
            self._was_at = self._history.at
            self.table.setCurrentItem(here_item)
        self._present()

    @Slot()
    def _present(self, *_: object) -> None:
        place, steps = self.chosen, self._history.steps
        there = 0 <= place < len(steps)
        idle = not self._activity.run.active
        here = CHOOSE if not there else HERE if place == self._history.at else ""
        allow(self.back, here if idle else RUNNING)
        shown = self._document.result
        other = steps[place].result if there else None
        differs = other is not None and shown is not None and other.poses is not shown.poses
        is_second = there and self._beside.is_second(other)
        self.compare.setText(LEAVE if is_second else COMPARE)
        same = NO_FIT_THERE if there and other is None else SAME_FIT if there else CHOOSE
        allow(self.compare, RUNNING if not idle else "" if differs or is_second else same)
        self.words.set_words(_settings_words(self._entries[place]) if there else "")

    @Slot()
    def _on_return(self, *_: object) -> None:
        self._history.go_to(self.chosen)

    @Slot()
    def _on_compare(self) -> None:
        step = self._history.steps[self.chosen]
        if self._beside.is_second(step.result):
            self._beside.end()
        elif step.result is not None:
            self._beside.begin_with(step)
            self._activity.say(f"Compared with what there was after {step.name or 'opening'}")

    @Slot(QPoint)
    def _on_menu(self, at: QPoint) -> None:
        if self.table.itemAt(at) is not None:
            self.menu().popup(self.table.viewport().mapToGlobal(at))

    def menu(self) -> QMenu:
        """What can be done with the chosen step; gone once it is closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button, slot in ((self.back, self._on_return), (self.compare, self._on_compare)):
            action = menu.addAction(button.icon(), button.text())
            action.setEnabled(button.isEnabled())
            action.triggered.connect(slot)
        menu.addSeparator()
        menu.addAction(self._beside.compare_file)
        return menu


def _mark(here: bool, beside: bool, compared: bool, failed: bool) -> QIcon:
    if here:
        return icon("caret-right", "ERROR" if failed else "ACCENT")
    if beside:
        return icon("git-diff", "SECOND_WORDS")
    if compared:
        return icon("eye", "ACCENT")
    return icon("warning-circle", "ERROR") if failed else icon("circle", "LINE")


def _cells(entry: RunEntry) -> tuple[str, str, str]:
    name = entry.name or BEGAN
    # First, as the end of a long name has no room.
    name = f"Failed: {name[:1].lower()}{name[1:]}" if entry.failure else name[:1].upper() + name[1:]
    frames = f"{entry.frames:,}" if entry.frames else ""
    change = entry.mean_mm
    if change is None:
        return name, frames, ""
    now = f"{change.now:.2f}"
    return name, frames, now if math.isnan(change.before) else f"{change.before:.2f} → {now}"


def _settings_words(entry: RunEntry) -> str:
    """``accurate: vertex · 10 frames in 0.2 s · all frames 1.31 mm``."""
    words = [f"failed: {entry.failure}"] if entry.failure else []
    words += [f"{entry.recipe}: {', '.join(entry.stages)}"] if entry.recipe else []
    if entry.seconds:
        where = f" on {entry.device}" if entry.device else ""
        words.append(f"{frames_words(entry.frames)} in {entry.seconds:.1f} s{where}")
    if not math.isnan(entry.whole_mm):
        words.append(f"whole motion {entry.whole_mm:.2f} mm")
    return " · ".join(words)


def _tip(entry: RunEntry) -> str:
    name, _, change = _cells(entry)
    lines = [name, _settings_words(entry)]
    if change:
        lines.append(f"mean of the frames it changed: {change} mm")
    return "\n".join(shown(line) for line in lines if line)


def _button(words: str, icon_name: str, tip: str, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setText(words)
    button.setIcon(icon(icon_name))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


# The list of all steps beside the bodies, hidden until it is asked for.


class RunsDock(PanelDock):
    """Stands on the left, where the stages are."""

    def __init__(self, panel: RunsPanel, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(PANEL["runs"], actions.runs, parent)
        self.panel = panel
        self.hold(panel)
