"""Motions that are meshes: an ``.npz`` with ``vertices`` (T, V, 3), a folder of ``.obj`` or ``.ply``, or a
single one of them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.errors import FileError
from core.files.assumption import (
    ANGLES,
    COORDINATES,
    FAMILY,
    FRAME_RATE,
    GENDER,
    HANDS,
    SIDES,
)
from core.files.bodies.models import NUM_VERTICES
from core.files.containers.array_header import ArrayHeader
from core.files.containers.arrays import shape_text
from core.files.containers.npz import npz_headers, read_float32, read_npz, some_numbers
from core.files.containers.opening import MAX_BYTES, checksum, read_bytes
from core.files.motions.conventions import in_metres
from core.files.motions.detective import doubt_rate, meshes_stand_along, up_as_they_stand
from core.files.motions.mesh_places import NearOrigin
from core.files.motions.mesh_readers import (
    MOST_BYTES,
    READERS,
    have_gaps,
    mesh_places,
    mesh_vertices,
    told_origin,
)
from core.files.motions.motion_arrays import frame_rate_in, gender_in, up_axis_in
from core.files.motions.parts.file_contents import Contents, names_in
from core.files.motions.parts.numbered_names import natural
from core.files.motions.settle import NOT_TOLD_APART, REFUSE, Settling, reading_kept
from core.files.motions.sources.amass import RATE_KEYS
from core.model.motion import AS_IT_IS, MOST_FRAMES, Motion, Reading, motion_of_meshes
from core.world_origin import NOWHERE

NAME = "meshes"
KEY = "vertices"
FAMILY_OF_COUNT = {NUM_VERTICES["smplh"]: "smplh", NUM_VERTICES["smplx"]: "smplx"}
"""Whose vertices they are. SMPL's are SMPL-H's, whose fingers can follow them."""

REGRESSED = "The source is meshes: its joints are found by the body's regressor, and it has no rotations."
_SAID = ("gender", "refit_up_axis", *RATE_KEYS)


def is_mesh_folder(path: str | Path) -> bool:
    """Whether it is a folder with meshes in it."""
    return bool(Path(path).is_dir() and _listed(Path(path)))


def is_meshes(path: str | Path) -> bool:
    """Whether it is a folder with meshes in it, or a single mesh."""
    path = Path(path)
    return is_mesh_folder(path) or (path.suffix.lower() in READERS and path.is_file())


def holds_vertices(contents: Contents) -> bool:
    """Whether a file that is no other motion is meshes over time."""
    header = contents.table.get(KEY)
    return contents.kind == "npz" and isinstance(header, ArrayHeader)


def load_meshes(path: Path, reading: Reading, otherwise: Reading = AS_IT_IS, doubts: str = REFUSE) -> Motion:
    """The motion in an ``.npz`` with ``vertices``, metres, or in a folder of meshes.

    Raises:
        FileError: a file cannot be read, its vertices are not those of a body, or too far from the origin for
            their digits.
    """
    if reading.person is not None:
        raise FileError(path, f"is meshes, expected no choice of person ('{reading.person[:40]}')")
    arrays, unused = dict[str, np.ndarray](), tuple[str, ...]()
    settling = Settling(reading.by_quantity(), otherwise.by_quantity(), (), doubts)
    count = _count_in(path)
    family = FAMILY_OF_COUNT[count]
    settling.take(FAMILY, tool=(family, f"the meshes have {count} vertices"))
    near = NearOrigin(path, float(in_metres(np.ones(1), settling)[0]))
    if is_meshes(path):
        vertices, sha256, notes = _of_files(path, count, near)
    else:
        vertices, arrays, notes, unused = _of_npz(path, near)
        sha256 = checksum(path)
    notes += near.notes
    for quantity in (HANDS, ANGLES, SIDES):
        settling.does_not_apply(quantity, "meshes have no rotations")
    settling.does_not_apply(COORDINATES, NOT_TOLD_APART)
    said = up_axis_in(path, arrays.get("refit_up_axis"))
    file = None if said is None else (said, f"'refit_up_axis' is {said}")
    up = up_as_they_stand(meshes_stand_along(vertices), settling, notes, "Meshes do", file)
    gender = gender_in(path, arrays.get("gender"))
    gender = settling.take(GENDER, file=None if gender is None else (gender, f"'gender' is {gender}"))
    rate = settling.take(FRAME_RATE, file=frame_rate_in(path, arrays, notes))
    who_does = "The file does" if arrays else "Meshes do"
    for quantity, value in ((GENDER, gender), (FRAME_RATE, rate)):
        if value is None:
            notes.append(f"{who_does} not say the {quantity}.")
    settling.doubt(FRAME_RATE, lambda: doubt_rate(rate))
    settling.judge(path)
    motion = motion_of_meshes(
        family,
        vertices,
        gender=gender,
        frame_rate=rate,
        up_axis=up,
        path=path,
        sha256=sha256,
        origin=near.origin,
        reading=reading_kept(reading, settling, otherwise),
        assumed=tuple(settling.assumed),
        unused=unused,
        doubts=(*settling.doubts, *settling.unclear),
    )
    return replace(motion, notes=(REGRESSED, *notes, *settling.notes))


def says(path: Path) -> tuple[int, bool, bool]:
    """How many frames there are, and whether the frame rate and the gender are missing, without reading them.

    Raises:
        FileError: a file cannot be read.
    """
    if is_meshes(path):
        return len(_listed(path)), True, True
    headers = npz_headers(path)
    frames, _ = _counts(path, headers[KEY])
    arrays, _ = _said(path, headers)
    return frames, frame_rate_in(path, arrays) is None, gender_in(path, arrays.get("gender")) is None


def mesh_count(folder: Path) -> int | None:
    """How many vertices the first mesh in a folder has; None where it cannot be read."""
    try:
        return len(mesh_vertices(_listed(folder)[0]))
    except (FileError, IndexError):
        return None


def _counts(path: Path, header: ArrayHeader) -> tuple[int, int]:
    """How many frames and vertices there are, at least one and as many as the bodies have."""
    shape = header.shape
    wanted = [shape_text((None, count, 3)) for count in sorted(FAMILY_OF_COUNT)]
    if len(shape) != 3 or shape[2] != 3 or shape[1] not in FAMILY_OF_COUNT:
        raise FileError(path, f"has shape {shape_text(shape)}, expected {' or '.join(wanted)}", key=KEY)
    if shape[0] == 0:
        raise FileError(path, "holds no frames, expected at least one", key=KEY)
    return shape[0], shape[1]


def _said(path: Path, headers: dict[str, ArrayHeader]) -> tuple[dict[str, np.ndarray], list[str]]:
    """What is said beside the vertices, and the keys that would say more but are never opened."""
    closed = sorted(key for key in _SAID if key in headers and not headers[key].plain)
    return read_npz(path, set(_SAID) - set(closed)), closed


def _count_in(path: Path) -> int:
    """How many vertices the meshes have, as many as those of a body.

    Raises:
        FileError: another number, or a file cannot be read.
    """
    if not is_meshes(path):
        return _counts(path, npz_headers(path)[KEY])[1]
    file = _of_one_kind(path)[0]
    count = len(mesh_places(file))
    if count not in FAMILY_OF_COUNT:
        wanted = " or ".join(map(str, sorted(FAMILY_OF_COUNT)))
        raise FileError(file, f"has {count} vertices, expected {wanted}, as the bodies have")
    return count


def _of_npz(
    path: Path, near: NearOrigin
) -> tuple[np.ndarray, dict[str, np.ndarray], list[str], tuple[str, ...]]:
    """Vertices, what is said beside them, notes, and the keys that were not used."""
    headers = npz_headers(path)
    _check_size(path, *_counts(path, headers[KEY]))
    arrays, closed = _said(path, headers)
    notes = [f"'{key}' is a pickled Python object, which is never opened." for key in closed]
    vertices = near.in_metres(read_float32(path, KEY, near.of(some_numbers(path, KEY, NOWHERE))))
    return vertices, arrays, notes, tuple(sorted(set(headers) - {*arrays, KEY}))


def _of_one_kind(folder: Path) -> list[Path]:
    """The meshes in a folder, at least one.

    Raises:
        FileError: there is none, or they are of several kinds.
    """
    files = _listed(folder)
    kinds = sorted({file.suffix.lower() for file in files})
    if len(kinds) > 1:
        counts = " and ".join(f"{sum(f.suffix.lower() == kind for f in files)} {kind}" for kind in kinds)
        raise FileError(folder, f"has {counts} files, expected meshes of one kind")
    if not files:
        raise FileError(folder, f"has no meshes ({', '.join(READERS)})")
    return files


def _of_files(folder: Path, count: int, near: NearOrigin) -> tuple[np.ndarray, str, list[str]]:
    """Vertices of all meshes in their order, a checksum of names and contents, and notes."""
    files = _of_one_kind(folder)
    _check_size(folder, len(files), count)
    digest, notes = hashlib.sha256(), list[str]()
    vertices = np.empty((len(files), count, 3), np.float32)
    if have_gaps([file.stem for file in files]):
        notes.append("The numbers of the files leave gaps: the meshes follow one another all the same.")
    for frame, file in enumerate(files):
        data = read_bytes(file, MOST_BYTES)
        mesh = mesh_places(file, data)
        if len(mesh) != count:
            raise FileError(file, f"has {len(mesh)} vertices, expected {count} as {files[0].name} has")
        vertices[frame] = near.in_metres(near.moved(mesh, told_origin(data)))
        digest.update(file.name.encode("utf-8", "surrogateescape") + b"\0")
        digest.update(hashlib.sha256(data).digest())
    return vertices, digest.hexdigest(), notes


def _listed(folder: Path) -> list[Path]:
    """The meshes in a folder as people count them: 1, 2, 10; a single mesh is alone."""
    if not folder.is_dir():
        return [folder]
    names = names_in(folder, READERS)
    return [folder / name for name in sorted(names, key=lambda name: (natural(name), name))]


def _check_size(path: Path, frames: int, count: int) -> None:
    most = min(MOST_FRAMES, MAX_BYTES // (12 * count))
    if frames > most:
        raise FileError(path, f"has {frames} frames of {count} vertices, expected at most {most} at once")
