"""What is in a file, in rows of a label and a value."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from core.errors import FileError
from core.files.bodies.correspondence_check import check_weights
from core.files.bodies.correspondences import MAPPING_KEYS, MATRIX_KEYS, matrix_in, transfer_contents
from core.files.bodies.models import NUM_VERTICES, looks_like_model, read_model
from core.files.containers.arrays import key_list, shape_text
from core.files.containers.npz import is_npz, read_npy, read_npz
from core.files.containers.opening import checksum
from core.files.containers.pickles import read_pickle
from core.files.containers.sparse_npz import saved_by_scipy
from core.files.containers.torch_files import is_torch
from core.files.motions.file_kind import file_kind
from core.files.motions.load_motion import SeveralPeople, load_motion
from core.files.motions.mesh_motions import holds_vertices, is_meshes
from core.files.motions.parts.file_contents import Contents, contents_of
from core.files.motions.registry import source_of
from core.measure.far_rows import recorded_far_rows
from core.measure.vertex_mask import painted_words
from core.model.fit_result import FitResult
from core.model.joints import FAMILY_LABEL, MESH, PARTS
from core.model.motion import AS_IT_IS, Motion, Reading
from core.model.result_views import left_words
from core.outputs.joint_sets import read_joint_set
from core.outputs.reading_words import changes_nothing, command_to_read_otherwise
from core.outputs.recipes import read_recipe
from core.outputs.results import is_result, load_result
from core.outputs.sessions import is_session, load_session

Rows = list[tuple[str, str]]
EXPECTED = (
    "a motion, a result, a session, a body model, a correspondence, a J_regressor, a list of vertices, a "
    "joint set or a recipe"
)


FORMAT = 1
"""Of the json; grows when a key changes its meaning."""


@dataclass(frozen=True)
class Described:
    """What is in a file.

    Attributes:
        rows: label and value of what a person wants to know.
        motion: the motion that was read from it; None for files of other kinds, results and sessions.
    """

    rows: Rows
    motion: Motion | None = None


def described_document(found: Described) -> dict[str, Any]:
    """What is told, in plain json values; ``rows`` as they are printed, notes apart."""
    told: dict[str, Any] = {
        "format": FORMAT,
        "rows": {label: value for label, value in found.rows if label != "Note"},
        "notes": [value for label, value in found.rows if label == "Note"],
    }
    if found.motion is not None:
        told |= found.motion.meaning_to_json()
        told["read_otherwise"] = command_to_read_otherwise(found.motion)
    return told


def describe_file(path: str | Path) -> Rows:
    """Label and value of what a person wants to know of a file of any kind that Refit reads.

    Raises:
        FileError: the file cannot be read, or is none of these.
    """
    return described(path).rows


def described(path: str | Path, reading: Reading = AS_IT_IS, doubts: str = "refuse") -> Described:
    """What is in a file of any kind that Refit reads.

    Args:
        path: the file.
        reading: how it is read where it is a motion.
        doubts: as in `core.files.motions.load_motion.load_motion`.

    Raises:
        FileError: the file cannot be read, or is none of these.
    """
    path = Path(path)
    if is_meshes(path):
        found = _meshes(path, reading, doubts)
        what = "Folder" if os.path.isdir(path) else "File"
        return Described([(what, path.resolve().name), *found.rows], found.motion)
    found = _described(path, reading, doubts)
    name = ("Folder", path.resolve().name) if os.path.isdir(path) else ("File", path.name)
    notes = () if found.motion is not None else changes_nothing(reading, doubts)
    return Described([name, *found.rows, *(("Note", note) for note in notes)], found.motion)


def _described(path: Path, reading: Reading, doubts: str) -> Described:
    arrays = not os.path.isdir(path) and is_npz(path) and not is_torch(path)
    if arrays and is_result(path):
        return Described(_result(path))
    if arrays and is_session(path):
        return Described(_session(path))
    told = file_kind(path)
    if told.kind in _OF_KIND:
        return Described([("Kind", told.words.partition(" ")[2]), *_OF_KIND[told.kind](path)])
    if told.kind == "layout":
        raise FileError(path, f"is {told.words}: it holds {told.keys}")
    if told.kind in ("text", "other"):
        raise FileError(path, f"is {told.words}, expected {EXPECTED}")
    contents = contents_of(path)
    if looks_like_model({str(key) for key in contents.table}):
        return Described(_model(path))
    source = source_of(contents)
    if source is not None:
        return _of_source(path, source.NAME, reading, doubts)
    if holds_vertices(contents):
        return _meshes(path, reading, doubts)
    return Described(_others(path, contents))


def _others(path: Path, contents: Contents) -> Rows:
    keys = {str(key) for key in contents.table}
    if contents.kind == "npz" and (saved_by_scipy(keys) or keys & set(MATRIX_KEYS)):
        return _correspondence(path, transfer_contents(path))
    if contents.kind == "npz" and set(MAPPING_KEYS) <= keys:
        ids = read_npz(path, MAPPING_KEYS[:1])[MAPPING_KEYS[0]]
        return [("Kind", "correspondence by triangles of its source"), ("Target", f"{len(ids)} vertices")]
    if contents.kind == "npz":
        raise FileError(path, f"is neither a motion, a result nor a body model: it holds {key_list(keys)}")
    if contents.kind == "npy":
        array = read_npy(path)
        # A correspondence is as wide as a body, any other array of two dimensions is none.
        surfaces = array.ndim == 2 and min(array.shape) > 1000
        return _correspondence(path, array) if surfaces else _mask(path, array)
    matrix = sparse.issparse(contents.value) or isinstance(contents.value, np.ndarray)
    if contents.kind == "torch" and not (matrix or keys & set(MATRIX_KEYS)):
        raise FileError(path, "is a torch file but not a motion")
    return _correspondence(path, contents.value if contents.kind else read_pickle(path))


def _of_source(path: Path, name: str, reading: Reading, doubts: str) -> Described:
    """A motion, or the people in it where there are several."""
    of = "" if name == "AMASS" else f" of {name}"
    try:
        motion = load_motion(path, reading, doubts=doubts)
    except SeveralPeople as several:
        if reading.person is not None:
            raise
        first = load_motion(path, replace(reading, person=several.people[0].name), doubts=doubts)
        rows = [("Kind", f"{FAMILY_LABEL[first.family]} motions{of}"), ("People", str(len(several.people)))]
        return Described(rows + [(f"Person {person.name}", person.words) for person in several.people], first)
    return Described([("Kind", f"{FAMILY_LABEL[motion.family]} motion{of}"), *_motion(motion)], motion)


def _meshes(path: Path, reading: Reading, doubts: str) -> Described:
    motion = load_motion(path, reading, doubts=doubts)
    assert motion.vertices is not None
    bodies = {"smplx": FAMILY_LABEL["smplx"], MESH: "a topology of their own"}.get(motion.family)
    bodies = bodies or "SMPL or SMPL-H"
    count = ("Vertices", str(motion.vertices.shape[1]))
    return Described([("Kind", f"meshes over time, of {bodies}"), count, *_motion(motion)], motion)


def _motion(motion: Motion) -> Rows:
    rate, length = motion.frame_rate, motion.duration
    betas = f"{len(motion.betas)}, largest {np.abs(motion.betas).max(initial=0):.2f}"
    rows = [
        ("Frames", str(len(motion))),
        ("Frame rate", "not in the file" if rate is None else f"{rate:g} fps"),
        ("Length", "not known" if length is None else f"{length:.2f} s"),
        ("Gender", motion.gender or "not in the file"),
        ("Shape", betas if motion.has_poses else "not in the file"),
        ("Up axis", motion.up_axis),
    ]
    if motion.expression is not None:
        rows.append(("Expression", f"{motion.expression.shape[1]} coefficients"))
    return rows + [("Note", note) for note in motion.notes]


def _session(path: Path) -> Rows:
    session = load_session(path)
    rows = [
        ("Kind", "Refit session"),
        ("Motion", session.source.name),
        ("Frames", str(session.source.frames)),
    ]
    rows.append(("The motion itself", "in the file" if session.motion is not None else session.source.path))
    for index, step in enumerate(session.steps):
        shown = " (shown)" if index == session.at else ""
        rows.append((f"Step {index}", f"{step.name or 'the beginning'}{shown}"))
    if session.now.result is not None:
        rows += _fit(session.now.result)
    return rows


def _result(path: Path) -> Rows:
    result = load_result(path)
    kind = ("Kind", f"Refit result, {FAMILY_LABEL[result.family]}")
    return [kind, ("Source", result.source_name), *_fit(result)]


def _fit(result: FitResult) -> Rows:
    rows = [("Bodies", str(result.provenance.get("bodies", "not in the file")))]
    mask = painted_words(result)
    if mask:
        rows.append(("Mask", mask))
    rows += _motion(result.as_motion())
    fitted, converged = int(result.fitted.sum()), int((result.fitted & result.converged).sum())
    rows.append(("Fitted", f"{fitted} of {len(result)} frames, {converged} converged"))
    if result.most_left is not None:
        rows.append(("May be left", left_words(*result.most_left)))
    if result.failed:
        rows.append(("Failed", result.failure))
    far = len(recorded_far_rows(result.provenance))
    if far:
        rows.append(("Left out", f"{far:,} row{'s' * (far != 1)} of the correspondence, found far off"))
    edited = int(result.edited.sum())
    if edited:
        rows.append(("Edited by hand", f"{edited} frame{'' if edited == 1 else 's'}"))
    if fitted:
        summary = result.summary()
        values = ", ".join(f"{name} {summary[name]:.2f}" for name in ("mean", "median", "p95", "max"))
        rows.append(("Error", f"{values} mm"))
        means = zip(PARTS, result.part_means(), strict=True)
        shown = ", ".join(f"{name} {mean:.2f}" for name, mean in means if np.isfinite(mean))
        rows.append(("By part", f"{shown} mm"))
    return rows


def _model(path: Path) -> Rows:
    body = read_model(path)
    rows = [
        ("Kind", f"{FAMILY_LABEL[body.family]} body model"),
        ("Name", body.name),
        ("Gender", body.gender),
        ("Vertices", str(body.num_vertices)),
        ("Faces", str(len(body.faces))),
        ("Joints", str(body.num_joints)),
        ("Shape", f"{body.num_betas} coefficients"),
    ]
    if body.num_expression:
        rows.append(("Expression", f"{body.num_expression} coefficients"))
    hands = "none in the file" if body.hands_mean is None else "in the file"
    if body.family != "smpl":
        rows.append(("Hand means", hands))
    return [*rows, ("SHA-256", body.sha256)]


def _correspondence(path: Path, contents: Any) -> Rows:
    key, matrix = matrix_in(path, contents)
    if not np.isfinite(matrix.data).all():
        raise FileError(path, "holds weights that are not finite", key=key or None)
    half = matrix.shape[1] // 2
    weights = matrix[:, :half] if half in NUM_VERTICES.values() else matrix  # the other half is of normals
    try:
        notes = check_weights(path, key, weights, np.ones(matrix.shape[0], dtype=bool))
    except FileError as error:
        notes = (f"{path.name} {error.problem}.",)
    filled = int((np.diff(matrix.indptr) > 0).sum())
    return [
        ("Kind", "correspondence between two surfaces"),
        ("Key", key or "none, a bare matrix"),
        ("Size", f"{matrix.shape[0]} × {matrix.shape[1]}"),
        ("Rows with entries", str(filled)),
        ("Entries", str(matrix.nnz)),
        ("SHA-256", checksum(path)),
        *(("Note", note) for note in notes),
    ]


def _mask(path: Path, array: np.ndarray) -> Rows:
    if array.ndim != 1 or array.dtype.kind not in "biu" or not array.size:
        raise FileError(
            path,
            f"holds {array.dtype} of shape {shape_text(array.shape)}, "
            "expected a row of vertex ids or booleans",
        )
    if array.dtype.kind == "b":
        found = ("Booleans", f"{array.size}, {int(array.sum())} of them true")
    else:
        found = ("Ids", f"{np.unique(array).size}, from {array.min()} to {array.max()}")
    left_out = "exclude" in path.name.lower()
    kind = "list of vertices to leave out" if left_out else "list of valid vertices"
    return [("Kind", kind), found, ("SHA-256", checksum(path))]


def _joint_set(path: Path) -> Rows:
    found = read_joint_set(path)
    names = key_list(member.name for member in found.members)
    return [("Name", found.name), ("Of", FAMILY_LABEL[found.family]), ("Joints", names)]


def _recipe(path: Path) -> Rows:
    draft = read_recipe(path)
    stages = ", ".join(f"{entry.settings.stage}{'' if entry.on else ' (off)'}" for entry in draft.entries)
    return [("Name", draft.name), ("Method", draft.method), ("Start", draft.start), ("Stages", stages)]


_OF_KIND = {
    "joint set": _joint_set,
    "recipe": _recipe,
    "regressor": lambda path: [("SHA-256", checksum(path))],
}
