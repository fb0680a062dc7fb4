"""The page of joints: the tree of them, and what the chosen one is made of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.errors import RefitError
from gui_app.document.inspect_selection import Inspection
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.inspect.joints.series import JointMotion
from gui_app.inspect.joints.series_lines import JointLines
from gui_app.inspect.joints.support_table import EDIT_TIP, OPEN_TO_EDIT, SupportTable
from gui_app.inspect.joints.tree import JointTree
from gui_app.inspect.regressor.model import Regressors
from gui_app.scene.picking import joint_words
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import tabular
from gui_app.viewport.viewport import Viewport
from gui_app.widgets.buttons import quiet_button
from gui_app.widgets.labels import NO_NUMBER
from gui_app.widgets.save_dialog import FileKind, ask_where
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.inspection.support import Support

NO_JOINT = "The vertices that regress a joint appear here, and on both bodies.\n\nChoose a joint above"
# Per cent of the weight, at the steps of the slider.
SHARES = (0.0, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 20.0)
FIGURES = (
    ("sum", "Sum of the weights; of a joint that moves with the body it is 1"),
    ("spread, mm", "How far the vertices lie from their centre: root mean square by weight, millimetres"),
    ("negative", "Number of weights below zero"),
    ("invalid, %", "Share of the weight on vertices that do not count in a fit, per cent"),
    ("joint, m", "Where the joint is in the frame on show, metres in the motion's own world"),
    ("centroid, m", "Mean of the vertices by the size of their weights, metres in the motion's own world"),
)
# From here on they take a line each, and give way in a low window.
WIDE = 4
NEAR_M = 0.09
HEAD_HEIGHT = 24
# Weights as the files hold them sum to one within this.
SUM_OFF = 5e-5
TABLE = FileKind("Save the table", "Table", ".csv")
# In a low window the lists need the room themselves.
LEAST_FOR_SLIDERS = 380
LEAST_FOR_SENTENCES = 480


class SupportPage(QWidget):
    """Tells the inspection what is chosen, and shows what it has found."""

    def __init__(
        self,
        state: AppState,
        inspection: Inspection,
        viewport: Viewport,
        preferences: Preferences,
        motion: JointMotion,
        regressors: Regressors,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._inspection = state, inspection
        self._viewport, self._preferences = viewport, preferences
        self._regressors = regressors
        self.lines = JointLines(state.document, state.playback, inspection, motion, self)
        self._support: Support | None = None
        self.tree = JointTree(self)
        above = QWidget(self)
        upper = QVBoxLayout(above)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(5)
        search = QHBoxLayout()
        search.setSpacing(10)
        search.setContentsMargins(0, 0, 16, 0)
        search.addWidget(self.tree.search, 1)
        search.addWidget(self.tree.heading)
        upper.addLayout(search)
        upper.addWidget(self.tree, 1)
        self.empty = QLabel(NO_JOINT, self)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "secondary")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setMinimumWidth(1)
        self._below = QStackedWidget(self)
        self._below.addWidget(self.empty)
        self._below.addWidget(self._details())
        self._parts = QSplitter(Qt.Orientation.Vertical, self)
        self._parts.setChildrenCollapsible(False)
        self._parts.setHandleWidth(7)
        self._parts.addWidget(above)
        self._parts.addWidget(self._below)
        # The vertices of a joint are what one comes for, and stand below its figures.
        self._parts.setStretchFactor(0, 3)
        self._parts.setStretchFactor(1, 5)
        self._parts.setSizes([189, 321])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._parts)
        self.tree.chosen.connect(inspection.choose_joint)
        self.table.marked.connect(inspection.emphasise)
        self.table.sought.connect(self._focus)
        self.table.rows.weighed.connect(self._on_weighed)
        self.table.asked_for.connect(self._on_asked)
        self._show_share()

    def _details(self) -> QWidget:
        whole = QWidget(self)
        self.title = QLabel(whole)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setStyleSheet("font-weight: 600;")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.copy = quiet_button("copy", "Copy the table", whole, HEAD_HEIGHT)
        self.copy.clicked.connect(self._copy)
        self.save = quiet_button("floppy-disk", "Save the table as CSV…", whole, HEAD_HEIGHT)
        self.save.clicked.connect(self._save)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.title, 1)
        self.normalise = quiet_button("equals", "", whole, HEAD_HEIGHT)
        self.normalise.setAccessibleName("Scale the weights to sum to 1")
        self.normalise.clicked.connect(self._normalise)
        self.undo = quiet_button("arrow-counter-clockwise", "", whole, HEAD_HEIGHT)
        self.undo.setAccessibleName("Undo")
        self.undo.clicked.connect(self._regressors.undo)
        self.redo = quiet_button("arrow-clockwise", "", whole, HEAD_HEIGHT)
        self.redo.setAccessibleName("Redo")
        self.redo.clicked.connect(self._regressors.redo)
        for button in (self.normalise, self.undo, self.redo):
            head.addWidget(button)
        head.addWidget(self.copy)
        head.addWidget(self.save)
        self.figures: dict[str, QLabel] = {}
        self._wide: list[QLabel] = []
        self._narrow: list[QLabel] = []
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(1)
        for place, (name, tip) in enumerate(FIGURES):
            title, value = QLabel(name, whole), QLabel(NO_NUMBER, whole)
            title.setProperty("role", "secondary")
            value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            tabular(value)
            for label in (title, value):
                label.setToolTip(tip)
            wide = place >= WIDE
            row, column = (place - WIDE // 2, 0) if wide else divmod(place, 2)
            grid.addWidget(title, row, 2 * column)
            grid.addWidget(value, row, 2 * column + 1, 1, 3 if wide else 1)
            self.figures[name] = value
            (self._wide if wide else self._narrow).extend((title, value))
        grid.setColumnStretch(1, 2)
        grid.setColumnStretch(3, 3)
        self.share = QSlider(Qt.Orientation.Horizontal, whole)
        self.share.setAccessibleName("Least share of the weight")
        self.share.setRange(0, len(SHARES) - 1)
        self.share.setPageStep(1)
        self.share.setToolTip(
            "Vertices with a smaller share of the weight are left out, here and on the bodies"
        )
        self.share.valueChanged.connect(self._on_share)
        self._share_words = QLabel(whole)
        tabular(self._share_words)
        self._share_words.setFixedWidth(self._share_words.fontMetrics().horizontalAdvance("from 00.0 %") + 6)
        self._share_words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._slide = QWidget(whole)
        slide = QHBoxLayout(self._slide)
        slide.setContentsMargins(0, 0, 0, 0)
        slide.setSpacing(8)
        title = QLabel("share", whole)
        title.setProperty("role", "secondary")
        slide.addWidget(title)
        slide.addWidget(self.share, 1)
        slide.addWidget(self._share_words)
        self.table = SupportTable(whole)
        column_box = QVBoxLayout(whole)
        column_box.setContentsMargins(0, 0, 0, 0)
        column_box.setSpacing(4)
        column_box.addLayout(head)
        column_box.addWidget(self.lines)
        column_box.addLayout(grid)
        column_box.addWidget(self._slide)
        column_box.addWidget(self.table, 1)
        return whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The slider and the places give way to the lists."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        high = self.height() >= LEAST_FOR_SLIDERS
        for widget in (self._slide, *self._wide):
            widget.setVisible(high)
        # Where there is room for a few rows only, what goes on over the motion comes before these.
        for label in self._narrow:
            label.setVisible(high or not self._state.document.has_fit)
        self.lines.give_room(self.height() >= LEAST_FOR_SENTENCES)
        self._below.setVisible(high or self._support is not None)

    def refresh(self) -> None:
        """Everything anew, after another joint, body or motion."""
        inspection = self._inspection
        self.tree.set_joints(inspection.joints(inspection.body))
        self.tree.show_joint(inspection.joint)
        found = inspection.support(inspection.body)
        self._support = found[0] if found is not None else None
        if found is None:
            key = inspection.joint
            missing = f"The {inspection.body} has no joint “{joint_words(key.name)}”." if key else NO_JOINT
            self.empty.setText(missing)
        self._below.setCurrentIndex(0 if found is None else 1)
        self._make_room()
        self._show_editing()
        self.table.show_support(self._support, inspection.least_share)
        self.table.mark(inspection.emphasised)
        self.lines.refresh()
        self.refresh_frame()

    def _show_editing(self) -> None:
        """Weights of the chain can be changed: of a copy, for looking and for a file."""
        regressors, joint = self._regressors, self._inspection.found(self._inspection.body)
        chain = joint is not None and joint.kind == "kinematic"
        self.table.rows.editable = chain and regressors.editing
        self.table.rows.weight_tip = EDIT_TIP if regressors.editing else OPEN_TO_EDIT if chain else ""
        edits = self.table.rows.editable and regressors.now.matrix is not None
        taken = bool(regressors.undo_name or regressors.redo_name)
        for button in (self.undo, self.redo):
            button.setVisible(self.table.rows.editable and taken)
        total = self._support.total if self._support is not None else 1.0
        self.normalise.setVisible(edits and abs(total - 1) > SUM_OFF)
        self.normalise.setToolTip(f"Scale the weights, which sum to {total:.4f}, so that they sum to 1")
        for button, verb, name, keys in (
            (self.undo, "Undo", regressors.undo_name, "Ctrl+Z in the table"),
            (self.redo, "Redo", regressors.redo_name, "Ctrl+Shift+Z in the table"),
        ):
            button.setEnabled(bool(name))
            tip = f"{verb} {name}  ({keys})" if name else f"Nothing to {verb.lower()}"
            button.setToolTip(plain_tip(tip))

    def refresh_frame(self) -> None:
        """The numbers that change with the frame."""
        inspection = self._inspection
        if not self.tree.outline.joints:
            return
        self.tree.show_errors(inspection.errors_mm(inspection.body))
        found = inspection.support(inspection.body)
        if found is None:
            return
        support, place = found
        self._support = support
        self.lines.refresh_frame()
        self.table.show_pose(support)
        shown, count = len(self.table.rows.vertices), support.count
        some = f"{shown} of {count}" if shown < count else str(count)
        self.title.setText(
            f"{joint_words(support.joint)}  ·  {some} {'vertex' if count == 1 else 'vertices'}"
        )
        values = (
            f"{support.total:.4f}".replace("-", "−"),
            _figure(support.spread_mm),
            str(support.negative),
            _figure(100 * support.invalid_share),
            _place(place),
            _place(support.centroid),
        )
        for (name, _tip), value in zip(FIGURES, values, strict=True):
            self.figures[name].setText(value)
        set_sheet(self.figures["negative"], "color: $NEGATIVE;" if support.negative else "")

    def refresh_rows(self) -> None:
        """Other rows of the same joint, after the slider, or other rows selected."""
        inspection = self._inspection
        shown = self._support is not None and self.table.rows.least_share != inspection.least_share
        if shown:
            self.table.show_support(self._support, inspection.least_share)
            self.refresh_frame()
        if shown or set(self.table.selected) != set(inspection.emphasised):
            self.table.mark(inspection.emphasised)
        with QSignalBlocker(self.share):
            nearest = np.abs(np.array(SHARES) / 100 - inspection.least_share).argmin()
            self.share.setValue(int(nearest))
        self._show_share()

    def _show_share(self) -> None:
        share = 100 * self._inspection.least_share
        self._share_words.setText(f"from {share:.1f} %" if share else "all")

    @Slot(int)
    def _on_share(self, step: int) -> None:
        self._inspection.set_least_share(SHARES[step] / 100)

    @Slot(int)
    def _focus(self, vertex: int) -> None:
        place = self._inspection.posed(self._inspection.body)[0][vertex]
        if np.isfinite(place).all():
            self._viewport.focus_on(place, NEAR_M)

    @Slot(int, str)
    def _on_weighed(self, vertex: int, words: str) -> None:
        joint = self._inspection.found(self._inspection.body)
        try:
            weight = float(words.replace("−", "-").replace(",", "."))
        except ValueError:
            self._state.activity.say(f"“{words}” is no weight; type a number such as 0.05")
            return
        if joint is not None and joint.kind == "kinematic":
            self._regressors.set_weight(joint.index, vertex, weight)

    @Slot()
    def _normalise(self) -> None:
        joint = self._inspection.found(self._inspection.body)
        if joint is not None and joint.kind == "kinematic":
            self._regressors.renormalise(joint.index)

    @Slot(str)
    def _on_asked(self, what: str) -> None:
        {"undo": self._regressors.undo, "redo": self._regressors.redo}[what]()

    @Slot()
    def _copy(self) -> None:
        from core.outputs.tables import TITLES, support_rows

        if self._support is not None:
            rows = (TITLES, *support_rows(self._support, self._inspection.least_share))
            QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in rows) + "\n")
            self._state.activity.say(f"Copied {len(rows) - 1} vertices of {joint_words(self._support.joint)}")

    @Slot()
    def _save(self) -> None:
        from core.outputs.tables import write_support_table

        support, inspection, opened = self._support, self._inspection, self._state.document.opened
        if support is None or opened is None:
            return
        # What is asked for is the table as it is now, also where playing goes on behind the dialog.
        least_share = inspection.least_share
        name = f"{opened.stem}_{inspection.body}_{support.joint}_{self._state.playback.frame}.csv"
        start = Path(self._preferences.folder or Path.home()) / name
        place = ask_where(self, start, TABLE)
        if place is None:
            return
        try:
            write_support_table(place.path, support, least_share, overwrite=place.replace)
        except RefitError as error:
            self._state.activity.fail(str(error))
            return
        self._preferences.folder = str(place.path.parent)
        self._state.activity.say(f"Saved {place.path.name}")


def _place(point: np.ndarray) -> str:
    words = "   ".join(f"{value:.3f}" for value in point).replace("-", "−")
    return words if np.isfinite(point).all() else NO_NUMBER


def _figure(value: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else NO_NUMBER
