"""The family that a word in a file names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.model.joints import JOINT_NAMES

FAMILY_KEYS = ("surface_model_type", "model_type")
"""Under which a file names it."""


def family_of_word(word: str) -> str | None:
    """``'smplx'``, ``'smplh'`` or ``'smpl'`` of ``SMPL-X``, ``smplx_locked_head``, ``SMPL+H`` and the like.

    None where it is none of them.
    """
    plain = re.sub("[^a-z]", "", word.lower())
    return next(
        (family for family in sorted(JOINT_NAMES, key=len, reverse=True) if plain.startswith(family)), None
    )


def said_family(words: Iterable[tuple[str, str]], notes: list[str]) -> tuple[str, str] | None:
    """The first family that a file names, and where; None where it names none.

    Args:
        words: what is under the keys that may name one, as ``('model_type', 'SMPL-X')``; no more of them are
            taken than it needs.
        notes: takes in words that name none.
    """
    for key, word in words:
        word = word.strip()
        told = f"'{key}' is '{word[:40]}'"
        family = family_of_word(word)
        if family is not None:
            return family, told
        if word:
            notes.append(f"{told}, which is no family that Refit knows.")
    return None
