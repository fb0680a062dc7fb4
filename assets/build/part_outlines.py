"""Finds the outlines of a body's parts, and of its face, as seen from the front; ``python -m
assets.build.part_outlines`` in the checkout writes those of the built-in body beside
`core.geometry.part_outlines`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from core.geometry.part_outlines import FACE_FILE, FACE_PARTS, FILE, PartOutline
from core.model.joints import PARTS

if TYPE_CHECKING:
    from core.model.body import BodyModel

# How far arms hang down from the T pose, legs stand apart, and palms turn to the front, radians.
ARMS_DOWN, LEGS_APART, PALMS_OUT = 0.95, 0.05, 1.4
# Pixels that a body is high while its outlines are found.
HEIGHT = 900
# Points within a triangle: along each side; those of the face cover more pixels.
POINTS, FACE_POINTS = 7, 25
# Outlines are smoothed over so many pixels, and keep every so many of their points.
SMOOTH, EVERY = 3.0, 6
# Borders between parts are rounded over so many pixels.
ROUND = 9.0
# Smaller pieces of a part are not drawn.
LEAST_AREA = 400


def front_outlines(body: BodyModel) -> tuple[PartOutline, ...]:
    """The parts of a body's skin as seen from the front, its arms hanging down."""
    labels = _labels(_hanging(body), body.faces.astype(np.int64), body.vertex_part, POINTS)
    return _outlines(labels, [(part, labels == index) for index, part in enumerate(PARTS)])


def face_outlines(body: BodyModel) -> tuple[PartOutline, ...]:
    """Head, jaw and eyes of a body as seen from the front; the eyes as if the lids were open."""
    moved_by = np.asarray(body.skin_weights).argmax(1)
    names = np.array(body.joint_names)[moved_by]
    eyes, jaw = np.char.find(names, "eye") >= 0, names == "jaw"
    vertices = body.v_template.astype(np.float64)
    vertices[eyes, 2] += 1
    faces = body.faces.astype(np.int64)
    above = eyes | jaw | (names == "head") | (names == "neck")
    parts = np.where(eyes, 2, np.where(jaw, 1, 0))
    labels = _labels(vertices, faces[above[faces].all(1)], parts, FACE_POINTS)
    return _outlines(labels, list(zip(FACE_PARTS, (labels >= 0, labels == 1, labels == 2), strict=True)))


def _outlines(labels: np.ndarray, masks: list[tuple[str, np.ndarray]]) -> tuple[PartOutline, ...]:
    """The pieces of each part, in heights of what is there."""
    top = np.flatnonzero((labels >= 0).any(1))[0]
    middle = labels.shape[1] / 2
    found = []
    for part, mask in masks:
        pieces, count = ndimage.label(mask)
        for piece in range(1, count + 1):
            inside = pieces == piece
            if inside.sum() >= LEAST_AREA:
                line = _smooth(_around(inside))
                found.append(PartOutline(part, (line - (middle, top)) / HEIGHT))
    return tuple(found)


def _hanging(body: BodyModel) -> np.ndarray:
    """(V, 3) metres: the mean shape, arms down."""
    import torch

    poses = torch.zeros(1, body.num_joints, 3)
    for side, sign in (("left", -1), ("right", 1)):
        poses[0, body.joint_names.index(f"{side}_shoulder"), 2] = sign * ARMS_DOWN
        poses[0, body.joint_names.index(f"{side}_hip"), 2] = -sign * LEGS_APART
        for joint in ("elbow", "wrist"):
            poses[0, body.joint_names.index(f"{side}_{joint}"), 0] = -PALMS_OUT / 2
    vertices: np.ndarray = body.vertices(poses, None, torch.zeros(1, 3))[0].numpy(force=True)
    return vertices


def _labels(vertices: np.ndarray, faces: np.ndarray, vertex_part: np.ndarray, side: int) -> np.ndarray:
    """(h, w) the part that is seen in each pixel, -1 for none; ``side`` points along that of a triangle."""
    seen = vertices[np.unique(faces)]
    low, high = seen[:, :2].min(0), seen[:, :2].max(0)
    scale = HEIGHT / (high[1] - low[1])
    reach = scale * np.abs(seen[:, 0]).max()
    size = (HEIGHT + 24, 2 * int(np.ceil(reach + 12)))
    parts = np.sort(vertex_part[faces], 1)[:, 1]  # of three corners the one in the middle: what two agree on
    place = np.column_stack(
        (size[1] / 2 + scale * vertices[:, 0], 12 + scale * (high[1] - vertices[:, 1]), vertices[:, 2])
    )
    first, second = np.meshgrid(*(np.linspace(0, 1, side),) * 2)
    within = (first + second) <= 1
    shares = np.column_stack((first[within], second[within], 1 - first[within] - second[within]))
    points = np.einsum("sk,fkc->fsc", shares, place[faces]).reshape(-1, 3)
    cells = np.ravel_multi_index((points[:, 1].astype(int), points[:, 0].astype(int)), size)
    nearest_last = np.argsort(points[:, 2], kind="stable")
    labels = np.full(size[0] * size[1], -1)
    labels[cells[nearest_last]] = np.repeat(parts, len(shares))[nearest_last]
    picture = labels.reshape(size)
    # Pixels between the points of large triangles.
    gaps = (picture < 0) & ndimage.binary_closing(picture >= 0, iterations=3)
    near = ndimage.distance_transform_edt(picture < 0, return_distances=False, return_indices=True)
    filled = np.where(gaps, picture[tuple(near)], picture)
    # Borders between parts run along triangles: rounded, within the body.
    nearness = [
        ndimage.gaussian_filter((filled == part).astype(np.float32), ROUND)
        for part in range(vertex_part.max() + 1)
    ]
    rounded: np.ndarray = np.where(filled >= 0, np.argmax(nearness, 0), -1)
    return rounded


def _around(inside: np.ndarray) -> np.ndarray:
    """(n, 2) corners of pixels, x and y, along the longest edge of what is inside, in order."""
    padded = np.pad(ndimage.binary_fill_holes(inside), 1)
    after: dict[tuple[int, int], list[tuple[int, int]]] = {}
    # Along each side of each pixel at the edge, what is inside on the right hand.
    for (down, right), start, end in (
        ((-1, 0), (0, 0), (1, 0)),
        ((0, 1), (1, 0), (1, 1)),
        ((1, 0), (1, 1), (0, 1)),
        ((0, -1), (0, 1), (0, 0)),
    ):
        edge = padded & ~np.roll(padded, (-down, -right), (0, 1))
        for y, x in np.argwhere(edge):
            after.setdefault((x + start[0], y + start[1]), []).append((x + end[0], y + end[1]))
    longest: list[tuple[int, int]] = []
    while after:
        begin = here = next(iter(after))
        line = []
        while here in after:
            line.append(here)
            ways = after[here]
            there = ways.pop()
            if not ways:
                del after[here]
            here = there
            if here == begin:
                break
        longest = max(longest, line, key=len)
    return np.array(longest, dtype=float) - 1


def _smooth(line: np.ndarray) -> np.ndarray:
    rounded: np.ndarray = ndimage.gaussian_filter1d(line, SMOOTH, axis=0, mode="wrap")[::EVERY]
    return rounded


def _write() -> None:
    from core.correspond.load_bodies import load_bodies
    from core.files.containers.atomic import atomic_write

    body = load_bodies(None).target
    for path, outlines in ((FILE, front_outlines(body)), (FACE_FILE, face_outlines(body))):
        pieces = [{"part": found.part, "points": found.points.round(4).tolist()} for found in outlines]
        lines = ",\n".join(json.dumps(piece, separators=(",", ":")) for piece in pieces)
        with atomic_write(path, overwrite=True) as file:
            file.write(f"[\n{lines}\n]\n".encode())


if __name__ == "__main__":
    _write()
