"""The page of the regressor: its figures, its picture, another one opened, compared, edited and saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.shown_text import shown
from gui_app.document.inspect_selection import Inspection, JointKey
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.inspect.regressor.model import Regressors
from gui_app.inspect.regressor.picture import RegressorPicture
from gui_app.scene.picking import joint_words
from gui_app.widgets.buttons import allow, quiet_button
from gui_app.widgets.labels import NO_NUMBER, FigureRows
from gui_app.widgets.save_dialog import FileKind, ask_where
from gui_app.widgets.tables import listed
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.inspection.regressor import RegressorComparison, RegressorStatistics

FILES = "J_regressors (*.npy *.npz *.pkl);;All files (*)"
FILE = FileKind(
    "Save the regressor",
    "J_regressor",
    ".npz",
    (("J_regressor, the array alone", ".npy"), ("J_regressor, sparse as scipy saves it", "_sparse.npz")),
)
WAIT = "…"
FIGURES = (
    ("shape", "Joints × vertices"),
    ("zeros", "Entries that are zero, per cent of all"),
    ("vertices a joint", "Vertices with a weight: min – mean – max"),
    ("row sums", "Sum of the weights of a joint, least and most; they are to be 1"),
    ("negative", "Weights below zero"),
    (
        "symmetry error",
        "Share of a joint's weight that lies elsewhere than the mirror image of its twin's, the joint with "
        "the most; and how far its rest place is from that image",
    ),
)
LOOKING = "For looking: supports and tables show it; fits keep the body's own"
COMPARED = (
    "How far each joint is from where the body's own regressor finds it, in the rest pose and on the skin of "
    "this frame, millimetres; and the share of its weight that lies elsewhere, per cent"
)
HEADINGS = ("joint", "rest, mm", "here, mm", "weight, %")
JOINT = Qt.ItemDataRole.UserRole + 30
# Share of weight elsewhere from which on it is worth to name a joint.
LEAST_TOLD = 5e-4
LEAST_FOR_BOTH = 400
LEAST_FOR_FIGURES = 230


class RegressorPage(QWidget):
    """Follows the regressor of the body that is listed."""

    def __init__(
        self,
        state: AppState,
        inspection: Inspection,
        regressors: Regressors,
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._inspection = state, inspection
        self._regressors, self._preferences = regressors, preferences
        self._comparison: RegressorComparison | None = None
        self._items: list[QTreeWidgetItem] = []
        self.title = QLabel(self)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setStyleSheet("font-weight: 600;")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.title, 1)
        self.undo = self._button("arrow-counter-clockwise", "", regressors.undo)
        self.undo.setAccessibleName("Undo")
        self.redo = self._button("arrow-clockwise", "", regressors.redo)
        self.redo.setAccessibleName("Redo")
        self.own = self._button("arrow-u-up-left", "Back to the body's own regressor", regressors.use_own)
        self.open = self._button(
            "folder-open", "Open another J_regressor for this body (.npy, .npz, pickle)…", self._open
        )
        self.save = self._button(
            "floppy-disk", "Save this regressor as a new file (.npz, .npy, or sparse .npz)…", self._save
        )
        for button in (self.undo, self.redo, self.own, self.open, self.save):
            head.addWidget(button)
        self._numbers = FigureRows(FIGURES, self)
        self.figures = self._numbers.values
        self.picture = RegressorPicture(self)
        self.table = listed(HEADINGS, {1: 78, 2: 80, 3: 86}, 0, range(1, len(HEADINGS)), self, (2,))
        self.table.setToolTip(COMPARED)
        self.table.setMinimumHeight(66)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(0, 0, 0, 0)
        column_box.setSpacing(5)
        column_box.addLayout(head)
        column_box.addWidget(self._numbers)
        column_box.addWidget(self.picture, 3)
        column_box.addWidget(self.table, 2)
        self.picture.chosen.connect(self._on_chosen)
        self.table.clicked.connect(self._on_row)

    def _button(self, name: str, tip: str, slot: object) -> QToolButton:
        button = quiet_button(name, tip, self)
        button.clicked.connect(slot)
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Figures and table give way to the picture."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        compares = self._comparison is not None
        self.table.setVisible(compares)
        self._numbers.setVisible(self.height() >= (LEAST_FOR_BOTH if compares else LEAST_FOR_FIGURES))

    def refresh(self) -> None:
        """Everything anew."""
        regressors, inspection = self._regressors, self._inspection
        model, matrix, now = inspection.model(inspection.body), regressors.matrix, regressors.now
        if model is None or matrix is None:
            return
        own = f"J_regressor · {inspection.body}"
        words = own if now.matrix is None else shown(now.file or own) + (" · edited" if now.edited else "")
        self.title.setText(words)
        self.title.setToolTip("" if now.matrix is None else plain_tip(f"{words}\n{LOOKING}"))
        allow(self.own, "" if now.matrix is not None else "It is the body's own regressor")
        for button, verb, name in (
            (self.undo, "Undo", regressors.undo_name),
            (self.redo, "Redo", regressors.redo_name),
        ):
            button.setEnabled(bool(name))
            button.setToolTip(plain_tip(f"{verb} {name}" if name else f"Nothing to {verb.lower()}"))
        self.picture.set_matrix(matrix, model.joint_names)
        self.refresh_marks()
        found = regressors.figures()
        if found is None:
            for label in self.figures.values():
                label.setText(WAIT)
            return
        statistics, self._comparison = found
        self._show_figures(statistics, model.joint_names)
        self._fill_table(model.joint_names)
        self._make_room()

    def refresh_marks(self) -> None:
        """The joint that is looked at, and its vertices that stand out."""
        inspection = self._inspection
        joint = inspection.found(inspection.body)
        chain = joint is not None and joint.kind == "kinematic"
        index = joint.index if joint is not None and chain else -1
        self.picture.mark(index, tuple(inspection.emphasised))
        for item in self._items:
            item.setSelected(item.data(0, JOINT) == index)

    def refresh_frame(self) -> None:
        """The numbers that change with the frame."""
        from core.inspection.regressor import moved_mm

        inspection, matrix = self._inspection, self._regressors.now.matrix
        model = inspection.model(inspection.body)
        if self._comparison is None or model is None or matrix is None:
            return
        if len(self._items) != len(matrix):
            # Those of the other body, until these are measured.
            return
        here = moved_mm(model.J_regressor, matrix, inspection.posed(inspection.body)[0])
        for item in self._items:
            item.setText(2, _number(float(here[item.data(0, JOINT)])))

    def _show_figures(self, found: RegressorStatistics, names: tuple[str, ...]) -> None:
        entries, sums = found.entries, found.row_sums
        worst = int(np.nan_to_num(found.symmetry, nan=-1.0).argmax())
        off = len(found.off_rows)
        values = (
            f"{found.shape[0]} × {found.shape[1]:,}",
            f"{found.zeros_percent:.2f} %  ({found.nonzero:,} entries are not)",
            f"{entries.min()} – {entries.mean():.0f} – {entries.max()}",
            f"{sums.min():.4f} – {sums.max():.4f}" + (f"  ·  {off} off" if off else ""),
            f"{int(found.negative.sum())}",
            f"{100 * found.symmetry[worst]:.1f} % · {found.symmetry_mm[worst]:.1f} mm"
            + (f" · {joint_words(names[worst])}" if found.symmetry[worst] >= LEAST_TOLD else ""),
        )
        for (name, _tip), value in zip(FIGURES, values, strict=True):
            self.figures[name].setText(value)

    def _fill_table(self, names: tuple[str, ...]) -> None:
        found = self._comparison
        self.table.clear()
        self._items = []
        if found is None:
            return
        for joint in np.lexsort((-found.weight_difference, -found.distance_mm)):
            words = [joint_words(names[joint]), _number(found.distance_mm[joint]), ""]
            words.append(f"{100 * found.weight_difference[joint]:.1f}")
            item = QTreeWidgetItem(self.table, words)
            item.setData(0, JOINT, int(joint))
            self._items.append(item)
            for column in range(1, len(HEADINGS)):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
        self.refresh_frame()
        self.refresh_marks()

    @Slot(int, int)
    def _on_chosen(self, joint: int, vertex: int) -> None:
        model = self._inspection.model(self._inspection.body)
        if model is not None:
            self._inspection.choose_joint(JointKey(model.joint_names[joint], "kinematic"))
            self._inspection.emphasise((vertex,) if vertex >= 0 else ())

    @Slot(QModelIndex)
    def _on_row(self, index: QModelIndex) -> None:
        self._on_chosen(index.siblingAtColumn(0).data(JOINT), -1)

    @Slot()
    def _open(self) -> None:
        folder = self._preferences.text("regressor_folder", self._preferences.folder)
        name, _ = QFileDialog.getOpenFileName(self.window(), "Open a J_regressor", folder, FILES)
        if name:
            self._preferences.store("regressor_folder", str(Path(name).parent))
            self._regressors.open(Path(name))

    @Slot()
    def _save(self) -> None:
        model = self._inspection.model(self._inspection.body)
        if model is None:
            return
        folder = Path(self._preferences.text("regressor_folder", self._preferences.folder) or Path.home())
        place = ask_where(self.window(), folder / f"J_regressor_{model.family}.npz", FILE)
        if place is not None and self._regressors.save(place.path, place.replace):
            self._preferences.store("regressor_folder", str(place.path.parent))


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else NO_NUMBER
