"""What a stage may change of the body, as small buttons that are on or off."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from core.fitting.draft import Entry
from core.fitting.setting_effect import no_effect
from core.fitting.setting_values import SETTINGS, is_open
from gui_app.stage_look import chip, section
from gui_app.stage_words import setting_tip
from gui_app.words import plain_tip

# Names as in files of motions; a word for off where it is a choice.
GROUPS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("global_orient", "free_global_orient"), ("body", "free_body"), ("transl", "free_transl")),
    (("left hand", "free_left_hand"), ("right hand", "free_right_hand")),
    (("jaw", "free_jaw"), ("eyes", "free_eyes"), ("betas", "shape"), ("expression", "expression")),
)
OFF = {"shape": "fixed", "expression": "off"}
TURNED_ON = "shared"


class FreeGroups(QWidget):
    """``edited`` carries the name of a setting and its new value."""

    edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: dict[str, QToolButton] = {}
        self._shown: Entry | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(section("FREE", self))
        for groups in GROUPS:
            row = QHBoxLayout()
            row.setSpacing(4)
            for words, name in groups:
                button = chip(words, self)
                button.clicked.connect(partial(self._on_click, name))
                self.chips[name] = button
                row.addWidget(button, len(words) + 4)
            column.addLayout(row)

    def show_entry(self, entry: Entry, method: str) -> None:
        """Shows what is free in a stage."""
        self._shown = entry
        for groups in GROUPS:
            for words, name in groups:
                button, value = self.chips[name], getattr(entry.settings, name)
                why_not = no_effect(entry.settings, name, method)
                mark = " •" if entry.changed(name) else ""
                button.setText(f"{words}: auto{mark}" if value is None else f"{words}{mark}")
                button.setChecked(is_free(name, value) and not (why_not and name == "free_transl"))
                button.setEnabled(not why_not)
                then = f"A click: {_words(name, self._next(name))}"
                button.setToolTip(plain_tip(f"{setting_tip(name)}\n{why_not or then}"))

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

    def _on_click(self, name: str, *_: object) -> None:
        self.edited.emit(name, self._next(name))


def is_free(name: str, value: Any) -> bool:
    """A setting lets its group move, or leaves that to the source."""
    return bool(value != OFF[name]) if name in OFF else value is not False


def _words(name: str, value: Any) -> str:
    if name in OFF:
        return "held" if value == OFF[name] else f"{SETTINGS[name].metadata['label'].lower()} {value}"
    return {None: "auto, as the source has fingers", True: "free", False: "held"}[value]
