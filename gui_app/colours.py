"""Every colour of the window and of the scene, by role."""

from __future__ import annotations

BACKGROUND = "#15171b"
PANEL = "#1c1f25"
RAISED = "#252932"
LINE = "#30353f"
TEXT = "#e6e8ec"
TEXT_SECONDARY = "#9aa1ad"
TEXT_DISABLED = "#5d646f"
ACCENT = "#5aa9e6"
WARNING = "#e6b450"
ERROR = "#e5634d"
GOOD = "#6cc08b"
CHOSEN = "#26384a"
HOVER = "#323844"
ON_ACCENT = "#0d1420"
EDITED = "#d7b8ff"

VIEW_TOP = "#1a1d22"
VIEW_BOTTOM = "#0f1114"
SOURCE_SKIN = "#c9a27a"
FIT_SKIN = "#7fb0b0"
INVALID_SKIN = "#7d63b8"
INVALID_QUIET = "#57497a"
TAKEN_OUT = "#e0679a"
# Where the brush would take out, and put back.
BRUSH_OUT, BRUSH_BACK = "#ffc4dc", "#d4f7f7"

# Body parts in the order of `core.joints.PARTS`; told apart with any colour vision (Okabe and Ito, 2008).
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


def rgb(colour: str) -> tuple[int, int, int]:
    """``'#rrggbb'`` as three bytes."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def rgb_unit(colour: str) -> tuple[float, float, float]:
    """``'#rrggbb'`` as three numbers in 0..1."""
    red, green, blue = rgb(colour)
    return red / 255, green / 255, blue / 255
