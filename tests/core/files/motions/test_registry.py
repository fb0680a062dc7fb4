"""Which source reads which file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import FileError
from core.files.motions.load_motion import load_motion, motion_source, people_in, survey
from core.files.motions.parts.file_contents import contents_of
from core.files.motions.registry import SOURCES
from core.model.motion import Reading
from tests.core.files.motions.sources.example import examples


@pytest.mark.parametrize("name", examples())
def test_every_example_opens_as_what_it_is(save: Callable[..., Path], name: str) -> None:
    example = examples()[name]
    path = save(example.bytes(), f"example{example.ending}")
    assert motion_source(path) == example.source
    for person in people_in(path):
        assert len(load_motion(path, Reading(person=person.name))) == person.frames


def test_every_source_has_an_example() -> None:
    of_files = {source.NAME for source in SOURCES} - {"frames", "EasyMocap"}  # which are folders
    assert of_files == {example.source for example in examples().values()}


@pytest.mark.parametrize("name", examples())
def test_few_files_depend_on_the_order_in_which_sources_are_asked(
    save: Callable[..., Path], name: str
) -> None:
    example = examples()[name]
    contents = contents_of(save(example.bytes(), f"example{example.ending}"))
    claims = {source.NAME for source in SOURCES if source.looks_like(contents)}
    assert claims - {example.source} <= ORDERED.get(example.source, set())


@pytest.mark.parametrize("name", [name for name in examples() if name != "smplify"])  # has no places
def test_far_from_the_origin_no_source_loses_digits(save: Callable[..., Path], name: str) -> None:
    example = examples()[name]
    near = save(example.write(moved(example.make(), np.zeros(3))), f"near{example.ending}")
    far = save(example.write(moved(example.make(), FAR)), f"far{example.ending}")
    for person in people_in(near):
        before, after = (
            load_motion(path, Reading(person=person.name), doubts="tell") for path in (near, far)
        )
        assert before.origin is None
        assert after.origin is not None
        seen = before.finite_frames()
        np.testing.assert_array_equal(seen, after.finite_frames())
        np.testing.assert_allclose(
            (np.add(after.trans, after.origin) - FAR)[seen], before.trans[seen], atol=1e-6
        )
        assert any("far from the origin" in note for note in after.notes)


@pytest.mark.parametrize("name", [*examples(), "meshes", "frames"])
@pytest.mark.parametrize("coordinates", ["world", "camera"])
def test_coordinates_are_taken_or_refused_or_change_nothing_and_that_is_told(
    save: Callable[..., Path], tmp_path: Path, name: str, coordinates: str
) -> None:
    path = _opened(save, tmp_path, name)
    there = survey(path).coordinates
    for person in people_in(path):
        plain = Reading(person=person.name)
        asked = replace(plain, coordinates=coordinates)
        if there and coordinates not in there:
            with pytest.raises(FileError, match=f"has no {coordinates} coordinates"):
                load_motion(path, asked)
            continue
        motion, told = load_motion(path, asked), "Saying the coordinates changes nothing"
        assert any(told in note for note in motion.notes) == (len(there) < 2)
        if len(there) < 2:
            assert motion.reading == load_motion(path, plain).reading


def _opened(save: Callable[..., Path], folder: Path, name: str) -> Path:
    if name == "meshes":
        return save({"vertices": np.zeros((2, 6890, 3), np.float32)})
    if name != "frames":
        return save(examples()[name].bytes(), f"example{examples()[name].ending}")
    one = examples()["smplify"]
    for frame in range(3):
        save(one.bytes(), f"frames/{frame:05}{one.ending}")
    return folder / "frames"


FAR = np.array([691000.0, 5335000.0, 1520.0])
PLACES = {
    "trans", "transl", "trans_world", "trans_cam", "smpl_trans", "bodyTranslation", "pred_trans", "camera",
    "root_trans_world", "root_trans_cam", "cam_trans",
}  # fmt: skip


def moved(held: Any, away: np.ndarray, scaling: float = 1.0, place: bool = False) -> Any:
    """The contents of a file with all places moved, and no digits lost."""
    if isinstance(held, dict):
        scaling = float(np.ravel(held.get("smpl_scaling", 1.0))[0])
        return {key: moved(value, away, scaling, key in PLACES) for key, value in held.items()}
    if isinstance(held, list):
        return [moved(value, away, scaling, place) for value in held]
    if isinstance(held, np.ndarray) and place:
        return held + away * scaling
    if isinstance(held, np.ndarray) and held.ndim == 2 and held.shape[1] == 322:
        held = held.astype(np.float64)
        held[:, 309:312] += away
    return held


ORDERED = {"GVHMR": {"smplx arguments"}, "SLAHMR": {"AMASS"}}
"""Whose files another would take, and comes after."""
