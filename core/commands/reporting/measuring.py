"""Measures fits of a catalogue that nobody has measured against their sources, and notes it in a journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from core.catalogue.catalogue import Catalogue
from core.catalogue.facts import with_measures
from core.catalogue.journal import Journal
from core.errors import RefitError
from core.exporting.subject import open_subject
from core.measure.measure_motion import measure_motion


def measure(
    catalogue: Catalogue, ids: Sequence[int], models: str | Path | None, progress: Callable[[int], None]
) -> list[str]:
    """Measures the fits of some clips.

    Args:
        catalogue: up to date; it is again afterwards.
        ids: of the clips.
        models: folder of licensed models.
        progress: told how many are done.

    Returns:
        Sentences on what could not be measured.
    """
    told = []
    with Journal(catalogue.folder) as journal:
        for count, clip in enumerate(catalogue.clips(ids)):
            progress(count)
            path = catalogue.folder / clip.output
            try:
                subject = open_subject(path, models)
                assert subject.result is not None
                measures = measure_motion(subject.source, subject.bodies, subject.result)
            except RefitError as error:
                told.append(str(error))
                continue
            journal.done(path, with_measures(catalogue.entry(clip.id), measures), None)
        if journal.failure:
            told.append(journal.failure)
    catalogue.refresh()
    return told
