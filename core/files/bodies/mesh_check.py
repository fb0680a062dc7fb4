"""Whether meshes are those of a body: as many vertices, in its order, in metres, and no mirror image."""

from __future__ import annotations

import numpy as np

from core.errors import RefitError
from core.files.bodies.enclosed import signed_volume
from core.geometry.edge_lengths import edge_lengths
from core.model.body import BodyModel
from core.model.joints import FAMILY_LABEL
from core.model.motion import Motion

# In another order neighbours on the skin lie a body's width apart: thirty times their usual distance.
MOST_STRETCH = 4.0
_UNITS = {10.0: "decimetres", 100.0: "centimetres", 1000.0: "millimetres"}
_FRAMES = 5
# Metres: between these are people, whatever they do; what a usual one is tall.
_SIZES, _USUAL = (0.25, 4.0), 1.7


def check_meshes(motion: Motion, body: BodyModel) -> None:
    """Raises RefitError where the meshes cannot be of the body: another number of vertices, another order, or
    another unit than metres; or where they are mirrored.

    Args:
        motion: that is meshes alone.
        body: that they should be of.
    """
    assert motion.vertices is not None
    label = f"the {'built-in ' if body.builtin else ''}{FAMILY_LABEL[body.family]} body"
    if motion.own is not None:
        label = f"the {body.name}"
    count = motion.vertices.shape[1]
    if count != body.num_vertices:
        raise RefitError(f"{motion.name}: its meshes have {count} vertices, {label} has {body.num_vertices}.")
    usable = np.flatnonzero(motion.finite_frames())
    if not len(usable):
        return
    some = usable[np.unique(np.linspace(0, len(usable) - 1, _FRAMES).round().astype(int))]
    tall = float(
        np.median([np.ptp(motion.vertices[frame].astype(np.float64), axis=0).max() for frame in some])
    )
    if motion.own is not None:
        _check_size(motion, tall)
        return
    edges = np.concatenate([body.faces[:, pair] for pair in ([0, 1], [1, 2], [2, 0])]).astype(int)
    usual = np.median(edge_lengths(body.v_template, edges))
    found = np.median([np.median(edge_lengths(motion.vertices[frame], edges)) for frame in some])
    stretch = float(found / usual)
    if 1 / MOST_STRETCH < stretch < MOST_STRETCH:
        turned = sum(signed_volume(motion.vertices[frame], body.faces) < 0 for frame in some)
        if (signed_volume(body.v_template, body.faces) > 0) == (turned > len(some) / 2):
            raise RefitError(
                f"{motion.name}: its meshes are mirror images of {label}: left and right are exchanged, or "
                "the coordinates are left-handed."
            )
        return
    scale = float(tall / np.ptp(body.v_template, axis=0).max())
    for factor, unit in _UNITS.items():
        if 0.4 < scale / factor < 1.6 and 0.4 < stretch / factor < 1.6:
            raise RefitError(f"{motion.name}: its meshes are {tall:.3g} m tall; are they in {unit}?")
    raise RefitError(
        f"{motion.name}: its meshes are not in the order of {label}: vertices that share an edge lie "
        f"{1000 * found:.3g} mm apart, {1000 * usual:.3g} mm in the body. Are they of another body?"
    )


def _check_size(motion: Motion, tall: float) -> None:
    """Raises RefitError where meshes of a topology of their own are too large or too small for people."""
    if _SIZES[0] < tall < _SIZES[1]:
        return
    units = [unit for factor, unit in _UNITS.items() if 0.4 < tall / factor / _USUAL < 1.6]
    asks = f"are they in {units[0]}?" if units else "expected people, in metres."
    raise RefitError(f"{motion.name}: its meshes are {tall:.3g} m tall; {asks}")
