"""Model gap or failed fit."""

from __future__ import annotations

import numpy as np
import pytest

from core.problems.verdict import Margin, Verdict, judge, judge_frames

GAP, FAILED, UNKNOWN = Verdict.MODEL_GAP, Verdict.FAILED_FIT, Verdict.UNKNOWN


def test_only_a_better_fit_makes_the_first_one_failed() -> None:
    before = np.array([10.0, 10.0, 10.0, 10.0, np.nan, 10.0])
    after = np.array([4.0, 9.9, 10.0, 12.0, 3.0, np.inf])
    assert judge(before, after) == (FAILED, GAP, GAP, GAP, UNKNOWN, UNKNOWN)


def test_the_margin_is_a_share_and_at_least_an_amount() -> None:
    before, after = np.array([10.0, 1.0]), np.array([9.5, 0.5])
    assert judge(before, after) == (FAILED, FAILED)
    assert judge(before, after, Margin(share=0.1)) == (GAP, FAILED)
    assert judge(before, after, Margin(least=1.0)) == (GAP, GAP)


def test_frames_are_judged_with_their_figures() -> None:
    first, second = judge_frames([2, 7], np.array([2.0, 7.0]), np.array([2.0, 3.5]))
    assert (first.frame, first.before, first.after, first.verdict) == (2, 2.0, 2.0, GAP)
    assert (second.frame, second.verdict) == (7, FAILED)
    assert second.gain == pytest.approx(0.5)
    assert judge_frames([], np.zeros(0), np.zeros(0)) == ()


def test_a_body_part_tells_unless_the_whole_got_worse() -> None:
    before, after = np.array([2.0, 2.0, 2.0, np.nan]), np.array([1.99, 2.01, 1.99, 1.0])
    parts_before = np.array([[9.0, 1.0], [9.0, 1.0], [1.0, np.nan], [9.0, 9.0]])
    parts_after = np.array([[5.0, 1.2], [5.0, 1.2], [0.6, np.nan], [1.0, 1.0]])
    judged = judge_frames(range(4), before, after, parts=(parts_before, parts_after))
    assert [judgement.verdict for judgement in judged] == [FAILED, GAP, GAP, UNKNOWN]


def test_numbers_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="after"):
        judge(np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="3 values for 2 frames"):
        judge_frames([0, 1], np.ones(3), np.ones(3))
