"""Which vertices the figures of a fit are over: those that count, without skin that no source speaks for, and
without rows of the correspondence that the fit has found far off (`core.measure.far_rows`).

Fingers may be held although the source has no joints to hold them by. Where their skin should lie nobody says
then, and its distance says nothing of the fit: no figure is over it. A fit tells in its provenance which
hands it held so, so that whoever measures it again leaves out the same; older fits tell none.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from core.measure.far_rows import FAR_ROWS, NO_ROWS, recorded_far_rows
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.correspondence import Correspondence
from core.model.fit_result import FitResult
from core.model.joints import HANDS

HELD = "held_fingers"
"""Key of a fit's provenance: names of the hands whose fingers it held without a source to follow."""

_fingers: WeakKeyDictionary[BodyModel, dict[tuple[str, ...], np.ndarray]] = WeakKeyDictionary()
NOTE = "The fingers are held and the source has none: their skin is not counted."


def recorded_held_hands(provenance: dict[str, Any]) -> tuple[str, ...]:
    """Names of the hands that a fit's provenance says were held without a source to follow."""
    stored = provenance.get(HELD)
    return tuple(hand for hand in HANDS if isinstance(stored, list) and hand in stored)


def same_skin(one: FitResult, other: FitResult) -> bool:
    """The figures of two fits leave out the same fingers and rows, and can be compared."""
    fingers = recorded_held_hands(one.provenance) == recorded_held_hands(other.provenance)
    return fingers and one.provenance.get(FAR_ROWS) == other.provenance.get(FAR_ROWS)


def finger_skin(body: BodyModel, hand: tuple[str, ...]) -> np.ndarray:
    """(V,) bool, read-only: vertices that follow the fingers of a hand most."""
    known = _fingers.setdefault(body, {})
    if hand not in known:
        fingers = [body.joint_names.index(name) for name in hand if name in body.joint_names]
        known[hand] = np.asarray(body.weights[:, fingers].sum(1) > 0.5)
        known[hand].flags.writeable = False
    return known[hand]


def uncounted(body: BodyModel, hands: tuple[str, ...], rows: np.ndarray = NO_ROWS) -> np.ndarray:
    """(V,) bool: skin of the fingers of these hands, and the vertices of these rows."""
    out = np.zeros(body.num_vertices, dtype=bool)
    out[rows] = True
    for hand in hands:
        out |= finger_skin(body, HANDS[hand])
    return out


def counted_valid(bodies: BodyPair, result: FitResult | None) -> np.ndarray:
    """(V,) bool: the vertices that the figures of a fit are over; all valid ones where none would be left."""
    valid = bodies.correspondence.valid
    if result is None:
        return valid
    hands = recorded_held_hands(result.provenance)
    rows = recorded_far_rows(result.provenance, bodies.target.num_vertices)
    if not hands and not len(rows):
        return valid
    left = valid & ~uncounted(bodies.target, hands, rows)
    return left if left.any() else valid


def counted_bodies(bodies: BodyPair, result: FitResult) -> BodyPair:
    """The bodies with the mask of `counted_valid`, to measure a fit with."""
    valid = counted_valid(bodies, result)
    if valid is bodies.correspondence.valid:
        return bodies
    return replace(bodies, correspondence=_with_valid(bodies.correspondence, valid.tobytes()))


@lru_cache(maxsize=2)
def _with_valid(correspondence: Correspondence, valid: bytes) -> Correspondence:
    # Kept: one frame after another is measured with it.
    return correspondence.with_valid(np.frombuffer(valid, dtype=bool))
