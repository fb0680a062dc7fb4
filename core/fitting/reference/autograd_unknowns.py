"""The parameters of a fit by autograd, and which of them a stage may change."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.fitting.recipe.settings import FitSettings
from core.model.body import BodyModel
from core.model.joints import FACE_JOINTS, LEFT_HAND, RIGHT_HAND


@dataclass(frozen=True, eq=False)
class FitState:
    """Parameters of n frames.

    Attributes:
        poses: (n, J, 3) axis-angle, radians.
        transl: (n, 3) metres.
        betas: (B,), or (n, B) where each frame has a shape of its own.
        expression: (E,), or (n, E).
    """

    poses: Tensor
    transl: Tensor
    betas: Tensor
    expression: Tensor

    @classmethod
    def rest(cls, body: BodyModel, frames: int, dtype: torch.dtype = torch.float64) -> FitState:
        """Zeros: the template, a shape and an expression a frame."""
        sizes = ((body.num_joints, 3), (3,), (body.num_betas,), (body.num_expression,))
        return cls(*(torch.zeros(frames, *size, dtype=dtype, device=body.device) for size in sizes))

    def frames(self, part: slice) -> FitState:
        """Some frames, as a copy."""
        shape = self.betas if self.betas.dim() == 1 else self.betas[part]
        face = self.expression if self.expression.dim() == 1 else self.expression[part]
        values = (self.poses[part], self.transl[part], shape, face)
        return FitState(*(value.detach().clone() for value in values))


def free_joint_mask(body: BodyModel, settings: FitSettings, source_has_fingers: bool = True) -> np.ndarray:
    """(J,) bool: joints that a stage turns; none in the translation stage."""
    if settings.stage == "translation":
        return np.zeros(body.num_joints, dtype=bool)
    hands = [settings.free_left_hand, settings.free_right_hand]
    left, right = (source_has_fingers if hand is None else hand for hand in hands)
    free = dict.fromkeys(body.joint_names, settings.free_body)
    free[body.joint_names[0]] = settings.free_global_orient
    free |= dict.fromkeys(LEFT_HAND, left) | dict.fromkeys(RIGHT_HAND, right)
    free |= dict.fromkeys(FACE_JOINTS, settings.free_eyes)
    free[FACE_JOINTS[0]] = settings.free_jaw
    return np.array([free[name] for name in body.joint_names])


def solves_shape(settings: FitSettings) -> bool:
    """Whether betas change: not in the translation stage."""
    return settings.shape != "fixed" and settings.stage != "translation"


def solves_expression(settings: FitSettings) -> bool:
    """Whether the expression changes."""
    return settings.expression != "off" and settings.stage != "translation"


class StageUnknowns:
    """What a stage changes of a state, as one flat vector; the rest stays as it starts.

    Where the translation is held, as under a metric of edges alone, which does not see it, the root joint
    stays, whatever becomes of the shape.

    Args:
        body: target.
        start: the state that held values are taken from. Betas and expression are spread to one a frame, or
            must be one for all, as the settings say.
        settings: of the stage.
        joints: (J,) bool, the joints that turn; None for those of the settings.
        source_has_fingers: whether fingers turn where the settings leave it open.

    Raises:
        ValueError: a shape or expression a frame where the settings want one for all.
    """

    def __init__(
        self,
        body: BodyModel,
        start: FitState,
        settings: FitSettings,
        *,
        joints: np.ndarray | None = None,
        source_has_fingers: bool = True,
    ) -> None:
        if joints is None:
            joints = free_joint_mask(body, settings, source_has_fingers)
        self.joints = torch.as_tensor(np.flatnonzero(joints), device=start.poses.device)
        frames = len(start.poses)
        betas, expression = start.betas, start.expression
        self.num_betas = self.num_expression = 0
        if solves_shape(settings):
            self.num_betas = min(settings.num_betas, body.num_betas)
            betas = _spread(betas, frames, settings.shape, self.num_betas)
        if solves_expression(settings):
            self.num_expression = min(settings.num_expression, body.num_expression)
            expression = _spread(expression, frames, settings.expression, self.num_expression)
        self.free_transl = settings.free_transl and settings.metrics[0] > 0
        self._body = body
        self._root = start.transl + root_at_rest(body, start)
        base = FitState(start.poses, start.transl, betas, expression)
        self.base = base if self.free_transl else self._with_root(base)

    def _with_root(self, state: FitState) -> FitState:
        return replace(state, transl=self._root - root_at_rest(self._body, state))

    def pack(self, state: FitState) -> Tensor:
        """The free values of a state, (size,)."""
        parts = [state.poses[:, self.joints].flatten()]
        if self.free_transl:
            parts.append(state.transl.flatten())
        parts.append(state.betas[..., : self.num_betas].flatten())
        parts.append(state.expression[..., : self.num_expression].flatten())
        return torch.cat(parts)

    def start(self) -> Tensor:
        """Where the stage starts, (size,)."""
        return self.pack(self.base).detach().clone()

    def unpack(self, flat: Tensor) -> FitState:
        """The state that a vector stands for, differentiable in it."""
        at = 0

        def take(like: Tensor) -> Tensor:
            nonlocal at
            at += like.numel()
            return flat[at - like.numel() : at].view(like.shape)

        base = self.base
        poses = base.poses.index_copy(1, self.joints, take(base.poses[:, self.joints]))
        transl = take(base.transl) if self.free_transl else base.transl
        found = []
        for value, count in ((base.betas, self.num_betas), (base.expression, self.num_expression)):
            found.append(torch.cat((take(value[..., :count]), value[..., count:]), -1))
        state = FitState(poses, transl, found[0], found[1])
        return state if self.free_transl else self._with_root(state)


def root_at_rest(body: BodyModel, state: FitState) -> Tensor:
    """(n, 3) or (3,) the root joint of a state's shape at rest, differentiable in it."""
    basis = body.joint_basis[0].to(state.betas)
    betas, expression = state.betas, state.expression
    place = body.joint_template[0].to(betas) + betas @ basis[:, : body.num_betas].T
    return place + expression @ basis[:, body.num_betas :].T


def _spread(value: Tensor, frames: int, mode: str, count: int) -> Tensor:
    """One a frame where ``mode`` says so; coefficients that are not solved are zero."""
    value = torch.cat((value[..., :count], torch.zeros_like(value[..., count:])), -1)
    if mode == "per-frame":
        return value.expand(frames, -1)
    if value.dim() != 1:
        raise ValueError("one shape or expression for all frames is wanted, the start has one a frame")
    return value
