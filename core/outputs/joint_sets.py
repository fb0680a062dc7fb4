"""Joint sets as ``.json`` files, and the places of their joints over a motion as ``.npz`` and ``.csv``.

    {"joint_set": "markers", "family": "smplx", "joints": [
        "pelvis", {"name": "tip", "joint": "left_index"}, {"name": "chest", "vertex": 5532}]}

A text alone is a joint of the body under its own name, a number alone a vertex.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError, RefitError
from core.files.containers.atomic import atomic_write, fit_for_a_file, write_npz
from core.files.containers.documents import TooLong, parsed_json
from core.files.containers.numbered import Progress, tell
from core.files.containers.opening import read_bytes
from core.files.containers.refusals import reads
from core.inspection.joint_series import JointSeries
from core.inspection.joint_set import JointSet, SetMember, joints_of_set
from core.inspection.smpl_joints import smpl_joints
from core.model.body_joints import body_joints, contour_joints
from core.model.joints import JOINT_NAMES
from core.model.motion import Motion
from core.outputs.export_format import BodySizes, ExportFormat, ExportJob, Option, Settings
from core.outputs.tables import WHOSE, write_place_table

_MOST_BYTES = 1 << 24
_ENTRY_KEYS = {"name", "joint", "vertex"}


@reads("joint set|text", "a joint set")
def read_joint_set(path: str | Path) -> JointSet:
    """The joint set in a json file.

    Raises:
        FileError: the file cannot be read or holds no joint set; the sentence says which entry is wrong.
    """
    return parsed_joint_set(read_bytes(path, _MOST_BYTES), path)


def parsed_joint_set(text: bytes, path: str | Path) -> JointSet:
    """The joint set in what a json file holds; ``path`` is for the sentence where there is none.

    Raises:
        FileError: as `read_joint_set`.
    """
    try:
        contents = parsed_json(text.decode("utf-8-sig"))
    except TooLong as error:
        raise FileError(path, str(error)) from None
    except ValueError as error:
        at = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise FileError(path, f"is not a json file{at}") from None
    if not isinstance(contents, dict) or not isinstance(contents.get("joints"), list):
        raise FileError(path, "is no joint set: expected an object with a list 'joints'")
    if not contents["joints"]:
        raise FileError(path, "holds no joints, expected at least one", key="joints")
    family = contents.get("family")
    if not isinstance(family, str) or family not in JOINT_NAMES:
        raise FileError(path, f"is {_shown(family)}, expected smpl, smplh or smplx", key="family")
    name = contents.get("joint_set", Path(path).stem)
    if not isinstance(name, str) or not name.strip():
        raise FileError(path, f"is {_shown(name)}, expected the name of the set", key="joint_set")
    members: list[SetMember] = []
    for number, entry in enumerate(contents["joints"], 1):
        member = _member(path, number, entry)
        if any(member.name == other.name for other in members):
            raise FileError(path, f"has '{member.name}' twice, expected different names", key="joints")
        members.append(member)
    return JointSet(name, family, tuple(members))


def write_joint_set(path: str | Path, joint_set: JointSet, *, overwrite: bool = False) -> None:
    """Writes a joint set as json.

    Raises:
        FileError: it cannot be written, exists and ``overwrite`` is False, or could not be opened again.
    """
    with fit_for_a_file(path):
        content = joint_set_text(joint_set)
    with atomic_write(path, overwrite=overwrite, reader=read_joint_set) as file:
        file.write(content)


def joint_set_text(joint_set: JointSet) -> bytes:
    """What a json file of a joint set holds."""
    entries: list[dict[str, Any]] = [
        {"name": member.name}
        | ({"vertex": member.vertex} if member.joint is None else {"joint": member.joint})
        for member in joint_set.members
    ]
    contents = {"joint_set": joint_set.name, "family": joint_set.family, "joints": entries}
    return (json.dumps(contents, indent=1, ensure_ascii=False) + "\n").encode()


def export_joint_places(
    path: str | Path,
    series: JointSeries,
    motion: Motion,
    frames: np.ndarray | None = None,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Writes where some joints are at every frame of a motion, in the world of the motion's file.

    ``.npz``: ``joints`` (T, k, 3) float32 metres, float64 where that is far from its origin, ``names`` (k,),
    ``up_axis``, ``mocap_frame_rate`` where it is known, and ``frames`` (n,), their ids, where only some are
    written. ``.csv``: one line a joint and frame. Frames that are not finite are NaN, or empty cells.

    Args:
        path: ends in .npz or .csv.
        series: the joints.
        motion: T frames in the family of the joints' body.
        frames: ids of n of them; None for all.
        overwrite: replace a file that is there.
        progress: told how many frames are done.
        stop: looked at every few hundred frames.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
        RefitError: another ending.
        Stopped: ``stop`` was set.
    """
    names = [joint.name for joint in series.joints]
    ending = Path(path).suffix.lower()
    if ending == ".csv":
        write_place_table(
            path,
            names,
            lambda frames: motion.in_file_world(series.places(motion, frames)),
            np.arange(len(motion)) if frames is None else frames,
            motion.frame_rate,
            overwrite=overwrite,
            progress=progress,
            stop=stop,
        )
        return
    if ending != ".npz":
        raise RefitError(f"{path} is no name for the joints; it must end in .npz or .csv.")
    some = motion if frames is None else motion.some(frames)
    joints = series.over(some, lambda done, total: tell(done, total, progress, stop))
    arrays = {
        "joints": motion.in_file_world(joints),
        "names": np.array(names),
        "up_axis": np.array(motion.up_axis),
    }
    if motion.frame_rate is not None:
        arrays["mocap_frame_rate"] = np.array(motion.frame_rate)
    if frames is not None:
        arrays["frames"] = np.asarray(frames)
    write_npz(path, arrays, overwrite=overwrite)


def _member(path: str | Path, number: int, entry: Any) -> SetMember:
    if isinstance(entry, str) and entry:
        return SetMember(entry, joint=entry)
    if _is_vertex(entry):
        return SetMember(f"vertex {entry}", vertex=entry)
    if not isinstance(entry, dict) or (("joint" in entry) == ("vertex" in entry)):
        raise FileError(
            path, f"has {_shown(entry)} as entry {number}, expected a 'joint' or a 'vertex'", key="joints"
        )
    unknown = set(entry) - _ENTRY_KEYS
    if unknown:
        raise FileError(path, f"has the unknown key '{min(unknown)}' in entry {number}", key="joints")
    joint, vertex = entry.get("joint"), entry.get("vertex")
    if "joint" in entry and not (isinstance(joint, str) and joint):
        raise FileError(
            path, f"has the joint {_shown(joint)} in entry {number}, expected a name", key="joints"
        )
    if "vertex" in entry and not _is_vertex(vertex):
        raise FileError(
            path, f"has the vertex {_shown(vertex)} in entry {number}, expected an id", key="joints"
        )
    name = entry.get("name", joint if joint is not None else f"vertex {vertex}")
    if not isinstance(name, str) or not name.strip():
        raise FileError(path, f"has the name {_shown(name)} in entry {number}, expected text", key="joints")
    return SetMember(name, joint, vertex)


def _is_vertex(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "…"


# As a format to export in.

KIND = Option(
    "joints",
    "Joints",
    (
        ("Of the skeleton", "chain"),
        ("All: with nose, ears, tips and face", "all"),
        ("SMPL's 24 joints", "smpl"),
    ),
    tip="SMPL's 24 joints of SMPL-X are those that SMPL's regressor finds on its skin, mapped back to SMPL",
)


def joint_series(job: ExportJob, kind: str | JointSet) -> tuple[Motion, JointSeries]:
    """The joints that a job asks for, and the motion to follow them through.

    Args:
        job: whose setting ``whose`` names the body.
        kind: ``'chain'``, ``'all'``, ``'smpl'``, or a set.

    Raises:
        RefitError: there is no fit, the set is for another body, or there is no way to SMPL's joints.
    """
    motion, body = job.of(job.settings.get("whose", "fit"))
    if isinstance(kind, JointSet):
        return motion, JointSeries(body, joints_of_set(kind, body))
    if kind == "smpl":
        return motion, JointSeries(
            body, smpl_joints(job.bodies, "source" if body is job.bodies.source else "target")
        )
    known = body_joints(body)
    if kind != "all":
        return motion, JointSeries(body, known[: body.num_joints])
    # Meshes do not say how their neck is turned.
    outline = contour_joints(body) if motion.vertices is None else ()
    return motion, JointSeries(body, (*known, *outline))


def write_joints(job: ExportJob, kind: str | JointSet) -> None:
    """Writes where joints are.

    Args:
        job: what is exported.
        kind: as in `joint_series`.

    Raises:
        RefitError: as `joint_series`.
        FileError: it cannot be written, or exists and may not be replaced.
    """
    motion, series = joint_series(job, kind)
    every = len(job.frames) == len(motion)
    export_joint_places(
        job.path,
        series,
        motion,
        None if every else job.frames,
        overwrite=job.overwrite,
        progress=job.progress,
        stop=job.stop,
    )


def _write(job: ExportJob) -> None:
    write_joints(job, job.settings.get("joints", "chain"))


def _size(sizes: BodySizes, count: int, settings: Settings) -> int:
    joints = {"smpl": 24, "all": sizes.joints + 45}.get(settings.get("joints", "chain"), sizes.joints)
    return 1_000 + count * joints * 11


JOINTS = ExportFormat(
    "joints",
    ".npz",
    "Joints",
    "positions, arrays, .npz",
    "Where joints are: an array of frames, joints and coordinates in metres, in the world of the motion's "
    "file, and their names.",
    "person-simple",
    _size,
    _write,
    options=(KIND, WHOSE),
    needs_fit=lambda settings: settings.get("whose", "fit") == "fit",
    stem=lambda stem, settings: f"{stem}_joints",
)
