"""The clips of a folder in the window: listed, found, opened one after the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from core.outputs.results import load_result
from core.outputs.sessions import save_session
from core.problems.accepted import Accepted
from core.problems.detect import Problem
from core.problems.rules import ProblemKind
from core.session.session import Session, SessionStep, SourceFile
from gui_app.app.main_window import MainWindow
from gui_app.files import open_controller, open_question
from gui_app.files.open_question import Answer
from gui_app.library.panel import LibraryPanel
from gui_app.library.rows import NAME, OPENED, SECOND
from tests.core.catalogue.results import put, walk, worse
from tests.core.clip_files import clip_arrays
from tests.core.clip_fits import clip
from tests.gui_app.conftest import FIT_MS

MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Four results, each worst at a frame of its own."""
    folder = tmp_path / "results"
    for place, frame, millimetres in (
        ("s1/a_stageii.npz", 5, 20.0),
        ("s1/b_stageii.npz", 11, 40.0),
        ("s2/c_stageii.npz", 17, 30.0),
        ("s2/d_stageii.npz", 23, 10.0),
    ):
        put(folder, place, worse(walk(), frame, millimetres))
    return folder


@pytest.fixture
def motions(tmp_path: Path) -> Path:
    """Two motions that nobody has fitted."""
    folder = tmp_path / "motions"
    (folder / "s1").mkdir(parents=True)
    for name in ("one", "two"):
        np.savez(folder / "s1" / f"{name}_poses.npz", **clip_arrays("walk", slice(6)))
    return folder


def panel_of(window: MainWindow) -> LibraryPanel:
    """The panel of the library."""
    return window.panels.library.panel


def names(window: MainWindow) -> list[str]:
    """What is listed, from top to bottom."""
    rows = panel_of(window).table.rows
    return [str(rows.index(row, NAME).data()).partition("\t")[0] for row in range(rows.rowCount())]


def listed(window: MainWindow, qtbot: QtBot, *wanted: str) -> None:
    """Waits until these are listed."""
    qtbot.waitUntil(lambda: "library" in window.panels.made, timeout=FIT_MS)
    try:
        qtbot.waitUntil(lambda: names(window) == list(wanted), timeout=FIT_MS)
    except Exception as error:
        raise AssertionError(names(window)) from error


def opened(window: MainWindow, qtbot: QtBot, file: str, frame: int) -> None:
    """Waits until a file is shown, at a frame."""

    def there() -> bool:
        document = window.state.document
        return (
            document.opened is not None
            and document.opened.file is not None
            and (document.opened.file.name == file and window.state.playback.frame == frame)
        )

    qtbot.waitUntil(there, timeout=FIT_MS)


def click(window: MainWindow, qtbot: QtBot, row: int) -> None:
    """On a clip."""
    table = panel_of(window).table
    place = table.visualRect(table.rows.index(row, NAME)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_a_folder_is_listed_the_worst_first_and_what_is_open_stays(
    window: MainWindow, results: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(results))
    before = window.state.document.opened
    window.actions_.open_folder.trigger()
    listed(window, qtbot, "b", "c", "a", "d")
    assert window.actions_.library.isChecked()
    assert panel_of(window).isVisible()
    assert window.state.document.opened is before
    qtbot.waitUntil(lambda: panel_of(window).head.text() == "4 clips", timeout=FIT_MS)
    rows = panel_of(window).table.rows
    assert [rows.index(0, column).data() for column in range(4)] == ["b", "3.1", "120.0", "1"]
    assert window.preferences.recent[0] == results


def test_a_click_opens_a_clip_at_its_worst_frame_and_keys_go_on(
    window: MainWindow, results: Path, qtbot: QtBot
) -> None:
    window.files.open_path(results)
    listed(window, qtbot, "b", "c", "a", "d")
    recent = window.preferences.recent
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    click(window, qtbot, 0)
    opened(window, qtbot, "b_stageii.npz", 11)
    table = panel_of(window).table
    # The keyboard stays where somebody goes on.
    assert window.focusWidget() is table
    qtbot.keyClick(table, Qt.Key.Key_Down)
    opened(window, qtbot, "c_stageii.npz", 17)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert window.preferences.recent == recent
    told: list[str] = []
    window.files.shown.connect(lambda one: told.append(one.file.name))
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    opened(window, qtbot, "d_stageii.npz", 23)
    assert "a_stageii.npz" not in told
    qtbot.keyClick(table, Qt.Key.Key_Up)
    opened(window, qtbot, "a_stageii.npz", 5)


def test_the_next_one_is_read_before_somebody_goes_there(
    window: MainWindow, results: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    reads = open_controller.open_file

    def counted(path: Path, *more: object) -> object:
        read.append(path.name)
        return reads(path, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(open_controller, "open_file", counted)
    window.files.open_path(results)
    listed(window, qtbot, "b", "c", "a", "d")
    click(window, qtbot, 0)
    opened(window, qtbot, "b_stageii.npz", 11)
    ahead = window.opening.ahead
    qtbot.waitUntil(lambda: ahead.ready and read == ["b_stageii.npz", "c_stageii.npz"], timeout=FIT_MS)
    qtbot.keyClick(panel_of(window).table, Qt.Key.Key_Down)
    opened(window, qtbot, "c_stageii.npz", 17)
    qtbot.waitUntil(lambda: ahead.ready and read[2:] == ["a_stageii.npz"], timeout=FIT_MS)
    # One that was written since is read once more.
    put(results, "s1/a_stageii.npz", worse(walk(), 9, 21.0))
    qtbot.keyClick(panel_of(window).table, Qt.Key.Key_Down)
    opened(window, qtbot, "a_stageii.npz", 5)
    assert read[:4] == ["b_stageii.npz", "c_stageii.npz", "a_stageii.npz", "a_stageii.npz"]
    mean = window.state.document.result
    assert mean is not None
    assert mean.mean_mm[9] == pytest.approx(21.0)
    # Back up, what is above is likely next.
    qtbot.keyClick(panel_of(window).table, Qt.Key.Key_Up)
    opened(window, qtbot, "c_stageii.npz", 17)
    qtbot.waitUntil(lambda: ahead.ready and read[-1] == "b_stageii.npz", timeout=FIT_MS)


def test_a_window_that_starts_with_a_folder_shows_the_worst_clip(
    make_window: MakeWindow, results: Path, qtbot: QtBot
) -> None:
    window = make_window(results, wait=False)
    listed(window, qtbot, "b", "c", "a", "d")
    opened(window, qtbot, "b_stageii.npz", 11)
    assert window.viewport.isVisible()
    qtbot.waitUntil(lambda: panel_of(window).table.currentIndex().row() == 0, timeout=FIT_MS)


def test_a_window_that_starts_with_a_folder_of_nothing_says_so(
    make_window: MakeWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "none").mkdir()
    window = make_window(tmp_path / "none", wait=False)
    qtbot.waitUntil(window.welcome.isVisible, timeout=FIT_MS)
    qtbot.waitUntil(lambda: "library" in window.panels.made, timeout=FIT_MS)
    nothing = panel_of(window).nothing
    qtbot.waitUntil(lambda: "no motions and no fits in none" in nothing.text(), timeout=FIT_MS)


def test_a_folder_that_is_one_motion_opens_as_one(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "meshes"
    folder.mkdir()
    body = window.state.document.opened.bodies.source  # type: ignore[union-attr]
    for frame in range(2):
        lines = [f"v {x} {y} {z}" for x, y, z in np.asarray(body.v_template)]
        lines += [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in np.asarray(body.faces)]
        (folder / f"{frame}.obj").write_text("\n".join(lines))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder))])
    move, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    window.dropEvent(QDropEvent(QPointF(), move, mime, left, Qt.KeyboardModifier.NoModifier))
    qtbot.waitUntil(lambda: window.state.document.frames == 2, timeout=FIT_MS)
    assert "library" not in window.panels.made


def test_motions_open_as_motions_and_their_fits_once_there_are_some(
    window: MainWindow, motions: Path, results: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.files.open_path(motions)
    listed(window, qtbot, "one", "two")
    assert not (motions / "refit.db").exists()
    click(window, qtbot, 1)
    opened(window, qtbot, "two_poses.npz", 0)
    panel = panel_of(window)
    assert panel.results.isVisible()
    put(results, "s1/two_stageii.npz", worse(walk(), 7, 50.0))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(results))
    panel.results.click()
    listed(window, qtbot, "two", "b", "c", "a", "d", "one")
    click(window, qtbot, 0)
    opened(window, qtbot, "two_stageii.npz", 7)
    # Either folder brings the other one along from now on.
    window.library.folder = None
    window.files.open_path(motions)
    qtbot.waitUntil(lambda: window.library.folder is not None, timeout=FIT_MS)
    assert window.library.folder.results == results  # type: ignore[attr-defined]


def test_a_clip_that_is_read_again_stays_one_of_the_list(
    window: MainWindow, motions: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.files.open_path(motions)
    listed(window, qtbot, "one", "two")
    click(window, qtbot, 1)
    opened(window, qtbot, "two_poses.npz", 0)
    recent, rows = window.preferences.recent, panel_of(window).table.rows
    document = window.state.document
    answer = Answer(final=True, trusts=True)
    monkeypatch.setattr(open_question, "ask_reading", lambda *_more, **_: answer)
    for action in (window.actions_.reading, window.actions_.targets["smpl"], window.actions_.builtin):
        before = document.opened
        action.trigger()
        qtbot.waitUntil(lambda before=before: document.opened is not before, timeout=FIT_MS)  # type: ignore[misc]
        assert window.preferences.recent == recent
        assert document.opened is not None
        assert document.opened.listed == "s1/two_stageii.npz"
        assert [rows.index(row, NAME).data(OPENED) for row in range(2)] == [False, True]
        qtbot.waitUntil(lambda: not window.state.activity.opening, timeout=FIT_MS)


def test_unsaved_work_is_asked_about(
    fitted: MainWindow, results: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def may_lose_work(question: str, _again: object) -> bool:
        asked.append(question)
        return len(asked) != 1

    monkeypatch.setattr(fitted.saving, "may_lose_work", may_lose_work)
    before = fitted.state.document.opened
    fitted.files.open_path(results)
    listed(fitted, qtbot, "b", "c", "a", "d")
    assert asked == []
    click(fitted, qtbot, 1)
    assert len(asked) == 1
    assert fitted.state.document.opened is before
    click(fitted, qtbot, 2)
    opened(fitted, qtbot, "a_stageii.npz", 5)


def test_a_session_beside_a_fit_is_what_opens(window: MainWindow, results: Path, qtbot: QtBot) -> None:
    motion = clip("walk", 0, 40)
    step = SessionStep(
        result=load_result(results / "s2" / "d_stageii.npz"),
        accepted=(Accepted("max_mm", "legs", 0, 5, 3, "it is so"),),
    )
    save_session(results / "s2" / "d_stageii.refit", Session(SourceFile.of(motion), motion, (step,)))
    window.files.open_path(results)
    listed(window, qtbot, "b", "c", "a", "d")
    panel = panel_of(window)
    panel.search.setText("so")
    listed(window, qtbot, "d")
    # What was asked for before the session was read comes once more.
    second = partial(panel.table.rows.index(0, NAME).data, SECOND)
    qtbot.waitUntil(lambda: "accepted" in (second() or [""])[0], timeout=FIT_MS)
    click(window, qtbot, 0)
    opened(window, qtbot, "d_stageii.refit", 23)
    assert [one.note for one in window.state.document.accepted] == ["it is so"]


def test_what_is_accepted_is_saved_beside_the_fit_and_listed(
    window: MainWindow, results: Path, qtbot: QtBot
) -> None:
    window.files.open_path(results)
    listed(window, qtbot, "b", "c", "a", "d")
    recent = window.preferences.recent
    click(window, qtbot, 1)
    opened(window, qtbot, "c_stageii.npz", 17)
    document = window.state.document
    qtbot.waitUntil(lambda: document.analysis is not None, timeout=FIT_MS)
    reason = "max 90 mm, over 50 mm"
    off = Problem(ProblemKind.OVER, "max_mm", "whole body", 17, 17, 17, 90.0, 9.0, 50.0, "mm", reason)
    window.desk.accept([off], "he wears a skirt")
    assert document.loses_work
    # Nobody is asked where: beside the fit the list finds it.
    window.actions_.save_session.trigger()
    qtbot.waitUntil((results / "s2" / "c_stageii.refit").exists, timeout=FIT_MS)
    rows = panel_of(window).table.rows
    qtbot.waitUntil(lambda: "accepted" in rows.index(1, NAME).data(SECOND)[0], timeout=FIT_MS)
    assert "he wears a skirt" in rows.index(1, NAME).data(Qt.ItemDataRole.ToolTipRole)
    assert not document.loses_work
    assert window.preferences.recent == recent
    click(window, qtbot, 0)
    opened(window, qtbot, "b_stageii.npz", 11)
    click(window, qtbot, 1)
    opened(window, qtbot, "c_stageii.refit", 17)
    assert {one.note for one in document.accepted} == {"he wears a skirt"}


def test_a_fit_that_is_read_again_is_saved_beside_it_and_nothing_there_is_lost(
    window: MainWindow, results: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.files.open_path(results)
    listed(window, qtbot, "b", "c", "a", "d")
    document, asked = window.state.document, list[str]()

    def read_again() -> None:
        before = document.opened
        monkeypatch.setattr(open_question, "ask_reading", lambda *_, **__: Answer(final=True, trusts=True))
        window.actions_.reading.trigger()
        qtbot.waitUntil(lambda: document.opened is not before, timeout=FIT_MS)
        qtbot.waitUntil(lambda: not window.state.activity.opening, timeout=FIT_MS)

    monkeypatch.setattr("gui_app.session.save.ask_where", lambda _, start, *__: asked.append(start.name))
    click(window, qtbot, 1)
    opened(window, qtbot, "c_stageii.npz", 17)
    read_again()
    assert document.opened is not None
    assert document.opened.result is None
    session = results / "s2" / "c_stageii.refit"
    window.actions_.save_session.trigger()
    qtbot.waitUntil(session.exists, timeout=FIT_MS)
    assert asked == []
    qtbot.waitUntil(lambda: not document.loses_work, timeout=FIT_MS)
    # What lies there is another work by now: it is asked about.
    before = session.read_bytes()
    read_again()
    words = list[str]()

    def cancels(box: QMessageBox) -> int:
        words.append(box.text())
        monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.defaultButton())
        return 0

    monkeypatch.setattr(QMessageBox, "exec", cancels)
    window.actions_.save_session.trigger()
    assert words == ["Replace what c_stageii.refit holds now?"]
    assert (session.read_bytes(), asked) == (before, [])


def test_clips_are_found_sorted_and_grouped(window: MainWindow, results: Path, qtbot: QtBot) -> None:
    window.files.open_path(results)
    listed(window, qtbot, "b", "c", "a", "d")
    panel = panel_of(window)
    panel.search.setText("s1, max>100")
    listed(window, qtbot, "b")
    assert panel.head.text() == "1 of 4 clips"
    panel.search.setText("max>x")
    qtbot.waitUntil(lambda: "'max' is a number" in panel.bottom.words, timeout=FIT_MS)
    assert names(window) == ["b"]
    panel.search.setText("nowhere")
    qtbot.waitUntil(panel.nothing.isVisible, timeout=FIT_MS)
    assert "No clip matches" in panel.nothing.text()
    panel.search.clear()
    listed(window, qtbot, "b", "c", "a", "d")
    panel.groups.click()
    listed(window, qtbot, "s1", "b", "a", "s2", "c", "d")
    header = panel.table.header()
    header.sectionClicked.emit(NAME)
    listed(window, qtbot, "s1", "a", "b", "s2", "c", "d")
    header.sectionClicked.emit(NAME)
    listed(window, qtbot, "s1", "b", "a", "s2", "d", "c")
    panel.state.setCurrentIndex(panel.state.findData("state=failed"))
    qtbot.waitUntil(panel.nothing.isVisible, timeout=FIT_MS)


def test_what_comes_and_goes_is_listed_when_somebody_looks_again(
    window: MainWindow, results: Path, qtbot: QtBot
) -> None:
    window.files.open_path(results)
    listed(window, qtbot, "b", "c", "a", "d")
    put(results, "s2/e_stageii.npz", worse(walk(), 3, 99.0))
    (results / "s1" / "a_stageii.npz").unlink()
    panel_of(window).again.click()
    listed(window, qtbot, "e", "b", "c", "d")
    # What is saved beside the results is looked for by itself.
    put(results, "s2/f_stageii.npz", worse(walk(), 3, 77.0))
    window.state.document.set_saved()
    listed(window, qtbot, "e", "f", "b", "c", "d")


def test_an_index_that_is_none_is_told_and_built_anew_when_asked_to(
    window: MainWindow, results: Path, qtbot: QtBot
) -> None:
    (results / "refit.db").mkdir()
    # What a run has told is of no use either: what it did is in the results.
    (results / "refit_runs" / "9.jsonl").mkdir(parents=True)
    said: list[str] = []
    window.state.activity.said.connect(said.append)
    window.files.open_path(results)
    qtbot.waitUntil(lambda: "library" in window.panels.made, timeout=FIT_MS)
    panel = panel_of(window)
    qtbot.waitUntil(panel.rebuild.isVisible, timeout=FIT_MS)
    assert "refit.db" in panel.nothing.text()
    panel.rebuild.click()
    listed(window, qtbot, "b", "c", "a", "d")
    qtbot.waitUntil(lambda: any("9.jsonl: is a folder" in sentence for sentence in said), timeout=FIT_MS)


def test_a_folder_that_is_gone_is_told(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    before = window.state.document.opened
    window.library.open_folder(tmp_path / "gone")
    qtbot.waitUntil(lambda: "cannot be looked into" in window.message.words.text(), timeout=FIT_MS)
    assert window.state.document.opened is before
    assert not window.actions_.library.isChecked()
