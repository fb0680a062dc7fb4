"""Clips of the library are fitted behind the window: told as they end, cancelled, asked about before fits are
written over."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from core.commands import from_program
from core.commands.conversion_events import Began, Ended, Going, Planned, Tell
from core.commands.outcome import Outcome
from core.commands.output_paths import Plan
from core.commands.telling.run_figures import HowFar
from core.errors import RefitError
from core.outputs.results import load_result
from core.outputs.sessions import save_session
from core.problems.detect import Problem
from core.problems.rules import ProblemKind
from core.session.session import Session, SessionStep, SourceFile
from gui_app.app.main_window import MainWindow
from gui_app.library.fit_row import FitRow
from tests.core.catalogue.results import put, walk, worse
from tests.core.clip_files import clip_arrays
from tests.core.clip_fits import clip
from tests.gui_app.conftest import FIT_MS, end

PLACES = ("s1/one_stageii.npz", "s2/two_stageii.npz")
OFF = Problem(ProblemKind.OVER, "max_mm", "whole body", 5, 5, 5, 90.0, 9.0, 50.0, "mm", "max 90 mm")


@pytest.fixture
def motions(tmp_path: Path) -> Path:
    """Two motions of a few frames, in folders of their own."""
    folder = tmp_path / "motions"
    for place in ("s1/one_poses.npz", "s2/two_poses.npz"):
        (folder / place).parent.mkdir(parents=True)
        np.savez(folder / place, **clip_arrays("walk", slice(6)))
    return folder


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new folder, which is what somebody says."""
    folder = tmp_path / "results"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    return folder


class Conversions:
    """In place of conversions: keeps what was asked for, and tells that it goes on until it is let go."""

    def __init__(self) -> None:
        self.asked: list[tuple[argparse.Namespace, Plan]] = []
        self.go = threading.Event()
        self.error: Exception | None = None

    def __call__(self, options: argparse.Namespace, tell: Tell, planned: Plan) -> None:
        self.asked.append((options, planned))
        tell(Planned(planned.jobs))
        for job in planned.jobs:
            tell(Began(job))
        while not self.go.wait(0.01):
            tell(Going(HowFar(len(planned.jobs), 1, 1, 6, 3.0, 2.25, 90.0)))
        if self.error is not None:
            raise self.error
        for job in planned.jobs:
            tell(Ended(Outcome(job, "done", "written")))
        tell(Going(HowFar(len(planned.jobs), len(planned.jobs), 0, 12, 3.0, 2.25, None)))


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Conversions]:
    """What is asked for is kept, and nothing is fitted."""
    made = Conversions()
    monkeypatch.setattr(from_program, "convert_files", made)
    yield made
    made.go.set()


def shown(window: MainWindow, folder: Path, qtbot: QtBot, clips: int) -> FitRow:
    """Lists a folder; the row of buttons below it."""
    window.files.open_path(folder)
    qtbot.waitUntil(lambda: len(window.library.listed.ids) == clips, timeout=FIT_MS)
    qtbot.waitUntil(lambda: "library" in window.panels.made, timeout=FIT_MS)
    row: FitRow = window.panels.library.panel.fit
    qtbot.waitUntil(row.isVisible, timeout=FIT_MS)
    return row


def select(window: MainWindow, *rows: int) -> None:
    """Rows of the list."""
    table = window.panels.library.panel.table
    flags = QItemSelectionModel.SelectionFlag
    table.selectionModel().clear()
    for row in rows:
        table.selectionModel().select(table.rows.index(row, 0), flags.Select | flags.Rows)


def answer(monkeypatch: pytest.MonkeyPatch, words: str, *, more: bool = False) -> list[str]:
    """The button of questions that is pressed; what was asked, or ``more`` of it."""
    asked: list[str] = []

    def press(box: QMessageBox) -> int:
        asked.append(box.informativeText() if more else box.text())
        button = next(one for one in box.buttons() if one.text().replace("&", "") == words)
        monkeypatch.setattr(QMessageBox, "clickedButton", lambda _box: button)
        return 0

    monkeypatch.setattr(QMessageBox, "exec", press)
    return asked


def said(window: MainWindow) -> list[str]:
    """Sentences in the status bar, from now on."""
    told: list[str] = []
    window.state.activity.said.connect(told.append)
    return told


def test_motions_that_wait_are_fitted_into_a_folder_and_listed_as_they_end(
    window: MainWindow, motions: Path, results: Path, qtbot: QtBot
) -> None:
    window.recipes.choose("fast")
    row, told = shown(window, motions, qtbot, 2), said(window)
    assert row.fit_waiting.text() == "Fit 2 waiting"
    row.fit_waiting.click()
    qtbot.waitUntil(lambda: window.clip_fits.going, timeout=FIT_MS)
    assert row.cancel.isVisible()
    # The window goes on meanwhile.
    window.state.playback.set_frame(3)
    qtbot.waitUntil(lambda: not window.clip_fits.going, timeout=2 * FIT_MS)
    qtbot.waitUntil(lambda: window.library.listed.states.get("done") == 2, timeout=FIT_MS)
    for place in PLACES:
        fit = load_result(results / place)
        assert fit.fitted.all()
        assert fit.provenance["recipe"]["name"] == "fast"
    assert any(words.startswith("Fitted 2 clips · mean ") for words in told)
    assert window.state.playback.frame == 3
    assert not row.fit_waiting.isEnabled()
    assert not list(motions.rglob("refit*"))


def test_selected_clips_keep_their_places_and_go_on_as_the_stages_say(
    window: MainWindow, motions: Path, results: Path, qtbot: QtBot, conversions: Conversions
) -> None:
    window.recipes.choose("fast")
    row = shown(window, motions, qtbot, 2)
    assert not row.fit_chosen.isEnabled()
    select(window, 1)
    qtbot.waitUntil(row.fit_chosen.isEnabled, timeout=FIT_MS)
    row.fit_chosen.click()
    qtbot.waitUntil(lambda: "1 of 1 clips" in row.words.words, timeout=FIT_MS)
    ((options, planned),) = conversions.asked
    (job,) = planned.jobs
    assert (job.source, job.output) == (motions / "s2" / "two_poses.npz", results / PLACES[1])
    assert (options.recipe.name, options.force, options.models) == ("fast", False, "builtin")
    assert options.jobs >= 2
    assert row.words.words == "1 of 1 clips · 3 frames/s · 2.25 mm · 1 failed · 2 min left"
    assert (row.bar.value(), row.bar.maximum()) == (1, 1)
    conversions.go.set()
    qtbot.waitUntil(row.fit_chosen.isVisible, timeout=FIT_MS)


def test_it_is_cancelled_and_the_next_one_begins(
    window: MainWindow, motions: Path, results: Path, qtbot: QtBot, conversions: Conversions
) -> None:
    row, told = shown(window, motions, qtbot, 2), said(window)
    row.fit_waiting.click()
    qtbot.waitUntil(lambda: bool(conversions.asked), timeout=FIT_MS)
    row.cancel.click()
    qtbot.waitUntil(lambda: not window.clip_fits.going, timeout=FIT_MS)
    assert "Fitting clips was cancelled; those that are finished stay" in told
    row.fit_waiting.click()
    qtbot.waitUntil(lambda: len(conversions.asked) == 2, timeout=FIT_MS)
    conversions.error = RefitError("The disk of results is full.")
    conversions.go.set()
    qtbot.waitUntil(lambda: window.message.words.text() == "The disk of results is full.", timeout=FIT_MS)
    assert not window.clip_fits.going


def test_where_nobody_says_where_fits_go_none_are_made(
    window: MainWindow, motions: Path, qtbot: QtBot, conversions: Conversions, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *more: asked.append(more[1]) or "")
    row = shown(window, motions, qtbot, 2)
    row.fit_waiting.click()
    qtbot.waitUntil(lambda: asked == ["Folder of the fits of motions"], timeout=FIT_MS)
    assert not conversions.asked
    assert not window.clip_fits.going


@pytest.mark.parametrize(
    ("words", "fitted", "again"),
    [("Fit again", list(PLACES), True), ("Only the others", [PLACES[0]], False), ("Cancel", None, False)],
)
def test_fits_are_written_over_when_somebody_says_so(
    window: MainWindow,
    motions: Path,
    results: Path,
    qtbot: QtBot,
    conversions: Conversions,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    fitted: list[str] | None,
    again: bool,
) -> None:
    put(results, PLACES[1])
    asked = answer(monkeypatch, words)
    row = shown(window, motions, qtbot, 2)
    window.library.set_results(results)
    qtbot.waitUntil(lambda: window.library.listed.states.get("done") == 1, timeout=FIT_MS)
    select(window, 0, 1)
    qtbot.waitUntil(row.fit_chosen.isEnabled, timeout=FIT_MS)
    row.fit_chosen.click()
    qtbot.waitUntil(lambda: asked == ["1 of 2 clips are fitted already."], timeout=FIT_MS)
    if fitted is None:
        qtbot.wait(50)
        assert not conversions.asked
        return
    qtbot.waitUntil(lambda: bool(conversions.asked), timeout=FIT_MS)
    options, planned = conversions.asked[0]
    assert sorted(job.output.relative_to(results).as_posix() for job in planned.jobs) == sorted(fitted)
    assert options.force is again


@pytest.mark.parametrize("kept", ["", "work", "session"])
def test_a_clip_that_is_open_is_shown_as_it_was_fitted_again_unless_there_is_work_on_it(
    window: MainWindow,
    results: Path,
    qtbot: QtBot,
    conversions: Conversions,
    monkeypatch: pytest.MonkeyPatch,
    kept: str,
) -> None:
    put(results, PLACES[0], worse(walk(), 5, 20.0))
    if kept == "session":
        motion = clip("walk", 0, 40)
        step = SessionStep(result=load_result(results / PLACES[0]))
        save_session(
            (results / PLACES[0]).with_suffix(".refit"), Session(SourceFile.of(motion), motion, (step,))
        )
    asked = answer(monkeypatch, "Fit again", more=True)
    row = shown(window, results, qtbot, 1)
    document = window.state.document
    window.panels.library.panel.table.go_to(0)
    qtbot.waitUntil(lambda: document.opened is not None and bool(document.opened.listed), timeout=FIT_MS)
    qtbot.waitUntil(lambda: document.result is not None, timeout=FIT_MS)
    window.state.playback.set_frame(9)
    if kept == "work":
        window.desk.accept([OFF], "it is so")
        assert document.loses_work
    told = said(window)
    select(window, 0)
    qtbot.waitUntil(row.fit_chosen.isEnabled, timeout=FIT_MS)
    row.fit_chosen.click()
    qtbot.waitUntil(lambda: bool(conversions.asked), timeout=FIT_MS)
    assert "is open here" in asked[0]
    put(results, PLACES[0], worse(walk(), 7, 33.0))
    conversions.go.set()
    qtbot.waitUntil(lambda: any("was fitted behind the window" in one for one in told), timeout=FIT_MS)

    def of_frame_7() -> float:
        return 0.0 if document.result is None else float(document.result.mean_mm[7])

    if kept:
        qtbot.waitUntil(lambda: not window.clip_fits.going, timeout=FIT_MS)
        assert not window.state.activity.opening
        assert of_frame_7() < 30
        return
    qtbot.waitUntil(lambda: of_frame_7() == pytest.approx(33.0), timeout=FIT_MS)
    assert window.state.playback.frame == 9
    assert document.opened is not None
    assert document.opened.listed == PLACES[0]


def test_a_window_closes_while_clips_are_fitted(
    window: MainWindow,
    motions: Path,
    results: Path,
    qtbot: QtBot,
    conversions: Conversions,
    make_window: Callable[..., MainWindow],
) -> None:
    shown(window, motions, qtbot, 2).fit_waiting.click()
    qtbot.waitUntil(lambda: bool(conversions.asked), timeout=FIT_MS)
    end(window, qtbot)
    assert not window.isVisible()
