"""A fit is measured in the background, and its problem frames are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from pytestqt.qtbot import QtBot

from core.problems.detect import Problem
from core.problems.rules import ProblemKind
from gui_app.app.main_window import MainWindow
from gui_app.document.analysis import Analysis
from tests.gui_app.conftest import FIT_MS, end

MakeWindow = Callable[..., MainWindow]


def problem(first: int, last: int, frame: int, kind: ProblemKind = ProblemKind.OFF) -> Problem:
    return Problem(kind, "part_mm", "hands", first, last, frame, 30.0, 3.0, 10.0, "mm", "hands 30 mm off")


def analysis(*stretches: tuple[Problem, ...]) -> Analysis:
    return Analysis(None, None, stretches, np.arange(0))


def test_places_are_found_by_frame() -> None:
    whole = problem(0, 99, 0, ProblemKind.THROUGHOUT)
    found = analysis((whole,), (problem(10, 12, 11), problem(12, 15, 14)), (problem(40, 40, 40),))
    assert found.throughout == (whole,)
    assert found.spans.tolist() == [[10, 15], [40, 40]]
    assert [found.place_at(frame) is not None for frame in (9, 10, 15, 16, 40, 41)] == [
        False, True, True, False, True, False,
    ]  # fmt: skip
    assert [found.next_worst(frame) for frame in (0, 10, 11, 39, 40)] == [11, 11, 40, 40, None]
    assert [found.previous_worst(frame) for frame in (0, 11, 12, 40, 99)] == [None, None, 11, 11, 40]


def test_a_long_stretch_over_a_bound_hides_none_of_those_in_it() -> None:
    over, inside = problem(0, 99, 60, ProblemKind.OVER), problem(40, 42, 41)
    found = analysis((over,), (problem(10, 12, 11),), (inside,))
    assert found.place_at(41) == (inside,)
    assert found.place_at(50) == found.place_at(99) == (over,)
    assert [found.next_worst(frame) for frame in (0, 11, 41, 60)] == [11, 41, 60, None]
    assert [found.previous_worst(frame) for frame in (11, 41, 99)] == [None, 11, 60]


def test_nothing_found_leads_nowhere() -> None:
    found = analysis()
    assert found.place_at(3) is None
    assert found.next_worst(0) is None
    assert found.previous_worst(9) is None


def test_a_finished_fit_is_measured_and_a_second_run_keeps_the_figures_until_it_ends(
    fitted: MainWindow, qtbot: QtBot
) -> None:
    state = fitted.state
    qtbot.waitUntil(lambda: state.document.analysis is not None, timeout=FIT_MS)
    first = state.document.analysis
    assert first.result is state.document.result
    assert np.allclose(first.metrics.mean_mm, state.document.result.mean_mm, atol=0.05)
    # Another recipe: a run that changes nothing leaves the figures as they are.
    fitted.actions_.presets["fast"].trigger()
    fitted.actions_.fit.trigger()
    seen = []
    state.document.analysis_changed.connect(lambda: seen.append(state.document.analysis))
    qtbot.waitUntil(lambda: not state.activity.run.active, timeout=FIT_MS)
    assert state.document.analysis is first
    qtbot.waitUntil(lambda: state.document.analysis is not first, timeout=FIT_MS)
    assert state.document.analysis.result is state.document.result
    assert seen == [state.document.analysis]


def test_a_fit_taken_back_loses_its_figures_at_once(fitted: MainWindow, qtbot: QtBot) -> None:
    state = fitted.state
    qtbot.waitUntil(lambda: state.document.analysis is not None, timeout=FIT_MS)
    seen = []
    state.document.analysis_changed.connect(lambda: seen.append(state.document.analysis))
    state.document.set_result(replace(state.document.result, seconds=1.0), None)
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=FIT_MS)
    assert seen[0] is None
    assert seen[1].result is state.document.result


def test_closing_in_the_middle_of_measuring(fitted: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(
        lambda: fitted.analysing.busy or fitted.state.document.analysis is not None, timeout=FIT_MS
    )
    end(fitted, qtbot)
    assert fitted.analysing._thread.isFinished()


def test_a_fit_that_cannot_be_measured_says_so(window: MainWindow, qtbot: QtBot, monkeypatch: object) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("internals")

    monkeypatch.setattr("core.measure.measure_motion.measure_motion", broken)
    window.actions_.fit.trigger()
    qtbot.waitUntil(window.message.isVisible, timeout=FIT_MS)
    assert "could not be measured" in window.message.words.text()
    assert "internals" not in window.message.words.text()
    assert window.state.document.analysis is None
