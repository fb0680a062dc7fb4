"""The body a motion is in and the body it is fitted to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from core.errors import RefitError
from core.model.body import BodyModel
from core.model.body_views import PairViews
from core.model.correspondence import Correspondence
from core.model.joints import FAMILY_LABEL, HANDS
from core.model.motion import BodyTerms, Motion
from core.model.skinning import rotation_matrices

LEAST_VALID = 3
"""So many vertices at least say where a body is."""


@dataclass(frozen=True, eq=False, repr=False)
class BodyPair(PairViews):
    """The body a motion is in, the body it is fitted to, and how their surfaces correspond.

    Attributes:
        source: body of the motion.
        target: body of the result.
        correspondence: from the source's surface to the target's vertices.
        builtin: at least one of the two is a body Refit carries, so that errors are not those of licensed
            models.
        folder: where the files lie.
        notes: sentences on what was assumed while choosing.
    """

    source: BodyModel
    target: BodyModel
    correspondence: Correspondence
    builtin: bool
    folder: Path
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What to call the pair to people."""
        return "built-in bodies" if self.builtin else f"licensed models in {self.folder}"

    def with_valid(self, valid: np.ndarray) -> BodyPair:
        """The same pair, with other target vertices that count in fits and errors.

        Args:
            valid: (Vt,) bool; vertices without a counterpart never count.

        Raises:
            RefitError: another number of vertices, or so few that count that nothing could be fitted.
        """
        if valid.shape != self.correspondence.valid.shape:
            raise RefitError(f"The mask has {valid.size} vertices, the body {self.target.num_vertices}.")
        correspondence = self.correspondence.with_valid(valid)
        if correspondence.valid.sum() < LEAST_VALID:
            raise RefitError(
                f"A mask of {int(correspondence.valid.sum())} valid vertices leaves nothing to fit: "
                f"{LEAST_VALID} at least must count."
            )
        return self if correspondence is self.correspondence else replace(self, correspondence=correspondence)

    def with_weights(self, weights: np.ndarray | None) -> BodyPair:
        """The same pair, with other weights of the target's vertices in fits.

        Args:
            weights: (Vt,) above zero; None for all alike.

        Raises:
            RefitError: another number of vertices, or weights that are not finite and above zero.
        """
        if weights is not None:
            if weights.shape != self.correspondence.valid.shape:
                raise RefitError(
                    f"There are weights for {weights.size} vertices, the body has {self.target.num_vertices}."
                )
            if not (np.isfinite(weights).all() and (weights > 0).all()):
                raise RefitError("Weights of vertices must be finite and above zero.")
        correspondence = self.correspondence.with_weights(weights)
        return self if correspondence is self.correspondence else replace(self, correspondence=correspondence)

    def to(self, device: str | torch.device) -> BodyPair:
        """The same pair on another device."""
        return _moved(self, torch.device(device))


def left_out(motion: Motion, body: BodyModel) -> tuple[str, ...]:
    """Sentences where a motion has more shape or expression coefficients than its body, or nothing."""
    expression = 0 if motion.expression is None else motion.expression.shape[1]
    counts = (
        ("betas", len(motion.betas), body.num_betas),
        ("expression coefficients", expression, body.num_expression),
    )
    return tuple(
        f"The motion has {has} {what} and the body {most}: the rest are left out."
        for what, has, most in counts
        if has > most
    )


def within(motion: Motion, body: BodyModel) -> Motion:
    """The motion as its body has it: with no more shape and expression coefficients than that, and with what
    the file tells in terms of the body found (`core.model.motion.BodyTerms`).
    """
    expression = motion.expression
    if expression is not None:
        expression = expression[:, : body.num_expression]
    own = None if motion.frame_betas is None else motion.frame_betas[:, : body.num_betas]
    betas = motion.betas[: body.num_betas]
    return in_body(replace(motion, betas=betas, expression=expression, frame_betas=own), body)


def in_body(motion: Motion, body: BodyModel) -> Motion:
    """The motion with its hands and its translation found where the file tells them in terms of the body.

    Args:
        motion: in the family of ``body``.
        body: the motion's own body.
    """
    terms = motion.body_terms
    if terms is None:
        return motion
    notes: list[str] = []
    if terms.hands_mean or terms.hand_components is not None:
        motion = replace(motion, poses=_with_hands(motion, body, terms, notes))
    if terms.trans_of or terms.about_origin:
        motion = replace(motion, trans=_translation(motion, body, terms))
    return replace(motion, body_terms=None, notes=(*motion.notes, *notes))


def _with_hands(motion: Motion, body: BodyModel, terms: BodyTerms, notes: list[str]) -> np.ndarray:
    poses = motion.poses.copy()
    for side, hand in enumerate(HANDS.values()):
        joints = [body.joint_names.index(name) for name in hand if name in body.joint_names]
        if not joints:
            return motion.poses
        vectors = poses[:, joints].reshape(len(poses), -1)
        if terms.hand_components is not None and body.hands_components is not None:
            known = body.hands_components[side][: terms.hand_components.shape[2]]
            vectors = vectors + terms.hand_components[:, side, : len(known)] @ known
        if terms.hands_mean and body.hands_mean is not None:
            vectors = vectors + body.hands_mean.reshape(2, -1)[side]
        poses[:, joints] = vectors.reshape(len(poses), -1, 3)
    who = f"The {FAMILY_LABEL[body.family]} model"
    if terms.hand_components is not None and body.hands_components is None:
        notes.append(f"{who} has no principal components of hands: their movement was left out.")
    if terms.hands_mean and body.hands_mean is None:
        notes.append(f"{who} has no mean pose of hands, to which those of the file are relative.")
    return poses


def _translation(motion: Motion, body: BodyModel, terms: BodyTerms) -> np.ndarray:
    """(T, 3) float32: where the body must stand so that it lies where the terms say."""
    expression = None
    if motion.expression is not None:
        expression = torch.as_tensor(motion.expression[:, : body.num_expression])
    with torch.inference_mode():
        betas = torch.as_tensor(motion.betas_of(slice(None))[..., : body.num_betas])
        rest = body.rest_joints(body.coefficients(betas, expression)).cpu().double().numpy()
        turned = rotation_matrices(torch.as_tensor(motion.poses[:, 0]).double()).numpy()
    root = rest[..., 0, :]
    if terms.about_origin:
        moved = (turned @ np.broadcast_to(root, motion.trans.shape)[..., None])[..., 0] - root
        return (motion.trans + moved).astype(np.float32)
    ids = [body.joint_names.index(name) for name in terms.trans_of]
    about = np.broadcast_to(rest[..., ids, :].mean(-2) - root, motion.trans.shape)
    return (motion.trans - root - (turned @ about[..., None])[..., 0]).astype(np.float32)


@lru_cache(maxsize=2)
def _moved(pair: BodyPair, device: torch.device) -> BodyPair:
    # The same objects for the same device, so that what is prepared for them is found again.
    return replace(
        pair,
        source=pair.source.to(device),
        target=pair.target.to(device),
        correspondence=pair.correspondence.to(device),
    )
