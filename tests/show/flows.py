"""Walks through the five things that people do, to be looked at: ``python -m tests.show.flows [FILM]``.

Drop a file and watch; turn and compare; see a peak, go there, see why; fit, cancel, undo; export. With the
name of a film, ffmpeg records the screen meanwhile. Without a screen: ``xvfb-run -s "-screen 0 1280x720x24
+extension GLX" python -m tests.show.flows assets/readme/flows.mp4``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest

from gui_app.application import make_application
from gui_app.main_window import MainWindow, Options
from tests.show import drive

WIDTH, HEIGHT = 1280, 720
RATE = 20


@contextmanager
def recorded(film: Path | None):  # type: ignore[no-untyped-def]
    """Records the screen while the block runs."""
    if film is None:
        yield
        return
    program = shutil.which("ffmpeg")
    if program is None:
        raise SystemExit("ffmpeg is needed to record the screen")
    words = [
        program,
        "-y",
        "-loglevel",
        "error",
        "-f",
        "x11grab",
        "-draw_mouse",
        "0",
        "-framerate",
        str(RATE),
    ]
    words += [
        "-video_size",
        f"{WIDTH}x{HEIGHT}",
        "-i",
        os.environ["DISPLAY"],
        "-c:v",
        "libx264",
        "-crf",
        "27",
    ]
    words += ["-preset", "veryfast", "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(film)]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as process:
        drive.rest(0.5)
        try:
            yield
        finally:
            assert process.stdin
            process.stdin.write(b"q")
            process.stdin.close()
            process.wait(30)


def drop(window: MainWindow, file: Path) -> None:
    """As from a file manager."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    point, left = QPointF(WIDTH / 2, HEIGHT / 2), Qt.MouseButton.LeftButton
    event = QDropEvent(point, Qt.DropAction.CopyAction, data, left, Qt.KeyboardModifier.NoModifier)
    # Qt delivers such an event only where the pointer really drags.
    window.dropEvent(event)


def orbit(window: MainWindow, pixels: int) -> None:
    """Drags over the left view."""
    view = window.viewport.plotter
    start = QPoint(view.width() // 4, view.height() // 2)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 13):
        QTest.mouseMove(view, start + QPoint(pixels * step // 12, 0))
        drive.rest(0.03)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(pixels, 0))


def press(
    window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """A key on the window."""
    QTest.keyClick(window, key, modifier)


def walk(window: MainWindow, folder: Path) -> None:
    """The five flows, one after the other."""
    state, actions = window.state, window.actions_
    drop(window, drive.faulty(folder))
    drive.wait(lambda: state.opened is not None and "faults" in state.opened.name)
    drive.wait(lambda: state.analysis is not None)
    press(window, Qt.Key.Key_Space)
    drive.rest(2.5)
    press(window, Qt.Key.Key_Space)

    orbit(window, 160)
    press(window, Qt.Key.Key_5)
    drive.rest(1.2)
    press(window, Qt.Key.Key_4)
    press(window, Qt.Key.Key_0)
    drive.rest(0.5)

    press(window, Qt.Key.Key_BracketRight)
    drive.rest(0.8)
    press(window, Qt.Key.Key_G)
    drive.rest(1.8)
    assert state.analysis is not None
    assert state.frame in state.analysis.frames
    press(window, Qt.Key.Key_0)

    before = state.result
    press(window, Qt.Key.Key_Return, control=True)
    drive.wait(lambda: state.run.frames_done > 0)
    for frame in range(20, 200, 20):
        state.set_frame(frame)
        drive.rest(0.05)
    actions.cancel.trigger()
    drive.wait(lambda: not state.run.active)
    drive.rest(1.0)
    if actions.undo.isEnabled() and state.result is not before:
        press(window, Qt.Key.Key_Z, control=True)
        drive.wait(lambda: state.result is before)
    drive.rest(1.0)

    dialog = window.export_dialog
    for kind, name in (("npz", "dance_stageii.npz"), ("mp4", "dance.mp4")):
        state.set_selection((100, 130))
        dialog.open_for(kind)  # type: ignore[arg-type]
        dialog.place.setText(str(folder / name))
        drive.rest(0.8)
        QTest.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
        drive.wait(lambda: not window.exporting.status.active)
        drive.rest(0.8)
        assert (folder / name).stat().st_size > 1000
        dialog.hide()
    drive.rest(0.5)


def main(argv: list[str]) -> int:
    """Walks through, and records where a name is given."""
    drive.own_settings()
    make_application()
    with tempfile.TemporaryDirectory() as place:
        window = MainWindow(Options(drive.clip("walk"), threads=2, device="cpu"))
        window.move(0, 0)
        window.resize(WIDTH, HEIGHT)
        window.show()
        drive.wait(lambda: window.state.analysis is not None)
        window.state.set_saved()
        with recorded(Path(argv[0]) if argv else None):
            walk(window, Path(place))
        window.state.set_saved()
        window.close()
        drive.wait(lambda: not window.isVisible())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
