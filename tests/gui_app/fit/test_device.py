"""Where fits run: chosen in the status bar, told there, in the history, and where a fit had to leave it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from pytestqt.qtbot import QtBot

from core.fitting.devices import OUT_OF_MEMORY, available_processors, gpus
from core.fitting.run import FitRun, Progress
from core.fitting.workers import Workers
from core.measure.fit_comparison import run_entry
from core.model.body_pair import BodyPair
from gui_app.app.main_window import MainWindow
from gui_app.document.preferences import Preferences
from gui_app.fit.device_choice import DeviceChoice
from tests.core.fitting.pretended_gpu import LABEL
from tests.gui_app.conftest import FIT_MS

KEPT = 1 << 30
FREE = 6 << 30


@pytest.fixture
def gpu() -> Iterator[None]:
    """A GPU is there, as far as anybody who asks can tell."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: True)
        made = SimpleNamespace(name=LABEL, total_memory=2 * FREE)

        def asked(device: int | None = None) -> tuple[int, int]:
            # Asking for the memory that is free begins to use a device.
            assert device == 0, "of a device that nothing is on"
            return FREE - KEPT, 2 * FREE

        for name, answer in (
            ("device_count", lambda: 2),
            ("get_device_name", lambda device=None: LABEL),
            ("get_device_properties", lambda device=None: made),
            ("memory_reserved", lambda device=None: 0 if device else KEPT),
            ("memory_allocated", lambda device=None: 0),
            ("mem_get_info", asked),
        ):
            patch.setattr(torch.cuda, name, answer)
        yield


def fit(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_.fit.trigger()
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)


def listed(window: MainWindow) -> list[str]:
    button = window.statusBar().device
    button.menu().aboutToShow.emit()
    return [action.text() for action in button.menu().actions()]


def test_the_processor_is_told_and_its_threads_are_chosen(window: MainWindow, qtbot: QtBot) -> None:
    button, most = window.statusBar().device, available_processors()
    fit(window, qtbot)
    qtbot.waitUntil(button.isVisible)
    assert button.text().startswith("CPU · 2 threads")
    words = listed(window)
    assert words[0] == "Automatic: the processor"
    assert f"CPU, {most} thread{'s' * (most > 1)}" in words
    assert words[-1] == "No GPU that torch can use"
    next(action for action in button.menu().actions() if action.text() == "CPU, 1 thread").trigger()
    assert button.text().startswith("CPU · 1 thread")
    assert (window.devices.device, window.devices.threads) == ("cpu", 1 if most > 1 else None)
    seen: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        first = Workers.__init__

        def begin(self: Workers, device: str, threads: int | None) -> None:
            first(self, device, threads)
            seen.append(self.threads)

        patch.setattr(Workers, "__init__", begin)
        fit(window, qtbot)
    assert seen[0] == 1
    # The history tells it, and the next start remembers it.
    window.actions_.runs.setChecked(True)
    panel = window.panels.runs.panel
    panel.refresh()
    assert panel.words.words.split(" · ")[1].endswith(" on CPU")
    again = DeviceChoice(Preferences())
    assert (again.device, again.threads) == (window.devices.device, window.devices.threads)
    assert DeviceChoice(Preferences(), "auto", 7).threads == 7


def test_a_gpu_is_named_with_its_memory_and_one_that_is_gone_is_not_missed(
    window: MainWindow, gpu: None, qtbot: QtBot
) -> None:
    there, idle = gpus()
    assert (there.name, there.free_bytes) == ("cuda:0", FREE)
    assert (idle.name, idle.free_bytes, idle.total_bytes) == ("cuda:1", None, 2 * FREE)
    words = listed(window)
    assert words[0] == f"Automatic: {LABEL}"
    assert words[-2:] == [f"{LABEL}, 6.4 of 12.9 GB free", f"{LABEL}, 12.9 GB"]
    window.statusBar().device.menu().actions()[-2].trigger()
    assert window.devices.device == "cuda:0"
    assert window.statusBar().device.text().startswith(LABEL)
    assert "6.4 of 12.9 GB free" in window.statusBar().device.toolTip()
    remembered = DeviceChoice(Preferences())
    remembered.settle()
    assert remembered.device == "cuda:0"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: False)
        gone = DeviceChoice(Preferences())
        gone.settle()
        assert gone.device == "auto"


def test_a_fit_that_leaves_the_gpu_says_so(
    window: MainWindow, gpu: None, qtbot: QtBot, stroll_again: type[FitRun]
) -> None:
    class Leaving(stroll_again):  # type: ignore[misc,valid-type]
        """Begins on the GPU, and goes on on the processor after its first step."""

        where = torch.device("cuda", 0)

        @property
        def device(self) -> torch.device:
            return self.where if hasattr(self, "_looks") else torch.device("cpu")

        def __iter__(self) -> Iterator[Progress]:
            for number, progress in enumerate(super().__iter__()):
                if number == 1:
                    self.where, progress = torch.device("cpu"), replace(progress, note=OUT_OF_MEMORY)
                yield progress

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.fitting.run.FitRun", Leaving)
        fit(window, qtbot)
    qtbot.waitUntil(window.message.isVisible, timeout=FIT_MS)
    assert window.message.words.text() == "The device ran out of memory: the fit went on on the processor."
    assert window.state.document.has_fit


def test_a_gpu_that_fails_as_a_fit_begins_is_left_and_said(
    window: MainWindow, gpu: None, qtbot: QtBot
) -> None:
    moved = BodyPair.to

    def to(pair: BodyPair, device: str | torch.device) -> BodyPair:
        if torch.device(device).type != "cpu":
            raise RuntimeError("CUDA error: device kernel image is invalid")
        return moved(pair, device)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BodyPair, "to", to)
        window.devices.choose("cuda:0")
        fit(window, qtbot)
    qtbot.waitUntil(window.message.isVisible, timeout=FIT_MS)
    assert window.message.words.text().endswith("is invalid): the fit went on on the processor.")
    assert window.state.document.has_fit


def test_the_history_names_the_gpu(fitted: MainWindow) -> None:
    result = fitted.state.document.result
    made = {**result.provenance, "device": "cuda:0", "device_name": LABEL}
    assert run_entry("fit", None, replace(result, provenance=made)).device == LABEL
    del made["device_name"]
    assert run_entry("fit", None, replace(result, provenance=made)).device == "GPU"
