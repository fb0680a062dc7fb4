"""Faces of one mesh file, ``.obj`` or ``.ply``; those of more than three corners are cut into triangles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.errors import FileError
from core.files.containers.arrays import kind_of, shape_text
from core.files.containers.opening import read_bytes
from core.files.motions.mesh_readers import (
    MOST_BYTES,
    UNKNOWN,
    PlyRows,
    ply_header,
    shown_row,
)

MOST_FACES = 1 << 21
"""No mesh of a body has more."""

_MOST_CORNERS = 64


def mesh_faces(path: Path, vertices: int, data: bytes | None = None) -> np.ndarray | None:
    """(F, 3) int64 vertex ids of a mesh file, by the end of its name; None where it has no faces.

    Args:
        path: the file.
        vertices: how many it has.
        data: its bytes, where they were read already.

    Raises:
        FileError: it cannot be read, or its faces are none of these vertices.
    """
    data = read_bytes(path, MOST_BYTES) if data is None else data
    polygons = READERS[path.suffix.lower()](path, data, vertices)
    if not polygons:
        return None
    return checked_faces(path, np.concatenate([_triangles(part) for part in polygons]), vertices)


def checked_faces(path: Path, faces: np.ndarray, vertices: int, key: str | None = None) -> np.ndarray:
    """(F, 3) int64 faces.

    Raises:
        FileError: they are no triangles, or name vertices that there are not.
    """
    if faces.ndim != 2 or faces.shape[1] != 3 or not len(faces):
        raise FileError(path, f"has faces of shape {shape_text(faces.shape)}, expected (F, 3)", key=key)
    whole = faces.dtype.kind in "iu" or (faces.dtype.kind == "f" and bool((faces == np.round(faces)).all()))
    if not whole:
        raise FileError(path, f"has faces of {kind_of(faces)}, expected ids of vertices", key=key)
    low, high = int(faces.min()), int(faces.max())
    if low < 0 or high >= vertices:
        wrong = low if low < 0 else high
        raise FileError(
            path, f"has a face with vertex {wrong}, expected ids from 0 to {vertices - 1}", key=key
        )
    return np.ascontiguousarray(faces, dtype=np.int64)


def _triangles(polygons: np.ndarray) -> np.ndarray:
    """(m, n) polygons of n corners as (m (n - 2), 3) triangles about their first corner."""
    corners = polygons.shape[1]
    fans = [polygons[:, [0, at, at + 1]] for at in range(1, corners - 1)]
    return np.stack(fans, 1).reshape(-1, 3)


def _by_corners(path: Path, counts: np.ndarray, flat: np.ndarray) -> list[np.ndarray]:
    """Polygons of so many corners each, one after another in ``flat``, apart by their count, in order."""
    if len(counts) > MOST_FACES:
        raise FileError(path, f"has more than {MOST_FACES} faces, expected those of a body")
    if len(counts) and not (counts.min() >= 3 and counts.max() <= _MOST_CORNERS):
        odd = int(counts[(counts < 3) | (counts > _MOST_CORNERS)][0])
        raise FileError(path, f"has a face of {odd} corners, expected 3 to {_MOST_CORNERS}")
    starts = np.cumsum(counts) - counts
    return [flat[starts[counts == count][:, None] + np.arange(count)] for count in np.unique(counts).tolist()]


def _obj(path: Path, data: bytes, vertices: int) -> list[np.ndarray]:
    """``f a b c``, each corner as ``v``, ``v/vt``, ``v//vn`` or ``v/vt/vn``, from 1 on or from the end."""
    rows = [line.split()[1:] for line in face_lines(data)]
    counts = np.array([len(row) for row in rows], dtype=np.int64)
    try:
        ids = [int(corner.partition(b"/")[0]) for row in rows for corner in row]
    except ValueError:
        wrong = next(row for row in rows if not all(_is_corner(corner) for corner in row))
        raise FileError(
            path, f"has the face '{shown_row(b' '.join(wrong))}', expected ids of vertices"
        ) from None
    if any(abs(one) > vertices or not one for one in ids):
        wrong_id = next(one for one in ids if abs(one) > vertices or not one)
        raise FileError(path, f"has a face with vertex {wrong_id}, expected ids from 1 to {vertices}")
    flat = np.array(ids, dtype=np.int64)
    return _by_corners(path, counts, np.where(flat > 0, flat - 1, vertices + flat))


def face_lines(data: bytes) -> list[bytes]:
    """The lines of an ``.obj`` that say faces."""
    return [line for line in data.splitlines() if line.lstrip()[:2] in (b"f ", b"f\t")]


def _is_corner(corner: bytes) -> bool:
    try:
        int(corner.partition(b"/")[0])
    except ValueError:
        return False
    return True


def _ply(path: Path, data: bytes, vertices: int) -> list[np.ndarray]:
    order, elements, at = ply_header(path, data)
    unknown = [name for element in elements for name, _, length in element.values if length == UNKNOWN]
    if unknown:
        raise FileError(path, f"has the line '{shown_row(unknown[0].encode())}', which ply does not know")
    for element in elements:
        wanted = [value[0] for value in element.values if value[2] and value[0] in _CORNERS]
        if element.name == "face" and wanted:
            return _by_corners(path, *_list_in(path, data, at, order, element, wanted[0])[0])
        at = _list_in(path, data, at, order, element, "")[1]
    return []


_CORNERS = ("vertex_indices", "vertex_index")


def _list_in(
    path: Path, data: bytes, at: int, order: str, element: PlyRows, wanted: str
) -> tuple[tuple[np.ndarray, np.ndarray], int]:
    """Lengths and values of a list, row by row, and where the rows end; nothing of none is wanted."""
    if element.count > MOST_FACES:
        raise FileError(path, f"has more than {MOST_FACES} rows", key=element.name)
    if not order:
        return _list_in_text(path, data, at, element, wanted)
    # Most files have the same number of corners everywhere: then the rows are a table.
    table, stop = _table(data, at, order, element)
    if table is None:
        return _row_by_row(path, data, at, order, element, wanted)
    if not wanted:
        return (np.zeros(0, np.int64), np.zeros(0, np.int64)), stop
    place = next(at for at, value in enumerate(element.values) if value[0] == wanted)
    rows = table[f"v{place}"].astype(np.int64)
    return (np.full(len(rows), rows.shape[1]), rows.reshape(-1)), stop


def _table(data: bytes, at: int, order: str, element: PlyRows) -> tuple[np.ndarray | None, int]:
    """All rows at once where all lists are as long as in the first row; None where they are not."""
    parts: list[tuple[str, str] | tuple[str, str, tuple[int]]] = []
    lengths, place = [], at
    for index, (_, kind, length) in enumerate(element.values):
        if not length:
            parts.append((f"v{index}", order + kind))
            place += np.dtype(kind).itemsize
            continue
        count_type = np.dtype(order + length)
        if place + count_type.itemsize > len(data):
            return None, at
        count = int(np.frombuffer(data, count_type, 1, place)[0])
        if not 0 <= count <= _MOST_CORNERS:
            return None, at
        lengths.append((f"n{index}", count))
        parts += [(f"n{index}", order + length), (f"v{index}", order + kind, (count,))]
        place += count_type.itemsize + count * np.dtype(kind).itemsize
    row = np.dtype(parts)
    stop = at + row.itemsize * element.count
    if stop > len(data):
        return None, at
    if not row.itemsize:
        return np.zeros(element.count, row), stop
    rows = np.frombuffer(data, row, element.count, at)
    same = all(bool((rows[name] == count).all()) for name, count in lengths)
    return (rows, stop) if same else (None, at)


def _row_by_row(
    path: Path, data: bytes, at: int, order: str, element: PlyRows, wanted: str
) -> tuple[tuple[np.ndarray, np.ndarray], int]:
    counts, flat = [], list[int]()
    for _ in range(element.count):
        for name, kind, length in element.values:
            count = 1
            try:
                if length:
                    count = int(np.frombuffer(data, order + length, 1, at)[0])
                    at += np.dtype(length).itemsize
                values = np.frombuffer(data, order + kind, max(count, 0), at) if count else ()
            except ValueError:
                raise FileError(path, "is cut short", key=element.name) from None
            at += count * np.dtype(kind).itemsize
            if name == wanted and length:
                counts.append(count)
                flat += [int(value) for value in values]
    return (np.array(counts, np.int64), np.array(flat, np.int64)), at


def _list_in_text(
    path: Path, data: bytes, at: int, element: PlyRows, wanted: str
) -> tuple[tuple[np.ndarray, np.ndarray], int]:
    counts, flat = [], list[int]()
    for _ in range(element.count):
        stop = data.find(b"\n", at) + 1 or len(data)
        words, at = data[at:stop].split(), stop
        if not wanted:
            continue
        try:
            for name, _, length in element.values:
                count = int(words.pop(0)) if length else 1
                values, words = words[:count], words[count:]
                if len(values) != count:
                    raise ValueError
                if name == wanted and length:
                    counts.append(count)
                    flat += [int(value) for value in values]
        except (ValueError, IndexError):
            raise FileError(path, "has a row that is no list of vertices", key=element.name) from None
    return (np.array(counts, np.int64), np.array(flat, np.int64)), at


READERS: dict[str, Callable[[Path, bytes, int], list[np.ndarray]]] = {".obj": _obj, ".ply": _ply}
