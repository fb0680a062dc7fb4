"""The menu bar."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QMenuBar

from core.files.builtin_files import motion_title
from gui_app.app.fit_menu import fill_fit_menu
from gui_app.app.view_buttons import fill_camera_menu, fill_colour_menu
from gui_app.document.actions import Actions
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.widgets.panels import PANELS
from gui_app.widgets.text import menu_words, path_tip


class Menus(QObject):
    """File, Edit, Fit, Play, Problems, Inspect, View, Bodies, Help.

    Alt with the letter that is marked opens one, F10 goes to the first.
    """

    def __init__(
        self,
        bar: QMenuBar,
        state: AppState,
        actions: Actions,
        preferences: Preferences,
        open_path: Callable[[Path], object],
        people: QMenu,
    ) -> None:
        super().__init__(bar)
        self._state, self._preferences, self._open_path = state, preferences, open_path
        file = self._menu(bar, "&File", [actions.open, actions.open_folder])
        self.motions = file.addMenu("Built-in motions")
        self.motions.aboutToShow.connect(self._fill_motions)
        self.recent = file.addMenu("Open recent")
        self.recent.aboutToShow.connect(self._fill_recent)
        file.addAction(actions.reading)
        file.addSeparator()
        file.addActions([actions.save_session, actions.save_session_as, actions.session_motion])
        file.addSeparator()
        file.addActions([actions.save, actions.export])
        file.addAction(actions.copy_picture)
        file.addSeparator()
        file.addAction(actions.quit)
        self._menu(bar, "&Edit", [actions.undo, actions.redo, None, actions.select_all, actions.select_none])
        fit = self._menu(bar, "Fi&t", [])
        fill_fit_menu(fit, actions)
        for action in (None, actions.cancel, None, actions.steps, None, actions.autofit):
            fit.addSeparator() if action is None else fit.addAction(action)
        play = self._menu(
            bar,
            "&Play",
            [
                actions.play, actions.loop, actions.slower, actions.faster, None, actions.back,
                actions.forward, actions.back_ten, actions.forward_ten, actions.first, actions.last, None,
                actions.range_in, actions.range_out, actions.clear_in, actions.clear_out,
                actions.zoom_range, None, actions.marker, actions.remove_marker,
                actions.previous_marker, actions.next_marker,
            ],
        )  # fmt: skip
        self.markers = play.addMenu("Markers")
        self.markers.aboutToShow.connect(self._fill_markers)
        self._menu(
            bar,
            "P&roblems",
            [
                *_panels(actions, "Problems"), None, actions.previous_problem, actions.next_problem,
                actions.show_part, None, actions.accept, actions.refit_rows, actions.fix_rows,
                actions.hold_before,
            ],
        )  # fmt: skip
        self._menu(
            bar,
            "&Inspect",
            [
                *_panels(actions, "Inspect"), None, actions.mask_brush, actions.mask_lasso, None,
                actions.measure, actions.remove_distance, actions.remove_distances, None,
                actions.go_near, actions.go_back, actions.choose_none,
            ],
        )  # fmt: skip
        view = self._menu(
            bar,
            "&View",
            [
                *actions.layouts,
                None,
                actions.compare,
                actions.compare_file,
                actions.compare_recipe,
                actions.swap_fits,
                actions.largest_difference,
                None,
            ],
        )
        fill_camera_menu(view.addMenu("Camera"), actions)
        fill_colour_menu(view.addMenu("Colour"), actions)
        view.addMenu("Layers").addActions(actions.layers)
        view.addMenu(people)
        view.addAction(actions.reading)
        view.addSeparator()
        view.addMenu("Panels").addActions(actions.panels)
        view.addActions(
            [
                actions.before_fit, actions.timeline, actions.timeline_low, actions.full_view,
                actions.reset_layout,
            ]
        )  # fmt: skip
        view.addMenu("Theme").addActions(actions.themes)
        self._menu(bar, "&Bodies", [actions.models, actions.builtin, None, *actions.targets.values()])
        self._menu(
            bar,
            "&Help",
            [
                actions.manual, actions.palette, actions.shortcuts, None, actions.start_page, actions.log,
                actions.report, actions.about,
            ],
        )  # fmt: skip

        self._bar = bar
        # Not every system's own key for the menus is known to Qt.
        key = QShortcut(QKeySequence("F10"), bar)
        key.activated.connect(self._go_to_first)

    @Slot()
    def _go_to_first(self) -> None:
        self._bar.setFocus(Qt.FocusReason.MenuBarFocusReason)
        self._bar.setActiveAction(self._bar.actions()[0])

    def _menu(self, bar: QMenuBar, title: str, actions: list[QAction | None]) -> QMenu:
        menu = bar.addMenu(title)
        menu.setToolTipsVisible(True)
        for action in actions:
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)
        return menu

    @Slot()
    def _fill_motions(self) -> None:
        from core.errors import RefitError
        from core.files.builtin_files import builtin_motions

        self.motions.clear()
        try:
            paths = builtin_motions()
        except RefitError as error:
            self.motions.addAction(str(error)).setEnabled(False)
            return
        for path in paths:
            self._add_path(self.motions, motion_title(path), path)

    @Slot()
    def _fill_recent(self) -> None:
        self.recent.clear()
        paths = self._preferences.recent
        for path in paths:
            self._add_path(self.recent, path.name, path)
        if paths:
            self.recent.addSeparator()
            self.recent.addAction("Clear this list").triggered.connect(self._clear_recent)
        else:
            self.recent.addAction("Files you open appear here").setEnabled(False)

    @Slot()
    def _fill_markers(self) -> None:
        self.markers.clear()
        markers, go_to = self._state.document.markers, self._state.playback.go_to
        for marker in markers:
            action = self.markers.addAction(f"{menu_words(marker.name)}\tframe {marker.frame}")
            action.triggered.connect(partial(_call, go_to, marker.frame))
        if not markers:
            self.markers.addAction("Moments that you name appear here").setEnabled(False)

    def _add_path(self, menu: QMenu, title: str, path: Path) -> None:
        action = menu.addAction(menu_words(title))
        action.setToolTip(path_tip(path))
        action.triggered.connect(partial(self._open_path, path))

    @Slot()
    def _clear_recent(self) -> None:
        self._preferences.clear_recent()


def _panels(actions: Actions, section: str) -> list[QAction]:
    """What shows the panels of a section."""
    return [actions.panel(panel.name) for panel in PANELS if panel.section == section]


def _call(do: Callable[[int], object], frame: int, *_: object) -> None:
    do(frame)
