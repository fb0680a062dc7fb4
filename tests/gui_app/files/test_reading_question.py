"""What a file was taken to mean is told and can be said otherwise; what is doubtful is asked first."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMenu
from pytestqt.qtbot import QtBot

from core.files.assumption import ANGLES, COORDINATES, FAMILY, GENDER, SIDES, UNIT, UP_AXIS
from core.files.motions.load_motion import load_motion
from core.model.motion import Motion, Reading
from gui_app.app.main_window import MainWindow
from gui_app.files import open_question
from gui_app.files.folder_memory import FolderMemory
from gui_app.files.open_question import Answer
from gui_app.files.reading_question import ReadingQuestion, Taken
from gui_app.session import save
from gui_app.widgets.save_dialog import Place
from tests.core.clip_files import Y_UP, clip_arrays, turned_to
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.motions.sources.examples import three_dpw, wham
from tests.gui_app.conftest import FIT_MS

REAL_ASK, REAL_ASK_READING = open_question.ask, open_question.ask_reading
Act = Callable[[ReadingQuestion], None]


def saved(path: Path, arrays: dict[str, np.ndarray], **more: object) -> Path:
    np.savez(path, **arrays, **more)
    return path


@pytest.fixture
def y_up(tmp_path: Path) -> Path:
    """A file whose bodies stand along y, which it does not say; it has a key that nobody uses."""
    return saved(
        tmp_path / "y_up.npz", turned_to(clip_arrays("walk", slice(6), dmpls=None), Y_UP), labels=np.arange(6)
    )


def shown_dialog() -> ReadingQuestion | None:
    widget = QApplication.activeModalWidget()
    return widget if isinstance(widget, ReadingQuestion) else None


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Somebody answers one real dialog after another; gives the words of each."""

    def answer_with(*acts: Act) -> list[str]:
        seen: list[str] = []

        def look() -> None:
            dialog = shown_dialog()
            if dialog is None:
                QTimer.singleShot(10, look)
                return
            seen.append("\n".join(label.text() for label in dialog.findChildren(QLabel)))
            acts[len(seen) - 1](dialog)

        def ask(*arguments: object, **named: object) -> Answer | None:
            QTimer.singleShot(0, look)
            return REAL_ASK(*arguments, **named)  # type: ignore[arg-type]

        def ask_reading(*arguments: object, **named: object) -> Answer | None:
            if not named.get("before"):
                QTimer.singleShot(0, look)
            return REAL_ASK_READING(*arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(open_question, "ask", ask)
        monkeypatch.setattr(open_question, "ask_reading", ask_reading)
        return seen

    return answer_with


def choose(dialog: ReadingQuestion, quantity: str, value: str) -> None:
    field = dialog.choices[quantity]
    field.setCurrentIndex(field.findData(value))


def opened(window: MainWindow, path: Path, qtbot: QtBot) -> None:
    before = window.state.document.opened
    window.files.open_path(path)
    wait_for_another(window, before, qtbot)


def wait_for_another(window: MainWindow, before: object, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.state.document.opened is not before, timeout=FIT_MS)


def test_the_note_tells_what_was_guessed_and_says_it_otherwise(
    window: MainWindow, y_up: Path, qtbot: QtBot, answers: Callable[..., list[str]]
) -> None:
    note = window.statusBar().assumed
    assert not note.isVisible()
    opened(window, y_up, qtbot)
    assert note.isVisible()
    assert note.text() == "Up axis y, guessed · Change…"
    assert "the bodies stand on the ground along y" in note.toolTip()
    assert "Not used: labels" in note.toolTip()
    (view,) = [action.menu() for action in window.menuBar().actions() if action.text() == "&View"]
    assert isinstance(view, QMenu)
    assert window.actions_.reading in view.actions()
    assert window.actions_.reading.toolTip().startswith("Up axis")
    before = window.state.document.opened

    def act(dialog: ReadingQuestion) -> None:
        assert dialog.choices[UP_AXIS].currentData() == "y"
        choose(dialog, UP_AXIS, "-x")
        qtbot.mouseClick(dialog.open_button, Qt.MouseButton.LeftButton)

    seen = answers(act, lambda dialog: dialog.accept())
    note.setFocus(Qt.FocusReason.TabFocusReason)
    assert window.focusWidget() is note
    qtbot.keyClick(note, Qt.Key.Key_Space)
    wait_for_another(window, before, qtbot)
    motion = window.state.document.opened.motion
    assert "guessed from the numbers: the bodies stand on the ground along y" in seen[0]
    assert "Not used: labels" in seen[0]
    assert (motion.up_axis, motion.reading.up_axis) == ("-x", "-x")
    assert not note.isVisible()
    # What was said is there again, and nothing is read where nothing is changed.
    before = window.state.document.opened
    window.actions_.reading.trigger()
    assert "said by you" in seen[1]
    assert not window.state.activity.opening
    assert window.state.document.opened is before


def test_what_was_said_is_kept_in_the_session(
    window: MainWindow,
    y_up: Path,
    qtbot: QtBot,
    tmp_path: Path,
    answers: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def act(dialog: ReadingQuestion) -> None:
        choose(dialog, UP_AXIS, "z")
        choose(dialog, GENDER, "female")
        dialog.rate.setValue(25.0)
        dialog.accept()

    answers(act)
    opened(window, y_up, qtbot)
    before = window.state.document.opened
    window.actions_.reading.trigger()
    wait_for_another(window, before, qtbot)
    motion = window.state.document.opened.motion
    assert (motion.up_axis, motion.gender, motion.frame_rate) == ("z", "female", 25.0)
    assert FolderMemory(window.preferences).answer(y_up) == Answer()
    monkeypatch.setattr(save, "ask_where", lambda *_: Place(tmp_path / "kept.refit", replace=True))
    window.actions_.save_session_as.trigger()
    qtbot.waitUntil(lambda: not window.writer.waiting, timeout=FIT_MS)
    opened(window, tmp_path / "kept.refit", qtbot)
    again = window.state.document.opened.motion
    assert (again.reading, again.up_axis) == (motion.reading, "z")


def test_unsaved_work_is_asked_about(
    window: MainWindow, y_up: Path, qtbot: QtBot, answers: Callable[..., list[str]]
) -> None:
    opened(window, y_up, qtbot)
    before, asked = window.state.document.opened, list[str]()

    def act(dialog: ReadingQuestion) -> None:
        choose(dialog, UP_AXIS, "z")
        dialog.accept()

    answers(act, lambda dialog: dialog.reject())
    # The window asks before it closes, too.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window.saving, "may_lose_work", lambda question, _again: asked.append(question))
        window.actions_.reading.trigger()
        assert len(asked) == 1
        window.actions_.reading.trigger()
        assert len(asked) == 1
    assert not window.state.activity.opening
    assert window.state.document.opened is before


@pytest.mark.parametrize("choice", ["likely", "as it is", "cancel"])
def test_centimetres_are_asked_before_they_open(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, answers: Callable[..., list[str]], choice: str
) -> None:
    arrays = clip_arrays("walk", slice(30), dmpls=None)
    path = saved(tmp_path / "cm.npz", arrays | {"trans": 100 * arrays["trans"]})
    before = window.state.document.opened

    def act(dialog: ReadingQuestion) -> None:
        assert dialog.choices[UNIT].currentData() == "cm"
        assert dialog.focusWidget() is dialog.choices[UNIT]
        if choice == "as it is":
            choose(dialog, UNIT, "m")
        dialog.reject() if choice == "cancel" else dialog.accept()

    seen = answers(act)
    window.files.open_path(path)
    qtbot.waitUntil(lambda: bool(seen) and not window.state.activity.opening, timeout=FIT_MS)
    assert "cm is likelier than m." in seen[0]
    if choice == "cancel":
        assert window.state.document.opened is before
        return
    wait_for_another(window, before, qtbot)
    motion, times = window.state.document.opened.motion, 1 if choice == "likely" else 100
    np.testing.assert_allclose(motion.trans, times * arrays["trans"], atol=1e-3)
    assert motion.reading.unit == ("cm" if choice == "likely" else "m")
    assert len(seen) == 1
    assert not window.statusBar().assumed.isVisible()


def test_what_is_said_of_one_person_is_meant_of_the_others_too(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, answers: Callable[..., list[str]]
) -> None:
    several = three_dpw((6, 4))
    several["poses"] = [np.rad2deg(poses) for poses in several["poses"]]
    path = tmp_path / "street.pkl"
    path.write_bytes(pickle.dumps(several, 2))
    seen = answers(lambda dialog: dialog.accept())
    opened(window, path, qtbot)
    motion = window.state.document.opened.motion
    assert (motion.reading.person, motion.reading.angles, len(motion)) == ("0", "degrees", 6)
    qtbot.waitUntil(lambda: window.people.desk.shown is not None, timeout=FIT_MS)
    window.state.document.give_rate(25.0)
    window.actions_.next_person.trigger()
    qtbot.waitUntil(lambda: window.state.document.frames == 4, timeout=FIT_MS)
    motion = window.state.document.opened.motion
    assert (motion.reading.person, motion.reading.angles) == ("1", "degrees")
    assert window.state.document.given_rate == 25.0
    assert len(seen) == 1


def test_what_is_left_alone_stays_the_files_own(qtbot: QtBot, y_up: Path) -> None:
    arrays = clip_arrays("walk", slice(30), dmpls=None)
    path = saved(y_up.with_name("cm.npz"), arrays | {"trans": 100 * arrays["trans"]})
    taken = Taken.of(load_motion(path, doubts="tell"))
    assert taken is not None
    shown, asked = ReadingQuestion(taken, None, False), ReadingQuestion(taken, None, True)
    for dialog in (shown, asked):
        qtbot.addWidget(dialog)
        dialog.show()
        assert dialog.height() <= 680
        assert {ANGLES, SIDES, UNIT, GENDER, UP_AXIS} <= set(dialog.choices)
    assert shown.reading() == taken.reading
    assert asked.reading().to_json() == taken.reading.to_json() | {"unit": "cm"}


def test_what_is_odd_opens_with_a_word_on_it(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_question, "ask", lambda *_: pytest.fail("nobody is asked"))
    opened(
        window,
        saved(tmp_path / "slow.npz", clip_arrays("walk", slice(6), dmpls=None) | {"mocap_framerate": 2.0}),
        qtbot,
    )
    assert window.statusBar().assumed.text() == "Frame rate 2, doubtful · Change…"


def test_rows_are_of_what_can_be_said(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "wham.pkl"
    path.write_bytes(joblib_bytes(wham((0,))))
    meshes = saved(
        tmp_path / "meshes.npz", {"vertices": np.random.default_rng(0).random((2, 6890, 3), np.float32)}
    )
    of_camera, of_meshes, plain = (
        dialog_of(load_motion(file), qtbot)
        for file in (path, meshes, saved(tmp_path / "plain.npz", clip_arrays("walk", slice(6), dmpls=None)))
    )
    assert COORDINATES in of_camera.choices
    assert COORDINATES not in plain.choices
    assert plain.choices[FAMILY].isEnabled()
    assert not of_meshes.choices[FAMILY].isEnabled()
    assert {ANGLES, SIDES}.isdisjoint(of_meshes.choices)
    choose(of_camera, COORDINATES, "camera")
    assert of_camera.changed
    assert of_camera.reading().coordinates == "camera"


def test_what_was_taken_because_of_a_fit_is_kept(qtbot: QtBot, tmp_path: Path) -> None:
    path = saved(
        tmp_path / "y_up.npz", turned_to(clip_arrays("walk", slice(6), dmpls=None), Y_UP), labels=np.arange(6)
    )
    dialog = dialog_of(load_motion(path, otherwise=Reading(up_axis="z"), doubts="as made"), qtbot)
    assert not dialog.changed
    choose(dialog, UNIT, "cm")
    assert dialog.changed
    assert (dialog.reading().up_axis, dialog.reading().unit) == ("z", "cm")


def dialog_of(motion: Motion, qtbot: QtBot) -> ReadingQuestion:
    taken = Taken.of(motion)
    assert taken is not None
    dialog = ReadingQuestion(taken, None, False)
    qtbot.addWidget(dialog)
    return dialog
