"""How motions, bodies and fits show themselves: in words, as tables, as meshes, in a notebook."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista

import refit
from core.model import notebook
from core.model.joints import PARTS
from core.session import bodies_of_fit
from gui_app.export import can_draw
from refit import _pictures
from tests.core.clip_fits import clip, fitted_clip
from tests.variants import body_pair

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing draws."""
    monkeypatch.setattr(notebook, "_draw", [])


def test_words_are_short() -> None:
    motion, pair, fit = fitted_clip("walk", 0, 6)
    assert repr(motion) == "<Motion smplh neutral · walk_poses.npz · 6 frames · 60 fps · z up>"
    assert repr(clip("walk", 0, 1)).split(" · ")[2] == "1 frame"
    mean, most = fit.summary()["mean"], fit.summary()["max"]
    figures = f"mean {mean:.1f} mm, max {most:.1f} mm"
    assert repr(fit) == f"<FitResult smplx neutral · walk_poses.npz · 6 frames · {figures} · built-in bodies>"
    some = np.arange(6) < 4
    nan = np.where(some, fit.mean_mm, np.nan)
    part = replace(
        fit, fitted=some, converged=np.arange(6) < 3, mean_mm=nan, max_mm=nan, partial=True, edited=~some
    )
    assert " · 4 of 6 frames fitted · " in repr(part)
    assert repr(part).endswith(
        " · 1 not converged · 2 edited by hand · stopped before its end · built-in bodies>"
    )
    none = replace(fit, fitted=np.zeros(6, bool), source_name="")
    assert repr(none) == "<FitResult smplx neutral · unnamed motion · 0 of 6 frames fitted · built-in bodies>"
    wrong = replace(fit, failure="mean 437 mm, more than 40 mm")
    assert " · failed: mean 437 mm, more than 40 mm · " in repr(wrong)
    assert "failed: mean 437 mm" in wrong._repr_html_()
    assert repr(pair).startswith("<BodyPair smplh → smplx neutral · 9,146 of 10,475 vertices count · ")
    assert repr(pair.target) == (
        "<BodyModel smplx neutral · 10,475 vertices, 55 joints, 10 betas · built-in>"
    )
    measured = refit.measure(fit, motion, pair)
    assert repr(measured) == f"<MotionMetrics 6 frames · {figures}>"


def test_words_of_others_are_escaped(undrawn: None) -> None:
    _, pair, fit = fitted_clip("walk", 0, 6)
    bad = "<script>alert('1')</script>&"
    shown = replace(fit, source_name=bad, gender=bad)._repr_html_()
    body = replace(pair.target, name=bad, gender=bad, path=Path(bad.replace("/", "")))
    shown += body._repr_html_() + replace(pair, target=body, notes=(bad,), builtin=False)._repr_html_()
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;alert(&#x27;1&#x27;)") >= 6
    assert "&amp;" in shown


def test_a_fit_is_a_table_of_figures(undrawn: None) -> None:
    _, _, fit = fitted_clip("walk", 0, 6)
    shown = fit._repr_html_()
    assert "<img" not in shown
    assert "No picture" not in shown
    cells = dict(re.findall(r"<th [^>]*>([^<]*)</th><td [^>]*>([^<]*)</td>", shown))
    assert cells["frames"] == "6 frames"
    assert cells["mean"] == f"{fit.mean_mm.mean():.2f} mm"
    assert cells["worst frame"] == str(fit.mean_mm.argmax())
    assert cells["mean by part"].startswith(f"head {fit.part_mm[:, 0].mean():.2f}, torso ")


def picture(html: str) -> bytes:
    (found,) = re.findall(r"src='data:image/png;base64,([^']*)'", html)
    return base64.b64decode(found)


@pytest.mark.parametrize("what", ["fit", "pair", "body"])
def test_pictures_show_bodies(what: str, tmp_path: Path) -> None:
    _, pair, fit = fitted_clip("walk", 0, 6)
    shown = {"fit": fit, "pair": pair, "body": pair.target}[what]
    wide = 2 if what == "pair" else 1
    file = tmp_path / "picture.png"
    file.write_bytes(picture(shown._repr_html_()))
    read = pyvista.read(file)
    width, height, _ = read.dimensions
    pixels = read.active_scalars.reshape(height, width, -1)[::-1, :, :3].astype(int)
    assert pixels.shape == (480, 400 * wide, 3)
    for half in np.split(pixels, wide, 1):
        middle = half[100:400, 100:300]
        # Skin in the middle, the dark of the view at its edges.
        assert (middle.sum(2) > 240).mean() > 0.15
        assert half[20:, :8].sum(2).max() < 240


def test_a_picture_is_shown_once_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyVista's plotters show themselves in one, unless they are told not to."""
    monkeypatch.setattr("scooby.in_ipykernel", lambda: True)
    shown: list[Any] = []
    monkeypatch.setattr("pyvista.jupyter.notebook.handle_plotter", lambda *a, **k: shown.append(a))
    _, pair, _ = fitted_clip("walk", 0, 6)
    assert len(_pictures.draw(pair.target)) > 10_000
    assert not shown


def test_a_reason_stands_where_no_picture_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    _, pair, fit = fitted_clip("walk", 0, 6)
    nothing = replace(fit, fitted=np.zeros(6, bool))
    assert "<p>No picture: no frame is fitted.</p>" in nothing._repr_html_()
    dense = fitted_clip("walk", 0, 4, "dense correctives")[2]
    monkeypatch.setattr(bodies_of_fit, "_used", [])
    assert "<p>No picture: The fit was made with " in dense._repr_html_()

    def fails(what: Any) -> bytes:
        raise RuntimeError("<b>")

    monkeypatch.setattr(notebook, "_draw", [fails])
    assert pair._repr_html_().endswith("<p>No picture: drawing it failed.</p></div>")


def test_without_pyvista_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(can_draw, "why_not", can_draw.why_not.__wrapped__)
    monkeypatch.setitem(sys.modules, "vtkmodules.vtkRenderingOpenGL2", None)  # type: ignore[arg-type]
    shown = body_pair("built-in")._repr_html_()
    assert "<p>No picture: pyvista cannot be imported here (" in shown
    assert "<img" not in shown


def test_without_opengl_there_is_a_sentence() -> None:
    """In a process of its own, as drawing all the same would end it."""
    program = """
import refit
html = refit.load_bodies()._repr_html_()
print(html[html.index("<p>"):])
"""
    environment = {name: value for name, value in os.environ.items() if "DISPLAY" not in name}
    environment |= {
        "PYTHONPATH": os.pathsep.join((str(CHECKOUT), str(CHECKOUT / "core" / "public"))),
        # Where there are no drivers.
        "__EGL_VENDOR_LIBRARY_DIRS": "/nonexistent",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("<p>No picture: OpenGL is not to be had here.</p>")


def test_nothing_else_is_drawn() -> None:
    with pytest.raises(notebook.NoPicture, match=r"^a str is nothing to draw"):
        _pictures.draw("walk")


class Tables(types.ModuleType):
    """As much of pandas as is used."""

    class RangeIndex:
        def __init__(self, count: int, name: str) -> None:
            self.count, self.name = count, name

    class DataFrame(dict):  # type: ignore[type-arg]
        def __init__(self, columns: dict[str, np.ndarray], index: Tables.RangeIndex) -> None:
            super().__init__(columns)
            self.index = index


def test_errors_are_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, fit = fitted_clip("walk", 0, 6)
    monkeypatch.setitem(sys.modules, "pandas", Tables("pandas"))
    table = fit.to_frame()
    assert (table.index.count, table.index.name) == (6, "frame")
    parts = [f"{part}_mm" for part in PARTS]
    figures = ["fitted", "converged", "edited", "left_degrees", "mean_mm", "median_mm", "p95_mm", "max_mm"]
    assert list(table) == ["time_s", *figures, *parts]
    np.testing.assert_array_equal(table["p95_mm"], fit.p95_mm)
    np.testing.assert_array_equal(table["feet_mm"], fit.part_mm[:, -1])
    np.testing.assert_allclose(table["time_s"][1], 1 / 60)
    assert "time_s" not in replace(fit, frame_rate=None).to_frame()


def test_a_frame_is_a_mesh(monkeypatch: pytest.MonkeyPatch) -> None:
    _, pair, fit = fitted_clip("walk", 0, 6)
    mesh = fit.mesh(-1, pair)
    np.testing.assert_array_equal(mesh.points, fit.vertices(5, pair)[0])
    np.testing.assert_array_equal(mesh.regular_faces, pair.target.faces)
    made: list[Any] = []
    trimesh = types.ModuleType("trimesh")
    trimesh.Trimesh = lambda *given, **how: made.append((given, how))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "trimesh", trimesh)
    fit.mesh(2, pair, library="trimesh")
    (((points, faces), how),) = made
    np.testing.assert_array_equal(points, fit.vertices(2, pair)[0])
    assert faces is pair.target.faces
    assert how == {"process": False}
    for frame, words in (
        (9, "frames has 9, expected ids from 0 to 5"),
        (1, "Frame 1 is not fitted"),
        (slice(0, 2), r"^frame is slice\(0, 2, None\), expected one id"),
    ):
        with pytest.raises(refit.RefitError, match=words):
            replace(fit, fitted=np.arange(6) != 1).mesh(frame, pair)
    with pytest.raises(refit.RefitError, match=r"^library is 'open3d', expected one of pyvista, trimesh"):
        fit.mesh(0, pair, library="open3d")


@pytest.mark.parametrize("library", ["pandas", "pyvista", "trimesh"])
def test_a_library_that_is_missing_is_named(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, pair, fit = fitted_clip("walk", 0, 6)
    monkeypatch.setitem(sys.modules, library, None)  # type: ignore[arg-type]
    with pytest.raises(refit.RefitError, match=rf" needs {library}, which is not installed: pip install"):
        fit.to_frame() if library == "pandas" else fit.mesh(0, pair, library)
