"""``refit inspect`` as a user calls it; its numbers against numpy on the raw arrays."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.commands.cli import main
from core.inspection.joint_errors import joint_error_series
from core.measure.map_back import check_inverse
from core.model.body_joints import body_joints
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.model.posing import posed
from core.outputs.results import save_result
from tests.core.clip_fits import clip, fitted_clip


@pytest.fixture(scope="module")
def fitted() -> tuple[Motion, BodyPair, FitResult]:
    return fitted_clip("walk", 30, 36)


@pytest.fixture(scope="module")
def fit_file(fitted: tuple[Motion, BodyPair, FitResult], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fits") / "walk_stageii.npz"
    save_result(path, fitted[2])
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["inspect", *arguments, "--json"]) == 0
    out = capsys.readouterr().out
    return json.loads(out)  # type: ignore[no-any-return]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["inspect", *arguments]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_the_bodies_alone(capsys: pytest.CaptureFixture[str]) -> None:
    document = told(capsys)
    assert document["format"] == 1
    assert document["motion"] is None
    assert document["body"] == "target"
    assert len(document["joints"]) == 127
    assert document["joints"][4] == {
        "index": 4,
        "name": "left_knee",
        "kind": "kinematic",
        "parent": "left_hip",
        "vertices": 30,
        "regressed_mm": None,
        "regressed_max_mm": None,
        "error_mm": None,
        "error_max_mm": None,
    }
    assert document["mask"]["valid"] == 9146
    assert document["mask"]["joints_touched"] == {"left_eye_smplhf": 1.0, "right_eye_smplhf": 1.0}
    assert len(document["correspondence"]["empty"]) == 1329
    assert document["correspondence"]["across"] == []
    assert document["smpl_joints"] is None
    other = told(capsys, "--body", "source", "--from", "smpl")
    assert len(other["joints"]) == 45
    assert other["regressor"]["shape"] == [24, 6890]
    back = told(capsys, "--from", "smplx")
    assert back["bodies"]["target"]["family"] == "smplh"


def test_a_fit_over_the_motion(
    capsys: pytest.CaptureFixture[str], fitted: tuple[Motion, BodyPair, FitResult], fit_file: Path
) -> None:
    motion, bodies, result = fitted
    document = told(capsys, str(fit_file))
    assert document["motion"] == {"file": "walk_poses.npz", "frames": 6, "fit": True}
    skin, chain = posed(result.as_motion(), bodies.target, slice(None))
    source_skin, source_chain = posed(motion, bodies.source, slice(None))
    by_name = {entry["name"]: entry for entry in document["joints"]}
    knee = 1000 * np.linalg.norm(chain[:, 4] - source_chain[:, 4], axis=1)
    assert by_name["left_knee"]["error_mm"] == pytest.approx(knee.mean(), abs=0.01)
    assert by_name["left_knee"]["error_max_mm"] == pytest.approx(knee.max(), abs=0.01)
    heel = 1000 * np.linalg.norm(skin[:, 8846] - source_skin[:, 3387], axis=1)
    assert by_name["left_heel"]["error_mm"] == pytest.approx(heel.mean(), abs=0.01)
    assert by_name["jaw"]["error_mm"] is None
    regressed = np.einsum("v,nvc->nc", bodies.target.J_regressor[4].astype(float), skin)
    off = 1000 * np.linalg.norm(regressed - chain[:, 4], axis=1)
    assert by_name["left_knee"]["regressed_mm"] == pytest.approx(off.mean(), abs=0.01)
    assert by_name["left_heel"]["regressed_mm"] is None
    expected = check_inverse(motion, bodies, result).joints.summary()
    assert document["smpl_joints"]["mean_mm"] == pytest.approx(expected["mean"], abs=0.01)
    assert len(document["smpl_joints"]["joint_mm"]) == 24


def test_errors_of_all_shared_joints(fitted: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, bodies, result = fitted
    marks = result.fitted.copy()
    marks[1] = False
    some = replace(result, fitted=marks)
    found = joint_error_series(motion, bodies, some)
    assert len(found.names) == 52 + 21
    assert np.isnan(found.error_mm).any(1).nonzero()[0].tolist() == [1]
    names = [joint.name for joint in body_joints(bodies.target)]
    assert [names[index] for index in found.target_index] == list(found.names)
    shift = np.float32([600, 0, -300])
    far = joint_error_series(
        replace(motion, trans=motion.trans + shift), bodies, replace(some, transl=some.transl + shift)
    )
    assert np.nanmax(np.abs(far.error_mm - found.error_mm)) < 0.1

    def enough(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        joint_error_series(motion, bodies, some, enough)


def test_a_joint_in_a_frame(
    capsys: pytest.CaptureFixture[str], fitted: tuple[Motion, BodyPair, FitResult], fit_file: Path
) -> None:
    motion, bodies, result = fitted
    document = told(capsys, str(fit_file), "--joint", "left_elbow", "--frame", "3")
    assert set(document["joint"]) == {"source", "target"}
    assert "mask" not in document
    skin, chain = posed(result.as_motion(), bodies.target, slice(3, 4))
    row = bodies.target.J_regressor[18].astype(float)
    joint = document["joint"]["target"]
    assert np.allclose(joint["place_m"], chain[0, 18], atol=1e-5)
    assert {entry["vertex"] for entry in joint["support"]} == set(np.flatnonzero(row))
    for entry in joint["support"]:
        assert entry["weight"] == pytest.approx(row[entry["vertex"]], abs=1e-6)
        away = 1000 * np.linalg.norm(skin[0, entry["vertex"]] - chain[0, 18])
        assert entry["distance_mm"] == pytest.approx(away, abs=1e-3)
    _, source_chain = posed(motion, bodies.source, slice(3, 4))
    off = 1000 * np.linalg.norm(chain[0, 18] - source_chain[0, 18])
    assert joint["error_mm"] == pytest.approx(off, abs=0.01)
    assert document["joint"]["source"]["error_mm"] == pytest.approx(off, abs=0.01)
    regressed = 1000 * np.linalg.norm(row @ skin[0] - chain[0, 18])
    assert joint["regressed_mm"] == pytest.approx(regressed, abs=0.01)
    assert set(told(capsys, str(fit_file), "--joint", "jaw")["joint"]) == {"target"}


def test_a_vertex(capsys: pytest.CaptureFixture[str]) -> None:
    document = told(capsys, "--vertex", "9120")
    vertex = document["vertex"]["target"]
    assert vertex["feeds"][0] == {"joint": "nose", "kind": "vertex", "weight": 1.0, "share": 1.0}
    assert vertex["why"] == "Vertex 9120 counts."
    entry = vertex["correspondence"]["source_vertices"][0]
    back = told(capsys, "--vertex", str(entry["vertex"]), "--body", "source")["vertex"]["source"]
    assert {"vertex": 9120, "weight": entry["weight"]} in back["target_vertices"]


def test_another_regressor(
    capsys: pytest.CaptureFixture[str], fitted: tuple[Motion, BodyPair, FitResult], tmp_path: Path
) -> None:
    body = fitted[1].target
    matrix = body.J_regressor.copy()
    matrix[4] *= 1.25
    np.save(tmp_path / "other.npy", matrix)
    document = told(capsys, "--regressor", str(tmp_path / "other.npy"), "--joint", "left_knee")
    assert set(document["joint"]) == {"target"}
    assert document["joint"]["target"]["sum"] == pytest.approx(1.25, abs=1e-4)
    found = document["regressor"]
    assert found["notes"] == ["The weights of left_knee (1.25) in other.npy do not sum to one."]
    assert found["off_rows"] == ["left_knee"]
    assert found["against_the_bodys_own"]["worst_joint"] == "left_knee"
    place = body.J_regressor[4].astype(float) @ body.v_template
    off = 250 * np.linalg.norm(place)
    assert found["against_the_bodys_own"]["max_mm"] == pytest.approx(off, rel=1e-3)


def test_a_joint_set_is_followed(
    capsys: pytest.CaptureFixture[str],
    fitted: tuple[Motion, BodyPair, FitResult],
    fit_file: Path,
    tmp_path: Path,
) -> None:
    chosen, out = tmp_path / "set.json", tmp_path / "joints.npz"
    chosen.write_text('{"family": "smplx", "joints": ["head", {"name": "chest", "vertex": 5532}]}')
    arguments = (str(fit_file), "--joint-set", str(chosen), "--out", str(out))
    document = told(capsys, *arguments)["joint_set"]
    assert document["joints"] == ["head", "chest"]
    assert document["times_as_fast"] > 0
    skin, chain = posed(fitted[2].as_motion(), fitted[1].target, slice(None))
    with np.load(out) as file:
        assert np.abs(file["joints"] - np.stack((chain[:, 15], skin[:, 5532]), 1)).max() < 2e-5
    assert "already exists" in refused(capsys, *arguments)
    assert told(capsys, *arguments, "--force")["joint_set"]["frames"] == 6
    said = refused(capsys, *arguments[:3], "--out", str(out), "--body", "source", "--force")
    assert "is for SMPL-X, but the body is SMPL-H" in said


def test_inputs_and_models_are_never_written_over(
    capsys: pytest.CaptureFixture[str], fit_file: Path, tmp_path: Path
) -> None:
    chosen, model = tmp_path / "set.json", tmp_path / "model.npz"
    chosen.write_text('{"family": "smplx", "joints": ["head"]}')
    np.savez(model, v_template=np.zeros(3), shapedirs=np.zeros(3), weights=np.zeros(3))
    for out, said in ((fit_file, "is an input"), (model, "is a body model")):
        before = out.read_bytes()
        arguments = (str(fit_file), "--joint-set", str(chosen), "--out", str(out), "--force")
        assert said in refused(capsys, *arguments)
        assert out.read_bytes() == before


def test_a_frame_without_a_fit_still_has_a_source(
    capsys: pytest.CaptureFixture[str], fitted: tuple[Motion, BodyPair, FitResult], tmp_path: Path
) -> None:
    marks = fitted[2].fitted.copy()
    marks[2] = False
    save_result(tmp_path / "walk_stageii.npz", replace(fitted[2], fitted=marks))
    path = str(tmp_path / "walk_stageii.npz")
    document = told(capsys, path, "--frame", "2", "--body", "source")
    assert document["joints"][4]["error_mm"] is None
    assert document["joints"][4]["regressed_mm"] > 0
    assert "Frame 2 of the fit is not fitted" in refused(capsys, path, "--frame", "2")


def test_tables_say_the_same(capsys: pytest.CaptureFixture[str], fit_file: Path, tmp_path: Path) -> None:
    assert main(["inspect", str(fit_file)]) == 0
    said = capsys.readouterr().out
    for words in ("left_knee", "J_regressor of the target", "SMPL's 24 joints", "9146, 1329 not", "across"):
        assert words in said
    assert main(["inspect", str(fit_file), "--joint", "nose", "--frame", "2"]) == 0
    said = capsys.readouterr().out
    assert "nose of the target" in said
    assert "9120" in said
    assert main(["inspect", "--vertex", "9447"]) == 0
    assert "no counterpart on SMPL-H" in " ".join(capsys.readouterr().out.split())


def test_a_motion_without_a_fit_is_its_own_body(capsys: pytest.CaptureFixture[str]) -> None:
    motion = clip("spinkick")
    document = told(capsys, str(motion.path), "--frame", "10")
    assert document["body"] == "source"
    assert document["joints"][0]["error_mm"] is None
    assert document["joints"][0]["regressed_mm"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--joint", "left_elbo"), "has no joint 'left_elbo'; did you mean left_elbow"),
        (("--vertex", "10475"), "has no vertex 10475; its ids are 0 to 10474"),
        (("--frame", "3"), "--frame needs a motion or a fit"),
        (("--joint-set", "a.json"), "--out FILE is missing"),
        (("--out", "a.npz"), "--joint-set FILE is missing"),
        (("--joint-set", "a.json", "--out", "a.npz"), "needs a motion or a fit to follow"),
        (("nothing.npz",), "there is no such file"),
        (("--regressor", "nothing.npy"), "there is no such file"),
        (("--models", "/nowhere"), "there is no such folder"),
    ],
)
def test_bad_input_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert said in refused(capsys, *arguments)


def test_frames_that_are_not_there(capsys: pytest.CaptureFixture[str], fit_file: Path) -> None:
    assert "has no frame 6; its frames are 0 to 5" in refused(capsys, str(fit_file), "--frame", "6")
    assert "has no frame -1" in refused(capsys, str(fit_file), "--frame", "-1")
    motion = str(clip("walk").path)
    assert "no pose without a fit" in refused(capsys, motion, "--body", "target", "--frame", "2")
    assert "--from is for the bodies alone" in refused(capsys, motion, "--from", "smpl")


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "--vertex", "nose"]) == 2
    assert main(["inspect", "--body", "both"]) == 2
