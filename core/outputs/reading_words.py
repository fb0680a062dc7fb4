"""What a motion file was taken to mean, for people: a table, a line, and the command to read it otherwise."""

from __future__ import annotations

import shlex

from core.files.assumption import DEFAULT, FAMILY, FILE, FIT, HOW_WORDS, NUMBERS, TOOL, USER, Assumption
from core.files.containers.arrays import key_list
from core.files.motions.settle import REFUSE, STRICT, option_flag, option_words
from core.model.joints import MESH
from core.model.motion import CHOICES, FIELD_OF_QUANTITY, FILES, Motion, Reading

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


def changes_nothing(reading: Reading, doubts: str = REFUSE) -> tuple[str, ...]:
    """A sentence where something is said of how a motion file is read, of what is none; nothing otherwise.

    Args:
        reading: what is said.
        doubts: as in `core.files.motions.load_motion.load_motion`.
    """
    names = ("person", *CHOICES, "frame_rate", "fps")
    said = [option_flag(name) for name in names if getattr(reading, name) is not None]
    said += ["--strict"] if doubts == STRICT else []
    if not said:
        return ()
    return (
        f"Saying {' and '.join(said)} changes nothing: that is for motion files, and a fit keeps its motion "
        "as it was read when the fit was made.",
    )


def command_to_read_otherwise(motion: Motion) -> str:
    """A line of ``refit convert`` that reads the file as it was read, and in brackets the options that read
    it otherwise, the least sure first; nothing where nothing can be said.
    """
    ranked = sorted(motion.assumed, key=lambda one: _DOUBT.index(one.how))
    target = "smplh" if motion.family == "smplx" and motion.has_poses else "smplx"
    fixed = (FAMILY,) if motion.family == MESH else ()
    unsure = [_otherwise(one, target) for one in ranked if one.how not in _SURE and one.quantity not in fixed]
    if not unsure:
        return ""
    needed = [f"--to {target}"] if target != "smplx" else []
    for name in FILES:
        if getattr(motion.reading, name) is not None:
            needed.append(f"{option_flag(name)} {shlex.quote(getattr(motion.reading, name))}")
    if motion.reading.person is not None:
        needed.append(f"--person={shlex.quote(motion.reading.person)}")
    needed += [option_words(FIELD_OF_QUANTITY[one.quantity], one.value) for one in ranked if one.how == USER]
    if motion.reading.fps is not None:
        needed.append(option_words("fps", f"{motion.reading.fps:g}"))
    path = shlex.quote(str(motion.path) if motion.path else "FILE")
    return " ".join(["refit convert", path, "-o out/", *needed, *unsure])


def _otherwise(one: Assumption, target: str) -> str:
    """An option with another value than the one that was taken, in brackets: all that there are, where there
    are more. What is in the target's family needs another target.
    """
    name = FIELD_OF_QUANTITY[one.quantity]
    values = [value for value in CHOICES.get(name, ("FPS",)) if value != one.value]
    if name == "family" and target in values:
        values.remove(target)
        other = next(family for family in ("smplx", "smplh") if family != target)
        rest = f" [{option_words(name, '|'.join(values))}]" if values else ""
        return f"[{option_words(name, target)} --to {other}]{rest}"
    return f"[{option_words(name, '|'.join(values))}]"
