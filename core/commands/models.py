"""What ``refit models`` says: which licensed models a folder has, and what is missing for what."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.text import Text

from core.commands.telling.terminal import Terminal
from core.environment import BUILTIN, MODELS_VARIABLE
from core.errors import RefitError
from core.files.bodies.correspondence_check import checked
from core.files.bodies.correspondences import read_correspondence
from core.files.bodies.model_folder import (
    MASK_PATTERNS,
    MODEL_PATTERNS,
    ModelFile,
    find_correspondence,
    find_mask,
    model_files,
)
from core.files.bodies.models import read_model
from core.files.containers.opening import checksum
from core.model.body import BodyModel
from core.model.joints import FAMILY_LABEL, GENDERS

WHERE = {
    "smpl": "https://smpl.is.tue.mpg.de",
    "smplh": "https://mano.is.tue.mpg.de",
    "smplx": "https://smpl-x.is.tue.mpg.de",
}
TRANSFER = "https://github.com/vchoutas/smplx/tree/main/transfer_model"
WAYS = (("smplh", "smplx"), ("smplx", "smplh"))


@dataclass(frozen=True)
class ModelRow:
    """One model file, read: ``used`` where it is the first for its body; ``problem`` where it cannot be."""

    family: str
    gender: str
    path: str
    betas: int = 0
    expression: int = 0
    sha256: str = ""
    used: bool = False
    problem: str = ""


@dataclass(frozen=True)
class MissingRow:
    """What is not there, what it would be needed for, and who offers it."""

    what: str
    needed_for: str
    where: str


@dataclass(frozen=True)
class ModelsReport:
    """What a folder holds.

    Attributes:
        folder: that was looked through.
        models: in the order in which they are used.
        transfer: name of the way, file and checksum of each correspondence and mask.
        missing: what is not there.
        problems: why a correspondence cannot be used with the first bodies of its two families.
    """

    folder: str
    models: tuple[ModelRow, ...]
    transfer: tuple[tuple[str, str, str], ...]
    missing: tuple[MissingRow, ...]
    problems: tuple[str, ...] = ()


def models_report(folder: Path) -> ModelsReport:
    """Reads every model below a folder.

    Raises:
        FileError: the folder does not exist.
    """
    rows, used = [], set[tuple[str, str]]()
    bodies: dict[str, BodyModel] = {}
    for file in model_files(folder):
        row, body = _read(file, folder, (file.family, file.gender) not in used)
        if body is not None:
            bodies.setdefault(file.family, body)
        if not row.problem:
            used.add((row.family, row.gender))
        rows.append(row)
    transfer, missing, problems = [], [], []
    for family in MODEL_PATTERNS:
        genders = [gender for gender in GENDERS if (family, gender) not in used]
        if genders:
            label = FAMILY_LABEL[family]
            both = " and ".join(filter(None, (", ".join(genders[:-1]), genders[-1])))
            missing.append(MissingRow(f"{label} {both}", _needed_for(family), WHERE[family]))
    for source, target in WAYS:
        way = f"{FAMILY_LABEL[source]} to {FAMILY_LABEL[target]}"
        try:
            path = find_correspondence(folder, source, target)
            transfer.append((f"correspondence, {way}", _below(path, folder), checksum(path)))
            problems += _problem(path, folder, bodies.get(source), bodies.get(target))
        except RefitError:
            needed = "every conversion to SMPL-X" if target == "smplx" else "conversions from SMPL-X, --check"
            needed += "; built from the two bodies while it is missing"
            missing.append(MissingRow(f"correspondence, {way}", needed, TRANSFER))
    mask = find_mask(folder, "smplx")
    if mask is not None:
        transfer.append(("valid vertices, SMPL-X", _below(mask, folder), checksum(mask)))
    else:
        name = Path(MASK_PATTERNS["smplx"][0]).name
        needed = "leaving out eyeballs and mouth; without it all vertices count"
        missing.append(MissingRow(f"valid vertices, {name}", needed, TRANSFER))
    return ModelsReport(str(folder), tuple(rows), tuple(transfer), tuple(missing), tuple(problems))


def models(options: argparse.Namespace) -> int:
    """Runs ``refit models`` with its parsed options; 0 where something is found, else 1."""
    folder = options.folder or os.environ.get(MODELS_VARIABLE) or None
    if folder is None or str(folder) == BUILTIN:
        raise RefitError(
            f"No folder of models is given: name one, or set {MODELS_VARIABLE}. Without models the built-in "
            "bodies are used."
        )
    report = models_report(Path(folder).expanduser())
    if options.json:
        print(json.dumps(asdict(report), indent=1))
    else:
        _print(report)
    return 0 if any(row.used for row in report.models) else 1


def _problem(path: Path, folder: Path, source: BodyModel | None, target: BodyModel | None) -> list[str]:
    """Why no fit can be made with a correspondence; nothing where one can, or a body is not there."""
    if source is None or target is None:
        return []
    mask = find_mask(folder, target.family)
    try:
        found = read_correspondence(
            path, source_vertices=source.num_vertices, target_vertices=target.num_vertices, mask=mask
        )
        checked(found, source, target, folder)
    except RefitError as error:
        return [str(error)]
    return []


def _read(file: ModelFile, folder: Path, first: bool) -> tuple[ModelRow, BodyModel | None]:
    place = _below(file.path, folder)
    try:
        body = read_model(file.path, gender=file.gender, family=file.family)
    except RefitError as error:
        problem = str(error).removeprefix(f"{file.path}: ")
        return ModelRow(file.family, file.gender, place, problem=problem), None
    counts = body.num_betas, body.num_expression
    return ModelRow(file.family, file.gender, place, *counts, body.sha256, first), body


def _needed_for(family: str) -> str:
    return {
        "smpl": "motions in SMPL, SMPL's 24 joints",
        "smplh": "motions in SMPL-H, as AMASS has them",
        "smplx": "every conversion to SMPL-X",
    }[family]


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _print(report: ModelsReport) -> None:
    console = Terminal(soft_wrap=True)
    console.print(Text(report.folder, style="bold"))
    lines = [("", "Model", "betas", "SHA-256", "File")]
    for row in report.models:
        counts = f"{row.betas} + {row.expression}" if row.expression else str(row.betas)
        said = f" ({row.problem})" if row.problem else "" if row.used else " (another one comes first)"
        style = "red" if row.problem else "" if row.used else "dim"
        name = f"{FAMILY_LABEL[row.family]} {row.gender}"
        lines.append((style, name, "" if row.problem else counts, row.sha256[:12], row.path + said))
    lines += [("", name, "", sha256[:12], path) for name, path, sha256 in report.transfer]
    if len(lines) == 1:
        console.print("No model is in it.")
    else:
        # Not a table of rich, which would cut paths to the width of a terminal.
        widths = [max(len(line[column]) for line in lines) for column in (1, 2, 3)]
        for style, *cells, path in lines:
            padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
            console.print(Text("  ".join((*padded, path)), style=style))
    for problem in report.problems:
        console.print()
        console.print(Text(problem, style="red"))
    if report.missing:
        console.print()
        console.print(Text("Not there", style="bold"))
    for missing in report.missing:
        console.print(Text(f"{missing.what}: for {missing.needed_for}"))
        console.print(Text(f"    {missing.where}", style="dim"))
