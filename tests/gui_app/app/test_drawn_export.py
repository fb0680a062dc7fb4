"""Pictures and films by ``refit export``: what they show, how long they are, and why there are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PySide6.QtGui import QImage

from core.outputs.results import save_result
from gui_app.__main__ import main
from gui_app.app import drawn_export
from tests.core.clip_fits import fitted_clip
from tests.core.conftest import said

CAPTURE = pytest.CaptureFixture[str]


@pytest.fixture
def fit(tmp_path: Path) -> Path:
    save_result(tmp_path / "walk_stageii.npz", fitted_clip("walk", 0, 12)[2])
    return tmp_path / "walk_stageii.npz"


def export(*arguments: object) -> int:
    return main(["export", *map(str, arguments)])


def pixels(path: Path) -> np.ndarray:
    """(height, width, 3) bytes."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def film(path: Path) -> tuple[tuple[int, int], list[np.ndarray], float]:
    """Size, pictures, and pictures a second."""
    reader = imageio_ffmpeg.read_frames(path)
    told = next(reader)
    width, height = told["size"]
    pictures = [np.frombuffer(data, np.uint8).reshape(height, width, 3).astype(int) for data in reader]
    return told["size"], pictures, told["fps"]


def test_a_picture_of_the_worst_frame_and_of_one_body(fit: Path, capsys: CAPTURE) -> None:
    out = fit.with_name("a.png")
    assert export(fit, "-o", out, "--size", "400x240") == 0
    worst = int(fitted_clip("walk", 0, 12)[2].mean_mm.argmax())
    assert f"Frame {worst} is drawn, the one with the largest mean error." in said(capsys)
    both = pixels(out)
    assert both.shape == (240, 400, 3)
    assert export(fit, "-o", out, "--frame", worst, "--body", "source", "--size", "400x240", "--force") == 0
    alone = pixels(out)
    # Source and fit side by side; then the one in the middle, over the line between them.
    assert np.abs(both[:, 190:210] - alone[:, 190:210]).max() > 60
    assert "already exists" in (export(fit, "-o", out), said(capsys))[1]


def test_a_film_has_the_motions_own_speed(fit: Path, capsys: CAPTURE) -> None:
    result = fitted_clip("walk", 0, 12)[2]
    out = fit.with_name("a.mp4")
    assert export(fit, "-o", out, "--size", "320x180", "--body", "fit") == 0
    size, pictures, rate = film(out)
    assert (size, rate) == ((320, 180), 30)
    assert len(pictures) == round(12 / result.frame_rate * 30)
    assert max(np.abs(picture - pictures[0]).mean() for picture in pictures) > 0.2
    assert export(fit, "-o", fit.with_name("a.gif"), "--size", "160x90", "--frames", "2:6") == 0
    assert film(fit.with_name("a.gif"))[0] == (160, 90)
    assert not [path for path in fit.parent.iterdir() if path.name.startswith(".refit")]


def test_one_sentence_where_nothing_can_be_drawn(
    fit: Path, capsys: CAPTURE, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = fit.with_name("a.png")
    assert export(fit, "-o", out, "--frames", "2:4") == 1
    assert "a.png is one picture, but 2 frames are asked for" in said(capsys)
    assert export(fit, "-o", out, "--body", "points") == 1
    assert "body is points, which cannot be drawn" in said(capsys)
    none = fit.with_name("none.npz")
    result = fitted_clip("walk", 0, 12)[2]
    save_result(none, replace(result, fitted=np.zeros(12, bool)))
    assert export(none, "-o", out) == 1
    assert "No frame is fitted" in said(capsys)
    monkeypatch.setattr(drawn_export, "why_not", lambda: "OpenGL is not to be had here.")
    assert export(fit, "-o", out) == 1
    assert said(capsys).endswith("Pictures and films cannot be drawn: OpenGL is not to be had here.")
    assert not out.exists()
