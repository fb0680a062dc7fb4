"""All directions in the window: a body to fit is chosen, and everything that is shown and written follows."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.model.joints import FAMILY_LABEL, JOINT_NAMES
from core.outputs.results import load_result
from core.outputs.sessions import load_session, save_session
from gui_app.app.main_window import MainWindow
from gui_app.document.preferences import Preferences
from gui_app.files.models_choice import ModelsChoice
from gui_app.files.open import open_session
from gui_app.widgets.panels import PANELS
from gui_app.widgets.save_dialog import FileKind, Place
from tests.gui_app.conftest import FIT_MS, cut_file

FRAMES = 6
DIRECTIONS = list(permutations(JOINT_NAMES, 2))


@pytest.fixture
def files(walk: Path, tmp_path: Path) -> dict[str, Path]:
    """The same few frames of walking in each family."""
    smplh = cut_file(walk, tmp_path / "smplh_poses.npz", FRAMES)
    with np.load(smplh) as archive:
        arrays = dict(archive)
    found = {"smplh": smplh}
    for family in ("smpl", "smplx"):
        names = JOINT_NAMES[family]
        poses = np.zeros((FRAMES, len(names), 3), np.float32)
        for joint, name in enumerate(JOINT_NAMES["smplh"]):
            if name in names:
                poses[:, names.index(name)] = arrays["poses"].reshape(FRAMES, -1, 3)[:, joint]
        found[family] = tmp_path / f"{family}_poses.npz"
        np.savez(found[family], **{**arrays, "poses": poses.reshape(FRAMES, -1)})
    return found


def choose(window: MainWindow, qtbot: QtBot, family: str) -> None:
    before = window.state.document.opened
    window.actions_.targets[family].trigger()
    if before.bodies.target.family != family:
        qtbot.waitUntil(lambda: window.state.document.opened is not before, timeout=FIT_MS)


def opened(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    before = window.state.document.opened
    window.files.open_path(path)
    qtbot.waitUntil(lambda: window.state.document.opened is not before, timeout=FIT_MS)


def test_every_direction_is_fitted_shown_and_written(
    window: MainWindow, files: dict[str, Path], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, actions = window.state.document, window.actions_
    asked: list[FileKind] = []
    target_path = tmp_path / "written.npz"

    def where(_parent: object, _start: Path, kind: FileKind) -> Place:
        asked.append(kind)
        return Place(target_path, replace=True)

    monkeypatch.setattr("gui_app.files.save_actions.ask_where", where)
    for source, target in DIRECTIONS:
        if document.opened.motion.family != source:
            opened(window, qtbot, files[source])
        assert not actions.targets[source].isEnabled()
        assert "already" in actions.targets[source].toolTip()
        choose(window, qtbot, target)
        assert [family for family, action in actions.targets.items() if action.isChecked()] == [target]
        assert (document.opened.motion.family, document.opened.bodies.target.family) == (source, target)
        assert document.opened.subject.fit.label == f"fit · {FAMILY_LABEL[target]} neutral"
        for panel in PANELS:
            actions.panel(panel.name).setChecked(True)
        actions.fit.trigger()
        qtbot.waitUntil(lambda: document.has_fit and not window.state.activity.run.active, timeout=FIT_MS)
        assert document.result.family == target
        assert document.result.mean_mm.max() < 9
        qtbot.waitUntil(lambda: document.analysis is not None, timeout=FIT_MS)
        actions.save.trigger()
        assert asked[-1].words == f"AMASS {FAMILY_LABEL[target]}"
        written = load_result(target_path)
        assert (written.family, written.poses.shape[1]) == (target, len(JOINT_NAMES[target]))
        document.set_saved()
    # What was chosen is remembered, for each source by itself.
    last = dict(DIRECTIONS)
    assert {source: ModelsChoice(Preferences()).targets[source] for source in last} == last


def test_bodies_that_are_missing_are_told_and_the_choice_goes_back(
    window: MainWindow, files: dict[str, Path], qtbot: QtBot, tmp_path: Path
) -> None:
    choose(window, qtbot, "smpl")
    empty = tmp_path / "models"
    (empty / "smplh").mkdir(parents=True)
    before = window.state.document.opened
    window.files._change_bodies(lambda: window.models.choose(empty))
    qtbot.waitUntil(window.message.isVisible, timeout=FIT_MS)
    words = window.message.words.text()
    assert str(empty) in words
    assert words.count(".") - str(empty).count(".") <= 3
    assert window.state.document.opened is before
    assert window.models.folder is None
    assert window.models.targets["smplh"] == "smpl"
    assert window.actions_.targets["smpl"].isChecked()


def test_a_session_without_a_fit_keeps_its_body(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    choose(window, qtbot, "smpl")
    path = tmp_path / "kept.refit"
    session = window.sessions._now.take()
    assert session.target == "smpl"
    save_session(path, session)
    assert load_session(path).target == "smpl"
    assert open_session(path, None).bodies.target.family == "smpl"


def test_the_command_line_wins_for_this_start() -> None:
    choice = ModelsChoice(Preferences(), target="smpl")
    assert choice.targets["smplx"] == choice.targets["smplh"] == "smpl"
    assert ModelsChoice(Preferences()).targets["smplh"] == "smplx"
