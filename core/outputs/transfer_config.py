"""The YAML files by which the published transfer tool is run, read as what they mean here.

datasets:
    mesh_folder:
        data_folder: 'meshes/smpl'
deformation_transfer_path: 'transfer_data/smpl2smplx_deftrafo_setup.pkl'
mask_ids_fname: 'smplx_mask_ids.npy'
edge_fitting:
    per_part: False
optim:
    maxiters: 100
body_model:
    model_type: "smplx"
    folder: "models"
    smplx:
        betas:
            num: 10

Keys as in ``transfer_model/config`` of the `smplx` repository. What has no counterpart is named in the notes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import FileError
from core.files.containers.opening import read_bytes
from core.fitting.recipe.recipe import PUBLISHED_STAGES, Recipe
from core.fitting.recipe.settings import FitSettings
from core.model.joints import GENDERS, JOINT_NAMES
from core.shown_text import shown

ENDINGS = (".yaml", ".yml")
OUTPUT = "output"
"""Where the tool writes to unless told."""
MOST_BYTES = 50_000
_MOST_KEYS, _MOST_DEPTH = 1000, 12
_USED = {
    "datasets.mesh_folder.data_folder",
    "output_folder",
    "deformation_transfer_path",
    "mask_ids_fname",
    "edge_fitting.per_part",
    "optim.maxiters",
    "body_model.model_type",
    "body_model.gender",
    "body_model.folder",
    "use_cuda",
}
_SIZES = {"betas.num": "num_betas", "expression.num": "num_expression"}


@dataclass(frozen=True)
class TransferConfig:
    """What such a file asks for; None for what it leaves open.

    Attributes:
        recipe: its stages: edges, then the translation, then vertices, each frame with a shape of its own.
        inputs: the folder of meshes.
        output: the folder of results.
        transfer: the correspondence.
        mask: the ids of valid vertices.
        models: the folder of models.
        family: of the target, ``'smplx'``, ``'smplh'`` or ``'smpl'``.
        gender: of the bodies.
        device: ``'cpu'`` where it forbids a GPU.
        notes: sentences on what has no counterpart.
    """

    recipe: Recipe
    inputs: Path | None = None
    output: Path | None = None
    transfer: Path | None = None
    mask: Path | None = None
    models: Path | None = None
    family: str | None = None
    gender: str | None = None
    device: str | None = None
    notes: tuple[str, ...] = ()


def is_transfer_config(path: object) -> bool:
    """Whether a recipe's name says that it is such a file."""
    return isinstance(path, Path) and path.suffix.lower() in ENDINGS


def read_transfer_config(path: str | Path) -> TransferConfig:
    """Reads such a file; what it names lies where the tool would look, or beside the file.

    Raises:
        FileError: it cannot be read, is no YAML, or a value is none of what it may be.
    """
    path = Path(path)
    values = dict(_flat(path, _parsed(path)))
    family = _one_of(path, values, "body_model.model_type", tuple(JOINT_NAMES))
    per_part = values.get("edge_fitting.per_part", False)
    if not isinstance(per_part, bool):
        raise FileError(path, "is neither true nor false", key="edge_fitting.per_part")
    changes: dict[str, Any] = {}
    iterations = _whole(path, values, "optim.maxiters")
    notes = []
    if iterations is not None:
        changes["iterations"] = min(iterations, 200)
        if iterations > 200:
            notes.append(f"'optim.maxiters' is {iterations}: 200 are the most.")
    sizes = {f"body_model.{family or 'smplx'}.{key}": name for key, name in _SIZES.items()}
    for key, name in sizes.items():
        count = _whole(path, values, key)
        if count is not None:
            changes[name] = count
    try:
        stages = tuple(replace(stage, **changes) for stage in PUBLISHED_STAGES)
    except ValueError as error:
        raise FileError(path, f"asks for what there is not: {error}") from None
    if per_part:
        stages = (replace(stages[0], order="chain"), *stages[1:])
    cuda = values.get("use_cuda", True)
    if not isinstance(cuda, bool):
        raise FileError(path, "is neither true nor false", key="use_cuda")
    rest = sorted(key for key in values if key not in _USED and key not in sizes)
    if rest:
        notes.append(f"Without a counterpart, and not used: {shown(', '.join(rest), 600)}.")
    return TransferConfig(
        Recipe(_solved_well(stages), name=path.stem),
        _path(path, values, "datasets.mesh_folder.data_folder"),
        _path(path, {"output_folder": OUTPUT, **values}, "output_folder", there=False),
        _path(path, values, "deformation_transfer_path"),
        _path(path, values, "mask_ids_fname"),
        _path(path, values, "body_model.folder"),
        family,
        _one_of(path, values, "body_model.gender", GENDERS),
        None if cuda else "cpu",
        tuple(notes),
    )


def _solved_well(stages: tuple[FitSettings, ...]) -> tuple[FitSettings, ...]:
    """A trace of a pull, so that joints that the skin says nothing of stay where they are."""
    weak: dict[str, Any] = {"pose_prior": 1e-6, "jaw_prior": 1e-6, "eyes_prior": 1e-6}
    return tuple(stage if stage.stage == "translation" else replace(stage, **weak) for stage in stages)


def _parsed(path: Path) -> Mapping[Any, Any]:
    import yaml

    data = read_bytes(path, MOST_BYTES)
    try:
        # Plain values only; nothing in the file is ever made into an object.
        found = yaml.safe_load(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise FileError(path, "is no text, expected YAML") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        why = getattr(error, "problem", None) or type(error).__name__
        mark = getattr(error, "problem_mark", None)
        at = f" in line {mark.line + 1}" if mark is not None else ""
        raise FileError(path, f"is no YAML{at}: {shown(str(why), 200)}") from None
    if not isinstance(found, Mapping):
        raise FileError(path, "holds no table of settings")
    return found


def _flat(path: Path, values: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Every value with its place, ``optim.maxiters``; a file of anchors may name one table many times."""
    open_, count = [("", values, 0)], 0
    while open_:
        where, table, depth = open_.pop()
        for key, value in table.items():
            count += 1
            if count > _MOST_KEYS or depth > _MOST_DEPTH:
                raise FileError(path, "holds more than any configuration of the tool")
            name = f"{where}{shown(key, 100)}"
            if isinstance(value, Mapping):
                open_.append((f"{name}.", value, depth + 1))
            else:
                yield name, value


def _one_of(path: Path, values: Mapping[str, Any], key: str, choices: tuple[str, ...]) -> str | None:
    found = values.get(key)
    if found is None or found in choices:
        return found
    raise FileError(path, f"is {shown(repr(found), 60)}, expected one of {', '.join(choices)}", key=key)


def _whole(path: Path, values: Mapping[str, Any], key: str) -> int | None:
    found = values.get(key)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise FileError(path, f"is {shown(repr(found), 60)}, expected a whole number, 1 or more", key=key)
    return int(found)


def _path(path: Path, values: Mapping[str, Any], key: str, there: bool = True) -> Path | None:
    """A path as the tool takes it, from where it is run; or else beside the file or beside its folder."""
    found = values.get(key)
    if found is None or found == "":
        return None
    if not isinstance(found, str) or "\0" in found:
        raise FileError(path, f"is {shown(repr(found), 60)}, expected a path", key=key)
    said = Path(os.path.expandvars(found)).expanduser()
    if not there or said.is_absolute():
        return said
    beside = values.get("deformation_transfer_path")
    places = [Path(), path.parent, path.parent.parent]
    if isinstance(beside, str):  # the lists of vertices come with it
        places += [place / Path(beside).parent for place in places]
    return next((place / said for place in places if os.path.exists(place / said)), said)
