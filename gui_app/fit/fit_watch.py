"""Notices that a running fit tells nothing, and that it does not answer when it is cancelled."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.fitting.no_progress import ProgressClock
from gui_app.document.state import AppState

LOOK_MS = 500
ANSWER_SECONDS = 5.0
"""A fit that is cancelled and tells nothing for so long is not waited for."""
WAY_OUT = "Cancel stops waiting for it."


class FitWatch(QObject):
    """Looks at the run that has begun, until it is over."""

    unanswered = Signal()

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._silence = self._cancelled = ProgressClock()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.check)

    def begin(self, silence: ProgressClock) -> None:
        """A run begins, and ``silence`` will hear of it."""
        silence.hear()
        self._silence = silence
        self._timer.start()

    @property
    def silent(self) -> bool:
        """A run goes on that has told nothing for as long as an answer may take."""
        return self._timer.isActive() and self._silence.seconds() > ANSWER_SECONDS

    def end(self) -> None:
        """It is over."""
        self._timer.stop()

    def cancelled(self) -> None:
        """It is to answer from now on."""
        self._cancelled = ProgressClock()

    @Slot()
    def check(self) -> None:
        """Says what there is to say now."""
        phase = self._state.activity.run.phase
        if phase == "running":
            sentence = self._silence.sentence(WAY_OUT)
            if sentence:
                self._state.activity.say(sentence)
        elif phase == "cancelling":
            silent = min(self._silence.seconds(), self._cancelled.seconds())
            if silent > ANSWER_SECONDS:
                self.end()
                self.unanswered.emit()
