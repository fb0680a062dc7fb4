"""Workers that never come back: the window says so, stays usable, and closes."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import core.fitting.run
from core.fitting.no_progress import ProgressClock
from core.fitting.stage.stage import PoseStage
from gui_app.app.main_window import MainWindow
from gui_app.document.run_status import RunStatus
from gui_app.document.state import AppState
from gui_app.fit import fit_watch
from gui_app.tasks import closing_wait
from gui_app.tasks.left_behind import left_behind
from tests.gui_app.conftest import FIT_MS, FRAMES, cut_file, end


@pytest.fixture
def never(never: threading.Event, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The window does not wait long for the workers that wait for it."""
    monkeypatch.setattr(closing_wait, "THREADS_SECONDS", 0.3)
    return never


@pytest.fixture
def hangs(never: threading.Event, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Fits hang at their first chunk of frames; the event is set when one does."""
    hung = threading.Event()

    class Hanging(PoseStage):
        def fit(self, frames: np.ndarray):
            if len(frames) > 1:  # not the frame that is looked at
                hung.set()
                never.wait()
            return super().fit(frames)

    monkeypatch.setattr(core.fitting.run, "PoseStage", Hanging)
    return hung


def test_a_hung_fit_is_told_and_left_and_another_begins(
    window: MainWindow, qtbot: QtBot, hangs: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.fitting.no_progress.NO_PROGRESS_SECONDS", 1.0)
    monkeypatch.setattr(fit_watch, "ANSWER_SECONDS", 0.5)
    state = window.state
    window.actions_.fit.trigger()
    qtbot.waitUntil(hangs.is_set, timeout=FIT_MS)
    words = window.statusBar().words
    qtbot.waitUntil(lambda: words.text().startswith("No progress for"), timeout=FIT_MS)
    assert "the fit is still in 'pose'. Cancel stops waiting for it." in words.text()
    window.actions_.cancel.trigger()
    qtbot.waitUntil(lambda: not state.activity.run.active, timeout=FIT_MS)
    assert "does not answer" in window.message.words.text()
    # The frame that was looked at was shown before.
    assert state.document.result is not None
    assert (state.document.result.fitted.sum(), state.document.result.partial) == (1, True)
    assert [thread.objectName() for thread in left_behind()] == ["fit"]

    monkeypatch.setattr(core.fitting.run, "PoseStage", PoseStage)
    window.actions_.fit.trigger()
    qtbot.waitUntil(lambda: not state.activity.run.active, timeout=FIT_MS)
    assert (state.document.result.fitted.sum(), state.document.result.partial) == (FRAMES, False)
    assert left_behind()
    end(window, qtbot)
    assert left_behind()


def test_what_a_hung_fit_leaves_on_the_earlier_one_is_whole_and_is_judged_so(
    fitted: MainWindow, qtbot: QtBot, never: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_watch, "ANSWER_SECONDS", 0.5)
    for name in ("CPU_CHUNK", "DENSE_CHUNK"):
        monkeypatch.setattr(core.fitting.run, name, 4)
    state, earlier = fitted.state, fitted.state.document.result

    class Hanging(PoseStage):
        def fit(self, frames: np.ndarray):
            if frames[0] >= 4:
                never.wait()
            return super().fit(frames)

    monkeypatch.setattr(core.fitting.run, "PoseStage", Hanging)
    monkeypatch.setattr("core.measure.fit_failure.MOST_MEAN_MM", 0.01)
    state.playback.set_selection((0, 11))
    fitted.fitting.start_selection()
    qtbot.waitUntil(lambda: state.document.result is not earlier, timeout=FIT_MS)
    assert (state.document.result.partial, state.document.result.failed) == (True, False), "it still runs"
    fitted.actions_.cancel.trigger()
    qtbot.waitUntil(lambda: not state.activity.run.active, timeout=FIT_MS)
    assert left_behind()
    assert state.document.result is not earlier
    assert state.document.result.fitted.all()
    assert not state.document.result.partial
    assert state.document.result.failed


def test_a_fit_after_a_hung_one_that_was_dropped_does_not_wait_for_it(
    window: MainWindow, qtbot: QtBot, hangs: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_watch, "ANSWER_SECONDS", 0.5)
    window.actions_.fit.trigger()
    qtbot.waitUntil(hangs.is_set, timeout=FIT_MS)
    qtbot.wait(700)
    window.fitting.drop()
    monkeypatch.setattr(core.fitting.run, "PoseStage", PoseStage)
    window.actions_.fit.trigger()
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)
    assert window.state.document.result is not None
    assert not window.state.document.result.partial
    assert left_behind()


def test_what_a_left_fit_tells_later_is_not_heard(
    window: MainWindow,
    qtbot: QtBot,
    hangs: threading.Event,
    never: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fit_watch, "ANSWER_SECONDS", 0.5)
    window.actions_.fit.trigger()
    qtbot.waitUntil(hangs.is_set, timeout=FIT_MS)
    window.actions_.cancel.trigger()
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)
    before, said = window.state.document.result, window.statusBar().words.text()
    never.set()
    qtbot.waitUntil(lambda: not left_behind(), timeout=FIT_MS)
    qtbot.wait(100)
    assert window.state.document.result is before
    assert window.statusBar().words.text() == said


def test_a_cancelled_fit_is_waited_for_while_it_tells_something(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, given_up = [0.0], []
    monkeypatch.setattr(fit_watch, "ProgressClock", lambda: ProgressClock(lambda: now[0]))
    state, silence = AppState(), ProgressClock(lambda: now[0])
    watch = fit_watch.FitWatch(state)
    watch.unanswered.connect(lambda: given_up.append(now[0]))
    watch.begin(silence)
    state.activity.set_run(RunStatus("cancelling"))
    watch.cancelled()
    for seconds in (4.0, 8.0, 12.0, 16.0, 18.0):
        now[0] = seconds
        watch.check()
        if seconds <= 12.0:
            silence.hear("pose")
    assert given_up == [18.0]


def test_a_window_closes_though_a_session_is_never_written(
    window: MainWindow,
    qtbot: QtBot,
    never: threading.Event,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.outputs.sessions.save_session", lambda *_, **__: never.wait())
    monkeypatch.setattr(closing_wait, "THREADS_SECONDS", 0.0)
    window.writer.write(tmp_path / "kept.refit", None)
    window.close()
    qtbot.wait(300)
    assert window.isVisible(), "what is to be written is lost"
    monkeypatch.setattr(closing_wait, "WRITING_SECONDS", 0.0)
    end(window, qtbot)


CLOSES = """
import sys, threading
from pathlib import Path
import core.fitting.run
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from gui_app.app import application
from gui_app.app.main_window import MainWindow, Options

hung = threading.Event()
class Hanging(core.fitting.run.PoseStage):
    def fit(self, frames):
        hung.set()
        threading.Event().wait()
core.fitting.run.PoseStage = Hanging

application.make_application()
timer = QTimer()
def look():
    if hung.is_set():
        timer.stop()
        window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))
        window.fitting.cancel()
        window.state.document.set_saved()
        window.close()
        print("closing", flush=True)
timer.timeout.connect(look)
timer.start(50)
code = application.run(Options(Path(sys.argv[1]), threads=2, device="cpu"))
print("over", flush=True)
sys.exit(code)
"""


def test_the_process_ends_though_a_fit_hangs(walk: Path, tmp_path: Path, qapp: object) -> None:
    motion = cut_file(walk, tmp_path / "stroll_poses.npz", FRAMES)
    command = [sys.executable, "-c", CLOSES, str(motion)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.split()) == (0, ["closing"]), done.stderr[-2000:]
    assert "Destroyed" not in done.stderr
