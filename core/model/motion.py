"""A motion: the pose of one body over time, as motion files store it, or its skin alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from core.files.assumption import (
    ANGLES,
    COORDINATES,
    FAMILY,
    FRAME_RATE,
    GENDER,
    HANDS,
    SIDES,
    UNIT,
    UP_AXIS,
    Assumption,
    Doubt,
    meaning_to_json,
)
from core.files.own_mesh import OwnMesh
from core.model.joints import GENDERS, JOINT_NAMES
from core.model.pose_parts import PoseParts

UpAxis = Literal["y", "z", "x", "-y", "-z", "-x"]
"""The axis of a world that points up; ``'-y'`` where y points down, as a camera's does."""

UP_AXES: tuple[UpAxis, ...] = get_args(UpAxis)

CHOICES: dict[str, tuple[str, ...]] = {
    "family": tuple(JOINT_NAMES),
    "coordinates": ("world", "camera"),
    "gender": GENDERS,
    "up_axis": UP_AXES,
    "unit": ("m", "cm", "mm"),
    "angles": ("radians", "degrees"),
    "hands": ("flat", "mean"),
    "sides": ("as-is", "swapped"),
}
"""What can be said of a file when it is read, by the field of `Reading`."""

# Numbers beyond these are no motion, whatever they are; they count as not finite.
MOST_RADIANS = 1e3
MOST_METRES = 1e6
MOST_RATE = 1e6
"""Frames a second."""
MOST_SIGMAS = 100
"""Betas are of so many standard deviations at most, or are none."""

_MESHES_AT_ONCE = 64


@dataclass(frozen=True)
class Reading:
    """What was chosen or said when a motion file was read, so that it can be read in the same way again.

    Attributes:
        person: which of several people in the file; None where there is but one.
        coordinates: ``'world'`` or ``'camera'``; None for the world's, where the file has both.
        frame_rate: frames a second; like all below, what is said here wins over what the file says.
        gender: of the body.
        up_axis: of the file's world.
        fps: frames a second to resample to; None for the file's own frames.
        in_body: hands and positions that the file tells in terms of the body were found with the body; None
            where there are none, or where a version that did not know of them read the file.
        family: whose poses they are, ``'smpl'``, ``'smplh'`` or ``'smplx'``.
        unit: of lengths in the file, ``'m'``, ``'cm'`` or ``'mm'``.
        angles: ``'radians'`` or ``'degrees'``.
        hands: ``'flat'``, or ``'mean'`` where the body's mean hand is to be added to the file's.
        sides: ``'as-is'``, or ``'swapped'`` where the file calls left what is right.
        transfer: of meshes of a topology of their own: the file of the correspondence that leads from them to
            a body.
        rest_mesh: of such meshes: the file of one of them that was registered to the body at rest.
    """

    person: str | None = None
    coordinates: str | None = None
    frame_rate: float | None = None
    gender: str | None = None
    up_axis: UpAxis | None = None
    fps: float | None = None
    in_body: bool | None = None
    family: str | None = None
    unit: str | None = None
    angles: str | None = None
    hands: str | None = None
    sides: str | None = None
    transfer: str | None = None
    rest_mesh: str | None = None

    def by_quantity(self) -> dict[str, Any]:
        """What is said of each of `core.files.assumption.QUANTITIES`; None where nothing is."""
        return {quantity: getattr(self, name) for quantity, name in FIELD_OF_QUANTITY.items()}

    def to_json(self) -> dict[str, Any]:
        """What is set, in plain json values."""
        return {key: value for key, value in vars(self).items() if value is not None}

    @classmethod
    def of_json(cls, stored: object) -> Reading:
        """From `to_json`; what makes no sense is left out."""
        values = stored if isinstance(stored, dict) else {}
        taken: dict[str, Any] = {
            key: values[key]
            for key, choices in {**dict.fromkeys(("person", *FILES)), **CHOICES}.items()
            if isinstance(values.get(key), str) and (choices is None or values[key] in choices)
        }
        taken |= {
            key: float(rate)
            for key, rate in ((key, values.get(key)) for key in ("frame_rate", "fps"))
            if isinstance(rate, (int, float)) and not isinstance(rate, bool) and 0 < rate < MOST_RATE
        }
        if values.get("in_body") is True:
            taken["in_body"] = True
        return cls(**taken)


FILES = ("transfer", "rest_mesh")
"""Fields of `Reading` that name files."""

FIELD_OF_QUANTITY = {
    FAMILY: "family",
    UP_AXIS: "up_axis",
    UNIT: "unit",
    GENDER: "gender",
    HANDS: "hands",
    FRAME_RATE: "frame_rate",
    COORDINATES: "coordinates",
    ANGLES: "angles",
    SIDES: "sides",
}

AS_IT_IS = Reading()


@dataclass(frozen=True, eq=False)
class BodyTerms:
    """What a file tells of a motion in terms of its body; `core.model.body_pair.within` resolves it.

    Attributes:
        trans_of: joints, the root or children of it, whose middle lies at ``trans``; none where ``trans`` is
            the body's translation.
        about_origin: the body was turned about its own origin, and not about its root, before it was moved to
            ``trans``.
        hands_mean: the hands are relative to the mean pose of the model's hands.
        hand_components: (T, 2, k) of the left and the right hand: coefficients of the model's components,
            beside their rotations; None for none.
    """

    trans_of: tuple[str, ...] = ()
    about_origin: bool = False
    hands_mean: bool = False
    hand_components: np.ndarray | None = None

    def some(self, frames: slice | np.ndarray) -> BodyTerms:
        """Of these frames."""
        if self.hand_components is None:
            return self
        return replace(self, hand_components=self.hand_components[frames])


@dataclass(frozen=True, repr=False)
class Motion(PoseParts):
    """One person's motion in the parameters of one body family, or as the meshes of such a body.

    Attributes:
        family: ``'smpl'``, ``'smplh'`` or ``'smplx'``; fixes the joint order of ``poses``. ``'mesh'`` for
            meshes of a topology of their own.
        poses: (T, J, 3) float32 axis-angle in radians, root first, each joint relative to its parent.
            Hands are absolute: no hand mean is to be added.
        trans: (T, 3) float32 metres, in the source's own world.
        betas: (B,) float32, every shape coefficient the file has.
        gender: ``'neutral'``, ``'female'`` or ``'male'``; None where the file does not say.
        frame_rate: frames a second; None where the file does not say (never invented).
        up_axis: the world's up axis, ``'z'`` in AMASS, ``'-y'`` in the coordinates of a camera.
        expression: (T, E) float32, or None.
        path: the file it came from, or None.
        sha256: checksum of that file, hexadecimal.
        start: index of the first frame in the file.
        notes: sentences on what was ignored or assumed while reading.
        frame_betas: (T, B) float32 where each frame has betas of its own, or None.
        reading: what was chosen or said when the file was read.
        vertices: (T, V, 3) float32 metres, where the motion is meshes alone. It then has no parameters:
            ``poses`` is (T, 0, 3), ``betas`` empty, and ``trans`` the middle of each mesh, not a number where
            the mesh is not finite. See `motion_of_meshes`.
        body_terms: what the file tells in terms of the body, or None.
        origin: metres, in the file's world: where the origin of ``trans`` lies; None for the file's own.
        assumed: what the file was taken to mean, and why; ``doubts`` are what its numbers say against it.
        unused: the keys of the file that were not used.
        own: of meshes of a topology of their own, what that is, and what leads from it to a body.
    """

    family: str
    poses: np.ndarray
    trans: np.ndarray
    betas: np.ndarray
    gender: str | None = "neutral"
    frame_rate: float | None = None
    up_axis: UpAxis = "z"
    expression: np.ndarray | None = None
    path: Path | None = None
    sha256: str = ""
    start: int = 0
    notes: tuple[str, ...] = field(default=())
    frame_betas: np.ndarray | None = None
    reading: Reading = AS_IT_IS
    vertices: np.ndarray | None = None
    body_terms: BodyTerms | None = None
    origin: tuple[float, float, float] | None = None
    assumed: tuple[Assumption, ...] = ()
    unused: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    own: OwnMesh | None = None

    def __post_init__(self) -> None:
        frames = self.poses.shape[0]
        if self.vertices is not None and (self.vertices.ndim != 3 or len(self.vertices) != frames):
            raise ValueError(f"vertices has shape {self.vertices.shape}, expected ({frames}, V, 3)")
        if self.poses.ndim != 3 or self.poses.shape[2] != 3:
            raise ValueError(f"poses has shape {self.poses.shape}, expected (T, J, 3)")
        if self.trans.shape != (frames, 3):
            raise ValueError(f"trans has shape {self.trans.shape}, expected ({frames}, 3)")
        if self.betas.ndim != 1:
            raise ValueError(f"betas has shape {self.betas.shape}, expected (B,)")

    @classmethod
    def from_arrays(
        cls,
        global_orient: Any,
        body_pose: Any,
        *,
        left_hand_pose: Any = None,
        right_hand_pose: Any = None,
        jaw_pose: Any = None,
        leye_pose: Any = None,
        reye_pose: Any = None,
        betas: Any = None,
        transl: Any = None,
        expression: Any = None,
        family: str | None = None,
        gender: str | None = None,
        frame_rate: float | None = None,
        up_axis: str = "z",
    ) -> Motion:
        """A motion from arrays of numpy or torch, or lists; they are copied.

        Rotations are axis-angle in radians, each joint relative to its parent, of T frames and n joints in
        (T, 3n) or (T, n, 3).

        Args:
            global_orient: (T, 3) of the root.
            body_pose: (T, 63) of SMPL-H and SMPL-X, (T, 69) of SMPL.
            left_hand_pose: (T, 45) absolute, no hand mean is to be added; None for a flat hand.
            right_hand_pose: likewise.
            jaw_pose: (T, 3) of SMPL-X; None for zero.
            leye_pose: likewise.
            reye_pose: likewise.
            betas: (B,), or (T, B) where each frame has its own; None for the mean shape.
            transl: (T, 3) metres; None for zero. Far from the origin it is kept relative to a place near it,
                `origin`, as that of files is.
            expression: (T, E) of SMPL-X; None for none.
            family: ``'smpl'``, ``'smplh'`` or ``'smplx'``; None for SMPL where ``body_pose`` has its 69
                columns, SMPL-X where there is a jaw, an eye or an expression, else SMPL-H.
            gender: ``'neutral'``, ``'female'`` or ``'male'``; None where it is not known.
            frame_rate: frames a second; None where it is not known.
            up_axis: of the world, ``'y'``, ``'z'``, ``'x'``, ``'-y'``, ``'-z'`` or ``'-x'``.

        Raises:
            RefitError: an argument has the wrong type or shape, or a value that cannot be; it is named.
        """
        from core.model.motion_from_arrays import motion_from_arrays

        parts = {
            "global_orient": global_orient,
            "body_pose": body_pose,
            "left_hand_pose": left_hand_pose,
            "right_hand_pose": right_hand_pose,
            "jaw_pose": jaw_pose,
            "leye_pose": leye_pose,
            "reye_pose": reye_pose,
        }
        said: dict[str, Any] = {"family": family, "gender": gender, "frame_rate": frame_rate}
        return motion_from_arrays(parts, betas, transl, expression, up_axis=up_axis, **said)

    def __len__(self) -> int:
        return self.poses.shape[0]

    def __repr__(self) -> str:
        words = [f"{self.family} {self.gender or 'of unknown gender'}", self.label]
        words.append(f"{len(self):,} frame" + "s" * (len(self) != 1))
        words += [f"{self.frame_rate:g} fps" if self.frame_rate else "no frame rate", f"{self.up_axis} up"]
        return f"<Motion {' · '.join(words + ['meshes'] * (not self.has_poses))}>"

    @property
    def transl(self) -> np.ndarray:
        """(T, 3) float32 metres: ``trans`` by its other name."""
        return self.trans

    @property
    def has_poses(self) -> bool:
        """It has rotations and a shape, not meshes alone."""
        return self.vertices is None

    @property
    def name(self) -> str:
        """File name without its folder, or ``'motion'``."""
        return self.path.name if self.path else "motion"

    @property
    def label(self) -> str:
        """The name for people, with the person where the file has several."""
        return self.name if self.reading.person is None else f"{self.name} · person {self.reading.person}"

    @property
    def duration(self) -> float | None:
        """Seconds from the first frame to the end of the last, or None without a frame rate."""
        return len(self) / self.frame_rate if self.frame_rate else None

    def meaning_to_json(self) -> dict[str, Any]:
        """``assumed``, ``unused``, and ``origin`` where there is one, in plain json values."""
        return meaning_to_json(self.assumed, self.unused, self.origin)

    def in_file_world(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 3) metres from the motion's origin in the world of its file: float64 where that lies
        elsewhere, as they are where it does not.
        """
        return points if self.origin is None else points.astype(np.float64) + self.origin

    def betas_of(self, frames: slice | np.ndarray) -> np.ndarray:
        """(B,) betas that all frames share, or (n, B) those of ``frames`` where each has its own."""
        return self.betas if self.frame_betas is None else self.frame_betas[frames]

    def finite_frames(self) -> np.ndarray:
        """(T,) bool: frames whose numbers are all finite, and of a size that a pose can have."""
        with np.errstate(invalid="ignore"):
            usable = (np.abs(self.poses) < MOST_RADIANS).all(axis=(1, 2))
            usable &= (np.abs(self.trans) < MOST_METRES).all(axis=1)
        for of_frames in (self.expression, self.frame_betas):
            if of_frames is not None:
                usable &= np.isfinite(of_frames).all(axis=1)
        return usable

    def cut(self, start: int | None, stop: int | None) -> Motion:
        """The frames ``start:stop``, with Python's slice rules."""
        part = slice(start, stop)
        return replace(self.some(part), start=self.start + part.indices(len(self))[0])

    def some(self, frames: slice | np.ndarray) -> Motion:
        """These frames alone, one after another; ``start`` stays."""
        arrays = ("poses", "trans", "expression", "frame_betas", "vertices")
        values = {key: getattr(self, key) for key in arrays}
        taken: dict[str, Any] = {k: None if value is None else value[frames] for k, value in values.items()}
        terms = None if self.body_terms is None else self.body_terms.some(frames)
        return replace(self, body_terms=terms, **taken)


def motion_of_meshes(family: str, vertices: np.ndarray, **said: Any) -> Motion:
    """A motion that is meshes alone.

    Args:
        family: of the body whose vertices they are, in its order.
        vertices: (T, V, 3) float32 metres; kept, not copied.
        said: more of `Motion`.
    """
    frames = len(vertices)
    middle = np.full((frames, 3), np.nan, dtype=np.float32)
    for start in range(0, frames, _MESHES_AT_ONCE):
        part = vertices[start : start + _MESHES_AT_ONCE]
        with np.errstate(invalid="ignore"):
            good = (np.abs(part) < MOST_METRES).all(axis=(1, 2))
        middle[start : start + len(part)][good] = part[good].mean(axis=1, dtype=np.float64)
    return Motion(
        family=family,
        poses=np.zeros((frames, 0, 3), dtype=np.float32),
        trans=middle,
        betas=np.zeros(0, dtype=np.float32),
        vertices=vertices,
        **said,
    )


MOST_FRAMES = 1_000_000
