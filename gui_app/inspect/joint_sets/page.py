"""The page of joint sets: one's own, or SMPL's 24 joints of the fit; as a table, on the bodies, exported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.session.inputs import lost_by
from core.shown_text import shown
from gui_app.document.inspect_selection import BODIES, Inspection
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.inspect.joint_sets.add_row import SetAdding
from gui_app.inspect.joint_sets.export import SetExport, SetExportRow
from gui_app.inspect.joint_sets.in_view import SetInView
from gui_app.inspect.joint_sets.model import OwnSets
from gui_app.inspect.joint_sets.series import SetMotion
from gui_app.inspect.joint_sets.table import SetRow, SetTable
from gui_app.inspect.joints.series import JointMotion
from gui_app.scene.picking import joint_words
from gui_app.style.live_theme import set_sheet
from gui_app.viewport.pins import Pins
from gui_app.viewport.viewport import Viewport
from gui_app.widgets.buttons import allow, quiet_button
from gui_app.widgets.docks import choice_button
from gui_app.widgets.labels import NO_NUMBER
from gui_app.widgets.save_dialog import FileKind, ask_where
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.model.body_joints import BodyJoint

SETS = "Joint sets (*.json);;All files (*)"
SET = FileKind("Save the joint set", "Joint set", ".json")
NO_MEMBERS = (
    "A set of joints of your own appears here.\n\nClick on a body or on its skeleton and add what is chosen, "
    "or add all joints of a kind"
)
NO_FIT = "SMPL's 24 joints of the fit appear here.\n\nFit this motion: Ctrl+Return"
WAITING = "Measuring…"
NONE_MARKED = "Choose joints in the list first"
SMPL_WORDS = "The fit mapped back to SMPL, its joints by SMPL's regressor, against the joints of the source"
NEAR_M = 0.12
LEAST_FOR_SENTENCE = 330


class SetPage(QWidget):
    """Follows the sets, and what is chosen on the bodies."""

    def __init__(
        self,
        state: AppState,
        inspection: Inspection,
        viewport: Viewport,
        preferences: Preferences,
        motion: JointMotion,
        pins: Pins,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._inspection, self._viewport = state, inspection, viewport
        self._preferences, self._motion = preferences, motion
        self.sets = OwnSets(state.document, state.activity, inspection, preferences, self)
        self.measured = SetMotion(state, inspection, self.sets, self)
        self.export = SetExport(self)
        self.in_view = SetInView(state, inspection, viewport)
        self._marked: tuple[int, ...] = ()
        self.table = SetTable(self)
        self.exporting = SetExportRow(state, self.export, preferences, self)
        self.empty = QLabel(NO_MEMBERS, self)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "secondary")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setContentsMargins(16, 0, 16, 0)
        self.empty.setMinimumWidth(1)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self.why = QLabel(SMPL_WORDS, self)
        self.why.setWordWrap(True)
        set_sheet(self.why, "color: $TEXT_SECONDARY; font-size: 11px;")
        self.why.ensurePolished()
        self.why.setMinimumSize(1, 2 * self.why.fontMetrics().lineSpacing())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addLayout(self._choice())
        self._head = self._head_row()
        self.adding = SetAdding(inspection, pins, self.sets, self)
        self.remove = self._button("trash", "Remove the selected joints  (Del)", self._remove)
        self.adding.append(self.remove)
        column.addWidget(self._head)
        column.addWidget(self.adding)
        column.addWidget(self.why)
        column.addWidget(self._stack, 1)
        column.addWidget(self.exporting)
        self.adding.added.connect(self._mark)
        self.table.marked.connect(self._on_marked)
        self.table.sought.connect(self._focus)
        self.table.rows.renamed.connect(self._on_renamed)
        self.table.rows.moved.connect(self._on_moved)
        self.table.asked_for.connect(self._on_asked)
        self.table.shifted.connect(self._on_shifted)
        self.in_view.chosen.connect(self._on_sphere)
        self.exporting.wanted.connect(self._write)

    def _choice(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self.shows = QButtonGroup(self)
        own, smpl = "Joints of your own choice, on the body listed", SMPL_WORDS
        row.addWidget(choice_button(self.shows, 0, "Joint set", own, self))
        row.addWidget(choice_button(self.shows, 1, "SMPL's 24 of the fit", smpl, self))
        row.addStretch(1)
        self.shows.idClicked.connect(self._on_shows)
        return row

    def _head_row(self) -> QWidget:
        whole = QWidget(self)
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self.name = QLineEdit(whole)
        self.name.setAccessibleName("Name of the set")
        self.name.setToolTip("Name of the set")
        self.name.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.name.editingFinished.connect(self._on_name)
        row.addWidget(self.name, 1)
        row.addSpacing(4)
        self.undo = self._button("arrow-counter-clockwise", "", self.sets.undo)
        self.undo.setAccessibleName("Undo")
        self.redo = self._button("arrow-clockwise", "", self.sets.redo)
        self.redo.setAccessibleName("Redo")
        self.open = self._button("folder-open", "Open a joint set…", self._open)
        self.save = self._button("floppy-disk", "Save the joint set…", self._save)
        for button in (self.undo, self.redo, self.open, self.save):
            row.addWidget(button)
        return whole

    def _button(self, name: str, tip: str, slot: object) -> QToolButton:
        button = quiet_button(name, tip, self)
        button.clicked.connect(slot)
        return button

    def refresh(self) -> None:
        """Everything anew."""
        smpl, now = self.measured.shows_smpl, self.sets.now
        if now is None:
            return
        self.shows.button(int(smpl)).setChecked(True)
        self._head.setVisible(not smpl)
        self.adding.setVisible(not smpl)
        self.why.setVisible(smpl and self.height() >= LEAST_FOR_SENTENCE)
        if not self.name.hasFocus():
            self.name.setText(shown(now.name))
        for button, words, name, keys in (
            (self.undo, "Undo", self.sets.undo_name, "Ctrl+Z in the list"),
            (self.redo, "Redo", self.sets.redo_name, "Ctrl+Shift+Z in the list"),
        ):
            button.setEnabled(bool(name))
            tip = f"{words} {name}  ({keys})" if name else f"Nothing to {words.lower()}"
            button.setToolTip(plain_tip(tip))
        allow(self.save, "" if now.members else "There is no joint in the set")
        self.adding.refresh()
        rows = self._smpl_rows() if smpl else self._own_rows()
        self._marked = tuple(place for place in self._marked if place < len(rows))
        self.table.show_rows(rows, smpl)
        self.table.mark(self._marked)
        allow(self.remove, "" if self._marked else NONE_MARKED)
        self._stack.setCurrentIndex(1 if rows else 0)
        self.empty.setText(self._nothing(smpl))
        self.exporting.refresh(bool(rows) and self._moves())
        self._show_in_view()

    def refresh_frame(self) -> None:
        """The numbers that change with the frame."""
        rows = self._smpl_rows() if self.measured.shows_smpl else self._own_rows()
        if len(rows) == len(self.table.rows.rows):
            self.table.show_rows(rows, self.measured.shows_smpl)
            self._show_in_view()

    def show_nothing(self) -> None:
        """The page is out of sight, and so are its spheres."""
        self.in_view.show({}, (), ())

    def _nothing(self, smpl: bool) -> str:
        if not smpl:
            return NO_MEMBERS
        if not self._state.document.has_fit:
            return NO_FIT
        return self.measured.why_not or (NO_NUMBER if self.measured.failed else WAITING)

    def _own_rows(self) -> list[SetRow]:
        now, joints = self.sets.now, self.sets.joints()
        if now is None:
            return []
        opened, body = self._state.document.opened, self._inspection.body
        errors, means = self._inspection.errors_mm(body), self._motion.means(body)
        on_fit = opened.posed.frame(self._state.playback.frame).error_mm if opened and body == "fit" else None
        waits = self._state.document.has_fit and not self._motion.failed
        rows = []
        for member, joint in zip(now.members, joints, strict=True):
            if member.joint is not None:
                here = float(errors[joint.index])
                mean = means.get(joint.index, np.nan) if means is not None else None if waits else np.nan
                rows.append(SetRow(shown(member.name), joint_words(member.joint), here, mean))
                continue
            vertex = member.vertex
            assert vertex is not None
            here = float(on_fit[vertex]) if on_fit is not None else np.nan
            known = body == "fit" and self._state.document.has_fit and not self.measured.failed
            mean = self.measured.mean(vertex) if known else np.nan
            rows.append(SetRow(shown(member.name), f"vertex {vertex}", here, mean))
        return rows

    def _smpl_rows(self) -> list[SetRow]:
        found = self.measured.smpl
        if found is None:
            return []
        here = found.errors.error_mm[min(self._state.playback.frame, len(found.errors.error_mm) - 1)]
        means = found.errors.by_joint()
        return [
            SetRow(joint_words(joint.name), "regressed", float(error), means[joint.name])
            for joint, error in zip(found.on_fit, here, strict=True)
        ]

    def _joints(self) -> dict[str, tuple[BodyJoint, ...]]:
        found = self.measured.smpl
        if self.measured.shows_smpl:
            return {} if found is None else {"source": found.on_source, "fit": found.on_fit}
        return {self._inspection.body: self.sets.joints()}

    def _show_in_view(self) -> None:
        if not self._inspection.active or self._inspection.page != "sets":
            self.show_nothing()
            return
        words = []
        for row in self.table.rows.rows:
            parts = [row.name] + ([row.what] if row.what != row.name else [])
            if np.isfinite(row.here_mm):
                parts.append(f"{row.here_mm:.1f} mm")
            words.append(" · ".join(parts))
        joints = self._joints()
        shown = {body: joints[body] for body in BODIES if body in joints}
        self.in_view.show(shown, tuple(words), self._marked)

    def _moves(self) -> bool:
        return self.measured.shows_smpl or self._inspection.body == "source" or self._state.document.has_fit

    @Slot(int)
    def _on_shows(self, number: int) -> None:
        self._marked = ()
        if number:
            # Nothing is added here.
            self._inspection.choose_nothing()
        self.measured.show_smpl(bool(number))
        self.refresh()

    @Slot()
    def _on_name(self) -> None:
        self.sets.rename_set(self.name.text())
        self.name.clearFocus()

    @Slot()
    def _remove(self) -> None:
        gone, self._marked = self._marked, ()
        self.sets.remove(gone)

    @Slot(int, str)
    def _on_renamed(self, place: int, name: str) -> None:
        self.sets.rename(place, name)

    @Slot(tuple, int)
    def _on_moved(self, places: tuple[int, ...], to: int) -> None:
        self._mark(self.sets.move(places, to))

    @Slot(int)
    def _on_shifted(self, by: int) -> None:
        places = self._marked
        if places and not self.measured.shows_smpl:
            self._on_moved(places, max(places[0] - 1, 0) if by < 0 else places[-1] + 2)

    @Slot(str)
    def _on_asked(self, what: str) -> None:
        if not self.measured.shows_smpl:
            {"remove": self._remove, "undo": self.sets.undo, "redo": self.sets.redo}[what]()

    @Slot(tuple)
    def _on_marked(self, places: tuple[int, ...]) -> None:
        self._marked = places
        allow(self.remove, "" if places else NONE_MARKED)
        self._show_in_view()

    @Slot(tuple)
    def _mark(self, places: tuple[int, ...]) -> None:
        self._marked = places
        self.refresh()

    @Slot(int)
    def _on_sphere(self, place: int) -> None:
        self._mark((place,))

    @Slot(int)
    def _focus(self, place: int) -> None:
        from core.model.body_joints import joint_places

        joints = self._joints().get("fit", ())
        if place < len(joints):
            skin, chain = self._inspection.posed("fit")
            self._viewport.focus_on(joint_places((joints[place],), chain, skin)[0], NEAR_M)

    @Slot()
    def _open(self) -> None:
        folder = self._preferences.text("set_folder", self._preferences.folder)
        name, _ = QFileDialog.getOpenFileName(self.window(), "Open a joint set", folder, SETS)
        if name and self.sets.open(Path(name)):
            self._preferences.store("set_folder", str(Path(name).parent))

    @Slot()
    def _save(self) -> None:
        now = self.sets.now
        if now is None:
            return
        folder = Path(self._preferences.text("set_folder", self._preferences.folder) or Path.home())
        place = ask_where(self.window(), folder / f"{file_name(now.name)}.json", SET)
        if place is not None and self.sets.save(place.path, place.replace):
            self._preferences.store("set_folder", str(place.path.parent))

    @Slot(str)
    def _write(self, suffix: str) -> None:
        from core.inspection.joint_series import fitted_motion

        opened, state = self._state.document.opened, self._state
        smpl = self.measured.shows_smpl
        body = "fit" if smpl else self._inspection.body
        joints, now = self._joints().get(body, ()), self.sets.now
        model = self._inspection.model(body)
        if opened is None or model is None or now is None or not joints:
            return
        motion = opened.motion_at(state.document.given_rate)
        if body == "fit":
            state.document.settle()
            if state.document.result is None:
                return
            motion = fitted_motion(state.document.result)
        name = "smpl_joints" if smpl else file_name(now.name)
        place = self.exporting.ask(f"{opened.stem}_{body}_{name}{suffix}", suffix)
        if place is not None and (sentence := lost_by(place.path, state.document.inputs)):
            state.activity.fail(sentence)
        elif place is not None:
            self.export.start(model, joints, motion, place.path, place.replace)


def file_name(words: str) -> str:
    """Words as part of the name of a file, on any system."""
    kept = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in words.strip())
    return kept.strip("._") or "joints"
