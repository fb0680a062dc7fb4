"""What a fit needs of the bodies is prepared while the window still works out how to show them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.errors import FileError
from core.fitting.run import FitRun
from core.fitting.stage.stage_problem import prepared
from gui_app.app.main_window import MainWindow
from gui_app.files.open_controller import OpenRequest, _bodies_read_ahead, read_and_pose
from gui_app.tasks.background_job import tell_nobody
from gui_app.tasks.job_thread import close_threads
from tests.gui_app.conftest import FIT_MS

MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in order."""
    done: list[str] = []
    prepare, begin = FitRun.prepare, FitRun.__iter__

    def preparing(run: FitRun) -> None:
        done.append("prepared")
        prepare(run)

    def beginning(run: FitRun):  # type: ignore[no-untyped-def]
        done.append("begun")
        return begin(run)

    monkeypatch.setattr(FitRun, "prepare", preparing)
    monkeypatch.setattr(FitRun, "__iter__", beginning)
    return done


def test_bodies_are_prepared_before_the_fit_begins(
    make_window: MakeWindow, qtbot: QtBot, motion_file: Path, order: list[str]
) -> None:
    prepared.cache_clear()
    window = make_window(motion_file, autofit=True)
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)
    assert order == ["prepared", "begun"]
    assert prepared.cache_info().misses == 1, "the run found what was prepared"


def test_nothing_is_prepared_where_nothing_is_fitted(
    window: MainWindow, qtbot: QtBot, order: list[str]
) -> None:
    window.files.open_path(window.state.document.opened.file)  # type: ignore[union-attr]
    with qtbot.waitSignal(window.opening.opened):
        pass
    assert not close_threads(window.fitting, FIT_MS)
    assert not order


def test_what_cannot_be_prepared_does_not_keep_the_motion_from_opening(
    make_window: MakeWindow, qtbot: QtBot, motion_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(run: FitRun) -> None:
        raise ValueError("on purpose")

    monkeypatch.setattr(FitRun, "prepare", fails)
    window = make_window(motion_file, autofit=True)
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)
    assert window.state.document.result is not None
    assert window.state.document.result.fitted.all()


def test_the_first_file_reads_its_bodies_while_torch_is_imported_and_waits_for_little_else(
    tmp_path: Path, motion_file: Path
) -> None:
    """In a process of its own, as here torch is there already."""
    program = """
import sys
from core.files.bodies import model_arrays
from gui_app.files.open_controller import OpenRequest, read_and_pose
unpack, before = model_arrays.read_npz, []
def read(path, keys):
    before.append("core.model.body" not in sys.modules)
    return unpack(path, keys)
model_arrays.read_npz = read
opened = []
from pathlib import Path
nobody = lambda *_: None
read_and_pose(OpenRequest(Path(sys.argv[1]), None), nobody, opened.append, nobody, nobody)
assert opened and opened[0].bodies.target.family == "smplx"
print(before, model_arrays._ahead)
print({"scipy.spatial", "scipy.optimize", "scipy.ndimage", "smplx"} & set(sys.modules))
"""
    environment = {key: value for key, value in os.environ.items() if key != "REFIT_MODELS"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(motion_file)],
        env={**environment, "REFIT_SETTINGS": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == ["[True, True] {}", "set()"], done.stderr


def test_bodies_that_are_missing_are_told_of_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise FileError(Path("assets"), "there is no folder of built-in bodies and motions")

    monkeypatch.setattr("gui_app.files.open_controller.builtin_folder", missing)
    monkeypatch.setattr("core.files.builtin_files.builtin_folder", missing)
    monkeypatch.delenv("REFIT_MODELS", raising=False)
    torch = sys.modules.pop("torch")
    try:
        with _bodies_read_ahead(None):
            sys.modules["torch"] = torch
            with pytest.raises(FileError, match="no folder of built-in bodies"):
                read_and_pose(OpenRequest(None, None), *[tell_nobody] * 4)
    finally:
        sys.modules["torch"] = torch
