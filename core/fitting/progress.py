"""What a run tells after each step."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Progress:
    """One step of a run.

    Attributes:
        stage: ``'shape'`` while what frames share is solved, then ``'pose'``, and ``'smooth'`` where frames
            pull on each other.
        iteration: steps of this stage so far.
        frames_done: frames that this stage has finished.
        frames_total: frames to fit.
        objective: mean objective a frame, square metres.
        mean_mm: mean v2v, millimetres: of the frames in this step, then of all finished ones.
        frames: ids of the frames that this step finished; while the shape is solved, of the one looked at,
            which is fitted once more later.
        kind: ``'edge'``, ``'translation'`` or ``'vertex'``: which stage of the recipe.
        index: its place in the recipe, from 0.
        note: a sentence on something that people should know, or empty.
    """

    stage: str
    iteration: int
    frames_done: int
    frames_total: int
    objective: float
    mean_mm: float
    frames: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))
    kind: str = "vertex"
    index: int = 0
    note: str = ""
