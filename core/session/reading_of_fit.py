"""How the motion of a fit was read when the fit was made, so that it is never taken for another one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from core.files.assumption import (
    ANGLES,
    COORDINATES,
    FAMILY,
    FRAME_RATE,
    HANDS,
    SIDES,
    UNIT,
    UP_AXIS,
    Assumption,
    meaning_of_json,
)
from core.files.motions.conventions import from_origin
from core.model.fit_result import FitResult
from core.model.joints import FAMILY_LABEL, GENDERS
from core.model.motion import FIELD_OF_QUANTITY, Motion, Reading
from core.session.fit_origin import told_of
from core.world_origin import far_note

# Where these differ, it is another motion.
_OF_THE_MOTION = (UP_AXIS, UNIT, HANDS, COORDINATES, ANGLES, SIDES)


def reading_of_fit(result: FitResult) -> Reading:
    """What the motion was taken to mean when the fit was made.

    Earlier versions kept no list of it: they took metres and radians, and the family and the axis that are
    told of the source's body and of the fit.
    """
    told = told_of(result, "source")
    if isinstance(told.get("assumed"), list):
        return _of_assumed(meaning_of_json(told)["assumed"])
    body = told_of(result, "source_body")
    licensed = not body.get("built_in") and body.get("gender") in GENDERS
    return Reading.of_json(
        {
            "family": body.get("family"),
            "up_axis": result.up_axis,
            "unit": "m",
            "angles": "radians",
            "sides": "as-is",
            "gender": body.get("gender") if licensed else None,
            "hands": None if Reading.of_json(told.get("reading")).in_body else "flat",
        }
    )


def as_it_was(motion: Motion, result: FitResult) -> Motion:
    """The motion, read with `reading_of_fit`, with what a reading cannot say as it was.

    Args:
        motion: of all frames of the fit, or of all of the file.
        result: the fit.
    """
    motion = from_origin_of_fit(motion, result)
    if result.frame_rate is None:
        # Nobody knew it, whatever the file says by names that were not known then.
        motion = replace(motion, frame_rate=None)
    return motion


def from_origin_of_fit(motion: Motion, result: FitResult) -> Motion:
    """The motion with its positions from the origin that those of the fit are from, without which the two lie
    apart: earlier versions had no origin but that of the file's world.
    """
    origin = meaning_of_json(told_of(result, "source"))["origin"]
    if motion.origin == origin:
        return motion
    notes = [note for note in motion.notes if motion.origin is None or note != far_note(motion.origin)]
    return replace(from_origin(motion, origin), notes=tuple(notes))


def other_reading(result: FitResult, motion: Motion) -> str:
    """A sentence where a motion is not read as that of the fit was; nothing where it is, or nobody knows."""
    made = reading_of_fit(result)
    if made.family is not None and made.family != motion.family:
        read = f"{motion.name} is read as {FAMILY_LABEL[motion.family]}"
        return f"The fit was made of {FAMILY_LABEL[made.family]}, and {read}: {_advice(made, FAMILY)}."
    for one in motion.assumed:
        then = getattr(made, FIELD_OF_QUANTITY[one.quantity])
        if one.quantity in _OF_THE_MOTION and then is not None and one.value and then != one.value:
            return (
                f"The fit was made with {one.quantity} {then}, and {motion.name} is read with {one.value}: "
                f"{_advice(made, one.quantity)}."
            )
    told = told_of(result, "source")
    knew = not told or Reading.of_json(told.get("reading")).in_body
    if motion.body_terms is not None and motion.body_terms.trans_of and not knew:
        return (
            f"The fit was made by an earlier version, which took the positions in {motion.name} for the "
            "body's translation: fit it anew."
        )
    return ""


def _advice(made: Reading, quantity: str) -> str:
    name = FIELD_OF_QUANTITY[quantity]
    return f"load it with {name}={getattr(made, name)!r}, or fit it anew"


def _of_assumed(assumed: tuple[Assumption, ...]) -> Reading:
    values: dict[str, Any] = {FIELD_OF_QUANTITY[one.quantity]: one.value for one in assumed if one.value}
    rate = values.pop(FIELD_OF_QUANTITY[FRAME_RATE], "")
    with suppress(ValueError):
        values |= {FIELD_OF_QUANTITY[FRAME_RATE]: float(rate)} if rate else {}
    return Reading.of_json(values)
