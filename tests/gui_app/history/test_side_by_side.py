"""Two fits side by side: begun and ended, what is shown meanwhile, and what a session keeps of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.measure.fit_distance import fit_distance
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.outputs.results import save_result
from core.outputs.sessions import load_session, save_session
from gui_app.app.main_window import MainWindow
from gui_app.app.toolbar import Toolbar
from gui_app.app.view_buttons import ColourButton
from gui_app.document.preferences import Preferences
from gui_app.document.view import SecondFit
from gui_app.fit.fit_behind import LOST, SECOND, STOP
from gui_app.history import side_by_side
from gui_app.history.hold_earlier import PeekChip
from gui_app.history.panel import COMPARE, LEAVE
from gui_app.history.side_by_side import NO_FIT, NO_OTHER, OF_FILE
from gui_app.scene.skin_colours import DIFFERENCE
from gui_app.scene.view_options import LAYOUTS, LayoutName
from gui_app.timeline.curve_choice import APART, CurveChoice
from gui_app.timeline.curves import NO_SECOND
from tests.gui_app.conftest import FIT_MS, FRAMES

Make = Callable[..., MainWindow]
WORST = 11


def bent(result: FitResult) -> FitResult:
    """An elbow bent wrong, most of all in one frame."""
    poses = result.poses.copy()
    poses[8:16, 18, 2] += np.float32(0.3)
    poses[WORST, 18, 2] += np.float32(0.3)
    mean = result.mean_mm.copy()
    mean[8:16] += 6
    return replace(result, poses=poses, mean_mm=mean)


@pytest.fixture
def two(fitted: MainWindow, qtbot: QtBot) -> MainWindow:
    """A window with a fit and a step that makes it worse; the worse one is on show."""
    state = fitted.state
    state.document.set_result(bent(state.document.result), np.arange(8, 16))
    fitted.history.add("bending", np.arange(8, 16))
    qtbot.waitUntil(fitted.actions_.compare.isEnabled, timeout=FIT_MS)
    fitted.activateWindow()
    qtbot.waitUntil(fitted.isActiveWindow, timeout=FIT_MS)
    return fitted


def view_second(window: MainWindow) -> SecondFit:
    second = window.state.view.second
    assert second is not None
    return second


def drawn(window: MainWindow, qtbot: QtBot) -> list[bool]:
    """Which of the views of source, fit and second fit are there once the picture has followed."""
    qtbot.waitUntil(lambda: not window.viewport._redraw._waiting, timeout=FIT_MS)
    return [view.drawn for view in window.viewport.scene._views]


def measured(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.distances.found is not None, timeout=FIT_MS)


def test_one_key_begins_and_ends_it_and_nothing_of_it_can_be_undone(two: MainWindow, qtbot: QtBot) -> None:
    view, scene, bar = two.state.view, two.viewport.scene, two.compare_bar
    steps, saved = two.history.steps, two.state.document.saved
    assert drawn(two, qtbot) == [True, True, False]
    assert not bar.isVisible()
    qtbot.keyClick(two, Qt.Key.Key_V)
    assert drawn(two, qtbot) == [True, True, True]
    assert two.actions_.compare.isChecked()
    assert bar.isVisible()
    assert (view.second.result, view.second.name) == (steps[1].result, "Fit of all frames")
    mean = {fit: f"{fit.summary()['mean']:.2f} mm" for fit in (steps[1].result, steps[2].result)}
    assert scene._fit_view.title == ("A", "Bending", "accurate", mean[steps[2].result])
    assert scene._second_view.title == ("B", "Fit of all frames", "accurate", mean[steps[1].result])
    assert (view.colouring, two.timeline.curves.menu.choice) == (DIFFERENCE.name, APART)
    beside = two.state.document.opened.posed.beside(0).fit_vertices
    assert np.allclose(scene._second_view.body.mesh.points, beside, atol=1e-5)

    qtbot.keyClick(two, Qt.Key.Key_V)
    assert drawn(two, qtbot) == [True, True, False]
    assert (view.second, view.colouring, two.timeline.curves.menu.choice) == (None, "error", CurveChoice())
    assert not bar.isVisible()
    two.actions_.compare.trigger()
    qtbot.keyClick(two, Qt.Key.Key_Escape)
    assert view.second is None
    assert not two.actions_.compare.isChecked()
    assert (two.history.steps, two.state.document.saved) == (steps, saved)
    two.actions_.compare.trigger()
    bar.leave.click()
    assert view.second is None


def test_figures_are_in_the_bar_the_curves_and_the_row_and_lead_to_the_worst_frame(
    two: MainWindow, qtbot: QtBot
) -> None:
    state, curves, transport = two.state, two.timeline.curves, two.timeline.transport
    assert not two.actions_.largest_difference.isEnabled()
    two.actions_.compare.trigger()
    measured(two, qtbot)
    found = fit_distance(
        state.document.opened.bodies.target, state.document.result, two.history.steps[1].result
    )
    assert found.largest == WORST
    assert np.array_equal(curves._series["mean_mm"], found.mean_mm.astype(float))
    assert np.array_equal(curves._series["max_mm"], found.max_mm.astype(float))
    assert not any(threshold.line.isVisible() for threshold in curves.thresholds)
    assert "A–B</span> &nbsp; <span style='color:" in curves._words_of(WORST)
    assert f"{found.max_mm[WORST]:.1f} mm" in curves._words_of(WORST)
    qtbot.waitUntil(lambda: "most in frame 11" in two.compare_bar.words.words, timeout=FIT_MS)
    assert two.compare_bar.words.words.startswith(f"apart: mean {found.summary()['mean']:.1f}, p95 ")
    qtbot.keyClick(two, Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
    assert state.playback.frame == WORST
    assert transport._mean.text == f"{found.mean_mm[WORST]:.1f}"
    assert transport._max.text == f"{found.max_mm[WORST]:.1f}"
    assert transport._unit.text() == "mm A–B"
    qtbot.waitUntil(lambda: two.compare_bar.here.text() == f"here {found.mean_mm[WORST]:.1f} mm")
    vertex = int(np.argmax(state.document.opened.posed.frame(WORST).fit_vertices[:, 0]))
    assert "mm apart" in two.probe.words("fit", vertex)

    two.timeline.curves.menu.choose(CurveChoice())
    result = state.document.result
    assert transport._mean.text == f"{result.mean_mm[WORST]:.1f}"
    assert transport._unit.text() == "mm"
    # What is chosen by hand stays when it ends.
    two.timeline.curves.menu.choose(APART)
    two.actions_.compare.trigger()
    curves.menu.choose(APART)
    assert curves._words.toPlainText() == NO_SECOND
    assert not curves._series
    assert transport._mean.text == f"{result.mean_mm[WORST]:.1f}"


def test_the_strip_of_parts_and_the_ranges_are_those_of_the_colour_in_use(
    two: MainWindow, qtbot: QtBot
) -> None:
    state, strip, button = two.state, two.timeline.strip, two.findChild(ColourButton)
    qtbot.waitUntil(lambda: state.document.analysis is not None, timeout=FIT_MS)
    assert strip._part_mm is state.document.analysis.metrics.part_mm
    assert button._ranges[0].text() == "Error from 0 to 5 mm"
    two.actions_.compare.trigger()
    measured(two, qtbot)
    assert strip._part_mm is two.distances.found.part_mm
    hands = round((PARTS.index("hands") + 0.5) * strip._step)
    x = strip._curves.time_scale().x_of(WORST)
    assert strip._words_at(x, hands).startswith("hands, frame 11: ")
    assert strip._words_at(x, hands).endswith(" mm apart, mean")
    assert button._ranges[0].text() == "Difference from 0 to 1 mm"
    button._ranges[0].trigger()
    assert (state.view.apart_mm, state.view.range_mm) == (1.0, 20.0)
    assert state.view.colouring == DIFFERENCE.name
    assert strip._range_mm == 1.0
    two.actions_.error.trigger()
    assert strip._part_mm is state.document.analysis.metrics.part_mm
    assert (strip._range_mm, button._ranges[0].text()) == (20.0, "Error from 0 to 5 mm")
    two.findChild(Toolbar)._range.setValue(30)
    assert (state.view.apart_mm, state.view.range_mm) == (1.0, 30.0)


def test_any_step_of_the_history_is_compared_by_its_row(two: MainWindow, qtbot: QtBot) -> None:
    panel, view = two.panels.runs.panel, two.state.view
    two.actions_.runs.setChecked(True)
    qtbot.waitUntil(lambda: panel.table.topLevelItemCount() == 3, timeout=FIT_MS)
    panel.table.setCurrentItem(panel.table.topLevelItem(1))
    panel.compare.click()
    assert view.second.result is two.history.steps[1].result
    assert two.before.earlier is view.second.result, "curves and the key A compare with it as well"
    qtbot.waitUntil(lambda: panel.compare.text() == LEAVE, timeout=FIT_MS)
    entries = {action.text(): action for action in panel.menu().actions()}
    assert two.actions_.compare_file in entries.values()
    entries[LEAVE].trigger()
    assert view.second is None
    qtbot.waitUntil(lambda: panel.compare.text() == COMPARE, timeout=FIT_MS)

    # From the earlier one, the later one is the other.
    panel.back.click()
    panel.table.setCurrentItem(panel.table.topLevelItem(2))
    qtbot.waitUntil(panel.compare.isEnabled, timeout=FIT_MS)
    {action.text(): action for action in panel.menu().actions()}[COMPARE].trigger()
    assert (view.second.name, two.history.at) == ("Bending", 1)
    measured(two, qtbot)
    assert two.distances.found.largest == WORST
    bar = two.compare_bar
    bar._fill()
    assert [a.text().partition(" · ")[0] for a in bar.other.menu().actions() if a.isChecked()] == ["Bending"]


def test_it_follows_undo_and_a_fit_that_is_the_second_itself_is_nowhere_apart(
    two: MainWindow, qtbot: QtBot
) -> None:
    two.actions_.compare.trigger()
    measured(two, qtbot)
    second = two.state.view.second
    two.actions_.undo.trigger()
    assert two.state.view.second.result is second.result is two.state.document.result
    qtbot.waitUntil(lambda: two.viewport.scene._fit_view.title[1] == "Fit of all frames", timeout=FIT_MS)
    qtbot.waitUntil(lambda: "the same in every frame" in two.compare_bar.words.words, timeout=FIT_MS)
    assert not two.actions_.largest_difference.isEnabled()
    two.actions_.redo.trigger()
    qtbot.waitUntil(two.actions_.largest_difference.isEnabled, timeout=FIT_MS)


def test_the_second_is_posed_only_where_it_is_looked_at(two: MainWindow, qtbot: QtBot) -> None:
    two.actions_.layout_overlay.trigger()
    two.actions_.compare.trigger()
    assert drawn(two, qtbot) == [False, True, True]
    two.actions_.layout_source.trigger()
    assert drawn(two, qtbot) == [True, False, False]
    posed = two.state.document.opened.posed
    kept = set(posed._beside._fits)
    for frame in (5, 9, 20):
        two.state.playback.set_frame(frame)
        drawn(two, qtbot)
    assert set(posed._beside._fits) == kept
    two.actions_.layout_fit.trigger()
    assert drawn(two, qtbot) == [False, True, True]
    assert 20 in posed._beside._fits


def test_a_fit_of_a_file_is_compared_and_what_cannot_be_is_said(
    two: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, first = two.state.view, two.history.steps[1].result
    path, short = tmp_path / "elsewhere.npz", tmp_path / "short.npz"
    save_result(path, first)
    save_result(short, first.take(np.arange(FRAMES - 1)))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(short), ""))
    two.actions_.compare_file.trigger()
    qtbot.waitUntil(two.message.isVisible, timeout=FIT_MS)
    assert "short.npz: has 23 frames, and stroll_poses.npz has 24" in two.message.words.text()
    assert view.second is None
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    two.actions_.compare_file.trigger()
    qtbot.waitUntil(lambda: view.second is not None, timeout=FIT_MS)
    assert (view.second.name, view.second.file) == ("elsewhere.npz", path)
    qtbot.waitUntil(lambda: OF_FILE in two.actions_.swap_fits.toolTip(), timeout=FIT_MS)
    assert not two.actions_.swap_fits.isEnabled()
    assert two.viewport.scene._titles is None or two.viewport.scene._second_view.title[1] == "elsewhere.npz"
    measured(two, qtbot)
    assert two.distances.found.largest == WORST
    assert len(two.history.steps) == 3
    two.compare_bar._fill()
    ticked = [a.text() for a in two.compare_bar.other.menu().actions() if a.isChecked()]
    assert [words.partition(" · ")[0] for words in ticked] == ["elsewhere.npz"]
    # The same again by the key, after it was left.
    two.actions_.compare.trigger()
    two.actions_.compare.trigger()
    assert view.second.file == path


def test_a_session_keeps_it_and_one_without_it_compares_nothing(
    two: MainWindow, make_window: Make, qtbot: QtBot, tmp_path: Path
) -> None:
    now = two.autosave._now
    assert "beside" not in now.take().view
    two.actions_.compare.trigger()
    two.state.view.change(apart_mm=12.0)
    session = now.take()
    assert session.view["beside"] == {"step": 1}
    save_session(tmp_path / "both.refit", session)
    file = tmp_path / "other.npz"
    save_result(file, two.history.steps[1].result)
    two.beside.read(file)
    qtbot.waitUntil(lambda: two.state.view.second.file == file, timeout=FIT_MS)
    with_file = now.take()
    assert with_file.view["beside"] == {"file": str(file)}
    save_session(tmp_path / "file.refit", with_file)

    other = make_window(tmp_path / "both.refit")
    qtbot.waitUntil(lambda: other.state.view.second is not None, timeout=FIT_MS)
    assert other.state.view.second.result is other.history.steps[1].result
    assert (other.state.view.colouring, other.state.view.apart_mm) == (DIFFERENCE.name, 12.0)
    assert drawn(other, qtbot) == [True, True, True]
    other.files.open_path(tmp_path / "file.refit")
    qtbot.waitUntil(
        lambda: other.state.view.second is not None and other.state.view.second.file == file, timeout=FIT_MS
    )
    assert other.state.view.colouring == DIFFERENCE.name
    # In the colours that were chosen for it, and in those of no difference where the file is none any more.
    for readable, colouring in ((True, "plain"), (False, DIFFERENCE.name)):
        chosen = replace(with_file, view={**with_file.view, "colouring": colouring})
        save_session(tmp_path / "chosen.refit", chosen, overwrite=True)
        if not readable:
            file.write_bytes(b"nothing that is a fit")
        opened = other.state.document.opened
        other.files.open_path(tmp_path / "chosen.refit")
        qtbot.waitUntil(lambda before=opened: other.state.document.opened is not before, timeout=FIT_MS)
        qtbot.waitUntil(lambda: not other.beside._thread.busy, timeout=FIT_MS)
        assert (other.state.view.second is not None) == readable
        assert other.state.view.colouring == "plain"
    # As earlier versions wrote it, and with what makes no sense.
    for kept in (None, {"step": 99}, {"step": True}, {"file": 3}, ["step"]):
        view = {**session.view, "colouring": "error"}
        view.pop("beside")
        view.update({} if kept is None else {"beside": kept})
        save_session(
            tmp_path / "old.refit", replace(load_session(tmp_path / "both.refit"), view=view), overwrite=True
        )
        opened = other.state.document.opened
        other.files.open_path(tmp_path / "old.refit")
        qtbot.waitUntil(lambda before=opened: other.state.document.opened is not before, timeout=FIT_MS)
        assert other.state.view.second is None
        assert drawn(other, qtbot) == [True, True, False]


def test_what_is_read_slowly_takes_the_place_of_nothing_that_was_begun_meanwhile(
    two: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, first, view = tmp_path / "other.npz", two.history.steps[1], two.state.view
    save_result(file, first.result)
    reads, go_on = [], threading.Event()

    def slow(*asked: object) -> FitResult:
        reads.append(asked)
        assert go_on.wait(FIT_MS / 1000)
        return first.result

    monkeypatch.setattr(side_by_side, "read_fit", slow)

    def restored() -> None:
        """As by a session that compares with a file; what reads it does not come to its end yet."""
        go_on.clear()
        two.beside.restore({"file": str(file)})
        qtbot.waitUntil(lambda: bool(reads), timeout=FIT_MS)

    def read() -> None:
        go_on.set()
        reads.clear()
        told = []
        two.beside._thread.job(told.append).start(bool)
        qtbot.waitUntil(lambda: bool(told), timeout=FIT_MS)

    restored()
    two.beside.begin_with(first)
    read()
    assert (view.second.name, view.second.file) == ("Fit of all frames", None)
    # Nor is it there where what was begun was ended.
    two.beside.end()
    restored()
    two.actions_.compare.trigger()
    two.actions_.compare.trigger()
    read()
    assert view.second is None
    restored()
    read()
    assert view.second.file == file


def test_another_motion_ends_it_and_the_next_start_has_the_colour_of_before(
    two: MainWindow, make_window: Make, qtbot: QtBot, motion_file: Path
) -> None:
    two.actions_.compare.trigger()
    measured(two, qtbot)
    two.state.document.set_saved()
    opened = two.state.document.opened
    two.files.open_path(motion_file)
    qtbot.waitUntil(lambda: two.state.document.opened is not opened, timeout=FIT_MS)
    assert (two.state.view.second, two.state.view.colouring) == (None, "error")
    assert two.distances.found is None
    qtbot.waitUntil(lambda: not two.actions_.compare.isEnabled(), timeout=FIT_MS)
    assert NO_FIT in two.actions_.compare.toolTip()
    assert not two.actions_.compare_file.isEnabled()


def test_a_first_fit_has_no_other_and_that_is_said(fitted: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: NO_OTHER in fitted.actions_.compare.toolTip(), timeout=FIT_MS)
    assert not fitted.actions_.compare.isEnabled()
    assert fitted.actions_.compare_file.isEnabled()


def test_closing_while_two_are_compared_leaves_the_colour_of_before(two: MainWindow, qtbot: QtBot) -> None:
    two.actions_.compare.trigger()
    two.state.document.set_saved()
    two.close()
    qtbot.waitUntil(lambda: not two.isVisible(), timeout=FIT_MS)
    assert Preferences().text("colouring", "") == "error"


def test_a_picture_of_the_window_has_both(two: MainWindow, qtbot: QtBot) -> None:
    two.actions_.compare.trigger()
    drawn(two, qtbot)
    from gui_app.export.window_view import Studio, view_of

    studio = Studio(view_of(two.viewport, two.state), (900, 300), scale=0.8)
    try:
        picture = studio.draw(WORST)
        assert [view.drawn for view in studio._scene._views] == [True, True, True]
        assert np.allclose(
            studio._scene._second_view.body.mesh.points,
            two.state.document.opened.posed.beside(WORST).fit_vertices,
            atol=1e-5,
        )
    finally:
        studio.close()
    thirds = np.split(picture[60:].max(axis=2) > 90, 3, axis=1)
    assert all(0.02 < third.mean() < 0.6 for third in thirds)


def test_a_fit_with_other_settings_is_made_behind_the_one_on_show(two: MainWindow, qtbot: QtBot) -> None:
    state, steps, action = two.state, two.history.steps, two.actions_.compare_recipe
    shown = state.document.result
    two.actions_.preset_fast.trigger()
    qtbot.waitUntil(lambda: "Chosen now: fast" in action.toolTip(), timeout=FIT_MS)
    action.trigger()
    assert action.text() == STOP
    qtbot.waitUntil(lambda: state.view.second is not None, timeout=FIT_MS)
    second = state.view.second
    assert second.result.fitted.all()
    assert (state.document.result, two.history.steps) == (shown, steps)
    title = two.state.view.titles[1]
    assert title[:3] == ("B", SECOND, "fast")
    assert action.text() != STOP
    measured(two, qtbot)
    assert two.distances.found.largest == WORST
    assert two.autosave._now.take().view["beside"] == {"made": True}
    two.compare_bar._fill()
    ticked = [a.text() for a in two.compare_bar.other.menu().actions() if a.isChecked()]
    assert [words.partition(" · ")[0] for words in ticked] == [SECOND]

    # It is gone on with: a step as any other, and the one before is the second.
    assert two.actions_.swap_fits.isEnabled()
    two.actions_.swap_fits.trigger()
    assert state.document.result is second.result
    assert [step.result for step in two.history.steps] == [*(step.result for step in steps), second.result]
    assert (view_second(two).result, view_second(two).name) == (shown, "Bending")
    assert two.actions_.undo.text() == "Undo fitted to compare"
    two.actions_.swap_fits.trigger()
    assert (state.document.result, two.history.at) == (shown, len(steps) - 1)
    assert view_second(two).result is second.result
    assert two.actions_.redo.isEnabled()

    # Another one is stopped, and so it is by another motion.
    two.beside.end()
    qtbot.waitUntil(lambda: not two.actions_.swap_fits.isEnabled(), timeout=FIT_MS)
    two.actions_.preset_published.trigger()
    action.trigger()
    assert two.behind.running
    action.trigger()
    assert not two.behind.running
    assert state.view.second is None
    action.trigger()
    opened = state.document.opened
    state.document.set_saved()
    two.files.open_path(opened.file)
    qtbot.waitUntil(lambda: state.document.opened is not opened, timeout=FIT_MS)
    assert not two.behind.running
    assert (two.message.isVisible(), two.message.words.text()) == (True, LOST)
    qtbot.waitUntil(lambda: not action.isEnabled(), timeout=FIT_MS)
    two.message.hide()
    two.files.open_path(opened.file)
    qtbot.waitUntil(lambda: state.document.opened.file == opened.file and not state.activity.opening)
    assert not two.message.isVisible()


def test_markers_stay_where_fits_are_swapped(two: MainWindow) -> None:
    document = two.state.document
    bent_fit, good = document.result, two.history.steps[1].result
    two.actions_.marker.trigger()
    markers = document.markers
    assert len(markers) == 1
    two.actions_.compare.trigger()
    for expected in (good, bent_fit, good):
        two.actions_.swap_fits.trigger()
        assert document.result.poses is expected.poses
        assert document.markers == markers


def test_a_session_has_a_fit_that_was_made_to_compare(
    two: MainWindow, make_window: Make, qtbot: QtBot, tmp_path: Path
) -> None:
    made, steps = bent(two.state.document.result), two.history.steps
    two.state.view.change(colouring="plain")
    two.beside.begin(SecondFit(made, SECOND))
    shown = two.sessions._now.take()
    two.beside.end()
    left = two.sessions._now.take()
    assert (shown.view["beside"], "beside" in left.view, left.view["colouring"]) == (
        {"made": True},
        False,
        "plain",
    )
    for session in (shown, left):
        assert session.compared.result is made
        assert len(session.steps) == len(steps)
    for name, session in (("shown", shown), ("left", left), ("lost", replace(shown, compared=None))):
        save_session(tmp_path / f"{name}.refit", session)
    again = make_window(tmp_path / "shown.refit")
    view = again.state.view
    qtbot.waitUntil(lambda: view.second is not None, timeout=FIT_MS)
    assert (view.second.name, view.colouring) == (SECOND, DIFFERENCE.name)
    np.testing.assert_array_equal(view.second.result.poses, made.poses)
    assert len(again.history.steps) == len(steps)
    # Kept as it is from one session to the next, once it is in the history as a step.
    assert again.sessions._now.take().compared.result is view.second.result
    qtbot.waitUntil(again.actions_.swap_fits.isEnabled, timeout=FIT_MS)
    again.actions_.swap_fits.trigger()
    assert again.sessions._now.take().compared is None
    for name in ("left", "lost"):
        opened = again.state.document.opened
        again.state.document.set_saved()
        again.files.open_path(tmp_path / f"{name}.refit")
        qtbot.waitUntil(lambda before=opened: again.state.document.opened is not before, timeout=FIT_MS)
        assert (view.second, view.colouring == DIFFERENCE.name) == (None, False)
        if name == "left":
            again.actions_.compare.trigger()
            assert view.second.name == SECOND


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("compares", [False, True])
def test_what_is_looked_at_for_a_while_is_told_in_every_layout(
    two: MainWindow, qtbot: QtBot, layout: LayoutName, compares: bool
) -> None:
    if compares:
        two.beside.begin_with(two.history.steps[1])
    two.state.view.change(layout=layout)
    chip = two.viewport.findChild(PeekChip)
    with qtbot.captureExceptions() as exceptions:
        two.actions_.hold_before.setChecked(True)
        assert chip.isVisible()
        assert two.viewport.rect().contains(chip.geometry())
        two.actions_.hold_before.setChecked(False)
    assert not chip.isVisible()
    assert not exceptions
