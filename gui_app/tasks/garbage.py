"""Python's cyclic garbage, collected between events of the GUI thread and nowhere else."""

from __future__ import annotations

import gc
import sys

from PySide6.QtCore import QObject, QTimer, Slot

EVERY_MS = 250
LARGEST = "torch"
# The first look at all objects waits this long after the last module came, so that it comes after what they
# were wanted for: the first frame that is shown, and its fit.
SETTLES_AFTER_MS = 2000


class Garbage(QObject):
    """Takes over from Python, which collects in whichever thread happens to ask for memory.

    Widgets and VTK objects that were freed from a worker thread crash later, somewhere else. And a look at
    all objects takes a quarter of a second once torch is loaded, so what belongs to modules is left out.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._modules = 0
        self._still_ms = 0
        self._settled = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(EVERY_MS)

    @Slot()
    def collect(self) -> None:
        """Collects as much as has come together since the last look, but nothing while modules are imported:
        what they bring stays, and looking through it would hold them up."""
        before, self._modules = self._modules, len(sys.modules)
        self._still_ms = self._still_ms + EVERY_MS if self._modules == before else 0
        if self._still_ms < (EVERY_MS if self._settled else SETTLES_AFTER_MS):
            return
        young, _, old = gc.get_count()
        most_young, _, most_old = gc.get_threshold()
        if old > most_old:
            gc.collect()
        elif young > most_young:
            gc.collect(1)
        if not self._settled and LARGEST in sys.modules:
            # Once, when no more modules come: what is left out is never freed.
            self._settled = True
            gc.freeze()
