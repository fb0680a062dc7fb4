"""The family that a word in a file names."""

from __future__ import annotations

import re

from core.model.joints import FAMILY_LABEL


def family_of_word(word: str) -> str | None:
    """``'smplx'``, ``'smplh'`` or ``'smpl'`` of ``SMPL-X``, ``smplx_locked_head``, ``SMPL+H`` and the like.

    None where it is none of them.
    """
    plain = re.sub("[^a-z]", "", word.lower())
    return next(
        (family for family in sorted(FAMILY_LABEL, key=len, reverse=True) if plain.startswith(family)), None
    )


def family_told(key: str, word: str) -> str:
    """Where a file names its family."""
    return f"'{key}' is '{word[:40]}'"


def unknown_family(key: str, word: str) -> str:
    """A sentence on a word that names none."""
    return f"{family_told(key, word)}, which is no family that Refit knows."
