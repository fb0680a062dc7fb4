"""What a fit was made from: its motion is looked for, and its bodies are compared with those in use."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

from core.errors import FileError, RefitError

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion, Reading
    from core.session.session import SourceFile


def path_on_this_machine(stored: str) -> Path | None:
    """A path that a file names, if it may be followed: it is absolute, and of a folder of this machine.

    Names of other machines (``//host/share``, ``\\\\host\\share``, also behind another slash or with slashes
    mixed) would be asked for over the network, and with it goes who asks; names of devices (``\\\\?\\``,
    ``\\\\.\\``, ``\\??\\``) may be anything. What Windows makes of a path decides on every system.
    """
    read = PureWindowsPath(stored)
    turned = stored.strip().replace("/", "\\")
    if read.drive.startswith("\\") or turned.startswith(("\\\\", "\\??")) or "\0" in stored:
        return None
    return Path(stored) if stored and Path(stored).is_absolute() else None


class SourceMissing(FileError):
    """The motion that a file belongs to is not where it should be; somebody may know where it is.

    ``source`` is what it must be.
    """

    def __init__(self, path: str | Path, problem: str, source: SourceFile) -> None:
        super().__init__(path, problem)
        self.source = source


def find_motion(path: Path, result: FitResult, given: Path | None = None) -> Motion:
    """The motion that the fit in ``path`` was made from, cut to the fit's frames; see `find_source`."""
    from core.model.motion import Reading
    from core.session.session import SourceFile

    stored = told_of(result, "source")
    source = SourceFile(
        result.source_name,
        _text(stored, "path"),
        _text(stored, "sha256"),
        _count(stored, "start"),
        len(result),
        Reading.of_json(stored.get("reading")),
    )
    return find_source(path, source, given, result)


def find_source(
    path: Path, source: SourceFile, given: Path | None = None, fit: FitResult | None = None
) -> Motion:
    """The motion that the fit or session in ``path`` belongs to, cut to its frames, and read as it was when
    ``fit`` was made, whatever the file would be taken to mean today.

    It is looked for at ``given``, or else where it lay, then beside the file, then among the built-in
    motions, and must have the checksum that is known of it, or without one the same number of frames.

    Raises:
        SourceMissing: it is nowhere, or only in another version.
    """
    other: Path | None = None
    for candidate in [given] if given is not None else _candidates(path, source):
        try:
            motion = _read(path, candidate, source, fit)
        except RefitError as error:
            if isinstance(error, FileError) and error.path.name == Path(source.reading.rest_mesh or "").name:
                raise  # the motion is there, and what it is read with is not
            other = other or candidate
            continue
        if source.sha256 and motion.sha256 != source.sha256:
            other = other or candidate
            continue
        if source.sha256:
            motion = motion.cut(source.start, source.start + source.frames)
        if len(motion) == source.frames:
            return motion
        other = other or candidate
    name = source.name or "an unnamed motion"
    if other is not None:
        raise SourceMissing(
            path, f"is a fit of {name}, but {other} is not the file that it was made from", source
        )
    raise SourceMissing(
        path,
        f"is a fit of {name}, which is neither where it was nor beside the fit: put both in one folder",
        source,
    )


def _located(reading: Reading, *folders: Path) -> Reading:
    """The reading with the files that it names where they are: where they lay, or in one of the folders."""
    from core.model.motion import FILES

    found: dict[str, Any] = {}
    for field in FILES:
        stored = getattr(reading, field)
        if stored is None:
            continue
        lay = path_on_this_machine(stored)
        places = [lay] if lay is not None else []
        places += [folder / PureWindowsPath(stored).name for folder in folders]
        found[field] = str(next((place for place in places if os.path.isfile(place)), places[0]))
    return replace(reading, **found)


def _read(path: Path, candidate: Path, source: SourceFile, fit: FitResult | None) -> Motion:
    from core.files.motions.load_motion import load_motion
    from core.files.motions.settle import AS_MADE, TELL
    from core.session.reading_of_fit import as_it_was, reading_of_fit

    reading = _located(source.reading, candidate.parent, path.parent)
    if fit is None:
        motion = load_motion(candidate, reading, doubts=TELL)
    else:
        motion = load_motion(candidate, reading, otherwise=reading_of_fit(fit), doubts=AS_MADE)
        motion = as_it_was(motion, fit)
    if motion.body_terms is not None and not source.reading.in_body:
        # A version read it that did not know of them.
        motion = replace(motion, body_terms=None, reading=replace(motion.reading, in_body=None))
    return motion


def _candidates(path: Path, source: SourceFile) -> Iterator[Path]:
    from core.files.builtin_files import builtin_motions

    name, there = Path(source.name).name, path_on_this_machine(source.path)
    places = [] if there is None else [there]
    places += [path.parent / name] if name else []
    places += [motion for motion in builtin_motions() if motion.name == name]
    for place in dict.fromkeys(places):
        try:
            found = os.path.isfile(place) or os.path.isdir(place)
        except (OSError, ValueError):
            continue
        if found:
            yield place


def licensed_gender(result: FitResult) -> str | None:
    """Gender of the licensed bodies that a fit was made with; None for built-in ones, which have but one."""
    from core.model.joints import GENDERS

    body = told_of(result, "source_body")
    gender = _text(body, "gender")
    return gender if gender in GENDERS and not body.get("built_in") else None


def other_bodies(result: FitResult, bodies: BodyPair) -> str:
    """The bodies that a fit was made with, in words; nothing where they are ``bodies``."""
    stored = [told_of(result, "source_body"), told_of(result, "target_body")]
    if [_text(body, "sha256") for body in stored] == [bodies.source.sha256, bodies.target.sha256]:
        way = told_of(result, "correspondence")
        # Of bodies it is their folder's; a mesh has it from whoever said it.
        other = stored[0].get("family") == "mesh" and _text(way, "sha256") != bodies.correspondence.sha256
        return f"another correspondence, {_text(way, 'file') or 'of no file'}" if other else ""
    return " and ".join(_body_words(body) for body in stored)


def _body_words(body: dict[str, Any]) -> str:
    name = _text(body, "name") or "a body it does not name"
    kind = "built-in" if body.get("built_in") else "licensed"
    return f"{name} ({_text(body, 'gender') or 'no gender'}, {kind})"


def told_of(result: FitResult, key: str) -> dict[str, Any]:
    """A table of the fit's provenance, empty where there is none."""
    value = result.provenance.get(key)
    return value if isinstance(value, dict) else {}


def without_folders(result: FitResult, *folders: Path | None) -> FitResult:
    """The fit to be given away: it names files with their checksums, and no folder.

    Args:
        result: its sentences may name folders.
        folders: those that they may name.
    """
    bare = folderless(*folders)
    source = told_of(result, "source")
    notes, reading = source.get("notes"), source.get("reading")
    told = {**source, "path": None}
    if isinstance(notes, list):
        told["notes"] = [bare(note) if isinstance(note, str) else note for note in notes]
    if isinstance(reading, dict):
        told["reading"] = reading_without_folders(reading)
    return replace(result, provenance={**result.provenance, "source": told})


def folderless(*folders: Path | None) -> Callable[[str], str]:
    """Takes these folders, as they were given too, and that of who asks, out of sentences."""
    given = {one for one in folders if one is not None}
    whole = {one.resolve() for one in given}
    with suppress(RuntimeError):  # who has no home has none to hide
        whole.add(Path.home())
    # The longest first, and none that is the beginning of every path.
    ordered = sorted({str(one) for one in given | whole if one.name}, key=len, reverse=True)
    itself = {str(one) for one in whole}

    def bare(sentence: str) -> str:
        for folder in ordered:
            before = rf"(?<![\w.{re.escape(os.sep)}-])"
            sentence = re.sub(rf"{before}{re.escape(folder + os.sep)}", "", sentence)
            if folder in itself:  # of one that was given as a plain word, the word may be any
                sentence = re.sub(rf"{before}{re.escape(folder)}(?![\w-])", "its folder", sentence)
        return sentence

    return bare


def reading_without_folders(reading: dict[str, Any]) -> dict[str, Any]:
    """A reading in plain json values whose files are named, and no folder."""
    from core.model.motion import FILES

    return {
        key: Path(value).name if key in FILES and isinstance(value, str) else value
        for key, value in reading.items()
    }


def names_folders(result: FitResult) -> bool:
    """Whether the fit says in which folder its motion lay, or what it was read with."""
    source = told_of(result, "source")
    reading = source.get("reading")
    files = isinstance(reading, dict) and reading != reading_without_folders(reading)
    return bool(_text(source, "path")) or files


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""


def _count(table: dict[str, Any], key: str) -> int:
    value = table.get(key)
    return value if isinstance(value, int) and value >= 0 else 0


# Whether a fit was made with the bodies in use.


def check_bodies(path: Path, result: FitResult, bodies: BodyPair) -> None:
    """Raises FileError unless ``bodies`` are those that the fit in ``path`` was made with."""
    made_with = other_bodies(result, bodies)
    if not made_with:
        return
    if result.provenance.get("bodies") == "built-in":
        advice = "choose Use built-in bodies in the Bodies menu to open it"
    else:
        advice = "choose the folder of these models in the Bodies menu to open it"
    raise FileError(path, f"was made with {made_with}, not with the {bodies.label} in use: {advice}")
