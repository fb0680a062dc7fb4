"""Problems in groups, by body part or by kind, each below a heading with its count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from core.joints import PARTS
from gui_app.preferences import Preferences
from gui_app.problem_words import body_part
from gui_app.stage_look import ICON, quiet_icon
from gui_app.theme import icon

if TYPE_CHECKING:
    from gui_app.problem_rows import Row

Grouping = Literal["none", "part", "kind"]
GROUPINGS: tuple[Grouping, ...] = ("none", "part", "kind")
WORDS: dict[Grouping, str] = {"none": "No groups", "part": "By part", "kind": "By kind"}
GROUPS = "problem_groups"
UNKNOWN = "still being judged"
ORDER: dict[Grouping, tuple[str, ...]] = {
    "none": (),
    "part": (*PARTS, "whole body"),
    "kind": ("failed fit", "model gap", "source", UNKNOWN, "accepted", "mended"),
}


@dataclass(frozen=True)
class Heading:
    """The title of a group.

    Attributes:
        name: of the group.
        count: rows in it.
    """

    name: str
    count: int

    @property
    def key(self) -> tuple[str, str, int]:
        """The same for the same group of another moment; none that a row has."""
        return "", self.name, 0

    @property
    def words(self) -> str:
        """``Hands``."""
        return self.name[:1].upper() + self.name[1:]


def group_of(row: Row, by: Grouping) -> str:
    """The group that a row is in."""
    if by == "part":
        return body_part(row.problem) or "whole body"
    if by == "kind":
        return (row.kind or UNKNOWN) if row.status == "open" else row.status
    return ""


def grouped(rows: Sequence[Row], by: Grouping) -> list[Row | Heading]:
    """The rows below headings, in their order within each group; without headings where there are no
    groups."""
    if by == "none":
        return list(rows)
    lines: list[Row | Heading] = []
    for name in ORDER[by]:
        members = [row for row in rows if group_of(row, by) == name]
        if members:
            lines += [Heading(name, len(members)), *members]
    return lines


class GroupButton(QToolButton):
    """``chosen`` tells how rows are to be grouped; remembered."""

    chosen = Signal(str)

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.setProperty("role", "tool")
        self.setIconSize(ICON)
        self.setFixedSize(26, 26)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu, group = QMenu(self), QActionGroup(self)
        self.choices: dict[Grouping, QAction] = {}
        for by, words in WORDS.items():
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setData(by)
            group.addAction(action)
            self.choices[by] = action
        self.setMenu(menu)
        self.by: Grouping = preferences.choice(GROUPS, GROUPINGS, "none")
        self.choices[self.by].setChecked(True)
        group.triggered.connect(self._on_chosen)
        self._present()

    @Slot(QAction)
    def _on_chosen(self, action: QAction) -> None:
        self.by = action.data()
        self._preferences.store(GROUPS, self.by)
        self._present()
        self.chosen.emit(self.by)

    def _present(self) -> None:
        self.setIcon(quiet_icon("rows") if self.by == "none" else icon("rows", "ACCENT"))
        self.setToolTip(
            "Rows in groups, by part or by kind" if self.by == "none" else f"Rows {WORDS[self.by].lower()}"
        )
        self.setAccessibleName(f"Groups: {WORDS[self.by].lower()}")
