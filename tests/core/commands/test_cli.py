"""The command line, as a user calls it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.commands.cli import main
from core.errors import RefitError
from core.files.builtin_files import builtin_folder, builtin_motions, default_motion
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.recipe import PRESETS
from core.fitting.run import FitRun, Progress
from core.outputs.results import load_result, save_result
from core.outputs.sessions import load_session
from tests.core.clip_files import cut_arrays

FRAMES = "0:6"


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A folder with two short motions, one below it, and a file that is none."""
    folder = tmp_path / "clips"
    (folder / "subject é").mkdir(parents=True)
    for path, target in ((builtin_motions()[0], folder), (default_motion(), folder / "subject é")):
        np.savez(target / path.name, **cut_arrays(path, slice(6)))
    (folder / "broken_poses.npz").write_bytes(b"not a zip")
    return folder


def test_a_folder_is_walked_and_failures_do_not_stop_it(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    code = main(["convert", str(clips), "-o", str(out), "--threads", "1", "--report", str(report)])
    said = capsys.readouterr().out
    assert code == 1
    assert "1 of 3 failed" in said
    assert "built-in bodies" in said
    written = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.npz"))
    assert written == ["backflip_stageii.npz", "subject é/range_of_motion_stageii.npz"]
    document = json.loads(report.read_text())
    assert document["bodies"] == "built-in"
    by_status = {entry["status"]: entry for entry in document["inputs"]}
    assert set(by_status) == {"done", "failed"}
    assert "broken_poses.npz" in by_status["failed"]["error"]
    assert by_status["done"]["frames"] == 6
    assert 0 < by_status["done"]["v2v_mm"]["mean"] < 20


def test_a_session_is_written_to_go_on_with(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = clips / "backflip_poses.npz", tmp_path / "out"
    assert main(["convert", str(source), "-o", str(out), "--threads", "1", "--session"]) == 0
    session = load_session(out / "backflip_stageii.refit")
    result = load_result(out / "backflip_stageii.npz")
    assert session.now.result is not None
    assert np.array_equal(session.now.result.poses, result.poses)
    assert session.motion is not None
    assert np.array_equal(session.motion.poses, load_motion(source).poses)
    before = (out / "backflip_stageii.refit").read_bytes()
    assert main(["convert", str(source), "-o", str(out), "--threads", "1", "--session"]) == 0
    assert (out / "backflip_stageii.refit").read_bytes() == before
    assert main(["info", str(out / "backflip_stageii.refit")]) == 0
    said = capsys.readouterr().out
    assert "Refit session" in said
    assert "refit convert (shown)" in said


def test_the_result_opens_as_smplx_in_the_sources_own_world(clips: Path, tmp_path: Path) -> None:
    source = clips / "subject é" / "range_of_motion_poses.npz"
    output = tmp_path / "named.npz"
    assert main(["convert", str(source), "-o", str(output), "--threads", "1"]) == 0
    motion, original = load_motion(output), load_motion(source)
    assert motion.family == "smplx"
    assert motion.poses.shape == (6, 55, 3)
    assert motion.frame_rate == original.frame_rate == 60.0
    assert motion.up_axis == original.up_axis == "z"
    assert np.abs(motion.trans - original.trans).max() < 0.3
    result = load_result(output)
    assert result.builtin
    assert result.source_name == "range_of_motion_poses.npz"
    assert result.mean_mm.shape == (6,)


def test_finished_outputs_are_skipped_and_others_never_overwritten(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = clips / "backflip_poses.npz", tmp_path / "out"
    target = out / "backflip_stageii.npz"
    arguments = ["convert", str(source), "-o", str(out), "--threads", "1"]
    assert main(arguments) == 0
    stamp = target.stat().st_mtime_ns
    assert main(arguments) == 0
    assert "is done already" in capsys.readouterr().out
    assert target.stat().st_mtime_ns == stamp

    assert main([*arguments, "--frames", "0:3"]) == 1
    assert "holds another fit" in capsys.readouterr().out
    assert target.stat().st_mtime_ns == stamp
    assert main([*arguments, "--frames", "0:3", "--force"]) == 0
    assert len(load_result(target)) == 3

    assert main([*arguments, "--frames", "3:6"]) == 1
    assert "holds another fit" in capsys.readouterr().out
    other = dict(np.load(source))
    other["poses"] = other["poses"] + np.float32(0.01)
    np.savez(source, **other)
    assert main([*arguments, "--frames", "0:3"]) == 1
    assert "holds another fit" in capsys.readouterr().out

    target.write_bytes(b"a user's own file")
    assert main(arguments) == 1
    assert target.read_bytes() == b"a user's own file"


def test_an_output_made_with_other_bodies_is_not_taken_for_done(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = clips / "backflip_poses.npz", tmp_path / "out"
    assert main(["convert", str(source), "-o", str(out), "--threads", "1"]) == 0
    models = tmp_path / "models"
    shutil.copytree(builtin_folder() / "bodies", models)
    model = models / "smplx" / "SMPLX_NEUTRAL.npz"
    arrays = dict(np.load(model))
    arrays["v_template"] = arrays["v_template"] * np.float32(1.001)
    np.savez(model, **arrays)
    assert main(["convert", str(source), "-o", str(out), "--models", str(models)]) == 1
    assert "made with other bodies" in capsys.readouterr().out


def test_an_input_is_never_written_over(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = clips / "backflip_poses.npz"
    before = source.read_bytes()
    assert main(["convert", str(source), "-o", str(source), "--force"]) == 2
    assert "is an input" in capsys.readouterr().err
    out = ["convert", str(source), "-o", str(tmp_path / "out")]
    assert main([*out, "--report", str(source)]) == 2
    assert "must end in .json" in capsys.readouterr().err
    assert main([*out, "--report", str(tmp_path / "no" / "r.json")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    (tmp_path / "link.json").symlink_to(tmp_path / "no" / "r.json")
    for name, words in (("link", "it is a link to"), ("n" * 300, "cannot be written: File name too long")):
        assert main([*out, "--report", str(tmp_path / f"{name}.json")]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert source.read_bytes() == before


def test_names_are_printed_as_they_are(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = clips / "walk[red]x[bold].npz"
    (clips / "backflip_poses.npz").rename(source)
    assert main(["convert", str(source), "-o", str(tmp_path / "out"), "--threads", "1"]) == 0
    assert "walk[red]x[bold].npz" in capsys.readouterr().out
    assert main(["info", str(source)]) == 0
    assert "walk[red]x[bold].npz" in capsys.readouterr().out


def test_one_impossible_motion_does_not_stop_the_others(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays = dict(np.load(clips / "backflip_poses.npz"))
    np.savez(clips / "a_poses.npz", **(arrays | {"betas": np.full(16, 1e25)}))
    np.savez(clips / "b_poses.npz", **(arrays | {"poses": np.full_like(arrays["poses"], 1e30)}))
    assert main(["convert", str(clips), "-o", str(tmp_path / "out"), "--threads", "1"]) == 1
    said = capsys.readouterr().out
    assert "3 of 5 failed" in said
    assert "'betas' holds 1e+25" in said
    assert "no frame with finite numbers" in said


def test_models_folders(clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    source, empty = clips / "backflip_poses.npz", tmp_path / "empty"
    empty.mkdir()
    assert main(["convert", str(source), "-o", str(tmp_path / "o"), "--models", str(empty)]) == 2
    said = capsys.readouterr().err
    assert str(empty) in said
    assert said.count("\n") == 1
    monkeypatch.setenv("REFIT_MODELS", str(tmp_path / "nowhere"))
    assert main(["convert", str(source), "-o", str(tmp_path / "o")]) == 2
    assert "nowhere" in capsys.readouterr().err


def as_smplx(source: Path, target: Path) -> None:
    """The motion in ``source`` (SMPL-H) with its rotations in SMPL-X, as AMASS names and writes it."""
    arrays = dict(np.load(source))
    poses = np.zeros((len(arrays["poses"]), 165), np.float32)
    poses[:, :66], poses[:, 75:] = arrays["poses"][:, :66], arrays["poses"][:, 66:]
    np.savez(target, poses=poses, trans=arrays["trans"], betas=np.zeros(10), gender="neutral")


def test_an_input_in_the_targets_family_is_refused_in_one_sentence(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    smplx, smplh = tmp_path / "walk_stageii.npz", clips / "backflip_poses.npz"
    as_smplx(smplh, smplx)
    for file, arguments, said in (
        (smplx, [], "is in SMPL-X already, there is nothing to convert; use --to smplh or --to smpl"),
        (smplh, ["--to", "smplh"], "is in SMPL-H already, there is nothing to convert; use --to smplx"),
    ):
        out = tmp_path / "out"
        assert main(["convert", str(file), "-o", str(out), *arguments]) == 1
        assert f"{file}: {said}" in capsys.readouterr().out
        assert not list(out.rglob("*.npz"))


def test_a_folder_of_smplx_motions_is_walked_towards_smplh(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    amass, out = tmp_path / "amass", tmp_path / "out"
    amass.mkdir()
    as_smplx(clips / "backflip_poses.npz", amass / "walk_stageii.npz")
    for beside in ("neutral_stagei.npz", "old_smplh.npz"):
        np.savez(amass / beside, x=np.zeros(1))
    arguments = ["convert", str(amass), "-o", str(out), "--threads", "1", "--to", "smplh"]
    assert main([*arguments, "--report", str(tmp_path / "r.json")]) == 0
    assert [path.name for path in out.glob("*.npz")] == ["walk_smplh.npz"]
    assert json.loads((tmp_path / "r.json").read_text())["to"] == "smplh"
    assert "not as SMPL-H data" in " ".join(capsys.readouterr().out.split())
    # Towards SMPL-X these names are outputs, and there is nothing to do.
    assert main(["convert", str(amass / "walk_stageii.npz"), str(out), "-o", str(tmp_path / "on")]) == 1
    assert (tmp_path / "on" / "walk_smplh_stageii.npz").is_file()
    assert "is in SMPL-X already" in capsys.readouterr().out


def test_an_output_of_another_family_is_not_taken_for_done(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "named.npz"
    arguments = ["convert", str(clips / "backflip_poses.npz"), "-o", str(target), "--threads", "1"]
    assert main(arguments) == 0
    assert main([*arguments, "--to", "smpl"]) == 1
    assert "made with other bodies" in capsys.readouterr().out


def test_more_expression_than_the_body_has_is_left_out(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "talk_stageii.npz"
    as_smplx(clips / "backflip_poses.npz", source)
    np.savez(source, **dict(np.load(source)), expression=np.ones((6, 50), np.float32))
    assert main(["convert", str(source), "-o", str(tmp_path), "--to", "smplh", "--check"]) == 0
    assert "50 expression coefficients and the body 10" in capsys.readouterr().out
    assert load_motion(tmp_path / "talk_smplh.npz").family == "smplh"


def test_check_measures_the_way_back(clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, report = clips / "backflip_poses.npz", tmp_path / "r.json"
    arguments = ["convert", str(source), "-o", str(tmp_path), "--threads", "1", "--report", str(report)]
    assert main(arguments) == 0
    said, told = capsys.readouterr().out, json.loads(report.read_text())["inputs"][0]
    assert "mapped back" not in said
    assert "check" not in told
    percent, degrees, joint = told["left"].values()
    assert (
        f"converged; left {percent:.2g} % of the objective at most, by which no joint turns more than" in said
    )
    assert f"{degrees:.1f}° ({joint})" in said
    # What is done already is checked without a fit.
    assert main([*arguments, "--check"]) == 0
    said = capsys.readouterr().out
    assert "is done already" in said
    assert "mapped back" in said
    skipped = json.loads(report.read_text())["inputs"][0]
    assert skipped["status"] == "skipped"
    assert main([*arguments, "--check", "--force"]) == 0
    assert "24 joints" in capsys.readouterr().out
    done = json.loads(report.read_text())["inputs"][0]
    assert 0 < done["check"]["mapped_back_mm"]["mean"] < 10
    assert 0 < done["check"]["joints_mm"]["regressed_mean"] < done["check"]["joints_mm"]["mean"] < 10
    assert len(done["check"]["joint_mm"]) == 24
    assert done["check"]["joint_mm"]["pelvis"] > 0
    for name, value in skipped["check"]["joint_mm"].items():
        assert value == pytest.approx(done["check"]["joint_mm"][name], abs=0.01)


def test_the_preset_is_recorded_and_tells_outputs_apart(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, target = tmp_path / "r.json", tmp_path / "out.npz"
    arguments = ["convert", str(clips / "backflip_poses.npz"), "-o", str(target), "--threads", "1"]
    arguments += ["--report", str(report)]
    assert main([*arguments, "--preset", "fast"]) == 0
    assert "· fast ·" in capsys.readouterr().out
    assert json.loads(report.read_text())["preset"] == "fast"
    assert load_result(target).provenance["recipe"] == PRESETS["fast"].as_dict()
    assert main([*arguments, "--preset", "fast"]) == 0
    assert "is done already" in capsys.readouterr().out
    assert main(arguments) == 1
    assert "was made with other settings" in capsys.readouterr().out
    assert main([*arguments, "--force"]) == 0
    assert json.loads(report.read_text())["preset"] == "accurate"
    assert load_result(target).provenance["recipe"]["name"] == "accurate"


def test_problem_frames_are_told_with_their_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, target = tmp_path / "r.json", tmp_path / "out.npz"
    walk = builtin_folder() / "motions" / "walk_poses.npz"
    arguments = ["convert", str(walk), "-o", str(target), "--frames", "0:60", "--threads", "1"]
    arguments += ["--report", str(report)]
    assert main(arguments) == 0
    assert "problem frames" not in capsys.readouterr().out
    assert "problems" not in json.loads(report.read_text())["inputs"][0]
    # What is done already is looked at without a fit.
    assert main([*arguments, "--problems"]) == 0
    assert "walk_poses.npz: no problem frames" in capsys.readouterr().out
    assert json.loads(report.read_text())["inputs"][0]["problems"] == []

    result = load_result(target)
    transl, poses = result.transl.copy(), result.poses.copy()
    transl[30] += np.float32(0.03)
    poses[10:14, 18] += np.float32(0.7)
    save_result(target, replace(result, transl=transl, poses=poses), overwrite=True)
    assert main([*arguments, "--problems"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "walk_poses.npz: 5 problem frames in 2 stretches" in said
    assert "10–13 " in said
    assert "30 whole body 52 mm whole body 52 mm off, usually" in said
    assert said.count("failed fit") == 2
    elbow, jump = json.loads(report.read_text())["inputs"][0]["problems"]
    assert (elbow["first"], elbow["last"], elbow["verdict"]) == (10, 13, "failed fit")
    assert (jump["first"], jump["last"], jump["frame"], jump["part"]) == (30, 30, 30, "whole body")
    assert (jump["unit"], jump["kind"]) == ("mm", "off")
    assert jump["value"] == pytest.approx(52, abs=1)
    (judged,) = jump["judged"]
    assert judged["refitted_mean_mm"] == pytest.approx(float(result.mean_mm[30]), abs=0.02)


def test_what_a_run_has_to_say_is_shown_once(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Talking(FitRun):
        def __iter__(self) -> Iterator[Progress]:
            for progress in super().__iter__():
                yield replace(progress, note="The device ran hot.")

    monkeypatch.setattr("core.commands.one_clip.FitRun", Talking)
    report = tmp_path / "r.json"
    arguments = ["convert", str(clips / "backflip_poses.npz"), "-o", str(tmp_path), "--threads", "1"]
    assert main([*arguments, "--report", str(report)]) == 0
    assert capsys.readouterr().out.count("The device ran hot.") == 1
    assert "The device ran hot." in json.loads(report.read_text())["inputs"][0]["notes"]


def test_a_check_without_the_way_back_is_told_at_the_start(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(*bodies: object, tell: object) -> None:
        raise RefitError("They do not match.")

    monkeypatch.setattr("core.correspond.build.build_correspondence", build)
    monkeypatch.setenv("REFIT_SETTINGS", str(tmp_path / "settings"))
    models = tmp_path / "models"
    shutil.copytree(builtin_folder() / "bodies", models)
    (models / "transfer" / "smplx2smplh_deftrafo_setup.pkl").unlink()
    arguments = ["convert", str(clips / "backflip_poses.npz"), "-o", str(tmp_path / "out")]
    assert main([*arguments, "--models", str(models), "--check"]) == 2
    said = capsys.readouterr().err
    assert "no correspondence from SMPL-X to SMPL-H" in said
    assert "none can be built: They do not match." in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["convert"], "MOTION"),
        (["convert", "a.npz"], "-o"),
        (["convert", "a.npz", "-o", "out", "--frames", "12"], "is no range"),
        (["convert", "a.npz", "-o", "out", "--threads", "0"], "is no number of threads"),
        (["convert", "a.npz", "-o", "out", "--betas-count", "0"], "'0' is no number of betas; use 1 to 300"),
        (["convert", "a.npz", "-o", "out", "--betas-count", "11"], "-format body has 10 shape coefficients"),
        (["convert", "a.npz", "-o", "out", "--betas-count", "5", "--betas", "b.npz"], "the shape is held"),
        (
            ["convert", "a.npz", "-o", "out", "--betas-count", "5", "--set", "vertex.shape=fixed"],
            "no stage of the recipe solves the shape",
        ),
        (["convert", "a.npz", "-o", "out", "--to", "mano"], "invalid choice: 'mano'"),
        (["convert", "a.npz", "-o", "out", "--preset", "best"], "invalid choice: 'best'"),
        (["convert", "a_stageii.npz", "a_poses.npz", "-o", "out", "--to", "smpl"], "would both be written"),
        (["convert", "a.npz", "b.npz", "-o", "one.npz"], "several inputs"),
        (["convert", "x/a.npz", "y/a.npz", "-o", "out"], "would both be written"),
    ],
)
def test_bad_usage_is_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_threads_from_the_environment(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["convert", str(clips / "backflip_poses.npz"), "-o", str(tmp_path / "out")]
    monkeypatch.setenv("REFIT_THREADS", "many")
    assert main(arguments) == 2
    assert "REFIT_THREADS" in capsys.readouterr().err
    monkeypatch.setenv("REFIT_THREADS", "1")
    report = tmp_path / "r.json"
    assert main([*arguments, "--report", str(report)]) == 0
    assert json.loads(report.read_text())["threads"] == 1


def test_missing_input_and_missing_frames(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", str(tmp_path / "none.npz"), "-o", str(tmp_path / "out")]) == 1
    assert "none.npz" in capsys.readouterr().out
    source = clips / "backflip_poses.npz"
    assert main(["convert", str(source), "-o", str(tmp_path / "out"), "--frames", "50:60"]) == 1
    assert "has no frames in 50:60" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (lambda: default_motion(), "1200"),
        (lambda: builtin_folder() / "bodies" / "smplx" / "SMPLX_NEUTRAL.npz", "10475"),
        (lambda: builtin_folder() / "bodies" / "transfer" / "smplx_mask_ids.npy", "9146"),
        (lambda: builtin_folder() / "bodies" / "transfer" / "smplh2smplx_deftrafo_setup.pkl", "13780"),
    ],
)
def test_info(file, said: str, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    assert main(["info", str(file())]) == 0
    assert said in capsys.readouterr().out.replace(",", "").replace(" ", "")


def test_info_on_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(tmp_path / "no.npz")]) == 1
    assert "no.npz" in capsys.readouterr().err


def test_interrupting_keeps_files_whole(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.commands.telling.watch.Watch.fitted", interrupt)
    assert main(["convert", str(clips / "backflip_poses.npz"), "-o", str(tmp_path / "out")]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert not list((tmp_path / "out").rglob("*.npz"))


def test_a_recipe_of_ones_own_over_a_folder(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (clips / "broken_poses.npz").unlink()
    out, report, recipe = tmp_path / "out", tmp_path / "report.json", tmp_path / "hands.toml"
    recipe.write_text("[[stages]]\nstage = 'edge'\niterations = 3\n[[stages]]\nweights.hands = 3\n")
    arguments = ["convert", str(clips), "-o", str(out), "--threads", "1", "--recipe", str(recipe)]
    arguments += ["--set", "vertex.weights.hands=2", "--set", "1.iterations=2"]
    assert main([*arguments, "--report", str(report)]) == 0
    assert "hands (changed)" in capsys.readouterr().out
    made = load_result(out / "backflip_stageii.npz").provenance["recipe"]
    assert [stage["stage"] for stage in made["stages"]] == ["edge", "vertex"]
    assert made["stages"][0]["iterations"] == 2
    assert made["stages"][1]["part_weights"] == [1, 1, 1, 2, 1, 1]
    document = json.loads(report.read_text())
    assert document["preset"] is None
    assert document["recipe"] == made
    # The same again is done already; with another setting it is another fit.
    assert main(arguments) == 0
    assert capsys.readouterr().out.count("is done already") == 2
    assert main([*arguments, "--set", "vertex.smoothness=0.1"]) == 1
    assert "made with other settings" in capsys.readouterr().out


def test_so_many_betas_are_solved_as_are_asked_for(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.npz"
    arguments = ["convert", str(clips / "backflip_poses.npz"), "-o", str(out), "--threads", "1"]
    assert main([*arguments, "--betas-count", "4", "--preset", "fast"]) == 0
    assert "fast (changed)" in capsys.readouterr().out
    result = load_result(out)
    assert result.betas.shape == (4,)
    assert [stage["num_betas"] for stage in result.provenance["recipe"]["stages"]] == [4]


@pytest.mark.parametrize(
    ("text", "extra", "sentence"),
    [
        ("[[stages]]\niterations = 500", [], "'iterations' of stage 1 is 500, expected a whole number"),
        ("[[stages]]\non = false", [], "every stage is off"),
        ("start = 'current'\n[[stages]]", [], "'start' is 'current', expected source or parts"),
        ("[[stages]]", ["--set", "edge.iterations=3"], "no stage 'edge'"),
        ("[[stages]]", ["--preset", "fast"], "not allowed with"),
    ],
)
def test_a_recipe_that_is_wrong_stops_before_the_first_motion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, extra: list[str], sentence: str
) -> None:
    recipe = tmp_path / "wrong.toml"
    recipe.write_text(text)
    assert main(["convert", "a.npz", "-o", str(tmp_path), "--recipe", str(recipe), *extra]) == 2
    assert sentence in capsys.readouterr().err
