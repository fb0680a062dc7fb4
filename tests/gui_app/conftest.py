"""Windows on short pieces of built-in motions, with settings of their own."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

import core.correspond.load_bodies
from core.files.builtin_files import builtin_motions
from core.fitting.recipe.recipe import PRESETS
from core.fitting.run import FitRun, Progress
from core.geometry import regions
from core.inspection import rest_distance
from core.model.fit_result import FitResult
from gui_app.app.main_window import MainWindow, Options
from gui_app.document.opened import Opened
from gui_app.files import open_question
from gui_app.files.open import open_motion
from gui_app.files.open_question import Answer
from gui_app.style.theme import apply_theme
from gui_app.tasks.left_behind import left_behind
from tests.core.clip_files import cut_arrays

FRAMES = 24
FIT_MS = 60_000


def cut_file(source: Path, target: Path, frames: int, **changes: object) -> Path:
    """A shorter copy of a motion file; a key changed to None is left out."""
    np.savez(target, **cut_arrays(source, slice(frames), **changes))
    return target


def end(window: MainWindow, qtbot: QtBot) -> None:
    """Closes it, and leaves what is not saved."""
    window.state.document.set_saved()
    window.people.desk.forget()
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=FIT_MS)


@pytest.fixture(scope="session")
def walk() -> Path:
    """The built-in walk."""
    return next(path for path in builtin_motions() if path.name == "walk_poses.npz")


@pytest.fixture
def motion_file(walk: Path, tmp_path: Path) -> Path:
    """Twenty-four frames of walking."""
    return cut_file(walk, tmp_path / "stroll_poses.npz", FRAMES)


@pytest.fixture
def long_walk(walk: Path, tmp_path: Path) -> Path:
    """The built-in walk four times over: its fit goes on for seconds."""
    target = tmp_path / "long_walk_poses.npz"
    with np.load(walk) as archive:
        arrays = {key: archive[key] for key in archive.files}
    total = len(arrays["poses"])
    repeated = {
        key: np.concatenate([value] * 4) if value.ndim and len(value) == total else value
        for key, value in arrays.items()
    }
    np.savez(target, **repeated)
    return target


@pytest.fixture(scope="session")
def stroll_again(walk: Path, tmp_path_factory: pytest.TempPathFactory) -> type[FitRun]:
    """Runs that tell again what a run on all of the short motion told, without its work."""
    opened = open_motion(cut_file(walk, tmp_path_factory.mktemp("stroll") / "stroll_poses.npz", FRAMES), None)
    run = FitRun(
        opened.motion, opened.bodies, PRESETS["accurate"], first_frame=0, device="cpu", measure_start=True
    )
    steps, found = list(run), run.result()

    class Again(FitRun):
        def __iter__(self) -> Iterator[Progress]:
            assert (self.recipe, len(self.motion), len(self.frames)) == (run.recipe, FRAMES, FRAMES)
            yield from steps

        def result(self) -> FitResult:
            return found

    return Again


@pytest.fixture(scope="module")
def shown(walk: Path, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """Eight fitted frames of walking."""
    opened = open_motion(cut_file(walk, tmp_path_factory.mktemp("motion") / "walk_poses.npz", 8), None)
    run = FitRun(opened.motion, opened.bodies, device="cpu", threads=1)
    for _ in run:
        pass
    opened.posed.set_result(run.result())
    return opened


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh folder of settings; nothing of the user's is read or written."""
    folder = tmp_path_factory.mktemp("settings")
    monkeypatch.setenv("REFIT_SETTINGS", str(folder))
    monkeypatch.delenv("REFIT_MODELS", raising=False)
    return folder


@pytest.fixture(autouse=True)
def no_file_dialogs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is there to answer one: it is cancelled at once, unless a test says otherwise."""
    monkeypatch.setattr(QFileDialog, "exec", lambda _dialog: 0)


@pytest.fixture(scope="session")
def garbage_between_tests() -> Iterator[None]:
    """As in the application, no worker frees what belongs to the GUI thread; modules are left out."""
    core.correspond.load_bodies.load_bodies()
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.fixture(autouse=True)
def no_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a file does not say stays open, unless a test says otherwise."""
    monkeypatch.setattr(open_question, "ask", lambda *_: Answer(final=True, trusts=True))


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """Set once the test is over, so that the workers that wait for it end with it."""
    event = threading.Event()
    yield event
    event.set()
    for thread in left_behind():
        thread.wait(FIT_MS)


@pytest.fixture(scope="session")
def bodies_looked_through_once() -> Iterator[None]:
    """What is found out about bodies alone, regions and distances at rest, is found out once for each."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, parts in (
            (regions, "region_masks", lambda body, *_: body),
            (
                rest_distance,
                "surface_distance",
                lambda pair: (pair.source, pair.target, pair.correspondence),
            ),
        ):
            patch.setattr(module, name, once_for(getattr(module, name), parts))
        yield


def once_for(find: Callable[..., Any], parts: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose answer for the same parts of its arguments is kept."""
    kept: dict[Any, Any] = {}

    def found(*arguments: Any) -> Any:
        key = parts(*arguments)
        if key not in kept:
            kept[key] = find(*arguments)
        return kept[key]

    return found


@pytest.fixture
def make_window(
    qtbot: QtBot, qapp: object, garbage_between_tests: None, bodies_looked_through_once: None
) -> Iterator[Callable[..., MainWindow]]:
    """Opens windows, and closes them in order at the end."""
    windows: list[MainWindow] = []
    apply_theme(qapp)

    def make(file: Path | None, *, autofit: bool = False, wait: bool = True) -> MainWindow:
        window = MainWindow(Options(file, threads=2, device="cpu"))
        windows.append(window)
        window.actions_.autofit.setChecked(autofit)
        window.resize(1200, 760)
        window.show()
        qtbot.waitExposed(window)
        if wait:
            qtbot.waitUntil(lambda: window.state.document.opened is not None, timeout=FIT_MS)
            qtbot.waitUntil(window.viewport.isVisible, timeout=FIT_MS)
        return window

    yield make
    for window in windows:
        end(window, qtbot)
        window.deleteLater()
    windows.clear()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


@pytest.fixture
def window(make_window: Callable[..., MainWindow], motion_file: Path) -> MainWindow:
    """A window with the short motion open and nothing fitted."""
    return make_window(motion_file)


@pytest.fixture
def fitted(window: MainWindow, qtbot: QtBot, stroll_again: type[FitRun]) -> MainWindow:
    """A window whose fit has finished."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.fitting.run.FitRun", stroll_again)
        window.actions_.fit.trigger()
        qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)
    return window
