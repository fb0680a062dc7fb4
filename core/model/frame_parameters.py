"""The parameters of one frame of a fit, and what is changed in them by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import JOINT_NAMES
from core.model.motion import Motion


@dataclass(frozen=True, eq=False)
class ParameterChange:
    """What becomes of a frame; what is not named stays.

    Attributes:
        rotations: (3,) axis-angle in radians, relative to the parent, by id of a joint of the fit's body;
            joint 0 is the global orientation.
        transl: (3,) metres.
        betas: (B,) in standard deviations; of all frames where they share their shape.
        expression: (E,) in standard deviations.
    """

    rotations: dict[int, np.ndarray] = field(default_factory=dict)
    transl: np.ndarray | None = None
    betas: np.ndarray | None = None
    expression: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class FrameParameters:
    """One frame of a fit, float32.

    Attributes:
        pose: (J, 3) axis-angle, radians, each joint relative to its parent.
        transl: (3,) metres.
        betas: (B,) in standard deviations.
        expression: (E,) in standard deviations.
    """

    pose: np.ndarray
    transl: np.ndarray
    betas: np.ndarray
    expression: np.ndarray

    def with_change(self, change: ParameterChange) -> FrameParameters:
        """The same frame after a change."""
        pose = self.pose.copy()
        for joint, rotation in change.rotations.items():
            pose[joint] = rotation
        return FrameParameters(
            pose,
            _or(change.transl, self.transl),
            _or(change.betas, self.betas),
            _or(change.expression, self.expression),
        )

    def unknown(self) -> FrameParameters:
        """Of a frame without a fit: NaN, but for the betas."""
        pose, transl, expression = (
            np.full_like(values, np.nan) for values in (self.pose, self.transl, self.expression)
        )
        return FrameParameters(pose, transl, self.betas, expression)

    def equals(self, other: FrameParameters) -> bool:
        """All numbers are the same; coefficients that one of both lacks are zero."""
        return (
            np.array_equal(self.pose, other.pose)
            and np.array_equal(self.transl, other.transl)
            and _same(self.betas, other.betas)
            and _same(self.expression, other.expression)
        )

    def as_motion(self, result: FitResult) -> Motion:
        """A motion of this frame alone, in the body of ``result``."""
        return Motion(
            family=result.family,
            poses=self.pose[None],
            trans=self.transl[None],
            betas=self.betas,
            gender=result.gender,
            up_axis=result.up_axis,
            expression=self.expression[None] if len(self.expression) else None,
        )


def frame_parameters(result: FitResult, frame: int) -> FrameParameters:
    """What a frame of a fit has."""
    own = result.frame_betas
    return FrameParameters(
        result.poses[frame],
        result.transl[frame],
        result.betas if own is None else own[frame],
        result.expression[frame],
    )


def source_parameters(motion: Motion, frame: int) -> FrameParameters:
    """What a frame of a source has, its joints in its own order; NaN where it is meshes alone."""
    if not motion.has_poses:
        names = JOINT_NAMES.get(motion.family, JOINT_NAMES["smplx"])  # as many as any body has
        pose = np.full((len(names), 3), np.nan, np.float32)
        return FrameParameters(pose, pose[0], *np.zeros((2, 0), np.float32))
    expression = np.zeros(0, np.float32) if motion.expression is None else motion.expression[frame]
    betas = motion.betas if motion.frame_betas is None else motion.frame_betas[frame]
    return FrameParameters(motion.poses[frame], motion.trans[frame], betas, expression)


def source_joints(bodies: BodyPair) -> np.ndarray:
    """(Jt,) the source's joint of the same name for each of the fit's, -1 where it has none."""
    names = bodies.source.joint_names
    return np.array([names.index(name) if name in names else -1 for name in bodies.target.joint_names])


def widened(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """The arrays with zeros up to the widest in their last axis."""
    width = max(array.shape[-1] for array in arrays)
    return tuple(
        np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, width - array.shape[-1])]) for array in arrays
    )


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    one, other = widened(one, other)
    return bool((one == other).all())


def _or(changed: np.ndarray | None, kept: np.ndarray) -> np.ndarray:
    return kept if changed is None else np.asarray(changed, np.float32)
