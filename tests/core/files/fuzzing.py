"""Valid files of every kind that Refit reads, and ways to spoil them: for tests that no reader falls over."""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import sparse

from core.correspond.load_bodies import load_bodies
from core.errors import RefitError
from core.files.bodies.correspondences import read_correspondence, read_mask
from core.files.bodies.models import read_model
from core.files.bodies.regressors import read_regressor
from core.files.bodies.vertex_sets import read_vertex_list
from core.files.builtin_files import builtin_folder
from core.files.motions.load_motion import load_motion, survey
from core.files.motions.mesh_readers import mesh_vertices
from core.fitting.recipe.draft import Draft
from core.fitting.recipe.recipe import ACCURATE
from core.inspection.joint_set import joints_of_set
from core.model.motion import Motion
from core.outputs.describe import describe_file
from core.outputs.joint_sets import read_joint_set
from core.outputs.recipes import read_recipe, recipe_text
from core.outputs.results import load_result, save_result
from core.outputs.sessions import load_session, save_session, session_summary
from core.session.session import Session, SessionStep, SourceFile
from tests.core.files.bombs import BOMBS, deep_list, deep_tuple
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.motions import mesh_files
from tests.core.files.motions.sources.example import npy
from tests.core.outputs.test_results import make_result
from tests.transfer_files import write_correspondence as write_official

SOURCES, TARGETS = 7, 5


@dataclass(frozen=True)
class Kind:
    """One form of file: its name, what it holds, how that is written, and who reads it."""

    name: str
    held: Callable[[], Any]
    write: Callable[[Any], bytes]
    readers: tuple[Callable[[Path], Any], ...]


@cache
def _bodies() -> Any:
    return load_bodies()


def _npz(held: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.savez(out, **{str(key): np.asanyarray(value) for key, value in held.items()})
    return out.getvalue()


def _torch(held: Any) -> bytes:
    out = io.BytesIO()
    torch.save(held, out)
    return out.getvalue()


def _scipy_npz(held: Any) -> bytes:
    out = io.BytesIO()
    sparse.save_npz(out, held)
    return out.getvalue()


def _json(held: Any) -> bytes:
    return json.dumps(held).encode()


def _pickle(held: Any) -> bytes:
    return pickle.dumps(held, 2)


def _amass() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {
        "poses": rng.normal(size=(3, 156)),
        "trans": rng.normal(size=(3, 3)),
        "betas": rng.normal(size=16),
        "dmpls": rng.normal(size=(3, 8)),
        "gender": np.array("male"),
        "mocap_framerate": np.array(120.0),
    }


def _aist() -> dict[str, Any]:
    return {"smpl_poses": np.zeros((3, 72)), "smpl_trans": np.ones((3, 3)), "smpl_scaling": np.array([90.0])}


def _matrix() -> sparse.csr_matrix:
    rng = np.random.default_rng(2)
    return sparse.csr_matrix(rng.dirichlet(np.ones(SOURCES), TARGETS).astype(np.float32))


def _official() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.pkl"
        write_official(path, _matrix())
        return dict(pickle.loads(path.read_bytes()))  # noqa: S301  (written above)


def _tensors() -> dict[str, Any]:
    dense = torch.as_tensor(_matrix().toarray())
    return {"matrix": dense.to_sparse_coo(), "valid_vertices": torch.arange(3), "more": [dense.half(), "a"]}


def _regressor() -> sparse.csr_matrix:
    return sparse.csr_matrix(_bodies().source.J_regressor)


def _joint_set() -> dict[str, Any]:
    members = [{"joint": "pelvis"}, {"vertex": 12, "name": "v"}, {"joint": "left_index", "name": "tip"}]
    return {"format": 1, "name": "mine", "family": "smplh", "joints": members}


def _motion() -> Motion:
    return Motion("smplh", np.zeros((6, 52, 3)), np.zeros((6, 3)), np.zeros(10), path=Path("walk.npz"))


def _session_bytes() -> bytes:
    result, motion = make_result(), _motion()
    steps = (
        SessionStep(None, None),
        SessionStep(result, 50.0, "fit"),
        SessionStep(result, None, "e", np.array([2])),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "walk.refit"
        save_session(path, Session(SourceFile.of(motion), motion, steps, 1, {"frame": 3}))
        return path.read_bytes()


def _result_bytes() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "walk.npz"
        save_result(path, make_result())
        return path.read_bytes()


def _told_by_result() -> dict[str, Any]:
    """What a result says of how it was made; the rest of the file is whole."""
    return dict(json.loads(str(_as_arrays(_result_bytes())["refit_provenance"])))


def _result_told(held: dict[str, Any]) -> bytes:
    return _npz(_as_arrays(_result_bytes()) | {"refit_provenance": np.array(json.dumps(held))})


def _told_by_session() -> dict[str, Any]:
    """The table of contents of a session; its arrays are whole."""
    with zipfile.ZipFile(io.BytesIO(_session_bytes())) as archive:
        return dict(json.loads(archive.read("session.json")))


def _session_told(held: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_session_bytes())) as whole, zipfile.ZipFile(out, "w") as archive:
        for name in whole.namelist():
            archive.writestr(name, json.dumps(held) if name == "session.json" else whole.read(name))
    return out.getvalue()


def _as_arrays(data: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(data)) as arrays:
        return dict(arrays)


def _model() -> dict[str, np.ndarray]:
    """A model whose large arrays are not there: what is checked before them."""
    with np.load(builtin_folder() / "bodies/smplh/neutral/model.npz") as arrays:
        return {key: arrays[key] for key in arrays.files}


def _transfer(path: Path) -> Any:
    return read_correspondence(path, source_vertices=SOURCES, target_vertices=TARGETS)


def _list(path: Path) -> Any:
    read_mask(path, TARGETS)
    return read_vertex_list(path, TARGETS)


def _set(path: Path) -> Any:
    return joints_of_set(read_joint_set(path), _bodies().source)


def _few() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(9, 3)).astype(np.float32)


def _vertices() -> dict[str, np.ndarray]:
    vertices = np.random.default_rng(4).normal(size=(1, 6890, 3)).astype(np.float16)
    return {"vertices": vertices, "gender": np.array("male"), "mocap_frame_rate": np.array(30)}


def _regressed(path: Path) -> Any:
    return read_regressor(path, _bodies().source)


def _recipe(path: Path) -> Any:
    draft = read_recipe(path)
    return draft.recipe() if draft.entries else draft


MASK = np.array([True, False, True, True, False])
IDS = np.flatnonzero(MASK)

KINDS: tuple[Kind, ...] = (
    Kind("motion.npz", _amass, _npz, (load_motion, describe_file)),
    Kind("motion.pkl", _aist, _pickle, (load_motion, describe_file)),
    Kind("official.pkl", _official, _pickle, (_transfer, describe_file)),
    Kind("bare.pkl", lambda: [sparse.coo_matrix(_matrix())], lambda held: _pickle(held[0]), (_transfer,)),
    Kind("joblib.pkl", lambda: {"matrix": _matrix().toarray()}, joblib_bytes, (_transfer, _list)),
    Kind(
        "packed.pkl",
        lambda: {"matrix": _matrix(), "valid_vertices": MASK, "mapping": IDS},
        lambda held: joblib_bytes(held, "zlib"),
        (_transfer, describe_file),
    ),
    Kind("tensors.pt", _tensors, _torch, (_transfer, describe_file, load_motion)),
    Kind("dense.npz", lambda: {"mtx": _matrix().toarray(), "valid": MASK}, _npz, (_transfer, describe_file)),
    Kind("sparse.npz", lambda: _as_arrays(_scipy_npz(_matrix())), _npz, (_transfer, describe_file)),
    Kind("mask.npz", lambda: {"ids": IDS}, _npz, (_list,)),
    Kind("mask.npy", lambda: [IDS], lambda held: npy(held[0]), (_list, describe_file, _transfer)),
    Kind("mask.pkl", lambda: {"mask": MASK}, _pickle, (_list,)),
    Kind("mask.json", lambda: {"ids": IDS.tolist()}, _json, (_list,)),
    Kind("mask.txt", lambda: [b"0, 2\n3 # all\n"], lambda held: held[0], (_list,)),
    Kind("regressor.pkl", lambda: {"J_regressor": _regressor()}, _pickle, (_regressed, describe_file)),
    Kind("regressor.npz", lambda: _as_arrays(_scipy_npz(_regressor())), _npz, (_regressed,)),
    Kind("joints.json", _joint_set, _json, (_set,)),
    Kind("recipe.toml", lambda: [recipe_text(Draft.of(ACCURATE)).encode()], lambda held: held[0], (_recipe,)),
    Kind("walk.refit", lambda: [_session_bytes()], lambda held: held[0], (load_session, session_summary)),
    Kind("vertices.npz", _vertices, _npz, (load_motion, describe_file, survey)),
    Kind("mesh.obj", lambda: [mesh_files.obj(_few())], lambda held: held[0], (mesh_vertices,)),
    Kind("text.ply", lambda: [mesh_files.ply(_few(), "ascii")], lambda held: held[0], (mesh_vertices,)),
    Kind("mesh.ply", lambda: [mesh_files.ply(_few())], lambda held: held[0], (mesh_vertices,)),
    Kind("big.ply", lambda: [mesh_files.ply(_few(), "big", "f8")], lambda held: held[0], (mesh_vertices,)),
    Kind("provenance.json", _told_by_result, _result_told, (load_result, describe_file)),
    Kind("contents.json", _told_by_session, _session_told, (load_session, session_summary, describe_file)),
    Kind("result.npz", lambda: _as_arrays(_result_bytes()), _npz, (load_result, describe_file)),
)
HEAVY: tuple[Kind, ...] = (
    Kind("model.npz", _model, _npz, (read_model,)),
    Kind("model.pkl", _model, _pickle, (read_model,)),
)
BY_NAME = {kind.name: kind for kind in (*KINDS, *HEAVY)}


@cache
def whole(name: str) -> bytes:
    """The valid file of a kind."""
    return BY_NAME[name].write(BY_NAME[name].held())


def opens_or_says_why(kind: Kind, path: Path) -> bool:
    """Every reader of the kind gives something, or one sentence that names the file; else an error.

    Returns:
        Whether any of them opened it.
    """
    opened = False
    for reader in kind.readers:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                reader(path)
            opened = True
        except RefitError as error:
            said = str(error)
            assert said
            assert "\n" not in said, said
            assert len(said) < 2000, said
            assert "Traceback" not in said
    return opened


def spoiled(data: bytes, chance: random.Random, depth: int = 0) -> bytes:
    """The bytes of a file changed: as they are, or those of a member of the zip that it is, or unpacked."""
    if depth < 2 and data[:2] == b"PK" and chance.random() < 0.7:
        return _member_spoiled(data, chance, depth)
    if depth < 2 and data[:1] == b"\x78" and chance.random() < 0.7:
        try:
            return zlib.compress(spoiled(zlib.decompress(data), chance, depth + 1))
        except zlib.error:
            pass
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        data = chance.choice(_CHANGES)(data, chance)
    return data


def _member_spoiled(data: bytes, chance: random.Random, depth: int) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:
        return data
    if not members:
        return data
    at = chance.randrange(len(members))
    name, held = members[at]
    what = chance.random()
    if what < 0.7:
        members[at] = (name, spoiled(held, chance, depth + 1))
    elif what < 0.8:
        del members[at]
    elif what < 0.9:
        members[at] = (name, chance.choice(members)[1])
    else:
        members.append((chance.choice(("x.npy", "a/data.pkl", "../x.npy", "session.json", name)), held))
    out = io.BytesIO()
    packing = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", packing) as archive:
        warnings.simplefilter("ignore")
        for name, held in members:
            archive.writestr(name, held)
    return out.getvalue()


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _flip(data: bytes, chance: random.Random) -> bytes:
    if not data:
        return data
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def _replace(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    new = chance.choice(
        (
            bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9))),
            struct.pack("<I", chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 30))),
            struct.pack("<Q", chance.choice((0, 1 << 62, (1 << 64) - 1, 1 << 40))),
            chance.choice(
                (b"(", b"(9999999999,)", b"|O", b"<f8", b">U9", b"nan", b"-1", b"1e999", b"True", b"{}")
            ),
        )
    )
    return data[:at] + new + data[at + chance.choice((0, len(new))) :]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:end] + data[start : min(end, start + 200)] * chance.choice((1, 2, 20)) + data[end:]


def _drop(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.choice((1, 2, 8, 64)) :]


def _splice(data: bytes, chance: random.Random) -> bytes:
    other = whole(chance.choice([kind.name for kind in KINDS]))
    head = chance.randrange(1, 80)
    return other[:head] + data[head:] if chance.random() < 0.5 else data[:head] + other[head:]


_ENDLESS = (
    deep_tuple(),
    deep_list(),
    b"]q\x00h\x00a",
    b"}" + deep_tuple() + b"Ns",
    b"\x8f(" + deep_tuple() + b"\x90",
    b"]" * 1000,
    b"N" * 100_000,
    b"\x8b\x50\xc3\x00\x00" + b"\x01" * 50_000,
    b"9" * 4000,
    b"[" * 5000,
)


def _endless(data: bytes, chance: random.Random) -> bytes:
    """Work without end in the middle of it, or in the place of what there is."""
    at, bomb = chance.randrange(len(data) + 1), chance.choice(_ENDLESS)
    if chance.random() < 0.3:
        return chance.choice(list(BOMBS.values()))
    return data[:at] + bomb + data[at + chance.choice((0, 0, len(bomb))) :]


def _number(data: bytes, chance: random.Random) -> bytes:
    """Another digit for a digit: sizes, shapes and versions are text in many headers."""
    places = [at for at, byte in enumerate(data[:4000]) if 48 <= byte <= 57]
    if not places:
        return _flip(data, chance)
    at = chance.choice(places)
    return data[:at] + str(chance.choice((0, 1, 2, 9, 10**9, -1))).encode() + data[at + 1 :]


_CHANGES = (_cut, _flip, _flip, _replace, _replace, _repeat, _drop, _splice, _number, _number, _endless)


def places(held: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every value in nested containers is."""
    if at:
        yield at
    keys = list(held) if isinstance(held, dict) else range(len(held)) if isinstance(held, list) else ()
    for key in keys:
        yield from places(held[key], (*at, key))


def put(held: Any, at: tuple[Any, ...], value: Any) -> None:
    """Puts a value where another was."""
    for key in at[:-1]:
        held = held[key]
    held[at[-1]] = value
