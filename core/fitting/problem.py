"""What the stages of a run work on, and the stage that fits poses."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch

from core.bodies import BodyPair
from core.body import BodyModel
from core.correspondence import Correspondence
from core.fitting.corrective_curvature import CorrectiveCurvature
from core.fitting.gauss_newton import PoseFit, fit_poses
from core.fitting.normal_matrix import NormalMatrix
from core.fitting.result_table import FittedChunk, fitted_chunk
from core.fitting.settings import FitSettings
from core.fitting.shape import ShapeChunk, ShapeFit
from core.fitting.skin import FitSkin, Pose, Prior
from core.fitting.start import Targets, fingers_free, free_joints, start_rotations
from core.fitting.warm_start import KnownFrames
from core.joints import LEFT_HAND, RIGHT_HAND
from core.motion import Motion

# Where no fitted frame is near, every so many frames are fitted first and the others start from them.
ANCHOR_EVERY = 16
# Steps from afar that take the pose correctives as constant.
FROZEN_STEPS = 2


# Skin of fingers that are held without a source to follow: it counts in the figures, but hardly pulls. With
# its full weight the wrists would turn to make up for the fingers.
HELD_FINGER_WEIGHT = 1e-5


@lru_cache(maxsize=2)
def prepared(
    target: BodyModel, correspondence: Correspondence, num_betas: int, fingers_held: bool
) -> tuple[FitSkin, NormalMatrix]:
    """What depends on the bodies and few settings, kept for the next run with the same ones."""
    weights = correspondence.valid.astype(np.float32)
    if fingers_held:
        fingers = [target.joint_names.index(name) for name in (*LEFT_HAND, *RIGHT_HAND)]
        weights[target.weights[:, fingers].sum(1) > 0.5] *= HELD_FINGER_WEIGHT
    skin = FitSkin(target, weights, num_betas)
    return skin, NormalMatrix(skin)


class Problem:
    """A motion to be fitted: skin, targets, priors and free joints of any of its frames.

    Args:
        motion: the source.
        bodies: on the device to fit on.
        settings: frozen.
    """

    def __init__(self, motion: Motion, bodies: BodyPair, settings: FitSettings) -> None:
        self.motion, self.bodies, self.settings = motion, bodies, settings
        self.skin, self.normal = prepared(
            bodies.target, bodies.correspondence, settings.num_betas, not fingers_free(bodies, settings)
        )
        self.free = free_joints(bodies, settings)
        self.targets = Targets(motion, bodies, self.skin.vertices)
        self.prior_weights = torch.full(
            (bodies.target.num_joints,), settings.pose_prior, device=bodies.target.device
        )

    def prior(self, frames: np.ndarray) -> Prior:
        """The pull towards the source's rotations in some frames."""
        return Prior(start_rotations(self.motion, self.bodies, frames), self.prior_weights)

    def shape_chunk(self, frames: np.ndarray) -> ShapeChunk:
        """Frames to solve the shape from, at the source's rotations."""
        prior = self.prior(frames)
        world = self.skin.tree.world_rotations(prior.rotations)
        return ShapeChunk(Pose(world, self.targets.roots(frames)), self.targets.at(frames), prior)


class PoseStage:
    """Fits the poses of any frames, the shape held; safe to call from several threads.

    Args:
        problem: the motion.
        solved: the shape, and the frames that it was solved from.
        solved_frames: ids of those frames, ascending.
        stopped: asked before each step.
    """

    def __init__(
        self,
        problem: Problem,
        solved: ShapeFit,
        solved_frames: np.ndarray,
        stopped: Callable[[], bool],
    ) -> None:
        self.problem, self.shape, self.curved, self.stopped = problem, solved.shape, solved.curved, stopped
        self.shape_converged = solved.converged
        self.matrix = problem.normal.at(self.shape.betas)
        self.curvature = CorrectiveCurvature(problem.skin, self.shape)
        chunks = solved.chunks
        poses = Pose(torch.cat([c.pose.world for c in chunks]), torch.cat([c.pose.root for c in chunks]))
        source = torch.cat([c.prior.rotations for c in chunks])
        self.known = KnownFrames(problem.skin, solved_frames, poses, source)

    def fit(self, frames: np.ndarray) -> tuple[np.ndarray, FittedChunk]:
        """Fits a chunk of frames (ascending ids) and gives them back with what was found."""
        start = self.known
        if not start.are_near(frames):
            # Some first, from afar; then all of them from those.
            some = frames[ANCHOR_EVERY // 4 :: ANCHOR_EVERY]
            if len(some):
                prior, found = self._fit_from(start, some)
                start = KnownFrames(self.problem.skin, some, found.pose, prior.rotations)
        _, found = self._fit_from(start, frames)
        # Poses at their best for a shape that is not yet at its own are not converged.
        found.converged &= self.shape_converged
        return frames, fitted_chunk(found, self.problem.skin, self.shape)

    def _fit_from(self, start: KnownFrames, frames: np.ndarray) -> tuple[Prior, PoseFit]:
        problem, settings = self.problem, self.problem.settings
        prior, roots = problem.prior(frames), problem.targets.roots(frames)
        return prior, fit_poses(
            problem.skin,
            start.start(frames, prior.rotations, roots),
            self.shape,
            problem.targets.at(frames),
            prior,
            self.matrix,
            problem.free,
            self.curvature,
            frozen_steps=0 if start.are_near(frames) else FROZEN_STEPS,
            curved=self.curved,
            iterations=settings.iterations,
            tolerance=settings.tolerance,
            stopped=self.stopped,
        )
