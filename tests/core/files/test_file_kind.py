"""What a file is, and what every reader says of a file that is something else."""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse

from core.correspond.load_bodies import load_bodies
from core.errors import FileError
from core.files.bodies.correspondences import read_correspondence
from core.files.bodies.models import read_model
from core.files.bodies.regressors import read_regressor
from core.files.bodies.vertex_sets import read_vertex_list
from core.files.builtin_files import builtin_folder
from core.files.motions.file_kind import file_kind
from core.files.motions.load_motion import load_motion, survey
from core.outputs.describe import describe_file
from core.outputs.joint_sets import read_joint_set
from core.outputs.recipes import read_recipe
from core.outputs.results import load_result
from core.outputs.sessions import load_session
from tests.core.files.motions.sources.examples import wham

WRITTEN = Path(__file__).parents[2] / "written_by_0_1"
BODIES = builtin_folder() / "bodies"


def pickled(value: Any) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(pickle.dumps(value))


def copied(source: Path) -> Callable[[Path], object]:
    return lambda path: shutil.copyfile(source, path)


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "nothing")


FILES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "AMASS": ("motion", copied(builtin_folder() / "motions" / "walk_poses.npz"), "a motion of AMASS"),
    "WHAM": ("motion", pickled(dict(wham())), "a motion of WHAM"),
    "another": (
        "layout",
        pickled({"thetas": np.zeros((3, 72)), "smpl_trans": np.zeros((3, 3))}),
        "a motion in a layout that is not known",
    ),
    "result": ("result", copied(WRITTEN / "stroll_stageii.npz"), "a result of Refit"),
    "session": ("session", copied(WRITTEN / "stroll.refit"), "a session of Refit"),
    "SMPL-X": ("model", copied(BODIES / "smplx" / "SMPLX_NEUTRAL.npz"), "a body model of SMPL-X"),
    "correspondence": (
        "correspondence",
        copied(BODIES / "transfer" / "smplh2smplx_deftrafo_setup.pkl"),
        "a correspondence between two surfaces (10475 × 13780)",
    ),
    "torch": (
        "regressor",
        lambda path: torch.save(torch.zeros(14, 6890).to_sparse(), path),
        "a regressor of 14 joints (14 × 6890)",
    ),
    "scipy": (
        "regressor",
        lambda path: sparse.save_npz(path.open("wb"), sparse.csr_matrix((17, 6890))),
        "a regressor of 17 joints (17 × 6890)",
    ),
    "ids": ("vertices", lambda path: np.save(path.open("wb"), np.arange(7)), "a list of vertices"),
    "set": ("joint set", copied(WRITTEN / "markers.json"), "a joint set of Refit"),
    "recipe.toml": ("recipe", copied(WRITTEN / "hands_first.toml"), "a recipe of Refit"),
    "png": ("other", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0"), "a picture (PNG)"),
    "zip": ("other", zipped, "an archive (zip)"),
    "empty": ("other", Path.touch, "an empty file"),
    "lfs": (
        "other",
        lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\n"),
        "a pointer of Git LFS, not the file itself",
    ),
    "words": ("text", lambda path: path.write_text("To whom it may concern\n"), "text"),
    "json": ("text", lambda path: path.write_text(json.dumps({"a": 1})), "json"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    for name, (_, write, _) in FILES.items():
        write(folder / name)
    return {name: folder / name for name in FILES}


READERS: dict[str, tuple[Callable[[Path], Any], str, tuple[str, ...]]] = {
    "motion": (load_motion, "a motion", ("result",)),
    "survey": (survey, "a motion", ("motion", "result")),
    "model": (read_model, "a body model", ()),
    "correspondence": (
        lambda path: read_correspondence(path, source_vertices=6890, target_vertices=10475),
        "a correspondence",
        (),
    ),
    "regressor": (
        lambda path: read_regressor(path, load_bodies().source),
        "a J_regressor",
        (),
    ),
    "vertices": (lambda path: read_vertex_list(path, 6890), "a list of vertices", ("text",)),
    "result": (load_result, "a result of Refit", ()),
    "session": (load_session, "a session of Refit", ()),
    "joint set": (read_joint_set, "a joint set", ("text",)),
    "recipe": (read_recipe, "a recipe", ("text",)),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_known_by_what_is_in_it(name: str, files: dict[str, Path]) -> None:
    kind, _, words = FILES[name]
    assert (file_kind(files[name]).kind, file_kind(files[name]).words) == (kind, words)


@pytest.mark.parametrize("reader", READERS)
def test_readers_name_what_they_are_given(reader: str, files: dict[str, Path]) -> None:
    read, expected, also = READERS[reader]
    told = {}
    for name, (kind, _, words) in FILES.items():
        if kind in (reader, *also):
            continue
        with pytest.raises(FileError) as caught:
            read(files[name])
        due = f"{files[name]}: is {words}, expected {expected}"
        if kind == "layout" and expected == "a motion":
            due = f"{files[name]}: is {words}: it holds smpl_trans, thetas"
        told[name] = (str(caught.value), due)
    assert {name: said for name, (said, _) in told.items()} == {name: due for name, (_, due) in told.items()}


@pytest.mark.parametrize("name", FILES)
def test_info_says_what_it_is_or_refuses_by_name(name: str, files: dict[str, Path]) -> None:
    kind, _, words = FILES[name]
    if kind in ("other", "text"):
        with pytest.raises(FileError) as caught:
            describe_file(files[name])
        assert str(caught.value).startswith(f"{files[name]}: is {words}, expected a motion, a result, ")
    elif name == "another":
        with pytest.raises(
            FileError, match="a motion in a layout that is not known: it holds smpl_trans, thetas"
        ):
            describe_file(files[name])
    else:
        rows = dict(describe_file(files[name]))
        assert rows["Kind"]
        assert ("regressor" in rows["Kind"]) == (kind == "regressor")


def test_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    whole = (builtin_folder() / "motions" / "walk_poses.npz").read_bytes()
    for number, data in enumerate((whole[:5000], b"\x80\x04cos\nsystem\n.", b"\0" * 50, b"\x93NUMPY\x01\0")):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(data)
        assert file_kind(path).kind == ""
    assert file_kind(tmp_path / "none").words == ""
    assert file_kind(tmp_path).words == ""
