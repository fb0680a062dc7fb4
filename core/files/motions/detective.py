"""What the numbers of a motion say of what they mean: for readers of every format."""

from __future__ import annotations

from typing import cast

import numpy as np

from core.files.assumption import NUMBERS, Assumption
from core.files.motions.settle import Claim
from core.model.motion import UP_AXES, UpAxis

# Frames of meshes that are looked at.
_SAMPLES = 24
# Of this share of the frames' bodies the heads are on one side: that side is up.
_MOSTLY = 0.5


def heads_along(root: np.ndarray) -> UpAxis | None:
    """``'y'``, ``'z'`` or ``'-y'``: where the heads of most bodies point to, None where that is none of them.

    Args:
        root: (T, 3) axis-angle of the root.
    """
    usable = root[np.isfinite(root).all(1) & (np.abs(root) < 1e3).all(1)]
    if not len(usable):
        return None
    # As long to import as most files take to open.
    from scipy.spatial.transform import Rotation

    upwards = Rotation.from_rotvec(usable.astype(float)).apply([0.0, 1.0, 0.0]).mean(0)
    axis = int(np.abs(upwards).argmax())
    if abs(upwards[axis]) < _MOSTLY:
        return None
    name = ("-" if upwards[axis] < 0 else "") + "xyz"[axis]
    return cast(UpAxis, name) if name in UP_AXES else None


def meshes_stand_along(vertices: np.ndarray) -> UpAxis | None:
    """``'y'``, ``'z'`` or ``'-y'``: along which most bodies stand, heads and hands up; None where they lie.

    Args:
        vertices: (T, V, 3) metres, of which some frames are looked at.
    """
    frames = np.unique(np.linspace(0, len(vertices) - 1, _SAMPLES).round().astype(int))
    some = [vertices[frame].astype(np.float64) for frame in frames if np.isfinite(vertices[frame]).all()]
    if not some:
        return None
    longest = [int(np.ptp(mesh, axis=0).argmax()) for mesh in some]
    axis = max((0, 1, 2), key=longest.count)
    if axis == 0 or 2 * longest.count(axis) <= len(some):
        return None
    # A body has more vertices above its middle than below: those of head and hands.
    upper = np.median(
        [(mesh[:, axis] > (mesh[:, axis].min() + mesh[:, axis].max()) / 2).mean() for mesh in some]
    )
    if axis == 2:
        return "z" if upper > 0.5 else None
    return "y" if upper > 0.5 else "-y"


def guessed_up(stand: UpAxis | None) -> tuple[Claim | None, Claim]:
    """What how bodies stand says of the axis that is up, and what is taken where they do not."""
    guess = None if stand is None else (stand, f"the bodies stand along {stand}")
    return guess, ("y", "the bodies do not stand")


def up_note(who_does: str, taken: Assumption) -> str:
    """A sentence on an axis that was not said: ``who_does`` is as in 'Meshes do'."""
    if taken.how == NUMBERS:
        return f"{who_does} not say which axis is up: {taken.why}."
    return f"{who_does} not say which axis is up, and {taken.why}: {taken.value} is taken."
