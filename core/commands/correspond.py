"""What ``refit correspond`` does: builds a correspondence from two bodies, reports on it, and writes it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from rich.progress import Progress

from core.commands.inspecting.inspect_tables import cell, facts, print_difference
from core.commands.telling.exit_codes import DONE
from core.commands.telling.terminal import Terminal
from core.correspond.build import WHY_WORDS, Why, build_correspondence
from core.correspond.build_settings import BuildSettings
from core.errors import RefitError
from core.files.bodies.correspondences import check_replaceable, check_transfer_name, write_correspondence
from core.files.bodies.models import read_model
from core.files.containers.atomic import check_place
from core.inspection.correspondence_report import difference_from_file
from core.model.body import BodyModel
from core.model.joints import FAMILY_LABEL


def correspond(options: argparse.Namespace) -> int:
    """Runs ``refit correspond`` with its parsed options.

    Returns:
        0.

    Raises:
        RefitError: a body or file cannot be read, nothing can be built, or a file cannot be written.
    """
    settings = BuildSettings(options.max_distance, options.with_hidden, options.max_angle)
    if not options.out and not options.compare:
        raise RefitError("Nothing to do with what is built; give --out FILE, --compare FILE, or both.")
    for path in options.out:
        _check_out(path, options)
    source, target = read_model(options.source), read_model(options.target)
    console = Terminal()
    quiet = options.json or not sys.stderr.isatty()
    with Progress(console=Terminal(stderr=True), transient=True, disable=quiet) as progress:
        task = progress.add_task("building", total=1.0)
        built, report = build_correspondence(
            source, target, settings, lambda share: progress.update(task, completed=share)
        )
    document: dict[str, Any] = {
        "source": _body(source),
        "target": _body(target),
        **report.document(),
        "trustworthy": report.trustworthy,
    }
    if options.compare:
        document["comparison"] = difference_from_file(options.compare, source, target, built)
    for path in options.out:
        write_correspondence(path, built, report.distance_mm, overwrite=options.force)
    document["written"] = [str(path) for path in options.out]
    if options.json:
        print(json.dumps(document, indent=1, allow_nan=False))
    else:
        _print(console, document)
    return DONE


def _check_out(path: Path, options: argparse.Namespace) -> None:
    check_transfer_name(path)
    inputs = (options.source, options.target, options.compare)
    if os.path.exists(path) and any(
        one is not None and os.path.exists(one) and path.samefile(one) for one in inputs
    ):
        raise RefitError(f"{path} is an input; choose another output.")
    check_place(path, options.force)
    check_replaceable(path)


def _body(body: BodyModel) -> dict[str, Any]:
    return {
        "family": body.family,
        "gender": body.gender,
        "file": body.path.name if body.path else None,
        "sha256": body.sha256,
        "builtin": body.builtin,
    }


def _print(console: Terminal, document: dict[str, Any]) -> None:
    labels = " → ".join(FAMILY_LABEL[document[which]["family"]] for which in ("source", "target"))
    console.print(f"Refit · {labels} · correspondence built from two bodies", style="bold", soft_wrap=True)
    if document["source"]["builtin"] or document["target"]["builtin"]:
        console.print("  A built-in body is one of them, not a licensed model.", style="dim", soft_wrap=True)
    distance, laid = document["distance_mm"], document["alignment"]
    invalid = [(why, document["invalid"][why.name.lower()]) for why in Why if why != Why.VALID]
    others = ", ".join(f"{count} {WHY_WORDS[why]}" for why, count in invalid if count)
    turned = laid["most_turned"]
    facts(
        console,
        "built",
        [
            ("valid", f"{document['valid']} of {document['vertices']} vertices"),
            ("others", others or "none"),
            (
                "distance",
                f"half within {cell(distance['p50'])} mm, 99 % within {cell(distance['p99'])}, "
                f"at most {cell(distance['max'])}",
            ),
            (
                "shapes laid on each other",
                f"{cell(laid['rms_mm'])} mm apart (rms), {100 * laid['matched']:.1f} % of the skin matched",
            ),
            ("turned most", f"{turned['joint']}, {turned['degrees']:.1f}°"),
            ("by part", ", ".join(f"{n} {p['valid']}/{p['total']}" for n, p in document["parts"].items())),
        ],
    )
    if not document["trustworthy"]:
        console.print(
            "The shapes do not lie on each other well: look at the correspondence before it is used.",
            style="yellow",
        )
    if "comparison" in document:
        print_difference(console, document["comparison"])
    for path in document["written"]:
        console.print()
        console.print(f"written: {path}", soft_wrap=True)
