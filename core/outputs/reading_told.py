"""What a motion file was taken to mean, for people: a table, a line, and the command to read it otherwise."""

from __future__ import annotations

import shlex

from core.files.assumption import DEFAULT, FILE, FIT, HOW_WORDS, NUMBERS, TOOL, USER, Assumption
from core.files.containers.arrays import key_list
from core.model.motion import CHOICES, FIELD_OF_QUANTITY, Motion

# Of what is known for sure nobody needs to be told in a line.
_SURE = (FILE, USER)
# The first that is worth saying otherwise: the least sure.
_DOUBT = (NUMBERS, DEFAULT, TOOL, FIT, FILE, USER)


def table_rows(motion: Motion) -> list[tuple[str, str, str]]:
    """Of each quantity its name, what it was taken to be, and how that is known and why."""
    return [
        (one.quantity, one.value or "not known", f"{HOW_WORDS[one.how]}: {one.why}") for one in motion.assumed
    ]


def unused_words(motion: Motion) -> str:
    """The keys that were not used, shortened where there are many; nothing where all were."""
    return key_list(motion.unused) if motion.unused else ""


def line(motion: Motion) -> str:
    """What was taken without having been said, and which keys were not used; nothing where all is sure."""
    unsure = [one.words for one in motion.assumed if one.how not in _SURE]
    parts = [f"taken: {', '.join(unsure)}"] if unsure else []
    if motion.unused:
        parts.append(f"not used: {unused_words(motion)}")
    return "; ".join(parts)


def command_to_read_otherwise(motion: Motion) -> str:
    """A line of ``refit convert`` with the options that say each quantity, the least sure first, of which
    those that are wrong are to be exchanged; nothing where nothing can be said.
    """
    name = motion.path.name if motion.path else "FILE"
    ranked = sorted(motion.assumed, key=lambda one: _DOUBT.index(one.how))
    options = [_option(one) for one in ranked if one.how not in _SURE]
    if not options:
        return ""
    return f"refit convert {shlex.quote(name)} -o out/ {' '.join(options)}"


def _option(one: Assumption) -> str:
    """An option with another value than the one that was taken: all that there are, where there are more."""
    name = FIELD_OF_QUANTITY[one.quantity]
    others = "|".join(value for value in CHOICES.get(name, ("FPS",)) if value != one.value)
    return f"[--{name.replace('_', '-')}{'=' if '-' in others else ' '}{others}]"
