"""The motion in what a source's module hands on, with what it was taken to mean."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from core.errors import FileError
from core.files.assumption import (
    ANGLES,
    COORDINATES,
    DEFAULT,
    FAMILY,
    FRAME_RATE,
    GENDER,
    HANDS,
    NUMBERS,
    SIDES,
    UNIT,
    UP_AXIS,
    Doubt,
)
from core.files.containers.arrays import numbers
from core.files.containers.opening import checksum
from core.files.motions.conventions import in_metres, in_radians, on_their_sides, origin_in
from core.files.motions.detective import (
    doubt_hands,
    doubt_metres,
    doubt_radians,
    doubt_rate,
    doubt_sides,
    heads_along,
    up_as_they_stand,
    up_by_ground,
    up_note,
)
from core.files.motions.motion_arrays import (
    all_betas_in,
    betas_in,
    beyond_people,
    expression_in,
    family_in,
    fitted_betas_in,
    frame_rate_in,
    gender_in,
    poses_in,
    up_axis_in,
)
from core.files.motions.parts.person_track import WORLD, Take
from core.files.motions.settle import NOT_TOLD_APART, REFUSE, Doubtful, Settling, reading_kept
from core.files.motions.sources.frame_folder import folder_checksum
from core.model.joints import FAMILY_LABEL
from core.model.motion import BodyTerms, Motion, Reading, UpAxis
from core.world_origin import far_note, near_origin

AMASS = "AMASS"
_RANGES_SHOWN = 8


def motion_of_take(
    path: Path,
    take: Take,
    tool: str,
    reading: Reading,
    otherwise: Reading,
    doubts: str = REFUSE,
    *,
    sha256: str | None = None,
) -> Motion:
    """The motion of one person.

    Args:
        path: the file.
        take: the person, from a source's module.
        tool: the name of that source.
        reading: what the user says.
        otherwise: what was said for files that do not say it themselves.
        doubts: as in `Settling.judge`.
        sha256: of the file; None where it is to be made.

    Raises:
        Doubtful: the numbers speak against what would be taken.
        FileError: there are no frames, or a key has the wrong type or shape.
    """
    try:
        motion = _motion(path, take, tool, reading, otherwise, doubts)
    except FileError as error:
        if isinstance(error, Doubtful) or error.key is None or error.key not in take.keys:
            raise
        raise FileError(error.path, error.problem, key=take.keys[error.key]) from None
    if sha256 is None:
        sha256 = folder_checksum(path) if os.path.isdir(path) else checksum(path)
    return replace(motion, sha256=sha256)


def _motion(path: Path, take: Take, tool: str, reading: Reading, otherwise: Reading, doubts: str) -> Motion:
    arrays, gaps = take.whole(path)
    notes = list(take.notes)
    settling = Settling(reading.by_quantity(), otherwise.by_quantity(), take.known, doubts)
    settling.trusted = tool == AMASS and "refit_up_axis" in arrays
    said = family_in(path, arrays, notes)

    def family_of(looks: str, why: str, sure: bool) -> str:
        if tool != AMASS and said is not None:
            return str(settling.take(FAMILY, tool=(said[0], f"{tool} writes it")))
        if said is not None and said[0] != looks and sure:
            notes.append(f"{said[1]}, which is taken, though {why}, as in {FAMILY_LABEL[looks]}.")
        if any(one.quantity == FAMILY for one in take.known):
            return str(settling.take(FAMILY))
        if tool != AMASS and "poses" in take.keys:
            why = why.replace("'poses'", f"'{take.keys['poses']}'")
        elif tool != AMASS:
            return str(settling.take(FAMILY, tool=(looks, f"{tool} writes it")))
        shape = {"file" if sure else "numbers": (looks, why)}
        return str(settling.take(FAMILY, file=said) if said is not None else settling.take(FAMILY, **shape))

    family, poses = poses_in(path, arrays, family_of, notes)
    if settling.assumed[-1].how == NUMBERS:
        label = FAMILY_LABEL[family]
        notes.append(f"The file does not say its family: {settling.assumed[-1].why}: {label} is taken.")
    frames = len(poses)
    if frames == 0:
        raise FileError(path, "holds no frames, expected at least one", key="poses")
    settling.doubt(ANGLES, lambda: doubt_radians(poses))
    poses = in_radians(poses, settling)
    settling.doubt(SIDES, lambda: doubt_sides(poses))
    poses, terms = on_their_sides(poses, take.whole_terms(), family, settling)
    rate = settling.take(FRAME_RATE, file=frame_rate_in(path, arrays, notes, take.keys))
    metres = in_metres(numbers(path, "trans", arrays["trans"], (frames, 3), np.float64), settling)
    unit = settling.assumed[-1].value
    settling.doubt(FRAME_RATE, lambda: doubt_rate(rate, metres))
    settling.doubt(UNIT, lambda: _doubt_unit(take, unit, doubt_metres(poses, metres, rate)))
    trans, origin = near_origin(metres, origin_in(path, arrays.get("refit_origin"), metres))
    if origin is not None:
        notes.append(far_note(origin))
    if "dmpls" in arrays and np.count_nonzero(arrays["dmpls"]):
        notes.append("The soft-tissue coefficients 'dmpls' have no counterpart and were left out.")
    betas, frame_betas, shapeless = betas_in(path, arrays["betas"], frames, take.own_shapes, notes)
    if "refit_betas" in arrays:
        betas = all_betas_in(path, arrays["refit_betas"], betas, notes)
    if "refit_frame_betas" in arrays:
        betas, frame_betas = fitted_betas_in(path, arrays["refit_frame_betas"], frames, betas, notes)
    elif frame_betas is not None and tool == AMASS:
        notes.append(
            f"Betas differ by {np.ptp(frame_betas, axis=0).max():.1g} between frames: each keeps its own."
        )
    notes += beyond_people(betas, frame_betas)
    if shapeless.size:
        poses = poses.copy()
        poses[shapeless] = np.nan
    up_axis = _up_axis(path, arrays, tool, (poses, metres), settling, notes)
    gender = gender_in(path, arrays.get("gender"))
    gender = settling.take(GENDER, file=None if gender is None else (gender, f"'gender' is {gender}"))
    if gender is None:
        notes.append("The file does not say the gender.")
    if rate is None:
        notes.append("The file does not say the frame rate.")
    _coordinates(take, reading, settling)
    terms = _body_terms(terms, tool, family, settling)
    if terms is None:
        settling.doubt(HANDS, lambda: doubt_hands(poses, family))
    settling.judge(path)
    motion = Motion(
        family=family,
        poses=poses,
        trans=trans,
        betas=betas,
        gender=gender,
        frame_rate=rate,
        up_axis=up_axis,
        expression=expression_in(path, arrays.get("expression"), frames),
        path=path,
        frame_betas=frame_betas,
        reading=replace(
            reading_kept(reading, settling, otherwise), in_body=True if terms is not None else None
        ),
        body_terms=terms,
        origin=origin,
        assumed=tuple(settling.assumed),
        doubts=(*settling.doubts, *settling.unclear),
    )
    notes += settling.notes
    notes += not_finite(motion, gaps)
    return replace(motion, notes=tuple(notes))


def _doubt_unit(take: Take, unit: str, found: Doubt | None) -> Doubt | None:
    """What speaks against the unit that was taken, ``found`` in the metres that it makes."""
    if unit == "m":
        return next((one for one in take.doubts if one.quantity == UNIT), found)
    return None if found is None else replace(found, likely="")


def lacks(path: Path, take: Take, quantity: str) -> bool:
    """Whether neither the file says a person's frame rate or gender, nor the tool is known for one."""
    if any(one.quantity == quantity for one in take.known):
        return False
    if quantity == FRAME_RATE:
        return frame_rate_in(path, take.arrays) is None
    return gender_in(path, take.arrays.get("gender")) is None


def _up_axis(
    path: Path,
    arrays: dict[str, np.ndarray],
    tool: str,
    body: tuple[np.ndarray, np.ndarray],
    settling: Settling,
    notes: list[str],
) -> UpAxis:
    """The axis that is up: what the file or its tool says, else where the heads are."""
    said = up_axis_in(path, arrays.get("refit_up_axis"))
    if tool == AMASS:
        file = None if said is None else (said, f"'refit_up_axis' is {said}")
        stand, unclear = up_by_ground(*body, "z") if said is None else (None, "")
        guess = None if stand is None else (stand, f"the bodies stand on the ground along {stand}")
        taken = settling.take(UP_AXIS, file=file, numbers=guess, default=("z", "as a rule with AMASS's keys"))
        if settling.assumed[-1].how == NUMBERS:
            notes.append(up_note("The file does", settling.assumed[-1]))
        elif settling.assumed[-1].how == DEFAULT and unclear:
            settling.unclear.append(Doubt(UP_AXIS, unclear))
            notes.append(f"The file does not say which axis is up: z is taken, though {unclear}.")
    elif said is not None:
        taken = settling.take(UP_AXIS, tool=(said, f"{tool} writes it so"))
    else:
        taken = up_as_they_stand(heads_along(body[0][:, 0]), settling, notes, "The file does")
    return cast(UpAxis, taken)


def _body_terms(terms: BodyTerms | None, tool: str, family: str, settling: Settling) -> BodyTerms | None:
    """What is told in terms of the body, with hands as they are said to be."""
    if family == "smpl":
        settling.does_not_apply(HANDS, "SMPL has no fingers")
        return terms
    known = None if terms is None or not terms.hands_mean else ("mean", f"{tool} writes them so")
    mean = settling.take(HANDS, tool=known, default=("flat", "as a rule")) == "mean"
    terms = replace(terms or BodyTerms(), hands_mean=mean)
    told = mean or terms.trans_of or terms.about_origin or terms.hand_components is not None
    return terms if told else None


def _coordinates(take: Take, reading: Reading, settling: Settling) -> None:
    """Those of the world and of the camera, as far as the file tells them apart."""
    if not take.there:
        settling.does_not_apply(COORDINATES, NOT_TOLD_APART)
    elif len(take.there) == 1:
        settling.take(COORDINATES, tool=(take.there[0], "the file has no others"))
    else:
        settling.take(COORDINATES, default=(WORLD, "the file has the camera's as well"))


def not_finite(motion: Motion, gaps: np.ndarray) -> list[str]:
    """Sentences on the frames in which the person is not seen, and on those with impossible numbers."""
    notes, frames = [], len(motion)
    if gaps.size:
        if gaps.size == 1:
            notes.append(f"Frame {gaps[0]} of {frames} is a gap: the person is not in it.")
        else:
            notes.append(f"Frames {ranges(gaps)} of {frames} are gaps: the person is not in them.")
    bad = np.setdiff1d(np.flatnonzero(~motion.finite_frames()), gaps)
    if bad.size:
        which = "Frame" if bad.size == 1 else "Frames"
        notes.append(
            f"{which} {ranges(bad)} of {frames} hold values that are not finite, or too large to be a pose."
        )
    return notes


def ranges(ids: np.ndarray) -> str:
    """Sorted integers for people: ``3, 7–9``; a long list ends in ``and N more``."""
    runs = np.split(ids, np.flatnonzero(np.diff(ids) > 1) + 1)
    words = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs[:_RANGES_SHOWN]]
    more = sum(len(run) for run in runs[_RANGES_SHOWN:])
    return ", ".join(words) + (f" and {more} more" if more else "")
