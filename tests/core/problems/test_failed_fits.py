"""Fits that failed, in what `refit convert` says and writes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.commands import one_clip
from core.commands.cli import main
from core.errors import FileError, RefitError
from core.files.builtin_files import builtin_motions
from core.files.containers.npz import read_npz
from core.measure import fit_failure
from core.outputs.results import load_result, save_result
from core.outputs.sessions import load_session, save_session
from core.session.marker import Marker
from core.session.session import SessionStep
from tests.core.conftest import said

CONVERT = ["convert", "--threads", "1"]


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Two short clips: one that ends below 1.4 mm, and one that does not."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for path in builtin_motions():
        if path.name in ("dance_poses.npz", "walk_poses.npz"):
            arrays = dict(np.load(path))
            arrays["poses"], arrays["trans"] = arrays["poses"][:4], arrays["trans"][:4]
            np.savez(folder / path.name, **arrays)
    return folder


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Bounds so strict that the walk fails."""
    monkeypatch.setattr(fit_failure, "MOST_MEAN_MM", 1.7)
    return monkeypatch


def test_a_fit_that_failed_is_written_and_says_so(
    clips: Path, tmp_path: Path, strict: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    arguments = [*CONVERT, str(clips), "-o", str(out), "--session", "--report", str(report)]
    assert main(arguments) == 1
    told = said(capsys)
    assert "✓ dance_poses.npz" in told
    assert "✗ walk_poses.npz failed: mean 2.08 mm, more than 1.7 mm" in told
    assert "✓ walk_poses.npz" not in told
    assert "1 of 2 failed:" in told
    assert "the fit failed: mean 2.08" in told

    good, bad = read_npz(out / "dance_stageii.npz"), read_npz(out / "walk_stageii.npz")
    assert (bool(good["refit_failed"]), str(good["refit_failure"])) == (False, "")
    assert bad["refit_failed"].dtype == bool
    assert bad["refit_failed"]
    result = load_result(out / "walk_stageii.npz")
    assert result.failed
    assert result.failure == str(bad["refit_failure"]) == "mean 2.08 mm, more than 1.7 mm"
    assert load_session(out / "walk_stageii.refit").now.result.failure == result.failure  # type: ignore[union-attr]
    assert not load_session(out / "dance_stageii.refit").now.result.failed  # type: ignore[union-attr]

    dance, walk = json.loads(report.read_text())["inputs"]
    assert (dance["status"], dance["refit_failed"], dance["refit_failure"]) == ("done", False, None)
    assert (walk["status"], walk["refit_failed"], walk["refit_failure"]) == ("failed", True, result.failure)
    assert walk["v2v_mm"]["mean"] == pytest.approx(2.1, abs=0.1)

    assert main(["info", str(out / "walk_stageii.npz")]) == 0
    assert f"Failed {result.failure}" in said(capsys)
    assert main(["inspect", str(out / "walk_stageii.npz"), "--joint", "pelvis"]) == 0
    assert f"This fit failed: {result.failure}." in said(capsys)


def test_a_failed_fit_is_done_until_it_is_retried(
    clips: Path, tmp_path: Path, strict: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, report = tmp_path / "out", tmp_path / "report.json"
    arguments = [*CONVERT, str(clips), "-o", str(out), "--session", "--report", str(report)]
    assert main(arguments) == 1
    stamps = {path.name: path.stat().st_mtime_ns for path in out.iterdir() if path.is_file()}
    capsys.readouterr()

    assert main(arguments) == 1
    told = said(capsys)
    assert "– dance_poses.npz is done already" in told
    assert "✗ walk_poses.npz is done already, but failed: mean 2.08 mm, more than 1.7 mm" in told
    assert "--retry-failed" in told
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir() if path.is_file()} == stamps
    dance, walk = json.loads(report.read_text())["inputs"]
    assert (dance["status"], dance["refit_failed"]) == ("skipped", False)
    assert (walk["status"], walk["refit_failed"]) == ("skipped", True)

    # With other settings, too; what is fine stays as it is.
    strict.undo()
    assert main([*arguments, "--retry-failed", "--set", "vertex.iterations=50"]) == 0
    told = said(capsys)
    assert "✓ walk_poses.npz" in told
    assert "– dance_poses.npz is done already" in told
    now = {path.name: path.stat().st_mtime_ns for path in out.iterdir() if path.is_file()}
    assert {name for name in now if now[name] != stamps[name]} == {"walk_stageii.npz", "walk_stageii.refit"}
    result = load_result(out / "walk_stageii.npz")
    assert not result.failed
    assert result.provenance["recipe"]["stages"][0]["iterations"] == 50
    assert not load_session(out / "walk_stageii.refit").now.result.failed  # type: ignore[union-attr]


def test_retrying_writes_over_nothing_else(
    clips: Path, tmp_path: Path, strict: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = clips / "walk_poses.npz", tmp_path / "out"
    target = out / "walk_stageii.npz"
    arguments = [*CONVERT, str(source), "-o", str(out), "--session", "--retry-failed"]
    assert main(arguments) == 1
    # A session that was gone on with holds somebody's work.
    session, file = load_session(out / "walk_stageii.refit"), out / "walk_stageii.refit"
    assert one_clip._holds_failed_alone(file)
    edited, moment = SessionStep(session.now.result, None, "edit of left_elbow"), Marker(1, "here")
    for more in (
        replace(session, compared=edited),
        replace(session, view={"distances": [1]}),
        replace(session, steps=(replace(session.now, markers=(moment,)),)),
        replace(session, steps=(*session.steps, edited), at=1),
    ):
        save_session(file, more, overwrite=True)
        assert not one_clip._holds_failed_alone(file)
    kept = file.read_bytes()
    assert main(arguments) == 1
    assert file.read_bytes() == kept
    assert "✗ walk_poses.npz failed" in said(capsys)

    # A failed fit of another part of the motion is not this one's.
    stamp = target.stat().st_mtime_ns
    assert main([*arguments, "--frames", "0:2"]) == 1
    assert "holds another fit" in said(capsys)
    save_result(target, replace(load_result(target), partial=True), overwrite=True)
    stamp = target.stat().st_mtime_ns
    assert main(arguments) == 1
    assert "holds another fit" in said(capsys)
    assert target.stat().st_mtime_ns == stamp
    target.write_bytes(b"a user's own file")
    assert main(arguments) == 1
    assert target.read_bytes() == b"a user's own file"
    assert main([*arguments, "--force"]) == 2
    assert "not allowed with argument" in said(capsys)


@pytest.mark.parametrize(
    ("asked", "breaks"),
    [("--check", "check_inverse"), ("--problems", "findings"), ("--session", "save_session")],
)
@pytest.mark.parametrize("error", [RefitError("it cannot be made"), MemoryError("it cannot be made")])
def test_what_goes_wrong_after_a_fit_does_not_hide_how_that_went(
    asked: str,
    breaks: str,
    error: Exception,
    clips: Path,
    tmp_path: Path,
    strict: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(*arguments: object, **more: object) -> None:
        raise error

    out, report = tmp_path / "out", tmp_path / "report.json"
    arguments = [*CONVERT, str(clips), "-o", str(out), "--preset", "fast", asked, "--report", str(report)]
    strict.setattr(one_clip, breaks, fails)
    for line in ("✗ walk_poses.npz failed: mean", "✗ walk_poses.npz is done already, but failed: mean"):
        assert main(arguments) == 1
        told = said(capsys)
        assert line in told
        assert ("--retry-failed" in told) is ("already" in line)
        dance, walk = json.loads(report.read_text())["inputs"]
        assert (dance["status"], dance["refit_failed"], dance["refit_failure"]) == ("failed", False, None)
        assert (walk["status"], walk["refit_failed"]) == ("failed", True)
        assert walk["refit_failure"].startswith("mean 2.")
        for entry, sentences in ((dance, 1), (walk, 2)):
            assert entry["error"].count(";") == sentences - 1
            assert "it cannot be made" in entry["error"]
            assert ": the fit failed in a way" not in entry["error"]
        assert f"the fit failed: {walk['refit_failure']}" in walk["error"]


def test_a_failed_fit_that_cannot_be_written_is_not_told_to_be(
    clips: Path, tmp_path: Path, strict: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*arguments: object, **more: object) -> None:
        raise FileError(arguments[0], "cannot be written: the disk is full")  # type: ignore[arg-type]

    out, report = tmp_path / "out.npz", tmp_path / "report.json"
    strict.setattr(one_clip, "save_result", fails)
    arguments = [*CONVERT, str(clips / "walk_poses.npz"), "-o", str(out), "--report", str(report)]
    assert main(arguments) == 1
    told = said(capsys)
    assert "✗ walk_poses.npz failed: mean 2.08" in told
    assert "→" not in told
    (walk,) = json.loads(report.read_text())["inputs"]
    assert walk["refit_failed"] is True
    assert "the disk is full" in walk["error"]


def test_a_file_that_does_not_say_has_not_failed(clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    assert main([*CONVERT, str(clips / "walk_poses.npz"), "-o", str(out)]) == 0
    arrays = dict(np.load(out))
    del arrays["refit_failed"], arrays["refit_failure"]
    np.savez(out, **{**arrays, "refit_mean_mm": arrays["refit_mean_mm"] + np.float32(437)})
    assert load_result(out).failure == ""
    np.savez(out, **arrays, refit_failed=np.array(1))
    assert load_result(out).failure == "the file does not say why"
