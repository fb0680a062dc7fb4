"""The `smplx` package's own modules for any body, and the fit's objective on them in the vertex metric."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import smplx
import torch
from torch import Tensor

from core.fitting.recipe.settings import FitSettings
from core.fitting.reference.autograd_objective import AutogradObjective
from core.fitting.reference.autograd_unknowns import FitState
from core.fitting.reference.smplx_layer import SmplxLayer, write_model
from core.model.body import BodyModel
from core.model.joints import FACE_JOINTS, JOINT_NAMES
from core.model.skinning import rotation_matrices


def layer(body: BodyModel, folder: Path, frames: int) -> torch.nn.Module:
    """The package's layer of a body; 10 betas, hands absolute."""
    path = str(write_model(body, folder))
    hands = {"use_pca": False, "flat_hand_mean": True}
    if body.family == "smpl":
        data = dict(np.load(path))
        return smplx.SMPL(path, data_struct=smplx.utils.Struct(**data), batch_size=frames, num_betas=10)
    if body.family == "smplh":
        data = dict(np.load(path))
        struct = smplx.utils.Struct(**data)
        return smplx.SMPLH(path, data_struct=struct, batch_size=frames, num_betas=10, **hands)
    return smplx.SMPLX(path, batch_size=frames, num_betas=10, num_expression_coeffs=10, **hands)


@lru_cache(maxsize=2)
def shared_layer(body: BodyModel) -> SmplxLayer:
    """The layer of the yardsticks, made once for a body."""
    return SmplxLayer(body)


def arguments(family: str, poses: Tensor) -> dict[str, Tensor]:
    """(N, J, 3) axis-angle in file order as the keyword arguments of the package's layer."""
    frames = len(poses)
    names = JOINT_NAMES[family]

    def flat(*joints: str) -> Tensor:
        return poses[:, [names.index(name) for name in joints]].reshape(frames, -1)

    out = {"global_orient": flat("pelvis")}
    if family == "smpl":
        return out | {"body_pose": poses[:, 1:].reshape(frames, -1)}
    out["body_pose"] = poses[:, 1:22].reshape(frames, -1)
    for side in ("left", "right"):
        hand = [name for name in names[22:] if name.startswith(side) and "eye" not in name]
        out[f"{side}_hand_pose"] = flat(*hand)
    if family == "smplx":
        out |= {
            "jaw_pose": flat("jaw"),
            "leye_pose": flat("left_eye_smplhf"),
            "reye_pose": flat("right_eye_smplhf"),
        }
    return out


class Objective:
    """The documented objective of a fit with one shape and the vertex metric, on the package's SMPL-X layer.

    Args:
        body: target.
        folder: not used any more.
        targets: (n, V, 3) points to meet.
        valid: (V,) bool.
        prior: (n, J, 3) axis-angle that the relative rotations are pulled to.
        pose_prior, shape_prior: weights of the settings.
        held: names of joints that keep the prior's rotation: jaw and eyes, or none.
    """

    def __init__(
        self,
        body: BodyModel,
        folder: Path,
        targets: Tensor,
        valid: np.ndarray,
        prior: Tensor,
        pose_prior: float,
        shape_prior: float,
        held: tuple[str, ...],
    ) -> None:
        face = not set(held) & set(FACE_JOINTS)
        settings = FitSettings(
            pose_prior=pose_prior,
            shape_prior=shape_prior,
            free_jaw=face,
            free_eyes=face,
            jaw_prior=pose_prior,
            eyes_prior=pose_prior,
        )
        self.prior = prior.double()
        self.objective = AutogradObjective(
            body, targets, valid, settings, rotation_matrices(self.prior), layer=shared_layer(body)
        )
        self.held = torch.as_tensor(~self.objective.free)

    def _state(self, poses: Tensor, transl: Tensor, betas: Tensor) -> FitState:
        poses = torch.where(self.held[:, None], self.prior, poses.double())
        expression = torch.zeros(self.objective.body.num_expression, dtype=torch.float64)
        return FitState(poses, transl.double(), betas.double(), expression)

    def distances(self, poses: Tensor, transl: Tensor, betas: Tensor) -> Tensor:
        """(n, valid vertices) metres."""
        return self.objective.distances(self._state(poses, transl, betas))

    def value(self, poses: Tensor, transl: Tensor, betas: Tensor) -> Tensor:
        """Summed objective of the frames."""
        return self.objective.value(self._state(poses, transl, betas))

    def polish(
        self, poses: Tensor, transl: Tensor, betas: Tensor, iterations: int
    ) -> tuple[float, float, Tensor, Tensor, Tensor]:
        """L-BFGS with the true gradient; returns the value before and after, and where it ended."""
        found = self.objective.polish(self._state(poses, transl, betas), iterations)
        return found.before, found.after, found.state.poses, found.state.transl, found.state.betas
