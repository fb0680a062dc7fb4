"""Every list of the window says its words whole."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHeaderView, QTreeView
from pytestqt.qtbot import QtBot

from core.problems.thresholds import ProblemThresholds
from gui_app.app.main_window import MainWindow
from gui_app.document.inspect_selection import PAGES_OF, JointKey
from gui_app.problems.rows import VALUE
from gui_app.widgets.column_widths import WHOLE, FittedColumns
from gui_app.widgets.panels import PANELS
from tests.gui_app.conftest import FIT_MS

MARGIN = 9
"""Pixels that no cell writes on: 3 before its words and 6 after them, at least."""


def cut_off(view: QTreeView) -> list[str]:
    """Words of cells and headings that do not fit their column, but for what is as long as people like."""
    header, model = view.header(), view.model()
    found = []
    for column in range(model.columnCount()):
        name = str(model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole) or "")
        wide = header.fontMetrics().horizontalAdvance(name) + MARGIN
        if view.isColumnHidden(column):
            continue
        if not header.isHidden() and wide > header.sectionSize(column):
            found.append(f"heading {name}")
        for row in range(model.rowCount()):
            index = model.index(row, column, QModelIndex())
            words = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
            room, wide = view.visualRect(index).width(), view.fontMetrics().horizontalAdvance(words)
            if room and wide + MARGIN > room and wide < WHOLE:
                found.append(f"{words} in {name}")
    return found


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1600, 1000)])
def test_no_cell_of_any_list_is_cut_off(fitted: MainWindow, qtbot: QtBot, width: int, height: int) -> None:
    fitted.resize(width, height)
    state, inspection = fitted.state, fitted.inspection
    # So that every frame is a problem, with long names and figures.
    state.document.set_thresholds(ProblemThresholds(mean_most_mm=0.5, max_most_mm=0.5))
    qtbot.waitUntil(
        lambda: state.document.analysis is not None and len(state.document.analysis.problems) > 0,
        timeout=FIT_MS,
    )
    seen = 0
    for panel in PANELS:
        action = fitted.actions_.panel(panel.name)
        action.trigger()
        dock = fitted.panels.dock(panel.name)
        qtbot.waitUntil(dock.isVisible)
        inspection.choose_joint(JointKey("left_knee", "kinematic"))
        for page in PAGES_OF.get(panel.name, ("",)):
            if page:
                inspection.set_page(page)
            qtbot.wait(150)
            for view in dock.findChildren(QTreeView):
                if view.isVisible():
                    seen += 1
                    assert cut_off(view) == [], f"{panel.name} {page}"
        action.trigger()
    assert seen >= 6
    table = fitted.panels.problems.panel.table
    assert table.model().rowCount() > 0
    assert table.model().index(0, VALUE).data()


def test_a_column_grows_with_what_it_says(qtbot: QtBot) -> None:
    view, model = QTreeView(), QStandardItemModel(1, 2)
    qtbot.addWidget(view)
    model.setHorizontalHeaderLabels(["", "a heading that is wide"])
    model.setItem(0, 1, QStandardItem("1"))
    view.setModel(model)
    view.resize(600, 100)
    view.show()
    FittedColumns(view, {1: 40})
    qtbot.waitUntil(lambda: cut_off(view) == [])
    before = view.header().sectionSize(1)
    model.item(0, 1).setText("a sentence that is much wider than its heading")
    qtbot.waitUntil(lambda: view.header().sectionSize(1) > before and cut_off(view) == [])


def test_columns_that_can_be_spared_make_room(qtbot: QtBot) -> None:
    view, model = QTreeView(), QStandardItemModel(1, 3)
    qtbot.addWidget(view)
    model.setHorizontalHeaderLabels(["what", "here", "mean"])
    for column, words in enumerate(("the right index finger", "1.2", "1.3")):
        model.setItem(0, column, QStandardItem(words))
    view.setModel(model)
    FittedColumns(view, {1: 80, 2: 80}, spare=(2,))
    view.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    view.resize(200, 100)
    view.show()
    qtbot.waitUntil(lambda: view.isColumnHidden(2))
    assert not view.isColumnHidden(1)
    view.resize(600, 100)
    qtbot.waitUntil(lambda: not view.isColumnHidden(2))
    assert cut_off(view) == []
