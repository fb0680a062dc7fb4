"""Meshes as other programs write them."""

from __future__ import annotations

import numpy as np

_PLY_NAMES = {"f4": "float", "f8": "double", "i2": "short"}
_PLY_ORDERS = {"little": "<", "big": ">"}


def obj(vertices: np.ndarray, faces: str = "f 1/1/1 2/2/1 3/3/1\n", newline: str = "\n") -> bytes:
    """An ``.obj`` with texture coordinates, normals and groups around its vertices."""
    lines = ["# made by something", "mtllib body.mtl", "o body"]
    lines += [f"v {x:.7f}  {y:.7f} {z:.7f}" for x, y, z in vertices.tolist()]
    lines += ["vt 0.5 0.25", "vn 0 0 1", "usemtl skin", "s off", faces.strip(), ""]
    return newline.join(lines).encode()


def ply(vertices: np.ndarray, order: str = "little", kind: str = "f4", newline: str = "\n") -> bytes:
    """A ``.ply`` with a colour at each vertex and one face; in ``'ascii'``, or the byte order."""
    name = "ascii" if order == "ascii" else f"binary_{order}_endian"
    header = ["ply", f"format {name} 1.0", "comment made by something", f"element vertex {len(vertices)}"]
    header += [f"property {_PLY_NAMES[kind]} {axis}" for axis in "xyz"]
    header += [
        "property uchar red",
        "element face 1",
        "property list uchar int vertex_indices",
        "end_header",
        "",
    ]
    start = newline.join(header).encode()
    if order == "ascii":
        rows = [f"{x:.7f} {y:.7f} {z:.7f} 200" for x, y, z in vertices.tolist()]
        return start + newline.join([*rows, "3 0 1 2", ""]).encode()
    sign = _PLY_ORDERS[order]
    table = np.zeros(len(vertices), [(axis, sign + kind) for axis in "xyz"] + [("red", "u1")])
    for axis, column in zip("xyz", vertices.T, strict=True):
        table[axis] = column
    face = np.array([(3, (0, 1, 2))], [("count", "u1"), ("ids", f"{sign}i4", 3)])
    return start + table.tobytes() + face.tobytes()
