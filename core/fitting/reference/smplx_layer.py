"""The `smplx` package's own layer of any body: posing that Refit had no hand in, for yardsticks."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import smplx
import torch
from torch import Tensor

from core.model.body import BodyModel
from core.model.joints import FACE_JOINTS, JOINT_NAMES, LEFT_HAND, RIGHT_HAND
from core.model.skinning import rotation_matrices

# The package takes a file with fewer shape columns for one of 10 betas and drops the others without a word.
_SHAPE_COLUMNS, _EXPRESSION_COLUMNS = 300, 100
_KIND = {"smpl": "SMPL", "smplh": "SMPLH", "smplx": "SMPLX"}


def model_arrays(body: BodyModel) -> dict[str, np.ndarray]:
    """The arrays of a body as the published model files name and lay them out."""
    parents = body.parents.astype(np.int64).copy()
    parents[0] = 2**32 - 1
    hands = np.zeros(90) if body.hands_mean is None else body.hands_mean
    shapedirs = np.zeros((*body.v_template.shape, _SHAPE_COLUMNS), dtype=np.float32)
    shapedirs[..., : body.num_betas] = body.shapedirs
    arrays = {
        "v_template": body.v_template,
        "f": body.faces.astype(np.uint32),
        "shapedirs": shapedirs,
        "posedirs": body.posedirs,
        "weights": body.weights,
        "J_regressor": body.J_regressor,
        "kintree_table": np.stack((parents, np.arange(len(parents)))),
        "hands_meanl": hands[:45],
        "hands_meanr": hands[45:],
        "hands_componentsl": np.eye(45),
        "hands_componentsr": np.eye(45),
    }
    if body.family == "smplx":
        expression = np.zeros((*body.v_template.shape, _EXPRESSION_COLUMNS), dtype=np.float32)
        expression[..., : body.num_expression] = body.expressiondirs
        arrays["shapedirs"] = np.concatenate((shapedirs, expression), 2)
        arrays["lmk_faces_idx"] = np.zeros(51, dtype=int)
        arrays["lmk_bary_coords"] = np.full((51, 3), 1 / 3)
    return arrays


def write_model(body: BodyModel, folder: Path) -> Path:
    """The body as an npz that the `smplx` package reads; the file's name is the one that it expects."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_KIND[body.family]}_{body.gender.upper()}.npz"
    arrays: dict[str, Any] = model_arrays(body)
    np.savez(path, **arrays)
    return path


def _package_layer(body: BodyModel, dtype: torch.dtype) -> Any:
    options = {"num_betas": body.num_betas, "dtype": dtype, "gender": body.gender}
    if body.family != "smplx":
        kind = smplx.SMPLLayer if body.family == "smpl" else smplx.SMPLHLayer
        hands = {} if body.family == "smpl" else {"use_pca": False, "flat_hand_mean": True}
        return kind("", data_struct=smplx.utils.Struct(**model_arrays(body)), **options, **hands)
    # Of SMPL-X the package reads nothing but a file.
    with tempfile.TemporaryDirectory(prefix="refit-") as folder:
        path = str(write_model(body, Path(folder)))
        return smplx.SMPLXLayer(
            path, num_expression_coeffs=body.num_expression, use_pca=False, flat_hand_mean=True, **options
        )


class SmplxLayer:
    """The `smplx` package's layer of a body, with every shape coefficient, and with hands absolute.

    Args:
        body: of any family.
        dtype: ``torch.float64`` or ``torch.float32``.
    """

    def __init__(self, body: BodyModel, dtype: torch.dtype = torch.float64) -> None:
        self.body, self.dtype = body, dtype
        self.layer = _package_layer(body, dtype)
        # Joints picked off the skin, and landmarks: of no use here, and bodies need not have those vertices.
        self.layer.vertex_joint_selector.extra_joints_idxs = torch.empty(0, dtype=torch.long)
        if body.family == "smplx":
            self.layer.lmk_faces_idx = self.layer.lmk_faces_idx[:1]
            self.layer.lmk_bary_coords = self.layer.lmk_bary_coords[:1]
        self.layer.to(body.device)
        for buffer in self.layer.buffers():
            buffer.requires_grad_(False)
        names = JOINT_NAMES[body.family]
        self._body = 24 if body.family == "smpl" else 22
        self._left, self._right = (
            [names.index(name) for name in hand if name in names] for hand in (LEFT_HAND, RIGHT_HAND)
        )
        self._face = [names.index(name) for name in FACE_JOINTS if name in names]

    def __call__(
        self, poses: Tensor, betas: Tensor, transl: Tensor, expression: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Vertices and joints, differentiable any number of times.

        Args:
            poses: (n, J, 3) axis-angle, radians, or (n, J, 3, 3) rotations relative to the parent.
            betas: (B,) or (n, B).
            transl: (n, 3) metres.
            expression: (E,) or (n, E), or None.

        Returns:
            (n, V, 3) vertices and (n, J, 3) joints, metres.
        """
        rotations = rotation_matrices(poses) if poses.dim() == 3 else poses
        frames = len(rotations)
        arguments = {
            "betas": betas.expand(frames, -1),
            "transl": transl,
            "global_orient": rotations[:, :1],
            "body_pose": rotations[:, 1 : self._body],
        }
        if self._left:
            arguments |= {
                "left_hand_pose": rotations[:, self._left],
                "right_hand_pose": rotations[:, self._right],
            }
        if self._face:
            names = ("jaw_pose", "leye_pose", "reye_pose")
            arguments |= {name: rotations[:, [joint]] for name, joint in zip(names, self._face, strict=True)}
            if expression is None:
                expression = transl.new_zeros(self.body.num_expression)
            arguments["expression"] = expression.expand(frames, -1)
        out = self.layer(**arguments)
        return out.vertices, out.joints[:, : self.body.num_joints]
