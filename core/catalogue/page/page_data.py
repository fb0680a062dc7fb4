"""The rows of the page, column by column, in plain json values: short, for there may be ten thousand."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core import __version__
from core.catalogue.catalogue import Catalogue, Clip
from core.catalogue.facts import NOTHING, TOP
from core.catalogue.journal import STATES
from core.files.assumption import HOW_WORDS
from core.model.joints import FAMILY_LABEL, PARTS
from core.problems.rules import ProblemKind
from core.shown_text import shown

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"
"""Of curves: heights from nothing to the top, and the last one for a gap."""

MOST_STRETCHES = 3
"""Of a clip, with their reasons."""

_GAP = len(LETTERS) - 1
_LETTER = [LETTERS[round(value * (_GAP - 1) / TOP)] for value in range(TOP + 1)] + [LETTERS[_GAP]]
assert len(_LETTER) == NOTHING + 1


class Names:
    """Texts that many clips share, each once: clips hold their numbers."""

    def __init__(self) -> None:
        self.all: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self.all.setdefault(text, len(self.all))


def page_data(
    catalogue: Catalogue,
    ids: Sequence[int],
    pictures: Mapping[int, str],
    *,
    private: bool,
    told: Sequence[str],
) -> dict[str, Any]:
    """All that the page shows.

    Args:
        catalogue: up to date.
        ids: of the clips, in the order in which they are listed at first.
        pictures: of clips, as addresses ``data:``.
        private: no folder is named.
        told: sentences for people.
    """
    clips = catalogue.clips(ids)
    assumed = catalogue.assumed_of([clip.id for clip in clips])
    stretches = catalogue.stretches_of([clip.id for clip in clips], MOST_STRETCHES)
    texts, taken = Names(), Names()
    kinds = [kind.value for kind in ProblemKind]
    rows: dict[str, list[Any]] = {
        "output": [shown(clip.output) for clip in clips],
        "state": [STATES.index(clip.state) for clip in clips],
        "source": [texts(shown(_source(clip, private))) for clip in clips],
        "what": [texts(_what(clip)) for clip in clips],
        "recipe": [texts(clip.recipe) for clip in clips],
        "why": [texts(shown(clip.why)) for clip in clips],
        "note": [texts(shown(clip.notes)) for clip in clips],
        "group": [texts(_group(clip)) for clip in clips],
        "curve": ["".join(_LETTER[byte] for byte in clip.curve) for clip in clips],
        "kinds": [_bits(clip, kinds) for clip in clips],
        "assumed": [sorted({taken("\n".join(one)) for one in assumed[clip.id]}) for clip in clips],
        "stretches": [[_stretch(one) for one in stretches[clip.id]] for clip in clips],
    }
    for name in ("frames", "worst", "problem_frames", "accepted"):
        rows[name] = [getattr(clip, name) for clip in clips]
    for name in ("rate", "seconds", "mean", "p95", "max", "curve_top", "jitter", "skate", "sinks"):
        rows[name] = [_short(getattr(clip, name)) for clip in clips]
    for index, part in enumerate(PARTS):
        rows[part] = [_short(clip.parts[index]) for clip in clips]
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "made": f"Refit {__version__}",
        "at": now.isoformat(timespec="seconds"),
        "name": shown(Path(os.path.abspath(catalogue.folder)).name),
        "folder": "" if private else shown(os.path.abspath(catalogue.folder)),
        "windows": sys.platform == "win32",
        "parts": PARTS,
        "states": STATES,
        "kinds": kinds,
        "texts": list(texts.all),
        "assumed": [_assumption(text) for text in taken.all],
        "rows": rows,
        # Names that cannot be typed as they are shown.
        "odd": [place for place, clip in enumerate(clips) if shown(clip.output) != clip.output],
        "sessions": [place for place, clip in enumerate(clips) if clip.session],
        "pictures": {place: pictures[clip.id] for place, clip in enumerate(clips) if clip.id in pictures},
        "told": [shown(sentence) for sentence in told],
    }


def _stretch(problem: tuple[int, int, int, str, str]) -> list[Any]:
    first, last, frame, reason, verdict = problem
    return [first, last, frame, shown(reason, 200), shown(verdict, 40)]


def _source(clip: Clip, private: bool) -> str:
    return clip.source.replace("\\", "/").rpartition("/")[2] if private else clip.source


def _what(clip: Clip) -> str:
    return " ".join(text for text in (FAMILY_LABEL.get(clip.family, ""), clip.gender) if text)


def _group(clip: Clip) -> str:
    """The data set, or whoever it is of where there is but one: the first folder on the way to the clip."""
    return shown(clip.output.partition("/")[0] if "/" in clip.output else "")


def _bits(clip: Clip, kinds: Sequence[str]) -> int:
    there = clip.kinds.split(", ") if clip.kinds else []
    return sum(1 << kinds.index(kind) for kind in there if kind in kinds)


def _assumption(text: str) -> list[str]:
    quantity, value, how = text.split("\n")
    return [quantity, shown(value) or "not known", HOW_WORDS[how], how]


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
