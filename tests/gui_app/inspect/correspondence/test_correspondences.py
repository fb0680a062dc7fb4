"""Correspondences in the window: built from the bodies, opened, compared, saved; and built while opening."""

from __future__ import annotations

import pickle
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from scipy import sparse

from core.correspond import build as builder
from core.correspond import built_cache as kept
from core.correspond.build import BuildReport, Why
from core.correspond.build_settings import BuildSettings
from core.files.bodies.correspondences import read_correspondence
from core.files.builtin_files import builtin_folder
from core.geometry.mirror import mirror_map
from core.inspection.correspondence_rows import compare_correspondences
from core.model.correspondence import Correspondence
from gui_app.app.main_window import MainWindow
from gui_app.inspect.correspondence import page as correspondence_page
from gui_app.inspect.correspondence.page import CorrespondencePage
from gui_app.style import colours
from gui_app.widgets.save_dialog import Place

MOVED = (4000, 8000)


def shifted(correspondence: Correspondence) -> Correspondence:
    """Two vertices whose counterparts are those of others, and one without."""
    matrix = correspondence.matrix.tolil()
    for vertex in MOVED:
        matrix[vertex] = matrix[vertex + 40]
    matrix[4100] = 0
    matrix = matrix.tocsr()
    matrix.eliminate_zeros()
    return Correspondence(matrix, correspondence.valid)


def a_report(correspondence: Correspondence, settings: BuildSettings) -> BuildReport:
    count = len(correspondence.valid)
    why = np.where(correspondence.valid, Why.VALID, Why.HIDDEN)
    return BuildReport(
        settings, np.full(count, 0.4), why, np.ones(6, int), np.ones(6, int), 0.5, 0.99, 4, np.zeros(3),
        ("left_hip", 1.5),
    )  # fmt: skip


@pytest.fixture
def go(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """What is built is told at 0 and at 40 %, and is there when this is set."""
    event = threading.Event()

    def build(source, target, settings=None, tell=lambda share: None):  # type: ignore[no-untyped-def]
        tell(0.0)
        while not event.wait(0.01):
            tell(0.4)
        own = read_correspondence(
            builtin_folder() / "bodies/transfer/smplh2smplx_deftrafo_setup.pkl",
            source_vertices=source.num_vertices,
            target_vertices=target.num_vertices,
        )
        found = shifted(own)
        return found, a_report(found, settings or BuildSettings())

    monkeypatch.setattr(builder, "build_correspondence", build)
    monkeypatch.setattr(kept, "_BUILT", {})
    return event


def open_page(window: MainWindow, qtbot: QtBot) -> CorrespondencePage:
    window.actions_.inspector.trigger()
    qtbot.waitUntil(window.panels.inspector.panel.isVisible)
    window.panels.inspector.panel.tabs.button(1).click()
    page = window.panels.inspector.panel.map
    qtbot.waitUntil(lambda: page.isVisible() and "empty" in page.figures["rows"].text())
    return page


def test_one_is_built_compared_and_saved(
    fitted: MainWindow, qtbot: QtBot, go: threading.Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = fitted
    page, maps, opened = (
        open_page(window, qtbot),
        window.panels.inspector.panel.maps,
        window.state.document.opened,
    )
    assert opened is not None
    own = opened.bodies.correspondence
    empty = int((~own.filled).sum())
    assert page.figures["rows"].text().startswith(f"{empty:,} empty · 0 off")
    assert not page.second.isEnabled()
    page.card.fields["max_distance_mm"].setValue(12.5)
    page.card.hidden.click()
    # Cancelled, and begun again.
    page.card.build.click()
    qtbot.waitUntil(lambda: page.card.bar.isVisible() and page.card.bar.value() == 40)
    page.card.build.click()
    qtbot.waitUntil(lambda: page.card.build.text() == "Build")
    assert len(maps.entries) == 1
    page.card.build.click()
    go.set()
    qtbot.waitUntil(lambda: page.first.currentText().startswith("built 1 · 12.5 mm, 84°, eyes"))
    assert maps.first is not None
    assert maps.first.report is not None
    assert maps.first.report.settings == BuildSettings(12.5, with_hidden=True)
    built = maps.first.correspondence
    expected = compare_correspondences(opened.bodies.source, built, own)
    qtbot.waitUntil(lambda: page.table.topLevelItemCount() == len(MOVED))
    over = int(np.nansum(expected.distance_mm > 5))
    assert page.figures["over 1, 5, 20 mm"].text().split(" · ")[1] == str(over)
    most = f"{np.nanmax(expected.distance_mm):.1f} mm"
    assert page.figures["mean, max"].text().endswith(most)
    assert page.figures["in one only"].text().startswith("1 ")
    # On the skin, and taken from it again.
    look = lambda: window.viewport.scene._mask_shown  # noqa: E731
    qtbot.waitUntil(lambda: look() is not None)
    shown = look()
    assert shown is not None
    assert tuple(shown.colours[4100]) == colours.rgb(colours.TAKEN_OUT)
    assert tuple(shown.colours[MOVED[0]]) != tuple(shown.colours[MOVED[0] - 100])
    assert "mm apart in the two" in window.probe.words("fit", MOVED[0])
    page.on_skin.click()
    qtbot.waitUntil(lambda: look() is None)
    # A click on a row goes to the vertex.
    first = page.table.topLevelItem(0)
    page.table.clicked.emit(page.table.indexFromItem(first))
    assert window.inspection.vertex == int(first.text(0))
    # Saved as the published tools read it; a body model stays what it is.
    file = tmp_path / "own_deftrafo_setup.pkl"
    monkeypatch.setattr(correspondence_page, "ask_where", lambda *_: Place(file))
    page.save.click()
    qtbot.waitUntil(file.exists)
    with open(file, "rb") as stream:
        assert pickle.load(stream)["mtx"].shape == (own.matrix.shape[0], 2 * own.matrix.shape[1])  # noqa: S301
    model = tmp_path / "SMPLX_NEUTRAL.pkl"
    shutil.copy(builtin_folder() / "bodies/smplx/SMPLX_NEUTRAL.npz", model)
    before, told = model.read_bytes(), []
    window.state.activity.failed.connect(told.append)
    monkeypatch.setattr(correspondence_page, "ask_where", lambda *_: Place(model, replace=True))
    page.save.click()
    qtbot.waitUntil(lambda: len(told) == 1)
    assert "is no correspondence, and is not written over" in told[0]
    assert model.read_bytes() == before
    # And opened again: the same in every weight as the one that was built.
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    page.open.click()
    qtbot.waitUntil(lambda: page.first.currentText() == file.name)
    page.second.setCurrentIndex(1)
    page.second.activated.emit(1)
    qtbot.waitUntil(lambda: page.figures["mean, max"].text() == "the same in every weight")
    window.actions_.inspector.trigger()


def test_a_folder_without_one_tells_how_far_it_is_and_can_be_given_up(
    make_window: Callable[..., MainWindow],
    motion_file: Path,
    qtbot: QtBot,
    go: threading.Event,
    tmp_path: Path,
) -> None:
    models = tmp_path / "models"
    shutil.copytree(builtin_folder() / "bodies", models)
    for path in (models / "transfer").glob("*.pkl"):
        path.unlink()
    window = make_window(motion_file)
    before = window.state.document.opened
    said = window.statusBar().words  # type: ignore[attr-defined]
    window.models.choose(models)
    window.files.open_path(motion_file)
    qtbot.waitUntil(lambda: "Building the correspondence from the two bodies, 40 %" in said.text())
    assert window.state.activity.building == 0.4
    window.actions_.cancel.trigger()
    qtbot.waitUntil(lambda: not window.state.activity.opening)
    assert said.text() == f"Opening {motion_file.name} was cancelled"
    assert window.state.document.opened is before
    assert window.models.folder is None, "the bodies in use stay"
    window.models.choose(models)
    window.files.open_path(motion_file)
    qtbot.waitUntil(lambda: window.state.activity.building == 0.4)
    go.set()
    qtbot.waitUntil(lambda: window.state.document.opened is not before)
    assert window.state.activity.building is None
    assert not window.actions_.cancel.isEnabled()
    assert window.panels.inspector.panel.maps.in_use is not None
    assert window.panels.inspector.panel.maps.in_use.name == "in use · built when opened"


def test_one_that_no_fit_can_be_made_with_is_told_and_shown(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = fitted
    page, opened = open_page(window, qtbot), window.state.document.opened
    assert opened is not None
    own, file = opened.bodies.correspondence, tmp_path / "exchanged.npz"
    sparse.save_npz(file, sparse.csr_matrix(own.matrix[:, mirror_map(opened.bodies.source).vertices]))
    told: list[str] = []
    window.state.activity.failed.connect(told.append)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    page.open.click()
    qtbot.waitUntil(lambda: page.first.currentText() == file.name and len(told) == 1)
    assert told[0].startswith(f"{file.name} exchanges left and right: ")
    assert told[0].endswith("; no fit can be made with it.")
    entry = window.panels.inspector.panel.maps.first
    assert entry is not None
    assert "exchanges left and right" in entry.tip
    assert opened.bodies.correspondence is own
    window.actions_.inspector.trigger()
