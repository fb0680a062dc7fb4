"""The command line, as a user calls it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.bodies import builtin_folder, builtin_motions, default_motion
from core.cli import main
from core.files.motions import load_motion
from core.files.results import load_result

FRAMES = "0:6"


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A folder with two short motions, one below it, and a file that is none."""
    folder = tmp_path / "clips"
    (folder / "subject é").mkdir(parents=True)
    for path, target in ((builtin_motions()[0], folder), (default_motion(), folder / "subject é")):
        arrays = dict(np.load(path))
        arrays["poses"], arrays["trans"] = arrays["poses"][:6], arrays["trans"][:6]
        np.savez(target / path.name, **arrays)
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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["convert"], "MOTION"),
        (["convert", "a.npz"], "-o"),
        (["convert", "a.npz", "-o", "out", "--frames", "12"], "is no range"),
        (["convert", "a.npz", "-o", "out", "--threads", "0"], "is no number of threads"),
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

    monkeypatch.setattr("core.convert._watched", interrupt)
    assert main(["convert", str(clips / "backflip_poses.npz"), "-o", str(tmp_path / "out")]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert not list((tmp_path / "out").rglob("*"))
