"""A fit in a file, to be laid beside those of a motion that is open: is it of that motion, in that body?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import FileError
from core.files.motions.conventions import from_origin
from core.model.joints import FAMILY_LABEL
from core.session.fit_origin import told_of

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion


def check_beside(path: Path, result: FitResult, motion: Motion, bodies: BodyPair) -> None:
    """Raises FileError unless a fit can be compared, vertex by vertex, with those of a motion.

    Args:
        path: the file of the fit.
        result: the fit.
        motion: the source of the others.
        bodies: that these were made with. How a fit was made, and from which body, makes no difference.
    """
    body, made = bodies.target, told_of(result, "target_body")
    if result.family != body.family:
        problem = (
            f"is a fit of {FAMILY_LABEL[result.family]}, and those of {motion.name} are of "
            f"{FAMILY_LABEL[body.family]}: their skins share no vertices to compare"
        )
    elif made.get("sha256", body.sha256) != body.sha256:
        kind = "built-in" if made.get("built_in") else "licensed"
        own = f"{FAMILY_LABEL[body.family]} ({body.gender}, {'built-in' if body.builtin else 'licensed'})"
        problem = (
            f"was made with {FAMILY_LABEL[result.family]} ({result.gender}, {kind}), not with the {own} in "
            "use: only fits in the same body are compared vertex by vertex"
        )
    elif len(result) != len(motion):
        problem = (
            f"has {len(result):,} frames, and {motion.name} has {len(motion):,}: fits are compared frame by "
            "frame"
        )
    else:
        problem = _other_motion(result, motion)
    if problem:
        raise FileError(path, problem)


def as_beside(result: FitResult, motion: Motion) -> FitResult:
    """The fit with its positions from the motion's own origin, without which the two lie apart."""
    fit = result.as_motion()
    if fit.origin == motion.origin:
        return result
    source = {**told_of(result, "source"), "origin": None if motion.origin is None else list(motion.origin)}
    moved = from_origin(fit, motion.origin).trans
    return replace(result, transl=moved, provenance={**result.provenance, "source": source})


def _other_motion(result: FitResult, motion: Motion) -> str:
    """That the fit was made from another motion, in words, as far as it says; nothing where it was made from
    this one, or from a copy of its file."""
    told, name = told_of(result, "source"), result.source_name or "another motion"
    if not told.get("sha256") or told["sha256"] != motion.sha256:
        return (
            "" if Path(name).name == Path(motion.name).name else f"is a fit of {name}, not of {motion.name}"
        )
    start, reading = told.get("start", motion.start), told.get("reading")
    person = reading.get("person") if isinstance(reading, dict) else None
    if start != motion.start:
        return f"is a fit of another part of {name}: it begins at frame {start}, not at {motion.start}"
    if person != motion.reading.person:
        return f"is a fit of person {person} of {name}, not of person {motion.reading.person}"
    return ""
