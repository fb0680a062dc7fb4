"""Motion files: those of AMASS and of the tools in `core.files.motion_sources`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from core.errors import FileError
from core.files.arrays import key_list, number, numbers, shape_text, text
from core.files.models import looks_like_model
from core.files.motion_sources.amass import FRAME_RATE_KEYS, POSE_PARTS
from core.files.motion_sources.contents import Contents, contents_of
from core.files.motion_sources.registry import NAMES, Source, source_of
from core.files.motion_sources.take import Take
from core.files.opening import checksum
from core.joints import FAMILY_LABEL, JOINT_NAMES
from core.motion import AS_IT_IS, UP_AXES, Motion, Reading, UpAxis

_FAMILY_OF_WIDTH = {3 * len(names): family for family, names in JOINT_NAMES.items()}
_GENDER_OF_WORD = {
    "male": "male",
    "m": "male",
    "female": "female",
    "f": "female",
    "neutral": "neutral",
    "n": "neutral",
}
_RANGES_SHOWN = 8
_PEOPLE_SHOWN = 12
_MOST_SIGMAS = 100


@dataclass(frozen=True)
class Person:
    """One of the people in a motion file.

    Attributes:
        name: what the file calls the person; None where it holds but one and has no name for it.
        frames: how many there are from the first to the last.
        seen: in how many of them the person is.
    """

    name: str | None
    frames: int
    seen: int

    @property
    def words(self) -> str:
        """How many frames, for people."""
        gaps = self.frames - self.seen
        frames = f"{self.frames} frame" + "s" * (self.frames != 1)
        return frames + (f", {gaps} of them gaps" if gaps else "")


class SeveralPeople(FileError):
    """A file holds several people, and none of them was chosen."""

    def __init__(self, path: str | Path, people: tuple[Person, ...], wanted: str | None) -> None:
        self.people = people
        listed = ", ".join(f"{person.name} ({person.words})" for person in people[:_PEOPLE_SHOWN])
        more = len(people) - _PEOPLE_SHOWN
        listed += f" and {more} more" if more > 0 else ""
        if wanted is None:
            super().__init__(path, f"holds {len(people)} people, choose one: {listed}")
        else:
            super().__init__(path, f"has no person '{wanted[:40]}', expected one of {listed}")


def load_motion(path: str | Path, reading: Reading = AS_IT_IS) -> Motion:
    """The motion in a file: of AMASS, or of one of the tools in `core.files.motion_sources`.

    In AMASS's keys that is SMPL+H (``poses`` (T, 156)), SMPL-X stage II (``poses`` (T, 165), or its pieces
    ``root_orient``, ``pose_body``, ``pose_jaw``, ``pose_eye`` and ``pose_hand``) and SMPL (``poses`` (T,
    72)), all with ``trans`` (T, 3) and ``betas``. Frames with NaN are kept and noted. What neither the file
    nor ``reading`` says (gender, frame rate) stays None and is noted, never invented.

    Args:
        path: the file.
        reading: who of several people, in which coordinates, and what the file does not say.

    Raises:
        SeveralPeople: there are several people and ``reading`` names none of them.
        FileError: the file cannot be read, is no motion, has no frames, or a key has the wrong type or shape.
    """
    path = Path(path)
    contents = contents_of(path)
    takes = _source(contents).takes(contents, reading.coordinates)
    take = _chosen(path, takes, reading.person)
    arrays, gaps = take.whole(path)
    notes = list(take.notes)
    family, poses = _poses(path, arrays, notes)
    frames = len(poses)
    if frames == 0:
        raise FileError(path, "holds no frames, expected at least one", key="poses")
    trans = numbers(path, "trans", arrays["trans"], (frames, 3))
    if "dmpls" in arrays and arrays["dmpls"].any():
        notes.append("The soft-tissue coefficients 'dmpls' have no counterpart and were left out.")
    betas, frame_betas, shapeless = _betas(path, arrays["betas"], frames, take.own_shapes)
    if shapeless.size:
        poses = poses.copy()
        poses[shapeless] = np.nan
    gender = _gender(path, arrays.get("gender"))
    rate = _frame_rate(path, arrays)
    if gender is None and reading.gender is None:
        notes.append("The file does not say the gender.")
    if rate is None and reading.frame_rate is None:
        notes.append("The file does not say the frame rate.")
    motion = Motion(
        family=family,
        poses=poses,
        trans=trans,
        betas=betas,
        gender=gender or reading.gender,
        frame_rate=rate or reading.frame_rate,
        up_axis=reading.up_axis or _up_axis(path, arrays.get("refit_up_axis")),
        expression=_expression(path, arrays.get("expression"), frames),
        path=path,
        sha256=checksum(path),
        frame_betas=frame_betas,
        reading=replace(
            reading,
            person=take.person if len(takes) > 1 else None,
            gender=None if gender else reading.gender,
            frame_rate=None if rate else reading.frame_rate,
        ),
    )
    notes += _not_finite(motion, gaps)
    motion = replace(motion, notes=tuple(notes))
    if reading.fps is None:
        return motion
    from core.resample import resampled

    return resampled(motion, reading.fps)


@dataclass(frozen=True)
class Survey:
    """What can be chosen in a motion file, and what it does not say.

    Attributes:
        people: at least one.
        coordinates: those that there are, where the file says so.
        lacks_rate: it does not say the frame rate.
        lacks_gender: it does not say the gender, of one person at least.
    """

    people: tuple[Person, ...]
    coordinates: tuple[str, ...]
    lacks_rate: bool
    lacks_gender: bool


def survey(path: str | Path) -> Survey:
    """What can be chosen in a motion file, and what it does not say.

    Raises:
        FileError: the file cannot be read, or is no motion.
    """
    path = Path(path)
    contents = contents_of(path)
    takes = _source(contents).takes(contents)
    return Survey(
        _people(takes),
        takes[0].there if takes else (),
        any(_frame_rate(path, take.arrays) is None for take in takes),
        any(_gender(path, take.arrays.get("gender")) is None for take in takes),
    )


def people_in(path: str | Path) -> tuple[Person, ...]:
    """Who is in a motion file.

    Raises:
        FileError: the file cannot be read, or is no motion.
    """
    contents = contents_of(Path(path))
    return _people(_source(contents).takes(contents))


def motion_source(path: str | Path) -> str | None:
    """The name of the tool whose motion file this is, ``'AMASS'`` for all with its keys; None for others.

    Raises:
        FileError: the file cannot be read, or is damaged.
    """
    source = source_of(contents_of(Path(path)))
    return source.NAME if source else None


def _source(contents: Contents) -> Source:
    """The module that reads the file.

    Raises:
        FileError: there is none, or it is a body model.
    """
    if looks_like_model({str(key) for key in contents.table}):
        raise FileError(contents.path, "is a body model, expected a motion with poses, trans and betas")
    source = source_of(contents)
    keys = set(contents.table)
    if source is not None:
        if source.NAME == "AMASS" and "betas" not in keys:
            raise _missing(contents.path, ["betas"], keys)
        return source
    expected = f"expected an .npz file with poses, trans and betas, or a motion of {NAMES}"
    if contents.kind == "npz":
        missing = [key for key in ("betas", "trans") if key not in keys]
        if "poses" not in keys and not {"root_orient", "pose_body"} <= keys:
            missing.append("poses")
        raise _missing(contents.path, missing, keys)
    kinds = {"pickle": "a pickle", "torch": "a torch file", "npy": "a single array"}
    if contents.kind in kinds:
        raise FileError(contents.path, f"is {kinds[contents.kind]} but not a motion, {expected}")
    raise FileError(contents.path, f"is not a motion file, {expected}")


def _missing(path: Path, missing: list[str], keys: set[str]) -> FileError:
    return FileError(
        path,
        f"is not a motion: it has no {key_list(missing)}, expected poses, trans and betas, "
        f"found {key_list(keys)}",
    )


def _people(takes: list[Take]) -> tuple[Person, ...]:
    return tuple(Person(take.person, take.frames, take.seen) for take in takes)


def _chosen(path: Path, takes: list[Take], person: str | None) -> Take:
    """The take of the person asked for; of one alone where nobody is asked for."""
    if not takes:
        raise FileError(path, "holds nobody, expected at least one person")
    if person is None and len(takes) == 1:
        return takes[0]
    if person is not None:
        for take in takes:
            if take.person == person:
                return take
        if takes[0].person is None:
            raise FileError(path, f"holds one person without a name, expected no choice of '{person[:40]}'")
    raise SeveralPeople(path, _people(takes), person)


def _not_finite(motion: Motion, gaps: np.ndarray) -> list[str]:
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


def _poses(path: Path, arrays: dict[str, np.ndarray], notes: list[str]) -> tuple[str, np.ndarray]:
    """Family and (T, J, 3) poses."""
    if "poses" not in arrays:
        return _poses_of_parts(path, arrays, notes)
    poses = arrays["poses"]
    if poses.ndim == 3 and poses.shape[2] == 3:
        poses = poses.reshape(len(poses), poses.shape[1] * 3)
    family = _FAMILY_OF_WIDTH.get(poses.shape[1]) if poses.ndim == 2 else None
    if family is None:
        widths = ", ".join(f"(any, {n}) for {FAMILY_LABEL[f]}" for n, f in sorted(_FAMILY_OF_WIDTH.items()))
        raise FileError(path, f"has shape {shape_text(poses.shape)}, expected {widths}", key="poses")
    poses = numbers(path, "poses", poses, (None, None))
    return family, poses.reshape(len(poses), poses.shape[1] // 3, 3)


def _poses_of_parts(path: Path, arrays: dict[str, np.ndarray], notes: list[str]) -> tuple[str, np.ndarray]:
    said = (
        text(path, "surface_model_type", arrays["surface_model_type"])
        if "surface_model_type" in arrays
        else ""
    )
    family = "smplh" if said.lower() == "smplh" else "smplx"
    frames = len(arrays["root_orient"]) if arrays["root_orient"].ndim else 0
    pieces = []
    for key, width in POSE_PARTS.items():
        if family == "smplh" and key in ("pose_jaw", "pose_eye"):
            continue
        if key in arrays:
            pieces.append(numbers(path, key, arrays[key], (frames, width)))
        else:
            notes.append(f"There is no '{key}', so that part of the pose is zero.")
            pieces.append(np.zeros((frames, width), np.float32))
    return family, np.concatenate(pieces, 1).reshape(frames, len(JOINT_NAMES[family]), 3)


def _betas(
    path: Path, betas: np.ndarray, frames: int, own_shapes: bool
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """(B,) from (B,), (1, B), or (T, B), (T, B) where they differ, and the frames without a shape.

    Where they may differ, ``own_shapes``, the first is their mean; elsewhere all frames must have the same.
    """
    own, shapeless = None, np.empty(0, int)
    if betas.ndim == 2 and len(betas) in (1, frames):
        rows = numbers(path, "betas", betas, (None, None))
        finite = np.isfinite(rows).all(1)
        if own_shapes and finite.any() and not finite.all():
            shapeless, rows = np.flatnonzero(~finite), np.where(finite[:, None], rows, rows[finite].mean(0))
        same = np.isfinite(rows).all() and np.allclose(rows, rows[:1], atol=1e-6)
        if not same and not own_shapes and np.isfinite(rows).all():
            raise FileError(
                path, "differ between frames, expected one shape for the whole motion", key="betas"
            )
        own = rows if own_shapes and not same else None
        betas = rows.mean(0) if own is not None else rows[0]
    values = numbers(path, "betas", betas, (None,))
    for found in (values,) if own is None else (own, values):
        if not np.isfinite(found).all():
            raise FileError(path, "holds values that are not finite", key="betas")
        if found.size and np.abs(found).max() > _MOST_SIGMAS:
            most = np.abs(found).max()
            raise FileError(path, f"holds {most:.3g}, expected at most {_MOST_SIGMAS} in size", key="betas")
    return values, own, shapeless


def _gender(path: Path, array: np.ndarray | None) -> str | None:
    if array is None:
        return None
    word = text(path, "gender", array).strip().lower()
    if word.startswith(("b'", 'b"')):  # bytes that were turned to text by mistake
        word = word[2:-1]
    if word in ("", "none", "unknown"):
        return None
    try:
        return _GENDER_OF_WORD[word]
    except KeyError:
        raise FileError(path, f"is '{word[:40]}', expected male, female or neutral", key="gender") from None


def _frame_rate(path: Path, arrays: dict[str, np.ndarray]) -> float | None:
    for key in FRAME_RATE_KEYS:
        if key in arrays:
            rate = number(path, key, arrays[key])
            if not (np.isfinite(rate) and rate > 0):
                raise FileError(path, f"is {rate:g}, expected a positive number of frames a second", key=key)
            return rate
    return None


def _up_axis(path: Path, array: np.ndarray | None) -> UpAxis:
    """What the file says; AMASS does not say and is z-up."""
    axis = "z" if array is None else text(path, "refit_up_axis", array)
    if axis not in UP_AXES:
        raise FileError(path, f"is '{axis[:40]}', expected y, z or -y", key="refit_up_axis")
    return cast(UpAxis, axis)


def _expression(path: Path, array: np.ndarray | None, frames: int) -> np.ndarray | None:
    if array is None:
        return None
    values = numbers(path, "expression", array, (frames, None))
    return values if values.shape[1] else None
