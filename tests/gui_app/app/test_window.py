"""The window as its user meets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from core.files.motions.folder_walk import OTHER_SUFFIXES
from core.outputs.results import load_result, save_result
from gui_app.app.help import Shortcuts
from gui_app.app.main_window import MainWindow
from gui_app.document.preferences import Preferences
from gui_app.files import open_controller, save_actions
from gui_app.files.open_actions import MOTION_FILTER
from gui_app.timeline.curves import lone
from gui_app.widgets.save_dialog import FileKind, Place, ask_where
from tests.gui_app.conftest import FIT_MS, FRAMES, cut_file

MakeWindow = Callable[..., MainWindow]


def wait_for_fit(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)


def press(window: MainWindow, qtbot: QtBot, key: Qt.Key, with_shift: bool = False) -> None:
    modifier = Qt.KeyboardModifier.ShiftModifier if with_shift else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(window, key, modifier)


def test_without_a_file_the_default_motion_opens_and_is_fitted(
    make_window: MakeWindow, qtbot: QtBot, motion_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_controller, "default_motion", lambda: motion_file)
    window = make_window(None, autofit=True)
    assert window.state.document.opened.name == "stroll_poses.npz"
    assert window.state.activity.run.active
    wait_for_fit(window, qtbot)
    assert window.state.document.result.fitted.all()
    assert not window.state.document.result.partial
    assert "Fitted 24 frames" in window.statusBar().words.text()
    assert "unsaved" not in window.windowTitle()


def test_keys_slider_box_and_playing_move_the_frame(window: MainWindow, qtbot: QtBot) -> None:
    chip = window.statusBar().bodies
    assert chip.isVisible()
    assert chip.text() == "built-in bodies"

    state = window.state
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    qtbot.mouseClick(window.viewport.plotter, Qt.MouseButton.LeftButton, pos=QPoint(50, 200))
    for key, shift, frame in (
        (Qt.Key.Key_Right, False, 1),
        (Qt.Key.Key_Right, True, 11),
        (Qt.Key.Key_Left, False, 10),
        (Qt.Key.Key_Left, True, 0),
        (Qt.Key.Key_Left, False, 0),
        (Qt.Key.Key_End, False, FRAMES - 1),
        (Qt.Key.Key_Home, False, 0),
    ):
        press(window, qtbot, key, shift)
        assert state.playback.frame == frame
    assert state.playback.loop
    press(window, qtbot, Qt.Key.Key_L)
    assert not state.playback.loop
    press(window, qtbot, Qt.Key.Key_Space)
    assert state.playback.playing
    press(window, qtbot, Qt.Key.Key_Space)
    assert not state.playback.playing

    transport = window.timeline.transport
    transport._slider.setValue(7)
    assert window.state.playback.frame == 7
    assert transport._frame.value() == 7
    transport._frame.setValue(9)
    assert window.state.playback.frame == 9
    assert transport._slider.value() == 9
    assert window.timeline.curves.cursor_line.value() == 9

    assert not state.playback.loop
    state.playback.set_speed(4.0)
    window.actions_.play.trigger()
    qtbot.waitUntil(lambda: not window.state.playback.playing, timeout=FIT_MS)
    assert window.state.playback.frame == FRAMES - 1

    window.actions_.shortcuts.trigger()
    window.actions_.about.trigger()
    titles = {child.windowTitle() for child in window.children() if hasattr(child, "windowTitle")}
    assert {"Keyboard shortcuts", "About Refit"} <= titles
    keys = window.findChild(Shortcuts)
    # All of it can be seen on a small screen.
    assert (keys.sizeHint().width() <= 1280, keys.sizeHint().height() <= 680) == (True, True)


def test_curves_lead_and_figures_and_bodies_are_those_of_the_frame(fitted: MainWindow, qtbot: QtBot) -> None:
    curves = fitted.timeline.curves
    at = curves.mapFromScene(curves.getPlotItem().vb.mapViewToScene(QPointF(15, 1)))
    qtbot.mouseClick(curves.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at))
    qtbot.waitUntil(lambda: fitted.state.playback.frame == 15, timeout=FIT_MS)

    view = curves.getPlotItem().vb

    def place(frame: float) -> QPoint:
        return QPoint(curves.mapFromScene(view.mapViewToScene(QPointF(frame, 1))))

    widget = curves.viewport()
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=place(3))
    for frame in (6, 10, 18):
        qtbot.mouseMove(widget, place(frame))
        qtbot.wait(30)
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=place(18))
    qtbot.waitUntil(lambda: fitted.state.playback.frame == 18, timeout=FIT_MS)

    fitted.state.playback.set_frame(5)
    transport = fitted.timeline.transport
    assert transport._mean.text == f"{fitted.state.document.result.mean_mm[5]:.1f}"
    assert transport._p95.text == f"{fitted.state.document.result.p95_mm[5]:.1f}"
    assert transport._max.text == f"{fitted.state.document.result.max_mm[5]:.1f}"

    fitted.state.playback.set_frame(3)

    def shown() -> bool:
        image = grab(fitted)
        middle = image.shape[1] // 2
        views = image[40:, :middle], image[40:, middle:-100]
        return all((view.max(axis=2) > 110).mean() > 0.03 for view in views)

    qtbot.waitUntil(shown, timeout=FIT_MS)

    fitted.state.view.change(range_mm=2.0)
    qtbot.wait(100)
    coloured = grab(fitted)
    fitted.actions_.error.trigger()

    def changed() -> bool:
        middle = coloured.shape[1] // 2
        difference = np.abs(grab(fitted) - coloured)[:, middle:-100]
        return bool((difference.max(axis=2) > 40).mean() > 0.01)

    qtbot.waitUntil(changed, timeout=FIT_MS)


def test_cancel_keeps_what_is_fitted_and_other_frames_say_so(
    make_window: MakeWindow, qtbot: QtBot, walk: Path
) -> None:
    window = make_window(walk)
    window.actions_.fit.trigger()
    qtbot.waitUntil(lambda: window.state.document.result is not None, timeout=FIT_MS)
    window.actions_.cancel.trigger()
    assert window.state.activity.run.phase == "cancelling"
    assert window.statusBar().words.text() == "Cancelling…"
    wait_for_fit(window, qtbot)
    result = window.state.document.result
    assert result.partial
    assert 0 < result.fitted.sum() < len(result)
    assert "Cancelled" in window.statusBar().words.text()
    assert "partial" in window.windowTitle()
    missing = int(np.flatnonzero(~window.state.document.result.fitted)[-1])
    window.state.playback.set_frame(missing)
    assert window.timeline.transport._mean.text == "–"
    qtbot.waitUntil(
        lambda: window.viewport.scene._fit_view.note.GetInput() == "not fitted yet", timeout=FIT_MS
    )
    assert not window.viewport.scene._fit.actor.GetVisibility()


def test_what_cannot_be_opened_leaves_what_was_open_and_a_dropped_file_takes_its_place(
    window: MainWindow, qtbot: QtBot, walk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "broken.npz"
    bad.write_bytes(b"not an archive")
    before = window.state.document.opened
    window.files.open_path(bad)
    qtbot.waitUntil(window.message.isVisible, timeout=FIT_MS)
    assert "broken.npz" in window.message.words.text()
    assert window.state.document.opened is before

    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: str(empty))
    window.actions_.models.trigger()
    qtbot.waitUntil(lambda: str(empty) in window.message.words.text(), timeout=FIT_MS)
    assert window.state.document.opened.bodies.builtin
    assert window.models.folder is None
    assert Preferences().models is None

    other = cut_file(walk, tmp_path / "other_poses.npz", 10)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(other))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(300, 300), copy, data, buttons, keys)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    window.dropEvent(QDropEvent(QPointF(300, 300), copy, data, buttons, keys))
    qtbot.waitUntil(lambda: window.state.document.frames == 10, timeout=FIT_MS)
    assert other in Preferences().recent

    # Whatever else is dropped is answered, too; and the dialog shows all that may be one.
    assert all(f"*{suffix}" in MOTION_FILTER for suffix in (".npz", ".refit", *OTHER_SUFFIXES))
    here = window.state.document.opened
    picture = tmp_path / "walk.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    for names, why in (([picture], "a picture (PNG)"), ([other, picture], "2 files were dropped")):
        data.setUrls([QUrl.fromLocalFile(str(name)) for name in names])
        window.dragEnterEvent(enter)
        assert enter.isAccepted()
        window.dropEvent(QDropEvent(QPointF(300, 300), copy, data, buttons, keys))
        qtbot.waitUntil(lambda why=why: why in window.message.words.text(), timeout=FIT_MS)
        assert window.state.document.opened is here


def test_a_bad_file_at_the_start_leaves_words(make_window: MakeWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window(tmp_path / "missing.npz", wait=False)
    qtbot.waitUntil(window.message.isVisible, timeout=FIT_MS)
    assert "missing.npz" in window.message.words.text()
    assert window.welcome.isVisible()
    assert not window.actions_.fit.isEnabled()


def test_a_fit_is_saved_asked_about_and_opened_beside_its_motion(
    fitted: MainWindow, make_window: MakeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = tmp_path / "no_such_folder" / "x.npz"
    monkeypatch.setattr(save_actions, "ask_where", lambda *_: Place(nowhere))
    fitted.actions_.save.trigger()
    assert fitted.message.isVisible()
    assert "unsaved" in fitted.windowTitle()

    asked = []

    def stay(box: QMessageBox) -> int:
        asked.append(box.text())
        return 0

    monkeypatch.setattr(QMessageBox, "exec", stay)
    fitted.close()
    assert asked
    assert fitted.isVisible()

    target = tmp_path / "stroll_stageii.npz"
    monkeypatch.setattr(save_actions, "ask_where", lambda *_: Place(target))
    assert "● unsaved" in fitted.windowTitle()
    fitted.actions_.save.trigger()
    assert "unsaved" not in fitted.windowTitle()
    assert fitted.statusBar().words.text() == "Saved stroll_stageii.npz"
    assert np.array_equal(load_result(target).poses, fitted.state.document.result.poses)

    fitted.close()
    assert len(asked) == 1
    again = make_window(target)
    assert Preferences().recent[0] == target
    assert again.state.document.result is not None
    assert again.state.document.result.fitted.all()
    assert "unsaved" not in again.windowTitle()


def test_closing_in_the_middle_of_a_run(make_window: MakeWindow, qtbot: QtBot, walk: Path) -> None:
    window = make_window(walk)
    window.actions_.fit.trigger()
    qtbot.waitUntil(lambda: window.state.activity.run.frames_done > 0, timeout=FIT_MS)
    window.actions_.play.trigger()
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=FIT_MS)
    assert window.fitting._thread.isFinished()


def test_opening_another_motion_drops_the_run(
    make_window: MakeWindow, qtbot: QtBot, walk: Path, motion_file: Path
) -> None:
    window = make_window(walk)
    window.actions_.fit.trigger()
    qtbot.waitUntil(lambda: window.state.activity.run.active, timeout=FIT_MS)
    window.files.open_path(motion_file)
    qtbot.waitUntil(lambda: window.state.document.frames == FRAMES, timeout=FIT_MS)
    assert not window.state.activity.run.active
    window.actions_.fit.trigger()
    qtbot.waitUntil(
        lambda: window.state.document.result is not None and not window.state.activity.run.active,
        timeout=FIT_MS,
    )
    assert len(window.state.document.result) == FRAMES


def test_a_motion_without_frame_rate_asks_for_one(
    make_window: MakeWindow, walk: Path, tmp_path: Path
) -> None:
    without = cut_file(walk, tmp_path / "still_poses.npz", 12, mocap_framerate=None, mocap_frame_rate=None)
    window = make_window(without)
    transport = window.timeline.transport
    assert transport._no_rate.isVisible()
    assert window.state.document.rate == 30.0
    transport._rate.editingFinished.emit()
    assert not window.state.document.has_rate
    transport._rate.setValue(60.0)
    transport._rate.editingFinished.emit()
    assert window.state.document.rate == 60.0
    window.state.playback.set_frame(6)
    assert transport._seconds.text() == "0.10 s"


def test_the_window_remembers(make_window: MakeWindow, motion_file: Path, qtbot: QtBot) -> None:
    first = make_window(motion_file)
    first.actions_.error.setChecked(False)
    first.state.view.change(range_mm=50.0)
    first.close()
    qtbot.waitUntil(lambda: not first.isVisible(), timeout=FIT_MS)
    second = make_window(motion_file)
    assert second.state.view.colouring == "plain"
    assert second.state.view.range_mm == 50.0


def grab(window: MainWindow) -> np.ndarray:
    """What the 3D view shows, as (rows, columns, 3) bytes."""
    image = window.viewport.plotter.grabFramebuffer().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def test_a_fit_outlives_a_cancelled_run_a_broken_one_and_a_file_of_other_bodies(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fitted.state.document.result
    fitted.actions_.fit.trigger()
    fitted.actions_.cancel.trigger()
    assert fitted.statusBar().words.text() == "Cancelling…"
    wait_for_fit(fitted, qtbot)
    assert fitted.state.document.result.fitted.all()
    assert not fitted.state.document.result.partial
    assert fitted.state.document.result is before
    assert fitted.statusBar().words.text() == "Cancelled: the earlier fit is kept"

    def broken(*_: object, **__: object) -> None:
        raise ValueError("internals")

    monkeypatch.setattr("core.fitting.run.FitRun", broken)
    fitted.actions_.fit.trigger()
    wait_for_fit(fitted, qtbot)
    assert fitted.message.isVisible()
    assert "unexpected error" in fitted.message.words.text()
    assert "internals" not in fitted.message.words.text()
    assert fitted.state.document.result is before

    result = fitted.state.document.result
    body = {**result.provenance["source_body"], "sha256": "0" * 64, "built_in": False, "name": "SMPL-H male"}
    other = replace(result, provenance={**result.provenance, "bodies": "licensed", "source_body": body})
    path = tmp_path / "other_stageii.npz"
    save_result(path, other)
    fitted.state.document.set_saved()
    fitted.files.open_path(path)
    qtbot.waitUntil(lambda: "SMPL-H male" in fitted.message.words.text(), timeout=FIT_MS)
    words = fitted.message.words.text()
    assert "licensed" in words
    assert "Bodies menu" in words
    assert fitted.state.document.result is result


def test_a_given_rate_stays_and_is_saved(
    make_window: MakeWindow, walk: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = cut_file(walk, tmp_path / "still_poses.npz", 12, mocap_framerate=None, mocap_frame_rate=None)
    window = make_window(without)
    window.actions_.fit.trigger()
    window.state.document.give_rate(50.0)
    wait_for_fit(window, qtbot)
    assert window.state.document.result.frame_rate == 50.0
    target = tmp_path / "still_stageii.npz"
    monkeypatch.setattr(save_actions, "ask_where", lambda *_: Place(target, target.exists()))
    window.actions_.save.trigger()
    assert window.state.document.saved
    window.state.document.give_rate(60.0)
    assert not window.state.document.saved
    window.actions_.save.trigger()
    again = make_window(target)
    assert again.state.document.rate == 60.0
    assert again.timeline.transport._rate.value() == 60.0
    assert again.state.document.saved


def test_saving_asks_about_the_file_that_would_be_written(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(QFileDialog, "exec", lambda _: 1)
    monkeypatch.setattr(QFileDialog, "selectedFiles", lambda _: [str(tmp_path / "exists")])
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()) or 0)
    assert ask_where(window, tmp_path / "start.npz") == Place(tmp_path / "exists.npz")
    (tmp_path / "exists.npz").touch()
    assert ask_where(window, tmp_path / "start.npz") is None
    assert asked == ["Replace exists.npz?"]
    kind = FileKind("Save", "Dense", ".npz", (("Sparse", "_sparse.npz"), ("Array", ".npy")))
    for chosen, name, written in (
        ("Sparse (*_sparse.npz)", "mine", "mine_sparse.npz"),
        ("Array (*.npy)", "mine", "mine.npy"),
        ("Dense (*.npz)", "mine.npy", "mine.npy"),
    ):
        monkeypatch.setattr(QFileDialog, "selectedNameFilter", lambda _, chosen=chosen: chosen)
        monkeypatch.setattr(QFileDialog, "selectedFiles", lambda _, name=name: [str(tmp_path / name)])
        assert ask_where(window, tmp_path / "start.npz", kind) == Place(tmp_path / written)


def test_a_motion_in_smplx_is_fitted_to_smplh(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_result(tmp_path / "fit.npz", fitted.state.document.result)
    with np.load(tmp_path / "fit.npz") as archive:
        kept = {key: archive[key] for key in archive.files if not key.startswith("refit_")}
    np.savez(tmp_path / "plain_stageii.npz", **kept)
    fitted.state.document.set_saved()
    fitted.files.open_path(tmp_path / "plain_stageii.npz")
    qtbot.waitUntil(lambda: fitted.state.document.opened.name == "plain_stageii.npz", timeout=FIT_MS)
    assert fitted.state.document.opened.subject.source.label == "source · SMPL-X neutral"
    assert fitted.state.document.opened.subject.fit.label == "fit · SMPL-H neutral"
    fitted.actions_.fit.trigger()
    wait_for_fit(fitted, qtbot)
    assert fitted.state.document.result.family == "smplh"
    asked = []
    monkeypatch.setattr(save_actions, "ask_where", lambda _window, start, _kind: asked.append(start.name))
    fitted.actions_.save.trigger()
    assert asked == ["plain_smplh.npz"]


def test_nothing_opens_while_the_window_closes(window: MainWindow, motion_file: Path) -> None:
    window.close()
    window.files.open_path(motion_file)
    window.fitting.start()
    assert not window.state.activity.opening
    assert not window.state.activity.run.active


def test_notes_can_be_read(make_window: MakeWindow, walk: Path, tmp_path: Path) -> None:
    window = make_window(cut_file(walk, tmp_path / "who_poses.npz", 8, gender=None))
    assert window.statusBar().notes.isVisible()
    assert "gender" in window.statusBar().notes.toolTip()


def test_one_frame_is_a_point_in_the_curves(
    make_window: MakeWindow, qtbot: QtBot, walk: Path, tmp_path: Path
) -> None:
    window = make_window(cut_file(walk, tmp_path / "one_poses.npz", 1))
    window.actions_.fit.trigger()
    wait_for_fit(window, qtbot)
    assert "Fitted 1 frame in" in window.statusBar().words.text()
    assert len(window.timeline.curves._points["mean_mm"].data) == 1
    assert list(lone(np.array([1.0, np.nan, 2.0, 3.0, np.nan]))) == [0]
