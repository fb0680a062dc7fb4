"""Tables for spreadsheets and plots: errors, joints by frame, what a joint is made of; ``.csv`` with a
header line."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.files.containers.atomic import atomic_write
from core.files.containers.numbered import Progress, tell
from core.inspection.joint_series import JointSeries
from core.inspection.smpl_joints import smpl_joints
from core.inspection.support import Support
from core.measure.map_back import SMPL_JOINTS
from core.measure.motion_metrics import MotionMetrics
from core.model.body import BodyModel
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.motion import Motion
from core.model.posing import joints_of
from core.outputs.export_format import BodySizes, ExportFormat, ExportJob, Option, Settings
from core.shown_text import spreadsheet_cell

ROWS_AT_ONCE = 256
_FROM_RESULT = ("mean_mm", "max_mm", "part_mm")


def write_error_table(
    path: str | Path,
    result: FitResult,
    frames: np.ndarray,
    *,
    metrics: MotionMetrics | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Writes one line a frame: frame, time_s, mean_mm, p95_mm, max_mm, then the mean of each body part.

    Cells are empty where there is nothing to say: times without a frame rate, errors of frames that are not
    fitted.

    Args:
        path: the file.
        result: the fit.
        frames: ids of the frames.
        metrics: of the same fit; jitter, hand shape, skate and so on become columns as well.
        overwrite: replace a file that is there.
        progress: told how many lines are written.
        stop: looked at every few hundred lines.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
        Stopped: ``stop`` was set.
    """
    frames = np.asarray(frames)
    columns = {"mean_mm": result.mean_mm, "p95_mm": result.p95_mm, "max_mm": result.max_mm}
    columns |= {f"{part}_mm": column for part, column in zip(PARTS, result.part_mm.T, strict=True)}
    if metrics is not None:
        columns |= _metric_columns(metrics)
    table = np.stack([np.asarray(column, float)[frames] for column in columns.values()], axis=1)

    def rows(part: slice) -> Iterator[list[str]]:
        for frame, values in zip(frames[part], table[part], strict=True):
            yield [str(frame), _time(frame, result.frame_rate), *(_cell(value) for value in values)]

    _write(path, ["frame", "time_s", *columns], rows, len(frames), overwrite, progress, stop)


def write_joint_table(
    path: str | Path,
    motion: Motion,
    body: BodyModel,
    frames: np.ndarray,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Writes one line a joint and frame: frame, time_s, joint, x_m, y_m, z_m in the world of its file.

    Args:
        path: the file.
        motion: in the body's own family.
        body: whose joints.
        frames: ids of the frames.
        overwrite: replace a file that is there.
        progress: told how many frames are written.
        stop: looked at every few hundred frames.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
        Stopped: ``stop`` was set.
    """

    def places(ids: np.ndarray) -> np.ndarray:
        joints = joints_of(motion, body, ids, torch.as_tensor(motion.trans[ids])).cpu().numpy()
        return motion.in_file_world(joints)

    write_place_table(
        path,
        body.joint_names,
        places,
        frames,
        motion.frame_rate,
        overwrite=overwrite,
        progress=progress,
        stop=stop,
    )


def write_place_table(
    path: str | Path,
    names: Sequence[str],
    places: Callable[[np.ndarray], np.ndarray],
    frames: np.ndarray,
    frame_rate: float | None,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Writes one line a joint and frame: frame, time_s, joint, x_m, y_m, z_m; empty cells for NaN.

    Args:
        path: the file.
        names: of the k joints.
        places: takes ids of n frames, a few hundred at a time, and gives (n, k, 3) metres.
        frames: ids of the frames.
        frame_rate: frames a second, or None.
        overwrite: replace a file that is there.
        progress: told how many frames are written.
        stop: looked at every few hundred frames.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
        Stopped: ``stop`` was set.
    """
    frames = np.asarray(frames)
    quoted = [spreadsheet_cell(name) for name in names]

    def rows(part: slice) -> Iterator[list[str]]:
        ids = frames[part]
        for frame, here in zip(ids, places(ids), strict=True):
            time = _time(frame, frame_rate)
            for name, place in zip(quoted, here, strict=True):
                yield [str(frame), time, name, *(_cell(value, 6) for value in place)]

    titles = ["frame", "time_s", "joint", "x_m", "y_m", "z_m"]
    _write(path, titles, rows, len(frames), overwrite, progress, stop)


def _metric_columns(metrics: MotionMetrics) -> Iterator[tuple[str, np.ndarray]]:
    """Every metric over frames but those by joint, which would be hundreds of columns."""
    for item in fields(metrics):
        metadata = item.metadata
        if (
            not metadata
            or metadata["over"] != "frames"
            or metadata["columns"] == "joints"
            or item.name in _FROM_RESULT
        ):
            continue
        values = getattr(metrics, item.name)
        names = metrics.column_names(item.name)
        if not names:
            yield item.name, values
            continue
        stem, unit = item.name.rsplit("_", 1)
        for name, column in zip(names, values.T, strict=True):
            yield f"{stem}_{name.replace(' ', '_')}_{unit}", column


def _write(
    path: str | Path,
    titles: list[str],
    rows: Callable[[slice], Iterator[list[str]]],
    count: int,
    overwrite: bool,
    progress: Progress | None,
    stop: threading.Event | None,
) -> None:
    with atomic_write(path, overwrite=overwrite) as file:
        file.write((",".join(map(spreadsheet_cell, titles)) + "\n").encode())
        for start in range(0, count, ROWS_AT_ONCE):
            tell(start, count, progress, stop)
            lines = (",".join(row) + "\n" for row in rows(slice(start, start + ROWS_AT_ONCE)))
            file.write("".join(lines).encode())
        tell(count, count, progress, stop)


def _time(frame: int, rate: float | None) -> str:
    return f"{frame / rate:.6f}" if rate else ""


def _cell(value: float, digits: int = 4) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else ""


# Tables of what a joint is made of.

TITLES = ("vertex", "weight", "share_percent", "distance_mm", "valid")


def support_rows(support: Support, least_share: float = 0.0) -> list[tuple[str, ...]]:
    """Cells of the vertices that have at least a share of the weight, the largest first.

    A cell is empty where a distance is not known, or nothing says whether a vertex is valid.
    """
    rows: list[tuple[str, ...]] = []
    for row in np.flatnonzero(support.share >= least_share):
        distance = support.distance_mm[row]
        rows.append(
            (
                str(support.vertices[row]),
                f"{support.weights[row]:.8g}",
                f"{100 * support.share[row]:.4f}",
                f"{distance:.4f}" if np.isfinite(distance) else "",
                "" if support.valid is None else "yes" if support.valid[row] else "no",
            )
        )
    return rows


def write_support_table(
    path: str | Path, support: Support, least_share: float = 0.0, *, overwrite: bool = False
) -> None:
    """Writes one line a vertex: vertex, weight, share_percent, distance_mm, valid.

    Args:
        path: the file.
        support: of a joint in one pose.
        least_share: vertices with a smaller share of the weight are left out.
        overwrite: replace a file that is there.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
    """
    with atomic_write(path, overwrite=overwrite) as file:
        for row in (TITLES, *support_rows(support, least_share)):
            file.write((",".join(row) + "\n").encode())


# As a format to export in.


def _write_table(job: ExportJob) -> None:
    more: dict[str, Any] = {"overwrite": job.overwrite, "progress": job.progress, "stop": job.stop}
    if _of_errors(job.settings):
        write_error_table(job.path, job.fit, job.frames, metrics=job.metrics, **more)
        return
    motion, body = job.of(job.settings.get("whose", "fit"))
    if job.settings["table"] == "joints":
        write_joint_table(job.path, motion, body, job.frames, **more)
        return
    which = "source" if body is job.bodies.source else "target"
    series = JointSeries(body, smpl_joints(job.bodies, which))
    write_place_table(
        job.path,
        [joint.name for joint in series.joints],
        lambda frames: motion.in_file_world(series.places(motion, frames)),
        job.frames,
        motion.frame_rate,
        **more,
    )


def _of_errors(settings: Settings) -> bool:
    return settings.get("table", "errors") == "errors"


def _needs_fit(settings: Settings) -> bool:
    return _of_errors(settings) or settings.get("whose", "fit") == "fit"


def _size(sizes: BodySizes, count: int, settings: Settings) -> int:
    joints = len(SMPL_JOINTS) if settings.get("table") == "smpl" else sizes.joints
    cells = 11 + sizes.metrics if _of_errors(settings) else 7 * joints
    return count * cells * 7


CONTENTS = Option(
    "table",
    "Contents",
    (("Errors by frame", "errors"), ("Joint positions", "joints"), ("SMPL's 24 joints", "smpl")),
)
WHOSE = Option("whose", "Body", (("Fit", "fit"), ("Source", "source")), tip="Whose joints")
TABLE = ExportFormat(
    "csv",
    ".csv",
    "Table",
    "errors or joints, .csv",
    "One line a frame, or one a joint and frame, for spreadsheets and plots. SMPL's 24 joints of SMPL-X "
    "are those that SMPL's regressor finds on its skin, mapped back to SMPL.",
    "table",
    _size,
    _write_table,
    options=(CONTENTS, WHOSE),
    needs_fit=_needs_fit,
    keeps_places=_of_errors,
    stem=lambda stem, settings: f"{stem}_{settings.get('table', 'errors')}",
)
