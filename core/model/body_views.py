"""A body, or a pair of them, looked at from outside: in words, as a table, posed as a motion has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import RefitError
from core.model.joints import FAMILY_LABEL

if TYPE_CHECKING:
    from core.model.body import BodyModel
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion


class BodyViews:
    """What a `BodyModel` can be looked at as."""

    def __repr__(self: BodyModel) -> str:  # type: ignore[misc]
        counts = f"{self.num_vertices:,} vertices, {self.num_joints} joints, {self.num_betas} betas"
        return f"<BodyModel {self.family} {self.gender} · {counts}{_built_in(self)}>"

    def _repr_html_(self: BodyModel) -> str:  # type: ignore[misc]
        from core.model.notebook import shown

        return shown(self, f"{FAMILY_LABEL[self.family]} body", body_rows(self))

    def vertices_of(  # type: ignore[misc]
        self: BodyModel, motion: Motion | FitResult, frames: Any = None
    ) -> np.ndarray:
        """A motion's body posed, or that of a fit, in its own world.

        Args:
            motion: in the family of this body.
            frames: ids, (T,) booleans or a slice; None for all.

        Returns:
            (n, V, 3) float32 metres, in the order of the frames.

        Raises:
            RefitError: it is of another family, or there is no such frame.
        """
        import torch

        from core.model.body_pair import in_body
        from core.model.fit_result import FitResult
        from core.model.frame_choice import frame_ids
        from core.model.posing import posed

        if motion.family != self.family:
            raise RefitError(f"The motion is in {motion.family}, but the body is {self.family}.")
        plain = motion.as_motion() if isinstance(motion, FitResult) else in_body(motion, self)
        with torch.no_grad():
            return posed(plain, self, frame_ids(frames, len(plain)))[0]


class PairViews:
    """What a `BodyPair` can be looked at as."""

    def __repr__(self: BodyPair) -> str:  # type: ignore[misc]
        valid = f"{int(self.correspondence.valid.sum()):,} of {self.target.num_vertices:,} vertices count"
        bodies = f"{self.source.family} → {self.target.family} {self.target.gender}"
        return f"<BodyPair {bodies} · {valid} · {self.label}>"

    def _repr_html_(self: BodyPair) -> str:  # type: ignore[misc]
        from core.model.notebook import shown

        valid = int(self.correspondence.valid.sum())
        rows = [(f"source, {label}", value) for label, value in body_rows(self.source)]
        rows += [(f"target, {label}", value) for label, value in body_rows(self.target)]
        rows.append(("valid vertices", f"{valid:,} of {self.target.num_vertices:,} have a counterpart"))
        rows += [("note", note) for note in self.notes]
        families = " → ".join(FAMILY_LABEL[body.family] for body in (self.source, self.target))
        return shown(self, f"{families}, {self.label}", rows)


def body_rows(body: BodyModel) -> list[tuple[str, str]]:
    """Labels and values of what there is to say of a body."""
    coefficients = f"{body.num_betas} betas"
    if body.num_expression:
        coefficients += f", {body.num_expression} expression coefficients"
    return [
        ("model", f"{body.name or FAMILY_LABEL[body.family]}, {body.gender}"),
        ("file", body.path.name if body.path else "none"),
        ("mesh", f"{body.num_vertices:,} vertices, {len(body.faces):,} faces"),
        ("joints", str(body.num_joints)),
        ("shape", coefficients),
    ]


def _built_in(body: BodyModel) -> str:
    return " · built-in" if body.builtin else ""
