"""Vertices of one mesh file, ``.obj`` or ``.ply``, in the order of the file: nothing is merged or dropped."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import FileError
from core.files.containers.opening import read_bytes

MOST_BYTES = 1 << 26
MOST_VERTICES = 1 << 20
"""No mesh of a body is larger."""

_OBJ_VERTEX = re.compile(rb"^[ \t]*v[ \t]+([^\r\n]*)", re.MULTILINE)
# x y z, with a weight, with a colour, or with both.
_OBJ_WIDTHS = (3, 4, 6, 7)
_MOST_HEADER = 1 << 16
# No origin is told as far away.
_FARTHEST = 1e12
_PLY_END = re.compile(rb"^end_header[ \t]*\r?\n", re.MULTILINE)
_ORIGIN = re.compile(
    rb"^(?:#|comment)[ \t]+origin[ \t]+(\S{1,40})[ \t]+(\S{1,40})[ \t]+(\S{1,40})[ \t]*\r?$", re.MULTILINE
)
_PLY_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
_PLY_FORMATS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}


def mesh_vertices(path: Path) -> np.ndarray:
    """(V, 3) float32 vertices of a mesh file, by the end of its name.

    Raises:
        FileError: it cannot be read, is no such mesh, or its numbers are none.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return mesh_places(path).astype(np.float32)


def mesh_places(path: Path, data: bytes | None = None) -> np.ndarray:
    """As `mesh_vertices`, float64: in all digits that the file has.

    Args:
        path: the file.
        data: its bytes, where they were read already.

    Raises:
        FileError: as there.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise FileError(path, f"is no mesh, expected a name that ends in {' or '.join(READERS)}")
    return reader(path, read_bytes(path, MOST_BYTES) if data is None else data)


def _obj(path: Path, data: bytes) -> np.ndarray:
    """``v x y z``; everything else, faces among it, is passed over."""
    rows = []
    for found in _OBJ_VERTEX.finditer(data):
        rows.append(found[1])
        if len(rows) > MOST_VERTICES:
            raise _too_many(path)
    if not rows:
        raise FileError(path, "has no vertices ('v x y z'), expected an .obj mesh")
    width = len(rows[0].split())
    if width not in _OBJ_WIDTHS:
        raise FileError(path, f"has the vertex '{shown_row(rows[0])}', expected three numbers")
    return _table(path, rows, width)[:, :3]


def told_origin(data: bytes) -> np.ndarray | None:
    """(3,) where the origin of a mesh's vertices lies in its world, as a comment says that Refit writes
    (`core.outputs.meshes`): ``origin x y z`` before the vertices; None where there is none.
    """
    head = data[:_MOST_HEADER]
    first = _PLY_END.search(head) if data.startswith(b"ply") else _OBJ_VERTEX.search(head)
    found = _ORIGIN.search(head, 0, first.start() if first else len(head))
    try:
        origin = np.array([float(word) for word in found.groups()] if found else [np.nan])
    except ValueError:
        return None
    return origin if (np.abs(origin) < _FARTHEST).all() else None


def _too_many(path: Path) -> FileError:
    return FileError(path, f"has more than {MOST_VERTICES} vertices, expected those of a body")


@dataclass(frozen=True)
class PlyRows:
    """A kind of rows in a ply file.

    Attributes:
        name: of the element.
        count: of rows.
        values: of each row: the name, the type, and of a list the type of its length, else nothing. A list of
            unknown types has its line for a name, and `UNKNOWN` for the type of its length.
    """

    name: str
    count: int
    values: tuple[tuple[str, str, str], ...] = ()

    def with_value(self, name: str, kind: str, length: str = "") -> PlyRows:
        """With one more value."""
        return replace(self, values=(*self.values, (name, kind, length)))

    @property
    def has_lists(self) -> bool:
        """Its rows may differ in length."""
        return any(length for _, _, length in self.values)


UNKNOWN = "?"


def _ply(path: Path, data: bytes) -> np.ndarray:
    order, elements, at = ply_header(path, data)
    for element in elements:
        if element.name == "vertex":
            break
        if element.count and element.has_lists:
            raise FileError(
                path,
                f"has lists ('{shown_row(element.name.encode())}') before its vertices, expected them after",
            )
        at = _after(path, data, at, element, order)
    else:
        raise FileError(path, "has no element 'vertex' in its header")
    names = ["" if length else name for name, _, length in element.values]
    if len(set(names)) != len(names) or not {"x", "y", "z"} <= set(names):
        raise FileError(
            path, f"has vertices of {shown_row(' '.join(names).encode()) or 'nothing'}, expected x, y and z"
        )
    if element.has_lists:
        raise FileError(path, "has vertices with lists, expected numbers only", key="vertex")
    if element.count > MOST_VERTICES:
        raise _too_many(path)
    stop = _after(path, data, at, element, order)
    if not order:
        rows = [line for line in data[at:stop].splitlines() if line.strip()]
        if len(rows) != element.count:
            raise _cut_short(path, element, len(rows))
        return _table(path, rows, len(names))[:, [names.index(axis) for axis in "xyz"]]
    table = np.frombuffer(data, _row_type(element, order), element.count, at)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.stack([table[axis].astype(np.float64) for axis in "xyz"], axis=1)


def ply_header(path: Path, data: bytes) -> tuple[str, list[PlyRows], int]:
    """Byte order, empty for text, the elements, and where their rows begin.

    Raises:
        FileError: there is no such header, or ply does not know what it says.
    """
    end = _PLY_END.search(data, 0, _MOST_HEADER)
    if not data.startswith(b"ply") or end is None:
        raise FileError(path, "has no header that begins with 'ply' and ends with 'end_header'")
    order: str | None = None
    elements: list[PlyRows] = []
    for line in data[: end.start()].decode("ascii", "replace").splitlines()[1:]:
        match line.split():
            case ["format", name, _] if name in _PLY_FORMATS:
                order = _PLY_FORMATS[name]
            case ["element", name, count] if count.isascii() and count.isdigit() and len(count) < 16:
                elements.append(PlyRows(name, int(count)))
            case ["property", "list", length, kind, name] if elements and {length, kind} <= set(_PLY_TYPES):
                elements[-1] = elements[-1].with_value(name, _PLY_TYPES[kind], _PLY_TYPES[length])
            case ["property", "list", *_] if elements:
                elements[-1] = elements[-1].with_value(line, "", UNKNOWN)
            case ["property", kind, name] if elements and kind in _PLY_TYPES:
                elements[-1] = elements[-1].with_value(name, _PLY_TYPES[kind])
            case ["comment", *_] | ["obj_info", *_] | []:
                pass
            case _:
                raise FileError(
                    path,
                    f"has the line '{shown_row(line.strip().encode())}' in its header, "
                    "which ply does not know",
                )
    if order is None:
        raise FileError(path, f"does not say its format, expected one of {', '.join(_PLY_FORMATS)}")
    return order, elements, end.end()


def _row_type(element: PlyRows, order: str) -> np.dtype:
    return np.dtype([(name, f"{order}{kind}") for name, kind, _ in element.values])


def _after(path: Path, data: bytes, at: int, element: PlyRows, order: str) -> int:
    """Where the rows of an element end; those of text are a line each."""
    if order:
        size = sum(np.dtype(kind).itemsize for _, kind, length in element.values if not length)
        there = (len(data) - at) // size if size else element.count
        if there < element.count:
            raise _cut_short(path, element, there)
        return at + size * element.count
    for row in range(element.count):
        at = data.find(b"\n", at) + 1 or len(data) + (row < element.count - 1)
        if at > len(data):
            raise _cut_short(path, element, row + 1)
    return at


def _cut_short(path: Path, element: PlyRows, there: int) -> FileError:
    return FileError(
        path,
        f"is cut short: it has {there} rows, its header says {element.count}",
        key=shown_row(element.name.encode()),
    )


def _table(path: Path, rows: list[bytes], width: int) -> np.ndarray:
    """(n, width) numbers in rows of text."""
    words = [row.split() for row in rows]
    try:
        values = np.array([float(word) for row in words for word in row if len(row) == width])
    except ValueError:
        values = np.empty(0)
    if values.size != width * len(rows):
        wrong = next(at for at, row in enumerate(words) if not _are_numbers(row, width))
        found = shown_row(rows[wrong])
        raise FileError(path, f"is '{found}', expected {width} numbers", key=f"vertex {wrong}")
    return values.reshape(-1, width)


def shown_row(row: bytes) -> str:
    """The beginning of a row for people, whatever is in it."""
    return "".join(sign if sign.isprintable() else "?" for sign in row[:40].decode("latin-1"))


def _are_numbers(words: list[bytes], width: int) -> bool:
    try:
        return len([float(word) for word in words]) == width
    except ValueError:
        return False


READERS: dict[str, Callable[[Path, bytes], np.ndarray]] = {".obj": _obj, ".ply": _ply}
"""By the end of the file's name."""


def opened_as(path: Path) -> Path:
    """The folder where the path is one of the meshes in it; any other path as it is."""
    return path.parent if path.suffix.lower() in READERS and not os.path.isdir(path) else path


def have_gaps(names: list[str]) -> bool:
    """Whether the last numbers in names, in this order, go on by steps that differ; False without any."""
    found = [re.findall(r"[0-9]{1,15}", name) for name in names]
    if not all(found):
        return False
    steps = np.diff([int(numbers[-1]) for numbers in found])
    return bool(len(steps) and (steps != steps[0]).any())
