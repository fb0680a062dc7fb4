"""The errors a user is meant to read, each one sentence; and the end of what is not wanted any more."""

from __future__ import annotations

from pathlib import Path

from core.shown_text import shown


class RefitError(Exception):
    """Something the user can understand and act on, said in one sentence.

    What it says of the contents of files may be long, and of any letters: it is told as it may be `shown`.
    """

    def __init__(self, *said: object) -> None:
        super().__init__(*(shown(words) if isinstance(words, str) else words for words in said))


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
        super().__init__(f"{where} {problem}")
