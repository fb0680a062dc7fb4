"""Files by `refit`: what is read and written, and many at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import refit
from core.commands.cli import main
from core.commands.convert import conversion
from core.files.builtin_files import builtin_folder
from core.outputs.results import load_result
from tests.core.clip_files import clip_arrays
from tests.core.clip_fits import fitted_clip

WALK = builtin_folder() / "motions" / "walk_poses.npz"
QUIET: dict[str, Any] = {"device": "cpu", "threads": 1, "progress": False}


def cut(target: Path, frames: int, **changes: Any) -> Path:
    """The first frames of the walk in a file of their own; a key changed to None is left out."""
    np.savez(target, **clip_arrays("walk", slice(frames), **changes))
    return target


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    _, _, fit = fitted_clip("walk", 0, 6)
    path = tmp_path / "walk_stageii.npz"
    assert refit.save(fit, str(path)) is None
    again = refit.load_result(path)
    for name, values in fit.by_frame().items():
        np.testing.assert_array_equal(again.by_frame()[name], values)
    np.testing.assert_array_equal(again.vertices([1]), fit.vertices([1]))
    assert repr(again) == repr(fit)
    with pytest.raises(refit.RefitError, match=r"already exists, and is only replaced when asked to"):
        refit.save(fit, path)
    refit.save(fit.take(np.arange(2)), path, overwrite=True)
    assert len(refit.load_result(path)) == 2


@pytest.mark.parametrize(
    ("what", "path", "sentence"),
    [
        ("fit", "walk.pkl", "path is 'walk.pkl', expected a name that ends in .npz."),
        ("fit", "nowhere/walk.npz", "nowhere/walk.npz: cannot be written: there is no folder nowhere"),
        ("fit", 3, "path is a int, expected a path."),
        ("motion", "walk.npz", "fit is a Motion, expected a FitResult."),
    ],
)
def test_what_cannot_be_saved_is_told(
    what: str, path: Any, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    motion, _, fit = fitted_clip("walk", 0, 6)
    with pytest.raises(refit.RefitError, match=f"^{re.escape(sentence)}"):
        refit.save({"motion": motion, "fit": fit}[what], path)
    assert not list(tmp_path.iterdir())


def test_what_a_file_does_not_say_can_be_said(tmp_path: Path) -> None:
    path = cut(tmp_path / "silent.npz", 4, gender=None, mocap_framerate=None)
    silent = refit.load_motion(path)
    assert (silent.gender, silent.frame_rate, silent.up_axis) == (None, None, "z")
    told = refit.load_motion(path, gender="female", frame_rate=30, up_axis="y", fps=60)
    assert (told.gender, told.frame_rate, told.up_axis, len(told)) == ("female", 60.0, "y", 7)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"path": "there is none.npz"}, "there is none.npz: there is no such file"),
        ({"path": None}, "path is a NoneType, expected a path."),
        ({"frame_rate": "30"}, "frame_rate is '30', expected a positive number of frames a second."),
        ({"fps": -1}, "fps is -1, expected a positive number of frames a second."),
        ({"gender": "man"}, "gender is 'man', expected one of neutral, female, male."),
        ({"up_axis": "Z"}, "up_axis is 'Z', expected one of y, z, x, -y, -z, -x."),
        ({"coordinates": "local"}, "coordinates is 'local', expected one of world, camera."),
    ],
)
def test_motions_that_cannot_be_read_are_told(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(refit.RefitError, match=f"^{re.escape(sentence)}"):
        refit.load_motion(**{"path": WALK} | given)


def test_bodies_are_those_of_the_motion(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REFIT_MODELS", raising=False)
    motion, _, fit = fitted_clip("walk", 0, 6)
    pair = refit.load_bodies(motion=motion)
    assert (pair.source.family, pair.target.family, pair.builtin) == ("smplh", "smplx", True)
    back = refit.load_bodies("builtin", fit.as_motion())
    assert (back.source.family, back.target.family) == ("smplx", "smplh")
    other = refit.load_bodies(source="smpl", gender="male")
    assert (other.source.family, other.source.gender) == ("smpl", "neutral")
    assert "no built-in male body" in other.notes[0]
    with pytest.raises(refit.RefitError, match=re.escape(str(tmp_path))):
        refit.load_bodies(tmp_path)
    for given, sentence in (
        ({"target": "mano"}, "target is 'mano', expected one of smpl, smplh, smplx."),
        ({"gender": "x"}, "gender is 'x', expected one of neutral, female, male."),
        ({"motion": fit}, "motion is a FitResult, expected a Motion."),
        ({"models": pair}, "models is a BodyPair, expected a folder of models."),
    ):
        with pytest.raises(refit.RefitError, match=f"^{re.escape(sentence)}"):
            refit.load_bodies(**given)  # type: ignore[arg-type]


def test_many_are_converted_as_the_command_line_does(tmp_path: Path) -> None:
    for name in ("one", "two"):
        cut(tmp_path / f"{name}_poses.npz", 3)
    (tmp_path / "bad_poses.npz").write_bytes(b"none")
    inputs = [tmp_path / f"{name}_poses.npz" for name in ("one", "bad", "two")]
    out, report = tmp_path / "out", tmp_path / "report.json"
    settings = {"vertex.iterations": 2, "vertex.weights.hands": 3}
    done = refit.convert(inputs, out, settings=settings, frames=(1, None), report=report, **QUIET)
    assert [outcome.status for outcome in done] == ["done", "failed", "done"]
    assert repr(done[0]) == f"<Outcome one_poses.npz done → {out / 'one_stageii.npz'}>"
    assert "bad_poses.npz" in done[1].error
    assert report.is_file()
    (stage,) = load_result(out / "one_stageii.npz").provenance["recipe"]["stages"]
    assert (stage["iterations"], stage["part_weights"][3]) == (2, 3)
    assert done[0].result is not None
    assert len(done[0].result) == 2
    again = refit.convert(
        inputs[::2], out, recipe=refit.Recipe.from_dict(done[0].result.provenance["recipe"]),
        frames=slice(1, None), **QUIET,
    )  # fmt: skip
    assert [outcome.status for outcome in again] == ["skipped", "skipped"]
    # One that is there and is another: the sentence, and then the wish.
    (other,) = refit.convert(str(inputs[0]), out, preset="fast", **QUIET)
    assert (other.status, "exists and holds another fit" in other.error) == ("failed", True)
    (other,) = refit.convert(str(inputs[0]), out, preset="fast", overwrite=True, **QUIET)
    assert other.status == "done"


def test_many_are_converted_in_parts_and_by_processes_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("one", "two", "three"):
        cut(tmp_path / "in" / f"{name}_poses.npz", 3)
    (alone,) = refit.convert(tmp_path / "in", tmp_path / "out", preset="fast", shard=(2, 2), **QUIET)
    assert alone.job.source.name == "three_poses.npz"
    told: list[Any] = []
    quiet = QUIET | {"progress": told.append}
    found = refit.convert(tmp_path / "in", tmp_path / "out", preset="fast", jobs=2, **quiet)
    assert [outcome.status for outcome in found] == ["done", "skipped", "done"]
    assert sum(type(event).__name__ == "Ended" for event in told) == 3


STAGES_OFF = """
[[stages]]
on = false
[[stages]]
stage = "edge"
[[stages]]
stage = "translation"
"""


@pytest.mark.parametrize("settings", [{"2.iterations": 2}, {"vertex.iterations": 2}, {"3.iterations": 2}])
def test_settings_reach_the_stages_that_the_command_line_reaches(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    path, recipe = cut(tmp_path / "one_poses.npz", 2), tmp_path / "off.toml"
    recipe.write_text(STAGES_OFF)
    line, many, one = (tmp_path / f"{name}.npz" for name in ("line", "many", "one"))
    words = [f"--set={name}={value}" for name, value in settings.items()]
    arguments = ["convert", str(path), "-o", str(line), "--threads", "1", "--device", "cpu", *words]
    assert main([*arguments, "--recipe", str(recipe)]) == 0
    refit.convert(path, many, recipe=str(recipe), settings=settings, **QUIET)
    refit.save(refit.fit(refit.load_motion(path), recipe=recipe, settings=settings, **QUIET), one)
    made = [load_result(output).provenance["recipe"] for output in (line, many, one)]
    assert made[1] == made[0]
    assert made[2] == made[0]
    assert [stage["stage"] for stage in made[0]["stages"]] == ["edge", "translation"]


def test_a_recipe_without_a_stage_that_is_on_is_told(tmp_path: Path) -> None:
    path, recipe = cut(tmp_path / "one_poses.npz", 2), tmp_path / "off.toml"
    recipe.write_text("[[stages]]\non = false\n")
    with pytest.raises(refit.RefitError, match=r"off\.toml is off, expected one that is on\.$"):
        refit.convert(path, tmp_path / "out.npz", recipe=recipe, **QUIET)


def test_a_conversion_tells_what_the_command_line_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("refit._converting.in_notebook", lambda: True)
    path = cut(tmp_path / "one_poses.npz", 2)
    refit.convert(path, tmp_path / "out.npz", preset="fast", device="cpu", threads=1)
    assert "✓ one_poses.npz" in capsys.readouterr().out
    refit.convert(path, tmp_path / "two.npz", preset="fast", **QUIET)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"to": "mano"}, "argument --to: invalid choice: 'mano'"),
        ({"inputs": 3}, "inputs is a int, expected a path."),
        ({"inputs": []}, "inputs are none, expected motion files or folders."),
        (
            {"inputs": ["-x.npz", "y.npz"], "output": "z.npz"},
            "z.npz is one file, but there are several inputs",
        ),
        ({"frames": slice(0, 9, 2)}, "frames is slice(0, 9, 2), expected a slice or (first, end)"),
        ({"frames": 3}, "frames is 3, expected a slice or (first, end)"),
        ({"preset": "fast", "recipe": {}}, "preset and recipe are both given"),
        ({"recipe": {"start": "current"}}, "recipe 'own': 'start' is 'current', expected source or parts"),
        ({"settings": {"vertex.iterations": 0}}, "settings: vertex.iterations: is 0"),
        ({"fps": "fast"}, "argument --fps: 'fast' is no number of frames a second"),
        ({"jobs": 0}, "jobs is 0, expected 1 or more, or 'auto'."),
        ({"jobs": True}, "jobs is True, expected 1 or more, or 'auto'."),
        ({"jobs": 2, "scheduler": "tcp://a:1"}, "argument --scheduler: not allowed with argument --jobs"),
        ({"shard": 3}, "shard is 3, expected (i, n), part i of n."),
        ({"shard": (3, 2)}, "argument --shard: '3/2' is no part"),
        ({"report": "report.txt"}, "report.txt is no name for a report; it must end in .json."),
    ],
)
def test_conversions_that_make_no_sense_are_told(
    given: dict[str, Any], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments: dict[str, Any] = {"inputs": WALK, "output": "out", **QUIET} | given
    with pytest.raises(refit.RefitError, match=f"^{re.escape(sentence)}"):
        refit.convert(**arguments)
    assert not list(tmp_path.iterdir())


def test_a_report_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.commands.from_program.conversion", lambda *a: (conversion(*a)[0], refused))
    refused = refit.RefitError("no room")
    with pytest.raises(refit.RefitError, match=r"^no room"):
        refit.convert(cut(tmp_path / "a.npz", 2), tmp_path / "b.npz", preset="fast", **QUIET)
