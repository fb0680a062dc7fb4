"""What every rule of problems has in the window: a slider with its help, a name in the table, a curve."""

from __future__ import annotations

from html import unescape

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.measure.figures import FIGURES
from core.problems.detect import find_problems
from core.problems.rules import RULES, Rule, rule_of
from gui_app.document.document import Document
from gui_app.document.preferences import Preferences
from gui_app.problems.rows import figure_words
from gui_app.problems.thresholds import DEFAULTS, THRESHOLDS, KeptThresholds, ThresholdLine
from gui_app.timeline.curve_choice import CurveChoice, CurveMenu
from tests.core.problems.test_detect import steady


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.bound.name)
def test_a_problem_brings_its_own_slider(qtbot: QtBot, rule: Rule) -> None:
    values = getattr(steady(), rule.metric).copy()
    values[100] += 100 + 2 * rule.bound.usual
    found = find_problems(steady(**{rule.metric: values}))
    problem = next(p for p in found if rule_of(p.metric, p.kind) is rule)
    assert figure_words(problem) == rule.label
    document = Document()
    line = ThresholdLine(document)
    qtbot.addWidget(line)
    line.show_threshold(problem)
    assert line.name == rule.bound.name
    assert line.which.currentText() == rule.bound.label
    assert rule.bound.help in unescape(line.slider.toolTip())
    assert rule.figure.unit.replace("frame", "f") in line.value.text()
    line.slider.setValue(line.slider.maximum())
    assert getattr(document.thresholds, rule.bound.name) > rule.bound.usual


def test_a_number_of_frames_says_so(qtbot: QtBot) -> None:
    line = ThresholdLine(Document())
    qtbot.addWidget(line)
    line.which.setCurrentIndex(line.which.findData("join_frames"))
    assert line.value.text() == "2 frames"
    assert line.value.fontMetrics().horizontalAdvance("20 frames") <= line.value.width()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.bound.name)
def test_a_threshold_is_remembered(qapp: object, rule: Rule) -> None:
    document, changed = Document(), type(DEFAULTS)(**{rule.bound.name: rule.bound.high})
    KeptThresholds(document, Preferences(), document)
    document.set_thresholds(changed)
    again = Document()
    KeptThresholds(again, Preferences(), again)
    assert again.thresholds == changed


@pytest.mark.parametrize("damaged", ["{", "[3]", '{"x": 3}', "[" * 100_000], ids=lambda text: text[:8])
def test_damaged_thresholds_are_the_usual_ones(qapp: object, damaged: str) -> None:
    document, preferences = Document(), Preferences()
    preferences.store(THRESHOLDS, damaged)
    KeptThresholds(document, preferences, document)
    assert document.thresholds == DEFAULTS


def test_every_figure_can_be_a_curve(qtbot: QtBot) -> None:
    metrics, menu = steady(), CurveMenu()
    qtbot.addWidget(menu)
    menu.metrics = metrics
    menu._menu.aboutToShow.emit()
    offered = [action.text() for action in menu._menu.actions()]
    for figure in FIGURES:
        if figure.over == "frames":
            assert f"{figure.label} ({figure.unit})" in offered
            series = CurveChoice(figure.name).values(metrics)
            assert series is not None
            assert np.shape(series) == (len(metrics),)
