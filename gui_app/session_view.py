"""How things are looked at, in the plain values of a session, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, TypeVar

import numpy as np

from gui_app.cameras import CameraPose
from gui_app.state import AppState
from gui_app.view_options import COLOURINGS, LAYERS, LAYOUTS, LEAST_OPACITY, Layers
from gui_app.viewport import Viewport

Word = TypeVar("Word", bound=str)
MOST_METRES = 1e4


def view_of(state: AppState, viewport: Viewport) -> dict[str, Any]:
    """Frame, selection, layout, colours, layers and camera."""
    pose = viewport.scene.camera.pose
    return {
        "frame": state.frame,
        "selection": None if state.selection is None else list(state.selection),
        "layout": state.layout,
        "colouring": state.colouring,
        "range_mm": state.range_mm,
        "follow": state.follow,
        "parallel": state.parallel,
        "layers": asdict(state.layers),
        "speed": state.speed,
        "loop": state.loop,
        "camera": {name: [float(x) for x in value] for name, value in vars(pose).items()},
    }


def show_view(view: Mapping[str, Any], state: AppState, viewport: Viewport) -> None:
    """Shows things as `view_of` found them; what is missing or makes no sense stays as it is."""
    state.set_view(
        layout=_among(view.get("layout"), LAYOUTS),
        colouring=_among(view.get("colouring"), COLOURINGS),
        range_mm=_number(view.get("range_mm"), 0.1, 1e4),
        follow=_flag(view.get("follow")),
        parallel=_flag(view.get("parallel")),
        layers=_layers(view.get("layers"), state.layers),
    )
    speed, loop = _number(view.get("speed"), 0.0, 100.0), _flag(view.get("loop"))
    if speed is not None:
        state.set_speed(speed)
    if loop is not None:
        state.set_loop(loop)
    frame, selection = view.get("frame"), view.get("selection")
    if isinstance(frame, int):
        state.set_frame(frame)
    if isinstance(selection, list) and len(selection) == 2 and all(isinstance(x, int) for x in selection):
        state.set_selection((selection[0], selection[1]))
    pose = _camera(view.get("camera"))
    if pose is not None:
        viewport.look_from(pose)


def _among(value: object, choices: tuple[Word, ...]) -> Word | None:
    return next((choice for choice in choices if choice == value), None)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: object, least: float, most: float) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most:
        return float(value)
    return None


def _layers(value: object, now: Layers) -> Layers:
    if not isinstance(value, dict):
        return now
    flags = {name: value[name] for name in LAYERS if isinstance(value.get(name), bool)}
    opacity = _number(value.get("opacity"), LEAST_OPACITY, 1.0)
    return replace(now, opacity=now.opacity if opacity is None else opacity, **flags)


def _camera(value: object) -> CameraPose | None:
    if not isinstance(value, dict):
        return None
    found = []
    for name in ("position", "focal_point", "up"):
        numbers = value.get(name)
        if not isinstance(numbers, list) or len(numbers) != 3:
            return None
        if any(_number(x, -MOST_METRES, MOST_METRES) is None for x in numbers):
            return None
        found.append(np.array(numbers, dtype=float))
    position, focal_point, up = found
    if np.linalg.norm(np.cross(position - focal_point, up)) < 1e-6:
        return None
    return CameraPose(position, focal_point, up)
