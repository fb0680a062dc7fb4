"""Where panels and timeline stand in the window: kept from one start to the next, folded, set aside for a
full view of the bodies, and put back as they were first."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, QObject, QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStackedWidget, QToolBar, QWidget

from gui_app.app.side_panels import SidePanels
from gui_app.app.start_page import Welcome
from gui_app.document.actions import Actions
from gui_app.document.preferences import Preferences
from gui_app.tasks.coalesce import Coalescer
from gui_app.timeline.timeline import Timeline
from gui_app.widgets.buttons import allow

LAYOUT_VERSION = 2
STARTING = "The start page has its room: Esc leaves it"
"""Of the stored state; another version's is not taken, and everything opens where it did first."""

DEFAULT_SIZE = QSize(1440, 900)
MOST_TIMELINE, TIMELINE_SHARE, MOST_SHARE = 330, 0.34, 0.45
ROOM_FOR_CURVES = 36
LOW = "timeline_low"
AREA, CORNER = Qt.DockWidgetArea, Qt.Corner


class WindowLayout(QObject):
    """The layout of one window, and the four actions that change it.

    Args:
        actions: of the window.
        panels: beside the bodies.
        timeline: below them.
        pages: in the middle; while the start page is shown there the timeline gives it its room.
        window: which holds all of them.
    """

    def __init__(
        self,
        actions: Actions,
        panels: SidePanels,
        timeline: Timeline,
        pages: QStackedWidget,
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._actions, self._panels, self._timeline, self._window = actions, panels, timeline, window
        self._pages, self._starting = pages, False
        self._aside: list[QWidget] = []
        self._before = QByteArray()
        self._was_full, self._wanted = False, True
        self._lower = Coalescer(self._lower_timeline, self)
        actions.timeline.setChecked(True)
        actions.timeline.toggled.connect(self._show_timeline)
        actions.timeline_low.toggled.connect(timeline.set_low)
        actions.timeline_low.triggered.connect(self._bring_timeline)
        actions.full_view.toggled.connect(self._set_full)
        actions.reset_layout.triggered.connect(self.reset)
        timeline.visibilityChanged.connect(self._on_timeline)
        pages.currentChanged.connect(self._on_page)
        window.installEventFilter(self)

    def restore(self, stored: Preferences) -> None:
        """As it was the last time; as at the first start where nothing that can be used was stored."""
        window = self._window
        if not window.restoreGeometry(stored.bytes("geometry")):
            window.resize(DEFAULT_SIZE.boundedTo(window.screen().availableGeometry().size()))
        self._panels.restore(stored)
        if not window.restoreState(stored.bytes("layout"), LAYOUT_VERSION):
            self._set_timeline_height()
        self._give_corners()
        self._actions.timeline_low.setChecked(stored.flag(LOW, False))
        with QSignalBlocker(self._actions.timeline):
            self._actions.timeline.setChecked(not self._timeline.isHidden())
        self._on_page()

    def store(self, stored: Preferences) -> None:
        """Remembers it; a full view and the start page are left before."""
        self._actions.full_view.setChecked(False)
        self._start(False)
        stored.store("geometry", self._window.saveGeometry())
        stored.store("layout", self._window.saveState(LAYOUT_VERSION))
        stored.store(LOW, self._actions.timeline_low.isChecked())
        self._panels.store(stored)

    @Slot()
    def reset(self) -> None:
        """Everything where it stood at the first start; panels that are open stay open."""
        actions = self._actions
        actions.full_view.setChecked(False)
        docks = self._panels.present()
        shown = [dock for dock in docks if not dock.isHidden()]
        for dock in docks:
            # All leave before any comes back, so that tabs join at the first side only.
            self._window.removeDockWidget(dock)
        for dock in docks:
            dock.go_home(self._window)
        for dock in shown:
            dock.show()
        self._give_corners()
        actions.timeline_low.setChecked(False)
        actions.timeline.setChecked(True)
        if shown:
            self._window.resizeDocks(
                shown, [dock.sizeHint().width() for dock in shown], Qt.Orientation.Horizontal
            )
        self._set_timeline_height()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape ends the full view, before it ends anything else; in a lower window the bodies keep their
        share of it."""
        if isinstance(event, QResizeEvent) and watched is self._window:
            if 0 < event.size().height() < event.oldSize().height():
                self._lower.ask()
        elif (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self._actions.full_view.isChecked()
        ):
            self._actions.full_view.setChecked(False)
            event.accept()
            return True
        return super().eventFilter(watched, event)

    @Slot()
    def _lower_timeline(self) -> None:
        most, low = round(MOST_SHARE * self._window.height()), self._actions.timeline_low.isChecked()
        if self._timeline.isVisible() and not low and self._timeline.height() > most:
            self._window.resizeDocks([self._timeline], [most], Qt.Orientation.Vertical)

    def _give_corners(self) -> None:
        # The lists want height; a stored layout brings its own corners along.
        for corner, area in (
            (CORNER.BottomLeftCorner, AREA.LeftDockWidgetArea),
            (CORNER.TopLeftCorner, AREA.LeftDockWidgetArea),
            (CORNER.BottomRightCorner, AREA.RightDockWidgetArea),
            (CORNER.TopRightCorner, AREA.RightDockWidgetArea),
        ):
            self._window.setCorner(corner, area)

    def _set_timeline_height(self) -> None:
        share = min(MOST_TIMELINE, round(TIMELINE_SHARE * self._window.height()))
        whole = min(self._timeline.least_height + ROOM_FOR_CURVES, round(MOST_SHARE * self._window.height()))
        height = max(share, whole)
        self._window.resizeDocks([self._timeline], [height], Qt.Orientation.Vertical)

    @Slot()
    def _bring_timeline(self) -> None:
        # Who folds or unfolds it wants to see it; a start does neither.
        self._actions.timeline.setChecked(True)

    @Slot(bool)
    def _on_timeline(self, _visible: bool) -> None:
        if not self._starting:
            self._actions.timeline.setChecked(not self._timeline.isHidden())

    @Slot(int)
    def _on_page(self, *_: object) -> None:
        self._start(isinstance(self._pages.currentWidget(), Welcome))

    def _start(self, starting: bool) -> None:
        # What is wanted of the timeline stays as it is, and cannot be said meanwhile.
        self._starting = starting
        for action in (self._actions.timeline, self._actions.timeline_low):
            allow(action, STARTING if starting else "")
        if not self._actions.full_view.isChecked():
            self._show_timeline(self._actions.timeline.isChecked())

    @Slot(bool)
    def _show_timeline(self, wanted: bool) -> None:
        self._timeline.setVisible(wanted and not self._starting)

    @Slot(bool)
    def _set_full(self, full: bool) -> None:
        window = self._window
        if full:
            self._before, self._was_full = window.saveState(LAYOUT_VERSION), window.isFullScreen()
            self._wanted = self._actions.timeline.isChecked()
            bars: list[QWidget] = [window.menuBar(), window.statusBar(), *window.findChildren(QToolBar)]
            parts = [*bars, *window.findChildren(QDockWidget)]
            self._aside = [part for part in parts if not part.isHidden()]
            for part in self._aside:
                part.hide()
            window.setWindowState(window.windowState() | Qt.WindowState.WindowFullScreen)
            return
        if not self._was_full:
            window.setWindowState(window.windowState() & ~Qt.WindowState.WindowFullScreen)
        for part in self._aside:
            part.show()
        self._aside = []
        window.restoreState(self._before, LAYOUT_VERSION)
        # Another page may be shown by now.
        self._actions.timeline.setChecked(self._wanted)
        self._show_timeline(self._wanted)
