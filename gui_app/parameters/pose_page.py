"""The pose of a frame: its joints in a tree, and the rotation of the one chosen."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from gui_app.parameters.editing import Edit, Editing, Kind
from gui_app.parameters.joint_tree import PoseTree
from gui_app.parameters.pages import AXES, Page, Shown
from gui_app.parameters.rows import DEGREES, ParameterRows
from gui_app.scene.picking import joint_words
from gui_app.style.theme import SMALL_PIXELS, icon
from gui_app.widgets.buttons import allow

NOT_NOW = "This frame cannot be edited now: it is not fitted, or a fit is going on"
ROTATION_TIP = (
    "{axis} of the rotation vector (axis-angle: the axis times the angle), degrees, relative to the parent "
    "joint; the file has the same in radians"
)


class PosePage(Page):
    """All joints in a tree, and the rotation of the one chosen."""

    kind: Kind = "pose"

    def __init__(self, editing: Editing, parent: QWidget | None = None) -> None:
        super().__init__(editing, parent)
        self._free = False
        self.tree = PoseTree(self)
        self.tree.chosen.connect(self._on_chosen)
        self.title = QLabel(self)
        self.title.setStyleSheet("font-weight: 600;")
        self.from_source = self._button("From source", "arrow-line-down", "Turn this joint as the source's")
        self.reset = self._button("Reset", "arrow-counter-clockwise", "Turn this joint as it was fitted")
        self.from_source.clicked.connect(self._take_source)
        self.reset.clicked.connect(self._reset_joint)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.title, 1)
        head.addWidget(self.from_source)
        head.addWidget(self.reset)
        self.rows = ParameterRows(DEGREES, self)
        self.rows.set_rows(AXES, [ROTATION_TIP.format(axis=axis) for axis in AXES])
        self.rows.edited.connect(self._on_edited)
        self.rows.finished.connect(editing.finish)
        self.rows.reset.connect(self._on_reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(self.tree, 1)
        column.addLayout(head)
        column.addWidget(self.rows)

    def _button(self, words: str, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(words)
        button.setIcon(icon(name, "TEXT_SECONDARY"))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setStyleSheet(f"QToolButton {{ padding: 3px 6px; font-size: {SMALL_PIXELS}px; }}")
        return button

    def show_frame(self, shown: Shown, free: bool) -> None:
        """Shows a frame; ``free`` where it can be edited."""
        from core.model.joint_angles import joint_angles

        self._shown, self._free = shown, free
        angles = joint_angles(shown.source.pose, shown.now.pose, shown.joints)
        edited = (shown.now.pose != shown.before.pose).any(axis=1) & np.isfinite(angles.fit)
        self.tree.show_angles(angles, edited)
        self._show_joint()

    def _show_joint(self) -> None:
        shown, joint = self._shown, self.tree.joint
        if shown is None or not 0 <= joint < len(shown.now.pose):
            return
        words = joint_words(self.tree.model.names[joint])
        self.title.setText(f"{words} · global" if joint == 0 else words)
        now, before, source = shown.now.pose[joint], shown.before.pose[joint], self._source_of(joint)
        free = self._free
        has = source is not None
        degrees = np.degrees(source) if source is not None else np.full(3, np.nan)
        self.rows.show_numbers(np.degrees(now).tolist(), np.degrees(before).tolist(), degrees.tolist(), free)
        same = source is not None and np.array_equal(source, now)
        self.from_source.setEnabled(free and has and not same)
        lacks = "rotation here" if shown.joints[joint] >= 0 else "joint of this name"
        self.from_source.setToolTip(
            f"The source has no {lacks}"
            if not has
            else NOT_NOW
            if not free
            else "It turns as the source's does"
            if same
            else "Turn this joint as the source's"
        )
        allow(
            self.reset,
            NOT_NOW if not free else "It is as it was fitted" if np.array_equal(before, now) else "",
        )

    def _source_of(self, joint: int) -> np.ndarray | None:
        """The source's rotation (3,), None where it has no such joint or no finite numbers."""
        shown = self._shown
        if shown is None or shown.joints[joint] < 0:
            return None
        rotation = shown.source.pose[shown.joints[joint]]
        return rotation if np.isfinite(rotation).all() else None

    @Slot(int)
    def _on_chosen(self, _joint: int) -> None:
        self._editing.finish()
        self._show_joint()

    @Slot(int, float)
    def _on_edited(self, row: int, degrees: float) -> None:
        if self._shown is not None:
            rotation = self._shown.now.pose[self.tree.joint].copy()
            rotation[row] = np.radians(degrees)
            self._turn(rotation, "edit of", f"joint {self.tree.joint} {row}")

    @Slot(int)
    def _on_reset(self, row: int) -> None:
        if self._shown is not None:
            joint = self.tree.joint
            rotation = self._shown.now.pose[joint].copy()
            rotation[row] = self._shown.before.pose[joint][row]
            self._turn(rotation, "reset of")

    @Slot()
    def _reset_joint(self) -> None:
        if self._shown is not None:
            self._turn(self._shown.before.pose[self.tree.joint], "reset of")

    @Slot()
    def _take_source(self) -> None:
        source = self._source_of(self.tree.joint)
        if source is not None:
            self._turn(source, "source's rotation of")

    def _turn(self, rotation: np.ndarray, verb: str, key: str | None = None) -> None:
        from core.model.frame_parameters import ParameterChange

        joint = self.tree.joint
        edit = Edit("pose", f"{verb} {joint_words(self.tree.model.names[joint])}", key)
        change = ParameterChange(rotations={joint: rotation.copy()})
        (self._editing.make if key is None else self._editing.change)(edit, change)
