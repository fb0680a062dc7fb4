"""The thresholds of problem frames, remembered from one start to the next."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict

from PySide6.QtCore import QObject, Slot

from core.problem_thresholds import ProblemThresholds
from gui_app.preferences import Preferences
from gui_app.state import AppState

log = logging.getLogger(__name__)

THRESHOLDS = "problem_thresholds"
DEFAULTS = ProblemThresholds()
LINE, LINE_MM = "threshold_mm", 20.0
"""An earlier version kept its line across the curves by itself, here where nobody had moved it."""


class KeptThresholds(QObject):
    """Gives the window those of the last time, and stores each change."""

    def __init__(self, state: AppState, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._preferences = state, preferences
        state.set_thresholds(self._kept())
        state.thresholds_changed.connect(self._store)

    def _kept(self) -> ProblemThresholds:
        text = self._preferences.text(THRESHOLDS, "")
        line = self._preferences.number(LINE, LINE_MM)
        try:
            kept = json.loads(text) if text else {}
            if line != LINE_MM:
                kept = {"max_most_mm": line, **kept}
            return ProblemThresholds(**kept)
        except (ValueError, TypeError):
            log.warning("The kept thresholds of problems cannot be read; the usual ones are used")
            return DEFAULTS

    @Slot()
    def _store(self) -> None:
        changed = {
            name: value
            for name, value in asdict(self._state.thresholds).items()
            if value != getattr(DEFAULTS, name)
        }
        self._preferences.store(THRESHOLDS, json.dumps(changed) if changed else "")
        # What stood there has been taken over, and may have been changed since.
        self._preferences.store(LINE, LINE_MM)
