"""Every view, panel and dialog at the sizes people have: nothing is cut off, nothing blank."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QToolButton,
    QTreeView,
    QWidget,
)
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from gui_app.app.main_window import MainWindow
from gui_app.app.toolbar import Toolbar
from tests.gui_app.app.test_tables import cut_off as cells_cut_off
from tests.show import screenshots

MakeWindow = Callable[..., MainWindow]
SIZES = {"small": QSize(1280, 720), "large": QSize(1920, 1080)}
FIT_MS = 60_000
# For every picture on a machine that does other things as well.
LONG_SECONDS = 1200
SETTLED_MS = 1_000
# Rounding of fonts at odd scales.
SLACK = 2
LEAST_VIEW_SHARE = 0.5


def cut_off(root: QWidget) -> list[str]:
    """Visible labels, buttons and fields of a window that are smaller than they ask to be."""
    found = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(widget, QLabel | QAbstractButton | QComboBox | QLineEdit):
            continue
        if isinstance(widget.parent(), QLineEdit):
            continue
        wanted, has = widget.minimumSizeHint(), widget.size()
        if isinstance(widget, QLabel) and not widget.wordWrap():
            wanted = widget.sizeHint()
        if has.width() < wanted.width() - SLACK or has.height() < wanted.height() - SLACK:
            text = getattr(widget, "text", lambda: "")()
            found.append(f"{type(widget).__name__} {text!r}: {has.toTuple()} of {wanted.toTuple()}")
    return found


def blank(window: MainWindow) -> bool:
    """The 3D view shows nothing but its background."""
    image = np.asarray(window.viewport.plotter.screenshot(return_img=True), float)
    return float(image.std()) < 4.0


@pytest.mark.parametrize("size", ["small", pytest.param("large", marks=pytest.mark.slow)])
def test_nothing_is_cut_off(
    make_window: MakeWindow, motion_file: Path, qtbot: QtBot, tmp_path: Path, size: str
) -> None:
    window = make_window(motion_file, autofit=True)
    window.resize(SIZES[size])
    qtbot.waitUntil(lambda: window.state.document.analysis is not None, timeout=FIT_MS)
    toolbar = window.findChild(Toolbar)
    missing = [button for button in toolbar.findChildren(QToolButton) if not button.isVisibleTo(toolbar)]
    assert [button.toolTip() for button in missing if button.toolTip()] == []
    folder = Path(os.environ.get("REFIT_TEST_PICTURES", tmp_path)) / size
    folder.mkdir(parents=True, exist_ok=True)
    for name, steps in screenshots.scenes(window).items():
        screenshots.take(window, steps, settle=0.0).save(str(folder / f"{name}.png"))
        for top in QApplication.topLevelWidgets():
            # Lists of fields that went with a card may be gone by now.
            if isValid(top) and top.isVisible():
                # A number that has just changed is laid out with the next events.
                with contextlib.suppress(qtbot.TimeoutError):
                    qtbot.waitUntil(lambda top=top: cut_off(top) == [], timeout=SETTLED_MS)
                assert cut_off(top) == [], name
                for view in top.findChildren(QTreeView):
                    if view.isVisible():
                        with contextlib.suppress(qtbot.TimeoutError):
                            qtbot.waitUntil(lambda view=view: cells_cut_off(view) == [], timeout=SETTLED_MS)
                        assert cells_cut_off(view) == [], name
                for menu in top.findChildren(QMenu):
                    assert not menu.isVisible() or menu.actions(), name
        if window.viewport.isVisible():
            assert not blank(window), name
            assert window.viewport.height() >= LEAST_VIEW_SHARE * window.height() - 80, name
    screenshots.put_back(window)


@pytest.mark.slow
@pytest.mark.timeout(LONG_SECONDS + 60)
def test_nothing_is_cut_off_at_one_and_a_half_times_the_size() -> None:
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"{__file__}::test_nothing_is_cut_off"]
    environment = {**os.environ, "QT_SCALE_FACTOR": "1.5"}
    words += ["-o", f"timeout={LONG_SECONDS}", "-k", "small"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=LONG_SECONDS)
    assert done.returncode == 0, done.stdout[-3000:]
