"""A video of the motion, drawn picture by picture between the window's own events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.errors import RefitError
from gui_app.export.ffmpeg import Encoder
from gui_app.export.window_view import Studio, WindowView

BREATH_MS = 4
POLL_MS = 30
TURN_SECONDS = 12.0


@dataclass(frozen=True, eq=False)
class FilmPlan:
    """What a film shows.

    Attributes:
        frames: (n,) the frame in each of its pictures.
        rate: pictures a second.
        size: width and height, even numbers of pixels.
        turntable: the camera goes once around the body every `TURN_SECONDS`.
        captions: labels and the colour bar are in it.
    """

    frames: np.ndarray
    rate: float
    size: tuple[int, int]
    turntable: bool = False
    captions: bool = True


def film_frames(first: int, last: int, motion_rate: float, speed: float, rate: float) -> np.ndarray:
    """The frame in each picture of a film of the frames ``first`` to ``last``, both included.

    Args:
        first: frame of the first picture.
        last: no picture shows a later one.
        motion_rate: frames a second of the motion.
        speed: times faster than life.
        rate: pictures a second of the film.
    """
    count = max(round((last - first + 1) / motion_rate / speed * rate), 1)
    frames = first + np.floor(np.arange(count) * (motion_rate * speed / rate) + 1e-6).astype(int)
    return np.minimum(frames, last)


class Film(QObject):
    """Makes one film. Says exactly once how it went: ``finished``, ``stopped`` or ``failed``.

    ``over`` is set when nothing is written any more.
    """

    progressed = Signal(int, int)
    finished = Signal()
    stopped = Signal()
    failed = Signal(str)

    def __init__(
        self,
        path: Path,
        view: WindowView,
        plan: FilmPlan,
        *,
        overwrite: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._plan = plan
        self._done = 0
        self._cancelled = False
        self._encoder = Encoder(path, plan.size, plan.rate, overwrite=overwrite)
        self.over = self._encoder.over
        try:
            self._studio: Studio | None = Studio(
                view, plan.size, captions=plan.captions, scale=caption_scale(plan.size), smooth=False
            )
        except Exception:
            self._encoder.cancel()
            raise
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._step)
        self._timer.start(BREATH_MS)

    @Slot()
    def cancel(self) -> None:
        """Stops before the next picture; no file is left."""
        if not self._encoder.over.is_set():
            self._cancelled = True
            self._encoder.cancel()

    def close(self) -> None:
        """Stops; nothing is said afterwards. The encoder needs a moment more, until it is ``over``."""
        self._timer.stop()
        self._close_studio()
        self.cancel()

    @Slot()
    def _step(self) -> None:
        if self._encoder.over.is_set():
            self._end()
        elif self._cancelled or self._done == len(self._plan.frames):
            self._timer.setInterval(POLL_MS)
            self._close_studio()
        elif not self._encoder.full:
            self._draw_next()

    def _draw_next(self) -> None:
        assert self._studio is not None
        if self._plan.turntable and self._done:
            self._studio.turn(360.0 / (TURN_SECONDS * self._plan.rate))
        try:
            picture = self._studio.draw(int(self._plan.frames[self._done]))
        except RefitError as error:
            self._encoder.cancel()
            self._timer.stop()
            self._close_studio()
            self.failed.emit(str(error))
            return
        self._encoder.put(picture)
        self._done += 1
        self.progressed.emit(self._done, len(self._plan.frames))
        if self._done == len(self._plan.frames):
            self._encoder.finish()

    def _end(self) -> None:
        self._timer.stop()
        self._close_studio()
        if self._encoder.error is not None:
            self.failed.emit(str(self._encoder.error))
        elif self._cancelled:
            self.stopped.emit()
        else:
            self.finished.emit()

    def _close_studio(self) -> None:
        if self._studio is not None:
            self._studio.close()
            self._studio = None


def caption_scale(size: tuple[int, int]) -> float:
    """How large text is in a picture of a size: as in a window of 720 pixels' height, never too small."""
    return max(min(size[1] / 720, size[0] / 1100), 0.8)
