"""Where fits run: the processor with so many threads, or a GPU; chosen in the status bar, and told there."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from gui_app.document.activity import Activity
from gui_app.document.preferences import Preferences
from gui_app.style.live_theme import set_sheet
from gui_app.widgets.buttons import MenuButton
from gui_app.widgets.text import menu_words, plain_tip

if TYPE_CHECKING:
    from core.fitting.devices import Gpu

DEVICE, THREADS = "device", "threads"
AUTO, CPU, CUDA = "auto", "cpu", "cuda"
STYLE = """
QToolButton { padding: 1px 8px; margin-right: 6px; font-size: 12px; color: $TEXT_SECONDARY; }
QToolButton:hover { color: $TEXT; }
QToolButton::menu-indicator { image: none; }
"""
GIGABYTE = 1e9
MOST_LETTERS = 28
THREAD_COUNTS = frozenset(map(str, range(1, 1025)))


class DeviceChoice(QObject):
    """The command line wins over what was chosen at an earlier time; ``changed`` after every choice.

    Attributes:
        device: as `core.fitting.devices.pick_device` takes it.
        threads: on the processor; None for one each.
    """

    changed = Signal()

    def __init__(
        self,
        preferences: Preferences,
        device: str | None = None,
        threads: int | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._preferences = preferences
        kept = preferences.text(DEVICE, AUTO)
        # A GPU that was there once may be gone: with what is there one can still fit.
        self.device = device or (kept if kept == CPU else AUTO)
        self._wanted = kept if device is None and kept.startswith(CUDA) else ""
        count = preferences.text(THREADS, "")
        self.threads = threads or (int(count) if count in THREAD_COUNTS else None)

    def settle(self) -> None:
        """Takes up the GPU that was chosen at an earlier time, where it is there; needs torch."""
        wanted, self._wanted = self._wanted, ""
        if wanted.startswith(CUDA):
            from core.fitting.devices import gpus

            if any(gpu.name == wanted for gpu in gpus()):
                self.device = wanted
                self.changed.emit()

    def choose(self, device: str, threads: int | None = None) -> None:
        """Fits run there from the next one on."""
        self._wanted = ""
        self.device = device
        self._preferences.store(DEVICE, device)
        if device == CPU:
            self.threads = threads
            self._preferences.store(THREADS, threads or 0)
        self.changed.emit()


class DeviceButton(MenuButton):
    """``CPU · 2 threads``; a menu with what there is. Hidden until torch is there, which knows."""

    def __init__(self, choice: DeviceChoice, activity: Activity, parent: QWidget | None = None) -> None:
        super().__init__("", "cpu", "Where fits run", parent)
        self._choice, self._activity = choice, activity
        set_sheet(self, STYLE)
        self.menu().setToolTipsVisible(True)
        self.menu().aboutToShow.connect(self.fill)
        choice.changed.connect(self.present)
        activity.run_changed.connect(self._on_run)
        self._phase = ""
        self.hide()

    @Slot()
    def _on_run(self) -> None:
        if self._activity.run.phase != self._phase:
            self._phase = self._activity.run.phase
            self._choice.settle()
            self.present()

    @Slot()
    def present(self) -> None:
        """Says where the next fit runs."""
        if "torch" not in sys.modules:
            return
        from core.errors import RefitError
        from core.fitting.devices import gpu_label, gpus, pick_device

        try:
            device = pick_device(self._choice.device)
        except RefitError as error:
            self.set_words("no GPU")
            self.setToolTip(plain_tip(str(error)))
            self.show()
            return
        if device.type == CPU:
            self.set_words(f"CPU · {_threads_words(self._threads())}")
        else:
            words = gpu_label(device) or "GPU"
            self.set_words(words if len(words) <= MOST_LETTERS else f"{words[: MOST_LETTERS - 1]}…")
        lines = [f"Where fits run, {'chosen by Refit' if self._choice.device == AUTO else 'chosen by you'}"]
        if device.type != CPU:
            lines += [gpu_words(gpu) for gpu in gpus() if gpu.name == f"{CUDA}:{device.index or 0}"]
        self.setToolTip(plain_tip("\n".join(lines)))
        self.show()

    def _threads(self) -> int:
        from core.fitting.devices import available_processors

        return self._choice.threads or available_processors()

    @Slot()
    def fill(self) -> None:
        """Lists what there is now."""
        from core.fitting.devices import available_processors, gpus

        menu, choice, most = self.menu(), self._choice, available_processors()
        menu.clear()
        there = gpus()
        best = there[0].label if there else "the processor"
        self._add(f"Automatic: {best}", AUTO, None, choice.device == AUTO)
        on_cpu = choice.device == CPU
        for count in sorted({1, max(most // 2, 1), most, self._threads()}, reverse=True):
            words = f"CPU, {_threads_words(count)}"
            self._add(words, CPU, None if count == most else count, on_cpu and count == self._threads())
        for place, gpu in enumerate(there):
            here = choice.device == gpu.name or (choice.device == CUDA and not place)
            self._add(gpu_words(gpu), gpu.name, None, here)
        if not there:
            menu.addAction("No GPU that torch can use").setEnabled(False)

    def _add(self, words: str, device: str, threads: int | None, here: bool) -> None:
        action = self.menu().addAction(menu_words(words), partial(self._choice.choose, device, threads))
        action.setCheckable(True)
        action.setChecked(here)


def gpu_words(gpu: Gpu) -> str:
    """``NVIDIA H200, 120.4 of 150.1 GB free``; before a fit has used it, ``NVIDIA H200, 150.1 GB``."""
    total = f"{gpu.total_bytes / GIGABYTE:.1f} GB"
    if gpu.free_bytes is None:
        return f"{gpu.label}, {total}"
    return f"{gpu.label}, {gpu.free_bytes / GIGABYTE:.1f} of {total} free"


def _threads_words(count: int) -> str:
    return f"{count} thread{'' if count == 1 else 's'}"
