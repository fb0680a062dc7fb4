"""The problems as rows, open, accepted and mended: in any order, filtered, in groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from core.model.joints import PARTS
from gui_app.document.preferences import Preferences
from gui_app.document.problem_text import amount_words, body_part, kind_role, part_words
from gui_app.style.theme import icon
from gui_app.widgets.cards import ICON, quiet_icon
from gui_app.widgets.tables import HEADING, RIGHT, FlatRows, Index
from gui_app.widgets.text import plain_tip, span_words, which_frames

if TYPE_CHECKING:
    from core.measure.fit_comparison import FigureChange
    from core.problems.detect import Problem

# Problems in groups, by body part or by kind, each below a heading with its count.

Grouping = Literal["none", "part", "kind"]
GROUPINGS: tuple[Grouping, ...] = ("none", "part", "kind")
WORDS: dict[Grouping, str] = {"none": "No groups", "part": "By part", "kind": "By cause"}
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
            "Rows in groups, by part or by cause" if self.by == "none" else f"Rows {WORDS[self.by].lower()}"
        )
        self.setAccessibleName(f"Groups: {WORDS[self.by].lower()}")


HEADINGS = ("Frames", "Part", "Metric", "Value", "Cause")
TIPS = (
    "Frames of the problem",
    "Body part, joint, or the whole body",
    "What stands out",
    "How much, at its worst frame; mm/f² is mm/frame²",
    "Failed fit: a second one of its worst frame is better. Model gap: the bodies cannot be brought closer. "
    "Source: the source itself jumps",
)
FRAMES, PART, FIGURE, VALUE, KIND = range(5)
REASON = Qt.ItemDataRole.UserRole + 21
"""Role of the words in the second line of a row."""
STATUS = Qt.ItemDataRole.UserRole + 22
"""Role of what a row is: an icon and the role of its colour."""
CHANGE = Qt.ItemDataRole.UserRole + 23
"""Role of the beginning of the second line that tells a change, and the role of its colour."""
LEAST_MM = 0.05
FLAGS = {"finite": "Not finite", "converged": "Convergence"}
"""What the problems that come from no figure are called."""
ANY = ""
Status = Literal["open", "accepted", "mended"]


@dataclass(frozen=True)
class Row:
    """One problem.

    Attributes:
        problem: what stands out.
        status: whether it is a problem still.
        note: with which it was accepted.
        kind: model gap, failed fit or source; empty while that is not known.
        change: mean distance of its part in its frames before the last change and now, or None.
    """

    problem: Problem
    status: Status = "open"
    note: str = ""
    kind: str = ""
    change: FigureChange | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """The same for the same problem of another moment."""
        problem = self.problem
        over = " over" if problem.kind.name == "OVER" else ""
        return problem.metric + over, problem.part, problem.frame

    @property
    def words(self) -> str:
        """The second line: the note, or the reason, behind what a change has brought."""
        words = self.problem.reason
        if self.status == "mended":
            words = f"was: {words}"
        elif self.status == "accepted":
            words = f"accepted: {self.note}" if self.note else f"accepted · {words}"
        return f"{self.change_words} · {words}" if self.change_words else words

    @property
    def change_words(self) -> str:
        """``hands 31.2 → 4.1 mm``; empty where nothing has changed."""
        if self.change is None or self.status == "accepted":
            return ""
        part = body_part(self.problem) or "whole body"
        return f"{part} {self.change.before:.1f} → {self.change.now:.1f} mm"

    @property
    def value_words(self) -> str:
        """The figure with its unit; empty where what stands out is no figure."""
        return amount_words(self.problem.value, self.problem.unit) if self.problem.unit else ""


@dataclass(frozen=True)
class Filter:
    """Which rows are shown; empty where anything goes."""

    text: str = ANY
    kind: str = ANY
    part: str = ANY

    def takes(self, row: Row) -> bool:
        """The row is shown."""
        if self.kind and self.kind not in (row.kind, row.status):
            return False
        if self.part and (body_part(row.problem) or "whole body") != self.part:
            return False
        words = " ".join((*cells(row), row.words, row.problem.reason, row.status)).casefold()
        return all(word in words for word in self.text.casefold().split())


def cells(row: Row) -> tuple[str, ...]:
    """The words of a row by column."""
    problem = row.problem
    local = problem.kind.name != "THROUGHOUT"
    return (
        span_words(problem.first, problem.last) if local else "all",
        part_words(problem),
        figure_words(problem),
        row.value_words,
        row.kind or ("…" if row.status == "open" else ""),
    )


def figure_words(problem: Problem) -> str:
    """``Body part``, ``Joint turn``: the name of the figure that stands out."""
    from core.problems.rules import rule_of

    rule = rule_of(problem.metric, problem.kind)
    return rule.label if rule is not None else FLAGS[problem.metric]


class ProblemRows(FlatRows):
    """The rows that the filter lets through, sorted by a column, in groups if that is wished.

    Attributes:
        rows: from top to bottom.
        lines: the same, with the headings of groups among them.
    """

    headings, tips, sides = HEADINGS, tuple(map(plain_tip, TIPS)), (None, None, None, RIGHT, None)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._all: tuple[Row, ...] = ()
        self.rows: list[Row] = []
        self.lines: list[Row | Heading] = []
        self.filter = Filter()
        self.grouping: Grouping = "none"
        self._column, self._descending = FRAMES, False

    def set_rows(self, rows: tuple[Row, ...]) -> bool:
        """Shows these; whether they differ from those before."""
        if rows == self._all:
            return False
        self._all = rows
        self._arrange()
        return True

    def set_filter(self, wanted: Filter) -> None:
        """Shows only what is wanted."""
        if wanted != self.filter:
            self.filter = wanted
            self._arrange()

    def group(self, by: Grouping) -> None:
        """Puts rows below headings, or takes these away."""
        if by != self.grouping:
            self.grouping = by
            self._arrange()

    def members(self, heading: Heading) -> list[Row]:
        """The rows below a heading."""
        at = next((i for i, line in enumerate(self.lines) if line == heading), len(self.lines))
        return [line for line in self.lines[at + 1 : at + 1 + heading.count] if isinstance(line, Row)]

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Orders by a column."""
        self._column, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self._arrange()

    def _arrange(self) -> None:
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        were = [(self.lines[index.row()].key, index.column()) for index in old]
        rows = [row for row in self._all if self.filter.takes(row)]
        rows.sort(key=lambda row: row.problem.first)
        rows.sort(key=self._order, reverse=self._descending)
        self.lines = grouped(rows, self.grouping)
        self.rows = [line for line in self.lines if isinstance(line, Row)]
        places = {line.key: place for place, line in enumerate(self.lines)}
        now = [
            self.index(places[key], column) if key in places else QModelIndex() for key, column in were
        ]  # fmt: skip
        self.changePersistentIndexList(old, now)
        self.layoutChanged.emit()

    def _order(self, row: Row) -> tuple[Any, ...]:
        problem = row.problem
        if self._column == VALUE:
            # Millimetres and degrees have no order among each other.
            return (problem.unit, problem.value)
        if self._column == FRAMES:
            return (problem.kind.name != "THROUGHOUT", problem.first, problem.last)
        return (cells(row)[self._column].casefold(),)

    def shown(self) -> list[Row | Heading]:
        """A row a problem, and one a heading."""
        return self.lines

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings are passed over by keys, and cannot be selected."""
        if index.isValid() and isinstance(self.lines[index.row()], Heading):
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words, the second line and the colours."""
        row, column = self.lines[index.row()], index.column()
        if isinstance(row, Heading):
            if role == HEADING:
                return True
            if role == Qt.ItemDataRole.ToolTipRole:
                return f"Choose the {row.count:,} below" if row.count > 1 else "Choose the one below"
            return row.words if role == Qt.ItemDataRole.DisplayRole and column == FRAMES else None
        if role == Qt.ItemDataRole.DisplayRole:
            return cells(row)[column]
        if role == REASON:
            return row.words
        if role == CHANGE and row.change is not None and row.change_words:
            return row.change_words, change_role(row.change.before - row.change.now)
        if role == STATUS:
            if row.status == "open":
                return "warning", kind_role(row.problem.kind)
            return "check-circle", "GOOD" if row.status == "mended" else "TEXT_DISABLED"
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(_tip(row))
        if role == Qt.ItemDataRole.TextAlignmentRole and column == VALUE:
            return Qt.AlignmentFlag.AlignRight
        if role == Qt.ItemDataRole.ForegroundRole:
            if row.status != "open":
                return "TEXT_SECONDARY"
            return "ERROR" if column == KIND and row.kind == "failed fit" else None
        return None


def change_role(gained_mm: float) -> str:
    """The role of the colour of a change; what cannot be seen in its figures is neither good nor bad."""
    if abs(gained_mm) < LEAST_MM:
        return "TEXT_SECONDARY"
    return "GOOD" if gained_mm > 0 else "WARNING"


def _tip(row: Row) -> str:
    problem = row.problem
    where = which_frames(problem.first, problem.last)
    lines = [f"{where[:1].upper()}{where[1:]}, worst in frame {problem.frame}", problem.reason]
    if problem.unit:
        unit = problem.unit
        usual, most = f"{problem.usual:.1f}", f"{problem.threshold:.1f}"
        if problem.kind.name in ("OVER", "THROUGHOUT"):
            lines.append(f"{problem.value:.1f} {unit}, a problem over {most}")
        else:
            more = f"{problem.threshold - problem.usual:.1f}"
            lines.append(f"{problem.value:.1f} {unit}, median {usual}, a problem over {most} (+{more})")
    if row.change is not None:
        part = body_part(problem) or "whole body"
        lines.append(f"{part} in these frames: {row.change.before:.2f} → {row.change.now:.2f} mm")
    return "\n".join(lines)
