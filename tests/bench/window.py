"""How quick the window is: ``python -m tests.bench.window [--rounds N] [--size 1440x900]``.

Three ratios, each taken in one run, as machines are shared and noisy. **Start-up**: from starting the process
to the first picture of the 3D view, against a bare window of pyvistaqt with one mesh, in turns. **Frame
change**: everything that moving on by one frame takes (both bodies posed from memory, heat map, cursor,
numbers), against a bare `QtInteractor` of the same size that paints the same two meshes with one light while
its camera turns. **Timer**: how late a timer of 10 ms on the window's thread comes while a motion is fitted.
Without a screen: ``xvfb-run -s "-screen 0 1920x1200x24 +extension GLX" python -m tests.bench.window``.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyvista as pv
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
from pyvistaqt import QtInteractor

from core.files.builtin_files import builtin_motions
from gui_app.app.application import make_application
from gui_app.app.main_window import MainWindow, Options
from tests.show import drive

FRAMES = 120
TICK_MS = 10
SCRUB_EVERY = 6
BARE = """
import os, time
from PySide6.QtWidgets import QApplication, QMainWindow
import pyvista, pyvistaqt
app = QApplication([])
window = QMainWindow()
view = pyvistaqt.QtInteractor(window, auto_update=False)
view.add_mesh(pyvista.Sphere())
window.setCentralWidget(view)
window.resize(WIDTH, HEIGHT)
def painted(*_):
    if window.isVisible():
        print("view", time.time(), flush=True)
        os._exit(0)
view.render_window.AddObserver("EndEvent", painted)
window.show()
app.exec()
"""
OURS = """
import os, time
from functools import partial
from gui_app.app.application import make_application
from gui_app.app.main_window import MainWindow, Options
app = make_application()
window = MainWindow(Options(device="cpu"))
window.resize(WIDTH, HEIGHT)
told = set()
def tell(name, *_):
    if name not in told:
        told.add(name)
        print(name, time.time(), flush=True)
def painted(*_):
    state = window.state
    if window.isVisible() and state.document.opened is None:
        tell("view")
    if state.document.opened is not None:
        tell("body")
    if state.document.result is not None and state.document.result.fitted[state.playback.frame]:
        tell("fitted")
        os._exit(0)
window.viewport.plotter.render_window.AddObserver("EndEvent", painted)
window.opening.opened.connect(partial(tell, "opened"))
window.show()
tell("shown")
app.exec()
"""


def started(program: str, size: tuple[int, int]) -> dict[str, float]:
    """Seconds from the start of a process to each of the moments that it prints."""
    text = program.replace("WIDTH", str(size[0])).replace("HEIGHT", str(size[1]))
    with tempfile.TemporaryDirectory() as settings:
        before = time.time()
        done = subprocess.run(
            [sys.executable, "-c", text],
            env={**os.environ, "REFIT_SETTINGS": settings},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    lines = (line.split() for line in done.stdout.splitlines())
    return {name: float(at) - before for name, at in lines}


def report_start(rounds: int, size: tuple[int, int]) -> None:
    """Start-up, in turns."""
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(started(BARE, size)["view"])
        ours.append(started(OURS, size))
    for name, title in (
        ("view", "Window with a 3D view"),
        ("body", "Body on the screen"),
        ("fitted", "Its frame fitted"),
    ):
        seconds = [moments[name] for moments in ours if name in moments]
        if seconds:
            ratio = statistics.median(a / b for a, b in zip(seconds, bare, strict=False))
            print(f"{title}: {statistics.median(seconds):.2f} s, {ratio:.2f} times a bare window")
    print(f"Bare window of pyvistaqt: {statistics.median(bare):.2f} s")


class Paints:
    """Counts the pictures of a view, and waits for the next."""

    def __init__(self, view: QtInteractor) -> None:
        self.count = 0
        view.render_window.AddObserver("EndEvent", self._note)

    def _note(self, *_: object) -> None:
        self.count += 1

    def seconds(self, change: Callable[[], None]) -> float:
        """From a change to when it is painted and the window is at rest."""
        began, before = time.perf_counter(), self.count
        change()
        while self.count == before:
            QApplication.processEvents()
        QApplication.processEvents()
        return time.perf_counter() - began


def bare_view(window: MainWindow) -> tuple[QMainWindow, QtInteractor]:
    """The meshes of the window in nothing but a `QtInteractor` of the same size."""
    frame = QMainWindow()
    view = QtInteractor(
        frame, shape=(1, 2), border=False, auto_update=False, multi_samples=0, lighting="none"
    )
    opened = window.state.document.opened
    assert opened is not None
    posed = opened.posed.frame(window.state.playback.frame)
    subject = opened.subject
    shown = ((subject.source, posed.source_vertices), (subject.fit, posed.fit_vertices))
    for column, (body, vertices) in enumerate(shown):
        view.subplot(0, column)
        view.add_light(pv.Light(light_type="headlight"))
        mesh = pv.PolyData.from_regular_faces(np.asarray(vertices), body.faces)
        view.add_mesh(mesh, color="tan", smooth_shading=True)
        view.reset_camera()
    view.link_views()
    frame.setCentralWidget(view)
    frame.resize(window.viewport.plotter.size())
    frame.show()
    return frame, view


def report_frames(window: MainWindow, rounds: int) -> float:
    """Frame change against a bare paint, in turns; gives the milliseconds of our own paint."""
    state, view = window.state, window.viewport.plotter
    frame, other = bare_view(window)
    ours, theirs = Paints(view), Paints(other)
    drive.rest(0.8)

    def turn_ours() -> None:
        view.camera.azimuth += 1.0
        view.update()

    def turn_bare() -> None:
        other.camera.azimuth += 1.0
        other.update()

    def step() -> None:
        state.playback.set_frame((state.playback.frame + 1) % FRAMES)

    for _ in range(FRAMES):
        ours.seconds(step)
    changes: dict[str, list[float]] = {"frame": [], "ours": [], "bare": []}
    for _ in range(rounds * 20):
        changes["frame"].append(ours.seconds(step))
        changes["ours"].append(ours.seconds(turn_ours))
        changes["bare"].append(theirs.seconds(turn_bare))
    frame.close()
    other.close()
    frame_ms, ours_ms, bare_ms = (1e3 * statistics.median(seconds) for seconds in changes.values())
    print(
        f"Frame change: {frame_ms:.1f} ms, {frame_ms / bare_ms:.2f} times the bare paint of both meshes "
        f"({bare_ms:.1f} ms); our own smooth paint when the camera turns {ours_ms:.1f} ms"
    )
    return ours_ms


class Ticks(QObject):
    """Gaps between the ticks of a timer of 10 ms."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self._last = time.perf_counter()
        timer = QTimer(self)
        timer.timeout.connect(self._tick)
        timer.start(TICK_MS)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append(1e3 * (now - self._last))
        self._last = now


def report_ticks(window: MainWindow, threads: int, paint_ms: float, scrub: bool) -> None:
    """How late the timer comes during a fit of the whole motion."""
    state = window.state
    ticks = Ticks()
    window.fitting.start()
    count = 0
    while state.activity.run.active:
        QApplication.processEvents()
        if scrub and len(ticks.gaps) >= count + SCRUB_EVERY:
            count = len(ticks.gaps)
            state.playback.set_frame((state.playback.frame + 7) % state.document.frames)
        time.sleep(0.001)
    p99 = float(np.percentile(ticks.gaps, 99))
    how = "while scrubbing" if scrub else "window left alone"
    print(
        f"Timer during a fit of {state.document.frames} frames, {threads} threads, {how}: p99 {p99:.0f} ms, "
        f"p50 {statistics.median(ticks.gaps):.0f}, longest {max(ticks.gaps):.0f}; a paint and 60 ms is "
        f"{paint_ms + 60:.0f}"
    )
    ticks.deleteLater()


def main() -> None:
    """Prints the three reports."""
    top = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    top.add_argument("--rounds", type=int, default=5)
    top.add_argument("--size", default="1440x900")
    top.add_argument("--threads", type=int, default=2)
    options = top.parse_args()
    width, height = (int(part) for part in options.size.split("x"))
    drive.own_settings()
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} processors, load {load:.1f}, window of {width} × {height}")
    report_start(options.rounds, (width, height))
    app = make_application()
    motion = next(path for path in builtin_motions() if path.stem.startswith("range"))
    window = MainWindow(Options(Path(motion), threads=options.threads, device="cpu"))
    window.resize(width, height)
    window.show()
    drive.wait(lambda: window.state.document.result is not None and not window.state.activity.run.active)
    drive.wait(lambda: window.state.document.analysis is not None)
    paint_ms = report_frames(window, options.rounds)
    for scrub in (False, True):
        report_ticks(window, options.threads, paint_ms, scrub)
    window.state.document.set_saved()
    window.close()
    app.processEvents()


if __name__ == "__main__":
    main()
