"""The floor under a body: a grid that fades out, a pool of light, and the shadow where feet come near."""

from __future__ import annotations

import numpy as np
import pyvista as pv
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkTexture

from gui_app.style import colours

CELL = 0.5
HALF_CELLS = 9
PIECES = 4
SHADOW_SIZE = 2.4
SHADOW_PIXELS = 96
POOL_RINGS = 14
POOL_SPOKES = 40
POOL_RADIUS = 2.6
GRID_ALPHA = 84


def _blur(sigma: float) -> np.ndarray:
    """What multiplies the spectrum of a picture of the shadow that is blurred by ``sigma`` pixels."""
    frequency = np.fft.fftfreq(SHADOW_PIXELS).astype(np.float32)
    falls = np.exp(-2 * (np.pi * sigma * frequency) ** 2)
    return falls[:, None] * falls[: SHADOW_PIXELS // 2 + 1]


def _edge() -> np.ndarray:
    """(N, N): 1 inside, falling to 0 at the border of the picture."""
    fade = ((1 - np.abs(np.linspace(-1, 1, SHADOW_PIXELS, dtype=np.float32))) * 6).clip(0, 1)
    return fade[:, None] * fade


# Reach above the floor in metres, blur, darkness.
SHADOW_LAYERS = ((0.10, _blur(1.3), 0.75), (0.7, _blur(4.5), 0.62))
SHADOW_EDGE = _edge()


def _flat_actor(mesh: pv.PolyData, texture: vtkTexture | None = None) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(mesh)
    mapper.SetScalarModeToUsePointData()
    mapper.SetColorModeToDirectScalars()
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.PickableOff()
    actor.GetProperty().LightingOff()
    if texture is not None:
        mapper.ScalarVisibilityOff()
        actor.SetTexture(texture)
        actor.GetProperty().SetColor(1.0, 1.0, 1.0)
    actor.ForceTranslucentOn()
    return actor


def _grid_lines() -> tuple[np.ndarray, np.ndarray]:
    """Grid points (N, 3) about the origin, in short pieces so that they can fade, and their line cells."""
    reach = CELL * HALF_CELLS
    along = np.linspace(-reach, reach, 2 * HALF_CELLS * PIECES + 1)
    across = np.linspace(-reach, reach, 2 * HALF_CELLS + 1)
    u, v = np.meshgrid(along, across)
    one_way = np.stack([u, v], -1).reshape(-1, 2)
    flat = np.concatenate([one_way, one_way[:, ::-1]])
    points = np.column_stack([flat, np.zeros(len(flat))]).astype(np.float32)
    start = np.arange(len(points)).reshape(-1, len(along))[:, :-1].ravel()
    cells = np.column_stack([np.full(len(start), 2), start, start + 1])
    return points, cells.ravel()


class Ground:
    """The floor of one view, at height ``floor`` of a z-up scene. ``follow`` moves it along with a body."""

    def __init__(self, floor: float) -> None:
        self.floor = floor
        self._visible = True
        self._casting = True
        self._build_pool()
        self._build_grid()
        self._build_shadow()
        self.actors = (self._pool_actor, self._grid_actor, self._shadow_actor)

    def _build_pool(self) -> None:
        radius = np.linspace(0.0, POOL_RADIUS, POOL_RINGS)
        angle = np.linspace(0.0, 2 * np.pi, POOL_SPOKES, endpoint=False)
        r, a = np.meshgrid(radius, angle, indexing="ij")
        points = np.stack([r * np.cos(a), r * np.sin(a), np.zeros_like(r)], -1).reshape(-1, 3)
        index = np.arange(points.shape[0]).reshape(POOL_RINGS, POOL_SPOKES)
        around = np.roll(index, -1, axis=1)
        quads = np.stack([index[:-1], index[1:], around[1:], around[:-1]], -1).reshape(-1, 4)
        faces = np.column_stack([np.full(len(quads), 4), quads]).ravel()
        mesh = pv.PolyData(points.astype(np.float32), faces)
        glow = (1 - np.hypot(points[:, 0], points[:, 1]) / POOL_RADIUS).clip(0, 1)
        colour = np.full((len(points), 4), (*colours.rgb(colours.FLOOR_LIGHT), 0), np.uint8)
        colour[:, 3] = np.round(76 * glow**1.5)
        mesh.point_data["colour"] = colour
        mesh.GetPointData().SetActiveScalars("colour")
        self._pool_actor = _flat_actor(mesh)

    def _build_grid(self) -> None:
        points, cells = _grid_lines()
        self._grid_flat = points[:, :2].copy()
        self._grid = pv.PolyData(points, lines=cells)
        self._grid.point_data["colour"] = np.full(
            (len(points), 4), (*colours.rgb(colours.FLOOR_GRID), 0), np.uint8
        )
        self._grid.GetPointData().SetActiveScalars("colour")
        self._grid_colour = self._grid.GetPointData().GetArray("colour")
        self._grid_actor = _flat_actor(self._grid)
        self._grid_actor.GetProperty().SetLineWidth(1.0)

    def _build_shadow(self) -> None:
        half = SHADOW_SIZE / 2
        corners = np.array(
            [(-half, -half, 0), (half, -half, 0), (half, half, 0), (-half, half, 0)], np.float32
        )
        mesh = pv.PolyData(corners, np.array([4, 0, 1, 2, 3]))
        mesh.active_texture_coordinates = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)
        self._shade_image = pv.ImageData(dimensions=(SHADOW_PIXELS, SHADOW_PIXELS, 1))
        self._shade_image.point_data["shade"] = np.zeros((SHADOW_PIXELS**2, 4), np.uint8)
        self._shade_image.GetPointData().SetActiveScalars("shade")
        self._shade = self._shade_image.GetPointData().GetArray("shade")
        texture = vtkTexture()
        texture.SetInputData(self._shade_image)
        texture.SetColorModeToDirectScalars()
        texture.InterpolateOn()
        texture.RepeatOff()
        self._shadow_actor = _flat_actor(mesh, texture)

    def set_visible(self, visible: bool) -> None:
        """Shows or hides all of it; a shadow only where there is a body."""
        self._visible = visible
        self._pool_actor.SetVisibility(visible)
        self._grid_actor.SetVisibility(visible)
        self._shadow_actor.SetVisibility(visible and self._casting)

    def follow(self, centre: np.ndarray) -> None:
        """Brings grid and light under ``centre`` (metres in the z-up scene).

        Grid lines stay where they are in the world; only how far they are seen moves along.
        """
        x, y = float(centre[0]), float(centre[1])
        self._pool_actor.SetPosition(x, y, self.floor - 0.002)
        snapped = np.round(np.array([x, y]) / CELL) * CELL
        self._grid_actor.SetPosition(float(snapped[0]), float(snapped[1]), self.floor - 0.001)
        distance = np.linalg.norm(self._grid_flat + (snapped - (x, y)), axis=1)
        fade = (1 - distance / (CELL * (HALF_CELLS - 1))).clip(0, 1)
        vtk_to_numpy(self._grid_colour)[:, 3] = np.round(GRID_ALPHA * fade * np.sqrt(fade))
        self._grid_colour.Modified()
        self._grid.Modified()

    def cast(self, vertices: np.ndarray | None) -> None:
        """Shadow of a body, (V, 3) metres in the scene: sharp and dark where it is near the floor."""
        self._casting = vertices is not None
        self._shadow_actor.SetVisibility(self._casting and self._visible)
        if vertices is None:
            return
        # Each in one piece is quicker; a pose far off must not overflow.
        x, y, z = vertices.T.astype(np.float64, order="C")
        middle = float(x.mean()), float(y.mean())
        self._shadow_actor.SetPosition(*middle, self.floor)
        shade = shadow_of(x - middle[0], y - middle[1], z - self.floor)
        vtk_to_numpy(self._shade)[:, 3] = np.round(235 * shade)
        self._shade.Modified()
        self._shade_image.Modified()


def shadow_of(x: np.ndarray, y: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Darkness in 0..1 of each shadow pixel, row after row, below points ``height`` above the floor, metres.

    ``x`` and ``y`` go out from the middle of the shadow.
    """
    column, row = (np.floor(along * (SHADOW_PIXELS / SHADOW_SIZE) + SHADOW_PIXELS / 2) for along in (x, y))
    inside = (column >= 0) & (column < SHADOW_PIXELS) & (row >= 0) & (row < SHADOW_PIXELS)
    cell = (row[inside] * SHADOW_PIXELS + column[inside]).astype(np.intp)
    depth = -height[inside].clip(0, None).astype(np.float32)
    light = np.ones((SHADOW_PIXELS, SHADOW_PIXELS), np.float32)
    for reach, blur, strength in SHADOW_LAYERS:
        near = np.zeros_like(light)
        np.maximum.at(near.reshape(-1), cell, np.exp(depth / np.float32(reach)))
        # The picture wraps around, but its edge is faded. scipy.ndimage takes long to import.
        soft = np.fft.irfft2(np.fft.rfft2(near) * blur, light.shape)
        light *= 1 - strength * (soft * 1.5).clip(0, 1)
    return ((1 - light) * SHADOW_EDGE).ravel()
