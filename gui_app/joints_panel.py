"""What the bodies are made of: a page of joints and a page of vertices."""

from __future__ import annotations

import time

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui_app.inspection import BODIES, Inspection, Page
from gui_app.joint_motion import JointMotion
from gui_app.preferences import Preferences
from gui_app.rest_distance import RestDistance
from gui_app.soon import Later, Soon
from gui_app.state import AppState
from gui_app.support_page import SupportPage
from gui_app.vertex_page import VertexPage
from gui_app.viewport import Viewport

WIDTH, LEAST_HEIGHT = 344, 240
# While frames go by, numbers that change more often than this cannot be read anyway.
REFRESH_SECONDS = 0.1
NO_MOTION = "Joints of both bodies and the vertices they are made of appear here.\n\nOpen a motion: Ctrl+O"
PAGES: tuple[Page, Page] = ("joints", "vertices")
PAGE_TIPS = ("Choose a joint, see its vertices", "Point at a vertex, see its joints")


class JointsPanel(QWidget):
    """Looks at the inspection only while it can be seen. ``title`` and ``head`` stand in the dock's title."""

    def __init__(
        self,
        state: AppState,
        inspection: Inspection,
        viewport: Viewport,
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._inspection = state, inspection
        self._last = 0.0
        self.rest = RestDistance(state, self)
        self.motion = JointMotion(state, inspection, self)
        self.joints = SupportPage(state, inspection, viewport, preferences, self.motion, self)
        self.vertices = VertexPage(state, inspection, self.rest, self)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.joints)
        self._pages.addWidget(self.vertices)
        self.tabs, self.bodies = QButtonGroup(self), QButtonGroup(self)
        self.title = QLabel("JOINTS", self)
        self.title.setProperty("role", "section")
        self.head = QWidget(self)
        row = QHBoxLayout(self.head)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for number, (page, tip) in enumerate(zip(PAGES, PAGE_TIPS, strict=True)):
            row.addWidget(_choice(self.tabs, number, page.capitalize(), tip, self))
        row.addStretch(1)
        for number, body in enumerate(BODIES):
            row.addWidget(_choice(self.bodies, number, body, f"List the {body}; both show in 3D", self))
        self.tabs.idClicked.connect(self._on_tab)
        self.bodies.idClicked.connect(self._on_body)
        full = QWidget(self)
        column = QVBoxLayout(full)
        column.setContentsMargins(12, 3, 8, 6)
        column.addWidget(self._pages, 1)
        self.empty = QLabel(NO_MOTION, self)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "secondary")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setContentsMargins(28, 0, 28, 0)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(full)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self.setAutoFillBackground(True)
        self._all = Soon(self.refresh, self)
        self._numbers = Soon(self._refresh_frame, self)
        self._rows = Soon(self._refresh_rows, self)
        self._next = Later(self._refresh_frame, self, round(1000 * REFRESH_SECONDS))
        for signal in (
            state.motion_changed, inspection.joint_changed, inspection.vertex_changed,
            inspection.body_changed, inspection.page_changed, self.rest.changed,
            self.motion.changed,
        ):  # fmt: skip
            signal.connect(self._look)
        inspection.looks_changed.connect(self._rows.ask)
        state.frame_changed.connect(self._look_at_frame)
        state.result_changed.connect(self._look_at_frame)
        state.trial_changed.connect(self._look_at_frame)
        state.peek_changed.connect(self._look_at_frame)

    def sizeHint(self) -> QSize:
        """Wide enough for all columns."""
        return QSize(WIDTH, 420)

    def minimumSizeHint(self) -> QSize:
        """The lists give way."""
        return QSize(WIDTH, LEAST_HEIGHT)

    def showEvent(self, event: QShowEvent) -> None:
        """What went by while the panel was hidden is looked up now."""
        super().showEvent(event)
        self.refresh()

    @Slot()
    def _look(self) -> None:
        if self.isVisible():
            self._all.ask()

    @Slot()
    def _look_at_frame(self, *_: object) -> None:
        if not self.isVisible() or self._next.isActive():
            return
        if time.monotonic() - self._last >= REFRESH_SECONDS:
            self._numbers.ask()
        else:
            self._next.start()

    @Slot()
    def refresh(self) -> None:
        """Shows everything as it is now."""
        inspection = self._inspection
        self.tabs.button(PAGES.index(inspection.page)).setChecked(True)
        self.bodies.button(BODIES.index(inspection.body)).setChecked(True)
        self._pages.setCurrentIndex(PAGES.index(inspection.page))
        empty = self._state.opened is None
        self._stack.setCurrentIndex(0 if empty else 1)
        self.title.setVisible(empty)
        self.head.setVisible(not empty)
        if empty:
            return
        if inspection.page == "joints":
            self.joints.refresh()
        else:
            self.vertices.refresh()
        self._last = time.monotonic()

    @Slot()
    def _refresh_frame(self) -> None:
        self._last = time.monotonic()
        # What is listed may be of another joint or body until everything is shown anew.
        if self._state.opened is None or not self.isVisible() or self._all.waiting:
            return
        if self._inspection.page == "joints":
            self.joints.refresh_frame()
        elif self._inspection.vertex is not None:
            self.vertices.refresh_frame()

    @Slot()
    def _refresh_rows(self) -> None:
        ready = self.isVisible() and self._state.opened is not None and not self._all.waiting
        if ready and self._inspection.page == "joints":
            self.joints.refresh_rows()

    @Slot(int)
    def _on_tab(self, number: int) -> None:
        self._inspection.set_page(PAGES[number])

    @Slot(int)
    def _on_body(self, number: int) -> None:
        self._inspection.set_body(BODIES[number])


def _choice(group: QButtonGroup, number: int, words: str, tip: str, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setText(words)
    button.setToolTip(tip)
    button.setCheckable(True)
    button.setStyleSheet("padding: 5px 7px;")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    group.addButton(button, number)
    return button
