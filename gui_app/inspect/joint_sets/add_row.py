"""The row of a joint set that adds to it: the chosen joint, a vertex, all joints of a kind."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from gui_app.document.inspect_selection import Inspection
from gui_app.inspect.joint_sets.model import OwnSets
from gui_app.scene.picking import joint_words
from gui_app.style.theme import icon
from gui_app.viewport.pins import Pins

if TYPE_CHECKING:
    from core.inspection.joint_set import SetMember

# Pixels of a joint's name on a button.
MOST_WORDS = 104


class SetAdding(QWidget):
    """Offers what is chosen on the bodies; ``added`` carries the places of what has come to the set."""

    added = Signal(tuple)

    def __init__(self, inspection: Inspection, pins: Pins, sets: OwnSets, parent: QWidget) -> None:
        super().__init__(parent)
        self._inspection, self._pins, self._sets = inspection, pins, sets
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        self.add_joint, self.add_vertex = self._adder(self._add_joint), self._adder(self._add_vertices)
        self.kinds = QMenu(self)
        self.kinds.aboutToShow.connect(self._fill_kinds)
        self.add_kind = self._adder(None)
        self.add_kind.setText("all ▾")
        self.add_kind.setToolTip("Add all joints of a kind")
        self.add_kind.setMenu(self.kinds)
        self.add_kind.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.add_kind.setStyleSheet(
            "QToolButton { padding: 4px 5px; } QToolButton::menu-indicator { image: none; }"
        )
        for button in (self.add_joint, self.add_vertex, self.add_kind):
            self._row.addWidget(button)
        self._row.addStretch(1)

    def append(self, button: QToolButton) -> None:
        """One more button, at the end of the row."""
        self._row.addWidget(button)

    def _adder(self, slot: object) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon("plus", "TEXT_SECONDARY"))
        button.setIconSize(QSize(13, 13))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setStyleSheet("padding: 4px 5px;")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        if slot is not None:
            button.clicked.connect(slot)
        return button

    def refresh(self) -> None:
        """What could be added now."""
        inspection = self._inspection
        joint, vertex = inspection.found(inspection.body), inspection.vertex
        pinned = self._pins.vertices if inspection.body == "fit" else ()
        words = joint_words(joint.name) if joint is not None else "joint"
        self.add_joint.setText(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, MOST_WORDS))
        self.add_joint.setEnabled(joint is not None)
        self.add_joint.setToolTip(
            f"Add {joint_words(joint.name)} of the {inspection.body}"
            if joint is not None
            else "Choose a joint on its page, or click on one of the skeleton (B), to add it"
        )
        if vertex is not None:
            words, tip = f"vertex {vertex}", f"Add vertex {vertex} of the {inspection.body}"
        elif pinned:
            words = f"{len(pinned)} pinned" if len(pinned) > 1 else f"vertex {pinned[0]}"
            tip = f"Add the pinned vertices: {', '.join(map(str, pinned))}"
        else:
            words, tip = "vertex", "Click on a body to choose a vertex, and add it"
        self.add_vertex.setText(words)
        self.add_vertex.setEnabled(vertex is not None or bool(pinned))
        self.add_vertex.setToolTip(tip)

    @Slot()
    def _add_joint(self) -> None:
        from core.inspection.joint_set import SetMember

        joint = self._inspection.found(self._inspection.body)
        if joint is not None:
            self._add((SetMember(joint.name, joint=joint.name),), joint_words(joint.name))

    @Slot()
    def _add_vertices(self) -> None:
        from core.inspection.joint_set import SetMember

        held = self._inspection.vertex
        vertices = self._pins.vertices if held is None else (held,)
        what = f"vertex {vertices[0]}" if len(vertices) == 1 else f"{len(vertices)} vertices"
        self._add(tuple(SetMember(f"vertex {one}", vertex=one) for one in vertices), what)

    def _add(self, members: tuple[SetMember, ...], what: str) -> None:
        now = self._sets.now
        before = len(now.members) if now is not None else 0
        count = self._sets.add(members, what)
        if count:
            self.added.emit(tuple(range(before, before + count)))

    @Slot()
    def _fill_kinds(self) -> None:
        from core.inspection.joint_set import KINDS, members_of_kind

        model = self._inspection.model(self._inspection.body)
        self.kinds.clear()
        for kind in KINDS:
            members = members_of_kind(model, kind) if model is not None else ()
            if members:
                count = "" if kind[:4] == "SMPL" else f"  ·  {len(members)}"
                self.kinds.addAction(kind + count).triggered.connect(partial(self._add_kind, kind))

    def _add_kind(self, kind: str, *_: object) -> None:
        from core.inspection.joint_set import members_of_kind

        model = self._inspection.model(self._inspection.body)
        if model is not None:
            self._add(
                members_of_kind(model, kind), kind[:1].lower() + kind[1:] if kind[1].islower() else kind
            )
