"""`refit cache` says what is kept and where, and deletes nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.commands.cli import main
from core.files.kept.array_store import stored
from core.files.kept.kept_files import KINDS
from core.fitting.objective.objective import FitSkin
from core.session.fit_origin import without_folders
from tests import variants
from tests.core.conftest import said
from tests.core.outputs.test_results import make_result


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REFIT_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


def keep_one() -> None:
    stored("squares", 1, [np.zeros(2)], (2,), lambda: np.ones(2, np.float32))


def test_it_says_where_and_how_much(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache"]) == 0
    text = said(capsys)
    assert str(folder) in text.replace(" ", "") or str(folder) in text
    assert "0 files" in text
    keep_one()
    assert main(["cache", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["folder"] == str(folder)
    assert set(document["kinds"]) == set(KINDS)
    size = sum(path.stat().st_size for path in folder.rglob("*.npz"))
    assert document["kinds"]["prepared"] == {"files": 1, "bytes": size}
    assert document["deleted"] == 0


def test_clearing_leaves_everything_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep_one()
    (folder / "correspondences").mkdir()
    np.savez(folder / "correspondences" / "built_a.npz", a=np.zeros(1))
    settings = folder / "settings.ini"
    settings.write_text("mine")
    elsewhere = folder / "mine" / "walk.npz"
    elsewhere.parent.mkdir()
    np.savez(elsewhere, a=np.zeros(1))
    assert main(["cache", "--clear"]) == 0
    assert "Deleted 2 files." in said(capsys)
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == sorted((settings, elsewhere))
    assert main(["cache", "--clear"]) == 0
    assert "Deleted 0 files." in said(capsys)


def test_dense_correctives_are_prepared_once_for_all_processes(folder: Path) -> None:
    pair = variants.body_pair("dense correctives")
    weights = np.zeros(pair.target.num_vertices, dtype=np.float32)
    weights[::40] = 1.0

    def kept() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (folder / "prepared").iterdir()}

    squares = FitSkin(pair.target, weights, np.arange(2)).corrective_squares
    # The smooth modes of the body, and the squares of its correctives under a mask.
    written = kept()
    assert len(written) == 2
    again = FitSkin(pair.target, weights, np.arange(2))
    assert again.corrective_squares.equal(squares)
    assert all(time >= written[path] for path, time in kept().items())
    # Another mask is another matrix; one that is only being painted is not kept.
    weights[0] = 2.0
    assert not FitSkin(pair.target, weights, np.arange(2)).corrective_squares.equal(squares)
    assert len(kept()) == 3
    weights[0] = 3.0
    again.weighed(weights).corrective_squares  # noqa: B018
    assert len(kept()) == 3
    # Sparse ones are quicker made than read.
    FitSkin(variants.body_pair("built-in").target, weights, np.arange(2)).corrective_squares  # noqa: B018
    assert len(kept()) == 3


def test_without_a_home_nothing_is_kept_and_nothing_stops(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a container that is run as any user."""
    for name in ("REFIT_CACHE", "REFIT_SETTINGS", "XDG_CACHE_HOME", "HOME", "LOCALAPPDATA", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    made = []

    def make() -> np.ndarray:
        made.append(1)
        return np.ones(3, np.float32)

    for _ in range(2):
        np.testing.assert_array_equal(stored("test", 1, [np.zeros(2)], (3,), make), np.ones(3))
    assert len(made) == 2
    assert main(["cache"]) == 0
    assert "Nothing is kept" in capsys.readouterr().out
    assert without_folders(make_result()).provenance["source"]["path"] is None
