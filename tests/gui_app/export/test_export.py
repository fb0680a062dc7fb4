"""Exporting the result, meshes, tables, pictures and videos."""

from __future__ import annotations

import shutil
import signal
from collections import namedtuple
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from core.errors import FileError
from core.measure.fit_failure import judged
from core.outputs.results import load_result
from core.shown_text import size_words
from gui_app.app.main_window import MainWindow
from gui_app.export import dialog as export_dialog
from gui_app.export.controller import ExportController
from gui_app.export.ffmpeg import Encoder
from gui_app.export.film import film_frames
from gui_app.export.kinds import Choice, Sizes, default_place, estimate
from gui_app.files import save_actions
from gui_app.widgets.save_dialog import Place
from tests.gui_app.conftest import FIT_MS, FRAMES

WAIT_SECONDS = 60
SMALL = (160, 90)


def film(path: Path) -> tuple[tuple[int, int], int, float]:
    """Size, number of pictures and pictures a second."""
    reader = imageio_ffmpeg.read_frames(path)
    told = next(reader)
    return told["size"], len(list(reader)), told["fps"]


def wait(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.exporting.status.active, timeout=FIT_MS)


def export(window: MainWindow, qtbot: QtBot, path: Path, **options: object) -> None:
    window.exporting.start(Choice(**options), path, overwrite=False)
    wait(window, qtbot)


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".refit")]


def test_film_frames_keep_time() -> None:
    np.testing.assert_array_equal(film_frames(10, 19, 30, 1.0, 30), np.arange(10, 20))
    np.testing.assert_array_equal(film_frames(0, 7, 60, 1.0, 30), [0, 2, 4, 6])
    assert len(film_frames(0, 29, 30, 0.1, 30)) == 300
    assert film_frames(0, 99, 120, 4.0, 24)[-1] <= 99
    np.testing.assert_array_equal(film_frames(5, 5, 30, 4.0, 24), [5])


def test_names_and_sizes_are_told_before() -> None:
    folder = Path("out")
    assert default_place(folder, "walk", Choice("npz")) == folder / "walk_stageii.npz"
    assert default_place(folder, "walk", Choice("npz"), "smpl") == folder / "walk_smpl.npz"
    assert default_place(folder, "walk", Choice("obj", (0, 9))) == folder / "walk_fit_obj"
    single = Choice("ply", (7, 7), single=True, body="source")
    assert default_place(folder, "walk", single) == folder / "walk_source_000007.ply"
    sizes = Sizes(10475, 20908, 55, 10, 0, 30.0, (800, 600))
    size, files = estimate(Choice("ply", (0, 9), step=2), sizes, 5)
    assert files == 5
    assert size == pytest.approx(5 * 397_000, rel=0.01)
    assert size_words(281_400_000) == "281 MB"
    assert size_words(1_340_000_000) == "1.3 GB"
    assert size_words(1_340) == "1.3 kB"


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_encoder_writes_every_picture(tmp_path: Path, qtbot: QtBot, suffix: str) -> None:
    encoder = Encoder(tmp_path / f"a{suffix}", SMALL, 20)
    for shade in range(12):
        qtbot.waitUntil(lambda: not encoder.full, timeout=FIT_MS)
        encoder.put(np.full((SMALL[1], SMALL[0], 3), 20 * shade, np.uint8))
    encoder.finish()
    assert encoder.wait(WAIT_SECONDS)
    assert encoder.error is None
    size, pictures, rate = film(tmp_path / f"a{suffix}")
    assert (size, pictures) == (SMALL, 12)
    assert rate == pytest.approx(20)
    assert not leftovers(tmp_path)


def test_encoder_cancelled_or_refused_leaves_what_was(tmp_path: Path) -> None:
    encoder = Encoder(tmp_path / "a.mp4", SMALL, 20)
    encoder.put(np.zeros((SMALL[1], SMALL[0], 3), np.uint8))
    encoder.cancel()
    assert encoder.wait(WAIT_SECONDS)
    assert not list(tmp_path.iterdir())
    (tmp_path / "a.mp4").write_bytes(b"mine")
    with pytest.raises(FileError, match="already exists"):
        Encoder(tmp_path / "a.mp4", SMALL, 20)
    assert (tmp_path / "a.mp4").read_bytes() == b"mine"


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="a process cannot be halted")
@pytest.mark.parametrize("halted", [True, False])
def test_an_encoder_that_takes_no_more_pictures_is_neither_waited_for_nor_left_behind(
    tmp_path: Path, qtbot: QtBot, halted: bool
) -> None:
    """It is halted and the film cancelled, or it is ended by something else."""
    encoder = Encoder(tmp_path / "a.mp4", (640, 480), 20)
    qtbot.waitUntil(lambda: encoder._process is not None, timeout=FIT_MS)
    process = encoder._process
    process.send_signal(signal.SIGSTOP if halted else signal.SIGKILL)
    # More than a pipe holds.
    encoder.put(np.zeros((480, 640, 3), np.uint8))
    qtbot.waitUntil(encoder._queue.empty, timeout=FIT_MS)
    try:
        if halted:
            encoder.cancel()
        assert encoder.wait(5)
    finally:
        process.kill()
    assert halted or str(encoder.error).endswith("a.mp4: cannot be written: something else ended the encoder")
    assert not list(tmp_path.iterdir())


def test_dialog_writes_the_result(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = fitted.export_dialog
    fitted.preferences.folder = str(tmp_path)
    assert not fitted.state.document.saved
    fitted.actions_.export.trigger()
    assert dialog.isVisible()
    assert dialog.path == tmp_path / "stroll_stageii.npz"
    dialog.export.click()
    wait(fitted, qtbot)
    assert load_result(dialog.path).fitted.all()
    assert fitted.state.document.saved
    assert dialog.words.text().startswith("Exported stroll_stageii.npz · ")
    fitted.state.playback.set_frame(3)
    assert dialog.words.text().startswith("Exported")

    before = dialog.path.read_bytes()
    asked = []
    monkeypatch.setattr(export_dialog, "may_replace", lambda _parent, path: asked.append(path))
    dialog.export.click()
    assert asked == [dialog.path]
    assert not fitted.exporting.status.active
    assert dialog.path.read_bytes() == before

    fitted.state.playback.set_selection((4, 9))
    dialog.open_for("obj")
    dialog.form.range.setCurrentIndex(1)
    dialog.form.step.setValue(2)
    assert dialog.words.text().startswith("3 files · about 2.")
    dialog.export.click()
    wait(fitted, qtbot)
    names = sorted(path.name for path in (tmp_path / "stroll_fit_obj").iterdir())
    assert names == [f"stroll_fit_{frame:06d}.obj" for frame in (4, 6, 8)]

    dialog.open_for("pkl")
    dialog.form.range.setCurrentIndex(2)
    assert dialog.path.name == "stroll_000003.pkl"
    dialog.open_for("npz")
    usage = namedtuple("usage", "total used free")(1, 1, 1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    dialog.form.changed.emit()
    assert "choose another folder" in dialog.words.text()
    assert not dialog.export.isEnabled()


def test_frames_of_a_failed_fit_have_failed_or_not_by_themselves(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    state = fitted.state
    bad = np.where(np.arange(FRAMES) < 6, 437, state.document.result.mean_mm).astype(np.float32)
    state.document.set_result(judged(state.document.result, mean_mm=bad), None)
    assert state.document.result.failed
    for name, frames, failed in (("bad", range(6), True), ("good", range(6, FRAMES), False)):
        path = tmp_path / f"{name}_stageii.npz"
        export(fitted, qtbot, path, kind="npz", frames=(frames[0], frames[-1]))
        assert load_result(path).failed == failed
        assert len(load_result(path)) == len(frames)


def test_dialog_says_what_is_missing(window: MainWindow, tmp_path: Path) -> None:
    dialog = window.export_dialog
    window.preferences.folder = str(tmp_path)
    dialog.open_for("npz")
    assert "no fit yet" in dialog.words.text()
    assert not dialog.export.isEnabled()
    dialog.open_for("ply")
    dialog.form.body.setCurrentIndex(1)
    assert dialog.export.isEnabled()
    (tmp_path / "stroll_source_ply").mkdir()
    (tmp_path / "stroll_source_ply" / "notes.txt").write_text("mine")
    dialog.form.changed.emit()
    assert "holds other files" in dialog.words.text()
    dialog.place.setText(str(tmp_path / "meshes.npz"))
    dialog.place.textEdited.emit(dialog.place.text())
    assert "is the name of a file" in dialog.words.text()
    dialog.place.setText(str(tmp_path / "nowhere" / "a"))
    dialog.place.textEdited.emit(dialog.place.text())
    assert "There is no folder" in dialog.words.text()
    assert not dialog.export.isEnabled()


def test_the_motion_is_not_written_over(
    fitted: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, dialog = fitted.state.document.opened, fitted.export_dialog
    assert opened is not None
    assert opened.motion.path is not None
    path = opened.motion.path
    before = path.read_bytes()
    dialog.open_for("joints")
    dialog.place.setText(str(path))
    dialog.place.textEdited.emit(dialog.place.text())
    assert "is an input" in dialog.words.text()
    assert not dialog.export.isEnabled()
    fitted.exporting.start(Choice("joints", (0, 1)), path, overwrite=True)
    wait(fitted, qtbot)
    assert fitted.exporting.status.failed
    monkeypatch.setattr(save_actions, "ask_where", lambda *_: Place(path, replace=True))
    fitted.actions_.save.trigger()
    assert "is an input" in fitted.message.words.text()
    assert path.read_bytes() == before


def test_video_looks_as_the_window_and_leaves_it_alone(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    fitted.state.view.change(layout="overlay")
    path = tmp_path / "a.mp4"
    options = {"kind": "mp4", "frames": (0, FRAMES - 1), "size": (320, 180), "rate": 30}
    fitted.exporting.start(Choice(**options), path, overwrite=False)
    for frame in (3, 9):
        qtbot.waitUntil(lambda frame=frame: fitted.exporting.status.done >= frame, timeout=FIT_MS)
        fitted.state.playback.set_frame(frame)
    wait(fitted, qtbot)
    pictures = round(FRAMES / fitted.state.document.rate * 30)
    assert film(path) == ((320, 180), pictures, 30.0)
    assert fitted.exporting.status.words.startswith("Exported a.mp4")
    assert fitted.state.playback.frame == 9

    export(fitted, qtbot, tmp_path / "b.gif", **options | {"kind": "gif", "rate": 10, "turntable": True})
    assert film(tmp_path / "b.gif")[:2] == ((320, 180), round(FRAMES / fitted.state.document.rate * 10))
    assert sorted(path.name for path in tmp_path.glob("[!s]*")) == ["a.mp4", "b.gif"]


def test_stopping_leaves_nothing_pictures_are_as_asked_and_what_goes_wrong_is_said(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = fitted.export_dialog
    fitted.preferences.folder = str(tmp_path)
    dialog.open_for("mp4")
    dialog.form.speed.setValue(0.1)
    dialog.export.click()
    qtbot.waitUntil(lambda: fitted.exporting.status.done >= 2, timeout=FIT_MS)
    assert dialog.words.text().startswith("Writing stroll.mp4 · ")
    assert dialog.cancel.text() == "Stop"
    dialog.cancel.click()
    wait(fitted, qtbot)
    assert "nothing was left behind" in dialog.words.text()
    assert not list(tmp_path.glob("*.mp4"))
    assert not leftovers(tmp_path)

    width, height = fitted.exporting.view_size()
    export(fitted, qtbot, tmp_path / "a.png", kind="png", zoom=2)
    opaque = QImage(str(tmp_path / "a.png"))
    assert (opaque.width(), opaque.height()) == (2 * width, 2 * height)
    export(fitted, qtbot, tmp_path / "b.png", kind="png", zoom=1, transparent=True, captions=False)
    clear = QImage(str(tmp_path / "b.png"))
    assert clear.pixelColor(2, 2).alpha() == 0
    alpha = [clear.pixelColor(width // 4, y).alpha() for y in range(height)]
    assert max(alpha) == 255
    fitted.actions_.copy_picture.trigger()
    assert QGuiApplication.clipboard().image().width() == 2 * width

    export(fitted, qtbot, tmp_path / "gone" / "a.csv", kind="csv", frames=(0, 3))
    assert fitted.exporting.status.failed
    assert fitted.message.isVisible()
    assert "no folder" in fitted.message.words.text()
    controller: ExportController = fitted.exporting
    export(fitted, qtbot, tmp_path / "gone" / "a.mp4", kind="mp4", frames=(0, 3))
    assert "no folder" in controller.status.words


def test_dialog_tells_what_an_animated_body_lacks(fitted: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = fitted.export_dialog
    fitted.preferences.folder = str(tmp_path)
    dialog.open_for("glb")
    assert dialog.path == tmp_path / "stroll.glb"
    dialog.export.click()
    wait(fitted, qtbot)
    assert dialog.path.read_bytes().startswith(b"glTF")
    assert dialog.words.text().startswith("Exported stroll.glb · ")
    assert "Without pose correctives, which skeletons do not have, the skin is" in dialog.words.text()
