"""What a closed view must not hold on to."""

from __future__ import annotations

import shiboken6
from PySide6.QtGui import QSurface

from gui_app.app.main_window import MainWindow


def test_a_closed_view_holds_no_surface_of_qt(window: MainWindow) -> None:
    def surfaces() -> int:
        return sum(type(wrapper) is QSurface for wrapper in shiboken6.getAllValidWrappers())

    assert surfaces() == 1, "the plotter's"
    window.viewport.close_view()
    assert surfaces() == 0, "Qt frees it with the window, and does not say so"
