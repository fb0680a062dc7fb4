"""Body models of the SMPL family: one ``.npz`` file, or one pickle as older downloads are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import sparse

from core.errors import FileError
from core.files.bodies.body_check import check_body
from core.files.bodies.model_arrays import (
    CONTOUR_KEYS,
    HAND_KEYS,
    LANDMARK_KEYS,
    REGRESSOR_KEYS,
    model_arrays,
)
from core.files.containers.arrays import finite, numbers, shape_text, text, texts
from core.files.containers.opening import checksum
from core.files.containers.refusals import reads
from core.model.body import BodyModel
from core.model.joints import FAMILY_LABEL, GENDERS, JOINT_NAMES, LEFT_HAND, RIGHT_HAND

NUM_VERTICES = {"smpl": 6890, "smplh": 6890, "smplx": 10475}
NUM_FACES = {"smpl": 13776, "smplh": 13776, "smplx": 20908}

# The published SMPL-X files: 300 shape and 100 expression directions, or 10 and 10.
_SHAPE_SPACE, _EXPRESSION_SPACE = 300, 100
_SHORT_SPACE = 10

# Whole degrees that the neck is turned, 0 to 39 and then -1 to -39, and the points.
_CONTOUR = (79, 17)


def looks_like_model(keys: set[str]) -> bool:
    """Whether a file with these keys is meant to be a body model."""
    return {"v_template", "shapedirs", "weights"} <= keys


@reads("model", "a body model")
def read_model(path: str | Path, *, gender: str | None = None, family: str | None = None) -> BodyModel:
    """The body model in a file; its counts of vertices and joints tell which family it is of.

    Pickles, of Python 2 as well and with chumpy's arrays, are read without running anything in them.

    SMPL-X keeps shape and expression in one array ``shapedirs``: with 400 columns or more, 300 of shape and
    then 100 of expression; with fewer, 10 and then 10, as in the published files. A file whose key ``origin``
    is not empty is one of the bodies Refit carries, wherever it lies.

    Args:
        path: the file.
        gender: which gender it is; None: its key ``gender``, or else what its path says, or else neutral.
        family: the family it should be of; None for any.

    Raises:
        FileError: the file cannot be read, lacks a key, or a key has the wrong type, shape or contents; or
            they are no person's, see `core.files.bodies.body_check`.
    """
    path = Path(path)
    arrays = model_arrays(path)
    found = _family(path, arrays)
    if family is not None and found != family:
        raise FileError(path, f"is an {FAMILY_LABEL[found]} model, expected {FAMILY_LABEL[family]}")
    vertices, joints = NUM_VERTICES[found], len(JOINT_NAMES[found])
    shape, expression = _blend_shapes(path, found, arrays["shapedirs"])
    origin = text(path, "origin", arrays["origin"]) if "origin" in arrays else ""
    gender = gender or _gender(path, arrays)
    faces = _faces(path, arrays["f"], vertices)
    if len(faces) != NUM_FACES[found]:
        raise FileError(
            path,
            f"has {len(faces)} triangles, expected the {NUM_FACES[found]} of {FAMILY_LABEL[found]}: "
            "it is a body of another topology",
            key="f",
        )
    landmark_faces, landmark_weights = _on_triangles(path, arrays, LANDMARK_KEYS, (None,), len(faces))
    contour_faces, contour_weights = _on_triangles(path, arrays, CONTOUR_KEYS, _CONTOUR, len(faces))
    body = BodyModel(
        family=found,
        gender=gender,
        joint_names=_joint_names(path, found, arrays),
        parents=_parents(path, arrays["kintree_table"], joints),
        faces=faces,
        v_template=_exact(path, arrays, "v_template", (vertices, 3)),
        shapedirs=shape,
        expressiondirs=expression,
        posedirs=_exact(path, arrays, "posedirs", (vertices, 3, 9 * (joints - 1))),
        weights=_exact(path, arrays, "weights", (vertices, joints)),
        J_regressor=regressor_of(path, arrays, joints, vertices),
        hands_mean=_hands_mean(path, arrays),
        hands_components=_hands_components(path, arrays),
        landmark_faces=landmark_faces,
        landmark_weights=landmark_weights,
        contour_faces=contour_faces,
        contour_weights=contour_weights,
        name=f"built-in {FAMILY_LABEL[found]}-format body" if origin else f"{FAMILY_LABEL[found]} {gender}",
        builtin=bool(origin),
        path=path,
        sha256=checksum(path),
    )
    check_body(path, body)
    return body


def smpl_from_smplh(body: BodyModel) -> BodyModel:
    """The SMPL body with the same skin as an SMPL-H body: 24 joints instead of 52.

    The two share one topology. Each hand's fifteen finger joints become SMPL's one hand joint: it lies where
    the middle finger starts and carries the skin of all fingers. The pose correctives of the 21 body joints
    stay, those of the fingers go.

    Raises:
        ValueError: ``body`` is not of the family SMPL-H.
    """
    if body.family != "smplh":
        raise ValueError(f"expected an SMPL-H body, got {body.family}")
    names = list(body.joint_names)
    kept = [names.index(name) for name in JOINT_NAMES["smplh"][:22]]
    weights = [body.weights[:, kept]]
    rows = [body.J_regressor[kept]]
    for hand, start in ((LEFT_HAND, "left_middle1"), (RIGHT_HAND, "right_middle1")):
        fingers = [names.index(name) for name in hand]
        weights.append(body.weights[:, fingers].sum(1, keepdims=True))
        rows.append(body.J_regressor[[names.index(start)]])
    posedirs = np.zeros((body.num_vertices, 3, 207), dtype=np.float32)
    posedirs[:, :, : 9 * 21] = body.posedirs[:, :, : 9 * 21]
    return replace(
        body,
        family="smpl",
        joint_names=JOINT_NAMES["smpl"],
        parents=np.concatenate((body.parents[:22], [20, 21])).astype(body.parents.dtype),
        posedirs=posedirs,
        weights=np.concatenate(weights, 1),
        J_regressor=np.concatenate(rows, 0),
        hands_mean=None,
        hands_components=None,
        name=f"{body.name}, as SMPL",
    )


def _family(path: Path, arrays: dict[str, np.ndarray]) -> str:
    vertices, weights = arrays["v_template"], arrays["weights"]
    counts = (vertices.shape[0] if vertices.ndim else 0, weights.shape[1] if weights.ndim == 2 else 0)
    for family, names in JOINT_NAMES.items():
        if counts == (NUM_VERTICES[family], len(names)):
            return family
    known = ", ".join(
        f"{NUM_VERTICES[family]} and {len(names)} ({FAMILY_LABEL[family]})"
        for family, names in JOINT_NAMES.items()
    )
    raise FileError(path, f"has {counts[0]} vertices and {counts[1]} joints, expected {known}")


def _exact(path: Path, arrays: dict[str, np.ndarray], key: str, shape: tuple[int | None, ...]) -> np.ndarray:
    return finite(path, key, numbers(path, key, arrays[key], shape))


def _blend_shapes(path: Path, family: str, shapedirs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(V, 3, B) shape and (V, 3, E) expression directions."""
    directions = finite(
        path, "shapedirs", numbers(path, "shapedirs", shapedirs, (NUM_VERTICES[family], 3, None))
    )
    columns = directions.shape[2]
    if columns == 0:
        raise FileError(path, "has no columns, expected at least one shape direction", key="shapedirs")
    if family != "smplx":
        return directions, directions[:, :, :0]
    if columns >= _SHAPE_SPACE + _EXPRESSION_SPACE:
        shape, expression = _SHAPE_SPACE, _EXPRESSION_SPACE
    else:
        shape, expression = min(_SHORT_SPACE, columns), _SHORT_SPACE
    return (
        np.ascontiguousarray(directions[:, :, :shape]),
        np.ascontiguousarray(directions[:, :, shape : shape + expression]),
    )


def _faces(path: Path, faces: np.ndarray, vertices: int) -> np.ndarray:
    if faces.dtype.kind not in "iu" or faces.ndim != 2 or faces.shape[1] != 3 or len(faces) == 0:
        raise FileError(
            path,
            f"has shape {shape_text(faces.shape)} of {faces.dtype}, expected (any, 3) integers",
            key="f",
        )
    if faces.min() < 0 or faces.max() >= vertices:
        raise FileError(
            path,
            f"names vertices from {faces.min()} to {faces.max()}, expected 0 to {vertices - 1}",
            key="f",
        )
    return faces.astype(np.int32)


def _parents(path: Path, table: np.ndarray, joints: int) -> np.ndarray:
    """(J,) parent ids; the root's, written as 2³²−1 or −1, becomes −1."""
    key = "kintree_table"
    if table.dtype.kind not in "iu" or table.shape != (2, joints):
        raise FileError(
            path,
            f"has shape {shape_text(table.shape)} of {table.dtype}, expected (2, {joints}) integers",
            key=key,
        )
    parents = table[0].astype(np.int64)
    if parents[0] not in (-1, 2**32 - 1):
        raise FileError(path, f"gives the first joint the parent {parents[0]}, expected none", key=key)
    parents[0] = -1
    roots = 1 + np.flatnonzero((parents[1:] == -1) | (parents[1:] == 2**32 - 1))
    if roots.size:
        raise FileError(
            path, f"gives joint {roots[0]} no parent as well, expected one root, the first joint", key=key
        )
    wrong = np.flatnonzero((parents[1:] < 0) | (parents[1:] >= np.arange(1, joints)))
    if wrong.size:
        joint = int(wrong[0]) + 1
        raise FileError(
            path, f"gives joint {joint} the parent {parents[joint]}, expected an earlier joint", key=key
        )
    return parents


def regressor_of(path: Path, arrays: dict[str, np.ndarray], joints: int, vertices: int) -> np.ndarray:
    """The J_regressor among the arrays of a file: dense, or the parts of a sparse one.

    Returns:
        (J, V) float32.

    Raises:
        FileError: it has another shape, or its parts do not fit together.
    """
    if "J_regressor" in arrays:
        return _exact(path, arrays, "J_regressor", (joints, vertices))
    parts = {key.removeprefix("J_regressor_"): arrays[key] for key in REGRESSOR_KEYS if key in arrays}
    compressed = {"data", "indices", "indptr"} <= parts.keys()
    if not compressed and not {"data", "row", "col"} <= parts.keys():
        raise FileError(
            path, "is neither dense nor the data, indices and indptr of a sparse matrix", key="J_regressor"
        )
    names = ("indices", "indptr") if compressed else ("row", "col")
    data = finite(path, "J_regressor_data", numbers(path, "J_regressor_data", parts["data"], (None,)))
    first, second = (_whole(path, f"J_regressor_{name}", parts[name]) for name in names)
    if compressed:
        if (
            len(second) != joints + 1
            or second[0] != 0
            or second[-1] != len(first)
            or (np.diff(second) < 0).any()
        ):
            raise FileError(path, f"does not divide the entries into {joints} rows", key="J_regressor_indptr")
        rows, columns = np.repeat(np.arange(joints), np.diff(second)), first
    else:
        rows, columns = first, second
    if not len(rows) == len(columns) == len(data):
        raise FileError(path, "has unequal numbers of values and places", key="J_regressor")
    if len(data) and (
        min(rows.min(), columns.min()) < 0 or rows.max() >= joints or columns.max() >= vertices
    ):
        raise FileError(path, f"has entries outside ({joints}, {vertices})", key="J_regressor")
    return np.asarray(sparse.coo_matrix((data, (rows, columns)), (joints, vertices)).toarray(), np.float32)


def _whole(path: Path, key: str, array: np.ndarray, shape: tuple[int | None, ...] = (None,)) -> np.ndarray:
    expected = "a row" if shape == (None,) else shape_text(shape)
    fits = array.ndim == len(shape) and all(
        a == b or b is None for a, b in zip(array.shape, shape, strict=True)
    )
    if array.dtype.kind not in "iu" or not fits:
        found = f"has shape {shape_text(array.shape)} of {array.dtype}"
        raise FileError(path, f"{found}, expected {expected} of integers", key=key)
    return array.astype(np.int64)


def _hands_mean(path: Path, arrays: dict[str, np.ndarray]) -> np.ndarray | None:
    keys = ("hands_meanl", "hands_meanr")
    if not all(key in arrays for key in keys):
        return None
    return np.concatenate([_exact(path, arrays, key, (45,)) for key in keys])


def _hands_components(path: Path, arrays: dict[str, np.ndarray]) -> np.ndarray | None:
    found = [_exact(path, arrays, key, (None, 45)) for key in HAND_KEYS if key in arrays]
    if len(found) < len(HAND_KEYS):
        return None
    count = min(map(len, found))
    return np.stack([components[:count] for components in found])


def _on_triangles(
    path: Path,
    arrays: dict[str, np.ndarray],
    keys: tuple[str, str],
    shape: tuple[int | None, ...],
    faces: int,
) -> tuple[np.ndarray, np.ndarray] | tuple[None, None]:
    """Triangles of some points and their barycentric weights, an axis of 3 more; or None twice."""
    if not all(key in arrays for key in keys):
        return None, None
    ids = _whole(path, keys[0], arrays[keys[0]], shape)
    if ids.size and (ids.min() < 0 or ids.max() >= faces):
        raise FileError(
            path, f"names triangles from {ids.min()} to {ids.max()}, expected 0 to {faces - 1}", key=keys[0]
        )
    return ids, _exact(path, arrays, keys[1], (*ids.shape, 3))


def _joint_names(path: Path, family: str, arrays: dict[str, np.ndarray]) -> tuple[str, ...]:
    expected = JOINT_NAMES[family]
    if "joint_names" in arrays:
        names = texts(path, "joint_names", arrays["joint_names"])
        if names != expected:
            raise FileError(path, f"are not the {len(expected)} of {FAMILY_LABEL[family]}", key="joint_names")
    return expected


def _gender(path: Path, arrays: dict[str, np.ndarray]) -> str:
    if "gender" in arrays:
        said = text(path, "gender", arrays["gender"]).lower()
        if said not in GENDERS:
            raise FileError(path, f"is '{said[:40]}', expected neutral, female or male", key="gender")
        return said
    return gender_in(path.stem) or gender_in(path.parent.name) or "neutral"


def gender_in(name: str) -> str | None:
    """The gender that the name of a file or folder says, ``SMPLX_FEMALE``, ``basicmodel_m_lbs``; or None."""
    words = re.split(r"[^a-z]+", name.lower())
    for gender in ("female", "neutral", "male"):
        if gender in name.lower() or gender[0] in words:
            return gender
    return None
