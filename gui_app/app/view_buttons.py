"""Buttons of the toolbar that drop a menu: camera and colouring."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from gui_app.document.actions import Actions
from gui_app.document.state import AppState
from gui_app.scene.skin_colours import COLOUR, DIFFERENCE
from gui_app.widgets.buttons import MenuButton

RANGE_OF_FIT = "Error from 0 to this fit's p95"
CAMERA_TIP = "Where to look from (0 to 3; F: follow, O: orthographic)"
RANGES_MM = (5.0, 10.0, 20.0, 50.0)
APART_RANGES_MM = (1.0, 2.0, 5.0, 20.0)


class CameraButton(MenuButton):
    """Named views, projection, and whether the camera goes along."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__("Camera", "video-camera", CAMERA_TIP, parent)
        fill_camera_menu(self.menu(), actions)


def fill_camera_menu(menu: QMenu, actions: Actions) -> None:
    """What moves the camera."""
    menu.addActions(
        [actions.home, actions.front, actions.behind, actions.side, actions.right_side, actions.top]
    )
    menu.addActions([actions.go_near, actions.go_back])
    menu.addSeparator()
    menu.addActions([*actions.cameras, actions.save_camera, actions.forget_cameras])
    menu.addSeparator()
    menu.addActions([actions.follow, actions.parallel])


class ColourButton(MenuButton):
    """What the colours of the skin tell, and the range of the error."""

    def __init__(self, state: AppState, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__("Colour", "palette", "What the colours of the skin tell (E: error or plain)", parent)
        self._state = state
        menu = self.menu()
        fill_colour_menu(menu, actions)
        menu.addSeparator()
        self._ranges: list[QAction] = []
        for place in range(len(RANGES_MM)):
            action = menu.addAction("")
            action.triggered.connect(partial(self._set_range_at, place))
            self._ranges.append(action)
        self._fitting = menu.addAction(RANGE_OF_FIT)
        self._fitting.triggered.connect(self._set_range_of_fit)
        menu.aboutToShow.connect(self._on_menu)
        state.view.changed.connect(self._on_view)
        self._on_view()

    @property
    def _apart(self) -> bool:
        return self._state.view.colouring == DIFFERENCE.name

    def _set_range_at(self, place: int, *_: object) -> None:
        if self._apart:
            self._state.view.set_scale_end(APART_RANGES_MM[place])
        else:
            self._set_range(RANGES_MM[place])

    def _set_range(self, range_mm: float, *_: object) -> None:
        self._state.view.change(colouring="error", range_mm=range_mm)

    @Slot()
    def _set_range_of_fit(self) -> None:
        range_mm = range_of_fit(self._state)
        if range_mm is not None:
            self._set_range(range_mm)

    @Slot()
    def _on_menu(self) -> None:
        self._name_ranges()
        range_mm = range_of_fit(self._state)
        self._fitting.setEnabled(range_mm is not None)
        if range_mm is not None:
            self._fitting.setText(f"{RANGE_OF_FIT} ({range_mm:.0f} mm)")
        else:
            self._fitting.setText(RANGE_OF_FIT)

    def _name_ranges(self) -> None:
        what, ranges = ("Difference", APART_RANGES_MM) if self._apart else ("Error", RANGES_MM)
        for action, value in zip(self._ranges, ranges, strict=True):
            action.setText(f"{what} from 0 to {value:.0f} mm")

    @Slot()
    def _on_view(self) -> None:
        self._name_ranges()
        self.set_words(f"Colour: {COLOUR[self._state.view.colouring].word}")


def fill_colour_menu(menu: QMenu, actions: Actions) -> None:
    """The colourings."""
    menu.addActions(actions.colourings)


def range_of_fit(state: AppState) -> float | None:
    """Millimetres that nearly all of the fit stays below: in 99 % of its frames, 95 % of its vertices do."""
    result = state.document.result
    if result is None or not result.fitted.any():
        return None
    return float(max(np.ceil(np.percentile(result.p95_mm[result.fitted], 99)), 1.0))
