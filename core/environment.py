"""What the environment may say, and words that stand for a choice. Cheap to import."""

from __future__ import annotations

import os
import sys
from pathlib import Path

MODELS_VARIABLE = "REFIT_MODELS"
"""Environment variable with the folder of licensed models."""

THREADS_VARIABLE = "REFIT_THREADS"
"""Environment variable with the number of fitting threads."""

BUILTIN = "builtin"
"""In place of a folder of models: the built-in bodies, whatever the environment says."""

SETTINGS_VARIABLE = "REFIT_SETTINGS"
"""Environment variable with a folder for the settings and what is kept, in place of the user's own."""

CACHE_VARIABLE = "REFIT_CACHE"
"""Environment variable with a folder for what is kept, wherever the settings are."""


def models_folder(models: str | Path | None) -> str | Path | None:
    """The folder of licensed models to use, None for the built-in bodies.

    Args:
        models: one that was asked for, or ``BUILTIN``; None for what the environment says.
    """
    chosen = models if models is not None else os.environ.get(MODELS_VARIABLE) or None
    return None if chosen == BUILTIN else chosen


NOWHERE = Path(os.devnull) / "refit"
"""A folder that cannot be: what is put there is not kept."""


def kept_folder() -> Path:
    """The folder of what was worked out once and can be again; it need not exist.

    `NOWHERE` for who has no home, as in a container that is run as any user.
    """
    try:
        return _kept_folder()
    except RuntimeError:
        return NOWHERE


def _kept_folder() -> Path:
    cache = os.environ.get(CACHE_VARIABLE)
    if cache:
        return Path(cache).expanduser()
    settings = os.environ.get(SETTINGS_VARIABLE)
    if settings:
        return Path(settings)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "refit"
