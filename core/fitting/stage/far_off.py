"""Rows of the correspondence that are far off at a run's own end: it leaves them out and fits once more."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.fitting.recipe.settings import FitSettings
from core.fitting.stage.partial_result import ResultTable
from core.fitting.stage.stage_problem import StageProblem
from core.measure.far_rows import NO_ROWS, far_rows, far_rows_note, stand_out
from core.model.vertex_errors import lengths_mm

# Rows are looked at in so many frames, spread over the motion. Of fewer than the least, what is left says
# more of a frame than of a row.
LOOKED_AT, LEAST_FRAMES = 8, 3
# Skin that weighs less beside what weighs most hardly pulls: its distance says nothing of its rows.
LEAST_SHARE = 1e-3


def shows_rows(settings: FitSettings, frames: int) -> bool:
    """What is left after such a stage of so many frames says which rows are far off."""
    return settings.stage != "translation" and settings.metrics[0] > 0 and frames >= LEAST_FRAMES


def leave_out(problem: StageProblem, frames: np.ndarray, table: ResultTable) -> str:
    """Looks at where frames (ids) have ended, and has the table leave out the rows that are far off there.

    Returns:
        What is to be said of it; empty where there are none.
    """
    table.far_rows = _rows_far_off(problem, frames, table)
    return far_rows_note(len(table.far_rows)) if len(table.far_rows) else ""


@torch.inference_mode()
def _rows_far_off(problem: StageProblem, frames: np.ndarray, table: ResultTable) -> np.ndarray:
    """Ids of target vertices, ascending."""
    weights = problem.skin.metric.vertex_weights.flatten()
    which = weights > LEAST_SHARE * weights.max()
    if _none_can_be(problem, which, table.errors["max"][frames]):
        return NO_ROWS
    targets, pose = problem.targets.at(frames), problem.current(frames, table)
    shape = problem.skin.shape(problem.coefficients(frames[:1], table)[0])
    _, residual = problem.skin.value_and_residuals(pose, shape, targets)
    pulls = which.cpu().numpy()
    vertices = problem.skin.vertices[pulls]
    distance = lengths_mm(residual, 1).T.cpu().numpy()[:, pulls]
    bodies = problem.bodies
    led = (bodies.correspondence.matrix[vertices] @ bodies.source.v_template).astype(np.float64)
    return np.sort(vertices[far_rows(distance, bodies.target.v_template[vertices], led)])


def _none_can_be(problem: StageProblem, pulls: Tensor, most_mm: np.ndarray) -> bool:
    """Whether the largest error of each frame tells already that no row is far off: it is over all of the
    skin that ``pulls`` (V,) bool."""
    counted = problem.counted
    if counted is not None and int(pulls[counted].sum()) < int(pulls.sum()):
        return False
    return not stand_out(most_mm[:, None]).size
