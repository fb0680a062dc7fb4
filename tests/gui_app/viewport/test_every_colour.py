"""Every colour of the skin: it is in menus and palette, on the button and in the picture, and it is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from gui_app.app.main_window import MainWindow
from gui_app.app.view_buttons import ColourButton
from gui_app.document.actions import SPECS
from gui_app.document.opened import Opened
from gui_app.export.offscreen import off_screen
from gui_app.scene.scene import Scene
from gui_app.scene.skin_colours import COLOURS, ERROR, PLAIN, SkinColour
from gui_app.session.snapshot import show_view, view_of

SIZE = (640, 360)


@pytest.fixture(scope="module")
def scene(shown: Opened) -> Iterator[Scene]:
    plotter, scene = off_screen(shown, SIZE, samples=0)
    yield scene
    plotter.close()


def test_colours_have_names_words_and_keys_of_their_own() -> None:
    for said in ([c.name for c in COLOURS], [c.text for c in COLOURS], [c.word for c in COLOURS]):
        assert len(set(said)) == len(said)
    # Esc lets go of whatever is going on.
    keys = Counter(QKeySequence(key).toString() for spec in SPECS.values() for key in spec.keys)
    assert {key for key, count in keys.items() if count > 1} <= {"Esc"}
    for colour in COLOURS:
        assert colour.tip
        assert colour.of_shape is not None or (colour.values is not None and colour.scale is not None)
        if colour.scale is not None:
            assert colour.scale.unit


@pytest.mark.parametrize("colour", COLOURS, ids=lambda colour: colour.name)
def test_a_colour_is_in_the_picture_with_its_legend(scene: Scene, shown: Opened, colour: SkinColour) -> None:
    def visible() -> set[str]:
        bars = {name for name, bar in scene.scales.bars.items() if bar._bar.GetVisibility()}
        legends = {
            name for name, found in scene.scales.legends.items() if found[-1]._swatches.GetVisibility()
        }
        return bars | legends

    picture = shown.posed.frame(0)
    beside = replace(picture, fit_vertices=picture.fit_vertices + np.float32(0.002))
    scene.compare((("A",), ("B",)))
    scene.show(0, picture, beside)
    scene.set_colouring(PLAIN.name, 20.0)
    before = [np.array(view.body.colours()) for view in scene._views]
    assert not visible()
    scene.set_colouring(colour.name, 20.0)
    after = [np.array(view.body.colours()) for view in scene._views]
    worn = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert worn == [colour.on_both, colour is not PLAIN, colour is not PLAIN]
    assert visible() == ({colour.name} if colour.scale or colour.legend else set())
    if colour.scale is not None:
        bar = scene.scales.bars[colour.name]
        most = 20 if colour is ERROR else colour.usual_range
        assert bar._unit.GetInput() == colour.scale.unit
        assert bar._ticks[-1].GetInput() == f"≥ {most:.0f}"

    scene.show(0, replace(shown.posed.frame(0), fit_vertices=None, fit_joints=None, error_mm=None))
    assert visible() == ({colour.name} if colour.of_body else set())
    scene.show(0, shown.posed.frame(0))


def test_every_colour_is_found_and_kept(fitted: MainWindow) -> None:
    view, actions = fitted.state.view, fitted.actions_
    button = fitted.findChild(ColourButton)
    menus: list[list[QAction]] = [menu.actions() for menu in fitted.menuBar().findChildren(QMenu)]
    (menu,) = [found for found in menus if actions.colourings[0] in found and len(found) == len(COLOURS)]
    for colour, action in zip(COLOURS, actions.colourings, strict=True):
        assert action in menu
        assert action in button.menu().actions()
        assert (action.text(), SPECS[f"colour_{colour.name}"].section) == (colour.text, "View")
        assert colour.tip in action.toolTip()
        assert all(QKeySequence(key).toString() in action.toolTip() for key in colour.keys)
        commands = [command.text for command in fitted.palette_._commands.matching(colour.text)]
        assert colour.text in commands
        action.trigger()
        assert view.colouring == colour.name
        assert action.isChecked()
        assert button._words == f"Colour: {colour.word}"

        kept = view_of(fitted.state, fitted.viewport)
        other = next(one for one in COLOURS if one is not colour)
        view.change(colouring=other.name)
        show_view(kept, fitted.state, fitted.viewport)
        assert view.colouring == colour.name
        fitted.views.store(fitted.preferences)
        view.change(colouring=other.name)
        fitted.views.restore(fitted.preferences)
        assert view.colouring == colour.name
