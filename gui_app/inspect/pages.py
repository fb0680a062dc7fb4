"""What the panels that look into bodies have in common: pages, of which one is shown, and the body that is
listed; and the dock that tells the inspection which of them is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QButtonGroup, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from gui_app.document.inspect_selection import BODIES, PAGES_OF, Inspection, InspectPanelName
from gui_app.document.state import AppState
from gui_app.style.theme import icon
from gui_app.tasks.coalesce import Coalescer, Paced
from gui_app.widgets.docks import REFRESH_SECONDS, PanelDock, SidePanel, choice_button
from gui_app.widgets.panels import PANEL

LEAST_HEIGHT, WIDTH = 240, 440


class InspectedPage(Protocol):
    """What a page is asked for."""

    def refresh(self) -> None:
        """Everything anew."""

    def refresh_frame(self) -> None:
        """The numbers that change with the frame."""


class InspectPanel(SidePanel):
    """Looks at the inspection only while it can be seen. ``head`` stands in the dock's title.

    Args:
        panel: its name, by which the inspection knows its pages.
        state, inspection: what it shows.
        sentence: what will appear here, and how.
        parent: the window.
    """

    def __init__(
        self,
        panel: InspectPanelName,
        state: AppState,
        inspection: Inspection,
        sentence: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(sentence, LEAST_HEIGHT, parent, WIDTH)
        self._state, self._inspection = state, inspection
        self.name, self.names = panel, PAGES_OF[panel]
        self._pages = QStackedWidget(self)
        self._asked: dict[str, InspectedPage] = {}
        self.tabs, self.bodies = QButtonGroup(self), QButtonGroup(self)
        self.head = QWidget(self)
        self._all = Coalescer(self.refresh, self)
        self._numbers = Paced(self._refresh_frame, self, round(1000 * REFRESH_SECONDS))

    def show_pages(self, pages: Sequence[tuple[QWidget, str, str]]) -> None:
        """Puts pages in their places, in the order of their names: a page, the words of its tab, its tip."""
        choice = QWidget(self)
        row, beside = QHBoxLayout(choice), QHBoxLayout(self.head)
        for line in (row, beside):
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(2)
        for number, (page, words, tip) in enumerate(pages):
            self._pages.addWidget(page)
            self._asked[self.names[number]] = page  # type: ignore[assignment]
            row.addWidget(choice_button(self.tabs, number, words, tip, self, "4px 2px"))
        row.addStretch(1)
        beside.addStretch(1)
        for number, body in enumerate(BODIES):
            button = choice_button(
                self.bodies, number, "", f"List the {body}; both show in 3D", self, "4px 3px"
            )
            button.setIcon(icon("person", f"{body.upper()}_WORDS"))
            button.setAccessibleName(body)
            beside.addWidget(button)
        self.tabs.idClicked.connect(self._on_tab)
        self.bodies.idClicked.connect(self._on_body)
        full = QWidget(self)
        column = QVBoxLayout(full)
        column.setContentsMargins(12, 0, 8, 6)
        column.setSpacing(3)
        column.addWidget(choice)
        column.addWidget(self._pages, 1)
        self.fill(full)
        state, inspection = self._state, self._inspection
        for signal in (
            state.document.motion_changed, inspection.joint_changed, inspection.vertex_changed,
            inspection.body_changed, inspection.page_changed,
        ):  # fmt: skip
            signal.connect(self.refresh_if_seen)
        for signal in (
            state.playback.frame_changed, state.document.result_changed, state.document.trial_changed,
            state.view.peek_changed,
        ):  # fmt: skip
            signal.connect(self._look_at_frame)

    @property
    def page(self) -> str:
        """Name of the one that is shown."""
        return self._inspection.page_of(self.name)

    @property
    def ready(self) -> bool:
        """What is listed is of the joint and body that are looked at."""
        return self.isVisible() and self._state.document.opened is not None and not self._all.waiting

    @Slot()
    def refresh_if_seen(self) -> None:
        """Everything anew, soon."""
        if self.isVisible():
            self._all.ask()

    @Slot()
    def _look_at_frame(self, *_: object) -> None:
        if self.isVisible():
            self._numbers.ask()

    @Slot()
    def refresh(self) -> None:
        """Shows everything as it is now."""
        inspection, place = self._inspection, self.names.index(self.page)  # type: ignore[arg-type]
        self.tabs.button(place).setChecked(True)
        self.bodies.button(BODIES.index(inspection.body)).setChecked(True)
        self._pages.setCurrentIndex(place)
        empty = self._state.document.opened is None
        self.show_content(not empty)
        self.head.setVisible(not empty)
        if not empty:
            self._asked[self.page].refresh()
            self._numbers.done()

    @Slot()
    def _refresh_frame(self) -> None:
        self._numbers.done()
        if self.ready:
            self._asked[self.page].refresh_frame()

    @Slot(int)
    def _on_tab(self, number: int) -> None:
        self._inspection.set_page(self.names[number])

    @Slot(int)
    def _on_body(self, number: int) -> None:
        self._inspection.set_body(BODIES[number])


class InspectDock(PanelDock):
    """While it is open, what is chosen in it shows on the bodies; of two that are, the one used last."""

    def __init__(
        self, panel: InspectPanel, inspection: Inspection, action: QAction, parent: QWidget | None = None
    ) -> None:
        super().__init__(PANEL[panel.name], action, parent)
        self._inspection = inspection
        self._panel = panel
        self.hold(panel, [panel.head])
        action.toggled.connect(self._on_open)
        self._on_open(action.isChecked())
        self.visibilityChanged.connect(self._on_front)
        inspection.page_changed.connect(self._on_page)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)

    @Slot(bool)
    def _on_open(self, shown: bool) -> None:
        if shown:
            self._inspection.open_panel(self._panel.name)
        else:
            self._inspection.close_panel(self._panel.name)

    @Slot(bool)
    def _on_front(self, visible: bool) -> None:
        if visible and not self.isHidden():
            self._take_up()

    @Slot("QWidget*", "QWidget*")
    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        if now is not None and not self.isHidden() and self._panel.isAncestorOf(now):
            self._take_up()

    def _take_up(self) -> None:
        self._inspection.set_page(self._inspection.page_of(self._panel.name))

    @Slot()
    def _on_page(self) -> None:
        if self._inspection.page in self._panel.names and self.is_behind():
            self.raise_()
