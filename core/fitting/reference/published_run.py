"""The published method as a run: frame after frame, in the terms of every other run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch

from core.fitting.objective.targets import MotionTargets
from core.fitting.recipe.recipe import Recipe
from core.fitting.reference.published import PublishedFit
from core.fitting.stage.initial_pose import shows_fingers, start_rotations
from core.fitting.stage.partial_result import FittedChunk, ResultTable
from core.fitting.stage.progress import Progress
from core.measure.counted_vertices import uncounted
from core.model.body_pair import BodyPair
from core.model.joints import LEFT_HAND
from core.model.motion import Motion
from core.model.vertex_errors import frame_errors


def published_steps(
    motion: Motion,
    bodies: BodyPair,
    recipe: Recipe,
    frames: np.ndarray,
    table: ResultTable,
    stopped: Callable[[], bool],
) -> Iterator[Progress]:
    """Fits frames one by one and stores each when it is done.

    Args:
        motion: the source.
        bodies: on the device to fit on.
        recipe: whose method is one of the published optimisers.
        frames: ids.
        table: takes the results.
        stopped: asked before and after each step; a frame that is cut short is dropped.
    """
    body, valid = bodies.target, bodies.correspondence.valid
    vertices = np.flatnonzero(valid)
    targets = MotionTargets(motion, bodies, vertices)
    distance, objective = 0.0, 0.0
    for done, frame in enumerate(frames):
        one = np.array([frame])
        points = targets.at(one)
        fit = PublishedFit(
            body,
            points,
            valid,
            start_rotations(motion, bodies, one),
            recipe.stages,
            optimiser=recipe.method,
            start="source" if recipe.start == "source" else "zero",
            dtype=torch.float32,
            source_has_fingers=shows_fingers(bodies, LEFT_HAND),
            stopped=stopped,
            roots=targets.roots(one),
        )
        last = Progress("pose", 0, done, len(frames), 0.0, 0.0)
        for step in fit:
            index = [stage.stage for stage in recipe.stages].index(step.stage)
            last = Progress(
                "pose",
                step.iteration,
                done,
                len(frames),
                step.loss,
                step.mean_mm,
                kind=step.stage,
                index=index,
                steps=step.iteration,
            )
            yield last
        if not fit.finished.all():
            return
        counts = ~uncounted(body, table.held_hands)[vertices]
        counts |= not counts.any()
        found = _chunk(fit, bodies, vertices[counts], points[counts], last.objective)
        table.store(one, found, body.num_betas, body.num_expression)
        distance += float(found.errors.mean[0])
        objective += last.objective
        yield Progress(
            "pose",
            last.iteration,
            done + 1,
            len(frames),
            objective / (done + 1),
            distance / (done + 1),
            one,
            kind=last.kind,
            index=last.index,
            steps=last.steps,
        )


def _chunk(
    fit: PublishedFit, bodies: BodyPair, vertices: np.ndarray, targets: torch.Tensor, objective: float
) -> FittedChunk:
    body = bodies.target
    skin = body.vertices(*(torch.as_tensor(a) for a in (fit.poses, fit.betas, fit.transl, fit.expression)))
    residual = skin[:, torch.as_tensor(vertices, device=body.device)].permute(1, 2, 0) - targets
    return FittedChunk(
        fit.poses,
        fit.transl,
        np.concatenate((fit.betas, fit.expression), 1),
        np.ones(1, dtype=bool),
        np.ones(1, dtype=np.int32),
        np.array([objective], dtype=np.float32),
        frame_errors(residual, body.vertex_part[vertices]),
    )
