"""The library of the window with tens of thousands of clips: ``python -m tests.bench.library [CLIPS]``.

Times from asking for a folder to the rows that can be seen, with the index there and without, and for other
orders; memory of the process before and after, having scrolled through all of it. On a machine without a
screen below ``xvfb-run -s "-screen 0 1600x1000x24 +extension GLX"``.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from core.files.builtin_files import default_motion
from gui_app.app.application import make_application
from gui_app.app.main_window import MainWindow, Options
from gui_app.library.rows import NAME
from tests.core.catalogue.many_clips import many_clips

CLIPS = 20_000
LONGEST = 300.0


def until(there: Callable[[], bool]) -> float:
    """Seconds until something is so."""
    start = time.perf_counter()
    while not there():
        QApplication.processEvents()
        if time.perf_counter() - start > LONGEST:
            raise TimeoutError
        time.sleep(0.0005)
    return time.perf_counter() - start


def megabytes() -> float:
    """Memory of this process at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seen(window: MainWindow, clips: int) -> bool:
    """The first rows say what they are of."""
    if "library" not in window.panels.made:
        return False
    rows = window.panels.library.panel.table.rows
    return len(rows.ids) == clips and rows.index(0, NAME).data() != "…"


def named(window: MainWindow, clips: int) -> bool:
    """Most rows say what they are of; those that were never fitted come with the journals."""
    if "library" not in window.panels.made:
        return False
    rows = window.panels.library.panel.table.rows
    return len(rows.ids) > 0.8 * clips and rows.index(0, NAME).data() != "…"


def main(clips: int) -> None:
    """Prints what was measured."""
    os.environ["REFIT_SETTINGS"] = tempfile.mkdtemp()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        many_clips(folder, clips)
        make_application()
        window = MainWindow(Options(default_motion()))
        window.actions_.autofit.setChecked(False)
        window.show()
        until(lambda: window.state.document.opened is not None)
        window.actions_.library.setChecked(True)
        until(lambda: "library" in window.panels.made)
        before = megabytes()
        library = window.library
        library.open_folder(folder)
        begun, processor = time.perf_counter(), time.process_time()
        until(lambda: named(window, clips))
        print(f"{clips:,} clips, no index yet: names after {time.perf_counter() - begun:.2f} s", end="")
        print(f" ({time.process_time() - processor:.2f} s of a processor), ", end="", flush=True)
        until(lambda: not library._index.busy and seen(window, clips))
        print(f"figures after {time.perf_counter() - begun:.2f} s ({time.process_time() - processor:.2f} s)")
        table = window.panels.library.panel.table
        library.folder = None
        table.rows.forget()
        library.open_folder(folder)
        print(f"with the index: {until(lambda: seen(window, clips)):.2f} s")
        until(lambda: not library._index.busy)
        for words, column in (("name", 0), ("mean", 1)):
            ids = list(table.rows.ids)
            table.header().sectionClicked.emit(column)
            print(f"by {words}: {until(lambda ids=ids: list(table.rows.ids) != ids):.2f} s")
        window.panels.library.panel.search.setText("dance, max>60")
        print(f"found: {until(lambda: 0 < len(table.rows.ids) < clips):.2f} s, of it 0.2 s for the typing")
        window.panels.library.panel.search.setText("")
        until(lambda: len(table.rows.ids) == clips)
        bar = table.verticalScrollBar()
        longest = 0.0
        for value in range(0, bar.maximum(), max(1, bar.maximum() // 300)):
            start = time.perf_counter()
            bar.setValue(value)
            QApplication.processEvents()
            longest = max(longest, time.perf_counter() - start)
        until(lambda: not library._look.busy)
        print(
            f"scrolled through in 300 steps: at most {1000 * longest:.0f} ms; {table.rows.kept:,} rows kept"
        )
        print(f"memory at most: {before:.0f} MB before, {megabytes():.0f} MB after")
        window.state.document.set_saved()
        window.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CLIPS)
