"""The panel of problems: found, sorted, accepted, fitted again, compared, fixed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.fitting.run import FitRun
from core.measure.frame_errors import measured
from gui_app.app.main_window import MainWindow
from gui_app.document.problem_text import body_part, no_problems_words
from gui_app.problems.fix_page import BEST
from gui_app.problems.panel import LOOKING, MORE, NO_FIT, NO_MATCH, ProblemsPanel
from gui_app.problems.rows import FRAMES, KIND, PART, VALUE, Heading, change_role
from gui_app.problems.thresholds import LEAST_SLIDER, STEPS
from gui_app.session import save
from gui_app.widgets.save_dialog import Place
from gui_app.widgets.text import plain_tip
from tests.gui_app.conftest import FIT_MS

HAND, FOOT = [8, 9, 10], [16, 17]


def settled(window: MainWindow, qtbot: QtBot) -> None:
    """The fit shown is looked through, and judged where somebody looks."""
    state = window.state
    qtbot.waitUntil(
        lambda: (
            not state.activity.run.active
            and state.document.analysis is not None
            and state.document.analysis.result is state.document.result
            and state.document.analysis.thresholds == state.document.thresholds
        ),
        timeout=FIT_MS,
    )
    qtbot.waitUntil(lambda: not window.desk._soon.waiting and not window.before._soon.waiting)
    panel = window.panels.problems.panel
    qtbot.waitUntil(lambda: panel.table.model_._all == window.desk.rows and not panel._soon.waiting)


def press(panel: ProblemsPanel, row: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A click on a row."""
    index = panel.table.model_.index(row, 0)
    panel.table.scrollTo(index)
    place = panel.table.visualRect(index).center()
    QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, keys, place)


@pytest.fixture
def faulty(fitted: MainWindow, qtbot: QtBot) -> MainWindow:
    """A fit with a scrambled left hand and a foot that is off, and the panel open."""
    state = fitted.state
    assert state.document.result is not None
    assert state.document.opened is not None
    names = state.document.opened.bodies.target.joint_names
    rng, poses = np.random.default_rng(3), state.document.result.poses.copy()
    fingers = [i for i, name in enumerate(names) if name.startswith("left_") and name[-1] in "123"]
    poses[np.ix_(HAND, fingers)] += rng.normal(scale=0.5, size=(len(HAND), len(fingers), 3))
    poses[np.ix_(FOOT, [names.index("right_ankle")])] += 0.4
    bad = replace(state.document.result, poses=poses.astype(np.float32))
    frames = np.array([*HAND, *FOOT])
    errors = measured(state.document.opened.motion, state.document.opened.bodies, bad, frames)
    for name in ("mean", "median", "p95", "max", "part"):
        values = getattr(bad, f"{name}_mm").copy()
        values[frames] = getattr(errors, name)
        bad = replace(bad, **{f"{name}_mm": values})
    state.document.set_result(bad, None)
    fitted.history.add("planting")
    fitted.actions_.problems.trigger()
    fitted.desk.keep()
    settled(fitted, qtbot)
    return fitted


def test_rows_are_found_sorted_filtered_gone_to_and_put_in_groups(
    faulty: MainWindow, make_window: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    state, panel = faulty.state, faulty.panels.problems.panel
    model, table = panel.table.model_, panel.table
    spans = {(row.problem.first, row.problem.last) for row in model.rows}
    assert {(8, 10), (16, 17)} <= spans
    assert panel.head.text() == "5 problem frames"
    qtbot.waitUntil(lambda: all(row.kind for row in model.rows), timeout=FIT_MS)
    assert {row.kind for row in model.rows if row.problem.metric == "part_mm"} == {"failed fit"}
    assert "jitter_mm" in {row.problem.metric for row in model.rows}
    for row in model.rows:
        assert row.value_words.endswith(row.problem.unit.replace("frame", "f"))
    panel.thresholds.show_threshold(next(r.problem for r in model.rows if r.problem.metric == "jitter_mm"))
    assert panel.thresholds.value.text() == "+4 mm/f²"
    line = panel.thresholds
    assert line.value.fontMetrics().horizontalAdvance(line.value.text()) <= line.value.width()
    assert line.slider.width() >= LEAST_SLIDER

    for column in (FRAMES, PART, VALUE, KIND):
        for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            table.sortByColumn(column, order)
    table.sortByColumn(FRAMES, Qt.SortOrder.DescendingOrder)
    firsts = [row.problem.first for row in model.rows]
    assert firsts == sorted(firsts, reverse=True)
    panel.part.setCurrentIndex(panel.part.findData("feet"))
    assert {row.problem.first for row in model.rows} <= {15, 16, 17}
    panel.part.setCurrentIndex(0)
    panel.search.setText("hand shape 8")
    assert [row.problem.metric for row in model.rows] == ["hand_mm"]

    camera = faulty.viewport.scene.camera.pose.focal_point.copy()
    press(panel, 0)
    assert state.playback.frame == model.rows[0].problem.frame
    assert state.playback.frame in HAND
    assert np.linalg.norm(faulty.viewport.scene.camera.pose.focal_point - camera) > 0.1
    qtbot.waitUntil(lambda: panel.thresholds.name == "hand_mm")

    panel.search.setText("nothing like that")
    assert panel.nothing.isVisible()
    assert panel.nothing.text() == NO_MATCH
    panel.search.clear()
    before = len(model.rows)
    panel.thresholds.slider.setValue(STEPS)
    settled(faulty, qtbot)
    assert state.document.thresholds.hand_mm == 32
    assert len(model.rows) < before
    panel.thresholds.reset.click()
    settled(faulty, qtbot)
    assert len(model.rows) == before

    # In groups.
    qtbot.waitUntil(lambda: all(row.kind for row in model.rows), timeout=FIT_MS)
    plain = list(model.rows)
    assert model.lines == plain
    press(panel, 1)
    chosen = table.selected

    def titles() -> dict[str, int]:
        return {line.words: line.count for line in model.lines if isinstance(line, Heading)}

    panel.groups.choices["part"].trigger()
    assert list(titles()) == ["Hands", "Feet", "Whole body"]
    assert sum(titles().values()) == len(model.rows) == len(plain)
    assert set(model.rows) == set(plain)
    assert table.selected == chosen
    for heading in [line for line in model.lines if isinstance(line, Heading)]:
        assert {body_part(row.problem) or "whole body" for row in model.members(heading)} == {heading.name}
    assert table.indexAt(table.visualRect(model.index(0, 0)).center()).row() == 0
    assert table.visualRect(model.index(0, 0)).height() < table.visualRect(model.index(1, 0)).height()

    # Sorted within the groups; the filter takes headings along.
    table.sortByColumn(VALUE, Qt.SortOrder.DescendingOrder)
    hands = model.members(next(line for line in model.lines if line.key[1] == "hands"))
    orders = [(row.problem.unit, row.problem.value) for row in hands]
    assert orders == sorted(orders, reverse=True)
    panel.search.setText("hand shape")
    assert list(titles()) == ["Hands"]
    panel.search.clear()

    # Keys pass over headings; a click on one chooses what is below it.
    table.setCurrentIndex(model.index(1, 0))
    places = []
    for _ in model.rows[1:]:
        QTest.keyClick(table, Qt.Key.Key_Down)
        assert table.selected == [model.lines[table.currentIndex().row()]]
        assert state.playback.frame == table.selected[0].problem.frame
        places += table.selected
    assert places == model.rows[1:]
    place = next(i for i, line in enumerate(model.lines) if line.key[1] == "feet")
    press(panel, place)
    feet = model.lines[place]
    assert isinstance(feet, Heading)
    assert table.selected == model.members(feet)
    qtbot.waitUntil(
        lambda: faulty.problem_choice.rows == table.selected and faulty.problem_choice.scope is not None
    )
    qtbot.waitUntil(lambda: set(faulty.problem_choice.scope.frames) >= set(FOOT))
    press(panel, 0, Qt.KeyboardModifier.ControlModifier)
    assert len(table.selected) == feet.count + model.lines[0].count

    panel.groups.choices["kind"].trigger()
    assert next(iter(titles())) == "Failed fit"
    qtbot.waitUntil(lambda: len(faulty.problem_choice.rows) == len(table.selected))
    faulty.actions_.accept.trigger()
    settled(faulty, qtbot)
    assert "Accepted" in titles()
    other = make_window(None, wait=False)
    assert other.panels.problems.panel.table.model_.grouping == "kind"


def test_nothing_to_show_says_why(window: MainWindow, qtbot: QtBot) -> None:
    panel = window.panels.problems.panel
    window.actions_.problems.trigger()
    qtbot.waitUntil(panel.empty.isVisible)
    assert panel.empty.text() == NO_FIT
    assert not window.actions_.accept.isEnabled()
    assert not window.actions_.refit_rows.isEnabled()
    assert not window.actions_.hold_before.isEnabled()
    window.actions_.fit.trigger()
    settled(window, qtbot)
    assert panel.nothing.isVisible()
    assert panel.nothing.text() == f"{no_problems_words(window.state.document.thresholds)}.\n\n{MORE}"
    assert "over 20 mm in the mean or 50 mm at its worst vertex" in panel.nothing.text()
    assert panel.head.text() == "no problem frames"
    assert LOOKING


def test_accepted_with_a_note_undone_by_name_and_kept_in_the_session(
    faulty: MainWindow,
    make_window: Callable[..., MainWindow],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state, panel, actions = faulty.state, faulty.panels.problems.panel, faulty.actions_
    model = panel.table.model_
    panel.table.sortByColumn(FRAMES, Qt.SortOrder.AscendingOrder)
    panel.search.setText("8–10")
    panel.table.selectAll()
    qtbot.waitUntil(
        lambda: actions.accept.isEnabled() and len(faulty.problem_choice.problems) == len(model.rows)
    )
    panel.note.text.setText("the source's hand is wild")
    actions.accept.trigger()
    settled(faulty, qtbot)
    assert actions.accept.text() == "Reopen"
    assert {(row.status, row.note) for row in model.rows} == {("accepted", "the source's hand is wild")}
    assert state.document.analysis is not None
    assert state.document.analysis.frames.tolist() == FOOT
    assert state.document.analysis.quiet
    assert "2 problem frames" in panel.head.text()
    # From problem to problem they are passed over.
    state.playback.set_frame(0)
    actions.next_problem.trigger()
    assert state.playback.frame in FOOT
    count = len(model.rows)
    assert actions.undo.text() == f"Undo acceptance of {count} problems"

    monkeypatch.setattr(save, "ask_where", lambda *_: Place(tmp_path / "a.refit", replace=True))
    actions.save_session_as.trigger()
    qtbot.waitUntil(lambda: not faulty.writer.waiting, timeout=FIT_MS)
    assert state.document.saved
    other = make_window(tmp_path / "a.refit")
    other.actions_.problems.trigger()
    settled(other, qtbot)
    notes = [row.note for row in other.desk.rows if row.status == "accepted"]
    assert notes == ["the source's hand is wild"] * count

    # Chosen again they can be opened; undo takes either back.
    qtbot.waitUntil(lambda: actions.accept.text() == "Reopen")
    actions.accept.trigger()
    settled(faulty, qtbot)
    assert {row.status for row in model.rows} == {"open"}
    assert not state.document.saved
    actions.undo.trigger()
    actions.undo.trigger()
    settled(faulty, qtbot)
    assert state.document.accepted == ()
    assert set(HAND) <= set(state.document.analysis.frames.tolist())
    actions.redo.trigger()
    assert len(state.document.accepted) == count


def test_rows_fitted_again_looked_at_from_both_sides_and_taken_back(faulty: MainWindow, qtbot: QtBot) -> None:
    state, panel, actions = faulty.state, faulty.panels.problems.panel, faulty.actions_
    model, bad = panel.table.model_, state.document.result
    assert bad is not None
    place = next(i for i, row in enumerate(model.rows) if row.problem.metric == "part_mm")
    press(panel, place)
    qtbot.waitUntil(lambda: "3 frames" in actions.refit_rows.iconText())
    actions.refit_rows.trigger()
    settled(faulty, qtbot)
    good = state.document.result
    assert good is not None
    assert (good.poses[HAND] != bad.poses[HAND]).any()
    assert np.array_equal(good.poses[[0, *FOOT, 23]], bad.poses[[0, *FOOT, 23]])
    mended = [row for row in model.rows if row.status == "mended"]
    assert {row.problem.frame for row in mended} <= set(HAND)
    hands = next(row for row in mended if row.problem.metric == "part_mm")
    assert hands.change is not None
    assert hands.change.before > hands.change.now + 5
    assert "mended" in panel.head.text()
    assert actions.undo.text() == "Undo fit of frames 8–10"

    # Held, everything of the frame is as it was.
    mean, opened = faulty.timeline.transport._mean, state.document.opened
    assert opened is not None
    figure = mean.text
    now = opened.posed.frame(state.playback.frame).fit_vertices
    faulty.activateWindow()
    qtbot.waitUntil(faulty.isActiveWindow)
    QTest.keyPress(faulty, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: state.view.peeked is bad)
    before = opened.posed.frame(state.playback.frame).fit_vertices
    assert now is not None
    assert before is not None
    assert np.abs(before - now).max() > 0.005
    assert mean.text != figure
    assert state.document.result is good
    QTest.keyRelease(faulty, Qt.Key.Key_A)
    assert state.view.peeked is None
    assert mean.text == figure
    QTest.mousePress(panel.last.hold, Qt.MouseButton.LeftButton)
    assert state.view.peeked is bad
    QTest.mouseRelease(panel.last.hold, Qt.MouseButton.LeftButton)
    assert state.view.peeked is None

    panel.last.keep.click()
    settled(faulty, qtbot)
    assert all(row.status == "open" and row.change is None for row in model.rows)
    actions.undo.trigger()
    settled(faulty, qtbot)
    assert state.document.result is not None
    assert np.array_equal(state.document.result.poses, bad.poses)
    assert {(8, 10)} <= {(row.problem.first, row.problem.last) for row in model.rows}


def test_a_device_that_is_left_while_problems_are_judged_is_told_once(
    faulty: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FitRun, "left_device", property(lambda _: "cuda:0 failed; it goes on elsewhere"))
    told: list[str] = []
    faulty.state.activity.failed.connect(told.append)
    model = faulty.panels.problems.panel.table.model_
    for _ in range(2):
        faulty.verdicts._result = None
        faulty.verdicts._soon.ask()
        qtbot.waitUntil(lambda: faulty.verdicts._result is not None, timeout=FIT_MS)
        qtbot.waitUntil(lambda: all(faulty.verdicts.of(row.problem) for row in model.rows), timeout=FIT_MS)
    assert told == ["Judging the problems: cuda:0 failed; it went on elsewhere"]


def test_strategies_are_tried_shown_and_one_is_applied(
    faulty: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, panel, actions = faulty.state, faulty.panels.problems.panel, faulty.actions_
    bad, fixing, page = state.document.result, faulty.fixing, panel.fixes
    assert bad is not None
    press(panel, next(i for i, r in enumerate(panel.table.model_.rows) if r.problem.metric == "part_mm"))
    qtbot.waitUntil(actions.fix_rows.isEnabled)
    actions.fix_rows.trigger()
    assert state.activity.run.active
    qtbot.waitUntil(lambda: bool(fixing.fixes), timeout=FIT_MS)
    assert actions.cancel.isEnabled()
    assert not actions.fit.isEnabled()
    actions.cancel.trigger()
    qtbot.waitUntil(lambda: not state.activity.run.active, timeout=FIT_MS)
    assert 0 < len(fixing.fixes) < 8
    # What was tried can be taken; the best is chosen and shown.
    qtbot.waitUntil(lambda: state.view.peeked is not None)
    assert page.isVisible()
    assert state.view.peeked is fixing.fixes[0].result
    page.back.click()
    assert state.view.peeked is None
    assert state.document.result is bad
    qtbot.waitUntil(panel.table.isVisible)

    assert not faulty.message.isVisible()
    monkeypatch.setattr(FitRun, "left_device", property(lambda _: "cuda:0 failed; it goes on elsewhere"))
    actions.fix_rows.trigger()
    qtbot.waitUntil(lambda: fixing.open and not fixing.running, timeout=FIT_MS)
    assert faulty.message.words.text() == "cuda:0 failed; it went on elsewhere"
    assert len(fixing.fixes) == 9
    qtbot.waitUntil(lambda: page.chosen is fixing.fixes[0] and page.apply.isEnabled())
    assert page.table.topLevelItemCount() == 10
    qtbot.waitUntil(lambda: not page.table.isColumnHidden(3))
    # Where nothing was gained there is no star, and nothing to apply.
    starred = [page.table.topLevelItem(row).toolTip(0) for row in range(10)]
    assert [tip == plain_tip(BEST) for tip in starred].index(True) == 1
    found = fixing.before
    assert found is not None
    fixing.before = replace(found, mean_mm=0.0, smooth=True)
    page.refresh()
    assert plain_tip(BEST) not in [page.table.topLevelItem(row).toolTip(0) for row in range(10)]
    assert page.table.currentItem() is page.table.topLevelItem(0)
    assert not page.apply.isEnabled()
    assert page.words.words == "9 strategies tried, none is better · a click shows one"
    fixing.before = found
    page.refresh()
    assert page.apply.isEnabled()
    borrowed = page.table.topLevelItem(8)
    assert borrowed.text(0) == "Borrowed limb"
    assert borrowed.toolTip(0).endswith("<br>Here: left hand</qt>")
    page.table.setCurrentItem(borrowed)
    assert state.view.peeked is fixing.fixes[7].result
    page.table.setCurrentItem(page.table.topLevelItem(1))
    chosen = fixing.fixes[0]
    steps = len(faulty.history)
    page.apply.click()
    assert state.document.result is chosen.result
    assert state.view.peeked is None
    assert len(faulty.history) == steps + 1
    assert actions.undo.text() == "Undo fix of frames 8–10: from the source"
    settled(faulty, qtbot)
    assert not fixing.open
    assert any(row.status == "mended" for row in panel.table.model_.rows)
    actions.undo.trigger()
    assert state.document.result.poses is bad.poses


def test_a_change_that_cannot_be_seen_is_neither_good_nor_bad() -> None:
    assert [change_role(gained) for gained in (2.0, 0.01, -0.01, -2.0)] == [
        "GOOD", "TEXT_SECONDARY", "TEXT_SECONDARY", "WARNING",
    ]  # fmt: skip
