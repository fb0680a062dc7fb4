"""Skins and joints of frames of a motion, posed in its own body."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from core.errors import RefitError
from core.model.body import CHUNK_FRAMES, BodyModel
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion


@torch.inference_mode()
def posed(motion: Motion, body: BodyModel, frames: slice | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (n, V, 3) and joints (n, J, 3) of some frames of a motion in its own body, float32 metres.

    Coefficients beyond those the body has are left out.
    """
    transl = torch.as_tensor(motion.trans[frames])
    vertices = torch.empty(len(transl), body.num_vertices, 3, device=body.device)
    if motion.vertices is not None:
        for part, skin in skin_chunks(motion, body, frames, transl):
            vertices[part] = skin.permute(2, 0, 1)
        return vertices.cpu().numpy(), joints_of(motion, body, frames, transl).cpu().numpy()
    joints = torch.empty(len(transl), body.num_joints, 3, device=body.device)
    poses, betas, expression = arguments_of(motion, body, frames)
    for part, skin, places in body.posed_chunks(poses, betas, transl, expression):
        vertices[part], joints[part] = skin.permute(2, 0, 1), places
    return vertices.cpu().numpy(), joints.cpu().numpy()


def skin_chunks(
    motion: Motion, body: BodyModel, frames: slice | np.ndarray, transl: Tensor
) -> Iterator[tuple[slice, Tensor]]:
    """The motion's body in n of its frames, a few at a time and vertices first.

    Args:
        motion: in the family of ``body``.
        body: the motion's own body.
        frames: of the motion.
        transl: (n, 3) metres, in place of the motion's trans.

    Yields:
        which of the n frames, and (V, 3, k) metres; NaN where a mesh is not finite.
    """
    if motion.vertices is None:
        poses, betas, expression = arguments_of(motion, body, frames)
        yield from body.vertex_chunks(poses, betas, transl, expression)
        return
    transl = transl.to(body.device)
    ids = np.arange(len(motion))[frames]
    for start in range(0, len(ids), CHUNK_FRAMES):
        part = slice(start, min(start + CHUNK_FRAMES, len(ids)))
        yield part, meshes_about_middle(motion, body, ids[part]) + transl[part].T


def joints_of(motion: Motion, body: BodyModel, frames: slice | np.ndarray, transl: Tensor) -> Tensor:
    """(n, J, 3) joints of the motion's body, metres: of its chain, or regressed where it is meshes alone.

    Args:
        motion: in the family of ``body``.
        body: the motion's own body.
        frames: of the motion.
        transl: (n, 3) metres, in place of the motion's trans.
    """
    if motion.vertices is None:
        poses, betas, expression = arguments_of(motion, body, frames)
        return body.joints(poses, betas, transl, expression)
    found = torch.empty(len(transl), body.num_joints, 3, device=body.device)
    for part, skin in skin_chunks(motion, body, frames, transl):
        found[part] = regressed(body, skin)
    return found


def regressed(body: BodyModel, skin: Tensor) -> Tensor:
    """(n, J, 3) joints that the body's regressor finds on a skin (V, 3, n)."""
    return (body.regressor @ skin.flatten(1)).view(-1, 3, skin.shape[2]).permute(2, 0, 1)


def meshes_about_middle(motion: Motion, body: BodyModel, ids: np.ndarray) -> Tensor:
    """(V, 3, n) of a motion that is meshes, its trans taken off; NaN where a mesh is not finite."""
    assert motion.vertices is not None
    with np.errstate(invalid="ignore", over="ignore"):
        about = motion.vertices[ids] - motion.trans[ids][:, None]
    return body.tensor(about).permute(1, 2, 0).contiguous()


def root_path(motion: Motion, body: BodyModel) -> np.ndarray:
    """(T, 3) float32 metres: the root joint of every frame, without posing anything.

    Args:
        motion: in the family of ``body``.
        body: the motion's own body.
    """
    if motion.vertices is not None:
        row = body.J_regressor[0].astype(np.float32)
        used = np.flatnonzero(row)
        path = np.einsum("tvc,v->tc", motion.vertices[:, used], row[used])
        path[~motion.finite_frames()] = np.nan
        return path
    with torch.no_grad():
        _, betas, expression = arguments_of(motion, body, slice(None))
        basis = body.joint_basis[0]
        rest = body.joint_template[0] + body.coefficients(betas, expression) @ basis.T
        return (rest.cpu() + torch.as_tensor(motion.trans)).float().numpy()


def arguments_of(
    motion: Motion, body: BodyModel, frames: slice | np.ndarray
) -> tuple[Tensor, Tensor, Tensor | None]:
    """What a body is posed with in some frames of a motion that is no meshes, but for where it stands.

    Returns:
        poses (n, J, 3), betas (B,) or (n, B), and expression (n, E) or None; coefficients beyond those the
        body has are left out.
    """
    if motion.body_terms is not None:
        raise ValueError(
            "the motion is told in terms of its body, which core.model.body_pair.within resolves"
        )
    betas = torch.as_tensor(motion.betas_of(frames)[..., : body.num_betas])
    expression = None
    if motion.expression is not None:
        expression = torch.as_tensor(motion.expression[frames, : body.num_expression])
    return torch.as_tensor(motion.poses[frames]), betas, expression


def check_belonging(motion: Motion, bodies: BodyPair, result: FitResult) -> None:
    """Raises RefitError where a fit is not one of the motion in these bodies."""
    if len(result) != len(motion):
        raise RefitError(f"The fit has {len(result)} frames, but {motion.name} has {len(motion)}.")
    pairs = (("motion", motion.family, bodies.source), ("fit", result.family, bodies.target))
    for what, family, body in pairs:
        if family != body.family:
            raise RefitError(f"The {what} is in {family}, but its body is {body.family}.")
