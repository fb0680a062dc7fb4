"""Each command that reads a motion takes the options that say how, or says that they change nothing."""

from __future__ import annotations

import json
import pickle
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tests
from core.commands.argument_types import reading_of
from core.commands.cli import main, parser
from core.commands.shapes.held_shape import read_shape
from core.files.builtin_files import builtin_motions
from core.files.motions.load_motion import load_motion
from core.outputs.results import load_result
from tests.core.clip_files import cut_arrays
from tests.core.conftest import said
from tests.core.files.motions.sources.examples import (
    bedlam,
    gvhmr,
    motion_x,
    npy_bytes,
    npz_bytes,
    three_dpw,
    torch_bytes,
)

OLD = Path(tests.__path__[0]) / "written_by_0_1"
BETAS = np.linspace(-1, 1, 16)


def amass_bytes(**changes: Any) -> bytes:
    return npz_bytes(cut_arrays(builtin_motions()[0], slice(4), **({"betas": BETAS} | changes)))


def in_degrees() -> bytes:
    return amass_bytes(poses=np.rad2deg(np.load(builtin_motions()[0])["poses"][:4]))


def test_a_shape_is_read_from_a_file_whose_poses_are_doubtful(tmp_path: Path) -> None:
    path = tmp_path / "degrees_poses.npz"
    path.write_bytes(in_degrees())
    np.testing.assert_allclose(read_shape(path).betas, BETAS, rtol=1e-6)


def test_inspect_reads_a_doubtful_file_as_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "degrees_poses.npz"
    path.write_bytes(in_degrees())
    arguments = ["inspect", str(path), "--joint", "left_knee"]
    assert main(arguments) == 1
    option = re.search(r"say (--angles degrees)", said(capsys))
    assert option is not None
    assert main([*arguments, *option[1].split()]) == 0


@pytest.mark.parametrize("name", ["stroll_stageii.npz", "stroll.refit"])
def test_info_of_a_fit_says_that_it_is_read_as_it_was(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(OLD / name), "--up-axis", "y", "--gender", "male"]) == 0
    told = said(capsys)
    assert "--up-axis" in told
    assert "--gender" in told
    assert "changes nothing: that is for motion files" in told
    assert main(["info", str(OLD / name), "--unit", "cm", "--json"]) == 0
    assert any("--unit changes nothing" in note for note in json.loads(capsys.readouterr().out)["notes"])
    assert main(["info", str(OLD / name)]) == 0
    assert "changes nothing" not in said(capsys)


def test_inspect_of_no_motion_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "--unit", "cm"]) == 1
    assert "--unit changes nothing" in said(capsys)
    path, out = tmp_path / "walk_poses.npz", tmp_path / "walk_stageii.npz"
    path.write_bytes(amass_bytes())
    assert main(["convert", str(path), "-o", str(out), "--preset", "fast", "--threads", "1"]) == 0
    assert main(["inspect", str(out), "--joint", "left_knee", "--sides", "swapped", "--gender", "male"]) == 0
    assert "--sides changes nothing" in said(capsys)


FILES = {
    "amass.npz": amass_bytes,
    "smplx.pt": lambda: torch_bytes(gvhmr()),
    "smplx.npy": lambda: npy_bytes(motion_x()),
    "smplx people.npz": lambda: npz_bytes(bedlam()),
    "people.pkl": lambda: pickle.dumps(three_dpw(), 2),
}


def line_of(
    path: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[list[str], list[list[str]]]:
    """What `refit info` prints to read the file otherwise: what is always there, and each choice."""
    assert main(["info", str(path), *options]) == 0
    line = capsys.readouterr().out.partition("To read it otherwise: ")[2]
    choices = []
    for words in re.findall(r"\[([^]]+)\]", line):
        flag, rest = re.split("[ =]", words, maxsplit=1)
        values, _, more = rest.partition(" ")
        given = [value.replace("FPS", "25") for value in values.split("|")]
        choices += [[f"{flag}={value}", *more.split()] for value in given]
    fixed = shlex.split(re.sub(r"\[[^]]+\]", "", line))
    assert fixed[0] == "refit"
    return fixed[1:], choices


@pytest.mark.parametrize("name", FILES)
def test_the_line_to_read_it_otherwise_works(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    path.write_bytes(FILES[name]())
    fixed, choices = line_of(path, capsys)
    assert choices
    for choice in choices:
        options = parser().parse_args([*fixed, *choice])
        assert options.inputs == [path]
        assert reading_of(options, options.person) != reading_of(parser().parse_args(fixed), options.person)
    assert main([*fixed, "--preset", "fast", "--threads", "1", "--frames", "0:2"]) == 0
    (output,) = (tmp_path / "out").glob("*.npz")
    plain = parser().parse_args(fixed)
    family = load_motion(path, reading_of(plain, plain.person)).family
    assert load_result(output).family == ("smplh" if family == "smplx" else "smplx")


def test_what_was_said_stays_in_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "degrees_poses.npz"
    path.write_bytes(in_degrees())
    fixed, choices = line_of(path, capsys, "--angles", "degrees", "--fps", "30", "--up-axis=-y")
    options = parser().parse_args(fixed)
    assert (options.angles, options.fps, options.up_axis) == ("degrees", 30, "-y")
    assert not [choice for choice in choices if choice[0].startswith(("--angles", "--up-axis"))]
