"""How the bodies may be shown: layouts, colourings and layers."""

from __future__ import annotations

from typing import Literal

LayoutName = Literal["side", "overlay", "source", "fit"]
"""Side by side, the fit over a ghost of the source, or one body alone."""

LAYOUTS: tuple[LayoutName, ...] = ("side", "overlay", "source", "fit")

Colouring = Literal["error", "invalid", "parts", "plain"]
"""By error, vertices that are not compared, body parts, or one colour."""

COLOURINGS: tuple[Colouring, ...] = ("error", "invalid", "parts", "plain")
