"""Moving bodies as binary glTF 2.0, ``.glb``, which Blender, Unity and three.js open: a mesh with its
skeleton and one animation.

Metres, seconds, y up, as the format has it; a node above the skeleton turns the file's world there. Betas are
in the rest mesh and the rest joints; expression coefficients are morph targets. The skin is Refit's but for
the pose correctives, for which skeletons have no place; what that makes is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial.transform import Rotation

from core import __version__
from core.errors import RefitError
from core.files.containers.atomic import atomic_write
from core.geometry.up_axis import turned
from core.model.motion import Motion
from core.outputs.export_format import BodySizes, ExportFormat, ExportJob, Option, Settings
from core.outputs.job_frames import gap_words, named, origin_words, rate_of, rate_words, usable
from core.outputs.meshes import STEP
from core.outputs.rig import WEIGHTS_IN_A_SET, Rig, loss_words, rig_loss, rig_of

if TYPE_CHECKING:
    import pygltflib

_VERTICES, _INDICES = 34962, 34963
_TYPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
_COMPONENTS = {"<f4": 5126, "<u4": 5125, "|u1": 5121}
_COLOURS = {"fit": (0.21, 0.43, 0.43, 1.0), "source": (0.58, 0.36, 0.19, 1.0)}
"""Of the skins, linear."""


@dataclass(frozen=True, eq=False)
class Figure:
    """A rig as a file holds it.

    Attributes:
        name: of its node.
        rig: the body.
        seconds: (n,) when each of its frames is.
        up_axis: of the world it moves in.
        role: ``'fit'`` or ``'source'``, for its colour.
    """

    name: str
    rig: Rig
    seconds: np.ndarray
    up_axis: str
    role: str = "fit"


def write_gltf(
    path: str | Path,
    figures: list[Figure],
    *,
    extras: dict[str, Any] | None = None,
    overwrite: bool = False,
) -> None:
    """Writes bodies that move in one world.

    Args:
        path: the file, ``.glb``.
        figures: at least one.
        extras: what else the file is to say of itself; plain json values.
        overwrite: replace a file that is there.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
    """
    with atomic_write(path, overwrite=overwrite) as file:
        for piece in _Scene(figures, extras or {}).file():
            file.write(piece)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(V, 3) float32 unit normals, the mean of the faces around each vertex by their areas."""
    a, b, c = (vertices[faces[:, corner]].astype(np.float64) for corner in range(3))
    across = np.cross(b - a, c - a)
    total = np.zeros(vertices.shape)
    for corner in range(3):
        np.add.at(total, faces[:, corner], across)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    up = np.array([0.0, 1.0, 0.0])
    return np.where(length > 0, total / np.where(length > 0, length, 1), up).astype(np.float32)


class _Scene:
    """Nodes, skins and the animation, as they are put together."""

    def __init__(self, figures: list[Figure], extras: dict[str, Any]) -> None:
        import pygltflib

        self._lib = pygltflib
        self._blob = bytearray()
        self._times: dict[bytes, int] = {}
        asset = pygltflib.Asset(generator=f"Refit {__version__}", version="2.0", extras=extras)
        self._file: pygltflib.GLTF2 = pygltflib.GLTF2(asset=asset, scene=0)
        self._file.scenes = [pygltflib.Scene(nodes=[])]
        self._motion = pygltflib.Animation(name="motion", channels=[], samplers=[])
        for figure in figures:
            self._add(figure)
        self._file.animations = [self._motion]

    def file(self) -> list[bytes]:
        """What the file holds, in pieces."""
        self._file.buffers = [self._lib.Buffer(byteLength=len(self._blob))]
        self._file.set_binary_blob(bytes(self._blob))
        return self._file.save_to_bytes()

    def _add(self, figure: Figure) -> None:
        lib, nodes, rig = self._lib, self._file.nodes, figure.rig
        root, first = len(nodes), len(nodes) + 1
        turn = Rotation.from_matrix(turned(np.eye(3), figure.up_axis, "y").T)
        nodes.append(lib.Node(name=figure.name, children=[first], rotation=turn.as_quat().tolist()))
        joints = list(range(first, first + len(rig.joints)))
        # A file of one frame is a pose, and viewers show it without being asked to play.
        still = len(rig.frames) == 1
        for joint, offset in enumerate(rig.rig_offsets):
            children = [first + below for below in np.flatnonzero(rig.body.parents == joint).tolist()]
            nodes.append(
                lib.Node(
                    name=rig.body.joint_names[joint],
                    translation=(rig.translations[0, joint] if still else offset).tolist(),
                    rotation=rig.rotations[0, joint].tolist() if still else None,
                    children=children,
                )
            )
        inverse = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
        inverse[:, 3, :3] = -rig.joints  # columns first
        skin = lib.Skin(
            name=figure.name,
            joints=joints,
            skeleton=root,
            inverseBindMatrices=self._put(inverse.reshape(-1, 16)),
        )
        self._file.skins.append(skin)
        mesh_node = len(nodes)
        nodes.append(
            lib.Node(
                name=f"{figure.name} skin", mesh=self._mesh(figure, still), skin=len(self._file.skins) - 1
            )
        )
        self._file.scenes[0].nodes += [root, mesh_node]
        self._animate(figure, joints, mesh_node)

    def _mesh(self, figure: Figure, still: bool) -> int:
        lib, rig = self._lib, figure.rig
        values = {
            "POSITION": self._put(rig.vertices, _VERTICES, bounds=True),
            "NORMAL": self._put(vertex_normals(rig.vertices, rig.body.faces), _VERTICES),
        }
        for number in range(rig.weights.shape[1] // WEIGHTS_IN_A_SET):
            some = slice(number * WEIGHTS_IN_A_SET, (number + 1) * WEIGHTS_IN_A_SET)
            values[f"JOINTS_{number}"] = self._put(rig.joint_ids[:, some].astype(np.uint8), _VERTICES)
            values[f"WEIGHTS_{number}"] = self._put(rig.weights[:, some], _VERTICES)
        colour = list(_COLOURS[figure.role])
        self._file.materials.append(
            lib.Material(
                name=figure.name,
                pbrMetallicRoughness=lib.PbrMetallicRoughness(
                    baseColorFactor=colour, metallicFactor=0.0, roughnessFactor=0.8
                ),
            )
        )
        faces = np.ascontiguousarray(rig.body.faces, dtype=np.uint32).reshape(-1, 1)
        primitive = lib.Primitive(
            attributes=lib.Attributes(**values),
            indices=self._put(faces, _INDICES),
            material=len(self._file.materials) - 1,
            targets=[
                lib.Attributes(POSITION=self._put(morph, _VERTICES, bounds=True)) for morph in rig.morphs
            ],
        )
        weights = rig.morph_weights[0] if still else np.zeros(len(rig.morphs))
        self._file.meshes.append(
            lib.Mesh(
                name=f"{figure.name} skin",
                primitives=[primitive],
                weights=weights.tolist(),
                extras={"targetNames": list(rig.morph_names)} if rig.morph_names else {},
            )
        )
        return len(self._file.meshes) - 1

    def _animate(self, figure: Figure, joints: list[int], mesh_node: int) -> None:
        rig = figure.rig
        seconds = figure.seconds.astype(np.float32)
        times = self._times.get(seconds.tobytes())
        if times is None:
            times = self._times[seconds.tobytes()] = self._put(seconds.reshape(-1, 1), bounds=True)
        for joint, node in enumerate(joints):
            self._channel(times, rig.rotations[:, joint], node, "rotation")
        for joint in np.flatnonzero(rig.moving).tolist():
            self._channel(times, rig.translations[:, joint], joints[joint], "translation")
        if rig.morph_names:
            self._channel(times, rig.morph_weights.reshape(-1, 1), mesh_node, "weights")

    def _channel(self, times: int, values: np.ndarray, node: int, what: str) -> None:
        lib = self._lib
        self._motion.samplers.append(
            lib.AnimationSampler(input=times, output=self._put(values), interpolation="LINEAR")
        )
        target = lib.AnimationChannelTarget(node=node, path=what)
        self._motion.channels.append(
            lib.AnimationChannel(sampler=len(self._motion.samplers) - 1, target=target)
        )

    def _put(self, rows: np.ndarray, target: int | None = None, *, bounds: bool = False) -> int:
        """Puts (n, k) numbers into the file, and gives the number of their accessor."""
        lib = self._lib
        if rows.dtype.kind == "f":
            rows = rows.astype("<f4")
        rows = np.ascontiguousarray(rows)
        data = rows.tobytes()
        view = lib.BufferView(buffer=0, byteOffset=len(self._blob), byteLength=len(data), target=target)
        self._blob += data + b"\0" * (-len(data) % 4)
        self._file.bufferViews.append(view)
        accessor = lib.Accessor(
            bufferView=len(self._file.bufferViews) - 1,
            componentType=_COMPONENTS[rows.dtype.str],
            count=len(rows),
            type=_TYPES[rows.shape[1]],
        )
        if bounds:
            accessor.min, accessor.max = rows.min(0).tolist(), rows.max(0).tolist()
        self._file.accessors.append(accessor)
        return len(self._file.accessors) - 1


# As a format to export in.

RIGS = Option("rigs", "Body", (("Fit", "fit"), ("Source", "source"), ("Fit and source", "both")))


def _write(job: ExportJob) -> str:
    which = job.settings.get("rigs", "fit")
    roles = ("fit", "source") if which == "both" else (which,)
    rate, notes = rate_of(job), list[str]()
    figures = list[Figure]()
    origin: Any = None
    for role in roles:
        motion, body = job.of(role)
        if figures and motion.origin != origin:
            raise RefitError("Fit and source are told from origins of their own; export one at a time.")
        origin, there = motion.origin, usable(job, role)
        rig = rig_of(motion, body, job.frames[there])
        # A player begins with the first frame; programs go straight from one to the next over a gap.
        seconds = (rig.frames - job.frames[0]) / rate
        if seconds[-1] > np.finfo(np.float32).max:
            raise RefitError(f"At {rate:g} frames a second there are times that no glTF file holds.")
        figures.append(Figure(f"{job.stem} {role}", rig, seconds, motion.up_axis, role))
        words = (
            loss_words(rig_loss(motion, rig, job.progress, job.stop)),
            *gap_words(there, "programs go straight from one to the next around them"),
        )
        notes += [f"{role.capitalize()}: {one}" if len(roles) > 1 else one for one in words]
    extras = {"frame_rate": rate, **_said(motion)}
    write_gltf(job.path, figures, extras=extras, overwrite=job.overwrite)
    return " ".join((*notes, *rate_words(job), *origin_words(motion, "y")))


def _said(motion: Motion) -> dict[str, Any]:
    said: dict[str, Any] = {"gender": motion.gender, "surface_model_type": motion.family}
    if motion.origin is not None:
        said["origin"] = turned(np.array(motion.origin), motion.up_axis, "y").tolist()
    return said


def _size(sizes: BodySizes, count: int, settings: Settings) -> int:
    which = settings.get("rigs", "fit")
    face = 0 if which == "source" else sizes.coefficients
    body = sizes.vertices * 64 + 12 * sizes.faces + count * (16 * sizes.joints + 16) + 60_000
    return (2 if which == "both" else 1) * body + face * (12 * sizes.vertices + 4 * count)


GLTF = ExportFormat(
    "glb",
    ".glb",
    "Animated body, glTF",
    "Blender, Unity, three.js, .glb",
    "A skinned mesh with its skeleton and animation; expression as morph targets. Metres, y up. Pose "
    "correctives have no place in it: how far the skin is off without them is told.",
    "person-simple-run",
    _size,
    _write,
    ranges=("all", "selection", "current"),
    options=(RIGS, STEP),
    stem=lambda stem, settings: named(stem, settings.get("rigs", "fit")),
    needs_fit=lambda settings: settings.get("rigs", "fit") != "source",
)
