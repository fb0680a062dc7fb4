"""What was said about the files of a folder, for the next one of them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from core.files.containers.documents import parsed_json
from core.model.motion import Reading
from gui_app.document.preferences import Preferences
from gui_app.files.open_question import Answer

KEY = "folder_answers"
MOST_FOLDERS = 60


class FolderMemory:
    """Frame rate and gender by folder; the person of one file says nothing about the next."""

    def __init__(self, preferences: Preferences) -> None:
        self._preferences = preferences

    def answer(self, path: Path) -> Answer:
        """What is known of a file in this folder."""
        known = Reading.of_json(self._all().get(_name(path)))
        return Answer(Reading(gender=known.gender), known.frame_rate)

    def keep(self, path: Path, answer: Answer) -> None:
        """Remembers what was said; what was not said stays as it was."""
        before = self.answer(path)
        rate, gender = answer.rate or before.rate, answer.reading.gender or before.reading.gender
        told = Reading(frame_rate=rate, gender=gender).to_json()
        if not told:
            return
        name = _name(path)
        others = {key: value for key, value in self._all().items() if key != name}
        newest = dict(list({**others, name: told}.items())[-MOST_FOLDERS:])
        self._preferences.store(KEY, json.dumps(newest))

    def keep_rate(self, path: Path, rate: float) -> None:
        """Remembers a frame rate that was given later."""
        self.keep(path, replace(self.answer(path), rate=rate))

    def _all(self) -> dict[str, object]:
        try:
            known = parsed_json(self._preferences.text(KEY, "{}"))
        except ValueError:
            known = None
        return known if isinstance(known, dict) else {}


def _name(path: Path) -> str:
    # Unlike Path.resolve, it raises nothing where links lead in a circle.
    return os.path.dirname(os.path.realpath(path))
