"""Edges, translation, vertices in the window: each run by itself, told what it did, and looked at."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.stages.card import ALONE, FIRST_ALONE
from gui_app.stages.text import millimetres, objective_words
from tests.gui_app.conftest import FIT_MS


def wait(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)


def test_each_stage_is_run_and_looked_at(fitted: MainWindow, qtbot: QtBot) -> None:
    document, actions = fitted.state.document, fitted.actions_
    accurate = document.result.mean_mm.mean()
    actions.stages.setChecked(True)
    actions.preset_three_stages.trigger()
    assert actions.preset_three_stages.isChecked()
    panel = fitted.panels.stages.panel
    assert [card.title.text() for card in panel.cards] == ["1  Edge", "2  Translation", "3  Vertex"]
    assert not any(card.is_open for card in panel.cards)
    assert panel.start.text().startswith("from parts")
    assert [card.alone.toolTip() for card in panel.cards] == [FIRST_ALONE, ALONE, ALONE]
    panel.scopes.button(3).click()
    fits = []
    for card in panel.cards:
        card.alone.click()
        wait(fitted, qtbot)
        fits.append(document.result)
        report = card.report
        # Those before are still told.
        assert [other.report is not None for other in panel.cards] == [n < len(fits) for n in range(3)]
        assert report.objective[0] > report.objective[-1]
        assert card.objective.words == objective_words(report)
        assert "→" in card.objective.words
        assert card.millimetres.text() == millimetres(report.before_mm, report.now_mm)
    edge, translation, vertex = fits
    # The first has begun anew, without the shape of the fit that was there.
    assert not edge.betas.any()
    assert np.allclose(edge.poses, translation.poses, atol=1e-5)
    assert accurate < 0.3 * edge.mean_mm.mean()
    assert abs(vertex.mean_mm.mean() - accurate) < 0.1
    assert actions.undo.text() == "Undo vertex stage on all frames"

    # All in one, then the body of a frame after each of them.
    panel.run.click()
    wait(fitted, qtbot)
    assert np.array_equal(document.result.poses, vertex.poses)
    actions.steps.trigger()
    qtbot.waitUntil(lambda: panel.stepping.found is not None, timeout=FIT_MS)
    qtbot.waitUntil(lambda: len(panel.steps.track.values) == len(panel.stepping.found))
    chips = panel.steps._chips
    assert [chip.text() for chip, _ in chips] == ["Start", "Edge", "Translation", "Vertex"]
    shown = []
    for chip, _ in chips:
        chip.click()
        shown.append(document.opened.posed.frame(fitted.state.playback.frame).fit_vertices.copy())
    apart = [np.abs(one - other).max() for one, other in pairwise(shown)]
    assert min(apart) > 1e-3
