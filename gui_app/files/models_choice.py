"""Which bodies to use, and which body motions are fitted with.

The command line wins over REFIT_MODELS, that over an earlier session's choice. It may say ``builtin``.
"""

from __future__ import annotations

import os
from pathlib import Path

from core.environment import BUILTIN, MODELS_VARIABLE
from core.model.joints import JOINT_NAMES, MESH, other_family
from gui_app.document.preferences import Preferences

FAMILIES = tuple(JOINT_NAMES)
SOURCES = (*FAMILIES, MESH)


class ModelsChoice:
    """The folder of licensed models, None for the built-in bodies. A choice made in the window wins.

    Attributes:
        folder: the folder.
        targets: which body motions of a family are fitted with, by that family.
    """

    def __init__(
        self, preferences: Preferences, given: Path | None = None, target: str | None = None
    ) -> None:
        self._preferences = preferences
        self._before: tuple[Path | None, dict[str, str]] | None = None
        self.targets = {
            source: preferences.choice(_target_of(source), FAMILIES, other_family(source))
            for source in SOURCES
        }
        if target is not None:
            self.targets = dict.fromkeys(SOURCES, target)
        environment = os.environ.get(MODELS_VARIABLE)
        if given is not None:
            self.folder: Path | None = None if str(given) == BUILTIN else given
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

    def choose_target(self, source: str | None, target: str) -> None:
        """Tries another body to fit motions of a family with, None for all; ``keep`` or ``revert``
        follows."""
        self._remember()
        self.targets = {**self.targets, **dict.fromkeys(SOURCES if source is None else (source,), target)}

    def _remember(self) -> None:
        """What was used last and worked, even where several folders are tried in a row."""
        if self._before is None:
            self._before = self.folder, self.targets

    def keep(self) -> None:
        """What was tried works: it is remembered for the next start."""
        if self._before is None:
            return
        folder, targets = self._before
        self._before = None
        if folder != self.folder:
            self._preferences.models = self.folder
        for source, target in self.targets.items():
            if targets[source] != target:
                self._preferences.store(_target_of(source), target)

    def revert(self) -> None:
        """What was tried does not work: back to what was used before."""
        if self._before is not None:
            self.folder, self.targets = self._before
            self._before = None


def _target_of(source: str) -> str:
    """The name under which it is stored."""
    return f"target_of_{source}"
