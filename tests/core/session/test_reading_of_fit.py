"""Fits keep the motion that they were made from, whatever its file is taken to mean today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import refit
from core.commands.cli import main
from core.correspond.load_bodies import load_bodies
from core.errors import RefitError
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.model.body_pair import within
from core.model.fit_result import FitResult
from core.model.motion import Motion, Reading
from core.outputs.results import load_result, save_result
from core.outputs.sessions import load_session, save_session
from core.session.fit_origin import find_motion, find_source
from core.session.session import Session, SessionStep, SourceFile
from tests.core.clip_files import Y_UP, clip_arrays, in_pieces, turned_to
from tests.core.files.motions.sources.example import without

FRAMES = 12
AWAY = np.array([5000.25, -3000.5, 0.0])


def walk() -> dict[str, np.ndarray]:
    return clip_arrays("walk", slice(FRAMES), dmpls=None)


def y_up(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return turned_to(arrays, Y_UP)


def named_fps(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return without(arrays, "mocap_framerate") | {"fps": np.array(30)}


READ_OTHERWISE: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], Reading]] = {
    "untyped pieces": (in_pieces, Reading(family="smplx")),
    "pieces of smpl": (
        lambda arrays: in_pieces(arrays) | {"surface_model_type": np.array("smpl")},
        Reading(family="smplx"),
    ),
    "y up": (y_up, Reading(up_axis="z")),
    "degrees": (lambda arrays: arrays | {"poses": np.rad2deg(arrays["poses"])}, Reading(angles="radians")),
    "centimetres": (lambda arrays: arrays | {"trans": 100 * arrays["trans"]}, Reading(unit="m")),
    "far away": (lambda arrays: arrays | {"trans": arrays["trans"] + AWAY}, Reading()),
    "fps": (named_fps, Reading()),
    "as today": (lambda arrays: arrays, Reading()),
}


def earlier(motion: Motion) -> Motion:
    """As an earlier version had it: without an origin, and without a rate by a name that it did not know."""
    trans = (motion.trans.astype(np.float64) + (motion.origin or 0.0)).astype(np.float32)
    with np.load(str(motion.path)) as held:
        rate = motion.frame_rate if "mocap_framerate" in held else None
    return replace(motion, trans=trans, origin=None, frame_rate=rate)


def old_fit(motion: Motion) -> FitResult:
    """A fit as an earlier version wrote it."""
    bodies = load_bodies(source=motion.family, target="smplh" if motion.family == "smplx" else "smplx")
    run = FitRun(within(motion, bodies.source), bodies, FitSettings(iterations=1), device="cpu", threads=1)
    for _ in run:
        pass
    result = run.result()
    new = ("assumed", "unused", "origin", "reading")
    source = {key: value for key, value in result.provenance["source"].items() if key not in new}
    return replace(result, provenance=result.provenance | {"source": source})


@pytest.fixture(params=sorted(READ_OTHERWISE))
def old(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Motion]:
    """A fit that an earlier version wrote, and its motion as that version read it."""
    spoil, reading = READ_OTHERWISE[request.param]
    np.savez(tmp_path / "a_poses.npz", **spoil(walk()))
    motion = earlier(load_motion(tmp_path / "a_poses.npz", reading, doubts="tell"))
    path = tmp_path / "a_fit.npz"
    save_result(path, old_fit(motion))
    return path, motion


def same(one: Motion, other: Motion) -> bool:
    arrays = np.array_equal(one.poses, other.poses) and np.allclose(one.trans, other.trans, atol=1e-3)
    told = [(m.family, m.up_axis, m.frame_rate, m.origin) for m in (one, other)]
    return arrays and told[0] == told[1]


def test_a_fit_of_an_earlier_version_keeps_its_motion(old: tuple[Path, Motion]) -> None:
    path, motion = old
    result = load_result(path)
    np.testing.assert_allclose(result.transl.mean(0), motion.trans.mean(0), atol=2.0)
    found = find_motion(path, result)
    assert same(found, motion)
    # A session of meshes names its file alone; of others it does, too, where nobody put them in.
    session = Session(SourceFile.of(replace(motion, reading=Reading())), None, (SessionStep(result),))
    save_session(path.with_suffix(".refit"), session)
    again = load_session(path.with_suffix(".refit"))
    assert same(find_source(path, again.source, None, again.steps[0].result), motion)
    # Fitted again it says itself how it was read.
    bodies = load_bodies(source=found.family, target=result.family)
    run = FitRun(found, bodies, FitSettings(iterations=1), device="cpu", threads=1)
    for _ in run:
        pass
    save_result(path, run.result(), overwrite=True)
    anew = load_result(path)
    assert "assumed" in anew.provenance["source"]
    assert same(find_motion(path, anew), motion)


def test_python_pairs_it_with_no_other_reading(
    old: tuple[Path, Motion], request: pytest.FixtureRequest
) -> None:
    path, motion = old
    name = request.node.callspec.params["old"]
    fit = refit.load_result(path)
    today, then = load_motion(path.with_name("a_poses.npz"), doubts="tell"), READ_OTHERWISE[name][1]
    said = next(((key, value) for key, value in then.to_json().items()), None)
    if name in ("as today", "fps", "far away", "degrees", "centimetres"):
        otherwise = {"degrees": Reading(angles="degrees"), "centimetres": Reading(unit="cm")}.get(name)
        today = today if otherwise is None else load_motion(path.with_name("a_poses.npz"), otherwise)
        if otherwise is None:
            assert len(refit.refit_frames(fit, motion, [1, 2], progress=False, threads=1)) == FRAMES
            return
    assert said is not None
    for call in (refit.measure, lambda fit, motion: refit.refit_frames(fit, motion, [1, 2], progress=False)):
        with pytest.raises(RefitError, match=f"load it with {said[0]}='{said[1]}', or fit it anew"):
            call(fit, today)
    right = refit.load_motion(path.with_name("a_poses.npz"), **{said[0]: said[1]})
    assert same(right, motion)
    refit.measure(fit, right)


def test_a_difference_is_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "a_poses.npz", **in_pieces(walk()))
    motion = load_motion(tmp_path / "a_poses.npz", Reading(family="smplx"))
    found = find_motion(tmp_path / "fit.npz", old_fit(motion))
    assert [note for note in found.notes if "when the fit was made" in note] == [
        "Family: smplx is taken, as when the fit was made; today smplh would be: the pieces are root and "
        "body alone, without a face, and their type is not said."
    ]
    assert next(one.how for one in found.assumed if one.quantity == "family") == "fit"
    assert all(one.how != "fit" for one in found.assumed if one.quantity != "family")


def test_what_was_said_when_it_was_fitted_is_said_still(tmp_path: Path) -> None:
    np.savez(tmp_path / "a_poses.npz", **READ_OTHERWISE["degrees"][0](walk()))
    said = Reading(angles="degrees", up_axis="y", gender="female")
    motion = load_motion(tmp_path / "a_poses.npz", said)
    bodies = load_bodies(source="smplh")
    run = FitRun(motion, bodies, FitSettings(iterations=1), frames=np.arange(2), device="cpu", threads=1)
    for _ in run:
        pass
    found = find_motion(tmp_path / "fit.npz", run.result())
    assert (found.assumed, found.notes, found.reading) == (motion.assumed, motion.notes, motion.reading)


def test_convert_takes_no_old_output_for_one_of_todays_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("REFIT_MODELS", raising=False)
    np.savez(tmp_path / "a_poses.npz", **y_up(walk()))
    out = tmp_path / "out.npz"
    save_result(out, old_fit(load_motion(tmp_path / "a_poses.npz", Reading(up_axis="z"))))
    assert main(["convert", str(tmp_path / "a_poses.npz"), "-o", str(out)]) != 0
    told = capsys.readouterr()
    assert "up axis z" in " ".join((told.out + told.err).split())
