"""A short piece of a clip on the built-in bodies, and what is fitted to it more than once."""

from __future__ import annotations

import pytest

from core.correspond.load_bodies import load_bodies
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from tests.core.fitting.judged import EDGES, TIGHT, clip, fit


@pytest.fixture(scope="module")
def pair() -> BodyPair:
    return load_bodies()


@pytest.fixture(scope="module")
def motion() -> Motion:
    return clip("dance", 100, 4)


@pytest.fixture(scope="module")
def whole(motion: Motion, pair: BodyPair) -> FitResult:
    return fit(motion, pair, TIGHT)


@pytest.fixture(scope="module")
def edges(motion: Motion, pair: BodyPair) -> FitResult:
    return fit(motion, pair, EDGES)
