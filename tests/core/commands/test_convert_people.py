"""The command line on files of other tools: people, coordinates, and what the files do not say."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.commands.cli import main
from core.files.motions.load_motion import load_motion
from core.model.motion import Motion, Reading
from core.outputs.results import is_result, load_result
from core.outputs.sessions import is_session
from core.session.fit_origin import find_motion
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.motions.sources.examples import (
    bedlam,
    gvhmr,
    motion_x,
    npy_bytes,
    npz_bytes,
    phalp,
    phalp_bytes,
    three_dpw,
    torch_bytes,
    wham,
)

CONVERT = ["--threads", "1", "--preset", "fast"]


def written(path: Path, data: bytes) -> Path:
    """The file with these bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def same_motion(one: Motion, other: Motion) -> bool:
    """The same frames."""
    return np.array_equal(one.poses, other.poses, equal_nan=True) and np.array_equal(
        one.trans, other.trans, equal_nan=True
    )


def test_without_a_choice_the_people_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = written(tmp_path / "walk.pkl", pickle.dumps(three_dpw(), 2)), tmp_path / "out"
    assert main(["convert", str(source), "-o", str(out), *CONVERT]) == 1
    said = capsys.readouterr().out
    sentence = "holds 2 people, choose one: 0 (6 frames), 1 (4 frames); give --person ID or --person all"
    assert sentence in " ".join(said.split())
    assert not list(tmp_path.rglob("*_stageii.npz"))
    assert main(["info", str(source)]) == 0
    said = capsys.readouterr().out
    assert "SMPL motions of 3DPW" in said
    assert "Person 1  4 frames" in said
    assert main(["inspect", str(source)]) == 1
    assert "give --person ID" in capsys.readouterr().err
    assert main(["inspect", str(source), "--person", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["motion"]["frames"] == 4


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.pkl", pickle.dumps(three_dpw((3,)), 2), "SMPL motion of 3DPW"),
        ("b.pkl", joblib_bytes(wham((0,))), "SMPL motion of WHAM"),
        ("c.pkl", phalp_bytes(phalp()), "SMPL motions of 4D-Humans / PHALP"),
        ("d.pt", torch_bytes(gvhmr()), "SMPL-X motion of GVHMR"),
        ("e.npy", npy_bytes(motion_x()), "SMPL-X motion of Motion-X"),
        ("f.npz", npz_bytes(bedlam()), "SMPL-X motions of BEDLAM"),
    ],
)
def test_info_names_the_source(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes, kind: str
) -> None:
    path = written(tmp_path / name, data)
    assert main(["info", str(path)]) == 0
    assert kind in " ".join(capsys.readouterr().out.split())
    assert not is_result(path)
    assert not is_session(path)


def test_one_and_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = written(tmp_path / "walk.pkl", pickle.dumps(three_dpw(), 2)), tmp_path / "out"
    report = tmp_path / "report.json"
    arguments = ["convert", str(source), "-o", str(out), *CONVERT, "--frame-rate", "30"]
    assert main([*arguments, "--person", "1"]) == 0
    assert [path.name for path in out.glob("*.npz")] == ["walk_person1_stageii.npz"]
    assert main([*arguments, "--person", "all", "--report", str(report)]) == 0
    assert sorted(path.name for path in out.glob("*.npz")) == [
        "walk_person0_stageii.npz",
        "walk_person1_stageii.npz",
    ]
    entries = {entry["person"]: entry["status"] for entry in json.loads(report.read_text())["inputs"]}
    assert entries == {"0": "done", "1": "skipped"}
    assert "walk.pkl · person 0" in capsys.readouterr().out
    for person in ("0", "1"):
        path = out / f"walk_person{person}_stageii.npz"
        result = load_result(path)
        assert result.frame_rate == 30
        again = find_motion(path, result)
        assert again.reading == Reading(person=person, frame_rate=30.0)
        assert same_motion(again, load_motion(source, Reading(person=person)))


def test_a_person_who_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(tmp_path / "walk.pkl", pickle.dumps(three_dpw(), 2))
    assert main(["convert", str(source), "-o", str(tmp_path / "out"), *CONVERT, "--person", "5"]) == 1
    assert "has no person '5'" in " ".join(capsys.readouterr().out.split())
    one = tmp_path / "one.npz"
    assert main(["convert", str(source), "-o", str(one), *CONVERT, "--person", "all"]) == 2
    assert "has several people; give a folder" in capsys.readouterr().err


def test_a_folder_of_all_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips, out = tmp_path / "clips", tmp_path / "out"
    written(clips / "a.pkl", joblib_bytes(wham((0,), frames=3)))
    written(clips / "b.pkl", phalp_bytes(phalp(((1, 4), (4,)))))
    written(clips / "c.pt", torch_bytes(gvhmr(2)))
    written(clips / "d.pt", torch_bytes({"a": np.zeros(3)}))
    written(clips / "e.npy", b"\x93NUMPY is none")
    np.savez(clips / "f.npz", **bedlam())
    code = main(["convert", str(clips), "-o", str(out), *CONVERT, "--person", "all", "--to", "smplh"])
    said = capsys.readouterr().out
    # A damaged file that may have been a motion is told; what is none is told, and is no failure.
    assert code == 1, said
    assert "1 file is no motion: a torch file of other things (d.pt)." in said
    assert "1 of 8 failed:" in said
    assert "e.npy: " in said
    assert sorted(path.name for path in out.glob("*.npz")) == [
        "a_smplh.npz",
        "b_person1_smplh.npz",
        "b_person4_smplh.npz",
        "c_smplh.npz",
        "f_seq_000000-rp_aaron_smplh.npz",
        "f_seq_000000-rp_carla_smplh.npz",
        "f_seq_000001-rp_aaron_smplh.npz",
    ]
    result = load_result(out / "f_seq_000000-rp_aaron_smplh.npz")
    assert (len(result), result.up_axis, result.fitted.tolist()) == (5, "-y", [True, True, False, True, True])
    assert result.mean_mm[result.fitted].max() < 20


def test_shapes_of_their_own_are_what_the_fit_meets(tmp_path: Path) -> None:
    source = written(tmp_path / "a.pkl", joblib_bytes(wham((0,), frames=3)))
    out = tmp_path / "a.npz"
    assert main(["convert", str(source), "-o", str(out), "--threads", "1", "--session"]) == 0
    result = load_result(out)
    motion = find_motion(out, result)
    assert motion.frame_betas is not None
    from core.correspond.load_bodies import bodies_for
    from core.measure.measure_motion import measure_motion
    from core.model.body_pair import in_body

    pair = bodies_for(motion)
    measured = measure_motion(in_body(motion, pair.source), pair, result)
    np.testing.assert_allclose(measured.mean_mm, result.mean_mm, atol=0.02)


def test_camera_and_up_axis(tmp_path: Path) -> None:
    source, out = written(tmp_path / "a.pkl", joblib_bytes(wham((0,), frames=2))), tmp_path / "a.npz"
    arguments = ["convert", str(source), "-o", str(out), *CONVERT, "--force"]
    assert main([*arguments, "--coordinates", "camera"]) == 0
    result = load_result(out)
    assert result.up_axis == "-y"
    assert result.provenance["source"]["reading"] == {"coordinates": "camera"}
    assert same_motion(find_motion(out, result), load_motion(source, Reading(coordinates="camera")))
    assert main([*arguments, "--up-axis=z"]) == 0
    assert load_result(out).up_axis == "z"


def test_resampling_is_written_into_the_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = written(tmp_path / "a.pkl", pickle.dumps(three_dpw((5,)), 2)), tmp_path / "a.npz"
    arguments = ["convert", str(source), "-o", str(out), *CONVERT, "--fps", "60"]
    assert main(arguments) == 1
    assert "does not say its frame rate" in " ".join(capsys.readouterr().out.split())
    assert main([*arguments, "--frame-rate", "30", "--frames", "2:"]) == 0
    assert "Resampled from 30 to 60 frames a second" in capsys.readouterr().out
    result = load_result(out)
    assert (len(result), result.frame_rate) == (7, 60)
    assert result.provenance["source"]["reading"] == {"frame_rate": 30.0, "fps": 60.0}
    again = find_motion(out, result)
    assert (len(again), again.frame_rate) == (7, 60)
    original = load_motion(source)
    assert np.array_equal(again.poses[::2], original.poses[1:])
    half = Rotation.from_rotvec(original.poses[1]).inv() * Rotation.from_rotvec(original.poses[2])
    between = Rotation.from_rotvec(original.poses[1]).inv() * Rotation.from_rotvec(again.poses[1])
    np.testing.assert_allclose(between.magnitude(), half.magnitude() / 2, atol=1e-5)


@pytest.mark.parametrize("words", ["0", "-3", "nan", "inf", "fast", "1e9"])
def test_rates_that_are_none(words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--fps", "--frame-rate"):
        assert main(["convert", "a.npz", "-o", str(tmp_path), f"{option}={words}"]) == 2
        assert "is no number of frames a second" in capsys.readouterr().err
