"""How far two fits of a motion are apart: from vertex to vertex, on the skin of the one body that both are
in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from core.errors import RefitError
from core.model.body import CHUNK_FRAMES, BodyModel
from core.model.fit_result import FitResult
from core.model.joints import FAMILY_LABEL, PARTS
from core.model.motion import Motion
from core.model.posing import skin_chunks
from core.model.vertex_errors import frame_errors


@dataclass(frozen=True, eq=False)
class FitDistance:
    """Distances between the vertices of two fits of T frames, millimetres, over all vertices of their body;
    NaN in frames that one of the two does not have.

    Attributes:
        mean_mm, p95_mm, max_mm: (T,) float32; p95 by nearest rank.
        part_mm: (T, len(PARTS)) float32 mean by body part, NaN for a part without vertices.
    """

    mean_mm: np.ndarray
    p95_mm: np.ndarray
    max_mm: np.ndarray
    part_mm: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """(T,) bool: both fits have the frame."""
        return np.isfinite(self.mean_mm)

    @property
    def largest(self) -> int | None:
        """The frame with the largest mean; None where no frame is known, or the two do not differ in any."""
        known = np.where(self.known, self.mean_mm, 0)
        return int(known.argmax()) if len(known) and known.max() > 0 else None

    def summary(self) -> dict[str, float]:
        """Figures over the known frames, as `FitResult.summary`: frames, mean, p95, max; NaN without any."""
        known = self.known
        if not known.any():
            return {"frames": 0, "mean": np.nan, "p95": np.nan, "max": np.nan}
        return {
            "frames": int(known.sum()),
            "mean": float(self.mean_mm[known].mean(dtype=np.float64)),
            "p95": float(self.p95_mm[known].mean(dtype=np.float64)),
            "max": float(self.max_mm[known].max()),
        }


def fit_distance(
    body: BodyModel,
    one: FitResult,
    other: FitResult,
    on_progress: Callable[[int, int], None] | None = None,
) -> FitDistance:
    """Measures how far two fits are apart, frame by frame.

    Args:
        body: that both are in.
        one: T frames.
        other: of the same motion.
        on_progress: told the frames done and their total; what it raises ends the measuring.

    Raises:
        RefitError: the two have other numbers of frames, or one of them is in another body.
    """
    for fit in (one, other):
        if fit.family != body.family:
            words = FAMILY_LABEL[fit.family], FAMILY_LABEL[body.family]
            raise RefitError(f"A fit of {words[0]} shares no vertices with one of {words[1]}.")
    if len(one) != len(other):
        raise RefitError(f"One fit has {len(one):,} frames, the other {len(other):,}.")
    count, first, second = len(one), one.as_motion(), other.as_motion()
    mean, p95, most = (np.full(count, np.nan, np.float32) for _ in range(3))
    part = np.full((count, len(PARTS)), np.nan, np.float32)
    usable = np.flatnonzero(one.fitted & other.fitted & first.finite_frames() & second.finite_frames())
    for start in range(0, len(usable), CHUNK_FRAMES):
        frames = usable[start : start + CHUNK_FRAMES]
        # Relative to where the first stands: bodies far from the origin keep their digits.
        moved = second.trans[frames].astype(np.float64) - first.trans[frames]
        with torch.no_grad():
            apart = _skin(second, body, frames, moved)
            apart -= _skin(first, body, frames, np.zeros_like(moved))
            found = frame_errors(apart, body.vertex_part)
        mean[frames], p95[frames], most[frames], part[frames] = found.mean, found.p95, found.max, found.part
        if on_progress:
            on_progress(min(start + CHUNK_FRAMES, len(usable)), len(usable))
    return FitDistance(mean, p95, most, part)


def vertex_distance_mm(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(V,) float32 millimetres between two skins (V, 3) of one body, metres."""
    apart = one - other
    return 1000 * np.sqrt(np.einsum("vc,vc->v", apart, apart))


def _skin(motion: Motion, body: BodyModel, frames: np.ndarray, transl: np.ndarray) -> torch.Tensor:
    """(V, 3, n) metres of a few frames."""
    ((_, skin),) = skin_chunks(motion, body, frames, body.tensor(transl))
    return skin
