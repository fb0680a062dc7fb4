"""What ``refit inspect`` says, as plain json values; the tables are printed from the same values.

Lengths are millimetres in keys that end in ``_mm`` and metres in ``_m``; what is not known is null. Keys stay
what they are while ``format`` is 1; new ones may be added.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core import __version__
from core.commands.inspecting.inspect_subject import WHICH, Inspected
from core.errors import RefitError
from core.files.bodies.regressors import RegressorFile
from core.inspection.correspondence_report import correspondence_report
from core.inspection.correspondence_rows import correspondence_row, target_vertices
from core.inspection.joint_errors import joint_error_series
from core.inspection.joint_series import JointSeries
from core.inspection.mask_report import Reason, invalid_reasons, mask_report, why_invalid
from core.inspection.regressed_joints import WHY_DIFFERENT, regressed_difference_mm, regressed_joints
from core.inspection.regressor import compare_regressors, regressor_statistics
from core.inspection.smpl_joints import smpl_joint_errors
from core.inspection.support import joint_support
from core.inspection.vertex_feeds import vertex_feeds
from core.model.body_joints import find_joint, joint_errors_mm, joint_places
from core.model.joints import MESH, PARTS

FORMAT = 1


def heading(inspected: Inspected, frame: int | None) -> dict[str, Any]:
    """``made_by``, ``format``, ``bodies``, ``motion``, ``frame`` (null: the rest pose) and ``notes``."""
    bodies = inspected.bodies
    motion = inspected.motion
    return {
        "made_by": f"Refit {__version__}",
        "format": FORMAT,
        "bodies": {
            "builtin": bodies.builtin,
            "folder": str(bodies.folder),
            **{
                which: {
                    "family": inspected.body(which).family,
                    "name": inspected.body(which).name,
                    "gender": inspected.body(which).gender,
                    "vertices": inspected.body(which).num_vertices,
                    "joints": inspected.body(which).num_joints,
                    "sha256": inspected.body(which).sha256,
                }
                for which in WHICH
            },
        },
        "motion": None
        if motion is None
        else {"file": motion.name, "frames": len(motion), "fit": inspected.result is not None},
        "frame": frame,
        "notes": list(inspected.notes),
    }


def joint_list(
    inspected: Inspected, which: str, frame: int | None, regressor: np.ndarray | None
) -> list[dict[str, Any]]:
    """``joints``: all of one body.

    ``regressed_mm`` is the distance of the regressed joint from the chain's, ``error_mm`` that of a joint of
    the fit from the source's of the same name; both in the frame, or the mean and ``…_max_mm`` over the
    motion where no frame is given.
    """
    joints = inspected.joints(which, regressor)
    regressed = _regressed(inspected, which, frame, regressor)
    errors = _errors(inspected, which, frame)
    out = []
    for row, joint in enumerate(joints):
        entry: dict[str, Any] = {
            "index": joint.index,
            "name": joint.name,
            "kind": joint.kind,
            "parent": joints[joint.parent].name if joint.parent >= 0 else None,
            "vertices": len(joint.vertices),
        }
        for key, (mean, most) in (("regressed", regressed), ("error", errors)):
            entry[f"{key}_mm"] = number(mean[row]) if row < len(mean) else None
            if frame is None:
                entry[f"{key}_max_mm"] = number(most[row]) if row < len(most) else None
        out.append(entry)
    return out


def regressor_section(inspected: Inspected, which: str, file: RegressorFile | None) -> dict[str, Any]:
    """``regressor``: figures of one body's, or of a file's, and how the two differ."""
    body = inspected.body(which)
    found = regressor_statistics(body, None if file is None else file.matrix)
    names = np.array(body.joint_names)
    section: dict[str, Any] = {
        "body": which,
        "file": None if file is None else file.path.name,
        "shape": list(found.shape),
        "entries": found.nonzero,
        "zeros_percent": number(found.zeros_percent),
        "entries_a_joint": {
            "min": int(found.entries.min()),
            "mean": number(found.entries.mean()),
            "max": int(found.entries.max()),
        },
        "negative": int(found.negative.sum()),
        "row_sums": {"min": number(found.row_sums.min(), 6), "max": number(found.row_sums.max(), 6)},
        "off_rows": names[found.off_rows].tolist(),
        "symmetry_mean": number(np.nanmean(found.symmetry)),
        "symmetry_max_mm": number(found.symmetry_mm.max()),
        "mirrored_by": found.mirrored_by,
        "why_regressed_differs": WHY_DIFFERENT,
    }
    if file is not None:
        apart = compare_regressors(body, body.J_regressor, file.matrix)
        section["notes"] = list(file.notes)
        section["against_the_bodys_own"] = {
            "same": apart.same,
            "mean_mm": number(apart.distance_mm.mean()),
            "max_mm": number(apart.distance_mm.max()),
            "worst_joint": str(names[apart.distance_mm.argmax()]),
            "joint_mm": {
                str(name): number(value) for name, value in zip(names, apart.distance_mm, strict=True)
            },
        }
    return section


def mask_section(inspected: Inspected) -> dict[str, Any]:
    """``mask``: which target vertices count, what drops out with the others, and how far they lie."""
    body, valid = inspected.bodies.target, inspected.bodies.correspondence.valid
    found = mask_report(body, valid, inspected.graphs["target"])
    reasons = invalid_reasons(inspected.bodies.correspondence)
    distance = inspected.rest.distance_mm
    return {
        "valid": found.valid,
        "invalid": found.invalid,
        "no_counterpart": int((reasons == Reason.NO_COUNTERPART).sum()),
        "left_out_by_list": int((reasons == Reason.LEFT_OUT).sum()),
        "parts": {
            part: {"valid": int(some), "of": int(whole)}
            for part, some, whole in zip(PARTS, found.part_valid, found.part_total, strict=True)
        },
        "invalid_in_regions": {
            name: {"invalid": int((mask & ~valid).sum()), "of": int(mask.sum())}
            for name, mask in inspected.regions["target"].items()
        },
        "edges": len(found.edges),
        "edges_dropped": int(found.edge_dropped.sum()),
        "joints_touched": {
            body.joint_names[joint]: number(found.joint_share[joint]) for joint in found.joints_touched
        },
        "valid_to_source_mean_mm": _mean(distance[valid]),
        "valid_to_source_max_mm": _most(distance[valid]),
        "invalid_to_source_max_mm": _most(distance[~valid]),
    }


def correspondence_section(inspected: Inspected) -> dict[str, Any]:
    """``correspondence``: its rows; ids of all that are off."""
    found = correspondence_report(inspected.bodies)
    off = inspected.rest.counterpart_mm
    path = inspected.bodies.correspondence.path
    return {
        "file": path.name if path else None,
        "shape": list(found.shape),
        "entries": found.entries,
        "counterpart_mean_mm": _mean(off),
        "counterpart_max_mm": _most(off),
        "spread_max_mm": _most(found.spread_mm),
        **{
            name: getattr(found, name).tolist()
            for name in ("empty", "off", "negative", "no_triangle", "across")
        },
        "unused_source_vertices": found.unused.tolist(),
    }


def smpl_section(inspected: Inspected) -> dict[str, Any] | None:
    """``smpl_joints``: SMPL's 24 joints of the fit against the source's, over the motion; null without."""
    families = {inspected.bodies.source.family, inspected.bodies.target.family}
    if inspected.motion is None or inspected.result is None or families == {"smplx"} or MESH in families:
        return None
    found = smpl_joint_errors(inspected.motion, inspected.bodies, inspected.result)
    return {
        **{f"{name}_mm": number(value) for name, value in found.summary().items()},
        "joint_mm": {name: number(value) for name, value in found.by_joint().items()},
    }


def joint_section(
    inspected: Inspected, which: str, name: str, frame: int | None, regressor: np.ndarray | None
) -> dict[str, Any]:
    """``joint``: where one joint is and what it is made of.

    Raises:
        RefitError: the body has no such joint, or no pose in that frame.
    """
    joints = inspected.joints(which, regressor)
    joint = find_joint(inspected.body(which), joints, name)
    skin, chain = inspected.pose(which, frame)
    place = joint_places([joint], chain, skin)[0]
    found = joint_support(joint, place, skin, inspected.valid(which))
    counts = [None] * found.count if found.valid is None else found.valid.tolist()
    entry = next(
        entry for entry in joint_list(inspected, which, frame, regressor) if entry["index"] == joint.index
    )
    columns = zip(found.vertices, found.weights, found.share, found.distance_mm, counts, strict=True)
    return {
        **entry,
        "place_m": [number(value, 6) for value in place],
        "sum": number(found.total, 6),
        "negative": found.negative,
        "centroid_m": [number(value, 6) for value in found.centroid],
        "spread_mm": number(found.spread_mm),
        "invalid_share": number(found.invalid_share),
        "support": [
            {
                "vertex": int(vertex),
                "weight": number(weight, 6),
                "share": number(share, 6),
                "distance_mm": number(distance),
                "valid": valid,
            }
            for vertex, weight, share, distance, valid in columns
        ],
    }


def vertex_section(
    inspected: Inspected, which: str, vertex: int, regressor: np.ndarray | None
) -> dict[str, Any]:
    """``vertex``: what one vertex feeds, what moves it, and what it corresponds to.

    Raises:
        RefitError: the body has no such vertex.
    """
    valid = inspected.valid(which)
    found = vertex_feeds(inspected.body(which), inspected.joints(which, regressor), vertex, valid)
    section: dict[str, Any] = {
        "vertex": vertex,
        "part": found.part,
        "valid": found.valid,
        "feeds": [
            {
                "joint": feed.joint,
                "kind": feed.kind,
                "weight": number(feed.weight, 6),
                "share": number(feed.share, 6),
            }
            for feed in found.feeds
        ],
        "skinning": {name: number(weight, 6) for name, weight in found.skinning},
    }
    if which == "source":
        ids, weights = target_vertices(inspected.bodies, vertex)
        section["target_vertices"] = _weighted(ids, weights)
        return section
    row = correspondence_row(inspected.bodies, vertex, inspected.rest)
    reason = int(invalid_reasons(inspected.bodies.correspondence)[vertex])
    section["why"] = why_invalid(
        inspected.bodies, vertex, reason, inspected.regions["target"], inspected.regions["source"]
    )
    section["correspondence"] = {
        "source_triangle": row.face if row.face >= 0 else None,
        "source_vertices": _weighted(row.vertices, row.weights),
        "source_joint": row.source_joint or None,
        "distance_mm": number(row.distance_mm),
        "nearest_mm": number(row.nearest_mm),
    }
    return section


def set_section(inspected: Inspected, which: str, series: JointSeries, name: str, out: str) -> dict[str, Any]:
    """``joint_set``: what was exported, and how much faster that was than posing the whole skin."""
    motion = inspected.moves(which)
    if motion is None:
        raise RefitError(f"The {which} does not move; a joint set needs a motion or a fit.")
    speed = series.speed(motion)
    return {
        "name": name,
        "body": which,
        "joints": [joint.name for joint in series.joints],
        "frames": len(motion),
        "written": out,
        "joints_ms_per_frame": number(speed.joints_ms),
        "skin_ms_per_frame": number(speed.skin_ms),
        "times_as_fast": number(speed.factor, 1),
    }


def number(value: float, digits: int = 4) -> float | None:
    """A float that json has, rounded; None where it is not finite."""
    return round(float(value), digits) if np.isfinite(value) else None


def _weighted(ids: np.ndarray, weights: np.ndarray) -> list[dict[str, Any]]:
    return [
        {"vertex": int(vertex), "weight": number(weight, 6)}
        for vertex, weight in zip(ids, weights, strict=True)
    ]


def _regressed(
    inspected: Inspected, which: str, frame: int | None, regressor: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and largest distance of each regressed joint from the chain's; empty where nothing moves."""
    motion, body = inspected.moves(which), inspected.body(which)
    if frame is None:
        if motion is None:
            return np.zeros(0), np.zeros(0)
        found = regressed_difference_mm(motion, body, regressor)
        if which == "target" and inspected.result is not None:
            found[~inspected.result.fitted] = np.nan
        return _over_time(found)
    skin, chain = inspected.pose(which, frame)
    assert motion is not None
    matrix = body.J_regressor if regressor is None else regressor
    found = regressed_joints(skin, matrix, motion.trans[frame])
    off = 1000 * np.linalg.norm(found - chain, axis=1)
    return off, off


def _errors(inspected: Inspected, which: str, frame: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and largest distance of each joint from that of the other body of the same name."""
    if inspected.motion is None or inspected.result is None:
        return np.zeros(0), np.zeros(0)
    other = "source" if which == "target" else "target"
    ours, theirs = inspected.joints(which), inspected.joints(other)
    if frame is not None:
        if not 0 <= frame < len(inspected.result) or not inspected.result.fitted[frame]:
            return np.zeros(0), np.zeros(0)
        places = [
            joint_places(inspected.joints(body), *reversed(inspected.pose(body, frame)))
            for body in (which, other)
        ]
        off = joint_errors_mm(theirs, ours, places[1], places[0])
        return off, off
    series = joint_error_series(inspected.motion, inspected.bodies, inspected.result)
    out = np.full((len(inspected.motion), len(ours)), np.nan)
    out[:, series.target_index if which == "target" else series.source_index] = series.error_mm
    return _over_time(out)


def _over_time(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(values)
    count = known.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, values, 0).sum(0) / count
    return mean, np.where(count > 0, np.where(known, values, -np.inf).max(0, initial=-np.inf), np.nan)


def _mean(values: np.ndarray) -> float | None:
    finite = values[np.isfinite(values)]
    return number(finite.mean()) if finite.size else None


def _most(values: np.ndarray) -> float | None:
    finite = values[np.isfinite(values)]
    return number(finite.max()) if finite.size else None
