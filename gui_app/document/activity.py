"""What the window is busy with, and what it has to say."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from core.shown_text import shown
from gui_app.document.run_status import RunStatus


class Activity(QObject):
    """The file that is being read, the fit that is going on, and sentences for the user.

    Attributes:
        opening: name of what is being read, '' for nothing.
        building: share done of the correspondence that has to be built for it, 0..1; None where none has to.
        run: what the fit is doing.

    ``opening_changed`` and ``run_changed`` tell of these; ``said`` carries a short line for the status bar,
    ``over`` one that is no longer so, ``failed`` a sentence that stays until it is dismissed.
    """

    opening_changed = Signal()
    run_changed = Signal()
    said = Signal(str)
    over = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.opening = ""
        self.building: float | None = None
        self.run = RunStatus()

    def set_opening(self, name: str, building: float | None = None) -> None:
        """A file is being read; '' when that is over. ``building`` is the share done of the correspondence
        that has to be built for it, None where none has to."""
        self.opening, self.building = name, building
        self.opening_changed.emit()

    def set_run(self, run: RunStatus) -> None:
        """What the fit is doing now."""
        if run != self.run:
            self.run = run
            self.run_changed.emit()

    def say(self, sentence: str) -> None:
        """A short line in the status bar."""
        self.said.emit(shown(sentence))

    def end(self, sentence: str) -> None:
        """What was said is no longer so: the sentence goes, unless another one has taken its place."""
        self.over.emit(shown(sentence))

    def fail(self, sentence: str) -> None:
        """Something went wrong: one sentence that stays until it is dismissed."""
        self.failed.emit(shown(sentence))
