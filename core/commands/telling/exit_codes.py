"""What the commands return to the shell."""

from __future__ import annotations

INTERRUPTED = 130


DONE, SOME_FAILED, BAD_USAGE = 0, 1, 2
