"""How far joints may still turn in frames that have converged.

A frame is called converged while no more than a share e of its objective E is left to gain: `MOST_LEFT` times
the tolerance of its stage. With A the Gauss-Newton matrix of its unknowns, correctives and terms included,
all that is so near to its optimum lies in

    1/2 x^T A x <= e E,

where a joint turns against its parent, D_a x, by sqrt(2 e E l_a) at most, l_a the largest eigenvalue of
D_a A^-1 D_a^T: a finger that the skin shows little may turn by degrees where a hip may by none. From frame to
frame l_a changes little; it is taken of a few, and of each joint the largest.

Where dense correctives are strong, A has what the residuals bend the objective by as well (`Bends`): along a
finger that may leave next to nothing, in one frame and not in the next. There l_a is each frame's own, or in
long motions that of the frames beside it whose l_a is known; where less than a twentieth is left, nobody
knows how far the objective stays flat, and the joint may turn any way.
"""

from __future__ import annotations

import numpy as np
import torch

from core.fitting.solver.convergence import MOST_LEFT
from core.fitting.solver.linear_solve import bent, factorise
from core.fitting.solver.normal_equations import frame_matrix
from core.fitting.stage.frame_chunks import split, spread
from core.fitting.stage.joint_spreads import JointSpreads
from core.fitting.stage.stage import PoseStage

# Frames that a motion is judged by; and where each is judged by itself, so many at most, and at once.
FRAMES, MANY, AT_ONCE = 3, 128, 16
# Curvature that is as good as none: half a turn gains less than a frame may have left.
FLAT = 1e-5


@torch.inference_mode()
def left_over(stage: PoseStage, frames: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """What frames of a stage that have converged may have left, where its table has them.

    Args:
        stage: of the frames.
        frames: (n,) ids.

    Returns:
        Per cent of their objective; degrees (n,) by which the joint that may turn furthest may; its ids (n,),
        -1 where none turns.
    """
    problem, by = stage.problem, stage.by
    share, unknowns = MOST_LEFT * by.tolerance, by.unknowns
    if not len(unknowns.free) or not len(frames):
        return 100 * share, np.zeros(len(frames)), np.full(len(frames), -1)
    each = by.curvature.by_core
    some = spread(frames, MANY if each else FRAMES)
    turns = np.concatenate([_turns(stage, few) for few in split(some, AT_ONCE)])
    if not each:
        turns = np.broadcast_to(turns.max(0), turns.shape)
    joint, most = turns.argmax(1), turns.max(1)
    after = np.searchsorted(some, frames)
    before = np.maximum(after - (some[after] != frames), 0)
    which = np.where(most[before] > most[after], before, after)
    squared = 2 * share * most[which] * np.maximum(problem.table.energy[frames], 0)
    return 100 * share, np.minimum(np.degrees(np.sqrt(squared)), 180), joint[which]


def _turns(stage: PoseStage, frames: np.ndarray) -> np.ndarray:
    """(n, J) l_a of each joint in frames (ids), where the table of the stage has them."""
    problem, by, bends = stage.problem, stage.by, None
    pose, terms, robust = problem.current(frames, problem.table), problem.terms(frames), None
    if by.curvature.by_core or by.skin.metric.loss != "none":
        value = by.data(problem.targets.at(frames)).evaluate(pose, terms)
        robust, bends = value.robust_weights, value.bends
    curvature = None if by.skin.patches.sparse else by.curvature
    matrix = frame_matrix(by.found, pose, by.unknowns, terms, robust, curvature)
    if by.curvature.by_core and bends is not None:
        matrix = bent(matrix, bends.matrix(pose, by.skin.parents, by.unknowns), FLAT)
    factor = factorise(matrix, torch.zeros_like(pose.root[:, 0]))
    return JointSpreads(factor, by.unknowns, by.skin.parents).largest().cpu().numpy()
