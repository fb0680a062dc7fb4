"""What a fit is doing, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from core.fitting.stage_reports import StageReport


@dataclass(frozen=True)
class RunStatus:
    """What a fit is doing; ``seconds_left`` is None while it cannot be told.

    ``what`` is fitted, ``'all frames'``; ``iteration`` counts the steps of the stage, and ``trace`` holds the
    mean error after each step so far, millimetres; ``stages`` tells what each stage does and has done.
    """

    phase: Literal["idle", "running", "cancelling"] = "idle"
    stage: str = ""
    frames_done: int = 0
    frames_total: int = 0
    mean_mm: float = float("nan")
    seconds_left: float | None = None
    iteration: int = 0
    what: str = ""
    trace: tuple[float, ...] = ()
    stages: tuple[StageReport, ...] = ()

    @property
    def active(self) -> bool:
        """A fit is going on, or is about to stop."""
        return self.phase != "idle"

    @property
    def share(self) -> float:
        """How much is done, 0..1."""
        return self.frames_done / self.frames_total if self.frames_total else 0.0


def went_on(note: str) -> str:
    """Why a run that is over left its device, a sentence, of what was told while it went on."""
    return note.replace("goes on", "went on")
