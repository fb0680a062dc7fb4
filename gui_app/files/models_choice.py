"""Which bodies to use: the command line wins over REFIT_MODELS, that over an earlier session's choice."""

from __future__ import annotations

import os
from pathlib import Path

from core.environment import BUILTIN, MODELS_VARIABLE
from gui_app.document.preferences import Preferences


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

    @property
    def models(self) -> str | Path:
        """What `core.correspond.load_bodies.load_bodies` takes: the folder, or the word for the built-in
        bodies."""
        return self.folder or BUILTIN

    def choose(self, folder: Path) -> None:
        """Tries a folder; ``keep`` or ``revert`` follows."""
        self._remember()
        self.folder = folder

    def use_builtin(self) -> None:
        """Tries the built-in bodies; ``keep`` or ``revert`` follows."""
        self._remember()
        self.folder = None

    def _remember(self) -> None:
        """What was used last and worked, even where several folders are tried in a row."""
        if self._before is None:
            self._before = (self.folder,)

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
