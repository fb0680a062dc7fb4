"""What Refit puts into a folder of results beside them: never an input, whatever folder is walked."""

from __future__ import annotations

import datetime
import secrets
from pathlib import Path

RUNS_FOLDER = "refit_runs"
"""A journal, and what else belongs to a run, one of each a run."""

INDEX_FILE = "refit.db"
"""What the journals and results say, in tables; can be built anew at any time."""

PAGE_FILE = "report.html"
"""What ``refit report`` writes."""

# The second is SQLite's, while it writes.
_OWN = {RUNS_FOLDER, INDEX_FILE, f"{INDEX_FILE}-journal", PAGE_FILE}


def run_file(folder: Path, suffix: str) -> Path:
    """A new name for what a run into a folder of results keeps there, in the order in which runs begin."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    return folder / RUNS_FOLDER / f"{now}_{secrets.token_hex(4)}{suffix}"


def is_beside_results(name: str) -> bool:
    """Whether a file or folder of this name is one of these."""
    return name in _OWN
