"""What the window remembers from one start to the next."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

from core.errors import FileError
from core.files.containers.plain_settings import keep_plain

SETTINGS_VARIABLE = "REFIT_SETTINGS"
"""Environment variable with a folder for the settings, in place of the user's own."""

RECENT_FILES = 10

NOT_IN_INI = ("darwin", "win32")
"""Systems that keep a program's settings in a place of their own, and not in an ini file."""

Choice = TypeVar("Choice", bound=str)


class Preferences:
    """Typed access to the stored settings."""

    def __init__(self) -> None:
        folder = os.environ.get(SETTINGS_VARIABLE)
        if folder or sys.platform not in NOT_IN_INI:
            place = Path(folder) / "refit.ini" if folder else Path(QSettings("Refit", "Refit").fileName())
            self._settings = QSettings(str(_without_objects(place)), QSettings.Format.IniFormat)
        else:
            self._settings = QSettings("Refit", "Refit")

    @property
    def models(self) -> Path | None:
        """The remembered folder of licensed models, None for the built-in bodies."""
        value = self.text("models", "")
        return Path(value) if value else None

    @models.setter
    def models(self, folder: Path | None) -> None:
        self._settings.setValue("models", str(folder) if folder else "")

    @property
    def kept(self) -> Path:
        """The folder of what is kept in case Refit ends unexpectedly."""
        folder = os.environ.get(SETTINGS_VARIABLE) or QStandardPaths.writableLocation(
            QStandardPaths.StandardLocation.AppLocalDataLocation
        )
        return Path(folder) / "kept"

    @property
    def folder(self) -> str:
        """Where the last file was opened or saved."""
        return self.text("folder", "")

    @folder.setter
    def folder(self, folder: str) -> None:
        # Of a file that was named beside the folder one was in, at the next start it is another one.
        self._settings.setValue("folder", os.path.abspath(folder) if folder else "")

    @property
    def recent(self) -> list[Path]:
        """Files opened lately that still exist, the last one first."""
        value = self._settings.value("recent", [])
        names = [value] if isinstance(value, str) else list(value) if isinstance(value, (list, tuple)) else []
        return [Path(name) for name in names if isinstance(name, str) and name and Path(name).exists()]

    def add_recent(self, path: Path) -> None:
        """Puts a file at the head of the list."""
        path = Path(os.path.abspath(path))
        others = [known for known in self.recent if known != path]
        self._settings.setValue("recent", [str(known) for known in [path, *others][:RECENT_FILES]])

    def clear_recent(self) -> None:
        """Forgets the files opened lately."""
        self._settings.setValue("recent", [])

    @property
    def recipes(self) -> Path:
        """The folder with the user's own recipes; it need not exist yet."""
        folder = os.environ.get(SETTINGS_VARIABLE)
        if not folder:
            own = QStandardPaths.StandardLocation.GenericConfigLocation
            folder = str(Path(QStandardPaths.writableLocation(own)) / "Refit")
        return Path(folder) / "recipes"

    def flag(self, name: str, default: bool) -> bool:
        """A stored yes or no."""
        return bool(self._settings.value(name, default, type=bool))

    def number(self, name: str, default: float) -> float:
        """A stored number; ``default`` where it is damaged."""
        try:
            return float(self.text(name, str(default)))
        except ValueError:
            return default

    def choice(self, name: str, choices: tuple[Choice, ...], default: Choice) -> Choice:
        """A stored word; ``default`` where it is none of ``choices``."""
        value = self.text(name, default)
        return next((choice for choice in choices if choice == value), default)

    def text(self, name: str, default: str) -> str:
        """A stored word; ``default`` where something else is stored."""
        value = self._settings.value(name)
        return str(value) if isinstance(value, (str, int, float)) else default

    def bytes(self, name: str) -> QByteArray:
        """A stored geometry or layout, empty without one."""
        value = self._settings.value(name)
        return value if isinstance(value, QByteArray) else QByteArray()

    def store(self, name: str, value: object) -> None:
        """Stores a flag, a number, a word or bytes."""
        self._settings.setValue(name, value)

    def sync(self) -> None:
        """Writes to disk now."""
        self._settings.sync()


def _without_objects(place: Path) -> Path:
    """The settings file once nothing in it is opened as an object; a new one where that cannot be."""
    try:
        keep_plain(place)
    except FileError:
        return Path(tempfile.mkdtemp(prefix="refit-")) / place.name
    return place
