"""How long a window that closes waits for its threads."""

from __future__ import annotations

import time

THREADS_SECONDS = 3.0
"""For work that was told to stop, and that nobody will miss."""
WRITING_SECONDS = 60.0
"""For a file that somebody wants; on a slow disk it takes its time."""


class ClosingWait:
    """Begins with the first question."""

    def __init__(self) -> None:
        self._since: float | None = None

    def over(self, *, writing: bool) -> bool:
        """Threads that are still busy are to be left behind."""
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        return now - self._since >= (WRITING_SECONDS if writing else THREADS_SECONDS)
