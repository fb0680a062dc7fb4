"""Files of joints: of the skeleton, all of them, SMPL's 24 of fits and of SMPL-X files, sets of one's own."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.correspond.load_bodies import load_bodies, reversed_bodies
from core.files.bodies.models import smpl_from_smplh
from core.files.builtin_files import builtin_folder
from core.inspection.joint_series import JointSeries
from core.inspection.smpl_joints import smpl_joints
from core.measure.map_back import SMPL_JOINTS, check_inverse
from core.model.body_joints import body_joints, contour_joints
from core.model.posing import posed
from core.outputs.export_format import ExportJob
from core.outputs.joint_sets import JOINTS
from core.outputs.tables import TABLE
from tests.core.clip_fits import fitted_clip

TENTH_MM = 1e-4


def arrays(path: Path, job: ExportJob, **settings: str) -> dict[str, np.ndarray]:
    assert JOINTS.write is not None
    JOINTS.write(replace(job, path=path, settings=settings))
    with np.load(path) as file:
        return dict(file)


@pytest.fixture
def job(tmp_path: Path) -> ExportJob:
    motion, pair, result = fitted_clip("walk", 0, 12)
    return ExportJob(tmp_path / "a.npz", "walk", np.arange(12), motion, pair, result)


def test_smpl_joints_of_a_fit_are_those_of_its_surface_mapped_back(job: ExportJob, tmp_path: Path) -> None:
    found = arrays(tmp_path / "a.npz", job, joints="smpl")
    assert tuple(found["names"]) == SMPL_JOINTS
    expected = check_inverse(job.motion, job.bodies, job.fit).joints.joints
    assert np.abs(found["joints"] - expected).max() < TENTH_MM
    assert "frames" not in found
    assert found["mocap_frame_rate"] == job.fit.frame_rate

    assert TABLE.write is not None
    TABLE.write(replace(job, path=tmp_path / "a.csv", frames=np.array([3, 7]), settings={"table": "smpl"}))
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert len(lines) == 1 + 2 * 24
    frame, _, name, *place = lines[1 + 24 + 5].split(",")
    assert (frame, name) == ("7", SMPL_JOINTS[5])
    assert np.abs(np.array(place, float) - expected[7, 5]).max() < TENTH_MM


def test_smpl_joints_of_an_smplx_file_without_a_fit(job: ExportJob, tmp_path: Path) -> None:
    motion, pair = job.fit.as_motion(), load_bodies(source="smplx", target="smplh")
    some = np.array([2, 5])
    own = ExportJob(tmp_path / "b.npz", "walk", some, motion, pair)
    found = arrays(tmp_path / "b.npz", own, joints="smpl", whose="source")
    skin = posed(motion, pair.source, some)[0].astype(float)
    matrix = smpl_from_smplh(pair.target).J_regressor
    expected = [matrix @ (pair.correspondence.matrix @ frame) for frame in skin]
    assert np.abs(found["joints"] - expected).max() < TENTH_MM
    assert found["frames"].tolist() == [2, 5]


def test_of_smplh_they_are_joints_of_its_chain(job: ExportJob, tmp_path: Path) -> None:
    found = arrays(tmp_path / "a.npz", job, joints="smpl", whose="source")
    chain = posed(job.motion, job.bodies.source, np.arange(12))[1]
    assert np.allclose(found["joints"][:, :22], chain[:, :22], atol=1e-6)
    assert tuple(found["names"]) == SMPL_JOINTS


def test_joints_of_the_skeleton_and_all(job: ExportJob, tmp_path: Path) -> None:
    chain = arrays(tmp_path / "a.npz", job, joints="chain")
    assert (
        np.abs(chain["joints"] - posed(job.fit.as_motion(), job.bodies.target, np.arange(12))[1]).max() < 1e-5
    )
    whole = arrays(tmp_path / "b.npz", job, joints="all")
    target = job.bodies.target
    assert [*whole["names"]] == [joint.name for joint in (*body_joints(target), *contour_joints(target))]
    assert np.array_equal(whole["joints"][:, :55], chain["joints"])


def test_the_way_back_is_built_where_the_folder_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "kept"))
    monkeypatch.setattr("core.correspond.built_cache._BUILT", {})
    shutil.copytree(builtin_folder() / "bodies", tmp_path / "models")
    for path in (tmp_path / "models/transfer").iterdir():
        if path.name.startswith("smplx2"):
            path.unlink()
    pair = load_bodies(tmp_path / "models")
    kept = load_bodies()
    fit = fitted_clip("walk", 0, 12)[2].as_motion().some(np.arange(2))
    places = [JointSeries(one.target, smpl_joints(one, "target")).over(fit) for one in (pair, kept)]
    assert np.abs(places[0] - places[1]).max() < 3e-3
    assert "built" in reversed_bodies(pair).notes[0]
