"""Frames on demand: a jump poses its own alone, what follows is posed ahead, and nothing twice."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from core.fitting import posed_frames as posed_module
from core.fitting.posed_frames import CHUNK, PosedFrames
from core.model.body import BodyModel
from core.model.motion import Motion
from core.model.posing import posed
from tests.core.clip_fits import fitted_clip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    """Family and frames of every call that posed any."""
    calls: list[tuple[str, list[int]]] = []

    def counting(motion: Motion, body: BodyModel, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        calls.append((body.family, np.asarray(frames).tolist()))
        return posed(motion, body, frames)

    monkeypatch.setattr(posed_module, "posed", counting)
    return calls


def frames_posed(calls: list[tuple[str, list[int]]]) -> list[int]:
    """Of the source, in the order in which they were posed; the fit's are the same."""
    of = {
        family: [frame for each, frames in calls if each == family for frame in frames] for family, _ in calls
    }
    assert of["smplh"] == of["smplx"]
    return of["smplh"]


@pytest.mark.parametrize(
    ("visited", "expected"),
    [
        ([30, 10, 50], [30, 10, 50]),
        ([10, 11, 12, 13, 14, 15], [10, *range(11, 19)]),
        ([10, 12, 14, 16], [10, *range(12, 20)]),
        ([20, 19, 18, 17, 16, 15], [20, *range(16, 20), *range(12, 16)]),
        ([58, 59], [58, 59]),
        ([1, 0], [1, 0]),
        ([10, 14, 13, 12, 11], [10, 14, 15, 16, 17, 11, 12, 13]),
        ([0, 5, 4], [0, 5, 1, 2, 3, 4]),
    ],
)
def test_which_frames_are_posed(
    asked: list[tuple[str, list[int]]], visited: list[int], expected: list[int]
) -> None:
    motion, pair, fit = fitted_clip("walk", 0, 60)
    frames = PosedFrames(motion, pair, fit)
    for index in [*visited, *visited]:
        frames.frame(index)
    assert frames_posed(asked) == expected


def test_every_frame_is_its_own_however_it_was_come_to() -> None:
    motion, pair, fit = fitted_clip("walk", 0, 60)
    source, source_joints = posed(motion, pair.source, slice(None))
    skin, joints = posed(fit.as_motion(), pair.target, slice(None))
    frames = PosedFrames(motion, pair, fit, cache_frames=CHUNK)
    for index in (0, 1, 2, 30, 29, 28, 27, 26, 25, 59, 58, 7, 8, 9, 10, 11, 12, 13):
        shown = frames.frame(index)
        assert shown.fit_vertices is not None
        assert shown.fit_joints is not None
        assert np.allclose(shown.source_vertices, source[index], atol=1e-6)
        assert np.allclose(shown.source_joints, source_joints[index], atol=1e-6)
        assert np.allclose(shown.fit_vertices, skin[index], atol=1e-6)
        assert np.allclose(shown.fit_joints, joints[index], atol=1e-6)
        assert shown.mean_mm == pytest.approx(float(fit.mean_mm[index]), rel=1e-3)


def test_of_another_fit_only_what_changed_is_posed_again(asked: list[tuple[str, list[int]]]) -> None:
    motion, pair, fit = fitted_clip("walk", 0, 60)
    frames = PosedFrames(motion, pair, fit)
    for index in range(20, 24):
        frames.frame(index)
    asked.clear()
    moved = replace(fit, transl=fit.transl + np.float32(0.1))
    before = frames.frame(21).fit_vertices
    frames.set_result(moved, np.array([22]))
    assert frames.frame(21).fit_vertices is before
    assert not asked
    changed, at = frames.frame(22).fit_vertices, skin_of(moved, 22)
    assert changed is not None
    assert np.allclose(changed, at, atol=1e-6)
    assert [family for family, _ in asked] == ["smplx"]


def skin_of(fit: object, index: int) -> np.ndarray:
    _, pair, _ = fitted_clip("walk", 0, 60)
    return posed(fit.as_motion(), pair.target, slice(index, index + 1))[0][0]  # type: ignore[attr-defined]


class Shelf(OrderedDict):  # type: ignore[type-arg]
    """Frames that one thread alone may look for, keep and drop."""

    def __init__(self) -> None:
        super().__init__()
        self.owner = threading.get_ident()

    def _mine(self) -> None:
        assert threading.get_ident() == self.owner, "two threads share the frames that are kept"

    def __contains__(self, key: object) -> bool:
        self._mine()
        return super().__contains__(key)

    def __getitem__(self, key: int) -> object:
        self._mine()
        return super().__getitem__(key)

    def move_to_end(self, key: int, last: bool = True) -> None:
        self._mine()
        super().move_to_end(key, last)


def test_what_is_prepared_behind_touches_no_frame_that_is_kept() -> None:
    motion, pair, fit = fitted_clip("walk", 0, 60)
    frames = PosedFrames(motion, pair, fit)
    frames._sources, frames._fits = Shelf(), Shelf()
    frames.frame(0)
    with ThreadPoolExecutor(1) as behind:
        prepared = behind.submit(frames.prepare)
        for index in range(8):
            frames.frame(index)
        prepared.result()
