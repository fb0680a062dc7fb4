"""How large pictures and films may be."""

from __future__ import annotations

LEAST_PIXELS, MOST_PIXELS = 16, 8192


def picture_size(width: int, height: int) -> tuple[int, int] | None:
    """Both in pixels, made even as films need them; None where one is too small or too large."""
    if not all(LEAST_PIXELS <= side <= MOST_PIXELS for side in (width, height)):
        return None
    return width // 2 * 2, height // 2 * 2
