"""The listed clips as rows: what is known of a clip is asked for when its row is to be seen."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QWidget

from core.shown_text import shown
from gui_app.library.clip_list import Arranged
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.tables import HEADING, RIGHT, FlatRows, Index
from gui_app.widgets.text import frames_words, plain_tip

if TYPE_CHECKING:
    from core.catalogue.catalogue import Clip, Group

HEADINGS = ("Clip", "Mean", "Max", "Problems", "Over time")
TIPS = (
    "Name of the clip; below it its subject, its frames and the kinds of its problems, or why it failed",
    "v2v error, mean over frames and vertices, mm",
    "v2v error of the worst vertex of all frames, mm",
    "Problem frames: how many stand out",
    "v2v error, mean over vertices, from the first frame to the last: from 0 to 5 mm, or to what is worst",
)
NAME, MEAN, WORST, PROBLEMS, CURVE = range(5)
SORTS = ("name", "mean", "max", "problems")
"""What the catalogue sorts by, by column."""

SECOND = Qt.ItemDataRole.UserRole + 31
"""Role of the second line of a row, and the role of its colour."""
STATUS = Qt.ItemDataRole.UserRole + 32
"""Role of what became of the clip: an icon and the role of its colour."""
SHAPE = Qt.ItemDataRole.UserRole + 33
"""Role of the curve: its bytes, as `core.catalogue.entry.Entry.curve`, and the mm at its top."""
OPENED = Qt.ItemDataRole.UserRole + 34
"""Role of a flag: this clip is shown."""

PICTURE = Qt.ItemDataRole.UserRole + 35
"""Role of the clip itself, of whose fit a picture may be had."""

BLOCK = 64
"""Rows that are asked for together."""
MOST_KEPT = 4096
"""Clips that are kept at hand."""
STATES = {
    "done": ("check-circle", "GOOD"),
    "failed": ("x-circle", "ERROR"),
    "running": ("lightning", "ACCENT"),
    "waiting": ("clock", "TEXT_DISABLED"),
}
ENDINGS = ("_stageii.npz", "_smplh.npz", "_smpl.npz")


class ClipRows(FlatRows):
    """Rows of clips, below headings where they are in groups.

    ``wanted`` carries the numbers of clips that are to be seen and of which nothing is known; `take` is given
    what is.
    """

    wanted = Signal(object)
    headings, tips = HEADINGS, tuple(map(plain_tip, TIPS))
    sides = (None, RIGHT, RIGHT, RIGHT, None)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._listed = Arranged()
        self._titles: list[int] = []
        """Rows that are headings."""
        self._known: OrderedDict[int, Clip] = OrderedDict()
        self._fresh: set[int] = set()
        self._asked: set[int] = set()
        self._opened = ""
        self._soon = Coalescer(self._ask, self)

    @property
    def ids(self) -> array[int]:
        """Numbers of the clips, from top to bottom."""
        return self._listed.ids

    @property
    def kept(self) -> int:
        """How many clips are at hand."""
        return len(self._known)

    def shown(self) -> range:
        """A row a clip, and one a heading."""
        return range(len(self.ids) + len(self._titles))

    def arrange(self, listed: Arranged) -> None:
        """Shows clips in this order; those that are known stay to be seen until they were asked for anew."""
        self._fresh.clear()
        self._asked.clear()
        if listed.ids == self.ids and listed.groups == self._listed.groups:
            self._listed = listed
            if self.shown():
                self.dataChanged.emit(self.index(0, 0), self.index(len(self.shown()) - 1, CURVE))
            return
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        were = [(self.clip_id(index.row()), index.column()) for index in old]
        self._listed = listed
        self._titles = []
        row = 0
        for group in listed.groups:
            self._titles.append(row)
            row += 1 + group.clips
        now = [self.index(self.row_of(clip), column) if clip else QModelIndex() for clip, column in were]
        self.changePersistentIndexList(old, now)
        self.layoutChanged.emit()

    def forget(self) -> None:
        """Another folder: nothing is known any more."""
        self._known.clear()
        self.arrange(Arranged())

    def take(self, clips: Iterable[Clip]) -> None:
        """What is known of clips that were wanted."""
        for clip in clips:
            self._known[clip.id] = clip
            self._known.move_to_end(clip.id)
            self._fresh.add(clip.id)
            self._asked.discard(clip.id)
        while len(self._known) > MOST_KEPT:
            gone, _ = self._known.popitem(last=False)
            self._fresh.discard(gone)
        if self.shown():
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.shown()) - 1, CURVE))

    def set_opened(self, place: str) -> None:
        """The clip of this result is shown; '' for none of the list."""
        if place != self._opened:
            self._opened = place
            if self.shown():
                self.dataChanged.emit(self.index(0, 0), self.index(len(self.shown()) - 1, CURVE))

    def clip_id(self, row: int) -> int:
        """Number of the clip in a row; 0 for a heading."""
        if not self._titles:
            return self.ids[row]
        before = bisect_right(self._titles, row)
        return 0 if self._titles[before - 1] == row else self.ids[row - before]

    def row_of(self, clip: int) -> int:
        """Where a clip stands; -1 where it is not listed."""
        try:
            place = self.ids.index(clip)
        except ValueError:
            return -1
        titles = 0
        # Each heading above moves it down by one.
        while titles < len(self._titles) and self._titles[titles] <= place + titles:
            titles += 1
        return place + titles

    def clip(self, row: int) -> Clip | None:
        """What is known of the clip in a row, which is asked for where nothing is."""
        number = self.clip_id(row)
        if number and number not in self._fresh and number not in self._asked:
            self._want(row)
        return self._known.get(number)

    def group(self, row: int) -> Group | None:
        """The group whose heading a row is."""
        place = bisect_left(self._titles, row)
        there = place < len(self._titles) and self._titles[place] == row
        return self._listed.groups[place] if there else None

    def _want(self, row: int) -> None:
        before = bisect_right(self._titles, row)
        start = (row - before) // BLOCK * BLOCK
        self._asked.update(one for one in self.ids[start : start + BLOCK] if one not in self._fresh)
        self._soon.ask()

    def _ask(self) -> None:
        if self._asked:
            self.wanted.emit(sorted(self._asked))

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings cannot be selected."""
        if index.isValid() and not self.clip_id(index.row()):
            return Qt.ItemFlag.ItemIsEnabled
        return super().flags(index)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words, colours and the curve."""
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.sides[column]
        group = self.group(row)
        if group is not None:
            if role == HEADING:
                return True
            return group_words(group) if role == Qt.ItemDataRole.DisplayRole and column == NAME else None
        if role not in _ROLES:
            return None
        clip = self.clip(row)
        if clip is None:
            return "…" if role == Qt.ItemDataRole.DisplayRole and column == NAME else None
        if role == Qt.ItemDataRole.DisplayRole:
            return cell(clip, column)
        if role == SECOND:
            return second_line(clip)
        if role == STATUS:
            return status(clip)
        if role == SHAPE:
            return clip.curve, clip.curve_top or 0.0
        if role == PICTURE:
            return clip if clip.mean is not None else None
        if role == OPENED:
            return bool(self._opened) and clip.output == self._opened
        return plain_tip(tip(clip))


_ROLES = (Qt.ItemDataRole.DisplayRole, SECOND, STATUS, SHAPE, OPENED, PICTURE, Qt.ItemDataRole.ToolTipRole)


def title(clip: Clip) -> str:
    """``walk`` of ``walk_stageii.npz``."""
    ending = next((one for one in ENDINGS if clip.name.endswith(one)), ".npz")
    return shown(clip.name.removesuffix(ending))


def cell(clip: Clip, column: int) -> str:
    """The words of a column."""
    if column == NAME:
        return title(clip)
    if column == PROBLEMS:
        return "" if clip.problem_frames is None else f"{clip.problem_frames:,}"
    value = {MEAN: clip.mean, WORST: clip.max}.get(column)
    return "" if value is None else f"{value:.1f}"


def status(clip: Clip) -> tuple[str, str]:
    """What became of a clip: an icon, and the role of its colour."""
    if clip.state == "done" and clip.problem_frames:
        return ("check-circle", "WARNING") if clip.accepted else ("warning", "WARNING")
    return STATES[clip.state]


def second_line(clip: Clip) -> tuple[str, str]:
    """What stands below the name, and the role of its colour."""
    if clip.state == "failed":
        return shown(clip.why), "ERROR"
    words = [shown(clip.subject)] if clip.subject else []
    if clip.state == "running":
        return " · ".join(["being fitted", *words]), "ACCENT"
    if clip.frames:
        words.append(frames_words(clip.frames))
    if clip.state == "waiting":
        return " · ".join(["not fitted", *words, *([shown(clip.why)] if clip.why else [])]), "TEXT_SECONDARY"
    if clip.kinds:
        words.append(clip.kinds)
    if clip.accepted:
        words.append(f"{clip.accepted:,} accepted")
    return " · ".join(words), "TEXT_SECONDARY"


def group_words(group: Group) -> str:
    """``s12   14 clips · mean 2.4 · worst 31.0 mm``."""
    words = [f"{group.clips:,} clip{'s' * (group.clips != 1)}"]
    if group.failed:
        words.append(f"{group.failed:,} failed")
    if group.mean is not None and group.max is not None:
        words.append(f"mean {group.mean:.1f} · worst {group.max:.1f} mm")
    return f"{shown(group.name) or 'Without a subject'}\t{' · '.join(words)}"


def tip(clip: Clip) -> str:
    """All that a row has no room for."""
    lines = [shown(clip.output)]
    if clip.source:
        lines.append(f"of {shown(clip.source)}")
    if clip.mean is not None and clip.max is not None:
        p95 = "" if clip.p95 is None else f", 95th percentile {clip.p95:.2f}"
        lines.append(f"v2v: mean {clip.mean:.2f}{p95}, worst vertex {clip.max:.1f} mm")
    if clip.worst is not None:
        lines.append(f"Worst at frame {clip.worst:,}, where it opens")
    if clip.problem_frames:
        lines.append(f"{frames_words(clip.problem_frames)} stand out: {clip.kinds}")
    lines += [shown(one) for one in (clip.why, clip.notes) if one]
    return "\n".join(lines)
