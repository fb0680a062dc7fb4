"""How one file of a conversion went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from core.catalogue.entry import Entry
from core.catalogue.facts import of_result, with_measures
from core.commands.output_paths import Job
from core.files.assumption import FAMILY, meaning_of_json
from core.measure.map_back import InverseCheck
from core.measure.motion_metrics import MotionMetrics
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.outputs.reading_words import line
from core.outputs.results import load_result
from core.problems.findings import Finding


@dataclass(frozen=True)
class Figures:
    """What is told of a fit, without its frames.

    Attributes:
        summary: as `FitResult.summary` gives it: frames, and millimetres.
        parts: mean millimetres of each body part.
        converged: how many frames have.
        seconds: that the fit took.
        left: what those may have left, as `FitResult.most_left`.
    """

    summary: dict[str, float]
    parts: list[float]
    converged: int
    seconds: float
    left: tuple[float, float, str] | None = None

    @classmethod
    def of(cls, result: FitResult) -> Figures:
        """Those of a fit."""
        converged = int(result.converged.sum())
        return cls(result.summary(), result.part_means(), converged, result.seconds, result.most_left)

    @property
    def ms_per_frame(self) -> float:
        """Milliseconds that a frame took."""
        return 1000 * self.seconds / max(1, self.summary["frames"])


@dataclass(repr=False)
class Outcome:
    """What became of one input: figures and sentences, so that those of a whole data set fit into memory.

    Attributes:
        job: the input, and the file it was, or would have been, written to.
        status: ``'done'``, ``'skipped'`` or ``'failed'``.
        fit: what there is of it: ``'made'`` now but not written, ``'written'`` now, ``'found'`` as it was
            written before, or ``''`` for none, whatever went wrong afterwards.
        figures: of the fit that was made now, or None.
        check: where it was asked for, of what was fitted now or before.
        findings: what stands out in what was fitted now or before, or None where it was not asked for.
        seconds: of reading, fitting and writing.
        error: the sentence or sentences, where it failed.
        failure: why the fit, made now or before, has failed as a whole (`core.measure.fit_failure`).
        subject: whose shape it holds, where subjects' shapes are solved.
        read_as: what was taken without having been said, in a line.
        meaning: what the file was taken to mean, in plain json values; nothing where it could not be read. It
            is not to be changed: outcomes that say the same share it.
        notes: sentences on what was assumed, and on what came up during the fit.
        entry: what the catalogue is to say of the fit, until it is told; None where it says what it did.
        disk_full: there was no room to write it.
        overtaken: somebody else has written a file in its place meanwhile.
    """

    job: Job
    status: str = "failed"
    fit: Literal["", "made", "written", "found"] = ""
    figures: Figures | None = None
    check: InverseCheck | None = None
    findings: tuple[Finding, ...] | None = None
    seconds: float = 0.0
    error: str = ""
    failure: str = ""
    subject: str = ""
    read_as: str = ""
    meaning: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = field(default=())
    entry: Entry | None = field(default=None, repr=False)
    disk_full: bool = False
    overtaken: bool = False
    _unwritten: FitResult | None = None

    def __repr__(self) -> str:
        how = self.error if self.failed else f"→ {self.job.output}"
        return f"<Outcome {self.name} {self.status} {how}>"

    @property
    def name(self) -> str:
        """What to call the input to people."""
        return self.job.label

    @property
    def result(self) -> FitResult | None:
        """The fit that was made now, read from its file; None where none was made.

        Raises:
            FileError: the file is gone, or cannot be read.
        """
        if self._unwritten is None and self.fit == "written":
            return load_result(self.job.output)
        return self._unwritten

    def has_read(self, motion: Motion) -> None:
        """The input was read."""
        self.read_as, self.meaning = line(motion), motion.meaning_to_json()

    def has_made(self, result: FitResult) -> None:
        """It was fitted; the fit is held until it is written."""
        self.fit, self.figures, self._unwritten = "made", Figures.of(result), result
        self.entry = of_result(self.job.output.name, result)

    def has_measured(self, result: FitResult, measures: MotionMetrics, found: tuple[Finding, ...]) -> None:
        """It was measured against its source, and what stands out was judged."""
        self.findings = found
        self.entry = with_measures(self.entry or of_result(self.job.output.name, result), measures, found)

    def entry_without_fit(self) -> Entry:
        """What is known of an input of which there is no fit."""
        assumed = meaning_of_json(self.meaning)["assumed"]
        family = next((one.value for one in assumed if one.quantity == FAMILY), "")
        return Entry(
            self.job.output.name,
            str(self.job.source),
            person=self.job.person or "",
            subject=self.subject,
            family=family,
            assumed=assumed,
            notes=self.notes,
        )

    def has_written(self) -> None:
        """The fit is in its file."""
        self.fit, self._unwritten = "written", None

    def was_made(self, result: FitResult) -> None:
        """The fit that was found was made in this run, by a worker that died before it could tell."""
        self.status = "failed" if result.failed else "done"
        self.fit, self.figures = "written", Figures.of(result)
        self.entry = self.entry or of_result(self.job.output.name, result)

    def drop_unwritten(self) -> None:
        """A fit that is not in a file is let go."""
        self._unwritten = None

    def trouble(self, sentence: str) -> None:
        """Something went wrong, beside what has already."""
        self.error = f"{self.error}; {sentence}" if self.error else sentence

    @property
    def failed(self) -> bool:
        """There is no fit, or one that has failed."""
        return self.status == "failed" or bool(self.failure)
