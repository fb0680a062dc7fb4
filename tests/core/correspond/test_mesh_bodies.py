"""Motions of one topology share what stands in for their body; another mesh, or another file, has its own."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from core.correspond.load_bodies import load_bodies
from core.correspond.mesh_bodies import MOST_MESHES, own_of
from core.files.bodies.correspondences import write_correspondence
from core.files.motions.load_motion import load_motion
from core.model.body_pair import BodyPair
from core.model.motion import Reading
from tests import variants
from tests.core.clip_fits import clip
from tests.own_meshes import MadeMesh


@pytest.fixture(scope="module")
def made() -> MadeMesh:
    return MadeMesh.of(variants.body_pair("built-in"))


def read(clip_file: Path, transfer: Path) -> BodyPair:
    motion = load_motion(clip_file, Reading(transfer=str(transfer)))
    return load_bodies(target="smplx", own=own_of(motion))


def test_each_motion_of_a_topology_finds_the_body_of_the_first(made: MadeMesh, tmp_path: Path) -> None:
    clip_file, transfer, _ = made.write(tmp_path / "mesh", clip("walk", 0, 2))
    first, second = read(clip_file, transfer), read(clip_file, transfer)
    assert second.source is first.source
    assert second.correspondence is first.correspondence

    # What leads to the body was made anew.
    led = made.led()
    write_correspondence(
        transfer, led.with_valid(led.valid & (np.arange(len(led.valid)) > 100)), overwrite=True
    )
    os.utime(transfer, ns=(1, 1))
    again = read(clip_file, transfer)
    assert again.correspondence is not first.correspondence


def test_another_mesh_has_a_body_of_its_own_and_only_a_few_are_kept(made: MadeMesh, tmp_path: Path) -> None:
    clip_file, transfer, _ = made.write(tmp_path / "mesh", clip("walk", 0, 2))
    first = read(clip_file, transfer)
    arrays = dict(np.load(clip_file))
    for index in range(MOST_MESHES):
        other = tmp_path / f"other{index}.npz"
        np.savez(other, **{**arrays, "vertices": arrays["vertices"] + np.float32(0.1 * (index + 1))})
        pair = read(other, transfer)
        assert pair.source is not first.source
        assert not np.array_equal(pair.source.v_template, first.source.v_template)
    assert read(clip_file, transfer).source is not first.source
