"""Results that are given away name files, and no folder."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np

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
    result = load_result(tmp_path / "private" / "walk.npz")
    assert result.provenance["source"]["file"] == "walk_poses.npz"
    assert len(result.provenance["source"]["sha256"]) == 64
    shutil.move(motion, tmp_path / "private" / "walk_poses.npz")
    assert len(find_motion(tmp_path / "private" / "walk.npz", result)) == 6
