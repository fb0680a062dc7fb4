"""The `smplx` package's own layers for any body, and on them the fit's objective by autograd: a yardstick."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import smplx
import torch
from torch import Tensor

from core.body import BodyModel
from core.joints import JOINT_NAMES


def write_model(body: BodyModel, folder: Path) -> Path:
    """The body as an npz that the `smplx` package reads, in the published layout."""
    parents = body.parents.astype(np.int64).copy()
    parents[0] = 2**32 - 1
    kinds = {"smpl": "SMPL", "smplh": "SMPLH", "smplx": "SMPLX"}
    path = folder / f"{kinds[body.family]}_{body.gender.upper()}.npz"
    folder.mkdir(parents=True, exist_ok=True)
    hands = np.zeros(90) if body.hands_mean is None else body.hands_mean
    extra: dict[str, np.ndarray] = {}
    if body.family == "smplx":
        extra = {"lmk_faces_idx": np.zeros(51, int), "lmk_bary_coords": np.ones((51, 3)) / 3}
    np.savez(
        path,
        v_template=body.v_template,
        f=body.faces.astype(np.uint32),
        shapedirs=np.concatenate((body.shapedirs, body.expressiondirs), 2),
        posedirs=body.posedirs,
        weights=body.weights,
        J_regressor=body.J_regressor,
        kintree_table=np.stack((parents, np.arange(len(parents)))),
        hands_meanl=hands[:45],
        hands_meanr=hands[45:],
        hands_componentsl=np.eye(45),
        hands_componentsr=np.eye(45),
        **extra,
    )
    return path


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


def squared_angle(rotation: Tensor) -> Tensor:
    """(..., 3, 3) to squared rotation angle, smooth at the identity."""
    axis = 0.5 * torch.stack(
        (
            rotation[..., 2, 1] - rotation[..., 1, 2],
            rotation[..., 0, 2] - rotation[..., 2, 0],
            rotation[..., 1, 0] - rotation[..., 0, 1],
        ),
        -1,
    )
    square = axis.square().sum(-1)
    sine = square.clamp_min(1e-16).sqrt()
    trace = rotation.diagonal(dim1=-2, dim2=-1).sum(-1)
    angle = torch.atan2(sine, (trace - 1) / 2)
    return torch.where(square < 1e-8, square * (1 + square / 3), angle.square())


class Objective:
    """The documented objective of a fit, on the package's SMPL-X layer in float64.

    Args:
        body: target.
        folder: for the model file.
        targets: (n, V, 3) points to meet.
        valid: (V,) bool.
        prior: (n, J, 3) axis-angle that the relative rotations are pulled to.
        pose_prior, shape_prior: weights of the settings.
        held: names of joints that keep the prior's rotation.
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
        path = str(write_model(body, folder))
        self.layer = smplx.SMPLX(
            path,
            batch_size=len(targets),
            num_betas=body.num_betas,
            num_expression_coeffs=10,
            use_pca=False,
            flat_hand_mean=True,
            dtype=torch.float64,
        )
        self.frames = len(targets)
        self.valid = torch.as_tensor(np.flatnonzero(valid))
        self.targets = targets.double()[:, self.valid]
        self.prior = prior.double()
        self.prior_rotations = smplx.lbs.batch_rodrigues(self.prior.reshape(-1, 3)).view(
            self.frames, -1, 3, 3
        )
        self.pose_prior, self.shape_prior = pose_prior, shape_prior
        names = JOINT_NAMES["smplx"]
        self.free = torch.tensor([name not in held for name in names])

    def _offsets(self, poses: Tensor, transl: Tensor, betas: Tensor) -> Tensor:
        out = self.layer(
            betas=betas.expand(self.frames, -1),
            transl=transl,
            expression=torch.zeros(self.frames, 10, dtype=torch.float64),
            **arguments("smplx", poses),
        )
        return out.vertices[:, self.valid] - self.targets

    def distances(self, poses: Tensor, transl: Tensor, betas: Tensor) -> Tensor:
        """(n, valid vertices) metres."""
        with torch.no_grad():
            poses = torch.where(self.free[:, None], poses, self.prior)
            return self._offsets(poses, transl, betas).norm(dim=-1)

    def value(self, poses: Tensor, transl: Tensor, betas: Tensor) -> Tensor:
        """Summed objective of the frames."""
        poses = torch.where(self.free[:, None], poses, self.prior)
        data = self._offsets(poses, transl, betas).square().sum()
        rotations = smplx.lbs.batch_rodrigues(poses.reshape(-1, 3)).view(self.frames, -1, 3, 3)
        pull = squared_angle(rotations @ self.prior_rotations.transpose(-1, -2)).sum()
        shape = self.shape_prior * self.frames * betas.square().sum()
        return 0.5 * (data + self.pose_prior * pull + shape)

    def polish(
        self, poses: Tensor, transl: Tensor, betas: Tensor, iterations: int
    ) -> tuple[float, float, Tensor, Tensor, Tensor]:
        """L-BFGS with the true gradient; returns the value before and after, and where it ended."""
        unknowns = [value.detach().double().clone().requires_grad_() for value in (poses, transl, betas)]
        optimiser = torch.optim.LBFGS(
            unknowns,
            max_iter=iterations,
            history_size=100,
            line_search_fn="strong_wolfe",
            tolerance_grad=1e-12,
            tolerance_change=1e-14,
        )
        with torch.no_grad():
            before = float(self.value(*unknowns))

        def closure() -> Tensor:
            optimiser.zero_grad()
            loss = self.value(*unknowns)
            loss.backward()
            return loss

        optimiser.step(closure)
        with torch.no_grad():
            after = float(self.value(*unknowns))
        return before, after, *(value.detach() for value in unknowns)
