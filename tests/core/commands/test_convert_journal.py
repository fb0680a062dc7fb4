"""A conversion says in its journal what becomes of each clip."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.batch.claims import Claims
from core.catalogue import journal
from core.catalogue.catalogue import Catalogue, Clip
from core.catalogue.entry import Entry
from core.catalogue.journal import journals
from core.commands.cli import main
from core.commands.telling.watch import Watch
from tests.core.clip_files import clip_arrays

FAST = ("--preset", "fast", "--threads", "1")


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A folder of two short motions, one of which cannot be read."""
    folder = tmp_path / "data" / "subject"
    folder.mkdir(parents=True)
    np.savez(folder / "walk_poses.npz", **clip_arrays("walk", slice(0, 6)))
    np.savez(folder / "broken.npz", poses=np.zeros((4, 3)))
    return tmp_path / "data"


def catalogued(out: Path) -> tuple[dict[str, Clip], dict[str, Entry]]:
    """Clips, and all that is known of them, by name."""
    with Catalogue(out) as catalogue:
        assert catalogue.refresh().told == []
        found = catalogue.clips(catalogue.ids())
        return {one.name: one for one in found}, {one.name: catalogue.entry(one.id) for one in found}


def test_each_clip_is_noted_and_nothing_is_read_again(clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["convert", str(clips), "-o", str(out), *FAST]) == 1
    with Catalogue(out) as catalogue:
        assert catalogue.refresh().read == 0
    found, entries = catalogued(out)
    walk, broken = found["walk_stageii.npz"], found["broken_stageii.npz"]
    assert (walk.state, walk.frames, walk.subject, walk.recipe) == ("done", 6, "subject", "fast")
    assert walk.source == str(clips / "subject" / "walk_poses.npz")
    assert broken.state == "failed"
    assert "broken.npz" in broken.why
    assert not entries["walk_stageii.npz"].measured
    assert {one.quantity for one in entries["walk_stageii.npz"].assumed} >= {"up axis", "unit"}
    told = (found["walk_stageii.npz"], found["broken_stageii.npz"])
    shutil.rmtree(out / "refit_runs")
    (out / "refit.db").unlink()
    again, _ = catalogued(out)
    assert (again["walk_stageii.npz"].mean, again["walk_stageii.npz"].curve) == (told[0].mean, told[0].curve)


def test_with_problems_it_is_measured_too(clips: Path, tmp_path: Path) -> None:
    source, out = clips / "subject" / "walk_poses.npz", tmp_path / "out"
    for force in ([], []):  # the second time the fit is found
        assert main(["convert", str(source), "-o", str(out), "--problems", *force, *FAST]) == 0
        _, entries = catalogued(out)
        entry = entries["walk_stageii.npz"]
        assert entry.measured
        assert (entry.jitter or 0) > 0
        shutil.rmtree(out / "refit_runs")
        (out / "refit.db").unlink()


def test_what_was_interrupted_waits(clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "out"
    monkeypatch.setattr("core.commands.telling.watch.Watch.fitted", interrupt)
    assert main(["convert", str(clips), "-o", str(out), *FAST]) == 130
    found, _ = catalogued(out)
    assert (found["walk_stageii.npz"].state, found["broken_stageii.npz"].state) == ("waiting", "failed")


def test_a_fit_that_stays_is_done_whatever_a_later_run_says(clips: Path, tmp_path: Path) -> None:
    source, out = clips / "subject" / "walk_poses.npz", tmp_path / "out"
    assert main(["convert", str(source), "-o", str(out), *FAST]) == 0
    assert main(["convert", str(source), "-o", str(out), *FAST, "--set", "vertex.iterations=3"]) == 1
    found, _ = catalogued(out)
    assert found["walk_stageii.npz"].state == "done"
    assert "other settings" in found["walk_stageii.npz"].why
    assert found["walk_stageii.npz"].mean is not None
    assert len(journals(out)) == 2


def test_inputs_without_a_place_of_their_own_are_listed_until_they_have_one(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder in folders:
        folder.mkdir()
        np.savez(folder / "walk_poses.npz", **clip_arrays("walk", slice(0, 4)))
    out = tmp_path / "out"
    assert main(["convert", *map(str, folders), "-o", str(out), *FAST]) == 1
    for _ in ("from journals as they come", "from all of them anew"):
        found, _ = catalogued(out)
        names = ["walk_poses.npz (left out)", "walk_poses.npz 2 (left out)"]
        assert sorted(found) == [*sorted(names), "walk_stageii.npz"]
        assert found["walk_stageii.npz"].state == "done"
        for name, folder in zip(names, folders[1:], strict=True):
            assert (found[name].state, found[name].source) == ("failed", str(folder / "walk_poses.npz"))
            assert f"as {folders[0] / 'walk_poses.npz'} is: it was left out" in found[name].why
        (out / "refit.db").unlink()
    assert main(["convert", str(folders[1]), "-o", str(out), "--force", *FAST]) == 0
    found, _ = catalogued(out)
    assert sorted(found) == ["walk_poses.npz 2 (left out)", "walk_stageii.npz"]


def test_a_result_that_somebody_else_writes_meanwhile_is_a_result(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, other, out = clips / "subject" / "walk_poses.npz", tmp_path / "other", tmp_path / "out"
    assert main(["convert", str(source), "-o", str(other), *FAST]) == 0
    fitted = Watch.fitted

    def overtaken(*arguments: Any) -> Any:
        found = fitted(*arguments)
        out.mkdir(exist_ok=True)
        shutil.copy(other / "walk_stageii.npz", out)
        return found

    monkeypatch.setattr(Watch, "fitted", overtaken)
    assert main(["convert", str(source), "-o", str(out), *FAST]) == 1
    assert "already exists" in " ".join(capsys.readouterr().out.split())
    found, _ = catalogued(out)
    walk = found["walk_stageii.npz"]
    assert (walk.state, walk.why, walk.frames) == ("done", "", 6)


def test_what_a_failed_run_said_of_a_file_goes_with_the_file(clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "walk_stageii.npz").write_bytes(b"somebody's")
    assert main(["convert", str(clips / "subject" / "walk_poses.npz"), "-o", str(out), *FAST]) == 1
    found, _ = catalogued(out)
    assert found["walk_stageii.npz"].state == "failed"
    (out / "walk_stageii.npz").unlink()
    found, _ = catalogued(out)
    assert (found["walk_stageii.npz"].state, found["walk_stageii.npz"].why) == (
        "waiting",
        "its result is gone",
    )


def test_one_output_needs_no_journal(clips: Path, tmp_path: Path) -> None:
    source = clips / "subject" / "walk_poses.npz"
    assert main(["convert", str(source), "-o", str(tmp_path / "out" / "a.npz"), *FAST]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.npz"]


def test_a_journal_that_cannot_be_written_is_told_once(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = clips / "subject" / "walk_poses.npz", tmp_path / "out"
    out.mkdir()
    (out / "in the way").touch()
    monkeypatch.setattr(journal, "run_file", lambda folder, suffix: folder / "in the way" / suffix)
    assert main(["convert", str(source), "-o", str(out), *FAST]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("what becomes of the clips is not noted") == 1
    assert (out / "walk_stageii.npz").is_file()


def test_where_nothing_can_be_claimed_nothing_is_begun(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "refit_runs").touch()
    assert main(["convert", str(clips / "subject" / "walk_poses.npz"), "-o", str(tmp_path), *FAST]) == 1
    assert "claims: cannot be written to" in " ".join(capsys.readouterr().out.split())
    assert not list(tmp_path.rglob("*_stageii.npz"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes among its files")
def test_what_becomes_of_an_index_and_of_journals_ends_no_conversion(clips: Path, tmp_path: Path) -> None:
    source, out = clips / "subject" / "walk_poses.npz", tmp_path / "out"
    assert main(["convert", str(source), "-o", str(out), *FAST]) == 0
    (told,) = journals(out)
    told.unlink()
    claims = out / "refit_runs" / "claims"
    claims.mkdir()
    for pipe in (told, out / "refit.db", claims / f"{'0' * 32}.claim", Claims(out).path("walk_stageii.npz")):
        os.mkfifo(pipe)
        os.utime(pipe, (1e9, 1e9))
    assert main(["convert", str(source), "-o", str(out), *FAST]) == 0
    assert main(["convert", str(source), "-o", str(out), "--force", *FAST]) == 0
    assert not claims.exists()
    assert len(journals(out)) == 3
