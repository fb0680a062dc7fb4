"""Measures how a fit follows its source, in working memory that does not grow with the motion."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from core.fitting.objective.whole_skin import FRAMES_AT_ONCE
from core.measure.counted_vertices import counted_bodies
from core.measure.joint_metrics import joint_metrics, shared_joints
from core.measure.motion_metrics import MotionMetrics
from core.measure.skin_figures import SkinFigures
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.model.posing import check_belonging

# With a frame on either side, for accelerations, they are posed at once.
STEP_FRAMES = FRAMES_AT_ONCE - 2


def measure_motion(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    on_progress: Callable[[int, int], None] | None = None,
) -> MotionMetrics:
    """Measures a fit from its parameters, a few frames at a time.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit, as long as the motion.
        on_progress: told the frames done and their total, again and again at the end; what it raises ends the
            measuring.

    Raises:
        RefitError: the result belongs to another motion or another body.
    """
    check_belonging(motion, bodies, result)
    bodies = counted_bodies(bodies, result)
    count = len(motion)
    finite = motion.finite_frames()
    usable = finite & result.fitted & result.as_motion().finite_frames()
    skin = SkinFigures(motion, bodies, result, usable)
    with torch.no_grad():
        for start in range(0, count, STEP_FRAMES):
            stop = min(start + STEP_FRAMES, count)
            if usable[start:stop].any():
                skin.measure(start, stop)
            if on_progress:
                on_progress(stop, count)
        still_there = partial(on_progress, count, count) if on_progress else None
        joints = joint_metrics(motion, bodies, result, usable, still_there)
    ground = skin.ground()
    return MotionMetrics(
        joint_names=shared_joints(bodies),
        finite=finite,
        fitted=usable,
        converged=(result.converged | result.edited) & usable,
        frame_rate=motion.frame_rate,
        floor=ground.floor,
        mean_mm=skin.mean,
        max_mm=skin.most,
        part_mm=skin.part,
        hand_mm=skin.hand,
        jitter_mm=skin.jitter,
        penetration_mm=ground.penetration_mm,
        skate_mm=ground.skate_mm,
        vertex_mean_mm=skin.vertex_mean(),
        vertex_max_mm=skin.vertex_max(),
        **joints,
    )
