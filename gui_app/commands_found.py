"""Everything that can be run by name, and how well it answers to what is typed; no widgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtGui import QKeySequence

from gui_app.actions import SPECS, Actions
from gui_app.motion_titles import builtin_by_title
from gui_app.preferences import Preferences
from gui_app.state import AppState

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
        found = [*self._frames(typed), *self._of_actions(), *self._files]
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
            keys = " or ".join(QKeySequence(key).toString() for key in spec.keys)
            state = ("on" if action.isChecked() else "off") if spec.checkable else ""
            hint = "   ".join(part for part in (state, keys) if part)
            commands.append(Command(spec.text, hint, action.trigger, action.isEnabled(), spec.section))
        return commands

    def _frames(self, typed: str) -> list[Command]:
        state = self._state
        if not (typed.isascii() and typed.isdigit()) or not state.frames:
            return []
        frame = int(typed)
        inside = frame < state.frames
        hint = "" if inside else f"the last is {state.frames - 1:,}"
        return [Command(f"Go to frame {typed}", hint, partial(state.go_to, frame), inside)]


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
