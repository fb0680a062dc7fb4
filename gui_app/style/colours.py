"""Every colour of the window and of the scene, by role, for the dark theme and for the light one.

The names hold the colours of the theme in use: read them as ``colours.TEXT`` where something is
drawn or styled. What keeps one follows changes by `gui_app.style.live_theme`.
"""

from __future__ import annotations

from typing import Literal

Theme = Literal["dark", "light"]

BACKGROUND = "#15171b"
PANEL = "#1c1f25"
RAISED = "#252932"
LINE = "#30353f"
TEXT = "#e6e8ec"
TEXT_SECONDARY = "#9aa1ad"
TEXT_DISABLED = "#5d646f"
ACCENT = "#5aa9e6"
ACCENT_HOVER = "#74b9ee"
ACCENT_LINE = "#3f7fb4"
ON_ACCENT = "#0d1420"
WARNING = "#e6b450"
WARNING_LINE = "#57492a"
WARNING_GROUND = "#2b2720"
ERROR = "#e5634d"
ERROR_GROUND = "#3a2523"
GOOD = "#6cc08b"
CHOSEN = "#26384a"
CHOSEN_HOVER = "#2e4459"
HOVER = "#323844"
BUTTON_HOVER = "#2e333e"
HANDLE_HOVER = "#ffffff"
SHADOW = "#000000"
EDITED = "#d7b8ff"

VIEW_TOP = "#1a1d22"
VIEW_BOTTOM = "#0f1114"
EDGES = "#15171b"
FLOOR_GRID = "#a6b2c4"
FLOOR_LIGHT = "#96a4ba"
SOURCE_SKIN = "#c9a27a"
FIT_SKIN = "#7fb0b0"
# A second fit, beside the first.
SECOND_SKIN = "#b793b6"
# Words, icons, outlines and paths of the bodies.
SOURCE_WORDS = "#c9a27a"
FIT_WORDS = "#7fb0b0"
SECOND_WORDS = "#c79fc5"
INVALID_SKIN = "#7d63b8"
INVALID_QUIET = "#57497a"
TAKEN_OUT = "#e0679a"
# Where the brush would take out, and put back.
BRUSH_OUT, BRUSH_BACK = "#ffc4dc", "#d4f7f7"
# Vertices that weigh less than the others in a fit, and more.
LIGHTER, HEAVIER = "#2f6bff", "#ffa726"

# Body parts in the order of `core.model.joints.PARTS`; told apart with any colour vision (Okabe and Ito,
# 2008).
PARTS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#cc79a7")

LEFT_SIDE = "#4aa3ff"
RIGHT_SIDE = "#ff5c8a"
CENTRE = "#f4f1e6"

# Weights of vertices, from little to much: above zero, and below.
WEIGHT_DIM, WEIGHT = "#2b5f8c", "#6fc0ff"
NEGATIVE_DIM, NEGATIVE = "#8a3d2f", "#ff7a5c"
INVALID_BRIGHT = "#a98bec"
EMPHASIS = "#ffffff"

# Pinned vertices; told apart from the curves beside them.
PINS = ("#c58cf2", "#86d46a", "#f291c7", "#f4f1e6")

CURVE_MEAN = "#7fb0b0"
CURVE_P95 = "#e6b450"
CURVE_MAX = "#e5634d"
# The same as a word on a raised ground.
MAX_WORDS = "#ea6f5b"

theme: Theme = "dark"

_LIGHT: dict[str, str | tuple[str, ...]] = {
    "BACKGROUND": "#e9ebef",
    "PANEL": "#f4f5f7",
    "RAISED": "#ffffff",
    "LINE": "#d0d5dd",
    "TEXT": "#1d2128",
    "TEXT_SECONDARY": "#565e6b",
    "TEXT_DISABLED": "#9aa1ad",
    "ACCENT": "#1462a0",
    "ACCENT_HOVER": "#1b73b8",
    "ACCENT_LINE": "#5b95c4",
    "ON_ACCENT": "#ffffff",
    "WARNING": "#87570a",
    "WARNING_LINE": "#dcc48e",
    "WARNING_GROUND": "#fbf3df",
    "ERROR": "#b5361f",
    "ERROR_GROUND": "#fbe6e2",
    "GOOD": "#23713f",
    "CHOSEN": "#d6e8f8",
    "CHOSEN_HOVER": "#c5dff5",
    "HOVER": "#e6edf5",
    "BUTTON_HOVER": "#eef1f5",
    "HANDLE_HOVER": "#000000",
    "SHADOW": "#7d8591",
    "EDITED": "#6b3fb0",
    "VIEW_TOP": "#f1f3f6",
    "VIEW_BOTTOM": "#d3d8df",
    "EDGES": "#15171b",
    "FLOOR_GRID": "#5b6778",
    "FLOOR_LIGHT": "#ffffff",
    "SOURCE_SKIN": "#c39a70",
    "FIT_SKIN": "#6fa6a6",
    "SECOND_SKIN": "#ab84aa",
    "SOURCE_WORDS": "#8a5f33",
    "FIT_WORDS": "#256c6c",
    "SECOND_WORDS": "#7c4479",
    "INVALID_SKIN": "#7d63b8",
    "INVALID_QUIET": "#a294cf",
    "TAKEN_OUT": "#d04a86",
    "LIGHTER": "#1d56e0",
    "HEAVIER": "#e07b00",
    "BRUSH_OUT": "#ffd3e6",
    "BRUSH_BACK": "#c4f0f0",
    "PARTS": ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#cc79a7"),
    "LEFT_SIDE": "#1668d6",
    "RIGHT_SIDE": "#d0265c",
    "CENTRE": "#2b2823",
    "WEIGHT_DIM": "#b5d3ec",
    "WEIGHT": "#1462a0",
    "NEGATIVE_DIM": "#efbcb1",
    "NEGATIVE": "#b5361f",
    "INVALID_BRIGHT": "#6b3fb0",
    "EMPHASIS": "#000000",
    "PINS": ("#7b3fc0", "#3a751c", "#b02f7a", "#5c5440"),
    "CURVE_MEAN": "#256c6c",
    "CURVE_P95": "#8f5f00",
    "CURVE_MAX": "#bd3f28",
    "MAX_WORDS": "#bd3f28",
}
_DARK = {name: globals()[name] for name in _LIGHT}


def use(name: Theme) -> None:
    """Takes over the colours of a theme, for all that is made from now on."""
    global theme
    theme = name
    globals().update(_LIGHT if name == "light" else _DARK)


def of(role: str, in_theme: Theme | None = None) -> str:
    """The colour of a role, e.g. ``'TEXT'``, in a theme, or in the one in use."""
    return str((_LIGHT if (in_theme or theme) == "light" else _DARK)[role])


def rgb(colour: str) -> tuple[int, int, int]:
    """``'#rrggbb'`` as three bytes."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def rgb_unit(colour: str) -> tuple[float, float, float]:
    """``'#rrggbb'`` as three numbers in 0..1."""
    red, green, blue = rgb(colour)
    return red / 255, green / 255, blue / 255


def faint(colour: str) -> str:
    """``'#rrggbb'`` drawn back towards the panel, for what stands behind."""
    mixed = (round(0.5 * a + 0.5 * b) for a, b in zip(rgb(colour), rgb(PANEL), strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)
