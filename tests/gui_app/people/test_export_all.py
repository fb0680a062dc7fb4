"""Everybody's fits written together, a file each."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.outputs.results import load_result
from gui_app.app.main_window import MainWindow
from gui_app.export.dialog import ExportDialog
from gui_app.export.kinds import KINDS
from gui_app.files import open as opening
from tests.gui_app.conftest import FIT_MS
from tests.gui_app.people.scene_files import wham_file
from tests.gui_app.people.test_people import settled
from tests.gui_app.people.test_people_session import saved, street, two

MakeWindow = Callable[..., MainWindow]
__all__ = ["street", "two"]
SUIT = {"npz", "glb", "bvh", "pkl", "csv", "joints"}


def asked(window: MainWindow, kind: str) -> ExportDialog:
    dialog = window.export_dialog
    dialog.open_for(kind)
    dialog.form.people.setCurrentIndex(1)
    return dialog


def written(window: MainWindow, qtbot: QtBot) -> Path:
    dialog = window.export_dialog
    assert dialog.export.isEnabled(), dialog.words.text()
    dialog.export.click()
    qtbot.waitUntil(lambda: not window.exporting.status.active, timeout=FIT_MS)
    assert not window.exporting.status.failed, window.exporting.status.words
    return dialog.path


def test_a_file_each_and_nobody_is_left_out_silently(two: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window = two
    window.preferences.folder = str(tmp_path)
    dialog = asked(window, "npz")
    assert dialog.form.people.isVisible()
    assert not dialog.form.range.isVisible()
    assert dialog.path == tmp_path / "street_people_npz"
    assert "2 files" in dialog.words.text()
    assert "Not fitted, and so left out: Person 2" in dialog.words.text()
    folder = written(window, qtbot)
    assert "left out: Person 2" in window.exporting.status.words
    assert sorted(path.name for path in folder.iterdir()) == ["street_0_stageii.npz", "street_1_stageii.npz"]
    mine, other = window.state.document.result, window.people.desk.left("1").snapshot.result
    for name, result in (("0", mine), ("1", other)):
        back = load_result(folder / f"street_{name}_stageii.npz")
        np.testing.assert_array_equal(back.poses, result.poses)
        assert len(back) == len(result)
    # What is in a file is not asked about; what was written is not written over.
    assert window.state.document.lost == ()
    dialog.open_for("npz")
    assert not dialog.export.isEnabled()
    assert "holds other files" in dialog.words.text()
    dialog.form.people.setCurrentIndex(0)
    assert dialog.form.range.isVisible()
    assert dialog.path.name == "street_0_stageii.npz"

    table = asked(window, "csv")
    folder = written(window, qtbot)
    rows = [list(csv.reader(path.open())) for path in sorted(folder.iterdir())]
    assert [len(one) - 1 for one in rows] == [6, 5]
    assert rows[0][0] == rows[1][0], "columns alike, whoever is shown"
    assert table.form.choice().everyone

    glb = asked(window, "glb")
    glb.form.step.setValue(2)
    files = window.exporting.everyone().files(glb.form.choice())
    assert [(one.name, one.frames) for one in files] == [("street_0.glb", 3), ("street_1.glb", 3)]


def test_those_of_a_session_whom_nobody_has_gone_to(
    two: MainWindow, make_window: MakeWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(two, tmp_path / "street.refit", qtbot)
    window = make_window(path)
    settled(window, qtbot, "0")
    window.preferences.folder = str(tmp_path)
    assert window.people.desk.left("1") is None
    dialog = asked(window, "bvh")
    assert sorted(one.name for one in written(window, qtbot).iterdir()) == [
        "street_0.bvh",
        "street_1.bvh",
    ]
    suit = set()
    for kind in KINDS:
        dialog.open_for(kind.name)
        if dialog.form.choice().everyone:
            suit.add(kind.name)
        assert dialog.form.people.isVisible() == dialog.form.choice().everyone
    assert suit == SUIT

    # Stopped after the first: nothing is left behind.
    def stopping(*arguments: object) -> object:
        window.exporting.cancel()
        return opening.open_stored(*arguments)

    monkeypatch.setattr("gui_app.people.exported.open_stored", stopping)
    dialog = asked(window, "joints")
    folder = dialog.path
    dialog.export.click()
    qtbot.waitUntil(lambda: not window.exporting.status.active, timeout=FIT_MS)
    assert "Export stopped; nothing was left behind" in window.exporting.status.words
    assert not folder.exists()
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".refit")]


def test_files_of_one_person_ask_nothing(
    make_window: MakeWindow, tmp_path: Path, fitted: MainWindow, qtbot: QtBot
) -> None:
    fitted.export_dialog.open_for("npz")
    assert not fitted.export_dialog.form.people.isVisible()
    assert not fitted.export_dialog.form.choice().everyone
    window = make_window(wham_file(tmp_path / "pair.pkl", ("walk", slice(4), 0), ("dance", slice(4), 0)))
    settled(window, qtbot, "0")
    qtbot.waitUntil(lambda: len(window.people.desk.people) == 2, timeout=FIT_MS)
    dialog = asked(window, "npz")
    assert not dialog.export.isEnabled()
    assert "Nobody is fitted yet" in dialog.words.text()
