"""Arguments of the commands that are more than a word: ranges of frames, counts of threads, rates."""

from __future__ import annotations

import argparse

from core.model.motion import MOST_RATE


def frame_range(text: str) -> tuple[int | None, int | None]:
    """``'A:B'`` with Python's slice rules, either side empty, to (A, B)."""
    first, colon, last = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"'{text}' is no range; write A:B, for example 100:200 or :50")
    try:
        return (int(first) if first else None, int(last) if last else None)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no range; A and B are whole numbers") from None


def thread_count(text: str) -> int:
    """A whole number of threads, at least one."""
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of threads; use 1 or more")
    return count


def rate(text: str) -> float:
    """A positive number of frames a second."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < MOST_RATE:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of frames a second, as 30 or 59.94")
    return value
