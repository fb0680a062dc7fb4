"""Every format that is exported: it says all of itself, and writes whole files or none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import Cancelled, FileError, RefitError
from core.outputs.export_format import BodySizes, ExportFormat, ExportJob
from core.outputs.export_formats import EXPORT_FORMATS
from tests.core.clip_fits import fitted_clip

FRAMES = np.arange(2, 6)
MANUAL = Path(__file__).parents[3] / "assets/manual/files.md"


def all_settings(format_: ExportFormat) -> Iterator[dict[str, Any]]:
    """Every combination of what can be chosen."""
    options = [option for option in format_.options if option.choices]
    for values in product(*([value for _, value in option.choices] for option in options)):
        yield {option.name: value for option, value in zip(options, values, strict=True)}


CASES = [(format_, settings) for format_ in EXPORT_FORMATS for settings in all_settings(format_)]
IDS = [f"{format_.name}-{'-'.join(map(str, settings.values()))}" for format_, settings in CASES]


def job(path: Path, settings: dict[str, Any]) -> ExportJob:
    motion, pair, result = fitted_clip("walk", 0, 12)
    return ExportJob(path, "walk", FRAMES, motion, pair, result, settings=settings)


def written(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() else [path]


def test_formats_say_what_they_are() -> None:
    for said in ([f.name for f in EXPORT_FORMATS], [f.title for f in EXPORT_FORMATS]):
        assert len(set(said)) == len(said)
    manual = MANUAL.read_text(encoding="utf-8")
    for format_ in EXPORT_FORMATS:
        assert format_.suffix in format_.words
        assert format_.about.endswith(".")
        assert format_.icon
        assert f"`{format_.suffix}`" in manual, "what comes out stands in the manual"
        names = [option.name for option in format_.options]
        assert len(set(names)) == len(names)
        assert all(option.label for option in format_.options)


@pytest.mark.parametrize(("format_", "settings"), CASES, ids=IDS)
def test_files_are_written_and_not_written_over(
    format_: ExportFormat, settings: dict[str, Any], tmp_path: Path
) -> None:
    assert format_.write is not None
    folder = format_.is_folder(settings)
    stem = format_.stem("walk", settings)
    path = tmp_path / (f"{stem}_{format_.name}" if folder else f"{stem}{format_.suffix}")
    asked = job(path, settings)
    format_.write(asked)
    files = written(path)
    assert len(files) == (len(FRAMES) if folder else 1)
    assert {file.suffix for file in files} == {format_.suffix}
    before = [file.read_bytes() for file in files]
    with pytest.raises(FileError, match="already exists"):
        format_.write(asked)
    assert [file.read_bytes() for file in written(path)] == before
    format_.write(replace(asked, overwrite=True, frames=FRAMES[:2]))
    assert list(tmp_path.iterdir()) == [path]

    body = asked.of("source" if "source" in settings.values() else "fit")[1]
    sizes = BodySizes(body.num_vertices, len(body.faces), body.num_joints, 10, 0)
    told, size = format_.size(sizes, len(FRAMES), settings), sum(map(len, before))
    # What every file has of provenance counts less the longer a motion is.
    assert told / 3 < size < 3 * told + 20_000


@pytest.mark.parametrize(("format_", "settings"), CASES, ids=IDS)
def test_without_a_fit_or_once_stopped_nothing_is_left(
    format_: ExportFormat, settings: dict[str, Any], tmp_path: Path
) -> None:
    assert format_.write is not None
    path = tmp_path / f"a{format_.suffix}"
    if format_.asks_fit(settings):
        with pytest.raises(RefitError, match="no fit to export"):
            format_.write(replace(job(path, settings), result=None))
        assert not list(tmp_path.iterdir())
    stop = threading.Event()
    stop.set()
    try:
        format_.write(replace(job(path, settings), stop=stop))
    except Cancelled:
        assert not list(tmp_path.iterdir())
    else:
        assert len(written(path)) == 1, "too quick to be stopped"
