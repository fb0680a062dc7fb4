"""What the bodies are made of: pages of joints, of vertices, of sets of both, and of the regressor."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from gui_app.document.actions import Actions
from gui_app.document.inspect_selection import BODIES, Inspection, InspectPage
from gui_app.document.preferences import Preferences
from gui_app.document.rest_distance import RestDistance
from gui_app.document.state import AppState
from gui_app.inspect.correspondence.model import Correspondences
from gui_app.inspect.correspondence.page import CorrespondencePage
from gui_app.inspect.joint_sets.page import SetPage
from gui_app.inspect.joints.series import JointMotion
from gui_app.inspect.joints.support_page import SupportPage
from gui_app.inspect.joints.vertex_page import VertexPage
from gui_app.inspect.regressor.model import Regressors
from gui_app.inspect.regressor.page import RegressorPage
from gui_app.style.theme import icon
from gui_app.tasks.coalesce import Coalescer, Paced
from gui_app.viewport.pins import Pins
from gui_app.viewport.viewport import Viewport
from gui_app.widgets.docks import REFRESH_SECONDS, PanelDock, SidePanel, choice_button
from gui_app.widgets.panels import PANEL

LEAST_HEIGHT, WIDTH = 240, 440
NO_MOTION = "Joints of both bodies and the vertices that regress them appear here.\n\nOpen a motion: Ctrl+O"
PAGES: tuple[InspectPage, ...] = ("joints", "vertices", "sets", "regressor", "map")
PAGE_WORDS = ("Joints", "Vertices", "Sets", "Regressor", "Mapping")
PAGE_TIPS = (
    "Choose a joint, see its vertices",
    "Point at a vertex, see its joints",
    "Joint sets of your own, followed over the motion",
    "The J_regressor that gives joints from vertices: figures, picture, another one compared",
    "The correspondence of the two bodies: built from them, compared, saved",
)


class JointsPanel(SidePanel):
    """Looks at the inspection only while it can be seen. ``head`` stands in the dock's title."""

    def __init__(
        self,
        state: AppState,
        inspection: Inspection,
        viewport: Viewport,
        preferences: Preferences,
        pins: Pins,
        rest: RestDistance,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(NO_MOTION, LEAST_HEIGHT, parent, WIDTH)
        self._state, self._inspection = state, inspection
        self.motion = JointMotion(state, inspection, self)
        self.regressors = Regressors(state, inspection, self)
        self.joints = SupportPage(
            state, inspection, viewport, preferences, self.motion, self.regressors, self
        )
        self.vertices = VertexPage(state, inspection, rest, self)
        self.sets = SetPage(state, inspection, viewport, preferences, self.motion, pins, self)
        self.regressor = RegressorPage(state, inspection, self.regressors, preferences, self)
        self.maps = Correspondences(state, self)
        self.map = CorrespondencePage(state, inspection, viewport, self.maps, preferences, self)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.joints)
        self._pages.addWidget(self.vertices)
        self._pages.addWidget(self.sets)
        self._pages.addWidget(self.regressor)
        self._pages.addWidget(self.map)
        self.tabs, self.bodies = QButtonGroup(self), QButtonGroup(self)
        self.head, pages = QWidget(self), QWidget(self)
        row, beside = QHBoxLayout(pages), QHBoxLayout(self.head)
        for line in (row, beside):
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(2)
        for number, (words, tip) in enumerate(zip(PAGE_WORDS, PAGE_TIPS, strict=True)):
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
        column.addWidget(pages)
        column.addWidget(self._pages, 1)
        self.fill(full)
        self._all = Coalescer(self.refresh, self)
        self._rows = Coalescer(self._refresh_rows, self)
        self._numbers = Paced(self._refresh_frame, self, round(1000 * REFRESH_SECONDS))
        for signal in (
            state.document.motion_changed, inspection.joint_changed, inspection.vertex_changed,
            inspection.body_changed, inspection.page_changed, rest.changed,
            self.motion.changed, self.sets.sets.changed, self.sets.measured.changed, pins.changed,
            self.regressors.changed, self.regressors.measured, self.maps.changed,
        ):  # fmt: skip
            signal.connect(self._refresh_if_seen)
        inspection.looks_changed.connect(self._rows.ask)
        inspection.looks_changed.connect(self._on_looks)
        state.playback.frame_changed.connect(self._look_at_frame)
        state.document.result_changed.connect(self._look_at_frame)
        state.document.trial_changed.connect(self._look_at_frame)
        state.view.peek_changed.connect(self._look_at_frame)

    @Slot()
    def _refresh_if_seen(self) -> None:
        if self.isVisible():
            self._all.ask()

    @Slot()
    def _look_at_frame(self, *_: object) -> None:
        if self.isVisible():
            self._numbers.ask()

    @Slot()
    def refresh(self) -> None:
        """Shows everything as it is now."""
        inspection = self._inspection
        self.tabs.button(PAGES.index(inspection.page)).setChecked(True)
        self.bodies.button(BODIES.index(inspection.body)).setChecked(True)
        self._pages.setCurrentIndex(PAGES.index(inspection.page))
        empty = self._state.document.opened is None
        self.show_content(not empty)
        self.head.setVisible(not empty)
        if empty:
            return
        if inspection.page == "joints":
            self.joints.refresh()
        elif inspection.page == "vertices":
            self.vertices.refresh()
        elif inspection.page == "sets":
            self.sets.refresh()
        elif inspection.page == "regressor":
            self.regressor.refresh()
        else:
            self.map.refresh()
        self._numbers.done()

    @Slot()
    def _refresh_frame(self) -> None:
        self._numbers.done()
        # What is listed may be of another joint or body until everything is shown anew.
        if self._state.document.opened is None or not self.isVisible() or self._all.waiting:
            return
        if self._inspection.page == "joints":
            self.joints.refresh_frame()
        elif self._inspection.page == "sets":
            self.sets.refresh_frame()
        elif self._inspection.page == "regressor":
            self.regressor.refresh_frame()
        elif self._inspection.vertex is not None:
            self.vertices.refresh_frame()

    @Slot()
    def _on_looks(self) -> None:
        # Out of sight nothing else would tell them.
        if not self._inspection.active or self._inspection.page != "sets":
            self.sets.show_nothing()

    @Slot()
    def _refresh_rows(self) -> None:
        ready = self.isVisible() and self._state.document.opened is not None and not self._all.waiting
        if ready and self._inspection.page == "joints":
            self.joints.refresh_rows()
        elif ready and self._inspection.page == "regressor":
            self.regressor.refresh_marks()

    @Slot(int)
    def _on_tab(self, number: int) -> None:
        self._inspection.set_page(PAGES[number])

    @Slot(int)
    def _on_body(self, number: int) -> None:
        self._inspection.set_body(BODIES[number])


# The panel of joints beside the bodies, hidden until it is asked for.


class JointsDock(PanelDock):
    """Stands on the right. While it is open, what is chosen in it shows on the bodies."""

    def __init__(
        self,
        state: AppState,
        inspection: Inspection,
        viewport: Viewport,
        preferences: Preferences,
        pins: Pins,
        rest: RestDistance,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(PANEL["joints"], actions.joints, parent)
        self._state, self._inspection = state, inspection
        self._none = actions.choose_none
        self.panel = JointsPanel(state, inspection, viewport, preferences, pins, rest, self)
        self.hold(self.panel, [self.panel.head])
        actions.joints.toggled.connect(inspection.set_active)
        inspection.set_active(actions.joints.isChecked())
        self._none.triggered.connect(inspection.choose_nothing)
        inspection.looks_changed.connect(self._on_looks)
        state.activity.run_changed.connect(self._on_looks)
        state.activity.opening_changed.connect(self._on_looks)
        self._on_looks()

    @Slot()
    def _on_looks(self) -> None:
        # While a fit runs, or a file is read, the same key cancels it.
        busy = self._state.activity.run.active or bool(self._state.activity.opening)
        self._none.setEnabled(self._inspection.shows_something and not busy)
