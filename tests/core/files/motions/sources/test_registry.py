"""Which source reads which file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.files.motions.load_motion import load_motion, motion_source, people_in
from core.files.motions.sources.file_contents import contents_of
from core.files.motions.sources.registry import SOURCES
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
    of_files = {source.NAME for source in SOURCES} - {"frames"}  # which are a folder
    assert of_files == {example.source for example in examples().values()}


@pytest.mark.parametrize("name", examples())
def test_few_files_depend_on_the_order_in_which_sources_are_asked(
    save: Callable[..., Path], name: str
) -> None:
    example = examples()[name]
    contents = contents_of(save(example.bytes(), f"example{example.ending}"))
    claims = {source.NAME for source in SOURCES if source.looks_like(contents)}
    assert claims - {example.source} <= ORDERED.get(example.source, set())


ORDERED = {"GVHMR": {"smplx arguments"}, "SLAHMR": {"AMASS"}}
"""Whose files another would take, and comes after."""
