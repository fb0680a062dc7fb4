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


class KeptThresholds(QObject):
    """Gives the window those of the last time, and stores each change."""

    def __init__(self, state: AppState, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._preferences = state, preferences
        state.set_thresholds(self._kept())
        state.thresholds_changed.connect(self._store)

    def _kept(self) -> ProblemThresholds:
        text = self._preferences.text(THRESHOLDS, "")
        try:
            return ProblemThresholds(**json.loads(text)) if text else DEFAULTS
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
