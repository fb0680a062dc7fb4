"""Rows of tens of thousands of clips: what is not to be seen is not asked for, and not kept."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest
from PySide6.QtCore import QItemSelectionModel, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.catalogue.catalogue import Clip, Group
from gui_app.library.clip_list import Arranged
from gui_app.library.rows import BLOCK, CURVE, MOST_KEPT, NAME, SECOND, WORST
from gui_app.library.table import INDENT, ClipTable
from gui_app.style.theme import apply_theme

MANY = 20_000
ARROW = 9
"""Pixels at the top of a heading where nothing but the arrow stands."""
CLIP = Clip(
    1, "s1/a_stageii.npz", "/m/a.npz", "done", "", "smplh", "male", "s1", "", "accurate", 120, 60.0, 1.0, 2.0,
    5.0, 20.0, 7, (None,) * 6, bytes(range(64)), 8.0, None, None, None, 3, "jump", 0, "", False,
)  # fmt: skip
ALL = Arranged(array("q", range(1, MANY + 1)), (), {"done": MANY})


@pytest.fixture
def table(qtbot: QtBot, qapp: QApplication) -> ClipTable:
    """A table whose rows are told as soon as they are asked for."""
    apply_theme(qapp)
    made = ClipTable()
    qtbot.addWidget(made)
    made.resize(440, 600)
    made.asked = []  # type: ignore[attr-defined]

    def tell(ids: list[int]) -> None:
        made.asked.extend(ids)  # type: ignore[attr-defined]
        made.rows.take(replace(CLIP, id=one, output=f"s1/{one:05}_stageii.npz") for one in ids)

    made.rows.wanted.connect(tell)
    made.show()
    qtbot.waitExposed(made)
    return made


def text(table: ClipTable, row: int) -> str:
    """The name in a row."""
    return str(table.rows.index(row, NAME).data())


def test_only_rows_that_are_seen_are_asked_for_and_once(table: ClipTable, qtbot: QtBot) -> None:
    asked: list[int] = table.asked  # type: ignore[attr-defined]
    table.rows.arrange(ALL)
    qtbot.waitUntil(lambda: bool(asked))
    qtbot.wait(50)
    assert table.rows.rowCount() == MANY
    assert len(asked) <= 2 * BLOCK
    assert text(table, 0) == "00001"
    table.scrollToBottom()
    qtbot.waitUntil(lambda: MANY in asked)
    qtbot.wait(50)
    assert len(asked) <= 4 * BLOCK
    table.scrollToTop()
    qtbot.wait(50)
    assert len(asked) == len(set(asked))


def test_columns_are_as_wide_as_the_figures_that_were_seen(table: ClipTable, qtbot: QtBot) -> None:
    header, wide = table.header(), replace(CLIP, max=123_456.7)
    table.rows.arrange(ALL)
    qtbot.waitUntil(lambda: text(table, 0) == "00001")
    narrow = header.sectionSize(WORST)
    # Told, and too far down to be seen.
    table.rows.take([replace(wide, id=41)])
    qtbot.wait(30)
    assert header.sectionSize(WORST) == narrow
    table.scrollTo(table.rows.index(40, NAME))
    qtbot.waitUntil(lambda: header.sectionSize(WORST) >= table.fontMetrics().horizontalAdvance("123456.7"))
    table.scrollToTop()
    qtbot.wait(30)
    assert header.sectionSize(WORST) > narrow


def test_in_a_narrow_list_curves_leave_their_room_to_names(table: ClipTable, qtbot: QtBot) -> None:
    table.rows.arrange(ALL)
    name = table.fontMetrics().horizontalAdvance("0005_backflip") + INDENT
    for width, curves in ((440, True), (350, False), (440, True)):
        table.resize(width, 600)
        qtbot.wait(30)
        assert table.isColumnHidden(CURVE) != curves
        assert table.header().sectionSize(NAME) > name
        assert not table.grab().isNull()


@pytest.mark.parametrize("order", list(Qt.SortOrder))
def test_the_arrow_takes_no_letters_from_a_heading(
    table: ClipTable, qtbot: QtBot, order: Qt.SortOrder
) -> None:
    header = table.header()

    def words() -> QImage:
        left, width = header.sectionViewportPosition(WORST), header.sectionSize(WORST)
        return header.grab(QRect(left, ARROW, width, header.height() - ARROW)).toImage()

    header.setSortIndicator(-1, order)
    qtbot.wait(30)
    before = words()
    header.setSortIndicator(WORST, order)
    assert words() == before


def test_what_is_kept_is_bounded_whatever_is_scrolled_through(table: ClipTable, qtbot: QtBot) -> None:
    table.rows.arrange(ALL)
    for row in range(0, MANY, BLOCK):
        table.rows.clip(row)
        table.rows._ask()
    assert table.rows.kept <= MOST_KEPT
    assert table.rows.clip(0) is None
    qtbot.waitUntil(lambda: table.rows.clip(0) is not None)


def test_what_is_chosen_stays_chosen_in_another_order(table: ClipTable) -> None:
    rows = table.rows
    rows.arrange(ALL)
    select = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for row in (3, 4, 9):
        table.selectionModel().select(rows.index(row, 0), select)
    # Said outright: the view would ask which keys are down.
    alone = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
    table.selectionModel().setCurrentIndex(rows.index(12, NAME), alone)
    table.selectionModel().select(rows.index(9, 0), select)
    table.selectionModel().select(rows.index(4, 0), select)
    assert table.selected == [5, 10, 13]
    rows.arrange(Arranged(array("q", range(MANY, 0, -1)), (), {}))
    assert sorted(table.selected) == [5, 10, 13]
    assert rows.clip_id(table.currentIndex().row()) == 13
    rows.arrange(Arranged(array("q", [7, 13]), (), {}))
    assert table.selected == [13]


def test_a_click_with_a_modifier_chooses_and_opens_nothing(table: ClipTable, qtbot: QtBot) -> None:
    table.rows.arrange(ALL)
    went: list[int] = []
    table.sought.connect(lambda row, _towards: went.append(row))

    def click(row: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        place = table.visualRect(table.rows.index(row, NAME)).center()
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, modifier, place)

    for row, chosen in ((2, [3]), (4, [3, 5]), (4, [3]), (2, []), (6, [7])):
        click(row, Qt.KeyboardModifier.ControlModifier)
        assert table.selected == chosen
    assert went == []
    click(1)
    assert went == [1]


def test_an_order_that_comes_again_shows_what_has_changed(table: ClipTable, qtbot: QtBot) -> None:
    rows = table.rows
    rows.arrange(ALL)
    qtbot.waitUntil(lambda: text(table, 0) == "00001")
    asked: list[int] = table.asked  # type: ignore[attr-defined]
    asked.clear()
    rows.arrange(ALL)
    # What is known stays to be seen until it is told anew.
    assert text(table, 0) == "00001"
    qtbot.waitUntil(lambda: 1 in asked)


def test_headings_stand_above_their_clips_and_keys_pass_them_by(table: ClipTable, qtbot: QtBot) -> None:
    rows = table.rows
    groups = (Group("a", 2, 2, 0, 2.0, 9.0), Group("b", 1, 0, 1, None, None), Group("", 2, 0, 0, None, None))
    rows.arrange(Arranged(array("q", [11, 12, 13, 14, 15]), groups, {}))
    assert [rows.clip_id(row) for row in range(rows.rowCount())] == [0, 11, 12, 0, 13, 0, 14, 15]
    assert [rows.row_of(clip) for clip in (11, 12, 13, 14, 15, 99)] == [1, 2, 4, 6, 7, -1]
    assert [text(table, row) for row in (0, 3, 5)] == [
        "a\t2 clips · mean 2.0 · worst 9.0 mm",
        "b\t1 clip · 1 failed",
        "Without a subject\t2 clips",
    ]
    went: list[tuple[int, int]] = []
    table.sought.connect(lambda row, towards: went.append((row, towards)))
    table.go_to(1)
    for key, row in ((Qt.Key.Key_Down, 2), (Qt.Key.Key_Down, 4), (Qt.Key.Key_Down, 6), (Qt.Key.Key_Up, 4)):
        qtbot.keyClick(table, key)
        qtbot.waitUntil(lambda row=row: went[-1][0] == row)
    assert went == [(1, 1), (2, 1), (4, 1), (6, 1), (4, -1)]
    table.go_to(1)
    qtbot.keyClick(table, Qt.Key.Key_Up)
    assert table.currentIndex().row() == 1
    qtbot.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert table.selected == [11, 12, 13, 14, 15]


@pytest.mark.parametrize(
    ("clip", "words"),
    [
        (CLIP, "s1 · 120 frames · jump"),
        (replace(CLIP, accepted=2), "s1 · 120 frames · jump · 2 accepted"),
        (replace(CLIP, state="failed", why="a.npz: 'poses' is damaged"), "a.npz: 'poses' is damaged"),
        (replace(CLIP, state="running"), "being fitted · s1"),
        (
            replace(CLIP, state="waiting", frames=None, why="its result is gone"),
            "not fitted · s1 · its result is gone",
        ),
    ],
)
def test_the_second_line_says_what_became_of_a_clip(table: ClipTable, clip: Clip, words: str) -> None:
    table.rows.arrange(Arranged(array("q", [clip.id]), (), {}))
    table.rows.take([clip])
    assert table.rows.index(0, NAME).data(SECOND)[0] == words
    assert not table.grab().isNull()
