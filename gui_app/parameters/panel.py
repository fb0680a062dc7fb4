"""Parameters of the frame shown, source and fit beside each other; those of the fit can be edited."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from gui_app.document.document import Document
from gui_app.document.playback import Playback
from gui_app.parameters.editing import Editing, mm_words
from gui_app.parameters.pages import ExpressionPage, Page, ShapePage, Shown, TranslationPage
from gui_app.parameters.pose_page import PosePage
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import SMALL_PIXELS, icon, tabular
from gui_app.tasks.coalesce import Paced
from gui_app.widgets.docks import REFRESH_SECONDS, PanelDock, SidePanel, choice_button
from gui_app.widgets.labels import IconLabel
from gui_app.widgets.panels import PANEL

if TYPE_CHECKING:
    from gui_app.document.opened import Opened

LEAST_HEIGHT = 236
NO_PARAMETERS = "The source is meshes: it has no parameters"
NO_MOTION = (
    "Betas, expression, pose and translation of source and fit appear here, frame by frame.\n\n"
    "Open a motion: Ctrl+O"
)
NO_FIT = (
    "Betas, expression, pose and translation of source and fit appear here once there is a fit.\n\n"
    "Fit this motion: Ctrl+Return\nOpen a fit made earlier: Ctrl+O"
)
EDITED = "This frame was edited by hand; a fit of it takes the mark away"


class ParametersPanel(SidePanel):
    """A line on the frame, and four pages of numbers."""

    def __init__(
        self, document: Document, playback: Playback, editing: Editing, parent: QWidget | None = None
    ) -> None:
        super().__init__(NO_MOTION, LEAST_HEIGHT, parent)
        self._document, self._playback, self._editing = document, playback, editing
        self._joints: tuple[Opened, np.ndarray] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.pose = PosePage(editing, self)
        self.shape_ = ShapePage(editing, self)
        self.expression = ExpressionPage(editing, self)
        self.translation = TranslationPage(editing, self)
        self.pages = QStackedWidget(self)
        self.tabs = QButtonGroup(self)
        tabs = QHBoxLayout()
        tabs.setSpacing(2)
        titles = ("Pose", "Shape", "Expression", "Translation")
        pages: tuple[Page, ...] = (self.pose, self.shape_, self.expression, self.translation)
        for number, (title, page) in enumerate(zip(titles, pages, strict=True)):
            self.pages.addWidget(page)
            tabs.addWidget(choice_button(self.tabs, number, title, "", self))
        tabs.addStretch(1)
        self.tabs.button(0).setChecked(True)
        self.tabs.idClicked.connect(self._on_tab)
        self.frame = QLabel(self)
        self.figure = QLabel(self)
        self.figure.setToolTip(
            "Mean v2v error of this frame over all valid vertices, before and after the edit"
        )
        for label in (self.frame, self.figure):
            tabular(label)
        self.pencil = IconLabel(icon("pencil-simple", "EDITED"), 14, self)
        self.pencil.setToolTip(EDITED)
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        set_sheet(self.note, f"font-size: {SMALL_PIXELS}px; color: $TEXT_SECONDARY;")
        self.note.hide()
        self.head = QWidget(self)
        head = QHBoxLayout(self.head)
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.frame)
        head.addWidget(self.pencil)
        head.addStretch(1)
        head.addWidget(self.figure)
        full = QWidget(self)
        column = QVBoxLayout(full)
        column.setContentsMargins(12, 2, 8, 6)
        column.setSpacing(5)
        column.addLayout(tabs)
        column.addWidget(self.note)
        column.addWidget(self.pages, 1)
        self.fill(full)
        self._soon = Paced(self.refresh, self, round(1000 * REFRESH_SECONDS))
        document.motion_changed.connect(self._look_soon)
        playback.frame_changed.connect(self._look_soon)
        document.result_changed.connect(self._look_soon)
        editing.changed.connect(self._look_soon)

    @Slot()
    def _look_soon(self, *_: object) -> None:
        if self.isVisible():
            self._soon.ask()

    @Slot(int)
    def _on_tab(self, number: int) -> None:
        self._editing.finish()
        self.pages.setCurrentIndex(number)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows the frame as it is now."""
        from core.model.frame_parameters import source_parameters

        self._soon.done()
        document, playback, editing = self._document, self._playback, self._editing
        opened, now, before = document.opened, editing.now(), editing.before()
        if opened is None or document.result is None or now is None:
            self.empty.setText(NO_MOTION if opened is None else NO_FIT)
            self.show_content(False)
            self.head.hide()
            return
        self.head.show()
        self.show_content(True)
        page = self.pages.currentWidget()
        assert isinstance(page, Page)
        self.pose.tree.set_joints(opened.bodies.target.joint_names, opened.bodies.target.parents)
        source = source_parameters(opened.motion, playback.frame)
        shown = Shown(
            now, before or now, source, self._joints_of(opened), document.result.frame_betas is None
        )
        blocked = editing.blocked(page.kind)
        page.show_frame(shown, not blocked)
        edited = bool(document.result.edited[playback.frame])
        self.frame.setText(f"frame {playback.frame}")
        self.pencil.setVisible(edited)
        note = blocked or ("" if opened.motion.has_poses else NO_PARAMETERS)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        figure = float(document.result.mean_mm[playback.frame])
        trial = opened.posed.frame(playback.frame).mean_mm if editing.active else figure
        self.figure.setText("" if math.isnan(trial) else mm_words(figure, trial))

    def _joints_of(self, opened: Opened) -> np.ndarray:
        from core.model.frame_parameters import source_joints

        if self._joints is None or self._joints[0] is not opened:
            self._joints = (opened, source_joints(opened.bodies))
        return self._joints[1]


# The parameters panel beside the bodies, hidden until it is asked for.


class ParametersDock(PanelDock):
    """Stands on the right."""

    def __init__(
        self,
        document: Document,
        playback: Playback,
        editing: Editing,
        action: QAction,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(PANEL["parameters"], action, parent)
        self.panel = ParametersPanel(document, playback, editing, self)
        self.hold(self.panel, [self.panel.head])
