"""What a run tells after each step."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.model.vertex_errors import FrameErrors


@dataclass(frozen=True)
class Progress:
    """One step of a run.

    Attributes:
        stage: ``'shape'`` while what frames share is solved, then ``'pose'``, and ``'smooth'`` where frames
            pull on each other; ``'start'`` once before all, where the run measures what it starts from.
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
        steps: most steps that one of these frames took, or that a stage of the shape has taken so far.
        trace: mean objective of those of these frames that were fitted last, before each step that all of
            them took, and in the end, square metres; of the shape before and after the step; or nothing.
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
    steps: int = 0
    trace: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Where n frames stand between two steps, for somebody who watches them.

    Attributes:
        poses: (n, J, 3) axis-angle, radians.
        transl: (n, 3) metres, in the source's own world.
        betas: (n, B).
        expression: (n, E).
        energy: (n,) objective, square metres.
        errors: of the n frames.
    """

    poses: np.ndarray
    transl: np.ndarray
    betas: np.ndarray
    expression: np.ndarray
    energy: np.ndarray
    errors: FrameErrors
