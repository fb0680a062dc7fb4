"""``refit export``: by the ending of the name, of fits, sessions and motions; or one sentence."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import refit
from core.commands.cli import main
from core.errors import RefitError
from core.files.builtin_files import builtin_folder
from core.measure.map_back import SMPL_JOINTS
from core.model.posing import posed
from core.outputs.meshes import write_meshes
from core.outputs.results import load_result, save_result
from core.outputs.sessions import save_session
from core.session.session import Session, SessionStep, SourceFile
from tests.core.clip_fits import fitted_clip
from tests.core.conftest import said
from tests.core.outputs.glb_reader import Glb
from tests.core.outputs.test_bvh import Bvh

CAPTURE = pytest.CaptureFixture[str]


@pytest.fixture
def fit(tmp_path: Path) -> Path:
    """A file of a fit of 12 frames."""
    save_result(tmp_path / "walk_stageii.npz", fitted_clip("walk", 0, 12)[2])
    return tmp_path / "walk_stageii.npz"


def export(*arguments: object) -> int:
    return main(["export", *map(str, arguments)])


def refused(capsys: CAPTURE, *arguments: object) -> str:
    assert export(*arguments) in (1, 2)
    return said(capsys)


def test_an_animated_body_and_what_it_lacks(fit: Path, capsys: CAPTURE) -> None:
    out = fit.with_name("a.glb")
    assert export(fit, "-o", out, "--frames", "2:12", "--step", "3") == 0
    words = said(capsys)
    assert "note: Without pose correctives" in words
    assert words.endswith(f"wrote {out}")
    motion, _, _ = fitted_clip("walk", 0, 12)
    assert np.allclose(Glb(out).times() * motion.frame_rate, [0, 3, 6, 9], atol=1e-4)
    assert "already exists" in refused(capsys, fit, "-o", out)
    assert export(fit, "-o", out, "--source", "--force") == 0
    assert len(Glb(out).json["skins"]) == 2


def test_a_skeleton_as_it_is_asked_for(fit: Path, capsys: CAPTURE) -> None:
    out = fit.with_name("a.bvh")
    assert export(fit, "-o", out, "--bvh-unit", "cm", "--up", "z", "--frame", "-1", "--frame-rate", "25") == 0
    assert "centimetres, z up" in said(capsys)
    _, pair, result = fitted_clip("walk", 0, 12)
    joints = 100 * posed(result.as_motion(), pair.target, np.array([11]))[1][0]
    there = Bvh(out).joints(0)
    assert (
        max(np.abs(there[n] - p).max() for n, p in zip(pair.target.joint_names, joints, strict=True)) < 0.01
    )
    assert Bvh(out).frame_time == pytest.approx(0.04)
    assert "expected y, z for Skeleton" in refused(capsys, fit, "-o", out, "--up=-y", "--force")


def test_meshes_are_one_file_or_a_folder(fit: Path, capsys: CAPTURE, tmp_path: Path) -> None:
    assert export(fit, "-o", tmp_path / "a.obj", "--frame", 3) == 0
    assert (tmp_path / "a.obj").read_text().startswith("v ")
    assert "12 frames are to be written, one a file" in refused(capsys, fit, "-o", tmp_path / "b.obj")
    assert export(fit, "-o", tmp_path / "m", "--format", "ply", "--body", "points", "--frames", ":2") == 0
    assert len(list((tmp_path / "m").iterdir())) == 2
    assert export(fit, "-o", tmp_path / "p", "--format", "pkl") == 0
    assert len(list((tmp_path / "p").iterdir())) == 12
    assert export(fit, "-o", tmp_path / "t", "--format", "tool", "--frames", ":3") == 0
    assert len(list((tmp_path / "t").iterdir())) == 3
    assert export(fit, "-o", tmp_path / "p.pkl") == 0
    assert (tmp_path / "p.pkl").is_file()


def test_joints_of_any_kind(fit: Path, capsys: CAPTURE, tmp_path: Path) -> None:
    assert export(fit, "-o", tmp_path / "j.npz", "--joints", "smpl") == 0
    with np.load(tmp_path / "j.npz") as file:
        assert tuple(file["names"]) == SMPL_JOINTS
    marks = tmp_path / "marks.json"
    marks.write_text('{"joint_set": "marks", "family": "smplx", "joints": ["pelvis", 5532]}')
    assert export(fit, "-o", tmp_path / "j.csv", "--joints", marks, "--frames", "3:5") == 0
    lines = (tmp_path / "j.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["3", "3", "4", "4"]
    assert export(fit, "-o", tmp_path / "s.csv", "--joints", "chain", "--body", "source") == 0
    assert len((tmp_path / "s.csv").read_text().splitlines()) == 1 + 12 * 52
    assert "must end in .npz or .csv" in refused(capsys, fit, "-o", tmp_path / "j.glb", "--joints", "smpl")
    assert "expected chain, all, smpl" in refused(capsys, fit, "-o", tmp_path / "k.npz", "--joints", "hand")


def test_errors_and_the_fit_itself(fit: Path, capsys: CAPTURE, tmp_path: Path) -> None:
    assert export(fit, "-o", tmp_path / "e.csv") == 0
    assert len((tmp_path / "e.csv").read_text().splitlines()) == 13
    assert "body means nothing for Table" in refused(
        capsys, fit, "-o", tmp_path / "f.csv", "--body", "source"
    )
    assert export(fit, "-o", tmp_path / "e.npz", "--frames", "3:9") == 0
    assert len(load_result(tmp_path / "e.npz")) == 6


def test_frames_that_are_not_fitted_are_told(tmp_path: Path, capsys: CAPTURE) -> None:
    result = fitted_clip("walk", 0, 12)[2]
    some = result.fitted.copy()
    some[4:7] = False
    save_result(tmp_path / "some.npz", replace(result, fitted=some))
    assert export(tmp_path / "some.npz", "-o", tmp_path / "a.glb") == 0
    assert "3 frames are not fitted, and left out" in said(capsys)
    assert len(Glb(tmp_path / "a.glb").times()) == 9
    assert export(tmp_path / "some.npz", "-o", tmp_path / "a.bvh") == 0
    assert "3 frames have no pose" in said(capsys)
    words = refused(capsys, tmp_path / "some.npz", "-o", tmp_path / "b.glb", "--frame", 5)
    assert "None of these frames is fitted" in words
    assert not (tmp_path / "b.glb").exists()


def test_a_motion_without_a_fit_and_a_session(tmp_path: Path, capsys: CAPTURE) -> None:
    walk = builtin_folder() / "motions/walk_poses.npz"
    assert export(walk, "-o", tmp_path / "a.glb", "--frames", ":3") == 0
    assert len(Glb(tmp_path / "a.glb").json["skins"][0]["joints"]) == 52
    assert "There is no fit to export" in refused(capsys, walk, "-o", tmp_path / "a.npz")
    motion, _, result = fitted_clip("walk", 0, 12)
    session = Session(SourceFile.of(motion), motion, (SessionStep(result),))
    save_session(tmp_path / "a.refit", session)
    assert export(tmp_path / "a.refit", "-o", tmp_path / "s.glb", "--source") == 0
    assert len(Glb(tmp_path / "s.glb").json["skins"]) == 2


def test_smpl_joints_of_an_smplx_file(tmp_path: Path) -> None:
    whole = fitted_clip("walk", 0, 12)[2]
    plain = {"poses": whole.poses.reshape(12, -1), "trans": whole.transl, "betas": whole.betas}
    np.savez(tmp_path / "x.npz", surface_model_type="smplx", gender="neutral", mocap_frame_rate=30.0, **plain)
    assert export(tmp_path / "x.npz", "-o", tmp_path / "j.npz", "--joints", "smpl") == 0
    with np.load(tmp_path / "j.npz") as file:
        assert file["joints"].shape == (12, 24, 3)


def test_a_fit_needs_its_motion_only_where_it_is_shown(tmp_path: Path, capsys: CAPTURE) -> None:
    shutil.copy(builtin_folder() / "motions/walk_poses.npz", tmp_path / "mine.npz")
    result = fitted_clip("walk", 0, 12)[2]
    source = {**result.provenance["source"], "path": str(tmp_path / "gone.npz"), "sha256": "0"}
    provenance = {**result.provenance, "source": source}
    save_result(tmp_path / "fit.npz", replace(result, provenance=provenance, source_name="gone.npz"))
    assert export(tmp_path / "fit.npz", "-o", tmp_path / "a.glb") == 0
    words = refused(capsys, tmp_path / "fit.npz", "-o", tmp_path / "b.glb", "--source")
    assert "is a fit of gone.npz, which is neither where it was nor beside the fit" in words


def test_one_sentence_where_it_makes_no_sense(fit: Path, capsys: CAPTURE, tmp_path: Path) -> None:
    assert "no ending that says what to write" in refused(capsys, fit, "-o", tmp_path / "a.fbx")
    assert "is an input" in refused(capsys, fit, "-o", fit, "--force")
    assert "unit means nothing for Animated body" in refused(
        capsys, fit, "-o", tmp_path / "a.glb", "--bvh-unit", "cm"
    )
    assert "expected fit, source, both" in refused(capsys, fit, "-o", tmp_path / "a.glb", "--body", "points")
    assert "expected one from 0 to 11" in refused(capsys, fit, "-o", tmp_path / "a.glb", "--frame", 12)
    assert "none of them is asked for" in refused(capsys, fit, "-o", tmp_path / "a.glb", "--frames", "20:30")
    assert "is of pictures and films" in refused(capsys, fit, "-o", tmp_path / "a.glb", "--size", "320x240")
    assert "use the command refit" in refused(capsys, fit, "-o", tmp_path / "a.png")
    assert "no size" in refused(capsys, fit, "-o", tmp_path / "a.png", "--size", "big")
    assert "no step" in refused(capsys, fit, "-o", tmp_path / "a.glb", "--step", "0")
    assert sorted(path.name for path in tmp_path.iterdir()) == [fit.name]


def test_a_fit_of_other_bodies_says_so(tmp_path: Path, capsys: CAPTURE) -> None:
    result = fitted_clip("walk", 0, 12)[2]
    other = {**result.provenance["target_body"], "sha256": "0"}
    save_result(
        tmp_path / "other.npz", replace(result, provenance={**result.provenance, "target_body": other})
    )
    words = refused(
        capsys, tmp_path / "other.npz", "-o", tmp_path / "a.glb", "--models", builtin_folder() / "bodies"
    )
    assert "was made with" in words
    assert "--models DIR chooses others" in words


def test_what_a_fit_was_made_from_is_never_lost(tmp_path: Path, capsys: CAPTURE) -> None:
    motion, pair, result = fitted_clip("walk", 0, 12)
    meshes, walk, home = tmp_path / "meshes", tmp_path / "far" / "walk_poses.npz", tmp_path / "fits"
    write_meshes(meshes, "walk", motion, pair.source, np.arange(2))
    for folder in (walk.parent, home):
        folder.mkdir()
        shutil.copy(builtin_folder() / "motions/walk_poses.npz", folder / walk.name)

    def saved(name: str, source: Path) -> Path:
        told = {**result.provenance["source"], "path": str(source)}
        of = replace(result, provenance={**result.provenance, "source": told}, source_name=source.name)
        save_result(home / name, of)
        return home / name

    of_meshes, of_walk = saved("a.npz", meshes), saved("b.npz", walk)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for fit, out, *more in (
        (of_meshes, meshes, "--format", "obj"),
        (of_meshes, meshes / "walk_000001.obj", "--frame", "1"),
        (of_walk, walk, "--joints", "chain"),
        (of_walk, home / walk.name),
        (of_walk, walk.parent, "--format", "pkl"),
    ):
        assert "input" in refused(capsys, fit, "-o", out, *more, "--force")
    with pytest.raises(RefitError, match="is an input"):
        refit.export(load_result(of_walk), walk, bodies=pair, overwrite=True)
    marks = tmp_path / "marks.json"
    marks.write_text('{"joint_set": "marks", "family": "smplx", "joints": ["pelvis"]}')
    arguments = ("inspect", of_walk, "--joint-set", marks, "--out", walk, "--force")
    assert main([str(argument) for argument in arguments]) == 1
    assert "is an input" in said(capsys)
    assert {path: path.read_bytes() for path in before} == before


def test_the_frame_rate_that_is_said_is_everywhere(fit: Path, capsys: CAPTURE, tmp_path: Path) -> None:
    said_rate = ("--frame-rate", "50", "--force")
    assert export(fit, "-o", tmp_path / "a.npz", *said_rate) == 0
    assert load_result(tmp_path / "a.npz").frame_rate == 50
    assert export(fit, "-o", tmp_path / "j.npz", "--joints", "chain", *said_rate) == 0
    with np.load(tmp_path / "j.npz") as file:
        assert file["mocap_frame_rate"] == 50
    for name, more in (("e.csv", ()), ("j.csv", ("--joints", "chain"))):
        assert export(fit, "-o", tmp_path / name, *more, *said_rate) == 0
        assert (tmp_path / name).read_text().splitlines()[-1].startswith("11,0.220000,")
    assert "changes nothing" not in said(capsys)
    assert export(fit, "-o", tmp_path / "m.obj", "--frame", "0", *said_rate) == 0
    assert "note: --frame-rate changes nothing: Meshes, Wavefront has no times." in said(capsys)


def test_every_other_frame_of_a_fit_is_as_fast(fit: Path, capsys: CAPTURE, tmp_path: Path) -> None:
    rate = load_result(fit).frame_rate
    assert rate is not None
    assert export(fit, "-o", tmp_path / "a.npz", "--step", "3") == 0
    assert load_result(tmp_path / "a.npz").frame_rate == pytest.approx(rate / 3)
    told = refit.export(load_result(fit), tmp_path / "b.npz", frames=[0, 1, 5])
    assert "not evenly apart" in told[0]


def test_an_option_is_called_by_its_name(fit: Path, capsys: CAPTURE, tmp_path: Path) -> None:
    words = refused(capsys, fit, "-o", tmp_path / "a.glb", "--bvh-unit", "cm")
    assert "--bvh-unit means nothing for Animated body" in words
    assert "--up means nothing" in refused(capsys, fit, "-o", tmp_path / "a.glb", "--up", "z")
    with pytest.raises(RefitError, match=r"^up_axis means nothing"):
        refit.export(load_result(fit), tmp_path / "a.glb", up_axis="z")


def test_what_would_do_nothing_is_refused_or_told(fit: Path, capsys: CAPTURE, tmp_path: Path) -> None:
    for option, value in (("--joints", "chain"), ("--up", "z"), ("--bvh-unit", "cm")):
        words = refused(capsys, fit, "-o", tmp_path / "a.png", option, value)
        assert f"{option} means nothing for pictures and films (.png)" in words
    words = refused(capsys, fit, "-o", tmp_path / "a.npz", "--frame", "1", "--step", "2")
    assert "--step is of several frames" in words
    assert export(fit, "-o", tmp_path / "a.csv", "--gender", "female", "--strict") == 0
    assert "note: Saying --gender and --strict changes nothing" in said(capsys)
    motion, _, _ = fitted_clip("walk", 0, 12)
    save_session(tmp_path / "a.refit", Session(SourceFile.of(motion), motion, (SessionStep(None),)))
    assert export(tmp_path / "a.refit", "-o", tmp_path / "a.bvh", "--strict") == 0
    assert "note: Saying --strict changes nothing" in said(capsys)
    with pytest.raises(RefitError, match="size is of pictures"):
        refit.export(load_result(fit), tmp_path / "b.npz", size=(320, 180))


def test_a_folder_is_not_called_as_a_file(fit: Path, capsys: CAPTURE, tmp_path: Path) -> None:
    for name in ("pre.npz", "pre.PNG", "pre.refit"):
        words = refused(capsys, fit, "-o", tmp_path / name, "--format", "obj", "--frames", ":2")
        assert f"{name} is the name of a file, and this makes a folder" in words
    assert export(fit, "-o", tmp_path / "take.2", "--format", "obj", "--frames", ":2") == 0
