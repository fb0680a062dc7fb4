"""What a file is, whatever its name says: for sentences that refuse it, and for folders that are walked."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import Cancelled, FileError
from core.files.bodies.correspondences import MAPPING_KEYS, MATRIX_KEYS
from core.files.bodies.models import NUM_VERTICES, looks_like_model
from core.files.bodies.regressors import KEY as REGRESSOR
from core.files.containers.arrays import key_list
from core.files.containers.npz import npz_has, read_npz
from core.files.containers.opening import open_to_read
from core.files.containers.sparse_npz import saved_by_scipy
from core.files.motions.mesh_motions import holds_vertices, is_mesh_folder
from core.files.motions.mesh_readers import READERS
from core.files.motions.parts.file_contents import Contents, contents_of
from core.files.motions.registry import is_frame_folder, source_of
from core.model.joints import FAMILY_LABEL, JOINT_NAMES

SESSION_KEY, RESULT_KEY = "refit_session", "refit_provenance"
"""Keys by which Refit knows its own files."""

_START = 4096
_MOST_TEXT = 1 << 20
_BEGINNINGS = (
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"BM", "a picture (BMP)"),
    (b"II*\0", "a picture (TIFF)"),
    (b"MM\0*", "a picture (TIFF)"),
    (b"%PDF", "a PDF"),
    (b"7z\xbc\xaf", "an archive (7z)"),
    (b"Rar!", "an archive (rar)"),
    (b"\x28\xb5\x2f\xfd", "an archive (zstd)"),
    (b"\x89HDF", "an HDF5 file"),
    (b"MATLAB 5.0", "a MATLAB file"),
    (b"Kaydara FBX", "an FBX file"),
    (b"glTF", "a glTF file"),
    (b"BLENDER", "a Blender file"),
    (b"HIERARCHY", "a BVH file"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself"),
    (b"\x7fELF", "a program"),
)
# What joblib packs as well.
_PACKED = (
    (b"\x1f\x8b", "an archive (gzip)"),
    (b"BZh", "an archive (bzip2)"),
    (b"\xfd7zXZ\0", "an archive (xz)"),
)
# Of these two each file of a tool that tracks people has some.
_ORIENTED = {"poses", "pose", "fullpose", "body_pose", "smpl_poses", "pose_body", "thetas", "poses_body"}
_PLACED = {
    "trans", "transl", "global_orient", "root_orient", "smpl_trans", "betas", "smpl_betas", "poses_root",
}  # fmt: skip
_AMASS = {"poses", "trans", "betas"}
_WIDE = 1000
_ENOUGH_TEXT = 0.97


@dataclass(frozen=True)
class FileKind:
    """What a file is.

    Attributes:
        kind: ``'motion'``, ``'result'``, ``'session'``, ``'model'``, ``'correspondence'``, ``'regressor'``,
            ``'vertices'``, ``'joint set'``, ``'recipe'``, ``'mesh'``, ``'layout'`` (a motion, as it seems, of
            a tool that nobody knows), ``'text'``, ``'other'``; empty where nobody knows.
        words: ``'a body model of SMPL-X'``; empty where it cannot be read, as it is damaged or refused.
        keys: of a ``'layout'``, what it holds.
    """

    kind: str = ""
    words: str = ""
    keys: str = ""


UNKNOWN = FileKind()


def file_kind(path: str | Path) -> FileKind:
    """What a file or folder is, by what is in it. Raises nothing: what cannot be read is not known."""
    path = Path(path)
    try:
        if os.path.isdir(path):
            if is_mesh_folder(path):
                return FileKind("motion", "a folder of meshes")
            return FileKind("motion", "a folder with a file a frame") if is_frame_folder(path) else UNKNOWN
        with open_to_read(path) as file:
            start = file.read(_START)
        if not start:
            return FileKind("other", "an empty file")
        known = _by_beginning(path, start) or _by_contents(path, contents_of(path))
        return known or _begins(start, _PACKED) or _text(path, start)
    except (FileError, OSError):
        return UNKNOWN
    except Cancelled:
        raise
    except Exception:  # a sentence about a file must not fail for the file
        return UNKNOWN


def _begins(start: bytes, beginnings: Sequence[tuple[bytes, str]]) -> FileKind | None:
    found = (FileKind("other", words) for beginning, words in beginnings if start.startswith(beginning))
    return next(found, None)


def _by_beginning(path: Path, start: bytes) -> FileKind | None:
    known = _begins(start, _BEGINNINGS)
    if known:
        return known
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return FileKind("other", "a picture (WebP)")
    if start[4:8] == b"ftyp":
        return FileKind("other", "a film")
    if start[257:262] == b"ustar":
        return FileKind("other", "an archive (tar)")
    if start[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        if not any(name.endswith((".npy", "data.pkl")) for name in names):
            return FileKind("other", "an archive (zip)")
    return None


def _by_contents(path: Path, contents: Contents) -> FileKind | None:
    keys = {str(key) for key in contents.table}
    if contents.kind == "npz":
        for key, kind, words in (
            (SESSION_KEY, "session", "a session of Refit"),
            (RESULT_KEY, "result", "a result of Refit"),
        ):
            if npz_has(path, key):
                return FileKind(kind, words)
    if looks_like_model(keys):
        return FileKind("model", f"a body model{_of_family(contents)}")
    source = source_of(contents)
    if source is not None:
        return FileKind("motion", f"a motion of {source.NAME}")
    if holds_vertices(contents):
        return FileKind("motion", "meshes over time")
    return _matrix(path, contents, keys) or _guessed(contents, keys)


def _of_family(contents: Contents) -> str:
    """`` of SMPL-X``, as the counts of vertices and joints say."""
    vertices = _shape(contents.table.get("v_template"))[:1]
    joints = _shape(contents.table.get("weights"))[1:2]
    for family, count in NUM_VERTICES.items():
        if vertices == (count,) and joints == (len(JOINT_NAMES[family]),):
            return f" of {FAMILY_LABEL[family]}"
    return ""


def _matrix(path: Path, contents: Contents, keys: set[str]) -> FileKind | None:
    """A correspondence, a regressor or a list of vertices, by its shape."""
    if contents.kind == "npz" and saved_by_scipy(keys):
        shape = tuple(int(side) for side in read_npz(path, ("shape",))["shape"].ravel()[:2])
        return _of_shape(shape)
    if set(MAPPING_KEYS) <= keys:
        return FileKind("correspondence", "a correspondence by triangles of its source")
    if REGRESSOR in keys:
        return FileKind("regressor", "a J_regressor")
    for key in MATRIX_KEYS:
        if key in keys:
            return _of_shape(_shape(contents.table[key]), FileKind("correspondence", "a correspondence"))
    value = contents.value
    if not contents.table and len(_shape(value)):
        return _of_shape(_shape(value), numbers=getattr(value, "dtype", None))
    return None


def _of_shape(
    shape: tuple[int, ...], otherwise: FileKind | None = None, numbers: Any = None
) -> FileKind | None:
    sides = " × ".join(map(str, shape))
    skins = set(NUM_VERTICES.values())
    if len(shape) == 2 and min(shape) > _WIDE:
        return FileKind("correspondence", f"a correspondence between two surfaces ({sides})")
    if len(shape) == 2 and skins & set(shape) and min(shape) > 1:
        return FileKind("regressor", f"a regressor of {min(shape)} joints ({sides})")
    if len(shape) == 1 and getattr(numbers, "kind", "") in "biu" and numbers is not None:
        return FileKind("vertices", "a list of vertices")
    return otherwise or FileKind("", f"an array of shape ({sides.replace(' × ', ', ')})")


def _guessed(contents: Contents, keys: set[str]) -> FileKind | None:
    """Of what nobody reads."""
    if contents.kind == "npz" and len(keys & _AMASS) == len(_AMASS) - 1:
        # Its reader says which key is missing.
        return FileKind("motion", "a motion of AMASS")
    found = keys | {str(key) for value in contents.table.values() if isinstance(value, dict) for key in value}
    if found & _ORIENTED and found & _PLACED:
        return FileKind("layout", "a motion in a layout that is not known", key_list(keys))
    names = {"npz": "an .npz", "pickle": "a pickle", "torch": "a torch file"}
    words = names.get(contents.kind)
    return FileKind("", f"{words} of other things") if words else None


def _text(path: Path, start: bytes) -> FileKind:
    """json, TOML or anything that can be read."""
    if path.suffix.lower() in READERS:
        return FileKind("motion", "a single mesh")
    if b"\0" in start:
        return UNKNOWN
    letters = start.decode("utf-8", "ignore")
    if len(letters.encode()) < len(start) - 4 or _share(letters, str.isprintable) < _ENOUGH_TEXT:
        return UNKNOWN
    begin = letters.lstrip("\ufeff \t\r\n")
    if begin[:9].lower() == "<!doctype" or begin[:5].lower() == "<html":
        return FileKind("text", "a page of HTML")
    if path.suffix.lower() == ".toml" and "[[stages]]" in letters:
        return FileKind("recipe", "a recipe of Refit")
    if begin[:1] in ("{", "["):
        return _json(path)
    return FileKind("text", "text")


def _json(path: Path) -> FileKind:
    if path.stat().st_size > _MOST_TEXT:
        return FileKind("text", "json")
    try:
        value = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError):
        return FileKind("text", "text")
    if isinstance(value, dict) and isinstance(value.get("joints"), list) and "family" in value:
        return FileKind("joint set", "a joint set of Refit")
    return FileKind("text", "json")


def _share(letters: str, right: Callable[[str], bool]) -> float:
    return sum(right(letter) or letter in "\r\n\t\f" for letter in letters) / max(len(letters), 1)


def _shape(value: Any) -> tuple[int, ...]:
    shape = getattr(value, "shape", ())
    return tuple(int(side) for side in shape) if isinstance(shape, tuple) else ()
