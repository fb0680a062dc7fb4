"""Vertices inside a line on the screen, seen by a camera from near and from far away."""

from __future__ import annotations

import numpy as np
import pytest

from core.correspond.load_bodies import load_bodies
from core.geometry.hidden_skin import vertex_normals
from core.geometry.lasso import inside_line, lassoed

ALL = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)


def camera(parallel: bool) -> np.ndarray:
    """From 2.5 m in front (z) of the origin, about a metre to each side."""
    near, far, away = 0.1, 10.0, 2.5
    view = np.eye(4)
    view[2, 3] = -away
    if parallel:
        lens = np.diag([0.9, 0.9, -2 / (far - near), 1.0])
        lens[2, 3] = -(far + near) / (far - near)
    else:
        lens = np.diag([2.0, 2.0, -(far + near) / (far - near), 0.0])
        lens[2, 3], lens[3, 2] = -2 * far * near / (far - near), -1.0
    return lens @ view


def test_inside_a_line() -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    square = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    assert (inside_line(points, square) == (np.abs(points) < 0.5).all(1)).all()
    assert not inside_line(points, square[:2]).any()


@pytest.mark.parametrize("parallel", [False, True])
def test_only_what_the_camera_sees_of_a_sphere(parallel: bool) -> None:
    import pyvista as pv

    ball = pv.Sphere(radius=0.4, theta_resolution=40, phi_resolution=40)
    points, faces = np.array(ball.points), ball.faces.reshape(-1, 4)[:, 1:]
    normals = vertex_normals(points, faces)
    if (normals * points).sum() < 0:
        faces = faces[:, ::-1]
    found = lassoed(points, faces, camera(parallel), ALL)
    eye = np.array([0, 0, 2.5])
    toward = np.array([[0, 0, 1.0]]) if parallel else eye - points
    flat = (points * toward).sum(1) / np.linalg.norm(points, axis=1) / np.linalg.norm(toward, axis=1)
    surely, never = np.flatnonzero(flat > 0.12), np.flatnonzero(flat < 0)
    assert set(surely) <= set(found)
    assert not set(never) & set(found)


@pytest.mark.parametrize("parallel", [False, True])
def test_a_line_around_the_chest_takes_nothing_of_the_back(parallel: bool) -> None:
    body = load_bodies().target
    shape, view = body.v_template, camera(parallel)
    line = np.array([(-0.2, -0.3), (0.2, -0.3), (0.2, 0.2), (-0.2, 0.2)])
    found = lassoed(shape, body.faces, view, line)
    normals = vertex_normals(shape, body.faces)
    assert len(found) > 100
    assert (normals[found] @ (0, 0, 1) > -0.2).all()
    everything = lassoed(shape, body.faces, view, ALL)
    assert set(found) < set(everything)
    # A hand held before the body would hide it: the body itself, twice as near, hides all of it.
    twice = np.concatenate((shape, shape * (1, 1, 0.5) + (0, 0, 0.6)))
    faces = np.concatenate((body.faces, body.faces + len(shape)))
    behind = lassoed(twice, faces, view, line)
    assert (behind < len(shape)).sum() < 0.35 * (behind >= len(shape)).sum()
