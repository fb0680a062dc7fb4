"""The pose prior: joints are pulled towards where the source has them, or to no rotation, or stay as in the
frame before.

    1/2 sum_a w_a |log(R_a P_a^T)|^2

with R_a the rotation of joint a against its parent and P_a where it is pulled to. The residual is
e_a = log(R_a P_a^T); its derivative by exp([r]x) R_a is the inverse left Jacobian of SO(3), of which e_a is
an eigenvector with value 1 (Sola et al., A micro Lie theory for state estimation in robotics, 2018, eq. 146).
So the gradient is w_a e_a exactly, and the Gauss-Newton block is w_a I up to second order in e_a.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from torch import Tensor

from core.fitting.objective import frames_last
from core.fitting.objective.band import Band
from core.fitting.objective.term import Posed, Pull, Slope, Term
from core.fitting.terms.given import Given, StageFacts
from core.fitting.terms.smoothness import Smoothness
from core.model.joints import FACE_JOINTS
from core.model.skinning import rotation_vectors

# Share of the pull towards the source's pose that is left where nobody knows that pose: enough for a joint
# that its skin leaves open.
UNKNOWN_POSE = 0.1


@dataclass(frozen=True, eq=False)
class PosePrior:
    """Pull of the relative rotations of n frames towards given ones.

    Attributes:
        rotations: (n, J, 3, 3) P.
        weights: (J,) w, square metres per square radian.
        name: of the term.
    """

    rotations: Tensor
    weights: Tensor
    name: str = "pose prior"
    apart = 0
    strength = 0.0

    def __getitem__(self, frames: Tensor | slice) -> PosePrior:
        return replace(self, rotations=self.rotations[frames])

    @property
    def pull(self) -> Pull:
        """All of it."""
        return Pull(self.rotations, self.weights)

    @cached_property
    def _last(self) -> Tensor:
        return frames_last.last(self.rotations)

    def _pulled(self, at: Posed) -> tuple[Tensor, Tensor]:
        if frames_last.serves(at.relative):
            error = frames_last.vectors(frames_last.product(at.relative_last, self._last.transpose(0, 1)))
            pulled = error * self.weights[:, None]
            return 0.5 * (pulled * error).sum((0, 1)), pulled.permute(2, 1, 0)
        error = rotation_vectors(at.relative @ self.rotations.transpose(-1, -2))
        pulled = error * self.weights[:, None]
        return 0.5 * (pulled * error).sum((1, 2)), pulled

    def value(self, at: Posed) -> Tensor:
        """(n,) square metres."""
        return self._pulled(at)[0]

    def add_gradient(self, slope: Slope, at: Posed) -> Tensor:
        """Adds w e to the derivative by relative rotations."""
        value, pulled = self._pulled(at)
        slope.twist += pulled
        return value

    def add_blocks(self, band: Band, at: Posed) -> None:
        """Adds w I."""
        band.add_pull(self.weights)


def joint_weights(facts: StageFacts) -> np.ndarray:
    """(J,) weights of the pull, joints that do not turn included."""
    settings = facts.settings
    weights = np.full(len(facts.joint_names), settings.pose_prior)
    if not facts.has_poses and settings.pose_prior_to == "source":
        weights *= UNKNOWN_POSE
    if not facts.knows_rotations or settings.pose_prior_to == "zero":
        # Nothing says which way the body should face.
        weights[0] = 0
    for joint in np.flatnonzero(facts.unseen):
        is_jaw = facts.joint_names[joint] == FACE_JOINTS[0]
        weights[joint] = settings.jaw_prior if is_jaw else settings.eyes_prior
    return weights


def terms_of(given: Given) -> Iterator[Term]:
    """The pull of each frame by itself; solved together, frames may be pulled to those before instead."""
    facts, to = given.facts, given.settings.pose_prior_to
    weights = joint_weights(facts)
    if given.together and to == "previous":
        if given.settings.pose_prior:
            stays = facts.weights(np.where(facts.unseen, 0, given.settings.pose_prior))
            yield Smoothness("pose prior", given.still, given.roots, stays, 0.0, given.joined(1))
        weights = np.where(facts.unseen, weights, 0)
    if (weights * facts.free).any():
        towards = given.still if to == "zero" else given.source
        yield PosePrior(towards, facts.weights(weights))
