"""Whether the arrays of a body model can be those of a person at all; what cannot is refused with its reason.

All that a fit makes of such a body is wrong without a word. The limits leave room for infants and giants, for
rounded weights and for every shape basis that is in metres.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import FileError
from core.files.bodies.enclosed import signed_volume
from core.model.body import BodyModel

LEAST_METRES, MOST_METRES = 0.3, 3.5
"""Along the longest side of the rest shape: from infants born early to beyond the tallest man."""

SUM_TOLERANCE = 0.02
"""Skinning weights of a vertex, rounded as they may be, sum to one within this."""

NEGATIVE_WEIGHT = -0.01
"""A trace below zero is left by solvers; more than this is none."""

REGRESSOR_TOLERANCE = 0.1
"""So much may the sum of a joint's weights in the J_regressor be off; they are solved for, not chosen."""

MOST_OFFSET_METRES = 1.0
"""A blend shape moves no vertex further by one unit of its coefficient."""

_FLAT = 0.04
# Shares of the longest side: of a joint from its own skin, and of vertices that share an edge.
_JOINT_FAR, _EDGE_LONG = 0.2, 0.1
_MOST_ODD_FACES, _LEAST_USED = 0.01, 0.9
_HELD = 0.1
_MOST_RADIANS = 2 * np.pi
_UNITS = {
    10.0: "decimetres",
    100.0: "centimetres",
    1000.0: "millimetres",
    1 / 0.0254: "inches",
    1 / 0.3048: "feet",
}
_USUAL_METRES = 1.7


def check_body(path: Path, body: BodyModel) -> None:
    """Raises FileError with file, key and what was expected, where a body cannot be one.

    Looked at are the size of the template, the triangles on it, the sums of skinning weights and of the rows
    of the J_regressor, where that puts the joints, and the size of blend shapes and hand poses. Shapes, and
    numbers that are not finite, are looked at as the arrays are read.

    Args:
        path: its file.
        body: as read from it.
    """
    size = _template_size(path, body.v_template)
    _triangles(path, body, size)
    _skinning_weights(path, body.weights)
    _regressor(path, body, size)
    for key, what, offsets in (
        ("shapedirs", "shape coefficient", body.shapedirs),
        ("shapedirs", "expression coefficient", body.expressiondirs),
        ("posedirs", "entry of a rotation", body.posedirs),
    ):
        most = _largest(offsets)
        if most > MOST_OFFSET_METRES:
            raise FileError(
                path,
                f"moves a vertex by {most:.3g} m per unit of one {what}, expected metres, at most "
                f"{MOST_OFFSET_METRES:g}",
                key=key,
            )
    if body.hands_mean is not None and _largest(body.hands_mean) > _MOST_RADIANS:
        side = "l" if _largest(body.hands_mean[:45]) > _MOST_RADIANS else "r"
        found = f"{_largest(body.hands_mean):.3g}"
        raise FileError(
            path,
            f"turns a finger by {found}, expected radians, within ±{_MOST_RADIANS:.2f}",
            key=f"hands_mean{side}",
        )


def _largest(array: np.ndarray) -> float:
    # Without a copy of what may be hundreds of megabytes.
    return float(max(array.max(), -array.min())) if array.size else 0.0


def _template_size(path: Path, template: np.ndarray) -> float:
    """Metres of the longest side."""
    sides = np.ptp(np.array(template.T, dtype=np.float64, order="C"), axis=1)
    longest, key = float(sides.max()), "v_template"
    if not LEAST_METRES <= longest <= MOST_METRES:
        nearest = min(_UNITS, key=lambda factor: abs(np.log(max(longest, 1e-9) / factor / _USUAL_METRES)))
        fits = LEAST_METRES <= longest / nearest <= MOST_METRES
        guess = f"; it seems to be in {_UNITS[nearest]}" if fits else ""
        raise FileError(
            path,
            f"is {longest:.4g} m from end to end, expected a person of {LEAST_METRES:g} to {MOST_METRES:g} m"
            f"{guess}",
            key=key,
        )
    if sides.min() < _FLAT * longest:
        raise FileError(
            path,
            f"is {1000 * sides.min():.3g} mm thick at a length of {longest:.3g} m, expected the shape of a "
            "person",
            key=key,
        )
    return longest


def _triangles(path: Path, body: BodyModel, size: float) -> None:
    faces, key = body.faces, "f"
    one, two, three = np.ascontiguousarray(faces.T)
    odd = (one == two) | (two == three) | (three == one)
    if odd.mean() > _MOST_ODD_FACES:
        raise FileError(
            path,
            f"has {int(odd.sum())} of {len(faces)} triangles with the same corner twice, expected three "
            "different ones in each",
            key=key,
        )
    used = np.zeros(body.num_vertices, dtype=bool)
    used[faces] = True
    if used.mean() < _LEAST_USED:
        raise FileError(
            path,
            f"leaves {int((~used).sum())} of {len(used)} vertices without a triangle, expected a skin of all "
            "of them",
            key=key,
        )
    ends = [body.v_template[corner] for corner in (one, two, three)]
    edge = float(np.sqrt(np.median(np.square(ends[1] - ends[0]).sum(1))))
    if edge > _EDGE_LONG * size:
        raise FileError(
            path,
            f"joins vertices that lie {1000 * edge:.3g} mm apart, expected neighbours on the skin: it is in "
            "another order than 'v_template'",
            key=key,
        )
    if signed_volume(body.v_template, faces) < 0:
        raise FileError(
            path,
            "has triangles that face inwards, expected outwards: their corners are turned round, or "
            "'v_template' is a mirror image",
            key=key,
        )


def _skinning_weights(path: Path, weights: np.ndarray) -> None:
    key, vertices = "weights", len(weights)
    least = float(weights.min())
    if least < NEGATIVE_WEIGHT:
        negative = int((weights < NEGATIVE_WEIGHT).any(1).sum())
        raise FileError(
            path,
            f"is as low as {least:.3g}, below zero at {negative} of {vertices} vertices, expected none "
            "below zero",
            key=key,
        )
    sums = np.einsum("vj->v", weights)
    off = np.abs(sums - 1) > SUM_TOLERANCE
    if off.any():
        raise FileError(
            path,
            f"sums to {_span(sums[off])} at {int(off.sum())} of {vertices} vertices, expected 1 at each",
            key=key,
        )


def _regressor(path: Path, body: BodyModel, size: float) -> None:
    key, names = "J_regressor", np.array(body.joint_names)
    sums = body.J_regressor.sum(1, dtype=np.float64)
    empty = ~(body.J_regressor != 0).any(1)
    if empty.any():
        raise FileError(
            path, f"has no vertex for {_listed(names[empty])}, expected some for each joint", key=key
        )
    off = np.abs(sums - 1) > REGRESSOR_TOLERANCE
    if off.any():
        raise FileError(
            path,
            f"sums to {_span(sums[off])} in the rows of {_listed(names[off])}, expected about 1 in each",
            key=key,
        )
    with np.errstate(over="ignore", invalid="ignore"):  # of weights that nearly cancel each other
        joints = body.joint_template.numpy()
        away = np.array([_to_own_skin(body, joint, place) for joint, place in enumerate(joints)])
    worst = int(np.where(np.isnan(away), np.inf, away).argmax())
    if not away[worst] <= _JOINT_FAR * size:
        raise FileError(
            path,
            f"puts {names[worst]} {away[worst]:.3g} m from the skin that it moves, expected at most "
            f"{_JOINT_FAR * size:.2g} m",
            key=key,
        )


def _to_own_skin(body: BodyModel, joint: int, place: np.ndarray) -> float:
    """Metres from a joint to the nearest of the vertices that it moves; to any where it moves none."""
    own = body.weights[:, joint] > _HELD
    skin = body.v_template[own] if own.any() else body.v_template
    return float(np.sqrt(np.square(skin - place).sum(1).min()))


def _span(values: np.ndarray) -> str:
    low, high = (f"{value:.3g}" for value in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"


def _listed(names: np.ndarray, most: int = 4) -> str:
    more = len(names) - most
    return ", ".join(names[:most].tolist()) + (f" and {more} more joints" if more > 0 else "")
