"""What a stage may change of the body: places on a small picture of it, and small buttons for the rest."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from core.fitting.recipe.draft import DraftStage
from core.fitting.recipe.setting_rules import SETTINGS, is_open, no_effect
from gui_app.stages.group_picture import Group, GroupPicture, State
from gui_app.stages.text import setting_tip
from gui_app.widgets.cards import chip, section
from gui_app.widgets.text import plain_tip

# Names as in files of motions; a word for off where it is a choice.
PLACES = {
    "body": "free_body",
    "left hand": "free_left_hand",
    "right hand": "free_right_hand",
    "jaw": "free_jaw",
    "eyes": "free_eyes",
}
CHIPS = {
    "global_orient": "free_global_orient",
    "transl": "free_transl",
    "betas": "shape",
    "expression": "expression",
}
OFF = {"shape": "fixed", "expression": "off"}
TURNED_ON = "shared"


class FreeGroups(QWidget):
    """``edited`` carries the name of a setting and its new value."""

    edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: dict[str, QToolButton] = {}
        self._shown: DraftStage | None = None
        self.picture = GroupPicture(self)
        self.picture.clicked.connect(self._on_place)
        beside = QVBoxLayout()
        beside.setSpacing(4)
        beside.addStretch(1)
        for words, name in CHIPS.items():
            button = chip(words, self)
            button.clicked.connect(partial(self._on_click, name))
            self.chips[name] = button
            beside.addWidget(button)
        beside.addStretch(1)
        both = QHBoxLayout()
        both.setSpacing(10)
        both.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignVCenter)
        both.addLayout(beside, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(section("FREE", self))
        column.addLayout(both)

    def show_entry(self, entry: DraftStage, method: str) -> None:
        """Shows what is free in a stage."""
        self._shown = entry
        self.picture.show_groups({words: self._group(entry, name, method) for words, name in PLACES.items()})
        for words, name in CHIPS.items():
            button, value = self.chips[name], getattr(entry.settings, name)
            why_not = no_effect(entry.settings, name, method)
            button.setText(f"{words} •" if entry.changed(name) else words)
            button.setChecked(is_free(name, value) and not (why_not and name == "free_transl"))
            button.setEnabled(not why_not)
            button.setToolTip(plain_tip(self._tip(name, why_not)))

    def _group(self, entry: DraftStage, name: str, method: str) -> Group:
        value, why_not = getattr(entry.settings, name), no_effect(entry.settings, name, method)
        state: State = "auto" if value is None else "free" if value else "held"
        return Group(state, entry.changed(name), not why_not, self._tip(name, why_not))

    def _tip(self, name: str, why_not: str) -> str:
        return f"{setting_tip(name)}\n{why_not or f'A click: {_words(name, self._next(name))}'}"

    def _next(self, name: str) -> Any:
        """What a click makes of it."""
        assert self._shown is not None
        value, base = getattr(self._shown.settings, name), getattr(self._shown.base, name)
        if name in OFF:
            if value != OFF[name]:
                return OFF[name]
            return base if base != OFF[name] else TURNED_ON
        if is_open(name):
            return {None: True, True: False, False: None}[value]
        return not value

    def _on_place(self, words: str) -> None:
        self._on_click(PLACES[words])

    def _on_click(self, name: str, *_: object) -> None:
        self.edited.emit(name, self._next(name))


def is_free(name: str, value: Any) -> bool:
    """A setting lets its group move, or leaves that to the source."""
    return bool(value != OFF[name]) if name in OFF else value is not False


def _words(name: str, value: Any) -> str:
    if name in OFF:
        return "held" if value == OFF[name] else f"{SETTINGS[name].metadata['label'].lower()} {value}"
    return {None: "auto, as the source shows the fingers", True: "free", False: "held"}[value]
