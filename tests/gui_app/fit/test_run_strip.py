"""The strip that shows how a run goes, and its estimate of the time left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QAction, QFont
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from core.fitting.no_progress import ProgressClock
from core.fitting.stage.progress import Progress
from gui_app.app.main_window import MainWindow
from gui_app.document.activity import Activity
from gui_app.document.run_status import RunStatus
from gui_app.fit import fit_controller
from gui_app.fit.fit_worker import MOST_POINTS, Pace, RunReply, RunRequest, run_fit
from gui_app.fit.run_strip import RunStrip
from gui_app.fit.text import STAGES, count_words, stage_words, time_left
from gui_app.tasks.background_job import tell_nobody
from gui_app.timeline.curves import FITTING, WAITING
from tests.gui_app.conftest import FIT_MS

MakeWindow = Callable[..., MainWindow]


def test_the_strip_comes_goes_and_moves_nothing(
    make_window: MakeWindow, qtbot: QtBot, long_walk: Path
) -> None:
    window = make_window(long_walk)
    strip = window.run_strip
    place = window.viewport.geometry()
    in_place_of_curves = window.timeline.curves._words
    assert in_place_of_curves.toPlainText() == WAITING
    window.actions_.fit.trigger()
    assert in_place_of_curves.toPlainText() == FITTING
    assert not strip.isVisible()
    qtbot.waitUntil(strip.isVisible, timeout=FIT_MS)
    assert window.viewport.geometry() == place
    assert window.viewport.rect().contains(strip.geometry())
    qtbot.waitUntil(lambda: window.state.activity.run.frames_done > 0, timeout=FIT_MS)
    assert strip.stage.text() == "Fitting poses"
    assert "of 1,512 frames" in strip.count.text()
    assert strip.mean.text().endswith(" mm")
    assert len(strip.sparkline.values) > 1
    window.actions_.cancel.trigger()
    assert strip.stage.text() == "Cancelling…"
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)
    assert not strip.isVisible()


def test_no_word_of_the_strip_is_cut_off(window: MainWindow) -> None:
    stage = window.run_strip.stage
    stage.ensurePolished()
    assert stage.font().weight() >= QFont.Weight.DemiBold
    for words in (*STAGES.values(), "Cancelling…", "Starting the fit"):
        assert stage.fontMetrics().horizontalAdvance(words) <= stage.contentsRect().width(), words


@pytest.mark.parametrize("width", [280, 350, 440, 560, 900])
def test_in_a_narrow_view_the_strip_says_less_and_nothing_twice_in_one_place(
    qtbot: QtBot, width: int
) -> None:
    view, activity = QWidget(), Activity()
    qtbot.addWidget(view)
    cancel = QAction("Cancel", view)
    strip = RunStrip(activity, cancel, view)
    view.resize(900, 300)
    view.show()
    activity.set_run(RunStatus("running", "pose", 312, 960, mean_mm=2.5, seconds_left=12.0))
    qtbot.waitUntil(strip.isVisible)
    view.resize(width, 300)
    for words in ("Cancel", "Cancelling…"):
        cancel.setIconText(words)
        qtbot.wait(20)
        button = strip.findChild(QToolButton)
        assert button is not None
        assert strip.stage.isVisible()
        assert button.width() >= button.sizeHint().width()
        shown = [strip.stage, strip.count, strip.sparkline, strip.mean, strip.left, button]
        places = [part.geometry() for part in shown if part.isVisible()]
        assert all(one.right() < other.left() for one, other in pairwise(places))
        assert strip.rect().contains(places[-1])
        assert len(places) == len(shown) or width < 900


def test_the_frame_shown_is_fitted_first(
    make_window: MakeWindow, qtbot: QtBot, walk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window(walk)
    window.state.playback.set_frame(300)
    asked: list[RunRequest] = []

    def noted(request: RunRequest, *tells: Callable[..., None]) -> object:
        asked.append(request)
        return run_fit(request, *tells)

    monkeypatch.setattr(fit_controller, "run_fit", noted)
    window.actions_.fit.trigger()
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)
    replies: list[RunReply] = []
    # One lot of frames after another, to tell which one comes first.
    run_fit(replace(asked[0], threads=1, earlier=None), ProgressClock(), tell_nobody, replies.append)
    assert replies[0].result.fitted[300]
    assert not replies[0].result.fitted[0]


def step(done: int, total: int = 1000, stage: str = "pose") -> Progress:
    return Progress(stage, done // 100, done, total, 1.0, 2.0)


def test_the_time_left_is_calm() -> None:
    pace, now, shown = Pace("all frames", 0.0), 5.0, []
    pace.see(step(0, stage="shape"), now)
    assert pace.status(step(0, stage="shape"), now).seconds_left is None
    rng = np.random.default_rng(1)
    for done in range(100, 1001, 100):
        now += rng.uniform(0.4, 1.6)
        pace.see(step(done), now)
        shown.append(pace.status(step(done), now).seconds_left)
    assert max(np.diff(shown)) < 1.0
    assert shown[-1] < 1.5


def test_the_trace_is_bounded_and_keeps_its_ends() -> None:
    pace = Pace("all frames", 0.0)
    values = np.linspace(20, 2, 1000)
    for value in values:
        progress = Progress("pose", 1, 1, 10, 1.0, float(value))
        pace.see(progress, 1.0)
    trace = pace.status(progress, 1.0).trace
    assert len(trace) <= MOST_POINTS
    assert trace[0] == values[0]
    assert trace[-1] == values[-1]


def test_words() -> None:
    assert time_left(None) == ""
    assert [time_left(s) for s in (0.2, 12.4, 47, 600, 7200)] == [
        "about 1 s", "about 12 s", "about 45 s", "about 10 min", "about 2.0 h",
    ]  # fmt: skip
    running = RunStatus("running", "shape", 0, 960, iteration=3, what="all frames")
    assert stage_words(running) == "Solving the shape"
    assert count_words(running) == "iteration 3"
    assert count_words(RunStatus("running", "pose", 312, 960)) == "312 of 960 frames"
