"""Fitting by `refit`: what core gives, and what it says to what cannot be."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import refit
from core.files.builtin_files import builtin_folder
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.model.body_pair import BodyPair
from core.model.frame_choice import frame_ids
from core.model.motion import motion_of_meshes
from core.problems.blend_frames import seam_jump
from core.session import bodies_of_fit
from gui_app.fit.fit_worker import Replies, RunRequest, begin
from refit import _progress
from tests.core.clip_fits import clip, fitted_clip
from tests.core.problems.test_detect import planted
from tests.variants import body_pair

QUIET: dict[str, Any] = {"device": "cpu", "threads": 1, "progress": False}


@pytest.fixture
def nothing_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """No bodies were used before, and none are named by the environment."""
    monkeypatch.setattr(bodies_of_fit, "_used", [])
    monkeypatch.delenv("REFIT_MODELS", raising=False)


@pytest.fixture(scope="module")
def faulty() -> tuple[refit.Motion, BodyPair, refit.FitResult, dict[str, Any]]:
    """Sixty frames of walking, with a fit in which faults were planted."""
    motion, pair, clean = fitted_clip("walk", 0, 60)
    bad, faults = planted(clean, pair)
    return motion, pair, bad, faults


@pytest.mark.parametrize("variant", ["built-in", "dense correctives"])
def test_a_fit_is_that_of_core(variant: str, nothing_used: None) -> None:
    motion, pair = clip("walk", 0, 6), body_pair(variant)
    found = refit.fit(motion, pair, settings={"vertex.iterations": 3}, **QUIET)
    run = FitRun(motion, pair, FitSettings(iterations=3), device="cpu", threads=1)
    steps = list(run)
    wanted = run.result()
    for name, values in wanted.by_frame().items():
        np.testing.assert_array_equal(found.by_frame()[name], values)
    np.testing.assert_array_equal(found.betas, wanted.betas)
    assert len(steps) > 1
    # The bodies need not be named again, also where they are none that would be found.
    np.testing.assert_array_equal(found.vertices([2]), pair.target.vertices_of(wanted, [2]))


def test_bodies_are_the_built_in_ones_where_none_are_named(
    nothing_used: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = refit.fit(clip("walk", 0, 2), frames=[1], preset="fast", **QUIET)
    assert found.fitted.tolist() == [False, True]
    assert found.builtin
    assert found.provenance["recipe"]["name"] == "fast"
    assert found.provenance["source_body"]["sha256"] == body_pair("built-in").source.sha256
    # It says so itself, whatever is named later.
    monkeypatch.setattr(bodies_of_fit, "_used", [])
    monkeypatch.setenv("REFIT_MODELS", str(tmp_path / "none"))
    assert np.isnan(found.vertices(0)).all()
    assert np.isfinite(found.vertices(1)).all()


def test_smplx_is_fitted_with_smplh_and_meshes_with_what_they_are_of(nothing_used: None) -> None:
    motion, pair, fit = fitted_clip("walk", 0, 6)
    back = refit.fit(fit.as_motion().cut(0, 2), preset="fast", **QUIET)
    assert (back.family, back.provenance["source_body"]["family"]) == ("smplh", "smplx")
    assert back.mean_mm.max() < 10
    meshes = motion_of_meshes("smplh", pair.source.vertices_of(motion), frame_rate=60.0)
    found = refit.fit(meshes, recipe=refit.Recipe.from_dict(fit.provenance["recipe"]), **QUIET)
    np.testing.assert_allclose(found.mean_mm, fit.mean_mm, atol=0.1)


def test_bodies_are_those_in_a_folder_and_what_is_assumed_is_told(nothing_used: None) -> None:
    folder = builtin_folder() / "bodies"
    with pytest.warns(UserWarning, match=r"is the built-in body, not a licensed model\.$") as told:
        found = refit.fit(clip("walk", 0, 2), str(folder), preset="fast", **QUIET)
    assert {Path(note.filename).name for note in told} == {"test_fits.py"}
    assert np.isfinite(found.vertices()).all()
    assert np.isfinite(refit.measure(found, clip("walk", 0, 2), folder).mean_mm).all()
    man = replace(clip("walk", 0, 2), gender="male")
    with pytest.warns(UserWarning, match=r"^There is no built-in male body: the neutral one is used\.$"):
        refit.fit(man, preset="fast", **QUIET)


@pytest.mark.parametrize(
    ("given", "name", "stages"),
    [
        ({"recipe": refit.FitSettings(iterations=2)}, "own", [2]),
        ({"recipe": {"stages": [{"stage": "edge", "iterations": 1}, {"iterations": 2}]}}, "own", [1, 2]),
        ({"recipe": refit.Recipe((FitSettings(iterations=1),), name="mine")}, "mine", [1]),
        ({"preset": "fast", "settings": {"1.iterations": 1}}, "fast (changed)", [1]),
        ({"recipe": "short.toml"}, "brief", [2]),
    ],
)
def test_recipes_come_in_many_forms(
    given: dict[str, Any], name: str, stages: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("short.toml").write_text('name = "brief"\n[[stages]]\nstage = "vertex"\niterations = 2\n')
    found = refit.fit(clip("walk", 0, 2), body_pair("built-in"), **given, **QUIET)
    told = found.provenance["recipe"]
    assert (told["name"], [stage["iterations"] for stage in told["stages"]]) == (name, stages)


def test_progress_is_told_and_what_it_raises_ends_the_fit() -> None:
    seen = []
    refit.fit(clip("walk", 0, 4), body_pair("built-in"), device="cpu", threads=1, progress=seen.append)
    assert (seen[-1].stage, seen[-1].frames_done, seen[-1].frames_total) == ("pose", 4, 4)

    def leave(step: object) -> None:
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        refit.fit(clip("walk", 0, 4), body_pair("built-in"), device="cpu", threads=2, progress=leave)
    assert threading.active_count() == before


def test_a_bar_is_shown_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str, int, int, str]] = []

    class Shown(_progress.Terminal):
        is_terminal = True

    class Bar(_progress.Bar):
        def update(self, task: Any, **fields: Any) -> None:  # type: ignore[override]
            shown.append((fields["description"], fields["completed"], fields["total"], fields["figures"]))

    monkeypatch.setattr(_progress, "Terminal", Shown)
    monkeypatch.setattr(_progress, "Bar", Bar)
    refit.fit(clip("walk", 0, 4), body_pair("built-in"), device="cpu", threads=1)
    assert shown[-1][:3] == ("walk_poses.npz · pose", 4, 4)
    assert re.fullmatch(r"\d+ frames/s · \d+\.\d\d mm", shown[-1][3])


def test_a_bar_is_shown_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Place:
        def update(self, html: str) -> None:
            shown.append(html)

    class Display:
        HTML = staticmethod(str)

        @staticmethod
        def display(html: str, display_id: bool) -> Place:
            return Place()

    monkeypatch.setattr(_progress, "in_notebook", lambda: True)
    monkeypatch.setitem(_progress.sys.modules, "IPython.display", Display)  # type: ignore[arg-type]
    motion = refit.Motion.from_arrays(np.zeros((2, 3)), np.zeros((2, 63)))
    with _progress.followed(True) as follow:
        run = FitRun(motion, body_pair("built-in"), device="cpu", threads=1)
        for step in run:
            follow(run, step)
    assert "<progress value='2' max='2'></progress> motion · pose 2/2 frames" in shown[-2]
    assert shown[-1] == ""


def test_some_frames_are_fitted_again_and_joined(faulty: Any) -> None:
    motion, pair, bad, faults = faulty
    problems = refit.find_problems(bad, motion, pair)
    hand = np.asarray(faults["hand"])
    chosen = [problem for problem in problems if set(problem.frames) & set(hand.tolist())]
    mended = refit.refit_frames(bad, motion, chosen, pair, suspects=problems, **QUIET)
    ids = frame_ids(chosen, 60)
    assert set(hand) <= set(ids)
    before, after = (refit.measure(fit, motion, pair) for fit in (bad, mended))
    assert (after.mean_mm[hand] < before.mean_mm[hand] - 0.1).all()
    # What is told is what the parameters give.
    np.testing.assert_allclose(mended.mean_mm[ids], after.mean_mm[ids], atol=2e-3)
    far = np.setdiff1d(np.arange(60), np.arange(ids[0] - 6, ids[-1] + 7))
    assert len(far)
    for name, values in bad.by_frame().items():
        np.testing.assert_array_equal(mended.by_frame()[name][far], values[far])
    np.testing.assert_array_equal(mended.betas, bad.betas)
    assert seam_jump(motion, pair, mended, ids) < 2
    assert not mended.partial


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.int32, np.uint64])
def test_ids_may_be_of_any_type_of_integers(kind: type) -> None:
    ids = frame_ids(np.array([7, 3, 7], dtype=kind), 70_000)
    assert ids.tolist() == [3, 7]
    assert ids.dtype == np.int64
    if np.issubdtype(kind, np.signedinteger):
        assert frame_ids(np.array([-1], dtype=kind), 70_000).tolist() == [69_999]
    with pytest.raises(refit.RefitError, match="frames has 100, expected ids from 0 to 99"):
        frame_ids(np.array([100], dtype=kind), 100)


def test_frames_are_joined_as_the_window_joins_them(faulty: Any) -> None:
    motion, pair, bad, faults = faulty
    hand, recipe = np.asarray(faults["hand"]), refit.Recipe((FitSettings(robust="huber"),))
    suspects = np.concatenate([np.asarray(frames) for frames in faults.values()])
    request = RunRequest(
        motion, pair, recipe, "", hand, bad, 0, "cpu", 1, threading.Event(), joins=suspects
    )  # fmt: skip
    run = begin(request)
    replies = Replies(request, run)
    for step in run:
        replies.see(step.frames)
    wanted = replies.last().result
    assert wanted is not None
    found = refit.refit_frames(bad, motion, hand, pair, recipe=recipe, suspects=suspects, **QUIET)
    for name, values in wanted.by_frame().items():
        np.testing.assert_array_equal(found.by_frame()[name], values, err_msg=name)
    assert found.provenance["recipe"] == wanted.provenance["recipe"]
    # It fades: the frames around are between the old and the new.
    beside = hand[0] - 3
    assert not np.array_equal(found.poses[beside], bad.poses[beside])
    assert not np.array_equal(found.poses[beside], run.result().poses[beside])


def test_no_frames_change_nothing_and_all_are_a_new_fit(faulty: Any) -> None:
    motion, pair, bad, _ = faulty
    assert refit.refit_frames(bad, motion, (), pair, **QUIET) is bad
    short, few = motion.cut(0, 4), bad.take(np.arange(4))
    again = refit.refit_frames(few, short, slice(None), pair, **QUIET)
    fresh = refit.fit(short, pair, recipe=refit.Recipe.from_dict(bad.provenance["recipe"]), **QUIET)
    np.testing.assert_array_equal(again.betas, fresh.betas)
    assert not np.array_equal(again.betas, bad.betas)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"preset": "quick"}, "preset is 'quick', expected one of fast, accurate"),
        ({"preset": "fast", "recipe": {}}, "preset and recipe are both given"),
        ({"recipe": 3}, "recipe is a int, expected a Recipe, its values, or a TOML file"),
        ({"recipe": {"stages": [{"iteration": 3}]}}, "recipe: there is no setting 'iteration'"),
        ({"recipe": {"stages": []}}, "recipe: a recipe needs at least one stage"),
        ({"recipe": "there is none.toml"}, "there is none.toml: there is no such file"),
        ({"settings": ["vertex.iterations=3"]}, "settings is a list, expected a dict"),
        ({"settings": {"vertex.iterations": 0}}, "settings: vertex.iterations: is 0, expected"),
        ({"settings": {"vertex.hands": 1}}, "settings: vertex.hands: "),
        ({"frames": [9]}, "frames has 9, expected ids from 0 to 3"),
        ({"frames": [-5]}, "frames has -5, expected ids from 0 to 3"),
        ({"frames": [True, False]}, "frames has 2 booleans, expected 4"),
        ({"frames": "all"}, "frames must be ids, booleans, a slice or problems"),
        ({"frames": [0.5]}, "frames must be ids, booleans, a slice or problems"),
        ({"device": "gpu"}, "device is 'gpu', expected one of auto, cpu, cuda"),
        ({"threads": 0}, "threads is 0, expected 1 or more"),
        ({"bodies": np.arange(3)}, "bodies is a ndarray, expected a BodyPair or a folder of models"),
        ({"bodies": 5}, "bodies is a int, expected a BodyPair or a folder of models"),
        ({"motion": "walk.npz"}, "motion is a str, expected a Motion"),
    ],
)
def test_what_cannot_be_is_one_sentence(given: dict[str, Any], sentence: str) -> None:
    arguments = {"motion": clip("walk", 0, 4)} | QUIET | given
    with pytest.raises(refit.RefitError, match=f"^{re.escape(sentence)}"):
        refit.fit(**arguments)


def test_fits_of_others_are_refused(faulty: Any, nothing_used: None) -> None:
    motion, pair, bad, _ = faulty
    with pytest.raises(refit.RefitError, match=r"fit has 60 frames, but walk_poses.npz has 5"):
        refit.refit_frames(bad, motion.cut(0, 5), [1], pair, **QUIET)
    with pytest.raises(refit.RefitError, match=r"fit has 60 frames, but walk_poses.npz has 5"):
        refit.measure(bad, motion.cut(0, 5), pair)
    with pytest.raises(refit.RefitError, match=r"^fit is a Motion, expected a FitResult"):
        refit.measure(motion, bad, pair)  # type: ignore[arg-type]
    with pytest.raises(refit.RefitError, match=r"^The fit was made with .* not with those given"):
        refit.measure(bad, motion, body_pair("strong correctives"))
    dense = fitted_clip("walk", 0, 4, "dense correctives")[2]
    with pytest.raises(refit.RefitError, match=r"^The fit was made with .* not with the built-in bodies"):
        dense.vertices()
    with pytest.raises(refit.RefitError, match=r"^thresholds: there|^thresholds: expected numbers by name"):
        refit.find_problems(bad, motion, pair, thresholds={"whole": 3})
    with pytest.raises(refit.RefitError, match=r"^thresholds: whole_mm is -1"):
        refit.find_problems(bad, motion, pair, thresholds={"whole_mm": -1})


def test_thresholds_say_what_stands_out(faulty: Any) -> None:
    motion, pair, bad, _ = faulty
    usual = refit.find_problems(bad, motion, pair)
    lenient = refit.find_problems(bad, motion, pair, thresholds={"spread": 100, "hand_mm": 900})
    assert len(lenient) < len(usual)
    assert str(usual[0]).startswith("<Problem frame")


def test_an_interrupt_in_the_middle_of_a_wait_ends_the_workers() -> None:
    """As Ctrl+C does: KeyboardInterrupt is raised wherever the main thread is."""
    import _thread

    motion = clip("walk")
    # Some fifteen seconds of it.
    endless = {"stages": [{"shape": "per-frame", "tolerance": 1e-9}] * 20}
    before = threading.active_count()
    timer = threading.Timer(0.4, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        refit.fit(motion, body_pair("built-in"), recipe=endless, device="cpu", threads=2, progress=False)
    timer.join()
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
