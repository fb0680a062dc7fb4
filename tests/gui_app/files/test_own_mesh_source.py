"""A window on meshes of a topology of their own: asked what leads from them to a body, and shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from core.model.motion import Reading
from core.outputs.sessions import load_session
from gui_app.app.main_window import MainWindow
from gui_app.files import ask_lead, open_actions
from gui_app.session import save
from gui_app.widgets.save_dialog import Place
from tests.core.clip_fits import bodies, clip
from tests.gui_app.conftest import FIT_MS
from tests.own_meshes import MadeMesh

Make = Callable[..., MainWindow]
FRAMES = 6


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[MadeMesh, Path, Path]:
    """A finer skin of the built-in body that walks, and the correspondence that leads from it."""
    mesh = MadeMesh.of(bodies("built-in"))
    file, transfer, _ = mesh.write(tmp_path_factory.mktemp("made"), clip("walk", 0, FRAMES))
    return mesh, file, transfer


def answered(monkeypatch: pytest.MonkeyPatch, transfer: Path | None) -> list[int]:
    """Somebody names the correspondence, or cancels; gives what was asked, by the number of vertices."""
    asked: list[int] = []

    def answer(question: ask_lead.NothingLeads, *_: object) -> Reading | None:
        asked.append(question.vertices)
        return None if transfer is None else Reading(transfer=str(transfer))

    monkeypatch.setattr(open_actions, "ask_lead", answer)
    return asked


def test_a_mesh_is_shown_as_itself_fitted_and_found_again(
    make_window: Make,
    qtbot: QtBot,
    motion_file: Path,
    made: tuple[MadeMesh, Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mesh, file, transfer = made
    asked = answered(monkeypatch, transfer)
    window = make_window(motion_file)
    document = window.state.document
    window.files.open_path(file, frame=2)
    qtbot.waitUntil(lambda: document.frames == FRAMES, timeout=FIT_MS)
    assert asked == [mesh.count]
    assert window.state.playback.frame == 2
    opened = document.opened
    assert opened is not None
    assert opened.subject.source.label == "source · mesh"
    np.testing.assert_array_equal(opened.subject.source.faces, mesh.faces)
    np.testing.assert_allclose(
        opened.posed.frame(2).source_vertices, mesh.vertices(clip("walk", 2, 3))[0], atol=1e-6
    )
    window.actions_.fit.trigger()
    qtbot.waitUntil(lambda: document.has_fit and not window.state.activity.run.active, timeout=FIT_MS)
    result = document.result
    assert result is not None
    assert result.mean_mm.max() < 3.5
    for action in (window.actions_.parameters, window.actions_.joints, window.actions_.problems):
        action.setChecked(True)
    qtbot.waitUntil(lambda: document.analysis is not None, timeout=FIT_MS)
    panel = window.panels.parameters.panel
    qtbot.waitUntil(lambda: panel.note.text() == "The source is meshes: it has no parameters", timeout=FIT_MS)
    assert not window.message.isVisible()
    place = tmp_path / "walk.refit"
    monkeypatch.setattr(save, "ask_where", lambda *_: Place(place, replace=True))
    window.actions_.save_session.trigger()
    qtbot.waitUntil(lambda: place.exists() and not window.writer.waiting, timeout=FIT_MS)
    assert load_session(place).source.reading.transfer == str(transfer)
    other = make_window(place)
    assert len(asked) == 1
    assert other.state.document.result is not None
    np.testing.assert_array_equal(other.state.document.result.poses, result.poses)


def test_without_an_answer_what_was_open_stays(
    make_window: Make,
    qtbot: QtBot,
    motion_file: Path,
    made: tuple[MadeMesh, Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = answered(monkeypatch, None)
    window = make_window(motion_file)
    before = window.state.document.opened
    with qtbot.waitSignal(window.opening.failed, timeout=FIT_MS):
        window.files.open_path(made[1])
    assert len(asked) == 1
    assert window.state.document.opened is before
    assert not window.state.activity.opening


@pytest.mark.parametrize(("button", "field"), [("Correspondence…", "transfer"), ("Rest mesh…", "rest_mesh")])
def test_the_question_has_a_button_for_each_way(
    qtbot: QtBot,
    make_window: Make,
    motion_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    button: str,
    field: str,
) -> None:
    window = make_window(motion_file)
    said: list[str] = []

    def click(box: QMessageBox) -> int:
        said.append(box.text())
        next(one for one in box.buttons() if one.text().replace("&", "") == button).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", click)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/models/chosen", ""))
    found = ask_lead.ask_lead(ask_lead.NothingLeads("clip.npz", 18439), "/models", window)
    assert found == Reading(**{field: "/models/chosen"})
    assert "18,439 vertices" in said[0]
