"""How far a run is, shown where it can be seen: in a terminal or a notebook."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape

from rich.progress import Progress as Bar

from core.commands.telling.progress_bar import fit_columns
from core.commands.telling.terminal import Terminal
from core.fitting.run import FitRun
from core.fitting.stage.progress import Progress
from core.shown_text import shown

NOTEBOOK_SECONDS = 0.2
"""A notebook is told no more often than this."""

Follow = Callable[[FitRun, Progress], None]
Show = Callable[[str, int, int, str], None]


def in_notebook() -> bool:
    """The interpreter is the kernel of a notebook."""
    python = sys.modules.get("IPython")
    shell = python.get_ipython() if python is not None else None
    return getattr(shell, "kernel", None) is not None


@contextmanager
def followed(progress: bool | Callable[[Progress], None]) -> Iterator[Follow]:
    """What to call with each step of a run.

    Args:
        progress: True for a bar where one can be seen, a function that is told each step, or False.
    """
    if callable(progress):
        tell = progress
        yield lambda _, step: tell(step)
        return
    with _shown(bool(progress)) as show:
        started = time.perf_counter()

        def follow(run: FitRun, step: Progress) -> None:
            nonlocal started
            if step.note:
                warnings.warn(shown(step.note), RuntimeWarning, stacklevel=2)
            figures = f"{step.mean_mm:.2f} mm" if step.stage != "start" else ""
            if step.stage in ("start", "shape"):
                started = time.perf_counter()
            elif step.frames_done:
                rate = step.frames_done / max(time.perf_counter() - started, 1e-6)
                figures = f"{rate:.0f} frames/s · {figures}"
            show(f"{run.motion.label} · {step.stage}", step.frames_done, step.frames_total, figures)

        yield follow


@contextmanager
def _shown(wanted: bool) -> Iterator[Show]:
    console = Terminal(stderr=True)
    if wanted and in_notebook():
        with _in_notebook() as show:
            yield show
    elif wanted and console.is_terminal:
        with _in_terminal(console) as show:
            yield show
    else:
        yield lambda *_: None


@contextmanager
def _in_terminal(console: Terminal) -> Iterator[Show]:
    with Bar(*fit_columns(), console=console, transient=True) as bar:
        task = bar.add_task("", total=None, figures="")

        def show(what: str, done: int, total: int, figures: str) -> None:
            bar.update(task, description=what, completed=done, total=total, figures=figures)

        yield show


@contextmanager
def _in_notebook() -> Iterator[Show]:
    from IPython.display import HTML, display

    place = display(HTML(""), display_id=True)
    last = 0.0

    def show(what: str, done: int, total: int, figures: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= NOTEBOOK_SECONDS or done == total:
            last = now
            words = escape(f"{what} {done:,}/{total:,} frames · {figures}")
            place.update(HTML(f"<progress value='{done}' max='{max(total, 1)}'></progress> {words}"))

    try:
        yield show
    finally:
        place.update(HTML(""))
