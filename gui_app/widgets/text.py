"""Small pieces of text that several places need; no Qt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from core.shown_text import shown, shown_lines

FALLBACK_RATE = 30.0
"""Frames a second to play at where neither the file nor the user says."""


def frames_words(count: int) -> str:
    """``1 frame``, ``1,200 frames``."""
    return f"{count:,} frame{'' if count == 1 else 's'}"


def together(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def person_name(name: str) -> str:
    """``Person 1`` of a number; a name stands as it is."""
    return f"Person {name}" if name.isdigit() else name


def span_words(first: int, last: int) -> str:
    """``137`` or ``120–180``."""
    return str(first) if first == last else f"{first}–{last}"


def which_frames(first: int, last: int) -> str:
    """``frame 137`` or ``frames 120–180``."""
    return f"frame{'' if first == last else 's'} {span_words(first, last)}"


BREAK = "\u200b"
"""Not to be seen; a line may end there."""
MOST_LETTERS = 24
"""Of a word that a line may end only behind."""


def breakable(text: str) -> str:
    """The same, as it may be shown, with places, not to be seen, where a line may end within words as long as
    those of paths."""

    def cut(word: str) -> str:
        if len(word) <= MOST_LETTERS:
            return word
        parts = re.split(r"(?<=[/\\_.-])", word)
        pieces = [part[i : i + MOST_LETTERS] for part in parts for i in range(0, len(part), MOST_LETTERS)]
        return BREAK.join(pieces)

    return re.sub(r"\S+", lambda word: cut(word[0]), shown_lines(text))


def plain_tip(text: str) -> str:
    """A tooltip that shows ``text`` as it stands, whatever markup a file put in it, and is wrapped."""
    return f"<qt>{escape(shown_lines(text))}</qt>".replace("\n", "<br>") if text else ""


def path_tip(path: object) -> str:
    """A tooltip that shows where a file is."""
    return plain_tip(shown(str(path)))


def menu_words(text: str) -> str:
    """The words of a menu's line or a button, as they may be shown; an & would underline what follows it."""
    return shown(text).replace("&", "&&")


def building_words(share: float | None) -> str:
    """How far a correspondence is that is being built from two bodies; '' for None."""
    if share is None:
        return ""
    return f" Building the correspondence from the two bodies, {100 * share:.0f} %  ·  Esc cancels"
