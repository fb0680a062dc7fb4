"""`refit.view`: a window from Python, which goes on meanwhile."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import refit
from core.outputs.sessions import load_session
from core.session import bodies_of_fit
from gui_app.app.main_window import MainWindow
from gui_app.files.models_choice import ModelsChoice
from refit import _view, _window
from refit._window import Asked
from tests.core.clip_fits import fitted_clip
from tests.gui_app import telling_window

CHECKOUT = Path(__file__).parents[2]
PATIENCE = 120.0
FRAMES = 6


def wait_for(what: Callable[[], Any]) -> Any:
    """What it gives, once that is something."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """What windows were asked to show; none is opened."""
    found: list[Asked] = []
    monkeypatch.setattr(_view, "begin", lambda one, _name: found.append(one))
    return found


@pytest.fixture
def motion_and_fit(monkeypatch: pytest.MonkeyPatch) -> tuple[refit.Motion, refit.FitResult]:
    """Six frames of walking, with their fit by the built-in bodies, which nobody remembers."""
    monkeypatch.setattr(bodies_of_fit, "_used", [])
    motion, _, fit = fitted_clip("walk", 0, FRAMES)
    return motion, fit


def test_the_window_shows_what_is_asked_and_goes_with_all_it_brought(
    motion_and_fit: tuple[refit.Motion, refit.FitResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    motion, fit = motion_and_fit
    told = tmp_path / "told.txt"
    told.touch()
    monkeypatch.setenv(telling_window.TOLD, str(told))
    monkeypatch.setattr(_window, "PROGRAM", telling_window.PROGRAM)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mask = np.arange(9000)

    window = refit.view(motion, fit, mask=mask, frame=4, joint="left_elbow")
    (folder,) = tmp_path.glob("refit-view-*")
    assert folder.stat().st_mode & 0o077 == 0
    assert window.is_open
    assert "walk" in repr(window)
    assert not window.wait(0.0)

    def last() -> dict[str, Any]:
        lines = told.read_text(encoding="utf-8").splitlines()
        return json.loads(lines[-1]) if lines and lines[-1].endswith("}") else {}

    shown = wait_for(lambda: last() if last().get("frame") == 4 and last().get("joint") else None)
    assert shown["frames"] == FRAMES
    assert shown["joint"] == "left_elbow"
    assert shown["joints"]
    assert shown["valid"] <= len(mask)
    assert shown["target"] == "smplx"
    assert shown["builtin"]
    np.testing.assert_allclose(shown["fit"], fit.mean_mm, atol=2.0)
    assert shown["fit"] != fit.mean_mm.tolist(), "errors over another mask"
    assert (shown["unsaved"], shown["session"], shown["recent"]) == (False, None, [])

    window.show(2)
    wait_for(lambda: last().get("frame") == 2)
    window.show(1000)
    wait_for(lambda: last().get("frame") == FRAMES - 1)
    with pytest.raises(refit.RefitError, match="frame is 'two', expected a number"):
        window.show("two")  # type: ignore[arg-type]
    window.close()
    assert window.wait(PATIENCE)
    assert not window.is_open
    assert not folder.exists()
    window.close()
    with pytest.raises(refit.RefitError, match="is closed"):
        window.show(1)


SCRIPT = """
import refit
window = refit.view({path!r}, frame=3)
print(window._process.pid, window._folder, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there an interrupt is another one")
def test_a_script_without_a_guard_ends_and_its_window_stays(
    motion_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where modules of the script's own folder are called as Refit's."""
    told = tmp_path / "told.txt"
    told.touch()
    script = tmp_path / "script.py"
    change = f"from refit import _window; _window.PROGRAM = {telling_window.PROGRAM!r}"
    script.write_text(change + SCRIPT.format(path=str(motion_file)), encoding="utf-8")
    environment = {**os.environ, telling_window.TOLD: str(told), "TMPDIR": str(tmp_path)}
    environment["PYTHONPATH"] = os.pathsep.join((str(CHECKOUT), str(CHECKOUT / "core" / "public")))
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True, text=True, env=environment, timeout=PATIENCE, check=True, cwd=tmp_path,
    )  # fmt: skip
    number, folder = done.stdout.split()
    pid = int(number)
    try:
        wait_for(lambda: '"frame": 3' in told.read_text(encoding="utf-8"))
        os.kill(pid, 0)
        assert Path(folder).is_dir()
    finally:
        os.kill(pid, signal.SIGINT)
    wait_for(lambda: not Path(folder).exists())


def test_a_window_that_does_not_start_says_why(
    motion_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(_window, "PROGRAM", "raise ImportError('libEGL.so.1: no such file')")
    with pytest.raises(refit.RefitError, match=r"^The window does not start: ImportError: libEGL.so.1"):
        refit.view(motion_file)
    assert not list(tmp_path.glob("refit-view-*"))


def window_of(program: str, motion_file: Path, monkeypatch: pytest.MonkeyPatch) -> refit.Window:
    """The window whose process runs this in place of its own program."""
    monkeypatch.setattr(_window, "PROGRAM", program)
    window = refit.view(motion_file)
    assert window.is_open
    return window


def test_a_window_that_dies_says_so_to_who_waits(
    motion_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    program = (
        "import sys, pathlib; (pathlib.Path(sys.argv[2]) / 'ready').touch(); sys.stdin.read(1); sys.exit(3)"
    )
    window = window_of(program, motion_file, monkeypatch)
    window.show(1)
    with pytest.raises(refit.RefitError, match=r"^The window ended unexpectedly: its process ended with 3\."):
        window.wait(PATIENCE)
    assert not list(tmp_path.glob("refit-view-*"))


def test_a_window_that_is_closed_is_so_before_its_process_has_ended(
    motion_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    program = (
        "import sys, pathlib, shutil; folder = pathlib.Path(sys.argv[2]); (folder / 'ready').touch(); "
        "sys.stdin.readline(); shutil.rmtree(folder); sys.stdin.read()"
    )
    window = window_of(program, motion_file, monkeypatch)
    window.close()
    wait_for(lambda: not window.is_open)
    assert window._process.poll() is None
    assert not window.wait(0.0)
    with pytest.raises(refit.RefitError, match="is closed"):
        window.show(1)
    window._process.stdin.close()
    assert window.wait(PATIENCE)


def test_no_display_and_no_qt_are_told_first(motion_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if sys.platform.startswith("linux"):
        with pytest.raises(refit.RefitError, match=r"^There is no display .*refit\.export writes pictures"):
            refit.view(motion_file)
    monkeypatch.setattr(_window, "find_spec", lambda name: None if name == "PySide6" else name)
    with pytest.raises(refit.RefitError, match=r"^The window needs PySide6, which is not installed here"):
        refit.view(motion_file)


def test_what_is_handed_over_is_what_was_given(
    motion_and_fit: tuple[refit.Motion, refit.FitResult], asked: list[Asked], tmp_path: Path
) -> None:
    motion, fit = motion_and_fit
    refit.view(motion, fit)
    refit.view(motion)
    refit.view(motion, mask=np.ones(10475, bool))
    for number, one in enumerate(asked):
        assert callable(one.file)
        folder = tmp_path / str(number)
        folder.mkdir()
        session = load_session(one.file(folder))
        assert session.motion is not None
        np.testing.assert_array_equal(session.motion.poses, motion.poses)
        np.testing.assert_array_equal(session.motion.trans, motion.trans)
        assert session.motion.frame_rate == motion.frame_rate
        assert session.target == "smplx"
        assert (one.models, one.frame, one.joint) == ("builtin", None, None)
        if number:
            assert session.now.result is None
        else:
            assert session.now.result is not None
            np.testing.assert_array_equal(session.now.result.poses, fit.poses)
            np.testing.assert_array_equal(session.now.result.mean_mm, fit.mean_mm)


def test_paths_open_as_they_are_or_with_their_fit(
    motion_and_fit: tuple[refit.Motion, refit.FitResult],
    asked: list[Asked],
    motion_file: Path,
    tmp_path: Path,
) -> None:
    motion, fit = motion_and_fit
    file = tmp_path / "fit.npz"
    refit.save(fit, file)
    refit.view(motion_file, joint="nose")
    refit.view(motion, file, frame=np.int64(5))
    refit.view(fit)
    assert (asked[0].file, asked[0].models, asked[0].joint) == (motion_file, None, "nose")
    assert asked[1].frame == 5
    for one in asked[1:]:
        assert callable(one.file)
        written = one.file(tmp_path)
        session = load_session(written)
        written.unlink()
        assert session.motion is not None
        np.testing.assert_array_equal(session.motion.poses, motion.poses)
        assert session.now.result is not None


@pytest.mark.parametrize(
    ("what", "more", "sentence"),
    [
        ("motion", {"fit": "motion"}, "fit is a Motion, expected a FitResult."),
        ("fit", {"fit": "fit"}, "what and fit are both fits, expected a motion and its fit."),
        ("other", {"fit": "fit"}, "The fit has 6 frames, but walk_poses.npz has 3."),
        ("number", {}, "what is a int, expected a Motion."),
        ("motion", {"frame": 6}, "frame is 6, expected 0 to 5."),
        ("motion", {"frame": -1}, "frame is -1, expected a number, 0 or more."),
        ("motion", {"joint": "elbow"}, "joint is 'elbow', expected the name of a joint, as 'left_elbow'."),
        ("motion", {"mask": [1.5]}, "mask is an array (1,) of float64, expected (10475,) booleans, ids"),
        ("motion", {"mask": [10475]}, "mask holds ids from 10475 to 10475, expected 0 to 10474."),
        ("motion", {"mask": [True]}, "The mask has 1 vertices, the body 10475."),
        ("motion", {"mask": "no.npy"}, "no.npy: there is no such file"),
        ("no.npz", {}, "no.npz: there is no such file"),
        ("lost", {}, "The fit was made from lost.npz, which is not found: give the motion, too."),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_told(
    what: str,
    more: dict[str, Any],
    sentence: str,
    motion_and_fit: tuple[refit.Motion, refit.FitResult],
    asked: list[Asked],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    from dataclasses import replace

    monkeypatch.chdir(tmp_path)
    motion, fit = motion_and_fit
    lost = replace(fit, source_name="lost.npz", provenance={**fit.provenance, "source": {}})
    named = {"motion": motion, "fit": fit, "other": motion.cut(0, 3), "number": 3, "lost": lost}
    given = {key: named.get(value, value) if isinstance(value, str) else value for key, value in more.items()}
    with pytest.raises(refit.RefitError, match=re.escape(sentence)):
        refit.view(named.get(what, what), **given)  # type: ignore[arg-type]
    assert not asked


def test_the_built_in_bodies_win_by_their_word(own_settings: Path, make_window: Any) -> None:
    window: MainWindow = make_window(None, wait=False)
    window.preferences.models = Path("/somewhere")
    assert ModelsChoice(window.preferences, Path("builtin")).models == "builtin"
    assert ModelsChoice(window.preferences).models == Path("/somewhere")
