"""Records the screen, with captions and the pointer, into a small film."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from tests.show import drive

RATE = 20
LOSSLESS = ("-c:v", "libx264", "-crf", "0", "-preset", "ultrafast")
SMALL = tuple("-c:v libx264 -crf 24 -preset slow -pix_fmt yuv420p -movflags +faststart".split())  # noqa: SIM905
POINTER_STEPS = 8
# By then the window is drawn where words were, and the words where they are.
DRAWN_SECONDS = 0.1
Span = tuple[float, float]
CAPTION_STYLE = (
    "background: #5aa9e6; color: #0f1114; font-size: 17px; font-weight: 600; padding: 8px 16px;"
    "border: none; border-radius: 0;"
)


def _run(words: list[str]) -> subprocess.Popen[bytes]:
    program = shutil.which("ffmpeg")
    if program is None:
        raise SystemExit("ffmpeg is needed to record the screen")
    return subprocess.Popen([program, "-y", "-loglevel", "error", *words], stdin=subprocess.PIPE)


@contextmanager
def recorded(film: Path | None, width: int, height: int, pace: float = 1.0) -> Iterator[list[Span]]:
    """Records the upper left of the screen while the block runs; nothing without a name for the film.

    Spans of `time.monotonic` that the block puts into the list are left out of the film; what is left goes
    by ``pace`` times as fast.
    """
    waits: list[Span] = []
    if film is None:
        yield waits
        return
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.mkv"
        grab = f"-f x11grab -draw_mouse 1 -framerate {RATE} -video_size {width}x{height}".split()
        # Lossless and quick: the processor belongs to what is filmed.
        process = _run(
            [
                *grab,
                "-i",
                os.environ["DISPLAY"],
                *LOSSLESS,
                str(raw),
            ]
        )
        began = time.monotonic()
        drive.rest(0.5)
        try:
            yield waits
        finally:
            process.communicate(b"q", timeout=30)
        spans = "+".join(f"between(t,{start - began:.2f},{end - began:.2f})" for start, end in waits)
        chosen = f"select='not({spans or 0})',setpts=N/{RATE * pace}/TB"
        cut = ["-ss", "0.4", "-copyts", "-i", str(raw), "-vf", chosen, "-r", f"{RATE * pace:g}"]
        if _run([*cut, *SMALL, str(film)]).wait(300):
            raise SystemExit(f"{film} could not be made")


class Caption(QLabel):
    """A line over a part of the window that says what is being done."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over, Qt.WindowType.ToolTip | Qt.WindowType.FramelessWindowHint)
        self._over = over
        self.setStyleSheet(CAPTION_STYLE)

    def say(self, words: str) -> None:
        """Shows the words at the top, in the middle."""
        # What follows may keep the window from drawing: until it does, the screen shows the old words in
        # their old place as well.
        self.hide()
        drive.rest(DRAWN_SECONDS)
        self.setText(words)
        self.adjustSize()
        corner = self._over.mapToGlobal(QPoint(0, 0))
        self.move(corner.x() + (self._over.width() - self.width()) // 2, corner.y() + 12)
        self.show()
        drive.rest(DRAWN_SECONDS)


def point_at(widget: QWidget, place: QPoint | None = None, seconds: float = 0.3) -> QPoint:
    """Moves the pointer to a place of a widget, its middle by default; gives the place."""
    place = widget.rect().center() if place is None else place
    start, end = QCursor.pos(), widget.mapToGlobal(place)
    for step in range(1, POINTER_STEPS + 1):
        QCursor.setPos(start + (end - start) * step / POINTER_STEPS)
        drive.rest(seconds / POINTER_STEPS)
    return place


def click(widget: QWidget, place: QPoint | None = None) -> None:
    """Goes there and clicks."""
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=point_at(widget, place))


def drag(widget: QWidget, start: QPoint, end: QPoint, seconds: float = 0.6, steps: int = 15) -> None:
    """Presses, moves and lets go."""
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(widget, left, pos=point_at(widget, start))
    for step in range(1, steps + 1):
        place = start + (end - start) * step / steps
        QCursor.setPos(widget.mapToGlobal(place))
        QTest.mouseMove(widget, place)
        drive.rest(seconds / steps)
    QTest.mouseRelease(widget, left, pos=end)
