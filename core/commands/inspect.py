"""What ``refit inspect`` does: joints, regressors, masks and correspondences, told as tables or as json."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.commands.argument_types import doubts_of, reading_of
from core.commands.inspecting import inspect_document
from core.commands.inspecting.inspect_subject import WHICH, Inspected, inspect_bodies, inspect_file
from core.commands.inspecting.inspect_tables import print_document
from core.commands.telling.exit_codes import DONE
from core.commands.telling.terminal import Terminal
from core.errors import RefitError
from core.files.bodies.models import looks_like_model
from core.files.bodies.regressors import RegressorFile, read_regressor
from core.files.containers.npz import is_npz, npz_headers
from core.files.motions.load_motion import SeveralPeople
from core.inspection.correspondence_report import difference_from_file
from core.inspection.joint_series import JointSeries
from core.inspection.joint_set import joints_of_set
from core.model.joints import other_family
from core.outputs.joint_sets import export_joint_places, read_joint_set
from core.outputs.reading_words import changes_nothing
from core.session.inputs import check_output, inputs_of


def inspect(options: argparse.Namespace) -> int:
    """Runs ``refit inspect`` with its parsed options.

    Returns:
        0.

    Raises:
        RefitError: the options make no sense together, or something cannot be read or written.
    """
    _check(options)
    inspected = _opened(options)
    document = _document(inspected, options)
    if options.json:
        print(json.dumps(document, indent=1, allow_nan=False))
    else:
        print_document(Terminal(), document)
    return DONE


def _check(options: argparse.Namespace) -> None:
    if bool(options.joint_set) != bool(options.out):
        missing = "--out FILE" if options.joint_set else "--joint-set FILE"
        raise RefitError(f"A joint set is exported with both --joint-set and --out; {missing} is missing.")
    if options.frame is not None and options.file is None:
        raise RefitError("--frame needs a motion or a fit; give its file.")
    if options.joint_set and options.file is None:
        raise RefitError("--joint-set needs a motion or a fit to follow; give its file.")
    if options.out is not None and os.path.exists(options.out):
        inputs = (options.file, options.joint_set, options.regressor)
        if any(path is not None and os.path.exists(path) and options.out.samefile(path) for path in inputs):
            raise RefitError(f"{options.out} is an input; choose another output.")
        if (
            os.path.isfile(options.out)
            and is_npz(options.out)
            and looks_like_model(set(npz_headers(options.out)))
        ):
            raise RefitError(f"{options.out} is a body model, which is never written over.")


def _opened(options: argparse.Namespace) -> Inspected:
    if options.file is None:
        source = options.source or "smplh"
        target = options.to or other_family(source)
        reading = replace(reading_of(options, options.person), gender=None)
        if said := changes_nothing(reading, doubts_of(options)):
            raise RefitError(f"{said[0]} Give the file of a motion.")
        return inspect_bodies(options.models, source, target, options.gender)
    if options.source is not None:
        raise RefitError("--from is for the bodies alone; a motion says itself what it is in.")
    try:
        reading, doubts = reading_of(options, options.person), doubts_of(options)
        return inspect_file(options.file, options.models, options.to, options.gender, reading, doubts)
    except SeveralPeople as error:
        raise RefitError(f"{error}; give --person ID") from None


def _document(inspected: Inspected, options: argparse.Namespace) -> dict[str, Any]:
    which, frame = options.body or _usual(inspected), options.frame
    file: RegressorFile | None = None
    if options.regressor:
        file = read_regressor(options.regressor, inspected.body(which))
    matrix = None if file is None else file.matrix
    document = inspect_document.heading(inspected, frame)
    if options.joint:
        document["joint"] = _joint(inspected, options, matrix)
    if options.vertex is not None:
        document["vertex"] = {
            which: inspect_document.vertex_section(inspected, which, options.vertex, matrix)
        }
    if options.joint_set:
        document["joint_set"] = _joint_set(inspected, which, options)
    if options.compare:
        bodies = inspected.bodies
        ours = bodies.correspondence
        document["comparison"] = difference_from_file(options.compare, bodies.source, bodies.target, ours)
    asked = options.compare or options.joint or options.vertex is not None or options.joint_set
    if not asked:
        document["body"] = which
        document["joints"] = inspect_document.joint_list(inspected, which, frame, matrix)
    if not asked or file is not None:
        document["regressor"] = inspect_document.regressor_section(inspected, which, file)
    if not asked:
        document["smpl_joints"] = inspect_document.smpl_section(inspected)
        document["mask"] = inspect_document.mask_section(inspected)
        document["correspondence"] = inspect_document.correspondence_section(inspected)
    return document


def _usual(inspected: Inspected) -> str:
    """The body that is meant where none is named: the one that moves, the fit before the source."""
    return "source" if inspected.motion is not None and inspected.result is None else "target"


def _joint(inspected: Inspected, options: argparse.Namespace, matrix: Any) -> dict[str, Any]:
    """The joint of the body asked for, or of each body that has it."""
    if options.body or matrix is not None:
        which = options.body or _usual(inspected)
        return {which: inspect_document.joint_section(inspected, which, options.joint, options.frame, matrix)}
    having = [which for which in WHICH if any(j.name == options.joint for j in inspected.joints(which))]
    if options.frame is not None and inspected.result is None:
        having = [which for which in having if which == "source"]
    return {
        which: inspect_document.joint_section(inspected, which, options.joint, options.frame, None)
        for which in having or [_usual(inspected)]
    }


def _joint_set(inspected: Inspected, which: str, options: argparse.Namespace) -> dict[str, Any]:
    joint_set = read_joint_set(options.joint_set)
    series = JointSeries(inspected.body(which), joints_of_set(joint_set, inspected.body(which)))
    motion = inspected.moves(which)
    if motion is None:
        raise RefitError(f"The {which} does not move without a fit; give a fit, or --body source.")
    out = Path(options.out)
    check_output(out, inputs_of(inspected.bodies, inspected.motion, inspected.result, options.file))
    export_joint_places(out, series, motion, overwrite=options.force)
    return inspect_document.set_section(inspected, which, series, joint_set.name, str(out))
