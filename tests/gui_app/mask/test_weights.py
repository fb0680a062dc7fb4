"""Weights of single vertices: painted, seen on the body, tried on the frame shown, used by the fit, kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.measure.vertex_mask import made_weights
from core.model.joints import PARTS
from core.outputs.results import save_result
from gui_app.app.main_window import MainWindow
from gui_app.mask import sets as mask_sets
from gui_app.session import save
from gui_app.style import colours
from gui_app.widgets.save_dialog import Place
from tests.gui_app.mask.test_mask import FIT_MS, FRAME, front_of, on_screen, open_panel, skin, stroke
from tests.show import drive

MakeWindow = Callable[..., MainWindow]


def weigh(window: MainWindow, qtbot: QtBot, value: float) -> None:
    open_panel(window, qtbot)
    window.panels.masks.panel.modes.button(2).click()
    qtbot.waitUntil(window.panels.masks.panel.sets.weight.isVisible)
    window.panels.masks.panel.sets.weight.setValue(value)
    assert window.painting.weighing.weight == pytest.approx(value)


def test_a_stroke_weighs_and_the_frame_follows(fitted: MainWindow, qtbot: QtBot) -> None:
    window, state = fitted, fitted.state
    weigh(window, qtbot, 10.0)
    assert window.painting.shows == "weight"
    drive.focus_part(window, "torso")
    window.actions_.mask_brush.trigger()
    vertex = front_of(window, "torso")
    at, before = on_screen(window, vertex), state.document.valid
    patch = window.painting.tools.graph.brush(vertex, 0.03)  # type: ignore[union-attr]
    stroke(window, at, at + QPointF(20, 0))
    weights = state.document.weights
    assert weights is not None
    assert (weights[patch] == 10).all()
    assert set(np.unique(weights)) == {1.0, 10.0}
    np.testing.assert_array_equal(state.document.valid, before)  # type: ignore[arg-type]
    heavy = np.setdiff1d(np.flatnonzero(weights == 10), window.painting.patch)
    qtbot.waitUntil(lambda: bool((skin(window)[heavy] == colours.rgb(colours.HEAVIER)).all()))
    assert "weighs ×10" in window.probe.words("fit", vertex)
    head = window.panels.masks.panel.head
    qtbot.waitUntil(lambda: head.text().startswith(f"{int((weights == 10).sum())} with weights"))
    qtbot.waitUntil(lambda: window.panels.masks.preview.at_rest, timeout=FIT_MS)
    heavier = window.panels.masks.preview.heavier
    assert heavier is not None
    assert heavier[1] < heavier[0], "what weighs more is met better"
    card = window.panels.masks.panel.card
    qtbot.waitUntil(lambda: card.words.text().startswith(f"{heavier[0]:.2f} → {heavier[1]:.2f} mm where"))
    # With Shift they weigh 1 again; each is a step.
    stroke(window, at, at + QPointF(20, 0), shift=True)
    assert state.document.weights is None
    window.actions_.undo.trigger()
    np.testing.assert_array_equal(state.document.weights, weights)  # type: ignore[arg-type]
    assert window.actions_.undo.text() == "Undo weight brush"
    window.actions_.undo.trigger()
    assert state.document.weights is None
    window.actions_.redo.trigger()
    np.testing.assert_array_equal(state.document.weights, weights)  # type: ignore[arg-type]
    # The mask is painted as ever.
    window.panels.masks.panel.modes.button(0).click()
    assert window.painting.shows == "validity"
    stroke(window, at, at + QPointF(20, 0))
    assert not state.document.valid[vertex]  # type: ignore[index]
    np.testing.assert_array_equal(state.document.weights, weights)  # type: ignore[arg-type]


def test_sets_weigh_and_files_keep_it(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, painting, state = fitted, fitted.painting, fitted.state
    assert state.document.opened is not None
    weigh(window, qtbot, 0.5)
    sets = window.panels.masks.panel.sets
    assert not sets.grow.isEnabled()
    assert not sets.reset.isEnabled()
    hands = state.document.opened.bodies.target.vertex_part == PARTS.index("hands")
    painting.use_part("hands")
    assert window.actions_.undo.text() == "Undo setting the weight of hands to ×0.5"
    assert state.document.weights is not None
    np.testing.assert_array_equal(state.document.weights, np.where(hands, np.float32(0.5), 1))
    left = int(np.flatnonzero(hands)[0])
    painting.weighing.give(np.array([left]), "one hand vertex", True)
    mirrored = painting.tools.mirror.vertices[left]  # type: ignore[union-attr]
    painting.mirror()
    assert state.document.weights[left] == state.document.weights[mirrored] == 0.5
    before = state.document.weights.copy()
    for name in ("weights.npz", "weights.npy"):
        file = tmp_path / name
        monkeypatch.setattr(mask_sets, "ask_where", lambda *_, file=file: Place(file))
        sets.save.click()
        assert file.exists()
        qtbot.waitUntil(sets.reset.isEnabled)
        sets.reset.click()
        assert state.document.weights is None
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, file=file: (str(file), ""))
        sets.load.click()
        np.testing.assert_array_equal(state.document.weights, before)  # type: ignore[arg-type]
    told: list[str] = []
    state.activity.failed.connect(told.append)
    np.save(tmp_path / "weights.npy", np.zeros(len(hands)))
    sets.load.click()
    assert "expected 0.1 to 10" in told[0]


def test_the_fit_uses_them_and_they_are_there_again(
    fitted: MainWindow,
    make_window: MakeWindow,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window, state = fitted, fitted.state
    first = state.document.result
    assert first is not None
    weigh(window, qtbot, 10.0)
    window.painting.use_part("feet")
    card, weights = window.panels.masks.panel.card, state.document.weights
    qtbot.waitUntil(lambda: card.fit.isVisible() and card.fit.isEnabled())
    assert card.fit.text() == "Fit all frames with these weights"
    card.fit.click()
    qtbot.waitUntil(
        lambda: not state.activity.run.active and state.document.result.poses is not first.poses,
        timeout=FIT_MS,
    )  # type: ignore[union-attr]
    result = state.document.result
    assert result is not None
    feet = PARTS.index("feet")
    assert result.part_mm[:, feet].mean() < first.part_mm[:, feet].mean()
    qtbot.waitUntil(lambda: card.words.text() == "All frames are fitted with these weights")
    fit, session = tmp_path / "weighed.npz", tmp_path / "weighed.refit"
    save_result(fit, result)
    monkeypatch.setattr(save, "ask_where", lambda *_: Place(session, replace=True))
    window.actions_.save_session_as.trigger()
    qtbot.waitUntil(session.exists)
    for file in (fit, session):
        other = make_window(file)
        np.testing.assert_array_equal(other.state.document.weights, weights)  # type: ignore[arg-type]
        assert other.state.document.opened is not None
        told = made_weights(other.state.document.result, other.state.document.opened.bodies.correspondence)  # type: ignore[arg-type]
        np.testing.assert_array_equal(told, weights)  # type: ignore[arg-type]
        assert other.panels.masks.preview.made_with_mask()
    # In the session the way back is there as well.
    other.actions_.undo.trigger()
    other.actions_.undo.trigger()
    assert other.state.document.weights is None
    assert other.state.playback.frame == FRAME
