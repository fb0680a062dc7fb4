"""Whoever watches a clip of a conversion while it is worked on: a terminal, or nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import SpinnerColumn

from core.commands.telling.progress_bar import ConversionBar, fit_columns
from core.commands.telling.run_figures import RunFigures
from core.commands.telling.terminal import Terminal
from core.fitting.no_progress import ProgressClock
from core.fitting.run import FitRun
from core.fitting.stage.progress import Progress
from core.model.fit_result import FitResult


class Watch:
    """Nobody watches; those who do override what they want to hear."""

    def tell(self, sentence: str, style: str = "dim") -> None:
        """Something that people should know at once."""

    @contextmanager
    def busy(self, words: str) -> Iterator[None]:
        """Within, something goes on that tells no steps."""
        yield

    @contextmanager
    def fitting(self, run: FitRun, name: str) -> Iterator[None]:
        """Within, the run is iterated."""
        yield

    def step(self, step: Progress) -> None:
        """The run has taken a step."""

    def fitted(self, run: FitRun, name: str) -> tuple[FitResult, tuple[str, ...]]:
        """Iterates a run; an interrupt ends it cleanly.

        Returns:
            The result, and what the run had to say.
        """
        said = dict[str, None]()
        with self.fitting(run, name):
            for step in run:
                if step.note:
                    said[step.note] = None
                self.step(step)
        return run.result(), tuple(said)


class TerminalWatch(Watch):
    """Draws a bar for each fit.

    Args:
        console: where.
        verbose: each step is a line.
        figures: of all clips, to be drawn below; None where there is but one.
        follow: told each step.
    """

    def __init__(
        self,
        console: Terminal,
        verbose: bool = False,
        figures: RunFigures | None = None,
        follow: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._console, self._verbose, self._figures = console, verbose, figures
        self._follow = follow

    def tell(self, sentence: str, style: str = "dim") -> None:
        """One line."""
        self._console.print(sentence, style=style, soft_wrap=True)

    @contextmanager
    def busy(self, words: str) -> Iterator[None]:
        """A spinner, where there is a terminal."""
        if not self._console.is_terminal:
            yield
            return
        with self._console.status(words):
            yield

    @contextmanager
    def fitting(self, run: FitRun, name: str) -> Iterator[None]:
        """A bar of its frames."""
        self._silence, self._name = ProgressClock(), name
        self._silence.follow(run)
        columns = (SpinnerColumn(), *fit_columns())
        with ConversionBar(self._silence, columns, self._console, self._figures) as self._bar:
            self._task = self._bar.add_task(f"{name} · shape", total=len(run.frames), figures="")
            self._started = time.perf_counter()
            yield

    def step(self, step: Progress) -> None:
        """Moves the bar."""
        self._follow(step)
        self._silence.hear(step.stage)
        if self._verbose:
            self._bar.console.print(step_words(step), style="dim", soft_wrap=True)
        if step.stage == "shape":
            self._started = time.perf_counter()
            self._bar.update(self._task, figures=f"{step.mean_mm:.2f} mm")
            return
        rate = step.frames_done / (time.perf_counter() - self._started)
        self._bar.update(
            self._task,
            description=f"{self._name} · {step.stage}",
            completed=step.frames_done,
            figures=f"{rate:.0f} frames/s · {step.mean_mm:.2f} mm",
        )


def step_words(step: Progress) -> str:
    """One step of a stage for people: kind, step, frames done, objective before and after, mean v2v."""
    trace = " → ".join(f"{value:.4g}" for value in step.trace) or f"{step.objective:.4g}"
    done = f"{step.frames_done} of {step.frames_total} frames"
    return (
        f"  {step.kind} · {step.stage} {step.iteration} · {done} · objective {trace} m² · "
        f"{step.mean_mm:.3f} mm"
    )
