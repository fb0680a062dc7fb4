"""Names with numbers in them, in the order in which people count."""

from __future__ import annotations

import re


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts names as people count: 1, 2, 10."""
    # No more than int() takes of one number.
    words = re.findall(r"[0-9]{1,4000}|[^0-9]+", name.lower())
    return [(0, int(part), part) if part.isdigit() else (1, 0, part) for part in words]
