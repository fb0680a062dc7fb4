"""What the numbers of a motion say of what they mean: for readers of every format."""

from __future__ import annotations

from typing import cast

import numpy as np

from core.files.assumption import (
    ANGLES,
    DEFAULT,
    FRAME_RATE,
    HANDS,
    NUMBERS,
    SIDES,
    UNIT,
    UP_AXIS,
    Assumption,
    Doubt,
)
from core.files.motions.settle import Claim, Settling
from core.geometry.up_axis import vertical
from core.model.joints import JOINT_NAMES
from core.model.motion import MOST_RADIANS, UpAxis
from core.world_origin import somewhere

# Frames of meshes, and of poses, that are looked at.
_SAMPLES = 24
_FRAMES = 60
_MOST_TURN = 4 * np.pi
# Radians of a joint that bends the wrong way, and the share of frames in which it does.
_BENT, _ALWAYS = 0.2, 0.8
# Metres a second of nobody; below this nobody is far off the ground in a file of metres.
_MOST_SPEED, _MOST_HEIGHT = 15.0, 20.0
_RUNNING = 5.0
# Below this, metres a second, speed does not tell metres from centimetres.
_LEAST_SPEED = 0.02
# Few record at more frames a second than the first; at the second nobody recorded at fewer is too fast.
_HIGH_RATE, _BODY_RATE = 250.0, 120.0
_USUAL_RATE, _LEAST_RATE, _MOST_RATE = 30.0, 5.0, 1000.0
_FEWEST_STEPS = 4
# The cosine between one step and the next of somebody who goes somewhere.
_STRAIGHT = 0.7
# Metres of the lowest joint above the ground.
_GROUND = (-0.15, 0.25)
_LYING = 0.6
_TRAVEL = 0.3
_NOTHING = 1e-4
# Parent and offset in the rest pose of SMPL's first 22 joints, metres, of nobody in particular.
_SKELETON: tuple[tuple[int, tuple[float, float, float]], ...] = (
    (-1, (0.0, -0.23, 0.03)), (0, (0.06, -0.09, -0.01)), (0, (-0.06, -0.09, -0.01)), (0, (0.0, 0.11, -0.03)),
    (1, (0.04, -0.38, 0.0)), (2, (-0.04, -0.38, 0.0)), (3, (0.0, 0.13, 0.0)), (4, (-0.01, -0.4, -0.04)),
    (5, (0.01, -0.4, -0.04)), (6, (0.0, 0.06, 0.03)), (7, (0.04, -0.06, 0.12)), (8, (-0.04, -0.06, 0.12)),
    (9, (0.0, 0.21, -0.03)), (9, (0.08, 0.12, -0.02)), (9, (-0.08, 0.12, -0.02)), (12, (0.0, 0.09, 0.05)),
    (13, (0.09, 0.03, -0.01)), (14, (-0.09, 0.03, -0.01)), (16, (0.26, -0.01, -0.03)),
    (17, (-0.26, -0.01, -0.03)), (18, (0.25, 0.01, 0.0)), (19, (-0.25, 0.01, 0.0)),
)  # fmt: skip
# Of this share of the frames' bodies the heads are on one side: that side is up.
_MOSTLY = 0.5
_HARDLY = 0.2
# Files say of no other that it is up.
GUESSED: tuple[UpAxis, ...] = ("y", "z", "-y")


def heads_along(root: np.ndarray) -> UpAxis | None:
    """``'y'``, ``'z'`` or ``'-y'``: where the heads of most bodies point to, None where that is none of them.

    Args:
        root: (T, 3) axis-angle of the root.
    """
    usable = root[np.isfinite(root).all(1) & (np.abs(root) < 1e3).all(1)]
    if not len(usable):
        return None
    upwards = _turns(usable)[..., 1].mean(0)
    axis = int(np.abs(upwards).argmax())
    if abs(upwards[axis]) < _MOSTLY:
        return None
    name = ("-" if upwards[axis] < 0 else "") + "xyz"[axis]
    return cast(UpAxis, name) if name in GUESSED else None


def meshes_stand_along(vertices: np.ndarray) -> UpAxis | None:
    """``'y'``, ``'z'`` or ``'-y'``: along which most bodies stand, heads and hands up; None where they lie.

    Args:
        vertices: (T, V, 3) metres, of which some frames are looked at.
    """
    frames = np.unique(np.linspace(0, len(vertices) - 1, _SAMPLES).round().astype(int))
    some = [vertices[frame].astype(np.float64) for frame in frames if np.isfinite(vertices[frame]).all()]
    if not some:
        return None
    longest = [int(np.ptp(mesh, axis=0).argmax()) for mesh in some]
    axis = max((0, 1, 2), key=longest.count)
    if axis == 0 or 2 * longest.count(axis) <= len(some):
        return None
    # A body has more vertices above its middle than below: those of head and hands.
    upper = np.median(
        [(mesh[:, axis] > (mesh[:, axis].min() + mesh[:, axis].max()) / 2).mean() for mesh in some]
    )
    if axis == 2:
        return "z" if upper > 0.5 else None
    return "y" if upper > 0.5 else "-y"


def up_as_they_stand(
    stand: UpAxis | None, settling: Settling, notes: list[str], who_does: str, file: Claim | None = None
) -> UpAxis:
    """The axis that is up: unless it is said, the one along which bodies stand, or y where they do not.

    Args:
        stand: along which they do.
        settling: takes it, and takes in that it is unclear.
        notes: takes in what is guessed.
        who_does: as in `up_note`.
        file: what the file says.
    """
    guess = None if stand is None else (stand, f"the bodies stand along {stand}")
    up = settling.take(UP_AXIS, file=file, numbers=guess, default=("y", "the bodies do not stand"))
    taken = settling.assumed[-1]
    if taken.how in (NUMBERS, DEFAULT):
        notes.append(up_note(who_does, taken))
    if taken.how == DEFAULT:
        settling.unclear.append(Doubt(UP_AXIS, taken.why))
    return cast(UpAxis, up)


def up_note(who_does: str, taken: Assumption) -> str:
    """A sentence on an axis that was not said: ``who_does`` is as in 'Meshes do'."""
    if taken.how == NUMBERS:
        return f"{who_does} not say which axis is up: {taken.why}."
    return f"{who_does} not say which axis is up, and {taken.why}: {taken.value} is taken."


def doubt_radians(poses: np.ndarray) -> Doubt | None:
    """Angles (T, J, 3) of more than twice around in most frames are degrees."""
    with np.errstate(invalid="ignore", over="ignore"):
        largest = np.linalg.norm(poses.astype(np.float64), axis=2).max(1, initial=0)
    # What is no number that a pose can have is no angle in degrees either.
    largest = largest[largest < MOST_RADIANS]
    if not len(largest) or 2 * (largest > _MOST_TURN).sum() <= len(largest):
        return None
    return Doubt(ANGLES, f"angles reach {largest.max():.0f}, beyond twice around in radians", "degrees", True)


def doubt_sides(poses: np.ndarray) -> Doubt | None:
    """Elbows (T, J, 3) that bend backwards on both sides are each other's."""
    left, right = (poses[:, JOINT_NAMES["smpl"].index(f"{side}_elbow"), 1] for side in ("left", "right"))
    with np.errstate(invalid="ignore"):
        backwards = (left > _BENT) & (right < -_BENT)
    if len(left) == 0 or backwards.mean() < _ALWAYS:
        return None
    return Doubt(SIDES, "both elbows bend backwards", "swapped", True)


def doubt_hands(poses: np.ndarray, family: str) -> Doubt | None:
    """Fingers (T, J, 3) that bend backwards on both hands lack the mean hand."""
    if family == "smpl":
        return None
    fingers = poses[:, -30:].reshape(len(poses), 2, 15, 3)[:, :, :12, 2]
    with np.errstate(invalid="ignore"):
        curl = fingers.mean(2) * (-1, 1)
        backwards = (curl < -_BENT).all(1)
    if not len(poses) or backwards.mean() < _ALWAYS:
        return None
    return Doubt(HANDS, "the fingers of both hands bend backwards", "mean")


def doubt_metres(poses: np.ndarray, trans: np.ndarray, rate: float | None) -> Doubt | None:
    """Positions (T, 3) that run faster than anybody, or stand on the ground only once they are divided.

    Without a rate their speed is no more than told. Who moves as bodies do in metres may be at any height:
    in a geographic world, on a mountain.
    """
    good = somewhere(trans) & np.isfinite(poses).all((1, 2))
    places = trans[good].astype(np.float64)
    speed, straight = _step_of(places)
    if rate is not None and _too_often(rate, speed):
        return None
    speed *= rate or _USUAL_RATE
    grounded = False
    stand = heads_along(poses[good, 0])
    if stand is not None:
        at, _, sign = vertical(stand)
        some = _sampled(len(places))
        height = sign * places[some, at]
        lowest = (sign * _joints(poses[good], np.zeros((len(some), 3)))[..., at]).min(1)
        grounded = _on_ground(lowest + height) >= _ALWAYS
    # What jumps about is a bad estimate in whatever unit.
    if speed > _MOST_SPEED and straight:
        words = f"the body moves at {speed:.0f} m/s"
        if grounded:
            # Nobody stands on the ground in another unit: it is time that is too short.
            return None if rate is None else Doubt(FRAME_RATE, f"{words} at {rate:g} frames a second")
        if rate is None:
            words += f" if {_USUAL_RATE:.0f} frames are a second, which the file does not say"
            return Doubt(UNIT, words)
        return Doubt(UNIT, words, "cm" if speed < 100 * _RUNNING else "mm", True)
    if stand is None or _LEAST_SPEED < speed <= _MOST_SPEED:
        return None
    for likely, factor in (("cm", 0.01), ("mm", 0.001)):
        if (height > _MOST_HEIGHT).all() and _on_ground(lowest + factor * height) >= _ALWAYS:
            return Doubt(UNIT, f"the body is {np.median(height):.0f} m above the ground", likely, True)
    return None


def _step_of(places: np.ndarray) -> tuple[float, bool]:
    """The median of how far one frame (n, 3) is from the next where it moves, zero where it hardly ever does;
    and whether that goes somewhere.
    """
    steps = np.diff(places, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    moving = lengths > 0
    if moving.sum() < _FEWEST_STEPS:
        return 0.0, False
    ahead = (steps[1:] * steps[:-1]).sum(1) / np.maximum(lengths[1:] * lengths[:-1], 1e-12)
    return float(np.median(lengths[moving])), bool(np.median(ahead) > _STRAIGHT)


def _too_often(rate: float, step: float) -> bool:
    """Whether steps are those of bodies, but not at a rate at which few people record."""
    return rate > _HIGH_RATE and step * rate > _MOST_SPEED >= step * _BODY_RATE


def up_by_ground(poses: np.ndarray, trans: np.ndarray, usual: UpAxis) -> tuple[UpAxis | None, str]:
    """An axis along which bodies stand on the ground and not along the usual one, if there is one; and why it
    cannot be told whether it is the usual one, empty where it can.

    People who lie, and who stand on their hands, are on the ground along the usual axis.
    """
    good = somewhere(trans) & np.isfinite(poses).all((1, 2))
    if not good.any():
        return None, ""
    root, places = poses[good, 0], trans[good][_sampled(int(good.sum()))].astype(np.float64)
    joints, stand = _joints(poses[good], places), heads_along(root)
    lowest, pelvis = {}, {}
    for axis in GUESSED:
        at, _, sign = vertical(axis)
        lowest[axis], pelvis[axis] = (sign * joints[..., at]).min(1), sign * joints[:, 0, at]
    share = {axis: _on_ground(values) for axis, values in lowest.items()}
    rather = max((axis for axis in GUESSED if axis != usual), key=lambda axis: share[axis])
    # Where the root starts at the origin the ground is not at zero, and nobody is seen to lie on it.
    centred = bool(np.abs(places[0]).max() < _NOTHING)
    low = (lowest[usual] > _GROUND[0]) & (pelvis[usual] < _LYING)
    lies = not centred and low.mean() >= _ALWAYS
    if stand == usual:
        enough = _MOSTLY if _upright(root, usual) else _HARDLY
        other = not centred and share[usual] < _HARDLY and share[rather] >= enough
        return None, f"the bodies are on the ground along {rather} rather" if other else ""
    if stand is None or not _upright(root, stand):
        on_ground = share[usual] >= _MOSTLY and 2 * share[rather] < share[usual]
        lying = lies and _upright(root, usual, lying=True) and share[rather] < _HARDLY
        return None, "" if on_ground or lying else "the bodies do not stand"
    unclear = f"the bodies stand, or lie, along {stand}"
    if share[usual] >= _ALWAYS and share[stand] < _ALWAYS:
        return None, unclear if centred else ""
    if share[stand] >= _ALWAYS and share[usual] < _ALWAYS:
        return stand, ""
    sway = {axis: float(np.ptp(lowest[axis])) for axis in (stand, usual)}
    if sway[usual] > _TRAVEL and sway[usual] > 3 * sway[stand]:
        return stand, ""
    return None, "" if lies and share[stand] < _HARDLY else unclear


def doubt_rate(rate: float | None, trans: np.ndarray | None = None) -> Doubt | None:
    """Rates that nobody films or records people at, and at which positions (T, 3) in metres run too fast."""
    if rate is None:
        return None
    if trans is not None:
        step, _ = _step_of(trans[somewhere(trans)].astype(np.float64))
        if _too_often(rate, step):
            return Doubt(FRAME_RATE, f"the body moves at {step * rate:.0f} m/s at {rate:g} frames a second")
    if _LEAST_RATE <= rate <= _MOST_RATE:
        return None
    return Doubt(FRAME_RATE, f"{rate:g} frames a second are few people's")


def _upright(root: np.ndarray, along: UpAxis, lying: bool = False) -> bool:
    """Whether nearly all heads are within 45 degrees of an axis, or of the level across it."""
    at, _, sign = vertical(along)
    heads = sign * _turns(root)[:, at, 1]
    right = np.abs(heads) < np.sqrt(0.5) if lying else heads > np.sqrt(0.5)
    return bool(right.mean() >= _ALWAYS)


def _turns(vectors: np.ndarray) -> np.ndarray:
    """(T, 3, 3) rotations of (T, 3) axis-angle; SciPy's take as long to import as most files to open."""
    wide = vectors.astype(np.float64)
    angle = np.linalg.norm(wide, axis=1)[:, None, None]
    x, y, z = (wide / np.maximum(angle[:, 0], 1e-12)).T
    nothing = np.zeros_like(x)
    cross = np.array([[nothing, -z, y], [z, nothing, -x], [-y, x, nothing]]).transpose(2, 0, 1)
    turns: np.ndarray = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    return turns


def _on_ground(lowest: np.ndarray) -> float:
    """In what share of the frames the lowest joint is near a ground at zero."""
    return float(((lowest > _GROUND[0]) & (lowest < _GROUND[1])).mean()) if len(lowest) else 0.0


def _sampled(frames: int) -> np.ndarray:
    return np.unique(np.linspace(0, frames - 1, _FRAMES).round().astype(int)) if frames else np.empty(0, int)


def _joints(poses: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(n, 22, 3) where the joints of somebody of usual size are in some of the frames, metres.

    Args:
        poses: (T, J, 3) radians.
        places: of the sampled frames, or of all.
    """
    some = _sampled(len(poses))
    places = places if len(places) == len(some) else places[some]
    found = np.zeros((len(some), len(_SKELETON), 3))
    if not len(some):
        return found
    turns: list[np.ndarray] = []
    count = len(_SKELETON)
    each = _turns(poses[some, :count].reshape(-1, 3)).reshape(-1, count, 3, 3).swapaxes(0, 1)
    for own, joint, (parent, offset) in zip(each, range(count), _SKELETON, strict=True):
        found[:, joint] = places + offset if parent < 0 else found[:, parent] + turns[parent] @ offset
        turns.append(own if parent < 0 else turns[parent] @ own)
    return found
