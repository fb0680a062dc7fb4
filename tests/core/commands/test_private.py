"""Results that are given away name files, and no folder."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.commands.cli import main
from core.files.builtin_files import builtin_folder
from core.outputs.results import load_result
from core.session.fit_origin import find_motion
from tests.core.clip_files import clip_arrays


def texts_in(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        held = b"".join(archive.read(name) for name in archive.namelist() if not name.startswith("array"))
    return held.replace(b"\0", b"").decode("latin1")


def test_no_folder_is_in_results_and_sessions(tmp_path: Path) -> None:
    models, motion = tmp_path / "secret models", tmp_path / "people" / "Jane Doe" / "walk_poses.npz"
    shutil.copytree(builtin_folder() / "bodies", models)
    for transfer in models.rglob("*deftrafo*"):
        transfer.unlink()  # so that one is built, which a note says
    motion.parent.mkdir(parents=True)
    np.savez(motion, **clip_arrays("walk", slice(0, 6)))
    for folder, more in (("told", []), ("private", ["--private"])):
        out = tmp_path / folder / "walk.npz"
        out.parent.mkdir()
        words = ["convert", str(motion), "-o", str(out), "--models", str(models), "--preset", "fast"]
        assert main([*words, "--session", "--threads", "1", *more]) == 0
        for path in (out, out.with_suffix(".refit")):
            found = [name for name in ("Jane Doe", "secret models", str(tmp_path)) if name in texts_in(path)]
            assert bool(found) is not bool(more), found
    words = ["convert", str(motion), "-o", str(tmp_path / "all"), "--models", str(models), "--private"]
    assert main([*words, "--preset", "fast", "--threads", "1"]) == 0
    for journal in (tmp_path / "all" / "refit_runs").iterdir():
        told = journal.read_text()
        assert "walk_poses.npz" in told
        assert not [name for name in ("Jane Doe", "secret models", str(tmp_path)) if name in told]
    result = load_result(tmp_path / "private" / "walk.npz")
    assert result.provenance["source"]["file"] == "walk_poses.npz"
    assert len(result.provenance["source"]["sha256"]) == 64
    shutil.move(motion, tmp_path / "private" / "walk_poses.npz")
    assert len(find_motion(tmp_path / "private" / "walk.npz", result)) == 6


def test_where_it_is_run_from_changes_nothing_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders of one letter, of a word that a setting has, and the one where it is run."""
    motion = tmp_path / "source" / "a" / "walk_poses.npz"
    motion.parent.mkdir(parents=True)
    np.savez(motion, **clip_arrays("walk", slice(0, 6)))
    told = []
    for folder in (motion.parent, motion.parent.parent, tmp_path):
        monkeypatch.chdir(folder)
        out = tmp_path / f"out{len(told)}"
        words = ["convert", str(motion.relative_to(folder)), "-o", str(out), "--preset", "fast"]
        assert main([*words, "--threads", "1", "--private"]) == 0
        assert main([*words, "--threads", "1", "--private"]) == 0  # done already, by the same settings
        told.append(load_result(out / "walk_stageii.npz").provenance | {"made_at": ""})
    assert told[0] == told[1] == told[2]
    assert told[0]["source"]["file"] == "walk_poses.npz"
    assert told[0]["made_by"].startswith("Refit ")


def test_what_was_written_before_still_names_its_folder_and_that_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    motion = tmp_path / "Jane Doe" / "walk_poses.npz"
    motion.parent.mkdir()
    np.savez(motion, **clip_arrays("walk", slice(0, 6)))
    words = ["convert", str(motion), "-o", str(tmp_path / "out"), "--preset", "fast", "--threads", "1"]
    assert main(words) == 0
    assert main([*words, "--private", "--session"]) == 0
    assert "names the folder of its motion" in " ".join(capsys.readouterr().out.split())
    assert "Jane Doe" not in texts_in(tmp_path / "out" / "walk_stageii.refit")
    assert main([*words, "--private", "--session", "--force"]) == 0
    assert "Jane Doe" not in texts_in(tmp_path / "out" / "walk_stageii.npz")
