"""A real window that is driven from outside, for pictures, films and figures."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from core.files.builtin_files import builtin_motions
from core.measure.frame_errors import measured
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from gui_app.app.main_window import MainWindow, Options

MOST_SECONDS = 120.0


def own_settings() -> None:
    """Nothing of the user's settings is read or written by this process."""
    os.environ["REFIT_SETTINGS"] = tempfile.mkdtemp(prefix="refit-show-")


def clip(name: str) -> Path:
    """A built-in motion by the first word of its file."""
    return next(path for path in builtin_motions() if path.stem.startswith(name))


def wait(done: Callable[[], bool], seconds: float = MOST_SECONDS) -> None:
    """Lets the window live until something is so.

    Raises:
        TimeoutError: it never was.
    """
    until = time.monotonic() + seconds
    while not done():
        QApplication.processEvents()
        time.sleep(0.002)
        if time.monotonic() > until:
            raise TimeoutError("the window did not get there")


def rest(seconds: float) -> None:
    """Lets the window live for a while."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        QApplication.processEvents()
        time.sleep(0.002)


def fitted_window(file: Path, width: int = 1440, height: int = 900) -> MainWindow:
    """A window with a motion, fitted and looked through for problems."""
    window = MainWindow(Options(file, threads=2, device="cpu"))
    window.resize(width, height)
    window.show()
    wait(lambda: window.state.document.opened is not None)
    wait(lambda: window.state.document.result is not None and not window.state.activity.run.active)
    wait(lambda: window.state.document.analysis is not None)
    return window


def focus_part(window: MainWindow, name: str) -> None:
    """Brings a part of the fit (one of `core.model.joints.PARTS`) near, or of the source before a fit."""
    opened = window.state.document.opened
    assert opened is not None
    picture = opened.posed.frame(window.state.playback.frame)
    body, vertices = opened.bodies.target, picture.fit_vertices
    if vertices is None:
        body, vertices = opened.bodies.source, picture.source_vertices
    part = vertices[body.vertex_part == PARTS.index(name)]
    middle = (part.min(axis=0) + part.max(axis=0)) / 2
    window.viewport.focus_on(middle, float(np.linalg.norm(part - middle, axis=1).max()))


def spoil(window: MainWindow) -> None:
    """A fit that has failed in places: a hand that is scrambled, and a frame that stands elsewhere."""
    state = window.state
    assert state.document.opened is not None
    assert state.document.result is not None
    count, names = len(state.document.result), state.document.opened.bodies.target.joint_names
    hand, jump = np.arange(count // 6, count // 6 + min(10, count // 6)), np.array([count // 2])
    fingers = [i for i, name in enumerate(names) if name.startswith("left_") and name[-1] in "123"]
    poses, transl = state.document.result.poses.copy(), state.document.result.transl.copy()
    poses[np.ix_(hand, fingers)] += np.random.default_rng(3).normal(0, 0.5, (len(hand), len(fingers), 3))
    transl[jump] += 0.03
    bad = replace(state.document.result, poses=poses, transl=transl)
    put(window, bad, np.concatenate([hand, jump]), "spoiling")


def put(window: MainWindow, fit: FitResult, frames: np.ndarray, step: str) -> None:
    """A fit that differs in some frames becomes the one that is shown, as a step of the history."""
    state = window.state
    assert state.document.opened is not None
    errors = measured(state.document.opened.motion, state.document.opened.bodies, fit, frames)
    for name in ("mean", "median", "p95", "max", "part"):
        values = getattr(fit, f"{name}_mm").copy()
        values[frames] = getattr(errors, name)
        fit = replace(fit, **{f"{name}_mm": values})
    state.document.set_result(fit, None)
    window.history.add(step)
    wait(
        lambda: (
            state.document.analysis is not None and state.document.analysis.result is state.document.result
        )
    )
    window.desk.keep()


def picture(widget: QWidget) -> QPixmap:
    """What the screen shows of a window, 3D views included."""
    frame = widget.window().frameGeometry()
    return widget.window().screen().grabWindow(0, frame.x(), frame.y(), frame.width(), frame.height())


def faulty(folder: Path) -> Path:
    """The dance with what real captures have: a hand that goes wild and a jump; as a file in a folder."""
    target = folder / "dance_with_faults.npz"
    with np.load(clip("dance")) as archive:
        arrays = {key: archive[key] for key in archive.files}
    generator = np.random.default_rng(0)
    poses, trans = arrays["poses"].copy(), arrays["trans"].copy()
    poses[180:192, 3 * 22 : 3 * 37] += generator.normal(0, 0.9, (12, 45))
    trans[300:301] += (0.0, 0.0, 0.09)
    np.savez(target, **{**arrays, "poses": poses, "trans": trans})
    return target
