"""Playing: the frame follows the clock, so a slow machine drops frames and never lags; with its actions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Slot

from gui_app.document.actions import Actions
from gui_app.document.document import Document
from gui_app.document.playback import SPEEDS, Playback
from gui_app.document.preferences import Preferences
from gui_app.widgets.buttons import NO_MOTION, allow

TICK_MS = 15


@dataclass(frozen=True)
class PlaybackClock:
    """Which frame is due after how many seconds.

    Attributes:
        start: frame shown when the clock started.
        frames: number of frames.
        rate: frames a second.
        speed: times faster than life.
        loop: go on with the first frame after the last.
        span: first and last frame that are played, None for all; ``start`` lies in it.
    """

    start: int
    frames: int
    rate: float
    speed: float = 1.0
    loop: bool = False
    span: tuple[int, int] | None = None

    def frame_at(self, seconds: float) -> tuple[int, bool]:
        """The frame due after ``seconds``, and whether playing is over."""
        frame = self.start + int(seconds * self.rate * self.speed + 1e-6)
        first, last = self.span or (0, self.frames - 1)
        if self.loop:
            return first + (frame - first) % (last - first + 1), False
        return min(frame, last), frame >= last


class Player(QObject):
    """Moves ``playback.frame`` while ``playback.playing``."""

    def __init__(self, document: Document, playback: Playback, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._playback = document, playback
        self._elapsed = QElapsedTimer()
        self._clock: PlaybackClock | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        playback.changed.connect(self._restart)
        document.rate_changed.connect(self._restart)
        playback.selection_changed.connect(self._restart)
        playback.frame_changed.connect(self._on_frame)
        self._due = -1

    def _restart(self) -> None:
        document, playback = self._document, self._playback
        if not playback.playing:
            self._timer.stop()
            return
        start, span = playback.frame, playback.selection
        if span is not None and not span[0] <= start <= span[1]:
            start = span[0]
        self._clock = PlaybackClock(
            start, document.frames, document.rate, playback.speed, playback.loop, span
        )
        self._due = start
        self._elapsed.restart()
        self._timer.start()

    def _tick(self) -> None:
        if self._clock is None or not self._playback.playing:
            return
        frame, over = self._clock.frame_at(self._elapsed.nsecsElapsed() / 1e9)
        self._due = frame
        self._playback.set_frame(frame)
        if over:
            self._playback.set_playing(False)

    def _on_frame(self, frame: int) -> None:
        """Someone else moved the frame while playing: go on from there."""
        if self._playback.playing and frame != self._due:
            self._restart()


# Playing, stepping and the speed, as actions.

LOOP = "loop"


class PlaybackActions(QObject):
    """Does what the actions of the section Play say, and keeps them true to what is open."""

    def __init__(self, document: Document, playback: Playback, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._playback, self._actions = document, playback, actions
        for action, slot in (
            (actions.play, self._toggle),
            (actions.slower, partial(self._change_speed, -1)),
            (actions.faster, partial(self._change_speed, 1)),
            (actions.back, partial(playback.step, -1)),
            (actions.forward, partial(playback.step, 1)),
            (actions.back_ten, partial(playback.step, -10)),
            (actions.forward_ten, partial(playback.step, 10)),
            (actions.first, self._go_first),
            (actions.last, self._go_last),
        ):
            action.triggered.connect(slot)
        actions.loop.toggled.connect(playback.set_loop)
        document.motion_changed.connect(self._on_motion)
        playback.changed.connect(self._on_playback)
        self._on_motion()
        self._on_playback()

    def restore(self, stored: Preferences) -> None:
        """Takes over what was remembered."""
        self._actions.loop.setChecked(stored.flag(LOOP, True))
        self._playback.set_loop(self._actions.loop.isChecked())

    def store(self, stored: Preferences) -> None:
        """Remembers how motions are played."""
        stored.store(LOOP, self._actions.loop.isChecked())

    @Slot()
    def _toggle(self) -> None:
        self._playback.set_playing(not self._playback.playing)

    def _change_speed(self, by: int, *_: object) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - self._playback.speed))
        self._playback.set_speed(SPEEDS[min(max(nearest + by, 0), len(SPEEDS) - 1)])

    @Slot()
    def _go_first(self) -> None:
        self._playback.go_to(0)

    @Slot()
    def _go_last(self) -> None:
        self._playback.go_to(self._document.frames - 1)

    @Slot()
    def _on_motion(self) -> None:
        actions = self._actions
        for action in (
            actions.play, actions.back, actions.forward, actions.back_ten, actions.forward_ten, actions.first,
            actions.last,
        ):  # fmt: skip
            allow(action, "" if self._document.opened is not None else NO_MOTION)

    @Slot()
    def _on_playback(self) -> None:
        self._actions.set_playing(self._playback.playing)
