"""Whose clips are whose, and a shape for each subject."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.commands.cli import main
from core.commands.shapes.subjects import Clip, Grouping, everything, grouped
from core.errors import RefitError
from core.fitting.recipe.recipe import PUBLISHED, Recipe
from core.outputs.results import load_result
from tests.core.clip_files import clip_arrays
from tests.core.clip_fits import clip
from tests.core.conftest import said
from tests.variants import body_pair

CONVERT = ["convert", "--threads", "1"]
FRAMES = 6
# Two bodies, as far apart as people are.
TALL = (1.5 * np.random.default_rng(1).normal(size=16)).astype(np.float32)
SHORT = -TALL
NONE = np.zeros(16, np.float32)


def write(folder: Path, name: str, betas: np.ndarray, gender: str = "neutral") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    arrays = clip_arrays(name, slice(FRAMES), betas=betas, gender=np.array(gender))
    np.savez(folder / f"{name}_poses.npz", **arrays)


def shapes(out: Path) -> dict[str, np.ndarray]:
    return {path.name.removesuffix("_stageii.npz"): load_result(path).betas for path in out.rglob("*.npz")}


def means(out: Path) -> dict[str, float]:
    found = {path.name: float(load_result(path).mean_mm.mean()) for path in out.rglob("*.npz")}
    return {name.removesuffix("_stageii.npz"): mean for name, mean in found.items()}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two subjects with two clips each, in a folder each and in one folder; and each clip fitted alone."""
    root = tmp_path_factory.mktemp("two")
    for name, folder, betas in (
        ("dance", "02", TALL),
        ("walk", "02", TALL),
        ("cartwheel", "07", SHORT),
        ("spinkick", "07", SHORT),
    ):
        write(root / "CMU" / folder, name, betas)
        write(root / "flat", name, betas)
    assert main([*CONVERT, str(root / "CMU"), "-o", str(root / "alone")]) == 0
    return root


@pytest.mark.parametrize("folder", ["CMU", "flat"])
def test_each_subject_reaches_what_it_reaches_alone(
    folder: str, two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*CONVERT, str(two / folder), "-o", str(tmp_path / "out"), "--share-shape"]
    report = tmp_path / "report.json"
    assert main([*arguments, "--report", str(report)]) == 0
    told = said(capsys)
    alone, together = means(two / "alone"), means(tmp_path / "out")
    assert together == pytest.approx(alone, abs=0.05)
    betas = shapes(tmp_path / "out")
    assert np.array_equal(betas["dance"], betas["walk"])
    assert np.array_equal(betas["cartwheel"], betas["spinkick"])
    assert np.abs(betas["walk"] - betas["spinkick"]).max() > 1
    if folder == "CMU":
        assert "One shape for subject 02: 12 frames of 2 clips" in told
        assert "One shape for subject 07: 12 frames of 2 clips" in told
        assert "differ" not in told
    else:
        assert (
            "flat: clips whose betas differ are separate subjects, each with a shape of its own: "
            "cartwheel_poses.npz, spinkick_poses.npz; dance_poses.npz, walk_poses.npz." in told
        )
        assert "One shape for subject flat · cartwheel_poses.npz and 1 more: 12 frames of 2 clips" in told
    document = json.loads(report.read_text())
    assert document["recipe"]["stages"][0]["shape"] == "fixed"
    subjects = [entry["subject"] for entry in document["inputs"]]
    assert len(set(subjects)) == 2
    # What is finished needs no shape.
    assert main(arguments) == 0
    told = said(capsys)
    assert told.count("is done already") == 4
    assert "One shape" not in told


def test_one_shape_for_all_is_asked_for(
    two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*CONVERT, str(two / "flat"), "-o", str(tmp_path / "out")]
    assert main([*arguments, "--one-shape"]) == 0
    assert "One shape for all clips: 24 frames of 4 clips" in said(capsys)
    alone, joined = means(two / "alone"), means(tmp_path / "out")
    # Far off for everybody, which is what nobody is to get unasked.
    assert all(joined[name] > 3 * alone[name] for name in alone)
    # Another shape is held now.
    assert main([*arguments, "--share-shape"]) == 1
    assert said(capsys).count("was made with another shape") == 4


def test_each_gender_is_a_subject(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "CMU" / "02"
    write(source, "dance", NONE, "female")
    write(source, "walk", NONE, "male")
    arguments = [*CONVERT, str(tmp_path / "CMU"), "-o", str(tmp_path / "out")]
    assert main([*arguments, "--share-shape"]) == 0
    told = said(capsys)
    assert "One shape for subject 02 · female: 6 frames of 1 clip" in told
    assert "One shape for subject 02 · male: 6 frames of 1 clip" in told
    betas = shapes(tmp_path / "out")
    assert not np.array_equal(betas["dance"], betas["walk"])
    # The built-in bodies are the same for all genders.
    assert main([*arguments, "--one-shape", "--force"]) == 0
    assert "One shape for all clips: 12 frames of 2 clips" in said(capsys)
    betas = shapes(tmp_path / "out")
    assert np.array_equal(betas["dance"], betas["walk"])


@pytest.mark.parametrize("kind", [RefitError, MemoryError])
def test_a_shape_that_cannot_be_solved_is_told_for_each_clip_and_others_go_on(
    kind: type[Exception],
    two: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from core.commands.shapes import subjects

    solve, asked = subjects.shape_of_all, []

    def fails_first(*arguments: object):  # type: ignore[no-untyped-def]
        asked.append(arguments)
        if len(asked) == 1:
            raise kind("There is too little memory for this fit.")
        return solve(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(subjects, "shape_of_all", fails_first)
    assert main([*CONVERT, str(two / "CMU"), "-o", str(tmp_path / "out"), "--share-shape"]) == 1
    assert len(asked) == 2
    assert said(capsys).count("too little memory") == 2
    assert set(means(tmp_path / "out")) == {"cartwheel", "spinkick"}


def group(*told: tuple[Any, ...]) -> Grouping:
    """Clips by path, betas and person."""
    return grouped([of(*one) for one in told], Recipe(), "cpu", 1)


def of(path: str, betas: np.ndarray, person: str | None = None) -> Clip:
    motion = replace(clip("walk", 0, 2), betas=betas)
    found = Clip.of(Path(path), person, motion, "neutral", body_pair("built-in"), Recipe())
    assert found is not None
    return found


def places(found: Grouping) -> list[tuple[int, ...]]:
    return [places for _, places in found.subjects]


def names(found: Grouping) -> list[str]:
    return [subject.name for subject, _ in found.subjects]


def test_folders_of_one_name_are_told_apart() -> None:
    found = group(("/d/CMU/02/a.npz", NONE), ("/d/KIT/02/a.npz", NONE), ("/d/KIT/03/a.npz", NONE))
    assert names(found) == ["subject CMU/02", "subject KIT/02", "subject 03"]
    assert places(found) == [(0,), (1,), (2,)]


def test_betas_that_were_only_rounded_are_the_same() -> None:
    rounded = np.round(TALL.astype(np.float64), 5)
    shorter = np.pad(TALL[:10], (0, 0))
    found = group(("/d/a.npz", TALL), ("/d/b.npz", rounded), ("/d/c.npz", TALL + np.float32(1e-6)))
    assert places(found) == [(0, 1, 2)]
    assert not found.notes
    found = group(("/d/a.npz", TALL), ("/d/b.npz", shorter))
    assert places(found) == [(0,), (1,)]
    found = group(("/d/a.npz", np.pad(TALL[:10], (0, 6))), ("/d/b.npz", shorter))
    assert places(found) == [(0, 1)]


def test_clips_without_betas_join_the_only_subject_there_is() -> None:
    nothing = np.zeros(0, np.float32)
    assert places(group(("/d/a.npz", NONE), ("/d/b", nothing), ("/d/c.npz", NONE))) == [(0, 1, 2)]
    assert places(group(("/d/a.npz", NONE), ("/d/b.npz", TALL), ("/d/c", nothing))) == [(0, 1, 2)]
    found = group(("/d/a.npz", NONE), ("/d/b.npz", TALL), ("/d/c", nothing), ("/d/e.npz", SHORT))
    assert places(found) == [(0,), (1,), (2,), (3,)]
    (note,) = found.notes
    assert "a.npz, c have no betas to tell whose" in note


def test_people_in_a_file_are_subjects_of_their_own() -> None:
    found = group(
        ("/d/video.pkl", NONE, "0"),
        ("/d/video.pkl", NONE, "1"),
        ("/d/other.pkl", NONE, "0"),
        ("/d/walk.npz", NONE),
    )
    assert names(found) == [
        "subject d · video.pkl · person 0",
        "subject d · video.pkl · person 1",
        "subject d · other.pkl · person 0",
        "subject d",
    ]


def test_many_subjects_in_a_folder_are_told_briefly() -> None:
    found = group(*[(f"/d/{k}.npz", TALL * (1 + k // 2 * 0.1)) for k in range(20)])
    assert len(found.subjects) == 10
    (note,) = found.notes
    assert note.count(";") == 6
    assert "and 4 more" in note


def test_one_shape_is_for_one_body_whatever_it_is_called() -> None:
    here, pair = of("/d/a.npz", TALL), body_pair("built-in")
    called = replace(pair, target=replace(pair.target, gender="male"))
    ((subject, _),) = everything([here, replace(here, bodies=called)], Recipe(), "cpu", 1).subjects
    assert subject.shape().of_body(pair.target) is not None
    assert subject.shape().of_body(called.target) is not None
    for name in ("strong correctives", "dense correctives"):
        other = replace(here, source=Path("/d/b.npz"), bodies=body_pair(name))
        with pytest.raises(RefitError, match=r"b\.npz: --one-shape is for clips of one body"):
            everything([here, other], Recipe(), "cpu", 1)
    smpl = replace(here, source=Path("/d/b.npz"), bodies=body_pair("built-in", "smpl"))
    with pytest.raises(RefitError, match="is for clips of one body"):
        everything([here, smpl], Recipe(), "cpu", 1)


def test_what_a_shape_is_from_is_known_before_it_is_solved() -> None:
    clip_a, clip_b, pair = of("/d/a.npz", TALL), of("/d/b.npz", TALL), body_pair("built-in")
    found = everything([clip_a, clip_b], Recipe(), "cpu", 1)
    ((subject, _),) = found.subjects
    told = subject.provenance
    assert not subject.solved
    shape = subject.shape()
    assert shape.provenance == told == {"clips": sorted([clip_a.motion.sha256] * 2), "frames": 4}
    assert subject.shape() is shape
    assert shape.of_body(pair.target).any()
    assert everything([], Recipe(), "cpu", 1).subjects == ()
    unseen = replace(clip("walk", 0, 2), trans=np.full((2, 3), np.nan, np.float32))
    assert Clip.of(Path("a.npz"), None, unseen, "neutral", pair, Recipe()) is None
    with pytest.raises(RefitError, match="solves no shape that frames share"):
        Clip.of(Path("a.npz"), None, clip("walk", 0, 2), "neutral", pair, PUBLISHED)
