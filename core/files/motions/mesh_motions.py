"""Motions that are meshes: an ``.npz`` with ``vertices`` (T, V, 3), a folder of ``.obj`` or ``.ply``, or a
single one of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

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
    UP_AXIS,
    known,
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
    MOST_VERTICES,
    READERS,
    have_gaps,
    mesh_places,
    mesh_vertices,
    told_origin,
)
from core.files.motions.motion_arrays import frame_rate_in, gender_in, up_axis_in
from core.files.motions.own_meshes import FACE_KEYS, OWN, FacesOfFiles, faces_in, own_mesh
from core.files.motions.parts.file_contents import Contents, names_in
from core.files.motions.parts.numbered_names import natural
from core.files.motions.settle import NOT_TOLD_APART, REFUSE, Settling, reading_kept
from core.files.motions.sources.amass import RATE_KEYS
from core.model.joints import MESH
from core.model.motion import AS_IT_IS, FILES, MOST_FRAMES, Motion, Reading, motion_of_meshes
from core.world_origin import NOWHERE

NAME = "meshes"
KEYS = ("vertices", "pred_vertices")
"""Of vertices over time; the second is SAM 3D Body's, in a camera's axes, beside `CAMERA_KEYS`."""

CAMERA_KEYS = ("pred_cam_t", "cam_t")
FAMILY_OF_COUNT = {NUM_VERTICES["smplh"]: "smplh", NUM_VERTICES["smplx"]: "smplx"}
"""Whose vertices they are. SMPL's are SMPL-H's, whose fingers can follow them."""

REGRESSED = "The source is meshes: its joints are found by the body's regressor, and it has no rotations."
_SAID = ("gender", "refit_up_axis", *RATE_KEYS)


def is_mesh_folder(path: str | Path) -> bool:
    """Whether it is a folder with meshes in it."""
    return bool(os.path.isdir(path) and _listed(Path(path)))


def is_meshes(path: str | Path) -> bool:
    """Whether it is a folder with meshes in it, or a single mesh."""
    path = Path(path)
    return is_mesh_folder(path) or (path.suffix.lower() in READERS and os.path.isfile(path))


def holds_vertices(contents: Contents) -> bool:
    """Whether a file that is no other motion is meshes over time."""
    return contents.kind == "npz" and _key_in(contents.table) is not None


def _key_in(table: Mapping[Any, Any]) -> str | None:
    return next((key for key in KEYS if isinstance(table.get(key), ArrayHeader)), None)


def load_meshes(path: Path, reading: Reading, otherwise: Reading = AS_IT_IS, doubts: str = REFUSE) -> Motion:
    """The motion in an ``.npz`` with ``vertices``, metres, or in a folder of meshes.

    Those of another number of vertices than bodies have are meshes of a topology of their own, as are all
    where ``reading`` names a rest mesh.

    Raises:
        FileError: a file cannot be read, its vertices are not those of a body and have no faces, or too far
            from the origin for their digits.
    """
    if reading.person is not None:
        raise FileError(path, f"is meshes, expected no choice of person ('{reading.person[:40]}')")
    arrays, unused = dict[str, np.ndarray](), tuple[str, ...]()
    camera = not is_meshes(path) and _key_in(npz_headers(path)) == KEYS[1]
    axes = (known(UP_AXIS, "-y", "SAM 3D Body's are a camera's axes"),) if camera else ()
    settling = Settling(reading.by_quantity(), otherwise.by_quantity(), axes, doubts)
    count = _count_in(path)
    own = reading.rest_mesh is not None or count not in FAMILY_OF_COUNT
    family = MESH if own else FAMILY_OF_COUNT[count]
    settling.take(FAMILY, tool=(family, f"the meshes have {count} vertices"))
    near = NearOrigin(path, float(in_metres(np.ones(1), settling)[0]))
    if is_meshes(path):
        vertices, faces, sha256, notes = _of_files(path, count, near, own)
    else:
        vertices, faces, arrays, notes, unused = _of_npz(path, near, own)
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
    if own and faces is None and reading.rest_mesh is None:
        wanted = " or ".join(map(str, sorted(FAMILY_OF_COUNT)))
        raise FileError(
            path,
            f"has {count} vertices, expected {wanted}, as the bodies have, or faces beside them",
        )
    files = {name: getattr(reading, name) for name in FILES}
    kept = {name: os.path.abspath(one) for name, one in files.items() if one is not None and own}
    reading = replace(reading, **{**dict.fromkeys(FILES), **kept})
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
        own=own_mesh(path, vertices, faces, reading) if own else None,
    )
    return replace(motion, notes=(OWN if own else REGRESSED, *notes, *settling.notes))


def is_own_meshes(path: Path, rest_mesh: Path | None = None) -> bool:
    """Whether it is meshes of a topology of their own; what cannot be read is not."""
    try:
        if not is_meshes(path) and _key_in(npz_headers(path)) is None:
            return False
        return rest_mesh is not None or _count_in(path) not in FAMILY_OF_COUNT
    except FileError:
        return False


def says(path: Path) -> tuple[int, bool, bool]:
    """How many frames there are, and whether the frame rate and the gender are missing, without reading them.

    Raises:
        FileError: a file cannot be read.
    """
    if is_meshes(path):
        return len(_listed(path)), True, True
    headers = npz_headers(path)
    frames, _ = _counts(path, headers)
    arrays, _ = _said(path, headers)
    return frames, frame_rate_in(path, arrays) is None, gender_in(path, arrays.get("gender")) is None


def mesh_count(folder: Path) -> int | None:
    """How many vertices the first mesh in a folder has; None where it cannot be read."""
    try:
        return len(mesh_vertices(_listed(folder)[0]))
    except (FileError, IndexError):
        return None


def _counts(path: Path, headers: Mapping[str, ArrayHeader]) -> tuple[int, int]:
    """How many frames and vertices there are, at least one each."""
    key = _key_in(headers) or KEYS[0]
    shape = headers[key].shape
    if len(shape) != 3 or shape[2] != 3 or not 0 < shape[1] <= MOST_VERTICES:
        wanted = [shape_text((None, count, 3)) for count in sorted(FAMILY_OF_COUNT)]
        more = "(any, V, 3) of other meshes"
        raise FileError(
            path, f"has shape {shape_text(shape)}, expected {', '.join(wanted)}, or {more}", key=key
        )
    if shape[0] == 0:
        raise FileError(path, "holds no frames, expected at least one", key=key)
    return shape[0], shape[1]


def _said(path: Path, headers: dict[str, ArrayHeader]) -> tuple[dict[str, np.ndarray], list[str]]:
    """What is said beside the vertices, and the keys that would say more but are never opened."""
    closed = sorted(key for key in _SAID if key in headers and not headers[key].plain)
    return read_npz(path, set(_SAID) - set(closed)), closed


def _count_in(path: Path) -> int:
    """How many vertices the meshes have.

    Raises:
        FileError: a file cannot be read.
    """
    if not is_meshes(path):
        return _counts(path, npz_headers(path))[1]
    return len(mesh_places(_of_one_kind(path)[0]))


def _of_npz(
    path: Path, near: NearOrigin, own: bool
) -> tuple[np.ndarray, np.ndarray | None, dict[str, np.ndarray], list[str], tuple[str, ...]]:
    """Vertices, faces where they are looked for, what is said beside them, notes, and the keys that were not
    used."""
    headers = npz_headers(path)
    key = _key_in(headers) or KEYS[0]
    frames, count = _counts(path, headers)
    _check_size(path, frames, count)
    arrays, closed = _said(path, headers)
    notes = [f"'{key}' is a pickled Python object, which is never opened." for key in closed]
    used = {*arrays, key}
    at = next((one for one in FACE_KEYS if own and one in headers), None)
    faces = None if at is None else faces_in(path, at, count)
    used |= set() if at is None else {at}
    vertices = near.in_metres(read_float32(path, key, near.of(some_numbers(path, key, NOWHERE))))
    place = next((one for one in CAMERA_KEYS if key == KEYS[1] and one in headers), None)
    if place is not None:
        moved = read_float32(path, place)
        if moved.shape != (frames, 3):
            raise FileError(path, f"has shape {shape_text(moved.shape)}, expected ({frames}, 3)", key=place)
        vertices = vertices + near.in_metres(moved)[:, None]
        used.add(place)
    return vertices, faces, arrays, notes, tuple(sorted(set(headers) - used))


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


def _of_files(
    folder: Path, count: int, near: NearOrigin, own: bool
) -> tuple[np.ndarray, np.ndarray | None, str, list[str]]:
    """Vertices of all meshes in their order, their faces where they are of a topology of their ``own``, a
    checksum of names and contents, and notes."""
    files = _of_one_kind(folder)
    _check_size(folder, len(files), count)
    digest, notes, faces = hashlib.sha256(), list[str](), FacesOfFiles(count)
    vertices = np.empty((len(files), count, 3), np.float32)
    if have_gaps([file.stem for file in files]):
        notes.append("The numbers of the files leave gaps: the meshes follow one another all the same.")
    for frame, file in enumerate(files):
        data = read_bytes(file, MOST_BYTES)
        mesh = mesh_places(file, data)
        if len(mesh) != count:
            raise FileError(file, f"has {len(mesh)} vertices, expected {count} as {files[0].name} has")
        vertices[frame] = near.in_metres(near.moved(mesh, told_origin(data)))
        if own:
            faces.take(file, data)
        digest.update(file.name.encode("utf-8", "surrogateescape") + b"\0")
        digest.update(hashlib.sha256(data).digest())
    return vertices, faces.faces, digest.hexdigest(), notes


def _listed(folder: Path) -> list[Path]:
    """The meshes in a folder as people count them: 1, 2, 10; a single mesh is alone."""
    if not os.path.isdir(folder):
        return [folder]
    names = names_in(folder, READERS)
    return [folder / name for name in sorted(names, key=lambda name: (natural(name), name))]


def _check_size(path: Path, frames: int, count: int) -> None:
    most = min(MOST_FRAMES, MAX_BYTES // (12 * count))
    if frames > most:
        raise FileError(path, f"has {frames} frames of {count} vertices, expected at most {most} at once")
