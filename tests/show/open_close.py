"""Opens, fits and closes N windows in one process: ``python -m tests.show.open_close N`` says how it grew."""

from __future__ import annotations

import ctypes
import gc
import sys
import tempfile
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent

from gui_app.app.application import make_application
from gui_app.app.main_window import MainWindow, Options
from tests.show import drive

FRAMES = 24
WARM = 5
# How far a window gets before it is closed.
ENDS = ("fitted", "fitted", "running", "loading", "exporting")


def resident_mb() -> float:
    """Memory of this process that is in use, in megabytes.

    What is free already, but kept by the C library for later, goes back first: how much that is
    changes by more than 100 MB with the moment.
    """
    ctypes.CDLL(None).malloc_trim(0)
    words = Path("/proc/self/statm").read_text().split()
    return int(words[1]) * 4096 / 1e6


def short_clip(folder: Path) -> Path:
    """The first frames of the walk, as a file."""
    target = folder / "stroll_poses.npz"
    with np.load(drive.clip("walk")) as archive:
        total = len(archive["poses"])
        arrays = {
            key: value[:FRAMES] if value.ndim and len(value) == total else value
            for key, value in archive.items()
        }
    np.savez(target, **arrays)
    return target


def live(file: Path, folder: Path, end: str) -> None:
    """Opens a window and closes it at a certain point."""
    window = MainWindow(Options(file, threads=2, device="cpu"))
    window.resize(1200, 760)
    window.show()
    if end == "loading":
        drive.rest(0.05)
    else:
        drive.wait(lambda: window.state.document.opened is not None)
    if end == "running":
        drive.wait(lambda: window.state.activity.run.active)
    if end in ("fitted", "exporting"):
        drive.wait(lambda: window.state.document.analysis is not None)
        window.actions_.parameters.setChecked(True)
        panel = window.panels.parameters.panel
        panel.pose.rows.fields[0].setValue(5.0)
        panel.pose.rows.finished.emit()
    if end == "exporting":
        window.export_dialog.open_for("mp4")
        window.exporting.start(window.export_dialog.form.choice(), folder / "film.mp4", overwrite=False)
        drive.wait(lambda: window.exporting.status.done >= 1)
    window.state.document.set_saved()
    window.close()
    drive.wait(lambda: not window.isVisible())
    window.deleteLater()


def once(file: Path, folder: Path, end: str) -> None:
    """As `live`, and the window is gone afterwards."""
    live(file, folder, end)
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()
    gc.collect()


def main(argv: list[str]) -> int:
    """Prints by how many megabytes the process grew after the first few windows."""
    count = int(argv[0])
    drive.own_settings()
    app = make_application()
    app.setQuitOnLastWindowClosed(False)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        file = short_clip(folder)
        before = 0.0
        for index in range(WARM + count):
            if index == WARM:
                before = resident_mb()
            once(file, folder, ENDS[index % len(ENDS)])
        print(f"grew by {resident_mb() - before:.0f} MB over {count} windows", flush=True)
        left = sorted(path.name for path in folder.iterdir())
        print(f"files left: {', '.join(left)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
