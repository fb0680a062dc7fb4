"""Tables written and read back."""

from __future__ import annotations

import csv
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import Cancelled, FileError
from core.inspection.joint_series import JointSeries
from core.measure.measure_motion import measure_motion
from core.model.body_joints import body_joints
from core.model.joints import PARTS
from core.model.posing import posed
from core.outputs.joint_sets import export_joint_places
from core.outputs.tables import write_error_table, write_joint_table
from tests.core.clip_fits import bodies, clip, fitted_clip
from tests.core.outputs.test_results import make_result


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_errors_by_frame(tmp_path):
    result = make_result()
    write_error_table(tmp_path / "e.csv", result, np.arange(2, 6))
    rows = read(tmp_path / "e.csv")
    assert list(rows[0]) == ["frame", "time_s", "mean_mm", "p95_mm", "max_mm", *(f"{p}_mm" for p in PARTS)]
    assert [row["frame"] for row in rows] == ["2", "3", "4", "5"]
    assert float(rows[1]["time_s"]) == pytest.approx(3 / 59.94, abs=1e-6)
    assert float(rows[0]["mean_mm"]) == pytest.approx(float(result.mean_mm[2]), abs=1e-4)
    assert float(rows[2]["hands_mm"]) == pytest.approx(
        float(result.part_mm[4, PARTS.index("hands")]), abs=1e-4
    )
    assert rows[3]["mean_mm"] == ""


def test_no_time_without_a_frame_rate(tmp_path):
    write_error_table(tmp_path / "e.csv", make_result(frame_rate=None), np.arange(3))
    assert {row["time_s"] for row in read(tmp_path / "e.csv")} == {""}


def test_metrics_become_columns(tmp_path):
    motion, pair, result = fitted_clip("walk", 0, 12)
    metrics = measure_motion(motion, pair, result)
    write_error_table(tmp_path / "e.csv", result, np.arange(12), metrics=metrics)
    rows = read(tmp_path / "e.csv")
    assert len(rows[0]) == len(set(rows[0]))
    assert float(rows[5]["hand_left_hand_mm"]) == pytest.approx(float(metrics.hand_mm[5, 0]), abs=1e-4)


def test_joints_by_frame(tmp_path):
    motion, body = clip("walk", 0, 4), bodies("built-in").source
    write_joint_table(tmp_path / "j.csv", motion, body, np.array([1, 3]))
    rows = read(tmp_path / "j.csv")
    joints = posed(motion, body, slice(0, 4))[1]
    assert len(rows) == 2 * body.num_joints
    wrist = body.joint_names.index("left_wrist")
    row = rows[body.num_joints + wrist]
    assert (row["frame"], row["joint"]) == ("3", "left_wrist")
    np.testing.assert_allclose(
        [float(row[key]) for key in ("x_m", "y_m", "z_m")], joints[3, wrist], atol=1e-6
    )


def test_stopped_or_refused_leaves_what_was(tmp_path):
    path = tmp_path / "e.csv"
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        write_error_table(path, make_result(), np.arange(3), stop=stop)
    assert not list(tmp_path.iterdir())
    path.write_text("mine")
    with pytest.raises(FileError):
        write_error_table(path, make_result(), np.arange(3))
    assert path.read_text() == "mine"


def test_joints_far_away_are_in_the_world_of_the_file(tmp_path):
    motion, body = clip("walk", 0, 3), bodies("built-in").source
    far = replace(motion, origin=(448000.0, 5411000.0, 300.0))
    frames = np.array([0, 2])
    for name, one in (("near", motion), ("far", far)):
        write_joint_table(tmp_path / f"{name}.csv", one, body, frames)
    for near, there in zip(read(tmp_path / "near.csv"), read(tmp_path / "far.csv"), strict=True):
        moved = [float(there[axis]) - float(near[axis]) for axis in ("x_m", "y_m", "z_m")]
        np.testing.assert_allclose(moved, far.origin, rtol=0, atol=2e-6)
    series = JointSeries(body, body_joints(body)[:4])
    export_joint_places(tmp_path / "far.npz", series, far)
    with np.load(tmp_path / "far.npz") as held:
        assert held["joints"].dtype == np.float64
        np.testing.assert_allclose(held["joints"] - far.origin, series.over(motion), rtol=0, atol=1e-8)
