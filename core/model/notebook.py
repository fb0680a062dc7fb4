"""How bodies and results show themselves in a notebook: a table of figures, and a picture if one can be had.

Drawing is none of this package's business: whoever can draw says so by `draw_with`.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterable
from html import escape
from typing import Any

log = logging.getLogger(__name__)


class NoPicture(Exception):
    """Nothing can be drawn here; the sentence says why."""


Draw = Callable[[Any], bytes]
"""Takes what is to be seen and gives a PNG, or raises `NoPicture`."""

PICTURE_HEIGHT = 240
"""Pixels of a page; a picture has twice as many."""

_draw: list[Draw] = []


def draw_with(draw: Draw) -> None:
    """From now on pictures are drawn by ``draw``."""
    _draw[:] = [draw]


def shown(what: Any, title: str, rows: Iterable[tuple[str, str]]) -> str:
    """HTML of a thing; all words are escaped.

    Args:
        what: is drawn.
        title: above the table.
        rows: label and value.
    """
    cells = "".join(
        f"<tr><th style='text-align:left'>{escape(label)}</th>"
        f"<td style='text-align:left'>{escape(value)}</td></tr>"
        for label, value in rows
    )
    table = f"<table><caption style='text-align:left'><b>{escape(title)}</b></caption>{cells}</table>"
    return f"<div style='display:flex;gap:1em;align-items:flex-start'>{table}{_picture(what)}</div>"


def _picture(what: Any) -> str:
    if not _draw:
        return ""
    try:
        picture = _draw[0](what)
    except NoPicture as reason:
        return f"<p>{escape(f'No picture: {reason}')}</p>"
    except Exception:
        # A table without a picture is worth more than an error in its place.
        log.debug("no picture", exc_info=True)
        return "<p>No picture: drawing it failed.</p>"
    data = base64.b64encode(picture).decode()
    return f"<img alt='' height='{PICTURE_HEIGHT}' src='data:image/png;base64,{data}'>"
