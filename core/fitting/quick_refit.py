"""One frame fitted again with other vertices that count, quickly enough to watch while they are painted.

What depends on the mask is only how much each vertex weighs. The skin of all vertices with a counterpart is
cut once; with the shape held, one small matrix product a patch gives the normal matrix of new weights, and a
step or two from the frame's present pose do the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.errors import RefitError
from core.fitting.objective.objective import FitSkin, Shape
from core.fitting.objective.pose import Pose
from core.fitting.objective.targets import MotionTargets
from core.fitting.objective.term import Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.recipe.settings import FitSettings
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.solver.gauss_newton import PoseFit, SolverContext, fit_poses
from core.fitting.solver.skin_products import SkinStatistics, Statistics
from core.fitting.stage.initial_pose import start_rotations, unknowns, vertex_weights
from core.fitting.stage.stage_problem import stage_facts
from core.fitting.terms.given import Given, terms_of
from core.measure.counted_vertices import counted_valid
from core.measure.far_rows import recorded_far_rows, without_rows
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.frame_parameters import ParameterChange
from core.model.motion import Motion
from core.model.posing import arguments_of, check_belonging
from core.model.skinning import rotation_matrices, rotation_vectors
from core.model.vertex_errors import lengths_mm

ITERATIONS = 2
"""Steps at most; what is left to do then the next call does, which goes on from where this one ended."""


@dataclass(frozen=True, eq=False)
class Refit:
    """A frame fitted again.

    Attributes:
        frame: id.
        change: from the fit's parameters of the frame to the new ones.
        vertices: (V, 3) float32 of the new pose, metres, in the source's own world.
        joints: (J, 3) float32, metres.
        error_mm: (V,) float32 distance of each vertex from its counterpart, NaN where it does not count.
        before_mm: mean error of the fit as it was, over the vertices that count now.
        after_mm: mean error of the new pose over the same vertices.
        converged: a further step would gain next to nothing.
        heavier_mm: mean error before and after over the vertices that weigh more than 1; None without any.
    """

    frame: int
    change: ParameterChange
    vertices: np.ndarray
    joints: np.ndarray
    error_mm: np.ndarray
    before_mm: float
    after_mm: float
    converged: bool
    heavier_mm: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class _Frame:
    """What stays the same of a frame while the mask changes."""

    frame: int
    targets: Tensor
    terms: Terms
    shape: Shape
    start: Pose
    start_mm: np.ndarray


class QuickRefit:
    """Fits single frames of a fit again, the shape held; prepare it once for a fit.

    Args:
        motion: the source.
        bodies: of the fit, with any mask.
        result: the fit; frames that it has not fitted cannot be fitted again.
        settings: of the stage that fits; None for the default ones.

    Raises:
        RefitError: the fit belongs to another motion or another body.
    """

    def __init__(
        self, motion: Motion, bodies: BodyPair, result: FitResult, settings: FitSettings | None = None
    ) -> None:
        check_belonging(motion, bodies, result)
        self.motion, self.result = motion, result
        self.settings = settings or FitSettings()
        self.bodies = bodies.with_valid(bodies.correspondence.filled)
        body, filled = self.bodies.target, self.bodies.correspondence.filled
        self.skin = FitSkin(body, filled.astype(np.float32), np.arange(body.num_betas + body.num_expression))
        self._targets = MotionTargets(motion, self.bodies, self.skin.vertices)
        self._unknowns = unknowns(self.bodies, self.settings, np.empty(0, dtype=int))
        is_beta = np.arange(len(self.skin.coefficients)) < body.num_betas
        self._facts = stage_facts(
            motion, self.bodies, self.settings, self._unknowns, is_beta, motion.has_poses
        )
        self._frame: _Frame | None = None
        self._pose: Pose | None = None

    @torch.inference_mode()
    def refit(self, frame: int, valid: np.ndarray, weights: np.ndarray | None = None) -> Refit:
        """Fits a frame with a mask and weights, from where the last call left it, or else from the fit.

        Args:
            frame: id.
            valid: (V,) bool: the target vertices that count.
            weights: (V,) above zero, how much each of them does; None for all alike.

        Raises:
            RefitError: the frame is not fitted, too few vertices count, or the weights are none.
        """
        if not self.result.fitted[frame]:
            raise RefitError(f"Frame {frame} is not fitted, so it cannot be fitted again; fit it first.")
        bodies = self.bodies.with_valid(valid).with_weights(weights)
        if self._frame is None or self._frame.frame != frame:
            self._frame, self._pose = self._look_up(frame), None
        known, counts = self._frame, counted_valid(bodies, self.result)[self.skin.vertices]
        vertices = bodies.target.num_vertices
        left_out = without_rows(None, recorded_far_rows(self.result.provenance, vertices), vertices)
        skin = self.skin.weighed(vertex_weights(bodies, self.settings, left_out))
        by = SolverContext(
            skin,
            known.shape,
            _HeldShape(skin, known.shape),
            self._unknowns,
            _NoCurvature(skin, known.shape),
            ITERATIONS,
            self.settings.tolerance,
            _never,
        )
        found = fit_poses(by, self._pose or known.start, known.targets, known.terms)
        self._pose = found.pose
        off = lengths_mm(found.residual[..., 0], 1).numpy(force=True)
        error = np.full(bodies.target.num_vertices, np.nan, dtype=np.float32)
        error[self.skin.vertices[counts]] = off[counts]
        before = float(known.start_mm[counts].mean())
        told = self._told(frame, found, error, before, float(off[counts].mean()))
        if bodies.correspondence.weights is not None:
            some = counts & (bodies.correspondence.weights[self.skin.vertices] > 1)
            if some.any():
                means = float(known.start_mm[some].mean()), float(off[some].mean())
                told = replace(told, heavier_mm=means)
        return told

    def _look_up(self, frame: int) -> _Frame:
        body, fit, one = self.bodies.target, self.result.as_motion(), np.array([frame])
        poses, betas, expression = arguments_of(fit, body, one)
        shape = self.skin.shape(body.coefficients(betas.reshape(-1), _first(expression)).to(body.device))
        world = self.skin.tree.world_rotations(rotation_matrices(poses.to(body.device)))
        moved = fit.trans[one].astype(np.float64) - self.motion.trans[one]
        root = shape.rest[0] + body.tensor(moved) if self._unknowns.moves else self._targets.roots(one)
        start = Pose(world, root)
        given = Given(
            self._facts,
            one,
            np.zeros(len(self.skin.coefficients), dtype=bool),
            source=lambda: start_rotations(self.motion, self.bodies, one),
            roots=lambda: self._targets.roots(one),
            trans=self.motion.trans[one],
        )
        targets = self._targets.at(one)
        _, residual = self.skin.value_and_residuals(start, shape, targets)
        off = lengths_mm(residual[..., 0], 1).numpy(force=True)
        return _Frame(frame, targets, terms_of(given), shape, start, off)

    def _told(
        self, frame: int, found: PoseFit, error: np.ndarray, before_mm: float, after_mm: float
    ) -> Refit:
        assert self._frame is not None
        body, shape = self.bodies.target, self._frame.shape
        pose = rotation_vectors(self.skin.tree.relative_rotations(found.pose.world))
        moved = found.pose.root - shape.rest[0]
        transl = torch.as_tensor(self.motion.trans[[frame]]).to(moved) + moved
        betas, expression = shape.betas[: body.num_betas], shape.betas[body.num_betas :]
        skin = body.vertices(pose, betas, transl, expression)[0]
        joints = body.joints(pose, betas, transl, expression)[0]
        rotations = pose[0].numpy(force=True)
        return Refit(
            frame,
            ParameterChange(dict(enumerate(rotations)), transl[0].numpy(force=True)),
            skin.numpy(force=True),
            joints.numpy(force=True),
            error,
            before_mm,
            after_mm,
            bool(found.converged[0]),
        )


class _HeldShape(SkinStatistics):
    """The products of a skin at one shape and none other: a hundredth of what all shapes take."""

    def __init__(self, skin: FitSkin, shape: Shape) -> None:
        width = 3 * skin.body.num_joints + 1
        self._normal = skin.joint_template.new_zeros(width, width)
        bases = skin.patches.cut(shape.bases)
        for patch, basis in zip(skin.patches.patches, bases, strict=True):
            weighted = basis * skin.metric.vertex_weights[patch.rows, :, 0]
            self._normal[patch.columns[:, None], patch.columns] += weighted.T @ basis
        self.skin, self.shape = skin, shape

    def of(self, pose: Pose, robust_weights: Tensor | None, by_coefficients: bool) -> Statistics:
        """The products, the same for all frames."""
        return Statistics(self._normal)


class _NoCurvature(CorrectiveCurvature):
    """Leaves the correctives out of the matrix: they take longer to prepare than the steps they save."""

    by_core = False

    def add_to(self, matrix: Tensor, pose: Pose, unknowns: Unknowns, share: int = 1) -> None:
        """Adds nothing."""


def _never() -> bool:
    return False


def _first(rows: Tensor | None) -> Tensor | None:
    return None if rows is None else rows[0]
