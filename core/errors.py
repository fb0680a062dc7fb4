"""The errors a user is meant to read, each one sentence; and the end of what is not wanted any more."""

from __future__ import annotations

from pathlib import Path

from core.shown_text import shown


class RefitError(Exception):
    """Something the user can understand and act on, said in one sentence."""


class Cancelled(Exception):
    """Whoever asked for it wants it no more: nothing is wrong, and nothing half done is left."""


class FileError(RefitError):
    """A file that cannot be read or written.

    The message names the file, the key inside it where there is one, what was found and what was expected.
    """

    def __init__(self, path: str | Path, problem: str, *, key: str | None = None) -> None:
        self.path = Path(path)
        self.key = key
        self.problem = problem
        where = f"{self.path}: '{key}'" if key else f"{self.path}:"
        # Names of files and keys may hold line breaks.
        super().__init__(shown(f"{where} {problem}"))
