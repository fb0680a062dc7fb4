"""How one file of a conversion went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from core.commands.output_paths import Job
from core.measure.map_back import InverseCheck
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.problems.findings import Finding


@dataclass(repr=False)
class Outcome:
    """What became of one input.

    Attributes:
        job: the input, and the file it was, or would have been, written to.
        status: ``'done'``, ``'skipped'`` or ``'failed'``.
        fit: what there is of it: ``'made'`` now but not written, ``'written'`` now, ``'found'`` as it was
            written before, or ``''`` for none, whatever went wrong afterwards.
        result: where it was fitted now.
        check: where it was asked for, of what was fitted now or before.
        findings: what stands out in what was fitted now or before, or None where it was not asked for.
        seconds: of reading, fitting and writing.
        error: the sentence or sentences, where it failed.
        failure: why the fit, made now or before, has failed as a whole (`core.measure.fit_failure`).
        subject: whose shape it holds, where subjects' shapes are solved.
        motion: as it was read, with what the file was taken to mean; None where it could not be read.
        notes: sentences on what was assumed, and on what came up during the fit.
    """

    job: Job
    status: str = "failed"
    fit: Literal["", "made", "written", "found"] = ""
    result: FitResult | None = None
    check: InverseCheck | None = None
    findings: tuple[Finding, ...] | None = None
    seconds: float = 0.0
    error: str = ""
    failure: str = ""
    subject: str = ""
    motion: Motion | None = None
    notes: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        how = self.error if self.failed else f"→ {self.job.output}"
        return f"<Outcome {self.name} {self.status} {how}>"

    @property
    def name(self) -> str:
        """What to call the input to people."""
        return self.job.label

    def trouble(self, sentence: str) -> None:
        """Something went wrong, beside what has already."""
        self.error = f"{self.error}; {sentence}" if self.error else sentence

    @property
    def failed(self) -> bool:
        """There is no fit, or one that has failed."""
        return self.status == "failed" or bool(self.failure)
