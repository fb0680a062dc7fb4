"""How an export stands, and what came of it, in words; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.shown_text import size_words
from gui_app.fit.text import time_left
from gui_app.widgets.text import frames_words


@dataclass(frozen=True)
class ExportStatus:
    """What an export is doing; ``words`` of what came of the last one while none is going on. Of a ``film``
    pictures are counted, otherwise frames."""

    phase: Literal["idle", "running", "stopping"] = "idle"
    film: bool = False
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    words: str = ""
    failed: bool = False
    path: Path | None = None

    @property
    def active(self) -> bool:
        """An export is going on, or is about to stop."""
        return self.phase != "idle"


def written_words(path: Path) -> str:
    """``Exported walk.mp4 · 3.1 MB``."""
    try:
        if path.is_dir():
            files = list(path.iterdir())
            size = sum(file.stat().st_size for file in files)
            count = f"{len(files):,} file{'' if len(files) == 1 else 's'}"
            return f"Exported {count} to {path.name} · {size_words(size)}"
        return f"Exported {path.name} · {size_words(path.stat().st_size)}"
    except OSError:
        return f"Exported {path.name}"


def progress_words(status: ExportStatus) -> str:
    """What is going on, in one line."""
    if status.phase == "stopping":
        return "Stopping…"
    name = status.path.name if status.path else ""
    parts = [f"Writing {name}"]
    if status.total:
        of = f"{status.total:,} pictures" if status.film else frames_words(status.total)
        parts.append(f"{status.done:,} of {of}")
    if status.total and status.done == status.total:
        parts.append("finishing")
    elif status.seconds_left is not None:
        parts.append(time_left(status.seconds_left))
    return " · ".join(parts)
