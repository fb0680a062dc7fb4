"""The page of correspondences: one looked at, built or opened, compared with another, and saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui_app.document.inspect_selection import Inspection
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.inspect.correspondence.build_card import BuildCard
from gui_app.inspect.correspondence.model import Correspondences, KnownCorrespondence
from gui_app.scene.picking import joint_words
from gui_app.style.theme import refresh_style
from gui_app.viewport.viewport import Viewport
from gui_app.widgets.buttons import quiet_button
from gui_app.widgets.docks import scrolled
from gui_app.widgets.labels import FigureRows
from gui_app.widgets.save_dialog import FileKind, ask_where
from gui_app.widgets.tables import listed
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.correspond.build import BuildReport
    from core.inspection.correspondence_report import CorrespondenceReport
    from core.inspection.correspondence_rows import CorrespondenceComparison

FILES = "Correspondences (*.pkl *.npz *.npy *.pt *.pth *.joblib);;All files (*)"
FILE = FileKind("Save the correspondence", "Transfer file", ".pkl")
OPEN_TIP = "Open a correspondence between these bodies (.pkl, .npz, .npy, .pt)…"
SAVE_TIP = (
    "Save what is looked at as a transfer file, as the published tools read it; in the folder transfer of "
    "the models it is used from the next opening on…"
)
WAIT = "…"
FIGURES = (
    ("valid", "Vertices of the fit that have a counterpart and count in a fit"),
    ("rows", "Vertices without weights; those whose weights do not sum to one; those that reach across"),
    ("invalid", "Why vertices of the fit have no counterpart"),
    (
        "distance",
        "From these vertices to the source's surface, the shapes laid on each other, millimetres",
    ),
    ("shapes", "How the two shapes lie on each other: root mean square distance, and share of skin matched"),
)
OF_BUILT = ("invalid", "distance", "shapes")
DIFFERENCE = (
    ("over 1, 5, 20 mm", "Vertices whose two counterparts lie further apart than that in the rest pose"),
    ("mean, max", "Distance between the two counterparts of a vertex in the rest pose, millimetres"),
    ("in one only", "Vertices with a counterpart in one of the two; and those valid in one of them"),
)
SKIN = "Show on the skin"
SKIN_TIP = "Colours the fit by how far the two counterparts of each vertex lie apart, 0 to 5 mm and more"
HEADINGS = ("vertex", "where", "mm")
WORST_TIP = "The vertices that differ most; a click goes there"
DOUBT = "The shapes do not lie on each other well: look before it is used"
NO_OTHER = "nothing yet: build one, or open a file"
MOST_LISTED = 60
VERTEX = Qt.ItemDataRole.UserRole + 30
NEAR_M = 0.12


class CorrespondencePage(QWidget):
    """Follows the correspondences of the open motion's bodies."""

    def __init__(
        self,
        state: AppState,
        inspection: Inspection,
        viewport: Viewport,
        correspondences: Correspondences,
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._inspection, self._viewport = state, inspection, viewport
        self._correspondences, self._preferences = correspondences, preferences
        self._listed: CorrespondenceComparison | None = None
        self.first = _choice("The correspondence that is looked at", self)
        self.second = _choice("What it is compared with", self)
        self.open = quiet_button("folder-open", OPEN_TIP, self)
        self.save = quiet_button("floppy-disk", SAVE_TIP, self)
        self.open.clicked.connect(self._open)
        self.save.clicked.connect(self._save)
        self.first.activated.connect(self._on_first)
        self.second.activated.connect(self._on_second)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.first, 1)
        head.addSpacing(4)
        head.addWidget(self.open)
        head.addWidget(self.save)
        against = QHBoxLayout()
        against.setSpacing(8)
        title = QLabel("compared with", self)
        title.setProperty("role", "secondary")
        against.addWidget(title)
        against.addWidget(self.second, 1)
        self._rows, self._apart = FigureRows(FIGURES, self), FigureRows(DIFFERENCE, self)
        self.figures = {**self._rows.values, **self._apart.values}
        self.doubt = QLabel(DOUBT, self)
        self.doubt.setWordWrap(True)
        self.doubt.setProperty("role", "warning")
        self.on_skin = QCheckBox(SKIN, self)
        self.on_skin.setToolTip(SKIN_TIP)
        self.on_skin.toggled.connect(correspondences.set_on_skin)
        self._difference = QWidget(self)
        column = QVBoxLayout(self._difference)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._apart)
        column.addWidget(self.on_skin)
        self.table = listed(HEADINGS, {0: 64, 2: 82}, 1, (2,), self)
        self.table.setToolTip(WORST_TIP)
        self.table.setMinimumHeight(84)
        self.table.hide()
        self.table.clicked.connect(self._on_row)
        self.card = BuildCard(correspondences, preferences, self)
        inside = QWidget(self)
        found = QVBoxLayout(inside)
        found.setContentsMargins(0, 0, 4, 0)
        found.setSpacing(6)
        found.addWidget(self._rows)
        found.addWidget(self.doubt)
        found.addLayout(against)
        found.addWidget(self._difference)
        found.addWidget(self.table, 1)
        found.addStretch(0)
        # In a low window the settings stay in sight, and the rest is scrolled.
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 4, 0)
        whole.setSpacing(6)
        whole.addLayout(head)
        whole.addWidget(scrolled(inside, self), 1)
        whole.addWidget(self.card)

    def refresh(self) -> None:
        """Everything anew."""
        correspondences = self._correspondences
        first, second, entries = correspondences.first, correspondences.second, correspondences.entries
        if first is None:
            return
        _fill(self.first, entries, first)
        _fill(self.second, tuple(entry for entry in entries if entry is not first), second)
        self._show_figures(first, correspondences.rows())
        with QSignalBlocker(self.on_skin):
            self.on_skin.setChecked(correspondences.on_skin)
        self._difference.setVisible(second is not None)
        self._show_difference(correspondences.comparison())
        self.card.refresh()

    def refresh_frame(self) -> None:
        """It is the same in every frame."""

    def _show_figures(self, entry: KnownCorrespondence, rows: CorrespondenceReport | None) -> None:
        valid, report = entry.correspondence.valid, entry.report
        self.figures["valid"].setText(f"{int(valid.sum()):,} of {len(valid):,} vertices")
        self.figures["rows"].setText(
            WAIT
            if rows is None
            else f"{len(rows.empty):,} empty · {len(rows.off)} off · {len(rows.across)} across"
        )
        for name in OF_BUILT:
            self._rows.show_row(name, report is not None)
        doubtful = report is not None and not report.trustworthy
        if doubtful == self.doubt.isHidden():
            self.doubt.setVisible(doubtful)
            refresh_style(self.doubt)
        if report is not None:
            self._show_report(report)

    def _show_report(self, report: BuildReport) -> None:
        from core.correspond.build import WHY_WORDS
        from core.model.joints import PARTS

        without = [f"{count:,} {WHY_WORDS[why]}" for why, count in report.invalid.items() if count]
        parts = zip(PARTS, report.part_valid, report.part_total, strict=True)
        by_part = "\n".join(f"{name}: {valid:,} of {total:,}" for name, valid, total in parts)
        self.figures["invalid"].setText(" · ".join(without) or "none")
        self.figures["invalid"].setToolTip(
            plain_tip("\n".join((*without, "", "With a counterpart", by_part)))
        )
        at = report.percentiles_mm
        self.figures["distance"].setText(
            f"half within {at[50]:.1f} · 99 % within {at[99]:.1f} · at most {at[100]:.1f} mm"
        )
        joint, degrees = report.turned
        words = f"{report.rms_mm:.2f} mm apart · {100 * report.matched:.1f} % matched"
        self.figures["shapes"].setText(words)
        self.figures["shapes"].setToolTip(
            plain_tip(f"{FIGURES[-1][1]}\nTurned most: {joint_words(joint)}, {degrees:.1f}°")
        )

    def _show_difference(self, found: CorrespondenceComparison | None) -> None:
        if found is None:
            for name, _tip in DIFFERENCE:
                self.figures[name].setText(WAIT)
            self._fill_table(None)
            return
        both = found.distance_mm[np.isfinite(found.distance_mm)]
        over = " · ".join(f"{int((both > limit).sum()):,}" for limit in (1, 5, 20))
        self.figures["over 1, 5, 20 mm"].setText(f"{over}  of {len(both):,} vertices")
        mean, most = (both.mean(), both.max()) if len(both) else (np.nan, np.nan)
        same = "the same in every weight" if found.same else f"{mean:.2f} · {most:.1f} mm"
        self.figures["mean, max"].setText(same)
        alone = len(found.only_first) + len(found.only_second)
        self.figures["in one only"].setText(f"{alone:,}  ·  {len(found.valid_differs):,} valid in one only")
        self._fill_table(found)

    def _fill_table(self, found: CorrespondenceComparison | None) -> None:
        if found is self._listed:
            return
        self._listed = found
        self.table.clear()
        target = self._inspection.model("fit")
        if found is not None and target is not None:
            from core.model.joints import PARTS

            distance = found.distance_mm
            for vertex in np.argsort(-distance)[:MOST_LISTED]:
                if not distance[vertex] > 0:
                    break
                joint = joint_words(target.joint_names[int(target.weights[vertex].argmax())])
                where = f"{PARTS[int(target.vertex_part[vertex])]} · {joint}"
                item = QTreeWidgetItem(self.table, [str(vertex), where, f"{distance[vertex]:.2f}"])
                item.setData(0, VERTEX, int(vertex))
                item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight)
        self.table.setVisible(found is not None)

    @Slot(QModelIndex)
    def _on_row(self, index: QModelIndex) -> None:
        vertex = index.siblingAtColumn(0).data(VERTEX)
        if vertex is not None:
            self._inspection.hold("fit", vertex)
            place = self._inspection.posed("fit")[0][vertex]
            if np.isfinite(place).all():
                self._viewport.focus_on(place, NEAR_M)

    @Slot(int)
    def _on_first(self, number: int) -> None:
        self._correspondences.choose_first(self.first.itemData(number))

    @Slot(int)
    def _on_second(self, number: int) -> None:
        self._correspondences.choose_second(self.second.itemData(number))

    def _folder(self) -> str:
        return self._preferences.text("correspondence_folder", self._preferences.folder)

    @Slot()
    def _open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self.window(), "Open a correspondence", self._folder(), FILES)
        if name:
            self._preferences.store("correspondence_folder", str(Path(name).parent))
            self._correspondences.open(Path(name))

    @Slot()
    def _save(self) -> None:
        opened = self._state.document.opened
        if opened is None:
            return
        name = f"{opened.bodies.source.family}2{opened.bodies.target.family}_deftrafo_setup.pkl"
        place = ask_where(self.window(), Path(self._folder() or Path.home()) / name, FILE)
        if place is not None:
            self._preferences.store("correspondence_folder", str(place.path.parent))
            self._correspondences.save(place.path, place.replace)


def _choice(tip: str, parent: QWidget) -> QComboBox:
    box = QComboBox(parent)
    box.setAccessibleName(tip)
    box.setToolTip(tip)
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(10)
    return box


def _fill(
    box: QComboBox, entries: tuple[KnownCorrespondence, ...], chosen: KnownCorrespondence | None
) -> None:
    """Fills a list, unless it has the same ones already."""
    there = [box.itemData(number) for number in range(box.count())]
    if len(there) != len(entries) or any(a is not b for a, b in zip(there, entries, strict=False)):
        box.clear()
        for entry in entries:
            box.addItem(entry.name, entry)
            box.setItemData(box.count() - 1, plain_tip(entry.tip), Qt.ItemDataRole.ToolTipRole)
    box.setEnabled(bool(entries))
    box.setPlaceholderText("" if entries else NO_OTHER)
    box.setCurrentIndex(next((n for n, entry in enumerate(entries) if entry is chosen), -1))
