"""What the window says is so: what is being opened, what is over, notes, frames and places."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pyqtgraph as pg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.document.preferences import Preferences
from gui_app.files import open_controller
from gui_app.mask.painting import NO_TOOLS
from gui_app.session import save
from gui_app.timeline.time_axis import FrameAxis
from gui_app.viewport.opening_note import OpeningNote
from gui_app.widgets.save_dialog import Place
from tests.gui_app.conftest import FIT_MS, cut_file

Make = Callable[..., MainWindow]


def test_what_is_being_opened_is_said_in_the_middle_of_the_view(
    make_window: Make,
    motion_file: Path,
    walk: Path,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on, real = threading.Event(), open_controller.open_file

    def slow(*given: object) -> object:
        assert go_on.wait(FIT_MS / 1000)
        return real(*given)

    monkeypatch.setattr(open_controller, "open_file", slow)
    window = make_window(motion_file, wait=False)
    note = window.viewport.findChild(OpeningNote)
    assert note is not None
    qtbot.waitUntil(note.isVisible, timeout=FIT_MS)
    middle = note.geometry().center() - window.viewport.rect().center()
    assert max(abs(middle.x()), abs(middle.y())) <= 2
    assert note.text() == "Opening stroll_poses.npz…"
    assert not window.actions_.fit.isEnabled()
    assert "press Fit" not in window.timeline.curves._words.toPlainText()
    go_on.set()
    qtbot.waitUntil(lambda: window.state.document.opened is not None, timeout=FIT_MS)
    assert not note.isVisible()
    qtbot.waitUntil(window.actions_.fit.isEnabled, timeout=FIT_MS)
    assert "press Fit" in window.timeline.curves._words.toPlainText()
    # Another file, with the bodies of the one before still there; the view may change its size.
    go_on.clear()
    window.files.open_path(cut_file(walk, tmp_path / "next_poses.npz", 8))
    assert "press Fit" not in window.timeline.curves._words.toPlainText()
    qtbot.waitUntil(note.isVisible, timeout=FIT_MS)
    window.resize(1000, 700)
    QApplication.processEvents()
    middle = note.geometry().center() - window.viewport.rect().center()
    assert max(abs(middle.x()), abs(middle.y())) <= 2
    window.actions_.cancel.trigger()
    assert not note.isVisible()
    go_on.set()


def test_what_is_over_is_no_longer_said(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, painting = window.statusBar().words, window.painting
    assert painting.tools is None
    window.state.activity.say(NO_TOOLS)
    assert words.text() == NO_TOOLS
    window.actions_.mask.setChecked(True)
    qtbot.waitUntil(lambda: painting.tools is not None, timeout=FIT_MS)
    assert words.text() == ""
    # Unless something else has been said since.
    window.state.activity.say("Saved x.npz")
    painting.set_tools(painting.tools)
    assert words.text() == "Saved x.npz"
    monkeypatch.setattr(save, "ask_where", lambda *_: Place(tmp_path / "nowhere" / "a.refit"))
    window.actions_.save_session_as.trigger()
    assert words.text() == "Saving a.refit …"
    qtbot.waitUntil(window.message.isVisible, timeout=FIT_MS)
    assert words.text() == ""


def test_notes_are_read_without_a_pointer(
    make_window: Make, walk: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    window = make_window(cut_file(walk, tmp_path / "who_poses.npz", 8, gender=None))
    button = window.statusBar().notes
    assert button.text().endswith(("note", "notes"))
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert button.sheet is not None
    qtbot.waitUntil(button.sheet.isVisible, timeout=FIT_MS)
    assert "gender" in button.sheet.words.text()
    sheet = button.sheet.geometry()
    assert sheet.bottom() <= button.mapToGlobal(button.rect().topLeft()).y()
    qtbot.keyClick(button.sheet, Qt.Key.Key_Escape)


def test_the_axis_has_ticks_at_frames_that_there_are(
    make_window: Make, walk: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    for frames in (1, 3, 40):
        window = make_window(cut_file(walk, tmp_path / f"of_{frames}_poses.npz", frames))
        axis = window.timeline.curves.getPlotItem().getAxis("bottom")
        assert isinstance(axis, FrameAxis)
        (first, last), _ = window.timeline.curves.plotItem.vb.viewRange()
        ticks = [x for _, values in axis.tickValues(first, last, 900) for x in values]
        assert ticks, frames
        assert all(x == round(x) and 0 <= x < frames for x in ticks), (frames, ticks)


def test_curves_are_smooth_lines(fitted: MainWindow) -> None:
    curves = fitted.timeline.curves
    lines = [item for item in curves.plotItem.items if isinstance(item, pg.PlotDataItem)]
    assert len(lines) > 3
    assert all(line.opts["antialias"] for line in lines)


def test_places_are_whole_paths_wherever_the_window_was_started(
    fitted: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fitted.preferences.folder = "."
    assert Preferences().folder == str(tmp_path)
    (tmp_path / "x_poses.npz").touch()
    fitted.preferences.add_recent(Path("x_poses.npz"))
    assert Preferences().recent[0] == tmp_path / "x_poses.npz"
    dialog = fitted.export_dialog
    dialog.open_for()
    assert Path(dialog.place.text()).parent == tmp_path
    dialog.place.setText("mine.npz")
    dialog.place.textEdited.emit("mine.npz")
    assert dialog.path == tmp_path / "mine.npz"
    dialog.place.editingFinished.emit()
    assert dialog.place.text() == str(tmp_path / "mine.npz")


def test_a_long_sentence_pushes_nothing_out_of_the_status_bar(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(window.minimumSize())
    bar, sentence = window.statusBar(), "Fitted 24 frames · " * 12
    for words, cut in ((sentence, True), ("Fitted", False)):
        window.state.activity.say(words)
        qtbot.waitUntil(lambda cut=cut: bool(bar.words.toolTip()) == cut, timeout=FIT_MS)
        assert bar.words.text() == words
        assert bar.minimumSizeHint().width() < window.minimumWidth()
        assert bar.motion.geometry().right() < bar.width()
