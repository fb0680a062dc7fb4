"""Which bodies to use: the command line wins over REFIT_MODELS, that over an earlier session's choice."""

from __future__ import annotations

import os
from pathlib import Path

from gui_app.preferences import Preferences

MODELS_VARIABLE = "REFIT_MODELS"


class ModelsChoice:
    """The folder of licensed models, None for the built-in bodies. A choice made in the window wins."""

    def __init__(self, preferences: Preferences, given: Path | None = None) -> None:
        self._preferences = preferences
        self._before: tuple[Path | None] | None = None
        environment = os.environ.get(MODELS_VARIABLE)
        if given is not None:
            self.folder: Path | None = given
        elif environment:
            self.folder = Path(environment)
        else:
            self.folder = preferences.models

    def choose(self, folder: Path) -> None:
        """Tries a folder; ``keep`` or ``revert`` follows."""
        self._before = (self.folder,)
        self.folder = folder

    def use_builtin(self) -> None:
        """Tries the built-in bodies; ``keep`` or ``revert`` follows."""
        os.environ.pop(MODELS_VARIABLE, None)
        self._before = (self.folder,)
        self.folder = None

    def keep(self) -> None:
        """What was tried works: it is remembered for the next start."""
        if self._before is not None:
            self._before = None
            self._preferences.models = self.folder

    def revert(self) -> None:
        """What was tried does not work: back to what was used before."""
        if self._before is not None:
            (self.folder,) = self._before
            self._before = None
