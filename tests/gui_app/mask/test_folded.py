"""What few ask for in the panel of the mask stays folded, and is remembered where it was asked for."""

from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.mask.sets import BEYOND, SHOWS
from gui_app.widgets.fold_button import LESS, MORE
from tests.gui_app.mask.test_mask import open_panel

DISTANCE = [shows for shows, *_ in SHOWS].index("distance")


def test_regions_and_distances_stay_folded_until_asked_for(
    window: MainWindow, make_window: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    open_panel(window, qtbot)
    sets = window.panels.masks.panel.sets

    def seen() -> list[bool]:
        return [widget.isVisible() for widget in (sets.by_region, sets.by_distance, sets.use_beyond)]

    qtbot.waitUntil(sets.more.isVisible)
    assert (sets.more.text(), seen()) == (MORE, [False, False, False])
    height = sets.sizeHint().height()
    sets.more.click()
    assert (sets.more.text(), seen()) == (LESS, [True, True, True])
    assert sets.sizeHint().height() > height

    # What is not as usual stays, and does not go away in the middle of a drag.
    sets.beyond.setValue(BEYOND + 20)
    sets.more.click()
    assert seen() == [False, True, True]
    sets.beyond.setValue(BEYOND)
    assert seen() == [False, True, True]
    sets.more.click()
    sets.more.click()
    assert seen() == [False, False, False]
    sets.shows.button(DISTANCE).click()
    qtbot.waitUntil(lambda: seen() == [False, True, True])

    sets.more.click()
    other = make_window(None, wait=False)
    other.actions_.mask.trigger()
    again = other.panels.masks.panel.sets
    assert again.more.isChecked()
    assert again.more.text() == LESS
    assert not again.by_region.isHidden()
