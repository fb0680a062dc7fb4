"""Motion files: those of AMASS and of the tools in `core.files.motions.sources`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import FileError
from core.files.assumption import FRAME_RATE, GENDER
from core.files.bodies.models import looks_like_model
from core.files.containers.arrays import key_list
from core.files.containers.refusals import reads
from core.files.motions.mesh_motions import NAME as MESHES
from core.files.motions.mesh_motions import holds_vertices, is_mesh_folder, is_meshes, load_meshes, says
from core.files.motions.of_take import lacks, motion_of_take, not_finite
from core.files.motions.parts.file_contents import Contents, contents_of
from core.files.motions.parts.person_track import Take
from core.files.motions.registry import NAMES, Source, is_frame_folder, source_of
from core.files.motions.settle import REFUSE, TELL
from core.files.motions.sources.smplx_arguments import holds
from core.model.motion import AS_IT_IS, Motion, Reading

_PEOPLE_SHOWN = 12
MOST_BESIDE = 11
"""Of a crowd so many others are read to be shown."""


@dataclass(frozen=True)
class Person:
    """One of the people in a motion file.

    Attributes:
        name: what the file calls the person; None where it holds but one and has no name for it.
        frames: how many there are from the first to the last.
        seen: in how many of them the person is.
        first: when the first is, in the file's own count, and ``step``: how far apart two are that follow.
        scene: those who are together, at one place and time, have the same one.
    """

    name: str | None
    frames: int
    seen: int
    first: int = 0
    step: int = 1
    scene: str = ""

    @property
    def words(self) -> str:
        """How many frames, for people."""
        gaps = self.frames - self.seen
        frames = f"{self.frames} frame" + "s" * (self.frames != 1)
        return frames + (f", {gaps} of them gaps" if gaps else "")

    def frame_beside(self, other: Person, frame: int) -> int | None:
        """The frame of this person at the moment of a frame of the ``other``; None where there is none."""
        if self.scene != other.scene:
            return None
        found, between = divmod(other.first + frame * other.step - self.first, self.step)
        return found if not between and 0 <= found < self.frames else None

    def nearest_beside(self, other: Person, frame: int) -> int:
        """The frame of this person nearest in time to a frame of the ``other``; 0 in another scene."""
        if self.scene != other.scene:
            return 0
        found = round((other.first + frame * other.step - self.first) / self.step)
        return min(max(found, 0), max(self.frames - 1, 0))


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


@reads("motion|result|mesh", "a motion")
def load_motion(
    path: str | Path,
    reading: Reading = AS_IT_IS,
    *,
    otherwise: Reading = AS_IT_IS,
    doubts: str = REFUSE,
) -> Motion:
    """The motion in a file: of AMASS, of one of the tools in `core.files.motions.sources`, or meshes.

    In AMASS's keys that is SMPL+H (``poses`` (T, 156)), SMPL-X stage II (``poses`` (T, 165), or its pieces
    ``root_orient``, ``pose_body``, ``pose_jaw``, ``pose_eye`` and ``pose_hand``) and SMPL (``poses`` (T,
    72)), all with ``trans`` (T, 3) and ``betas``. Frames with NaN are kept and noted. What neither the file
    nor ``reading`` says (gender, frame rate) stays None and is noted, never invented. What was taken, and
    why, is told in ``assumed``, and in ``unused`` which keys of the file were not.

    Meshes are an ``.npz`` with ``vertices`` (T, V, 3), metres, of an SMPL or SMPL-H body or of an SMPL-X one,
    a folder of ``.obj`` or ``.ply`` with such vertices, or one of those.

    Args:
        path: the file, or a folder of meshes.
        reading: who of several people, in which coordinates, and what wins over what the file says.
        otherwise: what to take where neither the file nor ``reading`` says it.
        doubts: ``'refuse'`` what would be wrong (degrees, centimetres, swapped sides), ``'tell'`` all in the
            notes, ``'strict'``: refuse every guess, or ``'as made'``: ``otherwise`` is what was taken when a
            fit was made of the file, wins over what the file says, and all else is told in the notes.

    Raises:
        Doubtful: the numbers speak against what would be taken.
        SeveralPeople: there are several people and ``reading`` names none of them.
        FileError: the file cannot be read, is no motion, has no frames, or a key has the wrong type or shape.
    """
    path = Path(path)
    if is_meshes(path):
        return _of_meshes(path, reading, otherwise, doubts)
    contents = contents_of(path)
    if _is_meshes(contents):
        return _of_meshes(path, reading, otherwise, doubts)
    return motion_in(contents, reading, otherwise, doubts)


def motion_in(
    contents: Contents,
    reading: Reading = AS_IT_IS,
    otherwise: Reading = AS_IT_IS,
    doubts: str = REFUSE,
    *,
    sha256: str | None = None,
) -> Motion:
    """The motion in what a file holds that is no meshes; as `load_motion`.

    Args:
        contents: of the file.
        reading: as there.
        otherwise: as there.
        doubts: as there.
        sha256: of the file; None where it is to be made.
    """
    path, source = contents.path, _source(contents)
    if reading.rest_mesh is not None:
        raise FileError(path, "is no meshes, expected no rest mesh")
    reading = replace(reading, transfer=None)
    contents.forget()
    takes = source.takes(contents, reading.coordinates)
    take = _chosen(path, takes, reading.person)
    motion = motion_of_take(path, take, source.NAME, reading, otherwise, doubts, sha256=sha256)
    person = take.person if len(takes) > 1 else None
    motion = replace(motion, unused=contents.unused(), reading=replace(motion.reading, person=person))
    if reading.fps is None:
        return motion
    from core.model.resample import resampled

    return resampled(motion, reading.fps)


def _of_meshes(path: Path, reading: Reading, otherwise: Reading, doubts: str) -> Motion:
    """The motion in a file or folder of meshes."""
    motion = load_meshes(path, reading, otherwise, doubts)
    if reading.fps is not None and reading.fps != motion.frame_rate:
        raise FileError(path, "is meshes, which have no rotations to resample; leave out --fps")
    return replace(motion, notes=(*motion.notes, *not_finite(motion, np.empty(0, int))))


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


@reads("motion|result|mesh", "a motion")
def survey(path: str | Path) -> Survey:
    """What can be chosen in a motion file, and what it does not say.

    Raises:
        FileError: the file cannot be read, or is no motion.
    """
    path = Path(path)
    contents = None if is_meshes(path) else contents_of(path)
    if contents is None or _is_meshes(contents):
        frames, lacks_rate, lacks_gender = says(path)
        return Survey((Person(None, frames, frames),), (), lacks_rate, lacks_gender)
    takes = _source(contents).takes(contents)
    return Survey(
        _people(takes),
        takes[0].there if takes else (),
        any(lacks(path, take, FRAME_RATE) for take in takes),
        any(lacks(path, take, GENDER) for take in takes),
    )


@dataclass(frozen=True, eq=False)
class Company:
    """The people of a file, and those who are together with one of them.

    Attributes:
        people: all of them.
        beside: the others whose frames meet those of the one, with their motions.
    """

    people: tuple[Person, ...]
    beside: tuple[tuple[Person, Motion], ...] = ()


@reads("motion|result|mesh", "a motion")
def company_of(path: str | Path, reading: Reading, *, most: int = MOST_BESIDE) -> Company:
    """Who is in a motion file, and the motions of those who are together with one person of it.

    Args:
        path: the file.
        reading: who the one is, and how the file is read; the gender that it says is of that one alone.
        most: so many others at most, those who are seen longest.

    Raises:
        FileError: the file cannot be read, or is no motion. An other whose numbers are no motion is left out.
    """
    path = Path(path)
    if is_meshes(path):
        return Company(survey(path).people)
    contents = contents_of(path)
    if _is_meshes(contents):
        return Company(survey(path).people)
    source = _source(contents)
    takes = source.takes(contents, reading.coordinates)
    people = _people(takes)
    one = next((person for person in people if person.name == reading.person), None)
    if one is None or len(people) == 1:
        return Company(people)
    told = replace(reading, gender=None, in_body=None)
    found: list[tuple[Person, Motion]] = []
    for person, take in sorted(zip(people, takes, strict=True), key=lambda pair: -pair[0].seen):
        if person is one or len(found) == most or not _meet(person, one):
            continue
        with suppress(FileError):
            motion = motion_of_take(path, take, source.NAME, told, AS_IT_IS, TELL)
            found.append((person, replace(motion, reading=replace(motion.reading, person=person.name))))
    return Company(people, tuple(sorted(found, key=lambda pair: people.index(pair[0]))))


def _meet(one: Person, other: Person) -> bool:
    """They are together at one moment at least, from first to last."""
    ends = [(person.first, person.first + (person.frames - 1) * person.step) for person in (one, other)]
    return one.scene == other.scene and ends[0][0] <= ends[1][1] and ends[1][0] <= ends[0][1]


def people_in(path: str | Path) -> tuple[Person, ...]:
    """Who is in a motion file.

    Raises:
        FileError: the file cannot be read, or is no motion.
    """
    return survey(path).people


def motion_source(path: str | Path) -> str | None:
    """The name of the tool whose motion file this is, ``'AMASS'`` for all with its keys, ``'meshes'`` for
    vertices over time; None for others.

    Raises:
        FileError: the file cannot be read, or is damaged.
    """
    if is_meshes(path):
        return MESHES
    contents = contents_of(Path(path))
    source = source_of(contents)
    if source is None:
        return MESHES if _is_meshes(contents) else None
    return source.NAME


def is_motion_folder(path: str | Path) -> bool:
    """Whether it is a folder that is one motion: of meshes, or of a file a frame."""
    return is_mesh_folder(path) or is_frame_folder(path)


def _is_meshes(contents: Contents) -> bool:
    return (
        holds_vertices(contents)
        and source_of(contents) is None
        and not looks_like_model({str(key) for key in contents.table})
    )


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
    expected = f"expected an .npz file with poses, trans and betas, or with vertices, or a motion of {NAMES}"
    if contents.kind == "npz":
        missing = [key for key in ("betas", "trans") if key not in keys]
        if "poses" not in keys and not {"root_orient", "pose_body"} <= keys:
            missing.append("poses")
        raise _missing(contents.path, missing, keys)
    kinds = {"pickle": "a pickle", "torch": "a torch file", "npy": "a single array"}
    frames = contents.value if isinstance(contents.value, (list, tuple)) else ()
    if frames and all(isinstance(frame, dict) and holds(frame) for frame in frames):
        found = f"is a list of {len(frames)} frames, each a dict of arguments of smplx"
        raise FileError(contents.path, f"{found}, expected one dict of arrays with a row a frame")
    if contents.kind in kinds:
        raise FileError(contents.path, f"is {kinds[contents.kind]} but not a motion, {expected}")
    if contents.kind == "folder":
        raise FileError(contents.path, "is a folder, expected a file, or a folder of meshes or of frames")
    raise FileError(contents.path, f"is not a motion file, {expected}")


def _missing(path: Path, missing: list[str], keys: set[str]) -> FileError:
    return FileError(
        path,
        f"is not a motion: it has no {key_list(missing)}, expected poses, trans and betas, "
        f"found {key_list(keys)}",
    )


def _people(takes: list[Take]) -> tuple[Person, ...]:
    return tuple(
        Person(
            take.person,
            take.frames,
            take.seen,
            0 if take.ids is None or not len(take.ids) else int(take.ids[0]),
            take.step,
            take.scene,
        )
        for take in takes
    )


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
