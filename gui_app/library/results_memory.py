"""Where the results of a folder of motions lie, from one time to the next."""

from __future__ import annotations

import json
import os
from pathlib import Path

from core.files.containers.documents import parsed_json
from gui_app.document.preferences import Preferences

KEY = "folders_of_results"
MOST_FOLDERS = 60


class ResultsMemory:
    """Folders of results by folders of motions, the last one said first."""

    def __init__(self, preferences: Preferences) -> None:
        self._preferences = preferences

    def known(self) -> dict[Path, Path]:
        """What was said."""
        try:
            stored = parsed_json(self._preferences.text(KEY, "{}"))
        except ValueError:
            stored = None
        pairs = stored.items() if isinstance(stored, dict) else ()
        found = {Path(motions): Path(results) for motions, results in pairs if isinstance(results, str)}
        return dict(reversed(found.items()))

    def keep(self, motions: Path, results: Path) -> None:
        """Remembers where the results of a folder of motions lie."""
        named = {os.path.abspath(one): str(other) for one, other in reversed(self.known().items())}
        named.pop(os.path.abspath(motions), None)
        named[os.path.abspath(motions)] = os.path.abspath(results)
        self._preferences.store(KEY, json.dumps(dict(list(named.items())[-MOST_FOLDERS:])))
