"""What a run has said, in a file of its own beside the results."""

from __future__ import annotations

import datetime
from pathlib import Path

from core.files.beside_results import run_file


class RunLog:
    """A text stream whose lines begin with the time; a disk without room ends it, and nothing else.

    Args:
        folder: of the results.

    Attributes:
        path: of the file; there is none before the first line.
    """

    encoding = "utf-8"

    def __init__(self, folder: Path) -> None:
        self.path = run_file(folder, ".log")
        self._line = ""
        self._failed = False

    def write(self, text: str) -> int:
        """Writes what are whole lines by now."""
        *lines, self._line = (self._line + text).split("\n")
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        self._append("".join(f"{now}  {line.rstrip()}\n" for line in lines if line.strip()))
        return len(text)

    def flush(self) -> None:
        """Every line is in the file already."""

    def isatty(self) -> bool:
        """No."""
        return False

    def close(self) -> None:
        """What is left of a line is one."""
        if self._line:
            self.write("\n")

    def _append(self, text: str) -> None:
        if not text or self._failed:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding=self.encoding, errors="backslashreplace") as file:
                file.write(text)
        except OSError:
            self._failed = True
