"""Moments of a motion that somebody has given names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MOST_LETTERS = 80
USUAL = "marker"


@dataclass(frozen=True)
class Marker:
    """One moment; a frame has one marker at most.

    Attributes:
        frame: counted from 0.
        name: one line, never empty.
    """

    frame: int
    name: str


def next_name(markers: Iterable[Marker]) -> str:
    """``marker 3``: the first such name that is free."""
    taken = {marker.name for marker in markers}
    number = 1
    while f"{USUAL} {number}" in taken:
        number += 1
    return f"{USUAL} {number}"


def plain_name(typed: str) -> str:
    """What was typed as a name: one line, not endless; empty where nothing is left of it."""
    return " ".join(typed.split())[:MOST_LETTERS].strip()


def with_marker(markers: Iterable[Marker], marker: Marker) -> tuple[Marker, ...]:
    """By frame, with this one, which takes the place of any at its frame."""
    others = without_marker(markers, marker.frame)
    return tuple(sorted((*others, marker), key=lambda one: one.frame))


def without_marker(markers: Iterable[Marker], frame: int) -> tuple[Marker, ...]:
    """Without the one at a frame."""
    return tuple(one for one in markers if one.frame != frame)


def marker_at(markers: Iterable[Marker], frame: int) -> Marker | None:
    """The one at a frame."""
    return next((one for one in markers if one.frame == frame), None)
