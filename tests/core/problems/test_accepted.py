"""Accepted problems: what they cover, and when they are problems again."""

from __future__ import annotations

from dataclasses import replace

from core.problems.accepted import Accepted, accept, accepted_by, reopen, still_open
from core.problems.detect import Problem
from core.problems.rules import ProblemKind

HAND = Problem(ProblemKind.OFF, "part_mm", "hands", 10, 20, 14, 30.0, 3.0, 10.0, "mm", "hands 30 mm off")
FOOT = replace(HAND, part="feet", frame=15)


def test_what_is_accepted_is_told_apart_from_what_is_not() -> None:
    accepted = accept([HAND], (), "the source's hand is wild")
    assert accepted_by(HAND, accepted) == Accepted(
        "part_mm", "hands", 10, 20, 30.0, "the source's hand is wild"
    )
    assert still_open((HAND, FOOT), accepted) == (FOOT,)
    assert reopen([HAND], accepted) == ()


def test_a_note_takes_the_place_of_another() -> None:
    accepted = accept([HAND], accept([HAND, FOOT], (), "first"), "second")
    assert [one.note for one in accepted] == ["first", "second"]
    assert accepted[1].part == "hands"


def test_it_holds_for_the_same_place_as_long_as_it_does_not_get_worse() -> None:
    accepted = accept([HAND], ())
    assert accepted_by(replace(HAND, first=12, last=16, value=20.0), accepted)
    assert accepted_by(replace(HAND, value=31.0), accepted)
    for other in (
        replace(HAND, value=40.0),
        replace(HAND, frame=30, first=25, last=35),
        replace(HAND, metric="jitter_mm"),
    ):
        assert accepted_by(other, accepted) is None


def test_a_lower_bound_does_not_hide_what_it_finds_behind_an_accepted_frame() -> None:
    over = Problem(
        ProblemKind.OVER, "max_mm", "whole body", 70, 71, 70, 60.0, 9.0, 50.0, "mm", "max 60 mm, over 50 mm"
    )
    accepted = accept([over], ())
    assert accepted_by(over, accepted)
    assert accepted_by(replace(over, last=70, threshold=55.0), accepted)
    assert accepted_by(replace(over, first=60, last=80, threshold=30.0), accepted) is None
