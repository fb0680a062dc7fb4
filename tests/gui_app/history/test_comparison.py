"""The error before the last fit, in the curves, under the pointer and in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from core.measure.counted_vertices import HELD
from core.measure.fit_comparison import FigureChange, FitComparison
from core.model.fit_result import FitResult
from gui_app.app.main_window import MainWindow
from gui_app.document.preferences import Preferences
from gui_app.history.comparison import NO_EARLIER, OTHER_SKIN, comparison_tip, comparison_words
from gui_app.timeline.curve_choice import CurveChoice
from tests.gui_app.conftest import FIT_MS, FRAMES

WRIST = CurveChoice("joint_mm", "left_wrist", "Joint: left wrist", "mm")


def bent(result: FitResult, joint: int) -> FitResult:
    """The fit with an elbow bent wrong in the frames 8 to 15, and errors to go with it."""
    poses = result.poses.copy()
    poses[8:16, joint] += 0.6
    more = np.where(np.isin(np.arange(FRAMES), range(8, 16)), np.float32(6), np.float32(0))
    return replace(
        result,
        poses=poses,
        mean_mm=result.mean_mm + more,
        p95_mm=result.p95_mm + 2 * more,
        max_mm=result.max_mm + 4 * more,
    )


@pytest.fixture
def mended(fitted: MainWindow, qtbot: QtBot) -> MainWindow:
    """A window in which eight bad frames were fitted again."""
    state = fitted.state
    joint = state.document.opened.bodies.target.joint_names.index("left_elbow")
    state.document.set_result(bent(state.document.result, joint), None)
    fitted.history.add("bending")
    state.playback.set_selection((8, 15))
    fitted.actions_.fit_selection.trigger()
    qtbot.waitUntil(lambda: not state.activity.run.active, timeout=FIT_MS)
    qtbot.waitUntil(fitted.actions_.before_fit.isEnabled, timeout=FIT_MS)
    return fitted


def test_the_first_fit_has_nothing_before_it(fitted: MainWindow) -> None:
    assert not fitted.actions_.before_fit.isEnabled()
    assert NO_EARLIER in fitted.actions_.before_fit.toolTip()
    assert not fitted.timeline.curves.before.lines
    assert not fitted.timeline.curves.before.legend.isVisible()


def test_a_fit_that_leaves_out_other_fingers_is_not_compared_and_that_is_said(
    mended: MainWindow, qtbot: QtBot
) -> None:
    state, action = mended.state, mended.actions_.before_fit
    told = state.document.result.provenance | {HELD: ["left"]}
    state.document.set_result(
        replace(state.document.result, poses=state.document.result.poses.copy(), provenance=told), None
    )
    mended.history.add("fit with a hand held")
    qtbot.waitUntil(lambda: not action.isEnabled(), timeout=FIT_MS)
    assert OTHER_SKIN in action.toolTip()
    qtbot.waitUntil(lambda: not mended.timeline.curves.before.lines, timeout=FIT_MS)


def test_lines_show_where_the_error_was_another_of_any_figure_and_a_key_hides_them(
    mended: MainWindow, qtbot: QtBot
) -> None:
    state, curves, before = mended.state, mended.timeline.curves, mended.timeline.curves.before
    earlier = mended.history.before(state.document.result)
    assert set(before.lines) == {"mean_mm", "p95_mm"}
    for name, line in before.lines.items():
        # It leaves the curve one frame before, and comes back one frame after.
        assert np.flatnonzero(np.isfinite(line)).tolist() == list(range(7, 17))
        assert np.array_equal(line[7:17], getattr(earlier, name)[7:17])
    assert before.legend.isVisible()
    assert "frames 8–15: mean " in mended.statusBar().words.text()
    assert "better on 8 of 8" in mended.statusBar().words.text()
    said = curves._words_of(10)
    assert f"{earlier.max_mm[10]:.1f} → {state.document.result.max_mm[10]:.1f} mm" in said
    assert "→" not in curves._words_of(2)
    # All of both lines can be seen.
    assert curves.getPlotItem().vb.viewRange()[1][1] > np.nanmax(before.lines["mean_mm"])

    mended.actions_.undo.trigger()
    qtbot.waitUntil(lambda: mended.history.before(state.document.result) is not earlier, timeout=FIT_MS)
    qtbot.waitUntil(lambda: mended.earlier.before.shown is state.document.result, timeout=FIT_MS)
    # The step before was the bending itself.
    assert mended.earlier.before.comparison.worse == 8
    mended.actions_.undo.trigger()
    qtbot.waitUntil(lambda: not mended.actions_.before_fit.isEnabled(), timeout=FIT_MS)
    assert not before.lines
    mended.actions_.redo.trigger()
    mended.actions_.redo.trigger()
    qtbot.waitUntil(lambda: bool(before.lines), timeout=FIT_MS)
    assert mended.earlier.before.comparison.better == 8

    mended.activateWindow()
    qtbot.waitUntil(mended.isActiveWindow, timeout=FIT_MS)
    qtbot.keyClick(mended, Qt.Key.Key_C)
    assert not before.lines
    assert not before.legend.isVisible()
    assert "→" not in mended.timeline.curves._words_of(10)
    assert not Preferences().flag("before_fit", True)
    menu = mended.timeline.curves.menu
    menu._fill()
    assert mended.actions_.before_fit in menu.menu().actions()
    mended.actions_.before_fit.trigger()
    assert before.lines
    assert Preferences().flag("before_fit", False)

    qtbot.waitUntil(
        lambda: (
            state.document.analysis is not None and state.document.analysis.result is state.document.result
        ),
        timeout=FIT_MS,
    )
    curves.menu.choose(WRIST)
    qtbot.waitUntil(lambda: bool(curves.before.lines), timeout=FIT_MS)
    line = curves.before.lines["chosen"]
    assert (line[8:16] > curves._series["chosen"][8:16] + 20).all()
    place = curves.mapFromScene(curves.getPlotItem().vb.mapViewToScene(QPointF(10, 5.0)))
    for down in (0, 1, 0):
        qtbot.mouseMove(curves.viewport(), QPoint(place.x(), place.y() + down))
    qtbot.waitUntil(curves.readout.isVisible, timeout=FIT_MS)
    assert f"before {line[10]:.1f} → now " in curves.readout.text()
    # What was on show is not measured once more when it becomes the earlier fit.
    now = curves._series["chosen"].copy()
    joint = state.document.opened.bodies.target.joint_names.index("left_elbow")
    state.document.set_result(bent(state.document.result, joint), None)
    mended.history.add("bending again")
    qtbot.waitUntil(lambda: mended.earlier.before.shown is state.document.result, timeout=FIT_MS)
    assert np.array_equal(mended.earlier.series(WRIST)["chosen"], now)
    qtbot.waitUntil(lambda: bool(curves.before.lines), timeout=FIT_MS)
    assert not mended.earlier.busy


def told(frames: list[int], better: int, worse: int) -> FitComparison:
    same = FigureChange(3.44, 2.06)
    return FitComparison(np.array(frames), same, same, same, FigureChange(22, 9), better, worse)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (told([4, 5, 6], 2, 1), "frames 4–6: mean 3.4 → 2.1 mm, max 22.0 → 9.0 mm; better on 2 of 3"),
        (told([4, 6], 0, 1), "2 frames: mean 3.4 → 2.1 mm, max 22.0 → 9.0 mm; worse on 1 of 2"),
        (told([4], 1, 0), "frame 4: mean 3.4 → 2.1 mm, max 22.0 → 9.0 mm; better"),
        (told(list(range(9)), 0, 0), "all 9 frames: as good as before, mean 2.1 mm"),
    ],
)
def test_words(found: FitComparison, words: str) -> None:
    assert comparison_words(found, 9) == words
    assert "max 22.0 → 9.0 mm" in comparison_tip(found, 9)


def test_both_kinds_of_change_are_in_the_tip() -> None:
    assert "better on 2 of 3, worse on 1" in comparison_tip(told([4, 5, 6], 2, 1), 9)
