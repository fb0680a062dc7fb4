"""Feet on the ground: how much deeper, and how much less still, the fit's are than the source's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.geometry.up_axis import vertical
from core.model.body import BodyModel
from core.model.motion import UpAxis

SIDES = ("left foot", "right foot")
PATCHES = ("left heel", "left toe", "right heel", "right toe")

CONTACT_HEIGHT = 0.05
"""Metres above the floor below which a patch of sole may be in contact."""

CONTACT_SPEED = 0.3
"""Metres a second; a patch that the source moves faster sideways is not in contact."""

UNKNOWN_RATE = 60.0
"""Frames a second that `CONTACT_SPEED` is taken at where the source does not say its own."""

# The floor is where the source's lowest point is in this share of its frames: one odd frame does not dig it.
_FLOOR_PERCENT = 5
_SOLE_SHARE, _END_SHARE = 0.25, 0.35


class Soles:
    """The patches of sole at heel and toe of both feet, `PATCHES`, from the rest pose (y up).

    Args:
        body: the target body.
        vertices: (V,) ids of those that count, in the order of the points to come.
    """

    def __init__(self, body: BodyModel, vertices: np.ndarray) -> None:
        main = np.array(body.joint_names)[body.held_by]
        joints = body.joint_template.cpu().numpy()
        average = np.zeros((len(PATCHES), len(vertices)), dtype=np.float32)
        self.known = np.zeros(len(PATCHES), dtype=bool)
        for side, word in enumerate(("left", "right")):
            names = (f"{word}_ankle", f"{word}_foot")
            foot = np.flatnonzero(np.isin(main[vertices], names))
            if len(foot) < 16:
                continue
            ankle, toes = (joints[body.joint_names.index(name)] for name in names)
            rest = body.v_template[vertices[foot]]
            sole = rest[:, 1] <= np.quantile(rest[:, 1], _SOLE_SHARE)
            along = (rest - ankle) @ ((toes - ankle) * (1, 0, 1))
            back, front = np.quantile(along[sole], (_END_SHARE, 1 - _END_SHARE))
            for end, chosen in enumerate((sole & (along <= back), sole & (along >= front))):
                average[2 * side + end, foot[chosen]] = 1 / chosen.sum()
                self.known[2 * side + end] = True
        used = np.flatnonzero(average.any(0))
        self.used = torch.as_tensor(used, device=body.device)
        self.average = torch.as_tensor(average[:, used], device=body.device)

    def centres(self, points: Tensor) -> np.ndarray:
        """(3, V, n) to the (n, 4, 3) centres of the patches."""
        return (self.average @ points[:, self.used]).permute(2, 1, 0).cpu().numpy()


@dataclass(frozen=True, eq=False)
class GroundMetrics:
    """The fit's feet against the source's own, T frames.

    Attributes:
        floor: height of the floor along the up axis, metres; NaN where no frame is usable.
        penetration_mm: (T,) how much deeper than the source the fit sinks below the floor; negative where the
            source sinks deeper.
        skate_mm: (T, 2) how much further than the source a foot slides from the frame before, mm/frame;
            NaN where the source's foot is not in contact.
        contact: (T, 2) bool: the source's foot rests on the ground since the frame before.
    """

    floor: float
    penetration_mm: np.ndarray
    skate_mm: np.ndarray
    contact: np.ndarray


def ground_metrics(
    lowest: np.ndarray,
    source_lowest: np.ndarray,
    patches: np.ndarray,
    source_patches: np.ndarray,
    up_axis: UpAxis,
    frame_rate: float | None,
) -> GroundMetrics:
    """Penetration and skating.

    Args:
        lowest: (T,) height of the fit's lowest vertex, metres; NaN where a frame is not usable.
        source_lowest: (T,) the source's.
        patches: (T, 4, 3) centres of the fit's `PATCHES`, metres, in the world.
        source_patches: (T, 4, 3) the source's.
        up_axis: of the world.
        frame_rate: frames a second, or None.
    """
    count = len(lowest)
    contact = np.zeros((count, 2), dtype=bool)
    skate = np.full((count, 2), np.nan, dtype=np.float32)
    if not np.isfinite(source_lowest).any():
        return GroundMetrics(np.nan, np.full(count, np.nan, np.float32), skate, contact)
    floor = float(np.nanpercentile(source_lowest, _FLOOR_PERCENT))
    deeper = np.maximum(floor - lowest, 0) - np.maximum(floor - source_lowest, 0)
    up, aside, upwards = vertical(up_axis)
    ours, theirs = (
        np.linalg.norm(np.diff(points[..., aside], axis=0), axis=2) for points in (patches, source_patches)
    )
    with np.errstate(invalid="ignore"):
        low = upwards * source_patches[..., up] < floor + CONTACT_HEIGHT
        resting = low[1:] & low[:-1] & (theirs < CONTACT_SPEED / (frame_rate or UNKNOWN_RATE))
    more = np.where(resting, 1000 * (ours - theirs), 0)
    for side in range(2):
        ends = slice(2 * side, 2 * side + 2)
        touching = resting[:, ends].sum(1)
        contact[1:, side] = touching > 0
        skate[1:, side] = np.where(touching > 0, more[:, ends].sum(1) / np.maximum(touching, 1), np.nan)
    return GroundMetrics(floor, (1000 * deeper).astype(np.float32), skate, contact)


def moved_up(metrics: GroundMetrics, height: float) -> GroundMetrics:
    """The same, where the heights were given relative to ``height``, metres."""
    return replace(metrics, floor=metrics.floor + height)
