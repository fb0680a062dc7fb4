"""What a file leaves open is asked before it is opened."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.files.motions.load_motion import survey
from core.model.motion import Reading
from gui_app.app.main_window import MainWindow
from gui_app.document.preferences import Preferences
from gui_app.files import open_question
from gui_app.files.folder_memory import MOST_FOLDERS, FolderMemory
from gui_app.files.open_question import NOT_KNOWN, Answer, OpenQuestion, Unanswered, read_motion
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.motions.sources.examples import gvhmr, three_dpw, torch_bytes, wham
from tests.gui_app.conftest import FIT_MS

MakeWindow = Callable[..., MainWindow]
REAL_ASK = open_question.ask


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """A file with two people, without a frame rate."""
    path = tmp_path / "street.pkl"
    path.write_bytes(pickle.dumps(three_dpw(), 2))
    return path


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A file with one person, without a frame rate."""
    path = tmp_path / "alone.pkl"
    path.write_bytes(pickle.dumps(three_dpw((4,)), 2))
    return path


def shown_dialog() -> OpenQuestion | None:
    """The dialog that waits for an answer."""
    widget = QApplication.activeModalWidget()
    return widget if isinstance(widget, OpenQuestion) else None


def answer_with(monkeypatch: pytest.MonkeyPatch, act: Callable[[OpenQuestion], None]) -> list[OpenQuestion]:
    """The real dialog is asked, and somebody answers it."""
    seen: list[OpenQuestion] = []

    def look() -> None:
        dialog = shown_dialog()
        if dialog is None:
            QTimer.singleShot(10, look)
            return
        seen.append(dialog)
        act(dialog)

    def ask(*arguments: object) -> Answer | None:
        QTimer.singleShot(0, look)
        return REAL_ASK(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(open_question, "ask", ask)
    return seen


def test_how_fast(window: MainWindow, alone: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def act(dialog: OpenQuestion) -> None:
        assert dialog.rate.text() == NOT_KNOWN
        assert not dialog.gender.isVisible()  # the built-in bodies have but one
        assert not dialog.coordinates.isVisible()
        dialog.rate.setValue(30.0)
        qtbot.mouseClick(dialog.open_button, Qt.MouseButton.LeftButton)

    seen = answer_with(monkeypatch, act)
    window.files.open_path(alone)
    qtbot.waitUntil(lambda: window.state.document.frames == 4, timeout=FIT_MS)
    assert len(seen) == 1
    assert (window.state.document.rate, window.state.document.given_rate) == (30.0, 30.0)


def test_who_is_asked_of_nobody(
    window: MainWindow, street: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    FolderMemory(window.preferences).keep_rate(street, 25.0)
    seen = answer_with(monkeypatch, lambda dialog: dialog.reject())
    window.files.open_path(street)
    qtbot.waitUntil(lambda: window.state.document.frames == 6, timeout=FIT_MS)
    assert seen == []
    assert window.state.document.opened.motion.reading == Reading(person="0")
    assert window.state.document.given_rate == 25.0
    assert window.windowTitle().startswith("street.pkl · person 0")
    assert window.state.document.opened.stem == "street_0"


def test_cancel_leaves_what_was_open(
    window: MainWindow, alone: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = window.state.document.opened
    seen = answer_with(monkeypatch, lambda dialog: dialog.reject())
    window.files.open_path(alone)
    qtbot.waitUntil(lambda: bool(seen), timeout=FIT_MS)
    qtbot.waitUntil(lambda: shown_dialog() is None, timeout=FIT_MS)
    assert window.state.document.opened is before
    assert not window.state.activity.opening
    assert not window.message.isVisible()


def test_a_rate_is_remembered_for_its_folder(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, frames in (("a", 5), ("b", 3)):
        (tmp_path / f"{name}.pkl").write_bytes(pickle.dumps(three_dpw((frames,)), 2))

    def act(dialog: OpenQuestion) -> None:
        dialog.rate.setValue(25.0)
        dialog.accept()

    seen = answer_with(monkeypatch, act)
    window.files.open_path(tmp_path / "a.pkl")
    qtbot.waitUntil(lambda: window.state.document.frames == 5, timeout=FIT_MS)
    window.files.open_path(tmp_path / "b.pkl")
    qtbot.waitUntil(lambda: window.state.document.frames == 3, timeout=FIT_MS)
    assert len(seen) == 1
    assert window.state.document.rate == 25.0
    assert window.timeline.transport._rate.isVisible()
    window.state.document.give_rate(50.0)
    window.files.open_path(tmp_path / "a.pkl")
    qtbot.waitUntil(lambda: window.state.document.frames == 5, timeout=FIT_MS)
    assert window.state.document.rate == 50.0


def test_coordinates_and_gender_where_they_matter(
    qtbot: QtBot, tmp_path: Path, make_window: MakeWindow
) -> None:
    path = tmp_path / "wham.pkl"
    path.write_bytes(joblib_bytes(wham((0,))))
    dialog = OpenQuestion(Unanswered(path, survey(path), True), Answer(Reading(gender="female"), 24.0))
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.coordinates.isVisible()
    assert dialog.gender.isVisible()
    assert dialog.answer() == Answer(Reading(coordinates="world"), 24.0, final=True, remembered="female")
    dialog.coordinates.setCurrentIndex(1)
    dialog.rate.setValue(0.0)
    dialog.gender.setCurrentIndex(0)
    assert dialog.answer() == Answer(Reading(coordinates="camera"), None, final=True)


def test_what_a_file_says_wins_over_what_is_remembered_and_what_is_said_now_over_both(
    qtbot: QtBot, alone: Path
) -> None:
    own = read_motion(alone, None, Answer(rate=30.0, final=True)).gender
    assert own is not None
    other = next(gender for gender in ("female", "male") if gender != own)
    found = survey(alone)
    for asks in (False, True):
        known = Answer(Reading(gender=other), 30.0)
        dialog = OpenQuestion(Unanswered(alone, found, asks), known)
        qtbot.addWidget(dialog)
        assert read_motion(alone, None, dialog.answer()).gender == own
        dialog.gender.setCurrentIndex(dialog.gender.findData("neutral"))
        assert read_motion(alone, None, dialog.answer()).gender == "neutral"


def test_what_is_remembered_wins_over_no_file_of_several_people(street: Path) -> None:
    own = read_motion(street, None, Answer(Reading(person="0"), final=True)).gender
    other = next(gender for gender in ("female", "male") if gender != own)
    assert read_motion(street, None, Answer(Reading(gender=other), 30.0)).gender == own


def test_a_motion_in_smplx_before_the_camera(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hmr4d_results.pt"
    path.write_bytes(torch_bytes(gvhmr(6)))

    def act(dialog: OpenQuestion) -> None:
        dialog.coordinates.setCurrentIndex(1)
        dialog.accept()

    answer_with(monkeypatch, act)
    window.files.open_path(path)
    qtbot.waitUntil(lambda: window.state.document.frames == 6, timeout=FIT_MS)
    assert window.state.document.opened.motion.reading == Reading(coordinates="camera", in_body=True)
    assert window.state.document.opened.subject.up_axis == "-y"
    assert window.state.document.opened.subject.fit.label == "fit · SMPL-H neutral"
    assert not window.state.document.has_rate


def test_memory_is_bounded_and_stands_damage(tmp_path: Path) -> None:
    preferences = Preferences()
    memory = FolderMemory(preferences)
    for number in range(MOST_FOLDERS + 5):
        memory.keep_rate(tmp_path / str(number) / "a.pkl", 30.0)
    assert memory.answer(tmp_path / "0" / "b.pkl").rate is None
    assert memory.answer(tmp_path / "64" / "b.pkl").rate == 30.0
    memory.keep(tmp_path / "64" / "b.pkl", Answer(Reading(person="3", gender="male"), None, True))
    assert memory.answer(tmp_path / "64" / "c.pkl") == Answer(Reading(gender="male"), 30.0)
    for damaged in ("{", "[]", '{"x": 3}', "[" * 100_000):
        preferences.store("folder_answers", damaged)
        assert memory.answer(tmp_path / "64" / "b.pkl") == Answer()


def test_a_link_in_a_circle_has_a_folder(tmp_path: Path) -> None:
    memory, link = FolderMemory(Preferences()), tmp_path / "a.pkl"
    link.symlink_to(link)
    memory.keep_rate(tmp_path / "b.pkl", 30.0)
    assert memory.answer(link).rate == 30.0
