"""The skin of a body that nobody looks into is drawn from outside only, and looks as it did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.correspond.closed_mesh import encloses
from core.correspond.mesh_body import bare_body
from core.files.bodies.enclosed import signed_volume
from core.files.own_mesh import OwnMesh
from gui_app.document.opened import Opened
from gui_app.export.offscreen import off_screen
from gui_app.files.open import _shape

CUBE = np.array(
    [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)], float
)
QUADS = ((0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7))
SIDES = np.array([[(a, b, c), (a, c, d)] for a, b, c, d in QUADS]).reshape(-1, 3)


def test_what_encloses_a_space() -> None:
    assert encloses(SIDES, CUBE)
    assert not encloses(SIDES[1:], CUBE)
    turned = SIDES.copy()
    turned[0] = turned[0][::-1]
    assert not encloses(turned, CUBE)
    assert not encloses(SIDES[:0], CUBE)
    assert signed_volume(CUBE, SIDES) == pytest.approx(1)
    assert signed_volume(CUBE + 40, SIDES[:, ::-1]) == pytest.approx(-1)


def test_of_several_pieces_all_are_the_same_way_out() -> None:
    both, inside_out = np.concatenate([2 * CUBE, CUBE + 5]), SIDES[:, ::-1]
    for first, second, same in (
        (SIDES, SIDES, True),
        (inside_out, inside_out, True),
        (SIDES, inside_out, False),
    ):
        faces = np.concatenate([first, second + len(CUBE)])
        assert encloses(faces, both) == same
        mesh = bare_body(OwnMesh(faces, both.astype(np.float32)))
        weights = np.ones((len(both), 1), np.float32)
        body = replace(mesh, joint_names=("pelvis",), parents=np.array([-1]), weights=weights)
        assert _shape(body, np.ones(len(both), bool), both, "source").solid == same


@pytest.mark.parametrize("view", ["home", "back", "top"])
def test_a_picture_of_it_is_the_same(shown: Opened, view: str) -> None:
    assert shown.subject.fit.solid
    open_skin = replace(
        shown.subject,
        source=replace(shown.subject.source, solid=False),
        fit=replace(shown.subject.fit, solid=False),
    )
    pictures = []
    for subject in (shown.subject, open_skin):
        plotter, scene = off_screen(replace(shown, subject=subject), (400, 240), 0)
        try:
            scene.show_view(view)
            plotter.render()
            pictures.append(plotter.screenshot(return_img=True).astype(int))
            culled = [one.body.actor.GetProperty().GetBackfaceCulling() for one in scene._views[:2]]
            assert culled == [subject is shown.subject] * 2
        finally:
            plotter.close()
    assert (np.abs(pictures[0] - pictures[1]).max(axis=2) > 8).mean() < 2e-4


def test_inside_out_or_translucent_it_is_drawn_as_before(shown: Opened) -> None:
    inside_out = replace(shown.subject.fit, faces=shown.subject.fit.faces[:, ::-1].copy())
    opened = replace(shown, subject=replace(shown.subject, fit=inside_out))
    plotter, scene = off_screen(opened, (100, 60), 0)
    try:
        assert not scene._fit.actor.GetProperty().GetBackfaceCulling()
        scene.set_layers(replace(scene._layers, opacity=0.5))
        assert scene._source.actor.GetProperty().GetBackfaceCulling()
        scene.set_layers(replace(scene._layers, opacity=1.0, wireframe=True))
        assert scene._source.actor.GetProperty().GetBackfaceCulling()
    finally:
        plotter.close()
