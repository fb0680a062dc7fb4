"""The command palette: type a few letters, press Enter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.files.builtin_files import builtin_by_title
from core.shown_text import shown
from gui_app.document.actions import SPECS, Actions
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.style import colours
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import icon

# Everything that can be run by name, and how well it answers to what is typed; no widgets.

LEFT_OUT = ("palette",)


@dataclass(frozen=True)
class Command:
    """One line: what it says, what stands at the right of it, and what it does."""

    text: str
    hint: str
    run: Callable[[], object]
    enabled: bool = True
    section: str = ""


class Commands:
    """The commands of one window: its actions, frames to go to, files to open."""

    def __init__(
        self,
        state: AppState,
        actions: Actions,
        preferences: Preferences,
        open_path: Callable[[Path], object],
    ) -> None:
        self._state, self._actions = state, actions
        self._preferences, self._open_path = preferences, open_path
        self._files: list[Command] = []

    def look_again(self) -> None:
        """Reads anew which files there are."""
        self._files = [
            *(
                self._file(f"Open built-in motion: {title}", path, "")
                for title, path in builtin_by_title().items()
            ),
            *(
                self._file(f"Open recent: {path.name}", path, str(path.parent))
                for path in self._preferences.recent
            ),
        ]

    def _file(self, text: str, path: Path, hint: str) -> Command:
        return Command(text, hint, partial(self._open_path, path))

    def matching(self, typed: str) -> list[Command]:
        """What answers to ``typed``, the best first; everything for nothing."""
        typed = typed.strip()
        found = [
            *self._frames(typed),
            *self._of_actions(),
            *self._of_cameras(),
            *self._of_markers(),
            *self._files,
        ]
        if not typed:
            return sorted(found, key=lambda command: not command.enabled)
        ranked = [(score(typed, f"{command.section} {command.text}"), command) for command in found]
        best = sorted(
            ((points, command) for points, command in ranked if points > 0),
            key=lambda pair: (not pair[1].enabled, -pair[0]),
        )
        return [command for _, command in best]

    def _of_actions(self) -> list[Command]:
        commands = []
        for name, spec in SPECS.items():
            if name in LEFT_OUT:
                continue
            action = getattr(self._actions, name)
            if action in self._actions.cameras:
                continue
            keys = " or ".join(QKeySequence(key).toString() for key in spec.keys)
            state = ("on" if action.isChecked() else "off") if spec.checkable else ""
            hint = "   ".join(part for part in (state, keys) if part)
            commands.append(Command(spec.text, hint, action.trigger, action.isEnabled(), spec.section))
        return commands

    def _of_cameras(self) -> list[Command]:
        saved = [action for action in self._actions.cameras if action.isVisible()]
        return [
            Command(
                f"Saved camera: {action.text().replace('&&', '&')}",
                action.shortcut().toString(),
                action.trigger,
                action.isEnabled(),
                "View",
            )
            for action in saved
        ]

    def _of_markers(self) -> list[Command]:
        go_to = self._state.playback.go_to
        return [
            Command(f"Go to marker: {shown(one.name)}", f"frame {one.frame}", partial(go_to, one.frame))
            for one in self._state.document.markers
        ]

    def _frames(self, typed: str) -> list[Command]:
        state = self._state
        if not (typed.isascii() and typed.isdigit()) or not state.document.frames:
            return []
        frame = int(typed)
        inside = frame < state.document.frames
        hint = "" if inside else f"the last is {state.document.frames - 1:,}"
        return [Command(f"Go to frame {typed}", hint, partial(state.playback.go_to, frame), inside)]


def score(typed: str, text: str) -> float:
    """How well ``text`` answers to the words typed; 0 where one of them is not in it.

    A word that begins a word of the text counts most, then one inside a word, then one whose letters appear
    in order in a single word.
    """
    words = text.lower().replace("…", "").split()
    total = 0.0
    for wanted in typed.lower().split():
        best = max((_word_score(wanted, word) for word in words), default=0.0)
        if best == 0.0:
            return 0.0
        total += best
    return total - 0.001 * len(text)


def _word_score(wanted: str, word: str) -> float:
    if word == wanted:
        return 4.0
    if word.startswith(wanted):
        return 3.0
    if wanted in word:
        return 2.0
    letters = iter(word)
    in_order = len(wanted) > 1 and all(letter in letters for letter in wanted)
    return 1.0 if in_order and word[0] == wanted[0] else 0.0


WIDTH = 580
ROW_HEIGHT = 32
MOST_ROWS = 11
TOP = 84
COMMAND = Qt.ItemDataRole.UserRole
MOVES = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -MOST_ROWS,
    Qt.Key.Key_PageDown: MOST_ROWS,
}
STYLE = """
QFrame#palette { background: $PANEL; border: 1px solid $LINE; border-radius: 0; }
QLineEdit { background: $PANEL; border: none; border-radius: 0; font-size: 15px; padding: 9px 4px; }
QListWidget { background: $PANEL; border: none; border-top: 1px solid $LINE; border-radius: 0; padding: 5px; }
"""


class CommandPalette(QFrame):
    """A popup over the upper part of its window."""

    def __init__(self, commands: Commands, window: QWidget) -> None:
        super().__init__(window, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self._commands, self._window = commands, window
        self.setObjectName("palette")
        set_sheet(self, STYLE)
        self.setFixedWidth(WIDTH)
        self.typed = QLineEdit(self)
        self.typed.setPlaceholderText("A command, a motion, or the number of a frame")
        self.typed.addAction(
            icon("magnifying-glass", "TEXT_SECONDARY"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.list = QListWidget(self)
        self.list.setItemDelegate(_Line(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self.typed)
        column.addWidget(self.list)
        self.typed.textChanged.connect(self._fill)
        self.typed.installEventFilter(self)
        self.list.itemClicked.connect(self._run)

    @Slot()
    def open_up(self) -> None:
        """Shows the palette, empty."""
        self._commands.look_again()
        self.typed.clear()
        self._fill()
        corner = QPoint((self._window.width() - WIDTH) // 2, TOP)
        self.move(self._window.mapToGlobal(corner))
        self.show()
        self.typed.setFocus()

    @Slot()
    def _fill(self, *_: object) -> None:
        self.list.clear()
        for command in self._commands.matching(self.typed.text()):
            item = QListWidgetItem(command.text, self.list)
            item.setData(COMMAND, command)
        if not self.list.count():
            item = QListWidgetItem("Nothing is called that", self.list)
            item.setData(COMMAND, Command(item.text(), "", _nothing, enabled=False))
        self.list.setCurrentRow(0)
        rows = min(self.list.count(), MOST_ROWS)
        self.list.setFixedHeight(rows * ROW_HEIGHT + 12)
        self.adjustSize()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list while letters go to the line."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if key in MOVES:
                row = self.list.currentRow() + MOVES[key]
                self.list.setCurrentRow(min(max(row, 0), self.list.count() - 1))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.list.currentItem())
                return True
            if key == Qt.Key.Key_Escape:
                self.hide()
                return True
        return super().eventFilter(watched, event)

    @Slot(QListWidgetItem)
    def _run(self, item: QListWidgetItem | None) -> None:
        command: Command | None = item.data(COMMAND) if item is not None else None
        if command is None or not command.enabled:
            return
        self.hide()
        # Once the popup has let go of the keyboard: a command may open a dialog.
        QTimer.singleShot(0, self, command.run)


def _nothing() -> None:
    pass


class _Line(QStyledItemDelegate):
    """Words at the left, keys or place at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: object) -> QSize:  # type: ignore[override]
        """Every line is as high."""
        return QSize(WIDTH - 40, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:  # type: ignore[no-untyped-def, override]
        """Grey where it cannot be run now."""
        command: Command = index.data(COMMAND)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = option.rect  # type: ignore[attr-defined]
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.CHOSEN if command.enabled else colours.RAISED))
            painter.drawRoundedRect(rect, 6, 6)
        inside = rect.adjusted(12, 0, -12, 0)
        font = option.font  # type: ignore[attr-defined]
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(QColor(colours.TEXT if command.enabled else colours.TEXT_DISABLED))
        width = metrics.horizontalAdvance(command.text)
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, command.text)
        painter.setPen(QColor(colours.TEXT_SECONDARY if command.enabled else colours.TEXT_DISABLED))
        room = inside.width() - width - 24
        hint = metrics.elidedText(command.hint, Qt.TextElideMode.ElideMiddle, max(room, 0))
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, hint)
        painter.restore()
